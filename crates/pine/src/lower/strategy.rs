//! The `strategy(...)` header: what it says of execution, costs and sizing.

use super::calls::pick;
use super::{Lower, Lowered, Value, hard};
use crate::Sizing;
use crate::ast::Arg;
use crate::check::header::{HEADER, count};
use crate::lexer::Span;

impl Lower {
    /// Reads the header into the settings.
    pub(super) fn header(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let title = match pick(args, 0, "title") {
            Some(expr) => match self.expr(expr)? {
                Value::Text(title) => title,
                Value::Lost(why) => return Err(*why),
                other => {
                    return Err(hard(
                        span.says(format!("the title of a strategy is a text, found {}", other.shown(self.graph()))),
                    ));
                }
            },
            None => return Err(hard(span.says("`strategy` needs a title"))),
        };
        self.title = Some(title);
        let (mut commission, mut commission_type) = (None, "percent".to_owned());
        let (mut quantity, mut quantity_type) = (None, None);
        for (index, name) in HEADER.iter().enumerate().skip(6) {
            let Some(expr) = pick(args, index, name) else { continue };
            let value = self.expr(expr).map_err(|trouble| super::Trouble { hard: true, ..trouble })?;
            let at = expr.span;
            match *name {
                "process_orders_on_close" => self.settings.process_orders_on_close = self.switched_on(value, at)?,
                "calc_on_every_tick" | "calc_on_order_fills" if self.switched_on(value.clone(), at)? => {
                    self.warnings.push(at.says(format!("`{name}` is ignored: orders are decided on closed bars")));
                }
                "pyramiding" => self.settings.pyramiding = self.count(value, name, at)?,
                "slippage" => self.settings.slippage_ticks = self.count(value, name, at)?,
                "backtest_fill_limits_assumption" if self.count(value.clone(), name, at)? > 0 => {
                    self.warnings.push(at.says(format!("`{name}` is ignored: a limit that is reached fills")));
                }
                "initial_capital" => self.settings.initial_capital = Some(self.header_number(value, name, at)?),
                "default_qty_value" => quantity = Some(self.header_number(value, name, at)?),
                "default_qty_type" => quantity_type = Some(choice(name, value, at)?),
                "commission_value" => commission = Some(self.header_number(value, name, at)?),
                "commission_type" => commission_type = choice(name, value, at)?,
                "close_entries_rule" => self.settings.close_any = choice(name, value, at)? == "ANY",
                _ => {}
            }
        }
        match commission_type.as_str() {
            "cash_per_order" => self.settings.commission_per_order = commission,
            "cash_per_contract" => self.settings.commission_per_contract = commission,
            _ => self.settings.commission_percent = commission,
        }
        if quantity.is_some() || quantity_type.is_some() {
            let value = quantity.unwrap_or(1.0);
            self.settings.sizing = Some(match quantity_type.as_deref() {
                Some("percent_of_equity") => Sizing::PercentOfEquity(value),
                Some("cash") => Sizing::Cash(value),
                _ => Sizing::Fixed(value),
            });
        }
        Ok(Value::Inert)
    }

    fn switched_on(&mut self, value: Value, span: Span) -> Lowered<bool> {
        let node = self.truth(value, span)?;
        self.known(node).map(|on| on != 0.0).ok_or_else(|| hard(span.says("the header takes constants")))
    }

    fn header_number(&mut self, value: Value, name: &str, span: Span) -> Lowered<f64> {
        let node = self.number(value, span)?;
        match self.known(node) {
            Some(x) if x.is_finite() && x >= 0.0 => Ok(x),
            _ => Err(hard(span.says(format!("`{name}` must be a constant number, 0 or above")))),
        }
    }

    fn count(&mut self, value: Value, name: &str, span: Span) -> Lowered<u32> {
        let x = self.header_number(value, name, span)?;
        count(name, x, span).map_err(hard)
    }
}

fn choice(name: &str, value: Value, span: Span) -> Lowered<String> {
    let text = if let Value::Text(text) = &value { Some(text.as_str()) } else { None };
    crate::calls::choice(name, text).map(str::to_owned).map_err(|message| hard(span.says(message)))
}
