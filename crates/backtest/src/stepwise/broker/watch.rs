//! What lets a broker sleep through quiet bars: the prices between which nothing happens to it, and how it catches up.
//!
//! A bar within those prices moves nothing but the money, which the lanes keep beside it. What a sleeping broker does not see
//! (excursions of trades, deepest fall of the account) is not asked of it there.

use super::orders::{Resting, RestingExit};
use super::path::{names, trail_level, trails};
use super::{Bar, Broker};

/// Prices strictly between which the bars to come change nothing but the money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stepwise) struct Calm {
    /// A low down to here wakes the broker; +inf: the next bar does, whatever it is.
    pub floor: f64,
    /// A high up to here wakes it.
    pub roof: f64,
}

/// The money as the lanes keep it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::stepwise) struct Books {
    /// Money at the last close.
    pub before: f64,
    pub cash: f64,
    pub contracts: f64,
    /// Money is cash and contracts; otherwise it is multiplied.
    pub counted: bool,
}

impl Calm {
    /// A level is met where a price touches it.
    fn level(&mut self, level: f64, price: f64) {
        if level > price {
            self.roof = self.roof.min(level);
        } else if level < price {
            self.floor = self.floor.max(level);
        } else if level == price {
            self.never();
        }
    }

    fn never(&mut self) {
        (self.floor, self.roof) = (f64::INFINITY, f64::NEG_INFINITY);
    }

    fn is_never(&self) -> bool {
        self.floor == f64::INFINITY
    }
}

impl Broker {
    /// Seen from the last close. Orders and brackets that are `watched` elsewhere are left out.
    pub(in crate::stepwise) fn calm(
        &self,
        watched: impl Fn(u32) -> bool,
        watched_exit: impl Fn(u32, Option<u32>) -> bool,
    ) -> Calm {
        let mut calm = Calm { floor: f64::NEG_INFINITY, roof: f64::INFINITY };
        if !self.closes.is_empty() || self.trades.iter().any(|trade| trade.at_close) {
            calm.never();
            return calm;
        }
        for resting in &self.orders {
            let (stop, limit, up) = (resting.order.stop, resting.order.limit, resting.order.side.sign());
            let stop = if resting.activated { f64::NAN } else { stop };
            if stop.is_nan() && limit.is_nan() {
                calm.never();
            } else if pure(resting) && watched(resting.order.id) {
                continue;
            } else if stop.is_nan() {
                if up * (limit - self.price) >= 0.0 { calm.never() } else { calm.level(limit, self.price) }
            } else if up * (self.price - stop) >= 0.0 {
                calm.never();
            } else {
                calm.level(stop, self.price);
            }
        }
        for resting in self.exits.iter().filter(|r| !watched_exit(r.exit.id, r.exit.from_entry)) {
            self.calm_of(resting, &mut calm);
            if calm.is_never() {
                break;
            }
        }
        calm
    }

    fn calm_of(&self, resting: &RestingExit, calm: &mut Calm) {
        let (exit, price, tick) = (&resting.exit, self.price, self.settings.mintick);
        for trade in self.trades.iter().filter(|trade| names(resting, trade)) {
            let mark = trade.mark(exit.id);
            if mark.is_some_and(|mark| mark.done) {
                continue;
            }
            let (up, entry) = (trade.side.sign(), trade.entry_price);
            for stop in [exit.stop, entry - up * exit.loss * tick] {
                if up * (stop - price) >= 0.0 { calm.never() } else { calm.level(stop, price) }
            }
            for limit in [exit.limit, entry + up * exit.profit * tick] {
                if up * (price - limit) >= 0.0 { calm.never() } else { calm.level(limit, price) }
            }
            if !trails(exit) {
                continue;
            }
            let start = trail_level(exit, trade, tick);
            let anchor = mark.map_or(f64::NAN, |mark| mark.anchor);
            if !anchor.is_nan() {
                let stop = anchor - up * exit.trail_offset * tick;
                // A better price than the best so far moves the stop.
                let met = up * (stop - price) >= 0.0 || up * (price - anchor) > 0.0 || anchor == price;
                if met {
                    calm.never();
                }
                calm.level(stop, price);
                calm.level(anchor, price);
            }
            if (anchor.is_nan() || exit.trail_offset == 0.0) && up * (price - start) >= 0.0 {
                calm.never();
            }
            calm.level(start, price);
        }
    }

    /// Takes up the money and the last close of the bars that were slept through; a bar begins next.
    pub(in crate::stepwise) fn wake(&mut self, before: f64, close: f64) {
        self.account.wake(before, close);
        self.price = close;
    }

    /// Begins bar `index`, on which nothing happens.
    pub(in crate::stepwise) fn begin_quietly(&mut self, index: usize, bar: Bar) {
        self.index = index;
        self.bar = bar.usable();
        self.ambiguous = false;
        for trade in &mut self.trades {
            trade.at_close = false;
        }
        self.price = bar.close;
        self.account.carry(bar.close);
    }

    pub(in crate::stepwise) fn books(&self) -> Books {
        self.account.books()
    }

    /// Whether entries in this direction have reached the pyramiding limit.
    pub(in crate::stepwise) fn is_full(&self, side: super::Side) -> bool {
        self.entries_full(side)
    }

    /// The price of an order that rests with a stop or a limit alone.
    pub(in crate::stepwise) fn resting_price(&self, id: u32) -> Option<f64> {
        let resting = self.orders.iter().find(|resting| resting.order.id == id).filter(|resting| pure(resting))?;
        Some(if resting.order.stop.is_nan() { resting.order.limit } else { resting.order.stop })
    }

    /// Gives a resting order another price, of the kind that it has, and another size.
    pub(in crate::stepwise) fn amend(&mut self, id: u32, price: f64, qty: f64) {
        if let Some(resting) = self.orders.iter_mut().find(|resting| resting.order.id == id) {
            let order = &mut resting.order;
            let which = if order.stop.is_nan() { &mut order.limit } else { &mut order.stop };
            (*which, resting.qty, resting.activated) = (price, qty, false);
        }
    }

    /// Whether the bracket rests, bound as it would be if it were placed again.
    pub(in crate::stepwise) fn exit_stands(&self, id: u32, from: Option<u32>) -> bool {
        let side = self.trades.iter().find(|t| from.is_none_or(|id| id == t.entry_id)).map(|t| t.side);
        let mut own = self.exits.iter().filter(|e| e.exit.id == id && e.exit.from_entry == from);
        own.next().is_some_and(|resting| resting.side == side && resting.reduced == 0.0)
    }

    /// Stop and limit of a bracket that rests.
    pub(in crate::stepwise) fn exit_prices(&self, id: u32, from: Option<u32>) -> Option<(f64, f64)> {
        let own = self.exits.iter().find(|e| e.exit.id == id && e.exit.from_entry == from)?;
        Some((own.exit.stop, own.exit.limit))
    }

    /// Gives a resting bracket another stop and another limit.
    pub(in crate::stepwise) fn amend_exit(&mut self, id: u32, from: Option<u32>, stop: f64, limit: f64) {
        if let Some(own) = self.exits.iter_mut().find(|e| e.exit.id == id && e.exit.from_entry == from) {
            (own.exit.stop, own.exit.limit) = (stop, limit);
        }
    }

    /// Whether an order or a bracket of that name rests.
    pub(in crate::stepwise) fn knows(&self, id: u32) -> bool {
        self.orders.iter().any(|r| r.order.id == id) || self.exits.iter().any(|r| r.exit.id == id)
    }
}

/// With a stop or a limit alone.
fn pure(resting: &Resting) -> bool {
    resting.order.stop.is_nan() != resting.order.limit.is_nan()
}
