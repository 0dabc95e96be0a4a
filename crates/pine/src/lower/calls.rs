//! Calls: the script's own functions (inlined), `na` handling, drawings (accepted, without effect), and what is refused.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{CALL_DEPTH_MAX, Function, Lower, Lowered, Value, builtins, hard, soft};
use crate::ast::{Arg, Expr, TypeName};
use crate::graph::{Compare, Op, Unary};
use crate::lexer::Span;

/// Families whose calls draw, log or make a text: nothing that they do or return can change a result.
const INERT_FAMILIES: [&str; 11] =
    ["label", "line", "box", "table", "linefill", "polyline", "color", "str", "chart", "hline", "runtime"];

impl Lower {
    /// Lowers a call by its full name.
    pub(super) fn call(&mut self, name: &str, types: &[TypeName], args: &[Arg], span: Span) -> Lowered<Value> {
        if let Some((head, method)) = name.rsplit_once('.')
            && self.find(head.split('.').next().unwrap_or(head)).is_some()
        {
            let on = self.name(head, span)?;
            return self.method(on, method, args, span);
        }
        if let Some(function) = self.function(name, args.len()) {
            return self.inline(name, &function, None, args, span);
        }
        let name = crate::signatures::current_function(name, self.version).to_owned();
        let name = name.as_str();
        match name {
            "strategy" => return self.header(args, span),
            "indicator" | "study" | "library" => {
                return Err(hard(span.advises(
                    format!("`{name}` has no orders to back-test"),
                    "use strategy(\"name\") with strategy.entry and strategy.close",
                )));
            }
            "nz" => return self.nz(args, span),
            "na" => {
                if args.is_empty() {
                    return Ok(Value::Na);
                }
                return match self.argument(args, 0, "x", span)? {
                    Value::Inert => Err(soft(span.says("whether a drawing exists is not known here"))),
                    Value::Text(_) => Ok(Value::Node(self.add(Op::Truth(false), span)?)),
                    Value::Coded(node) => Ok(Value::Node(self.add(Op::IsNa(node), span)?)),
                    // Conditions are never `na`.
                    Value::Node(node) if self.graph().node(node).kind == crate::graph::Kind::Truth => {
                        Ok(Value::Node(self.add(Op::Truth(false), span)?))
                    }
                    value => {
                        let node = self.number(value, span)?;
                        Ok(Value::Node(self.add(Op::IsNa(node), span)?))
                    }
                };
            }
            "iff" => {
                let condition = self.argument(args, 0, "condition", span)?;
                let condition = self.truth(condition, span)?;
                let (a, b) = (self.argument(args, 1, "then", span)?, self.argument(args, 2, "_else", span)?);
                return self.select(condition, a, b, span);
            }
            "fixnan" => return self.fixnan(args, span),
            "float" => return self.argument(args, 0, "x", span),
            "int" => return self.whole(args, span),
            "bool" => {
                let value = self.argument(args, 0, "x", span)?;
                return Ok(Value::Node(self.truth(value, span)?));
            }
            "string" => {
                return Ok(match self.argument(args, 0, "x", span)? {
                    text @ (Value::Text(_) | Value::Coded(_) | Value::Na) => text,
                    _ => Value::Inert,
                });
            }
            "line" | "label" | "box" | "table" | "color" | "linefill" => return self.inert(args),
            "timestamp" => return self.timestamp(args, span),
            "year" | "month" | "dayofmonth" | "dayofweek" | "hour" | "minute" => {
                return self.time_part(name, args, span);
            }
            "time" | "time_close" => return self.session(name, args, span),
            "request.security" => return self.security(args, span),
            "strategy.convert_to_account" | "strategy.convert_to_symbol" => {
                return self.argument(args, 0, "value", span);
            }
            _ => {}
        }
        if name == "input" || name.starts_with("input.") {
            return self.input(name, args, span);
        }
        let family = name.split('.').next().unwrap_or_default();
        if crate::calls::is_inert(name)
            || (name.contains('.') && INERT_FAMILIES.contains(&family))
            || family == "array" && drawn_array(name, types)
        {
            return self.inert(args);
        }
        if (name.starts_with("array.") || name.starts_with("map.") || name.starts_with("matrix."))
            && args.first().is_some_and(|first| matches!(self.expr(&first.value), Ok(Value::Inert)))
        {
            return self.inert(&args[1..]);
        }
        if name.starts_with("strategy.opentrades.") || name.starts_with("strategy.closedtrades.") {
            return self.trade(name, args, span);
        }
        if family == "strategy" {
            return self.order(name, args, span);
        }
        if let Some(builtin) = builtins::find(name) {
            return self.builtin(builtin, args, span);
        }
        if self.types.contains(family) {
            return Err(soft(span.says("objects run in the interpreter alone")));
        }
        Err(unsupported(name, family, span))
    }

    /// A call without effect on results; but its arguments may place orders.
    fn inert(&mut self, args: &[Arg]) -> Lowered<Value> {
        for arg in args {
            if crate::calls::orders(&arg.value, &self.ordering) {
                self.expr(&arg.value)?;
            }
        }
        Ok(Value::Inert)
    }

    /// The user function of that name; of several, the one that takes so many arguments.
    fn function(&self, name: &str, args: usize) -> Option<Rc<Function>> {
        let all = self.functions.get(name)?;
        let fits = |function: &&Rc<Function>| {
            let needed = function.parameters.iter().filter(|p| p.default.is_none()).count();
            (needed..=function.parameters.len()).contains(&args)
        };
        all.iter().rev().find(fits).or(all.last()).cloned()
    }

    /// `on.name(args)`.
    pub(super) fn method(&mut self, on: Value, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        if let Some(function) = self.function(name, args.len() + 1) {
            return self.inline(name, &function, Some(on), args, span);
        }
        match on {
            Value::Inert | Value::Text(_) | Value::Coded(_) => self.inert(args),
            Value::Lost(why) => Err(*why),
            _ => Err(soft(span.says(format!("the method `.{name}` runs in the interpreter alone")))),
        }
    }

    /// Every call of a function is a copy of its body: so each has its own state, as Pine wants it.
    fn inline(
        &mut self,
        name: &str,
        function: &Function,
        this: Option<Value>,
        args: &[Arg],
        span: Span,
    ) -> Lowered<Value> {
        if self.call_depth >= CALL_DEPTH_MAX {
            return Err(hard(span.advises(
                format!("`{name}` is called more than {CALL_DEPTH_MAX} deep"),
                "a function may not call itself, not even through others",
            )));
        }
        let mut bound: BTreeMap<&str, Value> = BTreeMap::new();
        let mut positional = function.parameters.iter();
        if let Some(this) = this
            && let Some(parameter) = positional.next()
        {
            bound.insert(&parameter.name, this);
        }
        for arg in args {
            let parameter = match &arg.name {
                Some(name) => name.as_str(),
                None => match positional.next() {
                    Some(parameter) => parameter.name.as_str(),
                    None => {
                        return Err(hard(span.says(format!("`{name}` takes {} arguments", function.parameters.len()))));
                    }
                },
            };
            let Some(known) = function.parameters.iter().find(|known| known.name == parameter) else {
                return Err(hard(span.says(format!("`{name}` has no parameter `{parameter}`"))));
            };
            let value = self.lenient(&arg.value)?;
            bound.insert(&known.name, value);
        }
        for parameter in &function.parameters {
            if bound.contains_key(parameter.name.as_str()) {
                continue;
            }
            let Some(default) = &parameter.default else {
                return Err(hard(span.says(format!("`{name}` needs the argument `{}`", parameter.name))));
            };
            let value = self.lenient(default)?;
            bound.insert(&parameter.name, value);
        }
        let floor = std::mem::replace(&mut self.call_floor, self.scopes.len());
        let loops = std::mem::take(&mut self.loops);
        self.call_depth += 1;
        self.scopes.push(BTreeMap::new());
        for (parameter, value) in bound {
            self.declare(parameter, value, span);
        }
        let value = self.block(&function.body);
        self.close_scope();
        self.scopes.pop();
        self.loops = loops;
        self.call_depth -= 1;
        self.call_floor = floor;
        value
    }

    /// An argument of a user function may be what the function does not need.
    fn lenient(&mut self, expr: &Expr) -> Lowered<Value> {
        match self.expr(expr) {
            Err(why) if !why.hard && !crate::calls::orders(expr, &self.ordering) => Ok(Value::Lost(Box::new(why))),
            other => other,
        }
    }

    /// The argument called `name` or at `index`, lowered.
    pub(super) fn argument(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<Value> {
        match pick(args, index, name) {
            Some(expr) => self.expr(expr),
            None => Err(hard(span.says(format!("the argument `{name}` is missing")))),
        }
    }

    fn nz(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let value = self.argument(args, 0, "source", span)?;
        let other = match pick(args, 1, "replacement") {
            Some(expr) => Some(self.expr(expr)?),
            None => None,
        };
        match value {
            Value::Inert => return Ok(Value::Inert),
            // A truth is never na, nor is a text that is written down.
            Value::Text(_) => return Ok(value),
            Value::Node(node) if self.graph().node(node).kind == crate::graph::Kind::Truth => return Ok(value),
            Value::Na if other.is_some() => return Ok(other.unwrap_or(Value::Na)),
            _ => {}
        }
        let other = match other {
            Some(other) => other,
            None => Value::Node(self.constant(0.0, span)?),
        };
        let node = match value {
            Value::Coded(node) => node,
            ref value => self.number(value.clone(), span)?,
        };
        let missing = self.add(Op::IsNa(node), span)?;
        let value = if matches!(value, Value::Na) { Value::Node(node) } else { value };
        self.select(missing, other, value, span)
    }

    /// `fixnan`: the last value that was not `na`.
    fn fixnan(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let value = self.argument(args, 0, "source", span)?;
        let node = match value {
            Value::Inert => return Ok(Value::Inert),
            Value::Node(node) if self.graph().node(node).kind == crate::graph::Kind::Truth => return Ok(value),
            value => self.number(value, span)?,
        };
        if self.looped > 0 {
            return Err(soft(span.says("`fixnan` inside a loop runs in the interpreter alone")));
        }
        let missing = self.add(Op::IsNa(node), span)?;
        let there = self.add(Op::Not(missing), span)?;
        let zero = self.constant(0.0, span)?;
        if let Some(gate) = self.gate() {
            let node = self.draft.written_out_value_when((there, node, zero), Some(gate), span.line).map_err(soft)?;
            return Ok(Value::Node(node));
        }
        Ok(Value::Node(self.add(Op::ValueWhen(there, node, zero), span)?))
    }

    /// `int`: towards zero.
    fn whole(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let value = self.argument(args, 0, "x", span)?;
        if matches!(value, Value::Inert) {
            return Ok(Value::Inert);
        }
        let node = self.number(value, span)?;
        let zero = self.constant(0.0, span)?;
        let below = self.add(Op::Compare(Compare::Lt, node, zero), span)?;
        let up = self.add(Op::Unary(Unary::Ceil, node), span)?;
        let down = self.add(Op::Unary(Unary::Floor, node), span)?;
        Ok(Value::Node(self.add(Op::Select(below, up, down), span)?))
    }

    /// The script's own symbol on its own interval is the series itself; everything else is left to the interpreter.
    fn security(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let text = |lower: &mut Lower, index, name| -> Lowered<Option<String>> {
            match pick(args, index, name) {
                None => Ok(None),
                Some(expr) => Ok(match lower.expr(expr)? {
                    Value::Text(text) => Some(text),
                    _ => Some("?".into()),
                }),
            }
        };
        if text(self, 4, "lookahead")?.as_deref() == Some("barmerge.lookahead_on") {
            return Err(soft(span.advises(
                "`request.security` with lookahead_on reads the future: its back-test cannot be believed",
                "use barmerge.lookahead_off",
            )));
        }
        let symbol = text(self, 0, "symbol")?.unwrap_or_default();
        let interval = text(self, 1, "timeframe")?.unwrap_or_default();
        let same_symbol = matches!(symbol.as_str(), "syminfo.tickerid" | "syminfo.ticker" | "tickerid" | "");
        if !same_symbol {
            return Err(soft(
                span.advises("other symbols are not available", "use the symbol that the strategy runs on"),
            ));
        }
        if !matches!(interval.as_str(), "timeframe.period" | "") {
            return Err(soft(span.advises(
                "`request.security` on another interval runs in the interpreter alone",
                "use the chart's own interval, or longer lengths",
            )));
        }
        self.argument(args, 2, "expression", span)
    }
}

/// Arrays that can only hold drawings.
fn drawn_array(name: &str, types: &[TypeName]) -> bool {
    const DRAWN: [&str; 6] = ["line", "label", "box", "table", "color", "linefill"];
    match name.strip_prefix("array.new_") {
        Some(kind) => DRAWN.contains(&kind),
        None => name == "array.new" && types.first().is_some_and(|ty| DRAWN.contains(&ty.name.as_str())),
    }
}

/// The argument called `name`, or the one at `index` if it has no name.
pub(super) fn pick<'a>(args: &'a [Arg], index: usize, name: &str) -> Option<&'a Expr> {
    let named = args.iter().find(|arg| arg.name.as_deref() == Some(name));
    let placed = || args.get(index).filter(|arg| arg.name.is_none());
    named.or_else(placed).map(|arg| &arg.value)
}

fn unsupported(name: &str, family: &str, span: Span) -> super::Trouble {
    let says = format!("`{name}` is not supported here");
    soft(match family {
        "request" => span.advises(says, "only the strategy's own symbol and interval are available"),
        "array" | "map" | "matrix" => {
            span.advises(says, "collections run in the interpreter alone; use series: x[1], ta.*")
        }
        "ticker" => span.advises(says, "only the symbol's plain bars are available"),
        _ => match builtins::nearest(name) {
            Some(near) => span.advises(says, format!("did you mean {near}?")),
            None => span.says(says),
        },
    })
}
