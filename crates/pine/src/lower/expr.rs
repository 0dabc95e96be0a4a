//! Expressions: names, operators, history, choices.

use super::{DEPTH_MAX, Lower, Lowered, Position, STEPS_MAX, Value};
use crate::ast::{Block, Expr, ExprKind, Stmt, StmtKind};
use crate::graph::{Binary, Compare, Kind, Op, Price, Time, Unary};
use crate::lexer::Span;

impl Lower {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Lowered<Value> {
        let span = expr.span;
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(span.advises(
                "the script grows too large when its functions are written out",
                "call fewer functions inside functions",
            ));
        }
        if self.depth >= DEPTH_MAX {
            return Err(
                span.advises(format!("nested more than {DEPTH_MAX} deep"), "split the expression into variables")
            );
        }
        self.depth += 1;
        let value = self.expr_kind(expr);
        self.depth -= 1;
        value
    }

    fn expr_kind(&mut self, expr: &Expr) -> Lowered<Value> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Number(x, _) => Ok(Value::Node(self.add(Op::Number(*x), span)?, false)),
            ExprKind::Bool(b) => Ok(Value::Node(self.add(Op::Truth(*b), span)?, false)),
            ExprKind::Text(text) => Ok(Value::Text(text.clone())),
            ExprKind::Colour => Ok(Value::Inert),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Call { name, args, .. } => self.call(name, args, span),
            ExprKind::Method { on, name, .. } => match self.expr(on)? {
                Value::Inert => Ok(Value::Inert),
                Value::Unknown => Err(super::silent(span)),
                _ => Err(span.says(format!("the method `.{name}` is not supported yet"))),
            },
            ExprKind::Unary(sign, inner) => {
                let value = self.expr(inner)?;
                self.unary(sign, value, span)
            }
            ExprKind::Binary(sign, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(sign, left, right, span)
            }
            ExprKind::Ternary(condition, a, b) => {
                let lowered = self.expr(condition)?;
                let condition = self.truth(lowered, condition.span)?;
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.select(condition, a, b, span)
            }
            ExprKind::History(inner, offset) => self.history(inner, offset, span),
            ExprKind::Tuple(items) => {
                items.iter().map(|item| self.expr(item)).collect::<Lowered<_>>().map(Value::Tuple)
            }
            ExprKind::If(branches) => self.if_else(branches, span),
            ExprKind::Switch { subject, arms } => self.switch(subject.as_deref(), arms, span),
            ExprKind::Field { on, name } => match self.expr(on)? {
                Value::Inert => Ok(Value::Inert),
                Value::Unknown => Err(super::silent(span)),
                _ => Err(span.says(format!("the field `.{name}` is not supported yet"))),
            },
            ExprKind::For { .. } | ExprKind::ForIn { .. } => Err(refused_loop("for", span)),
            ExprKind::While { .. } => Err(refused_loop("while", span)),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Lowered<Value> {
        if let Some(value) = self.find(name) {
            return match value {
                Value::Unknown => Err(super::silent(span)),
                known => Ok(known.clone()),
            };
        }
        let op = match name {
            "open" => Op::Price(Price::Open),
            "high" => Op::Price(Price::High),
            "low" => Op::Price(Price::Low),
            "close" => Op::Price(Price::Close),
            "volume" => Op::Price(Price::Volume),
            "hl2" => Op::Price(Price::Hl2),
            "hlc3" => Op::Price(Price::Hlc3),
            "ohlc4" => Op::Price(Price::Ohlc4),
            "hlcc4" => Op::Price(Price::Hlcc4),
            "bar_index" | "n" => Op::Time(Time::BarIndex),
            "time" => Op::Time(Time::Millis),
            "year" => Op::Time(Time::Year),
            "month" => Op::Time(Time::Month),
            "dayofmonth" => Op::Time(Time::DayOfMonth),
            "dayofweek" => Op::Time(Time::DayOfWeek),
            "hour" => Op::Time(Time::Hour),
            "minute" => Op::Time(Time::Minute),
            "barstate.isconfirmed" | "barstate.ishistory" => Op::Truth(true),
            "barstate.isrealtime" | "barstate.isnew" => Op::Truth(false),
            "math.pi" => Op::Number(std::f64::consts::PI),
            "math.e" => Op::Number(std::f64::consts::E),
            "na" => return Ok(Value::Na),
            "strategy.position_size" => return Ok(Value::PositionSize),
            "ta.tr" | "tr" => return self.call(name, &[], span),
            "ta.obv" | "obv" => return self.call("ta.obv", &[], span),
            _ => return self.constant(name, span),
        };
        Ok(Value::Node(self.add(op, span)?, false))
    }

    fn constant(&mut self, name: &str, span: Span) -> Lowered<Value> {
        let weekday = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
        if let Some(day) = name.strip_prefix("dayofweek.").and_then(|day| weekday.iter().position(|d| *d == day)) {
            return Ok(Value::Node(self.add(Op::Number(day as f64 + 1.0), span)?, false));
        }
        let family = name.split('.').next().unwrap_or_default();
        match family {
            "strategy"
                if matches!(
                    name,
                    "strategy.long"
                        | "strategy.short"
                        | "strategy.cash"
                        | "strategy.fixed"
                        | "strategy.percent_of_equity"
                        | "strategy.commission.percent"
                        | "strategy.commission.cash_per_order"
                        | "strategy.commission.cash_per_contract"
                        | "strategy.direction.long"
                        | "strategy.direction.short"
                        | "strategy.direction.all"
                ) =>
            {
                Ok(Value::Text(name.to_owned()))
            }
            "strategy" => Err(span.advises(
                format!("`{name}` feeds the account back into the rules, which is not supported yet"),
                "only the sign of strategy.position_size may be asked",
            )),
            "color" | "plot" | "hline" | "shape" | "location" | "size" | "line" | "label" | "box" | "table"
            | "extend" | "xloc" | "yloc" | "text" | "position" | "display" | "alert" | "scale" | "format" | "font"
            | "order" => Ok(Value::Inert),
            "syminfo" | "timeframe" | "barmerge" | "session" | "currency" | "adjustment" | "dividends" | "earnings" => {
                if matches!(name, "timeframe.isdaily" | "timeframe.isintraday" | "timeframe.isweekly") {
                    return Err(span.says(format!("`{name}` is not supported yet")));
                }
                Ok(Value::Text(name.to_owned()))
            }
            "barstate" => Err(span.says(format!("`{name}` is not supported yet"))),
            _ => Err(span
                .advises(format!("`{name}` is not known"), "a variable must be declared above the line that reads it")),
        }
    }

    fn unary(&mut self, sign: &str, value: Value, span: Span) -> Lowered<Value> {
        if matches!(value, Value::Inert) {
            return Ok(Value::Inert);
        }
        if sign == "not" {
            let (node, position) = self.truth(value, span)?;
            return Ok(Value::Node(self.add(Op::Not(node), span)?, position));
        }
        let (node, position) = self.number(value, span)?;
        Ok(match sign {
            "-" => Value::Node(self.add(Op::Unary(Unary::Neg, node), span)?, position),
            _ => Value::Node(node, position),
        })
    }

    /// A binary operator on lowered values.
    pub(super) fn binary(&mut self, sign: &str, left: Value, right: Value, span: Span) -> Lowered<Value> {
        if let Some(known) = self.compared_position(sign, &left, &right) {
            return Ok(Value::Node(self.add(Op::Truth(known), span)?, true));
        }
        match (&left, &right) {
            (Value::Text(a), Value::Text(b)) => match sign {
                "==" => return Ok(Value::Node(self.add(Op::Truth(a == b), span)?, false)),
                "!=" => return Ok(Value::Node(self.add(Op::Truth(a != b), span)?, false)),
                "+" => return Ok(Value::Text(format!("{a}{b}"))),
                _ => {}
            },
            // Texts joined with anything, and anything joined with a drawing, can only end in a label.
            (Value::Text(_) | Value::Inert, _) | (_, Value::Text(_) | Value::Inert) => return Ok(Value::Inert),
            _ => {}
        }
        let both_truths = |lower: &Lower| {
            [&left, &right].iter().all(|v| matches!(v, Value::Node(n, _) if lower.graph.node(*n).kind == Kind::Truth))
        };
        match sign {
            "and" | "or" => {
                let ((a, pa), (b, pb)) = (self.truth(left, span)?, self.truth(right, span)?);
                let op = if sign == "and" { Op::And(a, b) } else { Op::Or(a, b) };
                Ok(Value::Node(self.add(op, span)?, pa || pb))
            }
            "==" | "!=" if both_truths(self) => {
                let ((a, pa), (b, pb)) = (self.truth(left, span)?, self.truth(right, span)?);
                let not_b = self.add(Op::Not(b), span)?;
                let (same, other) = if sign == "==" { (b, not_b) } else { (not_b, b) };
                Ok(Value::Node(self.add(Op::Select(a, same, other), span)?, pa || pb))
            }
            _ => {
                let ((a, pa), (b, pb)) = (self.number(left, span)?, self.number(right, span)?);
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
                    _ => return Err(span.says(format!("the operator {sign} is not known"))),
                };
                Ok(Value::Node(self.add(op, span)?, pa || pb))
            }
        }
    }

    /// `strategy.position_size` against zero has a known answer in each of the two passes.
    fn compared_position(&self, sign: &str, left: &Value, right: &Value) -> Option<bool> {
        let zero = |v: &Value| matches!(v, Value::Node(n, _) if self.graph.node(*n).op == Op::Number(0.0));
        let size = if self.position == Position::Long { 1 } else { 0 };
        let (a, b) = match (left, right) {
            (Value::PositionSize, other) if zero(other) => (size, 0),
            (other, Value::PositionSize) if zero(other) => (0, size),
            _ => return None,
        };
        Some(match sign {
            "<" => a < b,
            "<=" => a <= b,
            ">" => a > b,
            ">=" => a >= b,
            "==" => a == b,
            "!=" => a != b,
            _ => return None,
        })
    }

    fn history(&mut self, inner: &Expr, offset: &Expr, span: Span) -> Lowered<Value> {
        let value = self.expr(inner)?;
        let back = self.expr(offset)?;
        let (back, _) = self.number(back, offset.span)?;
        if self.graph.node(back).shape != crate::graph::Shape::Scalar {
            return Err(offset.span.advises(
                "an offset that changes from bar to bar is not supported",
                "use ta.valuewhen or ta.barssince",
            ));
        }
        if matches!(self.graph.node(back).op, Op::Number(n) if n < 0.0) {
            return Err(offset.span.says("a negative offset looks into the future"));
        }
        match value {
            Value::Inert => Ok(Value::Inert),
            Value::Node(_, true) | Value::PositionSize => Err(span.advises(
                "the past of the position is not supported yet",
                "compare strategy.position_size with 0 on the current bar",
            )),
            Value::Node(node, false) => Ok(Value::Node(self.add(Op::History(node, back), span)?, false)),
            other => {
                let (node, _) = self.number(other, span)?;
                Ok(Value::Node(self.add(Op::History(node, back), span)?, false))
            }
        }
    }

    fn switch(&mut self, subject: Option<&Expr>, arms: &[(Option<Expr>, Block)], span: Span) -> Lowered<Value> {
        let Some(((case, body), rest)) = arms.split_first() else { return Ok(Value::Na) };
        let Some(case) = case else { return self.block(body) };
        let condition = match subject {
            None => self.expr(case)?,
            Some(subject) => {
                let (left, right) = (self.expr(subject)?, self.expr(case)?);
                self.binary("==", left, right, case.span)?
            }
        };
        let (condition, position) = self.truth(condition, case.span)?;
        match self.graph.node(condition).op {
            Op::Truth(true) => self.block(body),
            Op::Truth(false) => self.switch(subject, rest, span),
            _ => {
                let rest = ExprKind::Switch { subject: subject.cloned().map(Box::new), arms: rest.to_vec() };
                let otherwise = vec![Stmt { kind: StmtKind::Expr(Expr { kind: rest, span }), span }];
                self.choose(condition, position, body, Some(&otherwise), span)
            }
        }
    }
}

fn refused_loop(word: &str, span: Span) -> crate::Diagnostic {
    span.advises(
        format!("`{word}` loops are not supported yet"),
        "most loops over past bars are a ta.* call: ta.sma, math.sum, ta.highest, ta.barssince",
    )
}
