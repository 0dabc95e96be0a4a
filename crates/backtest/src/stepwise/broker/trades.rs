//! Trades, open and closed: one entry fill each, split when it is closed in parts.

use super::Side;

/// A part of the position.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenTrade {
    /// Id of the order that opened it.
    pub entry_id: u32,
    /// Direction.
    pub side: Side,
    /// Contracts still held; above 0.
    pub qty: f64,
    /// Contracts bought or sold at the entry.
    pub qty_entry: f64,
    /// Bar of the entry.
    pub entry_bar: usize,
    /// Price of the entry, with the script's ticks of slippage and without the house's costs.
    pub entry_price: f64,
    /// Commission and slippage paid at the entry, for `qty`, in money.
    pub entry_cost: f64,
    /// Commission alone, for `qty`.
    pub commission: f64,
    /// Highest price while it was open.
    pub highest: f64,
    /// Lowest price while it was open.
    pub lowest: f64,
    /// Growth of equity from 1 before the entry, for the gain.
    pub(super) equity_before: f64,
    /// Money before the entry.
    pub(super) money_before: f64,
    /// The account multiplies instead of counting contracts.
    pub(super) multiplied: bool,
    /// Opened at the close of the bar under way: no exit is worked on it before the next bar.
    pub(super) at_close: bool,
    pub(super) marks: Vec<Mark>,
}

/// What a bracket has done on a trade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    /// Id of the exit.
    pub exit: u32,
    /// Best price since the trailing stop started; NaN before.
    pub anchor: f64,
    /// It has filled on this trade and does not fill again.
    pub done: bool,
}

/// A trade that is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedTrade {
    /// Id of the order that opened it.
    pub entry_id: u32,
    /// Id of the order that closed it; [`super::NO_ID`] for `close` and `close_all`, for reversals the entry's.
    pub exit_id: u32,
    /// Direction.
    pub side: Side,
    /// Contracts.
    pub qty: f64,
    /// Bar of the entry.
    pub entry_bar: usize,
    /// Price of the entry.
    pub entry_price: f64,
    /// Bar of the exit.
    pub exit_bar: usize,
    /// Price of the exit.
    pub exit_price: f64,
    /// Money made, net of all costs.
    pub profit: f64,
    /// Commission of both sides in money.
    pub commission: f64,
    /// Most that it was ahead, in money before costs; 0 or more.
    pub max_runup: f64,
    /// Most that it was behind, in money before costs; 0 or more.
    pub max_drawdown: f64,
    /// Growth of equity over it minus 1, net of costs; for other sizings than all-in profit over equity at the entry.
    pub gain: f64,
}

impl OpenTrade {
    /// Profit before exit costs at `price`, in money; entry costs are taken off.
    pub fn profit(&self, price: f64) -> f64 {
        self.side.sign() * self.qty * (price - self.entry_price) - self.entry_cost
    }

    /// Most that it was ahead, in money before costs.
    pub fn max_runup(&self) -> f64 {
        let best = if self.side == Side::Long { self.highest } else { self.lowest };
        (self.side.sign() * (best - self.entry_price)).max(0.0) * self.qty
    }

    /// Most that it was behind, in money before costs.
    pub fn max_drawdown(&self) -> f64 {
        let worst = if self.side == Side::Long { self.lowest } else { self.highest };
        (self.side.sign() * (self.entry_price - worst)).max(0.0) * self.qty
    }

    pub(super) fn see(&mut self, price: f64) {
        self.highest = self.highest.max(price);
        self.lowest = self.lowest.min(price);
    }

    pub(super) fn mark(&self, exit: u32) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.exit == exit)
    }

    pub(super) fn mark_mut(&mut self, exit: u32) -> &mut Mark {
        let at = match self.marks.iter().position(|mark| mark.exit == exit) {
            Some(at) => at,
            None => {
                self.marks.push(Mark { exit, anchor: f64::NAN, done: false });
                self.marks.len() - 1
            }
        };
        &mut self.marks[at]
    }
}
