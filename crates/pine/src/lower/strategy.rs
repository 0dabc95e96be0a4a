//! `strategy(...)` and its orders: which conditions enter, which leave.
//!
//! One long position at a time, all in: entries count in the pass that reads the script as flat, exits in the one that reads
//! it as long. Whatever else an order may say (short, stop, limit, partial closes) is refused, not ignored.

use super::calls::pick;
use super::{Lower, Lowered, Position, Value};
use crate::ast::Arg;
use crate::graph::{NodeId, Op};
use crate::lexer::Span;

impl Lower {
    /// The `strategy(...)` header.
    pub(super) fn header(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let title = match pick(args, 0, "title") {
            Some(expr) => match self.expr(&expr.clone())? {
                Value::Text(title) => title,
                other => {
                    return Err(
                        span.says(format!("the title of a strategy is a text, found {}", other.shown(&self.graph)))
                    );
                }
            },
            None => return Err(span.says("`strategy` needs a title")),
        };
        self.title = Some(title);
        let mut commission = None;
        let mut commission_in_percent = true;
        for arg in args {
            let Some(name) = arg.name.as_deref() else { continue };
            match name {
                "process_orders_on_close" | "calc_on_every_tick" | "calc_on_order_fills" => {
                    let value = self.expr(&arg.value)?;
                    let (node, _) = self.truth(value, arg.value.span)?;
                    let on = self.graph.node(node).op == Op::Truth(true);
                    if name == "process_orders_on_close" {
                        self.settings.process_orders_on_close = on;
                    } else if on && self.position == Position::Flat {
                        self.warnings.push(
                            arg.value.span.says(format!("`{name}` is ignored: orders are decided on closed bars")),
                        );
                    }
                }
                "initial_capital" => self.settings.initial_capital = self.header_number(arg)?,
                "commission_value" => commission = self.header_number(arg)?,
                "commission_type" => {
                    let value = self.expr(&arg.value)?;
                    commission_in_percent = matches!(value, Value::Text(t) if t == "strategy.commission.percent");
                }
                "pyramiding"
                    if self.header_number(arg)?.is_some_and(|n| n > 0.0) && self.position == Position::Flat =>
                {
                    self.warnings.push(arg.value.span.says("`pyramiding` is ignored: one position at a time"));
                }
                "slippage" if self.header_number(arg)?.is_some_and(|n| n > 0.0) && self.position == Position::Flat => {
                    self.warnings
                        .push(arg.value.span.says("`slippage` in ticks is ignored: the run's own slippage is charged"));
                }
                _ => {}
            }
        }
        if commission_in_percent {
            self.settings.commission_percent = commission;
        } else if commission.is_some() && self.position == Position::Flat {
            self.warnings
                .push(span.says("a commission per order or contract is ignored: the run's own fee is charged"));
        }
        Ok(Value::Inert)
    }

    fn header_number(&mut self, arg: &Arg) -> Lowered<Option<f64>> {
        let value = self.expr(&arg.value)?;
        Ok(match value {
            Value::Node(node, _) => match self.graph.node(node).op {
                Op::Number(x) if x.is_finite() => Some(x),
                _ => None,
            },
            _ => None,
        })
    }

    /// `strategy.entry`, `strategy.close`, ...
    pub(super) fn order(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        match name {
            "strategy.entry" => self.entry_order(args, span),
            "strategy.close" | "strategy.close_all" => self.close_order(name, args, span),
            "strategy.exit" => Err(span.advises(
                "`strategy.exit` (stops, targets, trailing) is not supported yet",
                "leave by a condition: strategy.close(\"Long\") under an if",
            )),
            "strategy.order" => {
                Err(span.advises("`strategy.order` is not supported yet", "use strategy.entry and strategy.close"))
            }
            "strategy.risk.allow_entry_in" => match pick(args, 0, "value").cloned() {
                Some(expr) if self.expr(&expr)? == Value::Text("strategy.direction.long".into()) => Ok(Value::Inert),
                _ => Err(span.says("only strategy.direction.long is supported yet")),
            },
            _ => Err(span.says(format!("`{name}` is not supported yet"))),
        }
    }

    fn entry_order(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let id = self.order_id(args, span)?;
        let direction = match pick(args, 1, "direction").or_else(|| pick(args, 1, "long")) {
            Some(expr) => self.expr(&expr.clone())?,
            None => return Err(span.says("`strategy.entry` needs a direction: strategy.long")),
        };
        let long = match &direction {
            Value::Text(text) => text == "strategy.long",
            Value::Node(node, _) => self.graph.node(*node).op == Op::Truth(true),
            _ => false,
        };
        if !long {
            return Err(span.advises(
                "short positions are not supported yet",
                "test the long side alone: replace the short entry by strategy.close",
            ));
        }
        for (index, price) in [(3, "limit"), (4, "stop")] {
            if pick(args, index, price).is_some() {
                return Err(span.advises(
                    format!("entries by `{price}` are not supported yet"),
                    "enter by a condition on closed bars; it fills at the next open",
                ));
            }
        }
        if pick(args, 2, "qty").is_some() && self.position == Position::Flat {
            self.warnings.push(span.says("`qty` is ignored: every entry is all in"));
        }
        self.entry_ids.insert(id);
        let condition = self.order_condition(args, span)?;
        if self.position == Position::Flat {
            self.entry = Some(self.either(self.entry, condition, span)?);
        }
        Ok(Value::Inert)
    }

    fn close_order(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        if pick(args, usize::MAX, "qty").is_some() || pick(args, usize::MAX, "qty_percent").is_some() {
            return Err(span.advises("closing a part of the position is not supported yet", "close it whole"));
        }
        let condition = self.order_condition(args, span)?;
        if self.position == Position::Flat {
            return Ok(Value::Inert);
        }
        if name == "strategy.close" {
            let id = self.order_id(args, span)?;
            if !self.entry_ids.contains(&id) {
                return Err(span.advises(
                    format!("nothing enters under the name \"{id}\", so this closes nothing"),
                    "give strategy.entry and strategy.close the same name",
                ));
            }
            if self.entry_ids.len() > 1 {
                return Err(span.advises(
                    "several entries with closes of their own are not supported yet",
                    "give all entries one name, or use strategy.close_all",
                ));
            }
        }
        self.exit = Some(self.either(self.exit, condition, span)?);
        Ok(Value::Inert)
    }

    fn order_id(&mut self, args: &[Arg], span: Span) -> Lowered<String> {
        match pick(args, 0, "id") {
            Some(expr) => match self.expr(&expr.clone())? {
                Value::Text(id) => Ok(id),
                other => Err(span.says(format!("the name of an order is a text, found {}", other.shown(&self.graph)))),
            },
            None => Err(span.says("the order needs a name")),
        }
    }

    /// The branch that the order stands in, and its own `when`.
    fn order_condition(&mut self, args: &[Arg], span: Span) -> Lowered<NodeId> {
        let Some(when) = pick(args, usize::MAX, "when").cloned() else { return Ok(self.path) };
        let value = self.expr(&when)?;
        let (when, _) = self.truth(value, span)?;
        self.add(Op::And(self.path, when), span)
    }

    fn either(&mut self, so_far: Option<NodeId>, condition: NodeId, span: Span) -> Lowered<NodeId> {
        match so_far {
            Some(other) => self.add(Op::Or(other, condition), span),
            None => Ok(condition),
        }
    }
}
