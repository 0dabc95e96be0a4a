//! Orders as they are given: market orders wait for their price, brackets become levels.

use super::{Group, Levels, Terms};
use crate::compute::isa::Words;
use crate::stepwise::broker::{Side, Sizing};
use crate::stepwise::lanes::commands::PlacedLeg;
use crate::stepwise::lanes::subset::{Leg, Market};
use crate::stepwise::lanes::vector::{Mask, Num};

impl<S: Words> Group<S> {
    /// Lets bracket `b` work on the positions of the lanes of `m` that it is meant for.
    #[inline(always)]
    pub(super) fn work_bracket(&mut self, terms: &Terms, b: usize, from: Option<u16>, m: Mask<S>) {
        let bracket = self.brackets[b];
        let mut m = m & bracket.resting & ((bracket.long & self.long) | (bracket.short & self.short));
        if let Some(from) = from {
            m &= self.entry_id.equal(self.n(f64::from(from)));
        }
        if !m.any() {
            return;
        }
        let tick = self.n(terms.settings.mintick);
        let leg = |leg: Leg| bracket.legs[leg as usize];
        let price = |x: Num<S>| self.mirrored(terms, x);
        let entry = price(self.entry_price);
        let loss = (entry - leg(Leg::Loss) * tick).given(f64::NEG_INFINITY);
        let stop = ((price(leg(Leg::Stop))).given(f64::NEG_INFINITY)).larger(loss);
        let profit = (entry + leg(Leg::Profit) * tick).given(f64::INFINITY);
        let limit = (price(leg(Leg::Limit))).given(f64::INFINITY).smaller(profit);
        let mut levels = Levels { stop, limit, ..Levels::none(self.simd) };
        if terms.orders.trails {
            let offset = leg(Leg::TrailOffset);
            let (start, points) = (leg(Leg::TrailPrice), leg(Leg::TrailPoints));
            let by_points = (entry + points * tick).given(f64::INFINITY);
            let trails = offset.ge(self.n(0.0)) & (start.is_number() | points.is_number());
            let started = self.anchor.gt(self.n(f64::NEG_INFINITY));
            let level = price(start).given(f64::INFINITY).smaller(by_points);
            let tight = trails & offset.equal(self.n(0.0));
            levels.start = tight.pick(level, self.n(f64::INFINITY));
            let level = started.pick(self.n(f64::NEG_INFINITY), level);
            levels.trail = trails.pick(level, self.n(f64::INFINITY));
            levels.offset = trails.pick(offset * tick, self.n(f64::INFINITY));
            levels.tight = tight.without(started);
        }
        self.set_levels(m, &levels);
    }

    #[inline(always)]
    pub(super) fn set_levels(&mut self, m: Mask<S>, new: &Levels<S>) {
        let old = &mut self.levels;
        old.stop = m.pick(new.stop, old.stop);
        old.limit = m.pick(new.limit, old.limit);
        old.trail = m.pick(new.trail, old.trail);
        old.offset = m.pick(new.offset, old.offset);
        old.tight = m.choose(new.tight, old.tight);
        old.start = m.pick(new.start, old.start);
    }

    /// Places market order `k` in the lanes of `when`, with the quantity asked for or NaN.
    #[inline(always)]
    pub fn place_market(&mut self, terms: &Terms, k: usize, when: Mask<S>, asked: Num<S>, close: f64) {
        let when = when.without(self.dead);
        if !when.any() {
            return;
        }
        let m = match terms.orders.markets[k] {
            Market::Close { id, .. } => {
                let held = when & self.held();
                match id {
                    None => held,
                    Some(id) => held & self.entry_id.equal(self.n(f64::from(id))),
                }
            }
            Market::Entry { side, .. } => {
                let full = if side == Side::Long { self.long } else { self.short };
                let m = when.without(full);
                if !m.any() {
                    return;
                }
                if terms.orders.counted {
                    let sized = match terms.settings.sizing {
                        Sizing::AllIn => self.n(f64::NAN),
                        Sizing::Fixed(contracts) => self.n(contracts),
                        Sizing::Cash(money) => self.n(money / close),
                        Sizing::PercentOfEquity(percent) => self.n(percent / 100.0) * self.money(close) / self.n(close),
                    };
                    let is_asked = asked.equal(asked);
                    let qty = is_asked.pick(asked, sized);
                    let sensible = qty.gt(self.n(0.0)) & qty.lt(self.n(f64::INFINITY));
                    let all_in = terms.settings.sizing == Sizing::AllIn;
                    let m = m & if all_in { sensible | !is_asked } else { sensible };
                    self.qty[k] = m.pick(qty, self.qty[k]);
                    m
                } else {
                    m
                }
            }
        };
        self.pending[k] |= m;
        self.busy |= m.any();
    }

    /// Legs of bracket `b` may have changed.
    #[inline(always)]
    pub fn unsettle(&mut self, b: usize) {
        self.settled[b] = self.no();
    }

    /// Whether placing bracket `b` in the lanes of `when` may change anything.
    #[inline(always)]
    pub fn asks(&self, b: usize, when: Mask<S>) -> bool {
        when.without(self.dead | self.settled[b]).any()
    }

    /// Places bracket `b` in the lanes of `when`; `value` gives its legs, those that are not listed are never given.
    #[inline(always)]
    pub fn place_bracket(
        &mut self,
        terms: &Terms,
        b: usize,
        when: Mask<S>,
        legs: &[PlacedLeg],
        value: impl Fn(&PlacedLeg) -> Num<S>,
    ) {
        let m = when.without(self.dead);
        if !m.any() {
            return;
        }
        let from = terms.orders.brackets[b];
        let mut meant = m & self.held();
        if let Some(from) = from.filter(|_| terms.orders.only_entry != from) {
            meant &= self.entry_id.equal(self.n(f64::from(from)));
        }
        self.settled[b] |= m;
        let bracket = &mut self.brackets[b];
        let (long, short) = (meant & self.long, meant & self.short);
        // Most strategies place the same bracket on every bar.
        let mut same = bracket.resting & bracket.long.same(long) & bracket.short.same(short);
        // A leg that is infinitely far away is none.
        let value = |leg: &PlacedLeg| value(leg).finite();
        for leg in legs {
            same &= bracket.legs[leg.leg].same_bits(value(leg));
        }
        if !m.without(same).any() {
            return;
        }
        bracket.resting |= m;
        for leg in legs {
            bracket.legs[leg.leg] = m.pick(value(leg), bracket.legs[leg.leg]);
        }
        bracket.long = m.choose(long, bracket.long);
        bracket.short = m.choose(short, bracket.short);
        self.work_bracket(terms, b, from, meant);
    }
}
