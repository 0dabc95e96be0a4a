//! The broker emulator: what a script's orders become on historical bars. Plain, one strategy at a time; the oracle of every
//! faster form of it.
//!
//! The turn of a bar: [`Broker::begin`] works the resting orders along the bar's assumed path and marks the position at the
//! close; the script runs and reads ([`Broker::position_size`] and the like, in `reads.rs`) and leaves orders ([`Broker::order`],
//! [`Broker::exit`], [`Broker::close`], [`Broker::cancel`]); [`Broker::end`] fills what fills at the close and gives the
//! bar's growth of equity. Files: `settings` (header and house), `orders` (what a script can ask), `late` (orders on their
//! way), `path` (what is reached when), `execute` (what a fill does), `account` (the money), `trades`, `reads`, and
//! `watch` (sleeping through quiet bars).
//!
//! Semantics are those of TradingView's documented emulator, with the house's choices where it is silent:
//! - Market orders fill at the next open. A stop buy fills at max(open, p), a limit buy at min(open, p), mirrored for sales.
//!   The stop of a stop-limit order turns it into a limit order at the price at which it was reached.
//! - `entry` reverses; it is ignored, when it is placed and when it fills, while the entries open in its direction have reached
//!   the pyramiding limit. `order` nets. The same id replaces a resting order, in its place of the queue.
//! - A bracket waits for its entry and works from the very point of the bar at which that fills. It fills once a trade. It is
//!   bound to the side of the trades that it was placed for, and goes with the last of them unless an order that it names
//!   still rests. Brackets of one trade share its contracts in the order of their placement.
//! - A bar with a price that is not finite and above 0 is no bar: nothing fills and equity stays.

mod account;
mod execute;
mod late;
mod orders;
mod path;
mod reads;
mod settings;
mod trades;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use late::Late;
pub use orders::{Close, Command, Exit, Oca, OcaKind, Order, Side};
pub use reads::Tally;
pub(crate) use settings::Rates;
pub use settings::{Allow, BrokerSettings, CloseRule, Commission, Intrabar, Sizing};
pub use trades::{ClosedTrade, OpenTrade};

use account::Account;
use orders::{Resting, RestingClose, RestingExit};

/// The exit id of trades that `close` or `close_all` ended.
pub const NO_ID: u32 = u32::MAX;
/// Most orders, brackets and closing orders that may rest, each; TradingView stops a strategy at 9,000 orders.
pub const RESTING_MAX: usize = 1_000;
/// Most trades open at once.
pub const OPEN_MAX: usize = 1_000;

/// More orders than may rest at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {RESTING_MAX} orders rest at once")]
pub struct TooManyOrders;

/// The prices of one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

impl Bar {
    /// The bar with high and low wide enough for open and close; `None` when a price is not finite and above 0.
    pub(crate) fn usable(self) -> Option<Bar> {
        let good = |x: f64| x.is_finite() && x > 0.0;
        (good(self.open) && good(self.high) && good(self.low) && good(self.close)).then(|| Bar {
            high: self.high.max(self.open).max(self.close),
            low: self.low.min(self.open).min(self.close),
            ..self
        })
    }
}

/// One strategy's account, position and resting orders.
#[derive(Clone, Debug)]
pub struct Broker {
    settings: BrokerSettings,
    account: Account,
    orders: Vec<Resting>,
    exits: Vec<RestingExit>,
    closes: Vec<RestingClose>,
    trades: Vec<OpenTrade>,
    closed: Vec<ClosedTrade>,
    tally: Tally,
    seq: u64,
    /// Index of the bar under way, and its prices if they are usable.
    index: usize,
    bar: Option<Bar>,
    /// Last usable close; NaN before the first.
    price: f64,
    ruined: bool,
    /// The last position was opened by a limit order.
    opened_by_limit: bool,
    /// Both legs of a bracket that filled lay within the bar under way.
    ambiguous: bool,
}

impl Broker {
    /// A flat account. Settings that are no numbers do not panic; what follows from them is ruin or nothing.
    pub fn new(settings: &BrokerSettings) -> Broker {
        Broker {
            settings: *settings,
            account: Account::new(settings),
            orders: Vec::new(),
            exits: Vec::new(),
            closes: Vec::new(),
            trades: Vec::new(),
            closed: Vec::new(),
            tally: Tally::new(settings.initial_capital),
            seq: 0,
            index: 0,
            bar: None,
            price: f64::NAN,
            ruined: false,
            opened_by_limit: false,
            ambiguous: false,
        }
    }

    /// Begins bar `index`: works what rests along the path and marks the position at the close.
    pub fn begin(&mut self, index: usize, bar: Bar) {
        self.index = index;
        self.bar = bar.usable();
        self.ambiguous = false;
        let Some(bar) = self.bar else { return };
        for trade in &mut self.trades {
            trade.at_close = false;
        }
        if !self.ruined {
            self.walk(bar);
        }
        self.price = bar.close;
        self.account.carry(bar.close);
        self.tally.ambiguous_bars += u32::from(self.ambiguous);
    }

    /// Ends the bar: fills what fills at its close and gives its growth of equity, 1 when nothing changed, 0 on ruin. Ruin
    /// ends trading: what is held is given up at this close.
    pub fn end(&mut self) -> f64 {
        let Some(bar) = self.bar else { return 1.0 };
        if self.ruined {
            return 1.0;
        }
        self.settle_at_close(bar.close);
        let growth = self.account.end(bar.close);
        if growth == 0.0 {
            self.ruined = true;
            self.orders.clear();
            self.exits.clear();
            self.closes.clear();
            self.give_up(bar.close);
        }
        self.tally.see(self.account.before, self.account.contracts);
        growth
    }

    /// Places an order that may open a position. Ignored: a quantity that is not above 0 and finite, a size that cannot be
    /// computed, an entry past the pyramiding limit, anything after ruin.
    ///
    /// # Errors
    /// When too many orders rest.
    pub fn order(&mut self, order: Order) -> Result<(), TooManyOrders> {
        if self.ruined || (order.entry && self.entries_full(order.side)) {
            return Ok(());
        }
        let Some(qty) = self.qty_at_placing(order.qty) else { return Ok(()) };
        let full = self.orders.len() >= RESTING_MAX;
        match self.orders.iter_mut().find(|resting| resting.order.id == order.id) {
            Some(resting) => (resting.order, resting.qty, resting.activated) = (order, qty, false),
            None if full => return Err(TooManyOrders),
            None => {
                let seq = self.next_seq();
                self.orders.push(Resting { order, qty, activated: false, seq });
            }
        }
        Ok(())
    }

    /// Places a bracket, or replaces the legs of the one of the same name for the same entry.
    ///
    /// # Errors
    /// When too many brackets rest.
    pub fn exit(&mut self, exit: Exit) -> Result<(), TooManyOrders> {
        let bad = |x: f64| !(x.is_nan() || (x.is_finite() && x > 0.0));
        if self.ruined || bad(exit.qty) || bad(exit.qty_percent) {
            return Ok(());
        }
        let exit = exit.reachable();
        let side = self.trades.iter().find(|t| exit.from_entry.is_none_or(|id| id == t.entry_id)).map(|t| t.side);
        let full = self.exits.len() >= RESTING_MAX;
        match self.exits.iter_mut().find(|e| e.exit.id == exit.id && e.exit.from_entry == exit.from_entry) {
            Some(resting) => (resting.exit, resting.side, resting.reduced) = (exit, side, 0.0),
            None if full => return Err(TooManyOrders),
            None => {
                let seq = self.next_seq();
                self.exits.push(RestingExit { exit, side, reduced: 0.0, seq });
            }
        }
        Ok(())
    }

    /// Places a closing order for the open trades that it names, not for later ones: an entry placed on the same bar stays.
    /// Without such a trade it is ignored; the same entry's replaces it.
    ///
    /// # Errors
    /// When too many closing orders rest.
    pub fn close(&mut self, close: Close) -> Result<(), TooManyOrders> {
        let bad = |x: f64| !(x.is_nan() || (x.is_finite() && x > 0.0));
        let open = self.trades.iter().any(|t| close.entry.is_none_or(|id| id == t.entry_id));
        if self.ruined || !open || bad(close.qty) || bad(close.qty_percent) {
            return Ok(());
        }
        let full = self.closes.len() >= RESTING_MAX;
        match self.closes.iter_mut().find(|c| c.close.entry == close.entry) {
            Some(resting) => (resting.close, resting.bar) = (close, self.index),
            None if full => return Err(TooManyOrders),
            None => {
                let seq = self.next_seq();
                self.closes.push(RestingClose { close, bar: self.index, seq });
            }
        }
        Ok(())
    }

    /// Does what a script says.
    ///
    /// # Errors
    /// When too many orders of its kind rest.
    pub fn obey(&mut self, command: Command) -> Result<(), TooManyOrders> {
        match command {
            Command::Order(order) => self.order(order),
            Command::Exit(exit) => self.exit(exit),
            Command::Close(close) => self.close(close),
            Command::Cancel(id) => {
                self.cancel(id);
                Ok(())
            }
            Command::CancelAll => {
                self.cancel_all();
                Ok(())
            }
        }
    }

    /// Takes back every resting order and bracket of that name.
    pub fn cancel(&mut self, id: u32) {
        self.orders.retain(|resting| resting.order.id != id);
        self.exits.retain(|resting| resting.exit.id != id);
    }

    /// Takes back everything that rests.
    pub fn cancel_all(&mut self) {
        self.orders.clear();
        self.exits.clear();
        self.closes.clear();
    }

    /// Directions that entries may open from now on: `strategy.risk.allow_entry_in`.
    pub fn allow_entry_in(&mut self, allow: Allow) {
        self.settings.allow = allow;
    }

    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn entries_full(&self, side: Side) -> bool {
        self.trades.iter().filter(|t| t.side == side).count() >= self.entries_max()
    }

    fn entries_max(&self) -> usize {
        (self.settings.pyramiding.max(1) as usize).min(OPEN_MAX)
    }

    /// The contracts of an order as far as they are known when it is placed; NaN: all in at the fill.
    fn qty_at_placing(&self, asked: f64) -> Option<f64> {
        let qty = match self.settings.sizing {
            _ if !asked.is_nan() => asked,
            Sizing::AllIn => return Some(f64::NAN),
            Sizing::Fixed(contracts) => contracts,
            Sizing::Cash(money) => money / self.price,
            Sizing::PercentOfEquity(percent) => percent / 100.0 * self.equity() / self.price,
        };
        (qty.is_finite() && qty > 0.0).then_some(qty)
    }
}
