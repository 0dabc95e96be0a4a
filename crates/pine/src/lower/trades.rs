//! Reads of single trades: `strategy.opentrades.*(i)` and `strategy.closedtrades.*(i)` of the oldest or newest open trade and
//! of the last closed one. Which trade is meant must be plain from the text: 0, or the number of trades less 1.

use super::calls::pick;
use super::{Lower, Lowered, Value, soft};
use crate::ast::Arg;
use crate::graph::{Binary, Broker, NodeId, Op};
use crate::lexer::Span;

impl Lower {
    pub(super) fn trade(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let field = name.rsplit('.').next().unwrap_or_default();
        let open = name.starts_with("strategy.opentrades.");
        let number = match pick(args, 0, "trade_num") {
            None => None,
            Some(expr) => {
                let value = self.expr(expr)?;
                Some(self.number(value, expr.span)?)
            }
        };
        let count = self.broker(if open { Broker::OpenTrades } else { Broker::ClosedTrades }, span)?;
        let newest = number.is_none_or(|number| self.is_last_of(count, number));
        let oldest = number.is_some_and(|number| self.known(number) == Some(0.0));
        let read = match (open, field) {
            (true, "entry_bar_index") if newest => Broker::NewestOpenBar,
            (true, "entry_price") if newest => Broker::NewestOpenPrice,
            (true, "size") if newest => Broker::NewestOpenSize,
            (true, "profit") if newest => Broker::NewestOpenProfit,
            (true, "entry_bar_index") if oldest => Broker::OldestOpenBar,
            (true, "entry_price") if oldest => Broker::OldestOpenPrice,
            (true, "size") if oldest => Broker::OldestOpenSize,
            (true, "profit") if oldest => Broker::OldestOpenProfit,
            (false, "entry_bar_index") if newest => Broker::LastClosedEntryBar,
            (false, "exit_bar_index") if newest => Broker::LastClosedExitBar,
            (false, "entry_price") if newest => Broker::LastClosedEntryPrice,
            (false, "exit_price") if newest => Broker::LastClosedExitPrice,
            (false, "size") if newest => Broker::LastClosedSize,
            (false, "profit") if newest => Broker::LastClosedProfit,
            _ => {
                return Err(soft(span.advises(
                    format!("`{name}` of that trade runs in the interpreter alone"),
                    "ask for trade 0 or the newest one",
                )));
            }
        };
        Ok(Value::Node(self.broker(read, span)?))
    }

    /// Whether a node is the count of trades less one.
    fn is_last_of(&self, count: NodeId, number: NodeId) -> bool {
        match self.graph().node(number).op {
            Op::Binary(Binary::Sub, a, b) => a == count && self.known(b) == Some(1.0),
            _ => false,
        }
    }
}
