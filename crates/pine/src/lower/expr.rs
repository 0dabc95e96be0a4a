//! Expressions: operators, history, choices.

use super::{DEPTH_MAX, Lower, Lowered, STEPS_MAX, Value, hard, soft};
use crate::ast::{Block, Expr, ExprKind};
use crate::graph::{Binary, Compare, Kind, NodeId, Op, Shape, Unary};
use crate::lexer::Span;

/// Stands for the interval of the bars, which is only known in a run.
const PERIOD: &str = "timeframe.period";

impl Lower {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Lowered<Value> {
        let span = expr.span;
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(hard(span.advises(
                "the script grows too large when its functions are written out",
                "call fewer functions inside functions",
            )));
        }
        if self.depth >= DEPTH_MAX {
            return Err(hard(
                span.advises(format!("nested more than {DEPTH_MAX} deep"), "split the expression into variables"),
            ));
        }
        self.depth += 1;
        let value = self.expr_kind(expr);
        self.depth -= 1;
        value
    }

    fn expr_kind(&mut self, expr: &Expr) -> Lowered<Value> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Number(x, _) => Ok(Value::Node(self.constant(*x, span)?)),
            ExprKind::Bool(b) => Ok(Value::Node(self.add(Op::Truth(*b), span)?)),
            ExprKind::Text(text) => Ok(Value::Text(text.clone())),
            ExprKind::Colour => Ok(Value::Inert),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Call { name, types, args } => self.call(name, types, args, span),
            ExprKind::Method { on, name, args, .. } => {
                let on = self.expr(on)?;
                self.method(on, name, args, span)
            }
            ExprKind::Unary(sign, inner) => {
                let value = self.expr(inner)?;
                self.unary(sign, value, span)
            }
            ExprKind::Binary(sign @ ("and" | "or"), left, right) => self.logic(sign, left, right, span),
            // Before version 6 the quotient of two `const int` drops its fraction.
            ExprKind::Binary("/", left, right) if self.version < 6 && self.const_int(left) && self.const_int(right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                let ratio = self.binary("/", left, right, span)?;
                let node = self.number(ratio, span)?;
                match self.known(node) {
                    Some(ratio) => Ok(Value::Node(self.constant(ratio.trunc(), span)?)),
                    None => Err(hard(span.says("constants have no quotient"))),
                }
            }
            ExprKind::Binary(sign, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(sign, left, right, span)
            }
            ExprKind::Ternary(condition, a, b) => {
                let lowered = self.expr(condition)?;
                let condition = self.truth(lowered, condition.span)?;
                self.choose(Ok(condition), |lower| lower.expr(a), |lower| lower.expr(b), span)
            }
            ExprKind::History(inner, offset) => self.history(inner, offset, span),
            ExprKind::Tuple(items) => {
                items.iter().map(|item| self.expr(item)).collect::<Lowered<_>>().map(Value::Tuple)
            }
            ExprKind::If(branches) => self.if_else(branches, span),
            ExprKind::Switch { subject, arms } => {
                let subject = match subject {
                    None => None,
                    Some(subject) => Some(match self.expr(subject) {
                        Err(why) if !why.hard => Value::Lost(Box::new(why)),
                        other => other?,
                    }),
                };
                self.switch(subject.as_ref(), arms, span)
            }
            ExprKind::Field { on, name } => match self.expr(on)? {
                Value::Inert => Ok(Value::Inert),
                Value::Lost(why) => Err(*why),
                _ => Err(soft(span.says(format!("the field `.{name}` runs in the interpreter alone")))),
            },
            ExprKind::For { counter, from, to, by, body } => {
                self.for_loop(counter, (from, to, by.as_deref()), body, span)
            }
            ExprKind::ForIn { index, item, of, body } => {
                let why = match self.expr(of) {
                    Err(why) => why,
                    Ok(Value::Lost(why)) => *why,
                    Ok(_) => soft(span.says("`for ... in` runs in the interpreter alone")),
                };
                let names: Vec<String> = index.iter().chain([item]).cloned().collect();
                self.uncounted(why, &names, body, span)
            }
            ExprKind::While { body, .. } => {
                let why = soft(span.advises(
                    "`while` runs in the interpreter alone",
                    "write a `for` loop with constant bounds and a `break`",
                ));
                self.uncounted(why, &[], body, span)
            }
        }
    }

    /// Whether an expression is a `const int` of Pine: whole numbers that stand in the text, variables that are given one and
    /// never change, and what is computed of them.
    pub(super) fn const_int(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Number(_, whole) => *whole,
            ExprKind::Name(name) => match self.find(name) {
                Some(id) => self.variables[id].const_int,
                None => name.starts_with("dayofweek."),
            },
            ExprKind::Unary("-" | "+", inner) => self.const_int(inner),
            ExprKind::Binary("+" | "-" | "*" | "/" | "%", a, b) => self.const_int(a) && self.const_int(b),
            _ => false,
        }
    }

    fn unary(&mut self, sign: &str, value: Value, span: Span) -> Lowered<Value> {
        if matches!(value, Value::Inert) {
            return Ok(Value::Inert);
        }
        if sign == "not" {
            let node = self.truth(value, span)?;
            return Ok(Value::Node(self.add(Op::Not(node), span)?));
        }
        let node = self.number(value, span)?;
        Ok(match sign {
            "-" => Value::Node(self.add(Op::Unary(Unary::Neg, node), span)?),
            _ => Value::Node(node),
        })
    }

    /// `and`, `or`: from version 6 on the right side is only computed where the left one does not decide.
    fn logic(&mut self, sign: &str, left: &Expr, right: &Expr, span: Span) -> Lowered<Value> {
        let value = self.expr(left)?;
        let a = self.truth(value, left.span)?;
        let needed = if sign == "and" { a } else { self.add(Op::Not(a), span)? };
        if self.known(needed) == Some(0.0) {
            return Ok(Value::Node(a));
        }
        let outer = self.path;
        if self.version >= 6 {
            self.path = self.add(Op::And(outer, needed), span)?;
        }
        let value = self.expr(right);
        self.path = outer;
        let b = self.truth(value?, right.span)?;
        let op = if sign == "and" { Op::And(a, b) } else { Op::Or(a, b) };
        Ok(Value::Node(self.add(op, span)?))
    }

    /// A binary operator on lowered values.
    pub(super) fn binary(&mut self, sign: &str, left: Value, right: Value, span: Span) -> Lowered<Value> {
        match (left, right) {
            (Value::Lost(why), _) | (_, Value::Lost(why)) => Err(*why),
            (Value::Text(a), Value::Text(b))
                if matches!(sign, "==" | "!=") && a != b && (a == PERIOD || b == PERIOD) =>
            {
                let is = self.interval_is(if a == PERIOD { &b } else { &a }, span)?;
                Ok(Value::Node(if sign == "==" { is } else { self.add(Op::Not(is), span)? }))
            }
            (Value::Text(a), Value::Text(b)) => match sign {
                "==" => Ok(Value::Node(self.add(Op::Truth(a == b), span)?)),
                "!=" => Ok(Value::Node(self.add(Op::Truth(a != b), span)?)),
                "+" => Ok(Value::Text(format!("{a}{b}"))),
                _ => Err(hard(span.says(format!("`{sign}` is not for texts")))),
            },
            (a @ (Value::Coded(_) | Value::Text(_)), b @ (Value::Coded(_) | Value::Text(_) | Value::Na))
            | (a @ Value::Na, b @ (Value::Coded(_) | Value::Text(_)))
                if matches!(sign, "==" | "!=") =>
            {
                let (a, b) = (self.coded(a, span)?, self.coded(b, span)?);
                self.binary(sign, a, b, span)
            }
            // Texts joined with anything, and anything joined with a drawing, can only end in a label.
            (Value::Text(_) | Value::Coded(_) | Value::Inert, _)
            | (_, Value::Text(_) | Value::Coded(_) | Value::Inert) => Ok(Value::Inert),
            (left, right) => {
                let truths = [&left, &right]
                    .iter()
                    .all(|v| matches!(v, Value::Node(n) if self.graph().node(*n).kind == Kind::Truth));
                if truths && matches!(sign, "==" | "!=") {
                    let (a, b) = (self.truth(left, span)?, self.truth(right, span)?);
                    let not_b = self.add(Op::Not(b), span)?;
                    let (same, other) = if sign == "==" { (b, not_b) } else { (not_b, b) };
                    return Ok(Value::Node(self.add(Op::Select(a, same, other), span)?));
                }
                let (a, b) = (self.number(left, span)?, self.number(right, span)?);
                Ok(Value::Node(self.arithmetic(sign, a, b, span)?))
            }
        }
    }

    fn arithmetic(&mut self, sign: &str, a: NodeId, b: NodeId, span: Span) -> Lowered<NodeId> {
        let op = match sign {
            "+" => Op::Binary(Binary::Add, a, b),
            "-" => Op::Binary(Binary::Sub, a, b),
            "*" => Op::Binary(Binary::Mul, a, b),
            "/" => Op::Binary(Binary::Div, a, b),
            "%" => Op::Binary(Binary::Mod, a, b),
            "<" => Op::Compare(Compare::Lt, a, b),
            "<=" => Op::Compare(Compare::Le, a, b),
            ">" => Op::Compare(Compare::Gt, a, b),
            ">=" => Op::Compare(Compare::Ge, a, b),
            "==" => Op::Compare(Compare::Eq, a, b),
            "!=" => Op::Compare(Compare::Ne, a, b),
            _ => return Err(hard(span.says(format!("the operator {sign} is not known")))),
        };
        self.add(op, span)
    }

    fn history(&mut self, inner: &Expr, offset: &Expr, span: Span) -> Lowered<Value> {
        let back = self.expr(offset)?;
        let back = self.number(back, offset.span)?;
        if self.graph().node(back).shape != Shape::Scalar {
            return Err(soft(offset.span.advises(
                "an offset that changes from bar to bar runs in the interpreter alone",
                "use ta.valuewhen or ta.barssince",
            )));
        }
        if self.known(back).is_some_and(|n| n < 0.0) {
            return Err(hard(offset.span.says("a negative offset looks into the future")));
        }
        if let ExprKind::Name(name) = &inner.kind
            && let Some(id) = self.find(name)
        {
            return self.past_variable(id, back, span);
        }
        let builtin = matches!(inner.kind, ExprKind::Name(_));
        let value = self.expr(inner)?;
        let gate = if builtin { None } else { self.gate() };
        if !builtin && self.looped > 0 {
            return Err(soft(span.says("the past of what a loop computes runs in the interpreter alone")));
        }
        match value {
            Value::Inert => Ok(Value::Inert),
            Value::Text(text) => Ok(Value::Text(text)),
            Value::Coded(node) => Ok(Value::Coded(self.past(node, back, gate, span)?)),
            Value::Node(node) => Ok(Value::Node(self.past(node, back, gate, span)?)),
            other => {
                let node = self.number(other, span)?;
                Ok(Value::Node(self.past(node, back, gate, span)?))
            }
        }
    }

    /// What a variable was: its value at the end of earlier bars, whatever it is at this point of this bar.
    fn past_variable(&mut self, id: usize, back: NodeId, span: Span) -> Lowered<Value> {
        let variable = &self.variables[id];
        let (value, gate, mutable, coded) = (variable.value.clone(), variable.gate, variable.mutable, variable.coded);
        let in_loop = variable.in_loop;
        if matches!(value, Value::Inert) {
            return Ok(Value::Inert);
        }
        if !mutable && matches!(value, Value::Text(_)) {
            return Ok(value);
        }
        let fixed = matches!(&value, Value::Node(node) if {
            let node = self.graph().node(*node);
            node.shape == Shape::Scalar || matches!(node.op, Op::Price(_) | Op::Time(_))
        });
        if in_loop && !fixed {
            return Err(soft(span.says("the past of a loop's variable runs in the interpreter alone")));
        }
        if self.known(back) == Some(0.0) {
            return Ok(value);
        }
        if !mutable {
            let (node, text) = match value {
                Value::Coded(node) => (node, true),
                other => match other {
                    Value::Node(node) => (node, false),
                    other => (self.number(other, span)?, false),
                },
            };
            let node = self.past(node, back, gate, span)?;
            return Ok(if text { Value::Coded(node) } else { Value::Node(node) });
        }
        let Some(back_by) = self.known(back).map(f64::floor) else {
            return Err(soft(span.advises(
                "the past of a changing variable by an input's number of bars runs in the interpreter alone",
                "use a constant number of bars",
            )));
        };
        let kind = match &value {
            Value::Node(node) => self.graph().node(*node).kind,
            Value::Lost(why) => return Err((**why).clone()),
            _ => Kind::Number,
        };
        let coded = coded || matches!(value, Value::Coded(_) | Value::Text(_));
        if coded {
            self.variables[id].coded = true;
        }
        let before = self.past_of(id, kind, span)?;
        let more = self.constant(back_by - 1.0, span)?;
        let node = self.past(before, more, gate, span)?;
        Ok(if coded { Value::Coded(node) } else { Value::Node(node) })
    }

    /// A node some bars ago; with a gate, some of the bars on which it held ago.
    pub(super) fn past(&mut self, node: NodeId, back: NodeId, gate: Option<NodeId>, span: Span) -> Lowered<NodeId> {
        let Some(gate) = gate else { return self.add(Op::History(node, back), span) };
        self.draft.written_out_past(node, back, Some(gate), span.line).map_err(soft)
    }

    fn switch(&mut self, subject: Option<&Value>, arms: &[(Option<Expr>, Block)], span: Span) -> Lowered<Value> {
        let Some(((case, body), rest)) = arms.split_first() else { return Ok(Value::Na) };
        let Some(case) = case else { return self.block(body) };
        let condition = self.expr(case).and_then(|value| match subject {
            None => self.truth(value, case.span),
            Some(subject) => {
                let same = self.binary("==", subject.clone(), value, case.span)?;
                self.truth(same, case.span)
            }
        });
        self.choose(condition, |lower| lower.block(body), |lower| lower.switch(subject, rest, span), span)
    }
}
