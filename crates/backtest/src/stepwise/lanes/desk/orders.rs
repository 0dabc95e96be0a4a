//! Orders as they are given at a desk: what a sleeping broker need not hear of is noted beside it, the rest wakes it.

use super::terms::{DeskTerms, Given, How};
use super::{Desk, lanes, put};
use crate::compute::isa::Words;
use crate::stepwise::broker::{Side, Sizing};
use crate::stepwise::lanes::group::Tick;
use crate::stepwise::lanes::slots::Slots;
use crate::stepwise::lanes::vector::Num;
use crate::stepwise::scalar::place;

impl<S: Words> Desk<S> {
    /// Gives an order in the lanes of `when`.
    #[inline(always)]
    pub(super) fn give(
        &mut self,
        terms: &DeskTerms,
        given: &Given,
        slots: &Slots<S>,
        g: usize,
        when: u64,
        tick: &Tick,
    ) {
        let full = |desk: &Desk<S>, side: Side| {
            !desk.awake & if side == Side::Long { desk.full_long } else { desk.full_short }
        };
        let heard = match given.how {
            How::Level(at) => self.note_level(terms, at, slots, g, when, tick),
            How::Bracket(at) => self.note_bracket(terms, at, slots, g, when, tick),
            How::Entry(side) => when & !full(self, side),
            How::Order => when,
            How::Close(entry) => {
                let named = |lane: &usize| {
                    let trades = self.brokers[*lane].open_trades();
                    trades.iter().any(|trade| entry.is_none_or(|id| id == trade.entry_id))
                };
                lanes(when).filter(named).fold(0, |bits, lane| bits | 1 << lane)
            }
            How::Cancel(at) => when & (self.awake | self.known[at]),
            How::CancelAll => when & (self.awake | self.rests),
        };
        if heard != 0 {
            self.tell(terms, given, slots, g, heard, tick);
        }
    }

    /// Wakes the brokers of `heard` and gives them the order.
    fn tell(&mut self, terms: &DeskTerms, given: &Given, slots: &Slots<S>, g: usize, heard: u64, tick: &Tick) {
        for lane in lanes(heard) {
            self.rouse(terms, lane, tick);
            let value = |node| slots.lane(terms.slot(node), g, lane);
            if place(&mut self.brokers[lane], terms.version, &given.kind, value).is_err() {
                put(&mut self.failed, lane, true);
                put(&mut self.live, lane, false);
            }
        }
    }

    /// Notes new prices of a resting order; gives the lanes that must hear of it.
    #[inline(always)]
    fn note_level(&mut self, terms: &DeskTerms, at: usize, slots: &Slots<S>, g: usize, when: u64, tick: &Tick) -> u64 {
        let of = &terms.levels[at];
        let asleep = when & !self.awake;
        let full = match (of.entry, of.side) {
            (false, _) => 0,
            (true, Side::Long) => self.full_long,
            (true, Side::Short) => self.full_short,
        };
        let price = slots.numbers[Slots::<S>::range(of.price).start + g];
        let asked = of.qty.map_or(self.n(f64::NAN), |slot| slots.numbers[Slots::<S>::range(slot).start + g]);
        let given = asked.is_number();
        let sized = match terms.settings.sizing {
            Sizing::AllIn => self.n(f64::NAN),
            Sizing::Fixed(contracts) => self.n(contracts),
            Sizing::Cash(money) => self.n(money / tick.close),
            Sizing::PercentOfEquity(percent) => self.n(percent / 100.0) * self.equity(tick) / self.n(tick.close),
        };
        let qty = given.pick(asked, sized);
        let sensible = (qty.gt(self.n(0.0)) & qty.lt(self.n(f64::INFINITY))).bits();
        let sensible = if terms.settings.sizing == Sizing::AllIn { sensible | !given.bits() } else { sensible };
        let mut noted = asleep & self.levels[at].rests & price.is_number().bits() & sensible & !full;
        if terms.at_close {
            let close = self.n(tick.close);
            noted &= !if of.up { close.ge(price).bits() } else { close.le(price).bits() };
        }
        let level = &mut self.levels[at];
        store(self.simd, &mut level.price.0, price, noted);
        store(self.simd, &mut level.qty.0, qty, noted);
        level.stale |= noted;
        when & !(noted | asleep & (full | !sensible))
    }

    /// Notes new prices of a resting bracket; gives the lanes that must hear of it.
    #[inline(always)]
    fn note_bracket(
        &mut self,
        terms: &DeskTerms,
        at: usize,
        slots: &Slots<S>,
        g: usize,
        when: u64,
        tick: &Tick,
    ) -> u64 {
        let (of, simd) = (&terms.brackets[at], self.simd);
        let value = |slot: u32| slots.numbers[Slots::<S>::range(slot).start + g];
        let mut same = self.brackets[at].stands & !self.awake;
        for (leg, slot) in self.brackets[at].legs.iter().zip(&of.legs) {
            same &= leg.load(simd).same_bits(value(*slot)).bits();
        }
        let mut heard = when & !same;
        if heard == 0 {
            return 0;
        }
        for (leg, slot) in self.brackets[at].legs.iter_mut().zip(&of.legs) {
            store(simd, &mut leg.0, value(*slot), heard);
        }
        if let Some((stop, limit)) = of.plain {
            let na = self.n(f64::NAN);
            let (stop, limit) = (stop.map_or(na, value), limit.map_or(na, value));
            let mut noted = heard & self.brackets[at].stands & !self.awake;
            if terms.at_close {
                let close = self.n(tick.close);
                let of_long = (close.le(stop) | close.ge(limit)).bits();
                noted &= !(self.long & of_long | self.short & (close.ge(stop) | close.le(limit)).bits());
            }
            let bracket = &mut self.brackets[at];
            store(simd, &mut bracket.stop.0, stop, noted);
            store(simd, &mut bracket.limit.0, limit, noted);
            bracket.stale |= noted;
            heard &= !noted;
        }
        heard
    }

    /// Money at the close, of sleeping lanes.
    #[inline(always)]
    pub(super) fn equity(&self, tick: &Tick) -> Num<S> {
        let (cash, contracts) = (self.cash.load(self.simd), self.contracts.load(self.simd));
        let zero = self.n(0.0);
        let held = contracts.gt(zero) | contracts.lt(zero);
        let growth = held.pick(self.n(tick.close / tick.before), self.n(1.0));
        let counted = super::Mask::of_bits(self.simd, self.counted);
        counted.pick(cash + contracts * self.n(tick.close), self.before.load(self.simd) * growth)
    }
}

/// Writes the lanes of the bits.
#[inline(always)]
fn store<S: Words>(simd: S, into: &mut [f64; 8], x: Num<S>, bits: u64) {
    let old = Num::load(simd, into);
    super::Mask::of_bits(simd, bits).pick(x, old).store(into);
}
