//! The walk along a bar's assumed path: what is reached, in which order, at which price.
//!
//! At each point everything that its price satisfies is filled there; then the nearest level on the way to the next turning
//! point is looked for. Each step fills or takes away an order, activates one, or moves on, so the walk ends.

use super::orders::{Resting, RestingExit};
use super::trades::OpenTrade;
use super::{Bar, Broker, Exit, Intrabar, Side};

/// Where on the bar the price stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    Within,
    Close,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pick {
    /// An order fills.
    Order { at: usize, limit: bool },
    /// A stop-limit order's stop is reached.
    Activate { at: usize },
    /// A closing order fills.
    Close { at: usize },
    /// A bracket fills on a trade.
    Exit { at: usize, trade: usize, limit: bool },
}

/// The prices at which a bracket acts on one trade; NaN where it has no such leg.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub stop: f64,
    pub limit: f64,
    /// Price that starts the trailing stop.
    trail: f64,
    /// The trailing stop has no distance: it fills where it starts.
    tight: bool,
}

impl Broker {
    /// Works what rests along `bar`.
    pub(super) fn walk(&mut self, bar: Bar) {
        let mut price = bar.open;
        self.touch(price);
        self.settle(price, Phase::Open);
        let mut way = self.way(bar);
        let mut next = 0;
        while let Some(to) = way.get(next).copied().flatten() {
            let Some((reached, pick)) = self.first(price, to) else {
                price = to;
                next += 1;
                self.touch(price);
                self.settle(price, Phase::Within);
                continue;
            };
            let side = self.side();
            price = reached;
            self.touch(price);
            self.fill(pick, price, Phase::Within);
            self.settle(price, Phase::Within);
            if self.settings.intrabar == Intrabar::Pessimistic && self.side() != side && self.side().is_some() {
                way = self.way(bar);
                if self.opened_by_limit {
                    // The favourable extreme may lie before the fill.
                    way[1] = None;
                    way.swap(1, 2);
                }
                next = 0;
            }
        }
    }

    /// Fills what fills at the close.
    pub(super) fn settle_at_close(&mut self, close: f64) {
        if self.settings.process_orders_on_close {
            self.settle(close, Phase::Close);
            return;
        }
        while let Some(at) = self.closes.iter().position(|resting| resting.close.immediately) {
            self.fill(Pick::Close { at }, close, Phase::Close);
        }
    }

    /// The turning points still to come.
    fn way(&self, bar: Bar) -> [Option<f64>; 3] {
        let high_first = match (self.settings.intrabar, self.side()) {
            (Intrabar::Pessimistic, Some(side)) => side == Side::Short,
            _ => bar.high - bar.open < bar.open - bar.low,
        };
        let (first, second) = if high_first { (bar.high, bar.low) } else { (bar.low, bar.high) };
        [Some(first), Some(second), Some(bar.close)]
    }

    /// Moves what follows the price: excursions and trailing stops.
    fn touch(&mut self, price: f64) {
        let tick = self.settings.mintick;
        for trade in &mut self.trades {
            trade.see(price);
            for resting in &self.exits {
                if !names(resting, trade) || !trails(&resting.exit) {
                    continue;
                }
                let level = trail_level(&resting.exit, trade, tick);
                let sign = trade.side.sign();
                let mark = trade.mark_mut(resting.exit.id);
                if !mark.anchor.is_nan() {
                    mark.anchor = if sign > 0.0 { mark.anchor.max(price) } else { mark.anchor.min(price) };
                } else if sign * (price - level) >= 0.0 {
                    mark.anchor = price;
                }
            }
        }
    }

    /// Fills everything that `price` satisfies: brackets first, then the rest, each in the order of placement.
    fn settle(&mut self, price: f64, phase: Phase) {
        while let Some(pick) = self.satisfied(price, phase) {
            self.fill(pick, price, phase);
            if phase != Phase::Close {
                self.touch(price);
            }
        }
    }

    fn satisfied(&self, price: f64, phase: Phase) -> Option<Pick> {
        let mut best: Option<(u64, Pick)> = None;
        let mut offer = |seq: u64, pick: Pick| {
            if best.is_none_or(|(known, _)| seq < known) {
                best = Some((seq, pick));
            }
        };
        for (at, trade, levels) in self.brackets() {
            let up = self.trades[trade].side.sign();
            let seq = self.exits[at].seq;
            if up * (levels.stop - price) >= 0.0 || (levels.tight && up * (price - levels.trail) >= 0.0) {
                offer(seq, Pick::Exit { at, trade, limit: false });
            } else if up * (price - levels.limit) >= 0.0 {
                offer(seq, Pick::Exit { at, trade, limit: true });
            }
        }
        if let Some((_, bracket)) = best {
            return Some(bracket);
        }
        let mut offer = |seq: u64, pick: Pick| {
            if best.is_none_or(|(known, _)| seq < known) {
                best = Some((seq, pick));
            }
        };
        let market = phase != Phase::Within;
        if market {
            for (at, resting) in self.closes.iter().enumerate() {
                offer(resting.seq, Pick::Close { at });
            }
        }
        for (at, resting) in self.orders.iter().enumerate() {
            let (up, order) = (resting.order.side.sign(), &resting.order);
            match (stop_of(resting), order.limit) {
                (stop, limit) if stop.is_nan() && limit.is_nan() => {
                    if market {
                        offer(resting.seq, Pick::Order { at, limit: false });
                    }
                }
                (stop, limit) if !stop.is_nan() => {
                    if up * (price - stop) >= 0.0 {
                        let pick =
                            if limit.is_nan() { Pick::Order { at, limit: false } } else { Pick::Activate { at } };
                        offer(resting.seq, pick);
                    }
                }
                (_, limit) => {
                    if up * (limit - price) >= 0.0 {
                        offer(resting.seq, Pick::Order { at, limit: true });
                    }
                }
            }
        }
        best.map(|(_, pick)| pick)
    }

    /// The nearest level between `from` and `to`, `to` included.
    fn first(&self, from: f64, to: f64) -> Option<(f64, Pick)> {
        let direction = if to > from { 1.0 } else { -1.0 };
        let mut best: Option<(f64, u64, f64, Pick)> = None;
        // `towards` is the direction in which the level is reached.
        let mut offer = |level: f64, towards: f64, seq: u64, pick: Pick| {
            let distance = direction * (level - from);
            if towards == direction && distance > 0.0 && direction * (to - level) >= 0.0 {
                let nearer = |(d, s, _, _): (f64, u64, f64, Pick)| distance < d || (distance == d && seq < s);
                if best.is_none_or(nearer) {
                    best = Some((distance, seq, level, pick));
                }
            }
        };
        for (at, resting) in self.orders.iter().enumerate() {
            let (up, order) = (resting.order.side.sign(), &resting.order);
            let stop = stop_of(resting);
            if stop.is_nan() {
                offer(order.limit, -up, resting.seq, Pick::Order { at, limit: true });
            } else if order.limit.is_nan() {
                offer(stop, up, resting.seq, Pick::Order { at, limit: false });
            } else {
                offer(stop, up, resting.seq, Pick::Activate { at });
            }
        }
        for (at, trade, levels) in self.brackets() {
            let up = self.trades[trade].side.sign();
            let seq = self.exits[at].seq;
            offer(levels.stop, -up, seq, Pick::Exit { at, trade, limit: false });
            offer(levels.limit, up, seq, Pick::Exit { at, trade, limit: true });
            if levels.tight {
                offer(levels.trail, up, seq, Pick::Exit { at, trade, limit: false });
            }
        }
        best.map(|(_, _, level, pick)| (level, pick))
    }

    /// Every bracket with every trade that it may still act on.
    fn brackets(&self) -> impl Iterator<Item = (usize, usize, Levels)> + '_ {
        (0..self.exits.len()).flat_map(move |at| {
            (0..self.trades.len()).filter_map(move |trade| {
                let (resting, held) = (&self.exits[at], &self.trades[trade]);
                let works = works_on(resting, held) && !held.at_close && self.share(at, trade) > 0.0;
                works.then(|| (at, trade, levels(&resting.exit, held, self.settings.mintick)))
            })
        })
    }

    /// Contracts of the trade that the bracket may take: earlier brackets are served first.
    pub(super) fn share(&self, at: usize, trade: usize) -> f64 {
        let held = &self.trades[trade];
        let mut left = held.qty;
        for (k, resting) in self.exits[..=at].iter().enumerate() {
            if !works_on(resting, held) {
                continue;
            }
            let asked = match resting.exit.qty {
                qty if !qty.is_nan() => qty - resting.reduced,
                _ if resting.exit.qty_percent.is_nan() => left,
                _ => resting.exit.qty_percent / 100.0 * held.qty_entry - resting.reduced,
            };
            let taken = asked.min(left);
            if k == at {
                return taken;
            }
            left -= taken.max(0.0);
        }
        0.0
    }

    /// Notes a fill of a bracket whose other leg also lay within the bar.
    pub(super) fn note_ambiguity(&mut self, at: usize, trade: usize, phase: Phase) {
        let Some(bar) = self.bar else { return };
        let levels = levels(&self.exits[at].exit, &self.trades[trade], self.settings.mintick);
        let within = |level: f64| level >= bar.low && level <= bar.high;
        if phase == Phase::Within && within(levels.stop) && within(levels.limit) {
            self.ambiguous = true;
        }
    }
}

/// The stop that still holds the order back.
fn stop_of(resting: &Resting) -> f64 {
    if resting.activated { f64::NAN } else { resting.order.stop }
}

/// Whether the bracket is meant for the trade.
pub(super) fn names(resting: &RestingExit, trade: &OpenTrade) -> bool {
    resting.exit.from_entry.is_none_or(|id| id == trade.entry_id) && resting.side.is_none_or(|side| side == trade.side)
}

/// Whether it is, has legs, and has not filled on it.
fn works_on(resting: &RestingExit, trade: &OpenTrade) -> bool {
    let e = &resting.exit;
    let legs = trails(e) || [e.profit, e.limit, e.loss, e.stop].iter().any(|x| !x.is_nan());
    legs && names(resting, trade) && trade.mark(e.id).is_none_or(|mark| !mark.done)
}

/// Whether it has a trailing stop: a start and a distance, 0 at least.
pub(super) fn trails(exit: &Exit) -> bool {
    exit.trail_offset >= 0.0 && !(exit.trail_price.is_nan() && exit.trail_points.is_nan())
}

pub(super) fn trail_level(exit: &Exit, trade: &OpenTrade, tick: f64) -> f64 {
    let sign = trade.side.sign();
    let points = trade.entry_price + sign * exit.trail_points * tick;
    // Whichever is reached first; a missing one is NaN and does not count.
    if sign > 0.0 { exit.trail_price.min(points) } else { exit.trail_price.max(points) }
}

fn levels(exit: &Exit, trade: &OpenTrade, tick: f64) -> Levels {
    let (sign, entry) = (trade.side.sign(), trade.entry_price);
    let anchor = trade.mark(exit.id).map_or(f64::NAN, |mark| mark.anchor);
    let trailing = if trails(exit) { anchor - sign * exit.trail_offset * tick } else { f64::NAN };
    let loss = entry - sign * exit.loss * tick;
    let profit = entry + sign * exit.profit * tick;
    let (stop, limit) = if sign > 0.0 {
        (exit.stop.max(loss).max(trailing), exit.limit.min(profit))
    } else {
        (exit.stop.min(loss).min(trailing), exit.limit.max(profit))
    };
    Levels { stop, limit, trail: trail_level(exit, trade, tick), tight: exit.trail_offset == 0.0 }
}
