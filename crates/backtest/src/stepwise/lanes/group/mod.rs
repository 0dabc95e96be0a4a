//! Eight accounts in lock step: the broker of the lanes.
//!
//! The same operations in the same order as `broker` does for one account, so that both agree to the bit. Shorts are worked on
//! mirrored prices (every price and level negated, which is exact), so one code serves both sides: *up* is the favourable way.
//! A bar on which nothing rests and no level is reached costs a few comparisons; everything else goes through [`Group::work`].
//! Files: `bar` (the turn of a bar), `fills` (what a fill does), `place` (orders as they are given).

mod bar;
mod fills;
mod place;

use super::accounts::{Accounts, Counts};
use super::code::Code;
use super::commands::{Placed, PlacedLeg};
use super::reads::read;
use super::slots::Slots;
use super::subset::{BRACKETS_MAX, LEGS, MARKETS_MAX, Orders};
use super::vector::{Mask, Num};
use crate::compute::isa::Words;
use crate::stepwise::broker::{BrokerSettings, Rates};
use assay_pine::graph::Broker as Read;

/// One bar, as all lanes see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tick {
    pub open: f64,
    pub high: f64,
    pub low: f64,
    pub close: f64,
    /// The close before; on the first bar its own.
    pub before: f64,
    /// The high is nearer to the open.
    pub high_first: bool,
    pub index: f64,
}

/// What all groups know.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub orders: Orders,
    pub settings: BrokerSettings,
    pub rates: Rates,
    pub pessimistic: bool,
    pub commands: Vec<Placed>,
    /// Something fills at the close of the bar that places it.
    pub at_close: bool,
}

/// The bracket that works on the position, on mirrored prices for shorts.
#[derive(Clone, Copy, Debug)]
struct Levels<S: Words> {
    /// -inf: none.
    stop: Num<S>,
    /// +inf: none.
    limit: Num<S>,
    /// Start of the trailing stop; +inf: none, -inf: it has started.
    trail: Num<S>,
    /// Distance of the trailing stop; +inf: none.
    offset: Num<S>,
    /// The trailing stop has not started and has no distance: it fills where it starts.
    tight: Mask<S>,
    /// Start of a trailing stop without a distance, started or not: at the close it fills from there on. +inf: none.
    start: Num<S>,
}

/// A bracket that rests.
#[derive(Clone, Copy, Debug)]
struct Bracket<S: Words> {
    resting: Mask<S>,
    /// Bound to longs, to shorts; neither: waits.
    long: Mask<S>,
    short: Mask<S>,
    legs: [Num<S>; LEGS],
}

/// Where and how lanes trade.
#[derive(Clone, Copy)]
struct Deal<S: Words> {
    price: Num<S>,
    /// Mask: by a limit order.
    limit: Mask<S>,
}

/// Eight accounts.
#[derive(Clone, Debug)]
pub(super) struct Group<S: Words> {
    simd: S,
    // The two books, as in `broker::account`.
    before: Num<S>,
    growth: Num<S>,
    mark: Num<S>,
    counted: Mask<S>,
    cash: Num<S>,
    pub contracts: Num<S>,
    // The position.
    long: Mask<S>,
    short: Mask<S>,
    pub entry_price: Num<S>,
    pub entry_bar: Num<S>,
    entry_id: Num<S>,
    entry_cost: Num<S>,
    /// Opened at this bar's close: no bracket works on it there.
    at_close: Mask<S>,
    /// Best price since the trailing stop started, mirrored for shorts; -inf before.
    anchor: Num<S>,
    levels: Levels<S>,
    brackets: [Bracket<S>; BRACKETS_MAX],
    pending: [Mask<S>; MARKETS_MAX],
    qty: [Num<S>; MARKETS_MAX],
    /// By bracket: lanes in which it rests with the very legs that its command would give again.
    settled: [Mask<S>; BRACKETS_MAX],
    /// A market order rests in some lane.
    busy: bool,
    /// Nothing was held or traded on this bar: all money stays.
    quiet: bool,
    /// Ruined, or no lane at all: nothing is traded.
    pub dead: Mask<S>,
    // Counts and sums.
    pub entries: Num<S>,
    pub exits: Num<S>,
    pub ambiguous: Num<S>,
    pub wins: Num<S>,
    pub losses: Num<S>,
    pub net_profit: Num<S>,
    pub gross_profit: Num<S>,
    pub gross_loss: Num<S>,
    pub last_entry_bar: Num<S>,
    pub last_exit_bar: Num<S>,
    pub last_entry_price: Num<S>,
    pub last_exit_price: Num<S>,
    pub last_size: Num<S>,
    pub last_profit: Num<S>,
}

impl<S: Words> Levels<S> {
    #[inline(always)]
    fn none(simd: S) -> Levels<S> {
        let (n, no) = (|x| Num::splat(simd, x), Mask::splat(simd, false));
        Levels {
            stop: n(f64::NEG_INFINITY),
            limit: n(f64::INFINITY),
            trail: n(f64::INFINITY),
            offset: n(f64::INFINITY),
            tight: no,
            start: n(f64::INFINITY),
        }
    }
}

impl<S: Words> Group<S> {
    /// Flat accounts; lanes of `dead` never trade.
    #[inline(always)]
    fn flat(simd: S, settings: &BrokerSettings, dead: Mask<S>) -> Group<S> {
        let (n, no) = (|x| Num::splat(simd, x), Mask::splat(simd, false));
        let na = n(f64::NAN);
        let bracket = Bracket { resting: no, long: no, short: no, legs: [na; LEGS] };
        Group {
            simd,
            before: n(settings.initial_capital),
            growth: n(1.0),
            mark: n(1.0),
            counted: no,
            cash: n(0.0),
            contracts: n(0.0),
            long: no,
            short: no,
            entry_price: na,
            entry_bar: na,
            entry_id: na,
            entry_cost: n(0.0),
            at_close: no,
            anchor: n(f64::NEG_INFINITY),
            levels: Levels::none(simd),
            brackets: [bracket; BRACKETS_MAX],
            pending: [no; MARKETS_MAX],
            qty: [na; MARKETS_MAX],
            settled: [no; BRACKETS_MAX],
            busy: false,
            quiet: true,
            dead,
            entries: n(0.0),
            exits: n(0.0),
            ambiguous: n(0.0),
            wins: n(0.0),
            losses: n(0.0),
            net_profit: n(0.0),
            gross_profit: n(0.0),
            gross_loss: n(0.0),
            last_entry_bar: na,
            last_exit_bar: na,
            last_entry_price: na,
            last_exit_price: na,
            last_size: na,
            last_profit: na,
        }
    }

    #[inline(always)]
    fn n(&self, x: f64) -> Num<S> {
        Num::splat(self.simd, x)
    }

    #[inline(always)]
    fn yes(&self) -> Mask<S> {
        Mask::splat(self.simd, true)
    }

    #[inline(always)]
    fn no(&self) -> Mask<S> {
        Mask::splat(self.simd, false)
    }

    /// Lanes with a position.
    #[inline(always)]
    pub fn held(&self) -> Mask<S> {
        self.long | self.short
    }

    /// The price, negated where the position is short.
    #[inline(always)]
    fn mirrored(&self, terms: &Terms, price: Num<S>) -> Num<S> {
        if terms.orders.shorts { self.short.pick(-price, price) } else { price }
    }

    /// Money at the close, after [`Group::begin_bar`].
    #[inline(always)]
    pub fn money(&self, close: f64) -> Num<S> {
        let multiplied = self.before * self.growth;
        self.counted.pick(self.cash + self.contracts * self.n(close), multiplied)
    }

    /// Profit of the open trade at the close.
    #[inline(always)]
    pub fn open_profit(&self, close: f64) -> Num<S> {
        let profit = self.contracts * (self.n(close) - self.entry_price) - self.entry_cost;
        self.held().pick(profit, self.n(0.0))
    }
}

impl<S: Words> Accounts<S> for Group<S> {
    type Terms = Terms;

    #[inline(always)]
    fn new(simd: S, terms: &Terms, dead: Mask<S>) -> Group<S> {
        Group::flat(simd, &terms.settings, dead)
    }

    #[inline(always)]
    fn begin(&mut self, terms: &Terms, tick: &Tick) {
        self.begin_bar(terms, tick);
    }

    #[inline(always)]
    fn read(&self, terms: &Terms, _: usize, what: Read, tick: &Tick) -> Num<S> {
        read(self.simd, what, self, tick, terms)
    }

    #[inline(always)]
    fn place(groups: &mut [Group<S>], terms: &Terms, _: &Code, slots: &Slots<S>, tick: &Tick) {
        let Some(na) = groups.first().map(|group| group.n(f64::NAN)) else { return };
        let at = |slot: u32, g: usize| Slots::<S>::range(slot).start + g;
        for command in &terms.commands {
            match command {
                Placed::Market { when, market, qty } => {
                    for (g, group) in groups.iter_mut().enumerate() {
                        let asked = qty.map_or(na, |slot| slots.numbers[at(slot, g)]);
                        group.place_market(terms, *market, slots.truths[at(*when, g)], asked, tick.close);
                    }
                }
                Placed::Bracket { when, bracket, legs, sources } => {
                    let changed = sources.as_ref().is_none_or(|sources| sources.iter().any(|at| slots.ran[*at]));
                    for (g, group) in groups.iter_mut().enumerate() {
                        let when = slots.truths[at(*when, g)];
                        if changed {
                            group.unsettle(*bracket);
                        }
                        if !group.asks(*bracket, when) {
                            continue;
                        }
                        let value = |leg: &PlacedLeg| {
                            let own = leg.slot.map_or(na, |slot| slots.numbers[at(slot, g)]);
                            leg.behind.map_or(own, |slot| slots.numbers[at(slot, g)].is_number().pick(na, own))
                        };
                        group.place_bracket(terms, *bracket, when, legs, value);
                    }
                }
            }
        }
        if terms.at_close {
            for group in groups.iter_mut() {
                group.settle_at_close(terms, tick);
            }
        }
    }

    #[inline(always)]
    fn end(&mut self, terms: &Terms, tick: &Tick) -> Option<Num<S>> {
        self.end_bar(terms, tick.close)
    }

    fn counts(&self, lane: usize) -> Option<Counts> {
        let of = |x: Num<S>| {
            let mut lanes = [0.0; 8];
            x.store(&mut lanes);
            lanes[lane] as u32
        };
        Some(Counts { entries: of(self.entries), exits: of(self.exits), ambiguous_bars: of(self.ambiguous) })
    }
}
