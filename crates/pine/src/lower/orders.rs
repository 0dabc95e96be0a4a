//! Orders: `strategy.entry`, `order`, `exit`, `close`, ... as commands under the condition of the branches they stand in.

use super::calls::pick;
use super::{Lower, Lowered, ORDERS_MAX, Value, hard, soft};
use crate::ast::Arg;
use crate::graph::{Compare, NodeId, Op};
use crate::lexer::Span;
use crate::{Direction, OrderCommand, OrderId, OrderKind};

/// A text and the condition under which it is the one.
type Case<T> = (NodeId, T);

impl Lower {
    /// Lowers an order. What is wrong with one is always a finding.
    pub(super) fn order(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let given = self.order_parts(name, args, span);
        if let Err(trouble) = &given
            && self.known(self.path) != Some(0.0)
        {
            return Err(super::Trouble { hard: true, ..trouble.clone() });
        }
        given
    }

    fn order_parts(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        match name {
            "strategy.entry" | "strategy.order" => self.entry(name == "strategy.entry", args, span),
            "strategy.exit" => self.exit(args, span),
            "strategy.close" => self.close(args, span),
            "strategy.close_all" => {
                let immediately = self.flag(args, 2, "immediately", span)?;
                let when = self.order_condition(args, span)?;
                self.command(when, OrderKind::CloseAll { immediately }, span)
            }
            "strategy.cancel" => {
                let when = self.order_condition(args, span)?;
                for (is, id) in self.names(args, 0, "id", span)? {
                    let when = self.add(Op::And(when, is), span)?;
                    self.command(when, OrderKind::Cancel { id }, span)?;
                }
                Ok(Value::Inert)
            }
            "strategy.cancel_all" => {
                let when = self.order_condition(args, span)?;
                self.command(when, OrderKind::CancelAll, span)
            }
            "strategy.risk.allow_entry_in" => {
                // A setting of the whole run here; one that comes and goes is the interpreter's.
                if self.known(self.path) != Some(1.0) || self.doubt.is_some() {
                    return Err(soft(
                        span.says("a direction that is allowed under a condition runs in the interpreter alone"),
                    ));
                }
                match self.argument(args, 0, "value", span)? {
                    Value::Text(text) if text == "strategy.direction.long" => {
                        self.settings.only = Some(Direction::Long);
                    }
                    Value::Text(text) if text == "strategy.direction.short" => {
                        self.settings.only = Some(Direction::Short);
                    }
                    Value::Text(text) if text == "strategy.direction.all" => self.settings.only = None,
                    _ => return Err(soft(span.says("the direction must be a constant"))),
                }
                Ok(Value::Inert)
            }
            _ if name.starts_with("strategy.risk.") => Err(soft(span.advises(
                format!("`{name}` is not supported: at which price of a bar it acts is not documented"),
                "write the limit as a condition, with strategy.equity or strategy.closedtrades",
            ))),
            _ => Err(soft(span.says(format!("`{name}` is not supported here")))),
        }
    }

    fn entry(&mut self, reverses: bool, args: &[Arg], span: Span) -> Lowered<Value> {
        self.no_group(args, span)?;
        let ids = self.names(args, 0, "id", span)?;
        let directions = self.directions(args, span)?;
        let qty = self.optional(args, 2, "qty", span)?;
        let limit = self.optional(args, 3, "limit", span)?;
        let stop = self.optional(args, 4, "stop", span)?;
        let when = self.order_condition(args, span)?;
        for (is, direction) in &directions {
            for (called, id) in &ids {
                let (id, direction) = (*id, *direction);
                let when = self.add(Op::And(when, *is), span)?;
                let when = self.add(Op::And(when, *called), span)?;
                let kind = if reverses {
                    OrderKind::Entry { id, direction, qty, limit, stop }
                } else {
                    OrderKind::Order { id, direction, qty, limit, stop }
                };
                self.command(when, kind, span)?;
            }
        }
        Ok(Value::Inert)
    }

    fn close(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let ids = self.names(args, 0, "id", span)?;
        // Version 4: id, when, comment, qty, qty_percent; since: id, comment, qty, qty_percent, alert_message, immediately.
        let shift = usize::from(self.version < 5);
        let qty = self.optional(args, 2 + shift, "qty", span)?;
        let qty_percent = self.optional(args, 3 + shift, "qty_percent", span)?;
        let immediately = self.flag(args, 5, "immediately", span)?;
        let mut when = self.order_condition(args, span)?;
        if self.version < 5
            && let Some(second) = args.get(1).filter(|arg| arg.name.is_none())
        {
            let value = self.expr(&second.value)?;
            let condition = self.truth(value, span)?;
            when = self.add(Op::And(when, condition), span)?;
        }
        for (is, id) in ids {
            let when = self.add(Op::And(when, is), span)?;
            self.command(when, OrderKind::Close { id, qty, qty_percent, immediately }, span)?;
        }
        Ok(Value::Inert)
    }

    fn exit(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        self.no_group(args, span)?;
        let ids = self.names(args, 0, "id", span)?;
        let from = match pick(args, 1, "from_entry") {
            None => vec![(self.always(), None)],
            Some(_) => self
                .texts_of(args, 1, "from_entry", span)?
                .into_iter()
                .map(|(is, name)| {
                    let id = if name.is_empty() { None } else { Some(self.order_name(&name, span)?) };
                    Ok((is, id))
                })
                .collect::<Lowered<Vec<Case<Option<OrderId>>>>>()?,
        };
        let qty = self.optional(args, 2, "qty", span)?;
        let qty_percent = self.optional(args, 3, "qty_percent", span)?;
        let profit = self.optional(args, 4, "profit", span)?;
        let limit = self.optional(args, 5, "limit", span)?;
        let loss = self.optional(args, 6, "loss", span)?;
        let stop = self.optional(args, 7, "stop", span)?;
        let trail_price = self.optional(args, 8, "trail_price", span)?;
        let trail_points = self.optional(args, 9, "trail_points", span)?;
        let trail_offset = self.optional(args, 10, "trail_offset", span)?;
        let legs = [profit, limit, loss, stop, trail_price.or(trail_points).and(trail_offset)];
        if legs.iter().all(Option::is_none) {
            self.warnings.push(span.says("this `strategy.exit` has neither a stop nor a target: it does nothing"));
            return Ok(Value::Inert);
        }
        let when = self.order_condition(args, span)?;
        for (called, id) in &ids {
            for (is, from_entry) in &from {
                let when = self.add(Op::And(when, *called), span)?;
                let when = self.add(Op::And(when, *is), span)?;
                let kind = OrderKind::Exit {
                    id: *id,
                    from_entry: *from_entry,
                    qty,
                    qty_percent,
                    profit,
                    limit,
                    loss,
                    stop,
                    trail_price,
                    trail_points,
                    trail_offset,
                };
                self.command(when, kind, span)?;
            }
        }
        Ok(Value::Inert)
    }

    fn command(&mut self, when: NodeId, kind: OrderKind, span: Span) -> Lowered<Value> {
        if self.known(when) == Some(0.0) {
            return Ok(Value::Inert);
        }
        if let Some(why) = &self.doubt {
            return Err(why.clone());
        }
        if self.draft.orders.len() >= ORDERS_MAX {
            return Err(hard(span.says(format!("the script has more than {ORDERS_MAX} orders"))));
        }
        self.draft.orders.push(OrderCommand { when, kind, line: span.line });
        Ok(Value::Inert)
    }

    /// The branch that the order stands in, and its own `when`.
    fn order_condition(&mut self, args: &[Arg], span: Span) -> Lowered<NodeId> {
        let Some(when) = pick(args, usize::MAX, "when") else { return Ok(self.path) };
        let value = self.expr(when)?;
        let when = self.truth(value, span)?;
        self.add(Op::And(self.path, when), span)
    }

    /// A number that may be missing; the constant `na` is missing too.
    fn optional(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<Option<NodeId>> {
        let Some(expr) = pick(args, index, name) else { return Ok(None) };
        let value = self.expr(expr)?;
        let node = self.number(value, span)?;
        Ok((!self.known(node).is_some_and(f64::is_nan)).then_some(node))
    }

    fn flag(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<bool> {
        let Some(expr) = pick(args, index, name) else { return Ok(false) };
        let value = self.expr(expr)?;
        let node = self.truth(value, span)?;
        match self.known(node) {
            Some(on) => Ok(on != 0.0),
            None => Err(soft(span.says(format!("`{name}` must be a constant")))),
        }
    }

    /// Groups of entries that cancel each other are another broker.
    fn no_group(&mut self, args: &[Arg], span: Span) -> Lowered<()> {
        let Some(expr) = pick(args, usize::MAX, "oca_type") else { return Ok(()) };
        match self.expr(expr)? {
            Value::Text(text) if text == "strategy.oca.none" => Ok(()),
            _ => Err(soft(span.advises(
                "groups of orders (`oca_type`) run in the interpreter alone",
                "cancel the other order by strategy.cancel",
            ))),
        }
    }

    fn directions(&mut self, args: &[Arg], span: Span) -> Lowered<Vec<Case<Direction>>> {
        let Some(expr) = pick(args, 1, "direction").or_else(|| pick(args, 1, "long")) else {
            return Err(hard(span.says("the order needs a direction: strategy.long or strategy.short")));
        };
        let value = self.expr(expr)?;
        if let Value::Node(node) = value {
            let long = self.truth(Value::Node(node), span)?;
            let short = self.add(Op::Not(long), span)?;
            return Ok(vec![(long, Direction::Long), (short, Direction::Short)]);
        }
        self.cases(value, span)?
            .into_iter()
            .map(|(is, text)| match text.as_str() {
                "strategy.long" | "strategy.direction.long" => Ok((is, Direction::Long)),
                "strategy.short" | "strategy.direction.short" => Ok((is, Direction::Short)),
                _ => Err(soft(span.says(format!("{text:?} is no direction")))),
            })
            .collect()
    }

    fn names(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<Vec<Case<OrderId>>> {
        let texts = self.texts_of(args, index, name, span)?;
        texts.into_iter().map(|(is, text)| Ok((is, self.order_name(&text, span)?))).collect()
    }

    fn order_name(&mut self, name: &str, span: Span) -> Lowered<OrderId> {
        self.draft.id(name).ok_or_else(|| hard(span.says("the script gives its orders too many names")))
    }

    fn texts_of(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<Vec<Case<String>>> {
        let value = self.argument(args, index, name, span)?;
        self.cases(value, span)
    }

    /// The texts that a value may be, and when it is each. `na` is the empty text.
    fn cases(&mut self, value: Value, span: Span) -> Lowered<Vec<Case<String>>> {
        match value {
            Value::Text(text) => Ok(vec![(self.always(), text)]),
            Value::Na => Ok(vec![(self.always(), String::new())]),
            Value::Coded(node) => {
                let mut codes = Vec::new();
                if !self.codes(node, &mut codes, 0) {
                    return Err(soft(span.says("a text that orders hang on must be chosen among constants")));
                }
                codes.sort_by(f64::total_cmp);
                codes.dedup();
                codes
                    .into_iter()
                    .filter(|code| !code.is_nan())
                    .map(|code| {
                        let text = self.texts[code as usize].clone();
                        let code = self.constant(code, span)?;
                        Ok((self.add(Op::Compare(Compare::Eq, node, code), span)?, text))
                    })
                    .collect()
            }
            Value::Lost(why) => Err(*why),
            other => Err(soft(span.says(format!(
                "the name of an order is a text known before the run, found {}",
                other.shown(self.graph())
            )))),
        }
    }

    /// Every text that a node may come to; false when that cannot be seen.
    fn codes(&self, node: NodeId, found: &mut Vec<f64>, depth: u32) -> bool {
        match &self.graph().node(node).op {
            Op::Number(code) => {
                found.push(*code);
                true
            }
            Op::Select(_, a, b) => {
                depth < 16 && found.len() < 64 && self.codes(*a, found, depth + 1) && self.codes(*b, found, depth + 1)
            }
            // A variable that remembers: any text may have been put into it.
            Op::Register(..) => {
                found.extend((0..self.texts.len().min(64)).map(|code| code as f64));
                self.texts.len() <= 64
            }
            _ => false,
        }
    }
}
