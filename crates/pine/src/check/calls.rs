//! Calls: the script's own functions (written out at each call), built-ins, drawings, and what is refused.

use super::table;
use super::tree::{Code, Fun};
use super::types::Type;
use super::{Binding, CALL_DEPTH_MAX, Checked, Checker, Frame, Known, Typed};
use crate::ast::{Arg, Expr, TypeName};
use crate::calls::DRAWINGS;
use crate::lexer::Span;

impl<'a> Checker<'a> {
    /// Checks a call by its full name.
    pub(super) fn call(&mut self, name: &'a str, types: &'a [TypeName], args: &'a [Arg], span: Span) -> Checked<Typed> {
        let Some((path, member)) = name.rsplit_once('.') else {
            if self.functions.iter().any(|function| function.name == name) {
                return self.user_call(name, None, args, span);
            }
            return self.built_in_call(name, types, args, span);
        };
        let head = path.split('.').next().unwrap_or(path);
        if self.find(head).is_some()
            && let Some(object) = self.variable_path(path, span)?
        {
            // A variable called `color` or `ta` hides no built-in function that its own type lacks.
            let methods = self.functions.iter().any(|function| function.method && function.name == member);
            let plain = matches!(object.ty, Type::Colour | Type::Bool | Type::Int | Type::Float | Type::Void);
            let known = table::find(name).is_some()
                || matches!(head, "color" | "input" | "strategy" | "line" | "label" | "box" | "table");
            if methods || !(known && (plain || head == path && object.ty == Type::Text && head != "str")) {
                return self.method(object, None, member, args, span);
            }
        }
        // `box.all.size()`: every drawing there is.
        if let Some(family) = path.strip_suffix(".all")
            && DRAWINGS.contains(&family)
        {
            let object = self.name(path, span)?;
            return self.method(object, None, member, args, span);
        }
        if self.type_names.contains_key(path) {
            let of = self.type_names[path];
            return self.type_call(of, member, args, span);
        }
        if self.imports.contains(head) {
            return Ok(self.imported(name, span));
        }
        self.built_in_call(name, types, args, span)
    }

    /// A call on a value: a method of the script's, or a built-in of that type.
    pub(super) fn method(
        &mut self,
        object: Typed,
        on: Option<&'a Expr>,
        name: &'a str,
        args: &'a [Arg],
        span: Span,
    ) -> Checked<Typed> {
        // A method of the script's hides a built-in one only for the types that it takes.
        let own = (0..self.functions.len()).any(|at| {
            let function = &self.functions[at];
            function.name == name && function.method && object.ty.fits(&self.parameter_type(at, 0)) > 0
        });
        if own {
            return self.user_call(name, Some((object, on)), args, span);
        }
        let family = match &object.ty {
            Type::Array(_) => "array".to_owned(),
            Type::Map(_) => "map".to_owned(),
            Type::Matrix(_) => "matrix".to_owned(),
            Type::Drawing(kind) => (*kind).to_owned(),
            Type::Text => "str".to_owned(),
            Type::Object(_) if name == "copy" => {
                return Ok(Typed {
                    code: Code::CopyObject(object.code.into(), span.line),
                    ty: object.ty,
                    ..Typed::na()
                });
            }
            Type::Any => {
                if matches!(object.code, Code::Refused(_) | Code::Inert) {
                    return Ok(object);
                }
                return Ok(self.refuse(span.says(format!("`.{name}` is called on a value of unknown type"))));
            }
            other => return Err(span.says(format!("{} has no method `{name}`", other.shown()))),
        };
        let full = format!("{family}.{name}");
        if DRAWINGS.contains(&family.as_str()) {
            return self.drawing(&full, Some(object), args, span);
        }
        let Some(row) = table::find(&full) else {
            return Ok(self.refuse(span.says(format!("`{full}` is not supported"))));
        };
        self.bound(row, Some(object), args, span)
    }

    /// A call of one of the script's own functions.
    fn user_call(
        &mut self,
        name: &'a str,
        receiver: Option<(Typed, Option<&'a Expr>)>,
        args: &'a [Arg],
        span: Span,
    ) -> Checked<Typed> {
        if self.calls.len() >= CALL_DEPTH_MAX {
            return Err(span.says(format!("functions call each other more than {CALL_DEPTH_MAX} deep")));
        }
        let mut values: Vec<(Option<&str>, Typed, Option<&'a Expr>)> = Vec::new();
        if let Some((object, on)) = receiver {
            values.push((None, object, on));
        }
        for arg in args {
            let typed = self.expr(&arg.value)?;
            values.push((arg.name.as_deref(), typed, Some(&arg.value)));
        }
        // The overload whose parameters fit best; the latest among equals.
        let mut best: Option<(u32, usize)> = None;
        let mut problem = None;
        for (at, function) in self.functions.iter().enumerate().filter(|(_, function)| function.name == name) {
            let parameters = function.parameters;
            let mut score = 1;
            let mut given = vec![false; parameters.len()];
            for (position, (named, typed, _)) in values.iter().enumerate() {
                let place = match named {
                    Some(named) => parameters.iter().position(|parameter| parameter.name == *named),
                    None => (position < parameters.len()).then_some(position),
                };
                let Some(place) = place else {
                    problem = Some(match named {
                        Some(named) => format!("`{name}` has no parameter `{named}`"),
                        None => format!("`{name}` takes {} arguments", parameters.len()),
                    });
                    score = 0;
                    break;
                };
                given[place] = true;
                let wanted = self.parameter_type(at, place);
                match typed.ty.fits(&wanted) {
                    0 => {
                        problem = Some(format!(
                            "`{}` of `{name}` is {}, found {}",
                            parameters[place].name,
                            wanted.shown(),
                            typed.ty.shown()
                        ));
                        score = 0;
                        break;
                    }
                    fit => score += fit,
                }
            }
            if score == 0 {
                continue;
            }
            if let Some(missing) = (0..parameters.len()).find(|i| !given[*i] && parameters[*i].default.is_none()) {
                problem = Some(format!("`{name}` needs the argument `{}`", parameters[missing].name));
                continue;
            }
            if best.is_none_or(|(so_far, _)| score >= so_far) {
                best = Some((score, at));
            }
        }
        let Some((_, at)) = best else {
            return Err(span.says(problem.unwrap_or_else(|| format!("`{name}` is not known"))));
        };
        if self.calls.contains(&at) {
            return Err(span
                .advises(format!("`{name}` calls itself"), "a function may not call itself, not even through others"));
        }
        self.write_out(at, values, span)
    }

    fn parameter_type(&self, function: usize, place: usize) -> Type {
        let parameter = &self.functions[function].parameters[place];
        let Some(ty) = &parameter.ty else { return Type::Any };
        let user = |name: &str| match self.type_names.get(name) {
            Some(at) => Some(Type::Object(*at)),
            None => self.enums.contains_key(name).then(|| Type::Enum(name.to_owned())),
        };
        super::types::of_name(ty, user).unwrap_or(Type::Any)
    }

    /// The body of a function, in variables of its own.
    fn write_out(
        &mut self,
        at: usize,
        values: Vec<(Option<&str>, Typed, Option<&'a Expr>)>,
        span: Span,
    ) -> Checked<Typed> {
        let (parameters, body) = (self.functions[at].parameters, self.functions[at].body);
        let mut bound: Vec<Option<Typed>> = vec![None; parameters.len()];
        let mut exprs: Vec<Option<&'a Expr>> = vec![None; parameters.len()];
        for (position, (named, typed, expr)) in values.into_iter().enumerate() {
            let place = match named {
                Some(named) => parameters.iter().position(|parameter| parameter.name == named).unwrap_or(position),
                None => position,
            };
            exprs[place] = expr;
            bound[place] = Some(typed);
        }
        for (place, parameter) in parameters.iter().enumerate() {
            if bound[place].is_none() {
                bound[place] = Some(match &parameter.default {
                    Some(default) => self.expr(default)?,
                    None => return Err(span.says(format!("the argument `{}` is missing", parameter.name))),
                });
            }
        }
        self.in_function(at, exprs, bound.into_iter().flatten().collect(), |checker| checker.open_block(body))
    }

    /// Opens the scope of a function with its parameters assigned, and checks something in it.
    pub(super) fn in_function(
        &mut self,
        at: usize,
        exprs: Vec<Option<&'a Expr>>,
        bound: Vec<Typed>,
        inside: impl FnOnce(&mut Checker<'a>) -> Checked<Typed>,
    ) -> Checked<Typed> {
        let parameters = self.functions[at].parameters;
        let mut codes = Vec::new();
        let mut scope = std::collections::BTreeMap::new();
        for (place, typed) in bound.into_iter().enumerate() {
            let parameter = &parameters[place];
            let ty = match self.parameter_type(at, place) {
                Type::Any => typed.ty.clone(),
                written => written,
            };
            let ty = if ty == Type::Void { Type::Any } else { ty };
            let slot = self.slot(&ty, false);
            let known = if self.assigned.contains(parameter.name.as_str()) { None } else { typed.known.clone() };
            // A parameter is no constant, so division by it keeps its fraction.
            scope.insert(parameter.name.as_str(), Binding { slot, ty, known, literal: false });
            codes.push(Code::Set(slot, typed.code.into()));
        }
        let (floor, loops) = (self.floor, std::mem::take(&mut self.loops));
        self.floor = self.scopes.len();
        self.scopes.push(scope);
        self.calls.push(at);
        self.frames.push(Frame { function: Some(at), arguments: exprs, done: Vec::new() });
        let result = inside(self);
        self.frames.pop();
        self.calls.pop();
        self.scopes.truncate(self.floor);
        self.floor = floor;
        self.loops = loops;
        let result = result?;
        codes.push(result.code);
        // What a function gives is no constant, whatever it is made of.
        Ok(Typed { code: Code::Block(codes), literal: false, ..result })
    }

    fn built_in_call(&mut self, name: &'a str, types: &'a [TypeName], args: &'a [Arg], span: Span) -> Checked<Typed> {
        let current = match name {
            // Version 3 mixed a colour and its transparency so.
            "color" if self.version < 5 => "color.new".to_owned(),
            _ => crate::signatures::current_function(name, self.version).to_owned(),
        };
        let family = current.split('.').next().unwrap_or_default();
        if crate::calls::is_inert(&current) {
            let kind = match current.as_str() {
                "hline" => Type::Drawing("hline"),
                "plot" => Type::Drawing("plot"),
                _ => Type::Void,
            };
            let mut codes = self.inert_arguments(args)?;
            codes.push(Code::Inert);
            return Ok(Typed::new(Code::Block(codes), kind));
        }
        if DRAWINGS.contains(&family) && current.contains('.') || current.starts_with("chart.point.") {
            return self.drawing(&current, None, args, span);
        }
        // A cast of `na` or of a drawing: `line(na)`.
        if DRAWINGS.contains(&current.as_str()) {
            let kind = DRAWINGS.iter().find(|kind| **kind == current).copied().unwrap_or("line");
            let value = self.argument(args, 0, "x", span)?;
            return Ok(Typed { ty: Type::Drawing(kind), ..value });
        }
        match current.as_str() {
            "strategy" => return self.header(args),
            "indicator" => {
                return Err(span.advises(
                    format!("`{name}` has no orders to back-test"),
                    "use strategy(\"name\") with strategy.entry and strategy.close",
                ));
            }
            "nz" => {
                let value = self.argument(args, 0, "source", span)?;
                let other = match pick(args, 1, "replacement") {
                    Some(expr) => self.expr(expr)?,
                    None => match value.ty {
                        Type::Bool => Typed::truth(false),
                        Type::Text => Typed::text(""),
                        _ => Typed::number(0.0, Type::Int),
                    },
                };
                let ty = value.ty.join(&other.ty);
                let code = Code::Call(Fun::Nz, vec![Some(value.code), Some(other.code)], span.line);
                return Ok(Typed::new(code, ty));
            }
            "na" if args.is_empty() => return Ok(Typed::na()),
            "na" => {
                let value = self.argument(args, 0, "x", span)?;
                return Ok(Typed::new(Code::IsNa(value.code.into()), Type::Bool));
            }
            "iff" => {
                let condition = self.argument(args, 0, "condition", span)?;
                let (a, b) = (self.argument(args, 1, "then", span)?, self.argument(args, 2, "_else", span)?);
                return self.choose(condition, a, b, span);
            }
            "offset" => {
                let value = self.argument(args, 0, "source", span)?;
                let back = self.argument(args, 1, "offset", span)?;
                return Ok(self.past(value, back, super::tree::Depth::Any));
            }
            "math.max" | "math.min" | "math.avg" => return self.fold(&current, args, span),
            "timestamp" => return self.timestamp(args, span),
            "str.format" => return self.every_argument(Fun::Format, Type::Text, args, span),
            "array.from" => {
                let typed: Vec<Typed> = args.iter().map(|arg| self.expr(&arg.value)).collect::<Checked<_>>()?;
                let of = typed.iter().fold(Type::Any, |ty, item| ty.join(&item.ty));
                let code =
                    Code::Call(Fun::ArrayFrom, typed.into_iter().map(|item| Some(item.code)).collect(), span.line);
                return Ok(Typed::new(code, Type::Array(of.into())));
            }
            "array.new" | "matrix.new" | "map.new" => return self.collection(family, types, args, span),
            "input" => return self.input(&current, args, span),
            "runtime.error" => {
                let text = self.argument(args, 0, "message", span)?;
                return Ok(Typed::new(Code::Error(text.code.into(), span.line), Type::Void));
            }
            "tickerid" | "ticker.new" | "ticker.modify" | "ticker.standard" | "ticker.inherit" => {
                return self.ticker(args);
            }
            "ticker.heikinashi" => {
                let of = self.argument(args, 0, "symbol", span)?;
                return Ok(match of.known {
                    Some(Known::Text(symbol)) => {
                        Typed { literal: false, ..Typed::text(&format!("heikinashi:{symbol}")) }
                    }
                    _ => of,
                });
            }
            "request.security" => return self.security(args, span, false),
            "request.security_lower_tf" => return self.security(args, span, true),
            _ => {}
        }
        if let Some(kind) = current.strip_prefix("array.new_") {
            let ty = match kind {
                "int" => Type::Int,
                "float" => Type::Float,
                "bool" => Type::Bool,
                "string" => Type::Text,
                "color" => Type::Colour,
                other => DRAWINGS.iter().find(|known| **known == other).map_or(Type::Any, |kind| Type::Drawing(kind)),
            };
            return self.new_array(ty, args, span);
        }
        match family {
            "input" => return self.input(&current, args, span),
            "strategy" if table::find(&current).is_none() => return self.order(&current, args, span),
            "color" => {
                let codes = self.inert_arguments(args)?;
                let orders = args.iter().any(|arg| crate::calls::orders(&arg.value, &self.ordering));
                let codes = if orders { codes } else { Vec::new() };
                let result = match current.as_str() {
                    "color.r" | "color.g" | "color.b" | "color.t" => Typed::new(Code::Number(0.0), Type::Float),
                    _ => Typed::inert(Type::Colour),
                };
                return Ok(behind(codes, result));
            }
            "request" => {
                self.inert_arguments(args)?;
                return Ok(self.refuse(span.advises(
                    format!("`{current}` is not available: there are no data but the bars"),
                    "remove what depends on it",
                )));
            }
            _ => {}
        }
        if current == "ta.vwap" {
            return self.vwap(args, span);
        }
        match table::find(&current) {
            Some(row) => self.bound(row, None, args, span),
            None => {
                let says = format!("`{name}` is not supported");
                let finding = match crate::signatures::nearest(&current) {
                    Some(near) => span.advises(says, format!("did you mean {near}?")),
                    None => span.says(says),
                };
                let known_family =
                    ["ta", "math", "str", "array", "map", "matrix", "ticker", "chart", "syminfo", "timeframe"];
                if current.contains('.') && known_family.contains(&family) {
                    self.inert_arguments(args)?;
                    return Ok(self.refuse(finding));
                }
                Err(finding)
            }
        }
    }

    /// Checks what is only drawn; what is wrong in it does no harm, unless an order is placed on the way.
    pub(super) fn inert_arguments(&mut self, args: &'a [Arg]) -> Checked<Vec<Code>> {
        let mut codes = Vec::new();
        for arg in args {
            let before = (self.scopes.len(), self.calls.len(), self.frames.len(), self.floor, self.depth, self.loops);
            match self.expr(&arg.value) {
                Ok(typed) => codes.push(typed.code),
                Err(finding) if crate::calls::orders(&arg.value, &self.ordering) => return Err(finding),
                Err(_) => {
                    self.scopes.truncate(before.0);
                    self.calls.truncate(before.1);
                    self.frames.truncate(before.2);
                    (self.floor, self.depth, self.loops) = (before.3, before.4, before.5);
                }
            }
        }
        Ok(codes)
    }

    /// The argument called `name` or at `index`, checked.
    pub(super) fn argument(&mut self, args: &'a [Arg], index: usize, name: &str, span: Span) -> Checked<Typed> {
        match pick(args, index, name).or_else(|| args.get(index).map(|arg| &arg.value)) {
            Some(expr) => self.expr(expr),
            None => Err(span.says(format!("the argument `{name}` is missing"))),
        }
    }
}

/// A value behind what is done for it.
pub(super) fn behind(mut codes: Vec<Code>, result: Typed) -> Typed {
    if codes.is_empty() {
        return result;
    }
    codes.push(result.code);
    Typed { code: Code::Block(codes), ..result }
}

/// The argument called `name`, or the one at `index` if it has no name.
pub(super) fn pick<'a>(args: &'a [Arg], index: usize, name: &str) -> Option<&'a Expr> {
    let named = args.iter().find(|arg| arg.name.as_deref() == Some(name));
    let placed = || args.get(index).filter(|arg| arg.name.is_none());
    named.or_else(placed).map(|arg| &arg.value)
}
