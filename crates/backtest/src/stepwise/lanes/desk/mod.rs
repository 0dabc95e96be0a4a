//! Eight brokers that sleep through quiet bars: the accounts of strategies that a [`Group`](super::group::Group) does not
//! hold (entries by stop or limit, pyramiding, parts, cancelling, commission in money).
//!
//! Each lane has a broker of its own, the very one of `broker`, so every fill means what it means there. It is only asked on
//! bars on which something can happen to it: beside it lie the prices between which nothing does (`Broker::calm`), and one
//! comparison tells for eight lanes. On all other bars the money alone moves, in vectors, by the operations of
//! `broker::account`. Orders that are given again with another price are noted beside the broker, and told when it wakes.

mod orders;
mod terms;

use assay_pine::graph::Broker as Read;

pub(super) use self::terms::DeskTerms;
use super::accounts::{Accounts, Counts};
use super::code::Code;
use super::group::Tick;
use super::slots::Slots;
use super::vector::{Mask, Num};
use crate::compute::isa::Words;
use crate::stepwise::broker::{Bar, Broker, Side};
use crate::stepwise::scalar::{read, read_at};

/// A number a lane.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Eight([f64; 8]);

/// An order with a price alone. Truths are bits by lane.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// It rests.
    rests: u64,
    /// The broker has not heard of its last price yet.
    stale: u64,
    price: Eight,
    qty: Eight,
}

/// A bracket.
#[derive(Clone, Debug)]
struct Bracket {
    /// It rests, bound as it would be if it were placed again.
    stands: u64,
    /// The same, for prices that are watched here.
    watched: u64,
    stale: u64,
    /// As they were last given.
    legs: Vec<Eight>,
    stop: Eight,
    limit: Eight,
}

/// Eight accounts.
pub(super) struct Desk<S: Words> {
    simd: S,
    brokers: Vec<Broker>,
    /// Lanes that trade; lanes that were asked on this bar; lanes that asked for too much.
    live: u64,
    awake: u64,
    failed: u64,
    floor: Eight,
    roof: Eight,
    before: Eight,
    cash: Eight,
    contracts: Eight,
    counted: u64,
    /// Sides of the trades: what rounding leaves of the contracts may have none.
    long: u64,
    short: u64,
    /// Growth of the bar under way, of lanes that multiply and sleep.
    growth: Eight,
    /// Entries in this direction have reached the pyramiding limit.
    full_long: u64,
    full_short: u64,
    /// Something rests.
    rests: u64,
    levels: Vec<Level>,
    brackets: Vec<Bracket>,
    /// By cancelled name: something of that name rests.
    known: Vec<u64>,
    /// By read of the code.
    reads: Vec<Eight>,
}

impl Eight {
    fn all(x: f64) -> Eight {
        Eight([x; 8])
    }

    #[inline(always)]
    fn load<S: Words>(&self, simd: S) -> Num<S> {
        Num::load(simd, &self.0)
    }
}

/// Sets or clears the bit of a lane.
fn put(bits: &mut u64, lane: usize, truth: bool) {
    *bits = (*bits & !(1 << lane)) | u64::from(truth) << lane;
}

/// The lanes of the bits.
fn lanes(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lane = bits.trailing_zeros() as usize;
        bits &= bits.wrapping_sub(1);
        (lane < 64).then_some(lane)
    })
}

fn bar(tick: &Tick) -> Bar {
    Bar { open: tick.open, high: tick.high, low: tick.low, close: tick.close }
}

impl<S: Words> Desk<S> {
    #[inline(always)]
    fn n(&self, x: f64) -> Num<S> {
        Num::splat(self.simd, x)
    }

    /// Sleeping lanes to which something happens between these prices.
    #[inline(always)]
    fn met(&self, terms: &DeskTerms, low: f64, high: f64) -> u64 {
        let (l, h) = (self.n(low), self.n(high));
        let mut met = (l.le(self.floor.load(self.simd)) | h.ge(self.roof.load(self.simd))).bits();
        for (level, of) in self.levels.iter().zip(&terms.levels).filter(|(level, _)| level.rests != 0) {
            let price = level.price.load(self.simd);
            met |= level.rests & if of.up { h.ge(price).bits() } else { l.le(price).bits() };
        }
        for bracket in self.brackets.iter().filter(|bracket| bracket.watched != 0) {
            let (stop, limit) = (bracket.stop.load(self.simd), bracket.limit.load(self.simd));
            let of_long = (l.le(stop) | h.ge(limit)).bits();
            let of_short = (h.ge(stop) | l.le(limit)).bits();
            met |= bracket.watched & (self.long & of_long | self.short & of_short);
        }
        met & self.live
    }

    /// Tells the broker what was noted beside it, and the money and the close of the bar before.
    fn wake(&mut self, terms: &DeskTerms, lane: usize, before: f64) {
        let broker = &mut self.brokers[lane];
        broker.wake(self.before.0[lane], before);
        for (level, of) in self.levels.iter_mut().zip(&terms.levels) {
            if level.stale >> lane & 1 == 1 {
                broker.amend(of.id, level.price.0[lane], level.qty.0[lane]);
                put(&mut level.stale, lane, false);
            }
        }
        for (bracket, of) in self.brackets.iter_mut().zip(&terms.brackets) {
            if bracket.stale >> lane & 1 == 1 {
                broker.amend_exit(of.id, of.from, bracket.stop.0[lane], bracket.limit.0[lane]);
                put(&mut bracket.stale, lane, false);
            }
        }
        put(&mut self.awake, lane, true);
    }

    /// Wakes a lane on whose bar nothing happened until now.
    fn rouse(&mut self, terms: &DeskTerms, lane: usize, tick: &Tick) {
        if self.awake >> lane & 1 == 0 {
            self.wake(terms, lane, tick.before);
            self.brokers[lane].begin_quietly(tick.index as usize, bar(tick));
        }
    }

    /// What the script reads of an awake lane.
    fn note_reads(&mut self, terms: &DeskTerms, lane: usize) {
        for (known, what) in self.reads.iter_mut().zip(&terms.reads) {
            known.0[lane] = read(*what, &self.brokers[lane]);
        }
    }

    /// Takes up what an awake lane must know to sleep.
    fn lie_down(&mut self, terms: &DeskTerms, lane: usize) {
        self.note_reads(terms, lane);
        let broker = &self.brokers[lane];
        let books = broker.books();
        self.before.0[lane] = books.before;
        self.cash.0[lane] = books.cash;
        self.contracts.0[lane] = books.contracts;
        put(&mut self.counted, lane, books.counted);
        put(&mut self.long, lane, broker.side() == Some(Side::Long));
        put(&mut self.short, lane, broker.side() == Some(Side::Short));
        put(&mut self.full_long, lane, broker.is_full(Side::Long));
        put(&mut self.full_short, lane, broker.is_full(Side::Short));
        put(&mut self.rests, lane, broker.resting() > 0);
        for (known, id) in self.known.iter_mut().zip(&terms.cancels) {
            put(known, lane, broker.knows(*id));
        }
        for (level, of) in self.levels.iter_mut().zip(&terms.levels) {
            let price = broker.resting_price(of.id);
            put(&mut level.rests, lane, price.is_some());
            level.price.0[lane] = price.unwrap_or(f64::NAN);
        }
        for (bracket, of) in self.brackets.iter_mut().zip(&terms.brackets) {
            put(&mut bracket.stands, lane, broker.exit_stands(of.id, of.from));
            let prices = broker.exit_prices(of.id, of.from).filter(|_| of.plain.is_some());
            put(&mut bracket.watched, lane, prices.is_some());
            (bracket.stop.0[lane], bracket.limit.0[lane]) = prices.unwrap_or((f64::NAN, f64::NAN));
        }
        let calm = broker.calm(
            |id| terms.levels.iter().any(|level| level.id == id),
            |id, from| terms.brackets.iter().any(|b| b.plain.is_some() && b.id == id && b.from == from),
        );
        (self.floor.0[lane], self.roof.0[lane]) = (calm.floor, calm.roof);
    }

    /// Works the bar in the lanes to which something happens.
    fn work(&mut self, terms: &DeskTerms, tick: &Tick, met: u64) {
        for lane in lanes(met) {
            self.wake(terms, lane, tick.before);
            self.brokers[lane].begin(tick.index as usize, bar(tick));
            self.note_reads(terms, lane);
        }
    }

    /// Ends the bar of the awake lanes; their growths.
    fn settle(&mut self, terms: &DeskTerms, growth: &mut [f64; 8]) {
        for lane in lanes(self.awake) {
            growth[lane] = self.brokers[lane].end();
            self.lie_down(terms, lane);
            if self.brokers[lane].is_ruined() {
                put(&mut self.live, lane, false);
            }
            if self.failed >> lane & 1 == 1 {
                growth[lane] = 1.0;
            }
        }
        self.awake = 0;
    }
}

impl<S: Words> Accounts<S> for Desk<S> {
    type Terms = DeskTerms;

    #[inline(always)]
    fn new(simd: S, terms: &DeskTerms, dead: Mask<S>) -> Desk<S> {
        let (na, zero) = (Eight::all(f64::NAN), Eight::all(0.0));
        let level = Level { rests: 0, stale: 0, price: na, qty: na };
        let bracket = |of: &terms::BracketTerms| Bracket {
            stands: 0,
            watched: 0,
            stale: 0,
            legs: vec![na; of.legs.len()],
            stop: na,
            limit: na,
        };
        let broker = Broker::new(&terms.settings);
        let reads = terms.reads.iter().map(|what| Eight::all(read(*what, &broker))).collect();
        Desk {
            simd,
            live: (!dead).bits(),
            awake: 0,
            failed: 0,
            floor: Eight::all(f64::NEG_INFINITY),
            roof: Eight::all(f64::INFINITY),
            before: Eight::all(terms.settings.initial_capital),
            cash: zero,
            contracts: zero,
            counted: 0,
            long: 0,
            short: 0,
            growth: Eight::all(1.0),
            full_long: 0,
            full_short: 0,
            rests: 0,
            levels: vec![level; terms.levels.len()],
            brackets: terms.brackets.iter().map(bracket).collect(),
            known: vec![0; terms.cancels.len()],
            reads,
            brokers: vec![broker; S::F64_LANES],
        }
    }

    #[inline(always)]
    fn begin(&mut self, terms: &DeskTerms, tick: &Tick) {
        let met = self.met(terms, tick.low, tick.high);
        if met != 0 {
            self.work(terms, tick, met);
        }
    }

    #[inline(always)]
    fn read(&self, _: &DeskTerms, at: usize, what: Read, tick: &Tick) -> Num<S> {
        let mut moved = self.reads[at];
        let known = moved.load(self.simd);
        match what {
            Read::Equity => {
                let sleeping = Mask::of_bits(self.simd, self.live & !self.awake);
                sleeping.pick(self.equity(tick), known)
            }
            Read::OpenProfit | Read::OldestOpenProfit | Read::NewestOpenProfit => {
                for lane in lanes((self.long | self.short) & self.live & !self.awake) {
                    moved.0[lane] = read_at(what, &self.brokers[lane], tick.close);
                }
                moved.load(self.simd)
            }
            _ => known,
        }
    }

    #[inline(always)]
    fn place(all: &mut [Desk<S>], terms: &DeskTerms, _: &Code, slots: &Slots<S>, tick: &Tick) {
        for given in &terms.given {
            for (g, desk) in all.iter_mut().enumerate() {
                let when = slots.truths[Slots::<S>::range(given.when).start + g].bits() & desk.live;
                if when != 0 {
                    desk.give(terms, given, slots, g, when, tick);
                }
            }
        }
    }

    #[inline(always)]
    fn end(&mut self, terms: &DeskTerms, tick: &Tick) -> Option<Num<S>> {
        if (self.long | self.short | self.awake) == 0 {
            return None;
        }
        let (close, before) = (self.n(tick.close), self.before.load(self.simd));
        let (cash, contracts) = (self.cash.load(self.simd), self.contracts.load(self.simd));
        let zero = self.n(0.0);
        let held = contracts.gt(zero) | contracts.lt(zero);
        let multiplied = held.pick(self.n(tick.close / tick.before), self.n(1.0));
        let counted = Mask::of_bits(self.simd, self.counted);
        let money = cash + contracts * close;
        let mut after = counted.pick(money, before * multiplied);
        let mut growth = counted.pick(money / before, multiplied);
        let ruined = !(after.gt(zero) & growth.gt(zero)).bits() & self.live & !self.awake & self.all();
        for lane in lanes(ruined) {
            self.rouse(terms, lane, tick);
        }
        let sleeping = Mask::of_bits(self.simd, self.live & !self.awake);
        growth = sleeping.pick(growth, self.n(1.0));
        after = sleeping.pick(after, before);
        after.store(&mut self.before.0);
        if self.awake != 0 {
            growth.store(&mut self.growth.0);
            let mut growths = self.growth.0;
            self.settle(terms, &mut growths);
            growth = Num::load(self.simd, &growths);
        }
        Some(growth)
    }

    fn counts(&self, lane: usize) -> Option<Counts> {
        let broker = &self.brokers[lane];
        (self.failed >> lane & 1 == 0).then(|| Counts {
            entries: broker.tally().entries,
            exits: broker.closed_trades().len() as u32,
            ambiguous_bars: broker.tally().ambiguous_bars,
        })
    }
}

impl<S: Words> Desk<S> {
    /// The bits of all lanes.
    #[inline(always)]
    fn all(&self) -> u64 {
        (1 << S::F64_LANES) - 1
    }
}
