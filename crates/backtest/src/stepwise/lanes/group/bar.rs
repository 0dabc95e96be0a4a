//! The turn of a bar: what is reached along it, and what it did to the money.

use super::{Group, Terms, Tick};
use crate::compute::isa::Words;
use crate::stepwise::broker::{Allow, Side};
use crate::stepwise::lanes::subset::Market;
use crate::stepwise::lanes::vector::{Mask, Num};

impl<S: Words> Group<S> {
    /// Works what rests along the bar and marks the position at the close.
    #[inline(always)]
    pub(super) fn begin_bar(&mut self, terms: &Terms, tick: &Tick) {
        self.at_close = self.no();
        let held = self.held();
        self.quiet = !self.busy && !held.any();
        if self.quiet {
            self.mark = self.n(tick.close);
            return;
        }
        let (open, close) = (self.n(tick.open), self.n(tick.close));
        let (o, c) = (self.mirrored(terms, open), self.mirrored(terms, close));
        let (h, l) = self.extremes(terms, tick);
        let levels = self.levels;
        let mut hit = l.le(levels.stop) | h.ge(levels.limit);
        if terms.orders.trails {
            let adverse_first = self.adverse_first(terms, tick);
            let opened = self.touched(self.anchor, o);
            let topped = self.touched(opened, h);
            let low = adverse_first.pick(opened, topped) - levels.offset;
            hit |= l.le(low) | (levels.tight & h.ge(levels.trail));
            hit |= adverse_first & c.le(topped - levels.offset);
            if !self.busy && !(hit & held).any() {
                self.anchor = topped;
                self.levels.trail = h.ge(levels.trail).pick(self.n(f64::NEG_INFINITY), levels.trail);
            }
        }
        if self.busy || (hit & held).any() {
            self.mark = self.n(tick.before);
            self.work(terms, tick);
            self.growth *= self.long.without(self.counted).pick(close / self.mark, self.n(1.0));
        } else {
            self.growth = self.long.without(self.counted).pick(self.n(tick.close / tick.before), self.n(1.0));
        }
        self.mark = close;
    }

    /// Mirrored (high, low).
    #[inline(always)]
    pub(super) fn extremes(&self, terms: &Terms, tick: &Tick) -> (Num<S>, Num<S>) {
        let (high, low) = (self.n(tick.high), self.n(tick.low));
        if terms.orders.shorts { (self.short.pick(-low, high), self.short.pick(-high, low)) } else { (high, low) }
    }

    /// Lanes whose adverse extreme comes first.
    #[inline(always)]
    pub(super) fn adverse_first(&self, terms: &Terms, tick: &Tick) -> Mask<S> {
        if terms.pessimistic {
            self.yes()
        } else if tick.high_first {
            self.short
        } else {
            !self.short
        }
    }

    /// The anchor once the price was at `x`.
    #[inline(always)]
    pub(super) fn touched(&self, anchor: Num<S>, x: Num<S>) -> Num<S> {
        x.ge(self.levels.trail).pick(anchor.larger(x), anchor)
    }

    /// The price is at `x`: trailing stops of the lanes of `m` start or follow.
    #[inline(always)]
    pub(super) fn touch(&mut self, m: Mask<S>, x: Num<S>) {
        let starts = m & x.ge(self.levels.trail);
        self.anchor = starts.pick(self.anchor.larger(x), self.anchor);
        self.levels.trail = starts.pick(self.n(f64::NEG_INFINITY), self.levels.trail);
    }

    /// The bar in full: brackets at the open, market orders, brackets within the bar.
    #[inline(always)]
    pub(super) fn work(&mut self, terms: &Terms, tick: &Tick) {
        let open = self.n(tick.open);
        self.growth = self.n(1.0);
        if terms.orders.trails {
            self.touch(self.held(), self.mirrored(terms, open));
        }
        self.brackets_at(terms, tick, open, self.held());
        if self.busy {
            self.markets_at(terms, tick, open, false, |_| true);
            self.busy = false;
        }
        self.within(terms, tick);
    }

    /// Fills brackets that `price` satisfies in the lanes of `m`.
    #[inline(always)]
    pub(super) fn brackets_at(&mut self, terms: &Terms, tick: &Tick, price: Num<S>, m: Mask<S>) {
        let p = self.mirrored(terms, price);
        let levels = &self.levels;
        let mut stopped = levels.stop.ge(p);
        if terms.orders.trails {
            stopped |= (self.anchor - levels.offset).ge(p) | p.ge(levels.start);
        }
        let limited = p.ge(levels.limit).without(stopped);
        let m = m & (stopped | limited);
        if m.any() {
            self.close_position(terms, tick, m, price, limited);
        }
    }

    /// Executes the pending market orders of which `due` holds, in their order.
    #[inline(always)]
    pub(super) fn markets_at(
        &mut self,
        terms: &Terms,
        tick: &Tick,
        price: Num<S>,
        at_close: bool,
        due: impl Fn(&Market) -> bool,
    ) {
        for (k, market) in terms.orders.markets.iter().enumerate() {
            if !due(market) {
                continue;
            }
            let no = self.no();
            let m = std::mem::replace(&mut self.pending[k], no);
            if !m.any() {
                continue;
            }
            match market {
                Market::Close { id, .. } => {
                    // What an entry of the same bar has just opened is not meant.
                    let new = if at_close { self.at_close } else { self.entry_bar.equal(self.n(tick.index)) };
                    let mut m = (m & self.held()).without(new);
                    if let Some(id) = id {
                        m &= self.entry_id.equal(self.n(f64::from(*id)));
                    }
                    if m.any() {
                        self.close_position(terms, tick, m, price, self.no());
                    }
                }
                Market::Entry { id, side } => {
                    let against = m & if *side == Side::Long { self.short } else { self.long };
                    if against.any() {
                        self.close_position(terms, tick, against, price, self.no());
                    }
                    let allowed = match terms.settings.allow {
                        Allow::Both => true,
                        Allow::Long => *side == Side::Long,
                        Allow::Short => *side == Side::Short,
                    };
                    let m = m.without(self.held());
                    if allowed && m.any() {
                        self.open_position(terms, tick, m, k, *id, *side, price, at_close);
                        if !at_close {
                            self.touch(m & self.held(), self.mirrored(terms, price));
                            self.brackets_at(terms, tick, price, m & self.held());
                        }
                    }
                }
            }
        }
    }

    /// Brackets between the open and the close.
    #[inline(always)]
    pub(super) fn within(&mut self, terms: &Terms, tick: &Tick) {
        let held = self.held();
        if terms.orders.brackets.is_empty() || !held.any() {
            return;
        }
        let (h, l) = self.extremes(terms, tick);
        let c = self.mirrored(terms, self.n(tick.close));
        let levels = self.levels;
        let adverse_first = self.adverse_first(terms, tick);
        let opened = self.anchor;
        let topped = self.touched(opened, h);
        // Down before the top was seen.
        let first_stop = levels.stop.larger(opened - levels.offset);
        let fell = adverse_first & first_stop.ge(l);
        // Up: the target, or a trailing stop without a distance, whichever is nearer.
        let starts = levels.tight & h.ge(levels.trail);
        let reached = h.ge(levels.limit);
        let limited = (reached & !(starts & levels.trail.lt(levels.limit))).without(fell);
        let tight = starts.without(fell | limited);
        let rose = limited | tight;
        // Down after the top: to the close, or to the low when the top came first.
        let last_stop = levels.stop.larger(topped - levels.offset);
        let bottom = adverse_first.pick(c, l);
        let fell_back = last_stop.ge(bottom).without(fell | rose);
        let exits = held & (fell | rose | fell_back);
        if exits.any() {
            let price =
                fell.pick(first_stop, limited.pick(levels.limit, tight.pick(levels.trail, last_stop.smaller(h))));
            let anchor = fell_back.pick(topped, opened);
            let stop = levels.stop.larger(self.touched(anchor, price) - levels.offset);
            let inside = |x: Num<S>| x.ge(l) & x.le(h);
            self.ambiguous = self.ambiguous.count(exits & inside(stop) & inside(levels.limit));
            let raw = self.mirrored(terms, price);
            self.touch(held, h);
            self.close_position(terms, tick, exits, raw, limited);
        } else {
            self.touch(held, h);
        }
    }

    /// Fills what fills at the close.
    #[inline(always)]
    pub fn settle_at_close(&mut self, terms: &Terms, tick: &Tick) {
        let close = self.n(tick.close);
        if terms.settings.process_orders_on_close {
            self.brackets_at(terms, tick, close, self.held().without(self.at_close));
            if self.busy {
                self.markets_at(terms, tick, close, true, |_| true);
                self.busy = false;
            }
        } else if self.busy {
            self.markets_at(terms, tick, close, true, |m| matches!(m, Market::Close { immediately: true, .. }));
        }
        if self.quiet {
            return;
        }
        // Ticks of slippage make the price of a purchase another than the close.
        self.growth *= self.long.without(self.counted).pick(close / self.mark, self.n(1.0));
        self.mark = close;
    }

    /// Ends the bar: gives its growth; `None` when it is 1 in every lane.
    #[inline(always)]
    pub(super) fn end_bar(&mut self, terms: &Terms, close: f64) -> Option<Num<S>> {
        if self.quiet {
            return None;
        }
        let mut growth = self.growth;
        let mut after = self.before * growth;
        if terms.orders.counted && self.counted.any() {
            let counted = self.cash + self.contracts * self.n(close);
            after = self.counted.pick(counted, after);
            growth = self.counted.pick(counted / self.before, growth);
        }
        let ruined = (!(after.gt(self.n(0.0)) & growth.gt(self.n(0.0)))).without(self.dead);
        if ruined.any() {
            growth = self.ruin(ruined, growth, close);
            after = ruined.pick(self.n(0.0), after);
        }
        self.before = after;
        // Nothing is traded in a dead lane: its growth stays 1.
        self.growth = self.n(1.0);
        Some(growth)
    }
}
