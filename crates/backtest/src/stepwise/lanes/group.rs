//! Eight accounts in lock step: the broker of the lanes.
//!
//! The same operations in the same order as `broker` does for one account, so that both agree to the bit. Shorts are worked on
//! mirrored prices (every price and level negated, which is exact), so one code serves both sides: *up* is the favourable way.
//! A bar on which nothing rests and no level is reached costs a few comparisons; everything else goes through [`Group::work`].

use super::PlacedLeg;
use super::subset::{BRACKETS_MAX, LEGS, Leg, MARKETS_MAX, Market, Orders};
use super::vector::{Mask, Num};
use crate::compute::isa::Words;
use crate::stepwise::broker::Rates;
use crate::stepwise::broker::{Allow, BrokerSettings, Side, Sizing};

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
    /// A market order rests in some lane.
    busy: bool,
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
        }
    }
}

impl<S: Words> Group<S> {
    /// Flat accounts; lanes of `dead` never trade.
    #[inline(always)]
    pub fn new(simd: S, settings: &BrokerSettings, dead: Mask<S>) -> Group<S> {
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
            busy: false,
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

    /// Money at the close, after [`Group::begin`].
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

    /// Works what rests along the bar and marks the position at the close.
    #[inline(always)]
    pub fn begin(&mut self, terms: &Terms, tick: &Tick) {
        self.at_close = self.no();
        let held = self.held();
        if !self.busy && !held.any() {
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
    fn extremes(&self, terms: &Terms, tick: &Tick) -> (Num<S>, Num<S>) {
        let (high, low) = (self.n(tick.high), self.n(tick.low));
        if terms.orders.shorts { (self.short.pick(-low, high), self.short.pick(-high, low)) } else { (high, low) }
    }

    /// Lanes whose adverse extreme comes first.
    #[inline(always)]
    fn adverse_first(&self, terms: &Terms, tick: &Tick) -> Mask<S> {
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
    fn touched(&self, anchor: Num<S>, x: Num<S>) -> Num<S> {
        x.ge(self.levels.trail).pick(anchor.larger(x), anchor)
    }

    /// The price is at `x`: trailing stops of the lanes of `m` start or follow.
    #[inline(always)]
    fn touch(&mut self, m: Mask<S>, x: Num<S>) {
        let starts = m & x.ge(self.levels.trail);
        self.anchor = starts.pick(self.anchor.larger(x), self.anchor);
        self.levels.trail = starts.pick(self.n(f64::NEG_INFINITY), self.levels.trail);
    }

    /// The bar in full: brackets at the open, market orders, brackets within the bar.
    #[inline(always)]
    fn work(&mut self, terms: &Terms, tick: &Tick) {
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
    fn brackets_at(&mut self, terms: &Terms, tick: &Tick, price: Num<S>, m: Mask<S>) {
        let p = self.mirrored(terms, price);
        let levels = &self.levels;
        let mut stopped = levels.stop.ge(p);
        if terms.orders.trails {
            stopped |= (self.anchor - levels.offset).ge(p) | (levels.tight & p.ge(levels.trail));
        }
        let limited = p.ge(levels.limit).without(stopped);
        let m = m & (stopped | limited);
        if m.any() {
            self.close_position(terms, tick, m, price, limited);
        }
    }

    /// Executes the pending market orders of which `due` holds, in their order.
    #[inline(always)]
    fn markets_at(&mut self, terms: &Terms, tick: &Tick, price: Num<S>, at_close: bool, due: impl Fn(&Market) -> bool) {
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
    fn within(&mut self, terms: &Terms, tick: &Tick) {
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

    /// What a purchase or a sale at `raw` is dealt at: ticks of slippage but for limit orders.
    #[inline(always)]
    fn dealt(&self, terms: &Terms, raw: Num<S>, limit: Mask<S>, buys: Mask<S>) -> Deal<S> {
        let ticks = limit.pick(self.n(0.0), self.n(terms.rates.ticks));
        let price = buys.pick(raw + ticks, raw - ticks).larger(self.n(0.0));
        Deal { price, limit }
    }

    /// Ends the positions of the lanes of `m`.
    #[inline(always)]
    fn close_position(&mut self, terms: &Terms, tick: &Tick, m: Mask<S>, raw: Num<S>, limit: Mask<S>) {
        let rates = &terms.rates;
        let deal = self.dealt(terms, raw, limit, self.short);
        let sell = deal.limit.pick(self.n(rates.sell_limit), self.n(rates.sell));
        let qty = self.contracts.abs();
        let multiplied = m & self.long.without(self.counted);
        self.growth = multiplied.pick(self.growth * (deal.price / self.mark * sell), self.growth);
        let mut beyond = deal.price - deal.price * sell;
        if terms.orders.counted {
            let sold = m & self.long & self.counted;
            self.cash = sold.pick(self.cash + qty * (deal.price * sell), self.cash);
            let buy = deal.limit.pick(self.n(rates.buy_limit), self.n(rates.buy));
            let covered = m & self.short;
            self.cash = covered.pick(self.cash - qty * (deal.price * buy), self.cash);
            beyond = self.short.pick(deal.price * buy - deal.price, beyond);
        }
        let profit = self.contracts * (deal.price - self.entry_price) - self.entry_cost - beyond * qty;
        self.exits = self.exits.count(m);
        let (won, lost) = (m & profit.gt(self.n(0.0)), m & profit.lt(self.n(0.0)));
        self.wins = self.wins.count(won);
        self.losses = self.losses.count(lost);
        self.net_profit = m.pick(self.net_profit + profit, self.net_profit);
        self.gross_profit = won.pick(self.gross_profit + profit, self.gross_profit);
        self.gross_loss = lost.pick(self.gross_loss - profit, self.gross_loss);
        self.last_entry_bar = m.pick(self.entry_bar, self.last_entry_bar);
        self.last_exit_bar = m.pick(self.n(tick.index), self.last_exit_bar);
        self.last_entry_price = m.pick(self.entry_price, self.last_entry_price);
        self.last_exit_price = m.pick(deal.price, self.last_exit_price);
        self.last_size = m.pick(self.contracts, self.last_size);
        self.last_profit = m.pick(profit, self.last_profit);
        // Brackets go with their trade, unless an order that they name still rests.
        for (b, from) in terms.orders.brackets.iter().enumerate() {
            let (mut long, mut short) = (self.no(), self.no());
            for (k, market) in terms.orders.markets.iter().enumerate() {
                if let Market::Entry { id, side } = market
                    && from.is_none_or(|from| from == *id)
                {
                    match side {
                        Side::Long => long |= self.pending[k],
                        Side::Short => short |= self.pending[k],
                    }
                }
            }
            let bracket = &mut self.brackets[b];
            let bound = (bracket.long & self.long) | (bracket.short & self.short);
            let awaited = (bracket.long & long) | (bracket.short & short);
            bracket.resting = bracket.resting.without(m & bound & !awaited);
        }
        self.long = self.long.without(m);
        self.short = self.short.without(m);
        self.contracts = m.pick(self.n(0.0), self.contracts);
        let na = self.n(f64::NAN);
        self.entry_price = m.pick(na, self.entry_price);
        self.entry_bar = m.pick(na, self.entry_bar);
        self.entry_id = m.pick(na, self.entry_id);
        self.anchor = m.pick(self.n(f64::NEG_INFINITY), self.anchor);
        self.set_levels(m, &Levels::none(self.simd));
    }

    /// Opens positions in the lanes of `m`, which are flat, for market order `k`.
    #[expect(clippy::too_many_arguments, reason = "what an order is")]
    #[inline(always)]
    fn open_position(
        &mut self,
        terms: &Terms,
        tick: &Tick,
        m: Mask<S>,
        k: usize,
        id: u16,
        side: Side,
        raw: Num<S>,
        at_close: bool,
    ) {
        let rates = &terms.rates;
        let buys = if side == Side::Long { self.yes() } else { self.no() };
        let Deal { price, .. } = self.dealt(terms, raw, self.no(), buys);
        let money = self.counted.pick(self.cash, self.before * self.growth);
        let asked = self.qty[k];
        let all_in = !asked.equal(asked);
        let mut opened = m & money.gt(self.n(0.0));
        let beyond;
        let mut qty;
        match side {
            Side::Long => {
                let multiplied = opened & all_in;
                let share = money / (price * self.n(rates.buy));
                opened &= (!all_in) | (share.gt(self.n(0.0)) & share.lt(self.n(f64::INFINITY)));
                let multiplied = multiplied & opened;
                // From the counted book to the multiplied one.
                let growth = self.counted.pick(self.cash / self.before, self.growth);
                self.growth = multiplied.pick(growth, self.growth);
                self.counted = self.counted.without(multiplied);
                qty = self.before * self.growth / (price * self.n(rates.buy));
                self.growth = multiplied.pick(self.growth * self.n(1.0 / rates.buy), self.growth);
                self.mark = multiplied.pick(price, self.mark);
                if terms.orders.counted {
                    qty = all_in.pick(qty, asked);
                    let bought = opened.without(all_in);
                    self.cash = bought.pick(money - qty * (price * self.n(rates.buy)), self.cash);
                    self.counted |= bought;
                }
                beyond = price * self.n(rates.buy) - price;
                self.long |= opened;
                self.contracts = opened.pick(qty, self.contracts);
            }
            Side::Short => {
                let share = money / (price * self.n(rates.short));
                qty = all_in.pick(share, asked);
                opened &= qty.gt(self.n(0.0)) & qty.lt(self.n(f64::INFINITY));
                self.cash = opened.pick(money + qty * (price * self.n(rates.sell)), self.cash);
                self.counted |= opened;
                beyond = price - price * self.n(rates.sell);
                self.short |= opened;
                self.contracts = opened.pick(-qty, self.contracts);
            }
        }
        self.entries = self.entries.count(opened);
        self.entry_price = opened.pick(price, self.entry_price);
        self.entry_bar = opened.pick(self.n(tick.index), self.entry_bar);
        self.entry_id = opened.pick(self.n(f64::from(id)), self.entry_id);
        self.entry_cost = opened.pick(beyond * qty, self.entry_cost);
        if at_close {
            self.at_close |= opened;
        }
        for (b, from) in terms.orders.brackets.iter().enumerate() {
            if from.is_none_or(|from| from == id) {
                let waits = opened.without(self.brackets[b].long | self.brackets[b].short);
                match side {
                    Side::Long => self.brackets[b].long |= waits,
                    Side::Short => self.brackets[b].short |= waits,
                }
                self.work_bracket(terms, b, *from, opened);
            }
        }
    }

    /// Lets bracket `b` work on the positions of the lanes of `m` that it is meant for.
    #[inline(always)]
    fn work_bracket(&mut self, terms: &Terms, b: usize, from: Option<u16>, m: Mask<S>) {
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
            let level = started.pick(self.n(f64::NEG_INFINITY), level);
            levels.trail = trails.pick(level, self.n(f64::INFINITY));
            levels.offset = trails.pick(offset * tick, self.n(f64::INFINITY));
            levels.tight = (trails & offset.equal(self.n(0.0))).without(started);
        }
        self.set_levels(m, &levels);
    }

    #[inline(always)]
    fn set_levels(&mut self, m: Mask<S>, new: &Levels<S>) {
        let old = &mut self.levels;
        old.stop = m.pick(new.stop, old.stop);
        old.limit = m.pick(new.limit, old.limit);
        old.trail = m.pick(new.trail, old.trail);
        old.offset = m.pick(new.offset, old.offset);
        old.tight = m.choose(new.tight, old.tight);
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
        let bracket = &mut self.brackets[b];
        let (long, short) = (meant & self.long, meant & self.short);
        // Most strategies place the same bracket on every bar.
        let mut same = bracket.resting & bracket.long.same(long) & bracket.short.same(short);
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
        // Ticks of slippage make the price of a purchase another than the close.
        self.growth *= self.long.without(self.counted).pick(close / self.mark, self.n(1.0));
        self.mark = close;
    }

    /// Ends the bar: gives its growth.
    #[inline(always)]
    pub fn end(&mut self, terms: &Terms, close: f64) -> Num<S> {
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
        growth
    }

    #[inline(always)]
    fn ruin(&mut self, m: Mask<S>, growth: Num<S>, close: f64) -> Num<S> {
        let held = m & self.held();
        self.exits = self.exits.count(held);
        let profit = self.open_profit(close);
        let (won, lost) = (held & profit.gt(self.n(0.0)), held & profit.lt(self.n(0.0)));
        self.wins = self.wins.count(won);
        self.losses = self.losses.count(lost);
        self.net_profit = held.pick(self.net_profit + profit, self.net_profit);
        self.gross_profit = won.pick(self.gross_profit + profit, self.gross_profit);
        self.gross_loss = lost.pick(self.gross_loss - profit, self.gross_loss);
        self.dead |= m;
        self.long = self.long.without(m);
        self.short = self.short.without(m);
        self.counted = self.counted.without(m);
        self.contracts = m.pick(self.n(0.0), self.contracts);
        let na = self.n(f64::NAN);
        self.entry_price = m.pick(na, self.entry_price);
        self.entry_bar = m.pick(na, self.entry_bar);
        self.entry_id = m.pick(na, self.entry_id);
        for k in 0..MARKETS_MAX {
            self.pending[k] = self.pending[k].without(m);
        }
        for bracket in &mut self.brackets {
            bracket.resting = bracket.resting.without(m);
        }
        self.set_levels(m, &Levels::none(self.simd));
        m.pick(self.n(0.0), growth)
    }
}
