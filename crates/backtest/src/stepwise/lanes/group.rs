//! Eight accounts in lock step: the broker of the lanes.
//!
//! The same operations in the same order as `broker` does for one account, so that both agree to the bit. Shorts are worked on
//! mirrored prices (every price and level negated, which is exact), so one code serves both sides: *up* is the favourable way.
//! A bar on which nothing rests and no level is reached costs a few comparisons; everything else goes through [`Group::work`].

use wide::f64x8;

use super::code::{and_not, ones, zero};
use super::subset::{BRACKETS_MAX, LEGS, Leg, MARKETS_MAX, Market, Orders};
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
struct Levels {
    /// -inf: none.
    stop: f64x8,
    /// +inf: none.
    limit: f64x8,
    /// Start of the trailing stop; +inf: none.
    trail: f64x8,
    /// Distance of the trailing stop; +inf: none.
    offset: f64x8,
    /// Mask: has a trailing stop.
    trails: f64x8,
    /// Mask: it has no distance.
    tight: f64x8,
}

/// A bracket that rests.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    resting: f64x8,
    /// Bound to longs, to shorts; neither: waits.
    long: f64x8,
    short: f64x8,
    legs: [f64x8; LEGS],
}

/// Where and how lanes trade.
#[derive(Clone, Copy)]
struct Deal {
    price: f64x8,
    /// Mask: by a limit order.
    limit: f64x8,
}

/// Eight accounts.
#[derive(Clone, Debug)]
pub(super) struct Group {
    // The two books, as in `broker::account`.
    before: f64x8,
    growth: f64x8,
    mark: f64x8,
    counted: f64x8,
    cash: f64x8,
    pub contracts: f64x8,
    // The position.
    long: f64x8,
    short: f64x8,
    pub entry_price: f64x8,
    pub entry_bar: f64x8,
    entry_id: f64x8,
    entry_cost: f64x8,
    /// Opened at this bar's close: no bracket works on it there.
    at_close: f64x8,
    /// Best price since the trailing stop started, mirrored for shorts; -inf before.
    anchor: f64x8,
    levels: Levels,
    brackets: [Bracket; BRACKETS_MAX],
    pending: [f64x8; MARKETS_MAX],
    qty: [f64x8; MARKETS_MAX],
    /// A market order rests in some lane.
    busy: bool,
    /// Ruined, or no lane at all: nothing is traded.
    pub dead: f64x8,
    // Counts and sums.
    pub entries: f64x8,
    pub exits: f64x8,
    pub ambiguous: f64x8,
    pub wins: f64x8,
    pub losses: f64x8,
    pub net_profit: f64x8,
    pub gross_profit: f64x8,
    pub gross_loss: f64x8,
    pub last_entry_bar: f64x8,
    pub last_exit_bar: f64x8,
    pub last_entry_price: f64x8,
    pub last_exit_price: f64x8,
    pub last_size: f64x8,
    pub last_profit: f64x8,
}

fn splat(x: f64) -> f64x8 {
    f64x8::splat(x)
}

/// Lanes of `m` take `then`, the others keep `otherwise`.
#[inline(always)]
fn pick(m: f64x8, then: f64x8, otherwise: f64x8) -> f64x8 {
    m.bitselect(then, otherwise)
}

/// Adds 1 in the lanes of `m`.
#[inline(always)]
fn count(total: f64x8, m: f64x8) -> f64x8 {
    total + (m & splat(1.0))
}

/// The larger of two numbers; `b` where `a` is not larger.
#[inline(always)]
fn larger(a: f64x8, b: f64x8) -> f64x8 {
    a.fast_max(b)
}

/// `x`, or `instead` where it is NaN.
#[inline(always)]
fn given(x: f64x8, instead: f64) -> f64x8 {
    pick(x.simd_eq(x), x, splat(instead))
}

impl Levels {
    fn none() -> Levels {
        Levels {
            stop: splat(f64::NEG_INFINITY),
            limit: splat(f64::INFINITY),
            trail: splat(f64::INFINITY),
            offset: splat(f64::INFINITY),
            trails: zero(),
            tight: zero(),
        }
    }
}

impl Group {
    /// Flat accounts; lanes of `dead` never trade.
    pub fn new(settings: &BrokerSettings, dead: f64x8) -> Group {
        let na = splat(f64::NAN);
        let bracket = Bracket { resting: zero(), long: zero(), short: zero(), legs: [na; LEGS] };
        Group {
            before: splat(settings.initial_capital),
            growth: splat(1.0),
            mark: splat(1.0),
            counted: zero(),
            cash: zero(),
            contracts: zero(),
            long: zero(),
            short: zero(),
            entry_price: na,
            entry_bar: na,
            entry_id: na,
            entry_cost: zero(),
            at_close: zero(),
            anchor: splat(f64::NEG_INFINITY),
            levels: Levels::none(),
            brackets: [bracket; BRACKETS_MAX],
            pending: [zero(); MARKETS_MAX],
            qty: [na; MARKETS_MAX],
            busy: false,
            dead,
            entries: zero(),
            exits: zero(),
            ambiguous: zero(),
            wins: zero(),
            losses: zero(),
            net_profit: zero(),
            gross_profit: zero(),
            gross_loss: zero(),
            last_entry_bar: na,
            last_exit_bar: na,
            last_entry_price: na,
            last_exit_price: na,
            last_size: na,
            last_profit: na,
        }
    }

    /// Lanes with a position.
    #[inline(always)]
    pub fn held(&self) -> f64x8 {
        self.long | self.short
    }

    /// The price, negated where the position is short.
    #[inline(always)]
    fn mirrored(&self, terms: &Terms, price: f64x8) -> f64x8 {
        if terms.orders.shorts { price ^ (self.short & splat(-0.0)) } else { price }
    }

    /// Money at the close, after [`Group::begin`].
    pub fn money(&self, close: f64) -> f64x8 {
        let multiplied = self.before * self.growth;
        pick(self.counted, self.cash + self.contracts * splat(close), multiplied)
    }

    /// Profit of the open trade at the close.
    pub fn open_profit(&self, close: f64) -> f64x8 {
        let profit = self.contracts * (splat(close) - self.entry_price) - self.entry_cost;
        self.held() & profit
    }

    /// Works what rests along the bar and marks the position at the close.
    #[inline]
    pub fn begin(&mut self, terms: &Terms, tick: &Tick) {
        self.at_close = zero();
        let held = self.held();
        let (open, close) = (splat(tick.open), splat(tick.close));
        let (o, c) = (self.mirrored(terms, open), self.mirrored(terms, close));
        let (h, l) = self.extremes(terms, tick);
        let levels = self.levels;
        let mut hit = l.simd_le(levels.stop) | h.simd_ge(levels.limit);
        if terms.orders.trails {
            let adverse_first = self.adverse_first(terms, tick);
            let opened = self.touched(self.anchor, o);
            let topped = self.touched(opened, h);
            let low = pick(adverse_first, opened, topped) - levels.offset;
            hit |= l.simd_le(low) | (levels.tight & h.simd_ge(levels.trail));
            hit |= adverse_first & c.simd_le(topped - levels.offset);
            if !self.busy && !(hit & held).any() {
                self.anchor = topped;
            }
        }
        if self.busy || (hit & held).any() {
            self.mark = splat(tick.before);
            self.work(terms, tick);
            self.growth *= pick(and_not(self.long, self.counted), close / self.mark, splat(1.0));
        } else {
            self.growth = pick(and_not(self.long, self.counted), splat(tick.close / tick.before), splat(1.0));
        }
        self.mark = close;
    }

    /// Mirrored (high, low).
    #[inline(always)]
    fn extremes(&self, terms: &Terms, tick: &Tick) -> (f64x8, f64x8) {
        let (high, low) = (splat(tick.high), splat(tick.low));
        if terms.orders.shorts { (pick(self.short, -low, high), pick(self.short, -high, low)) } else { (high, low) }
    }

    /// Lanes whose adverse extreme comes first.
    #[inline(always)]
    fn adverse_first(&self, terms: &Terms, tick: &Tick) -> f64x8 {
        if terms.pessimistic {
            ones()
        } else if tick.high_first {
            self.short
        } else {
            !self.short
        }
    }

    /// The anchor once the price was at `x`.
    #[inline(always)]
    fn touched(&self, anchor: f64x8, x: f64x8) -> f64x8 {
        let starts = self.levels.trails & (anchor.simd_gt(splat(f64::NEG_INFINITY)) | x.simd_ge(self.levels.trail));
        pick(starts, larger(anchor, x), anchor)
    }

    /// The bar in full: brackets at the open, market orders, brackets within the bar.
    #[inline(never)]
    fn work(&mut self, terms: &Terms, tick: &Tick) {
        let open = splat(tick.open);
        self.growth = splat(1.0);
        self.anchor = pick(self.held(), self.touched(self.anchor, self.mirrored(terms, open)), self.anchor);
        self.brackets_at(terms, tick, open, self.held());
        if self.busy {
            self.markets_at(terms, tick, open, false, |_| true);
            self.busy = false;
        }
        self.within(terms, tick);
    }

    /// Fills brackets that `price` satisfies in the lanes of `m`.
    fn brackets_at(&mut self, terms: &Terms, tick: &Tick, price: f64x8, m: f64x8) {
        let p = self.mirrored(terms, price);
        let levels = &self.levels;
        let mut stopped = levels.stop.simd_ge(p);
        if terms.orders.trails {
            stopped |= (self.anchor - levels.offset).simd_ge(p) | (levels.tight & p.simd_ge(levels.trail));
        }
        let limited = and_not(p.simd_ge(levels.limit), stopped);
        let m = m & (stopped | limited);
        if m.any() {
            self.close_position(terms, tick, m, price, limited);
        }
    }

    /// Executes the pending market orders of which `due` holds, in their order.
    fn markets_at(&mut self, terms: &Terms, tick: &Tick, price: f64x8, at_close: bool, due: impl Fn(&Market) -> bool) {
        for (k, market) in terms.orders.markets.iter().enumerate() {
            if !due(market) {
                continue;
            }
            let m = std::mem::replace(&mut self.pending[k], zero());
            if !m.any() {
                continue;
            }
            match market {
                Market::Close { id, .. } => {
                    let mut m = m & self.held();
                    if let Some(id) = id {
                        m &= self.entry_id.simd_eq(splat(f64::from(*id)));
                    }
                    if m.any() {
                        self.close_position(terms, tick, m, price, zero());
                    }
                }
                Market::Entry { id, side } => {
                    let against = m & if *side == Side::Long { self.short } else { self.long };
                    if against.any() {
                        self.close_position(terms, tick, against, price, zero());
                    }
                    let allowed = match terms.settings.allow {
                        Allow::Both => true,
                        Allow::Long => *side == Side::Long,
                        Allow::Short => *side == Side::Short,
                    };
                    let m = and_not(m, self.held());
                    if allowed && m.any() {
                        self.open_position(terms, tick, m, k, *id, *side, price, at_close);
                        if !at_close {
                            let touched = self.touched(self.anchor, self.mirrored(terms, price));
                            self.anchor = pick(m & self.held(), touched, self.anchor);
                            self.brackets_at(terms, tick, price, m & self.held());
                        }
                    }
                }
            }
        }
    }

    /// Brackets between the open and the close.
    fn within(&mut self, terms: &Terms, tick: &Tick) {
        let held = self.held();
        if terms.orders.brackets.is_empty() || !held.any() {
            return;
        }
        let (h, l) = self.extremes(terms, tick);
        let c = self.mirrored(terms, splat(tick.close));
        let levels = self.levels;
        let adverse_first = self.adverse_first(terms, tick);
        let opened = self.anchor;
        let topped = self.touched(opened, h);
        // Down before the top was seen.
        let first_stop = larger(levels.stop, opened - levels.offset);
        let fell = adverse_first & first_stop.simd_ge(l);
        // Up: the target, or a trailing stop without a distance, whichever is nearer.
        let starts = and_not(levels.tight, opened.simd_gt(splat(f64::NEG_INFINITY))) & h.simd_ge(levels.trail);
        let reached = h.simd_ge(levels.limit);
        let limited = and_not(reached & !(starts & levels.trail.simd_lt(levels.limit)), fell);
        let tight = and_not(starts, fell | limited);
        let rose = limited | tight;
        // Down after the top: to the close, or to the low when the top came first.
        let last_stop = larger(levels.stop, topped - levels.offset);
        let bottom = pick(adverse_first, c, l);
        let fell_back = and_not(last_stop.simd_ge(bottom), fell | rose);
        let exits = held & (fell | rose | fell_back);
        if exits.any() {
            let price =
                pick(fell, first_stop, pick(limited, levels.limit, pick(tight, levels.trail, last_stop.fast_min(h))));
            let anchor = pick(fell_back, topped, opened);
            let stop = larger(levels.stop, self.touched(anchor, price) - levels.offset);
            let inside = |x: f64x8| x.simd_ge(l) & x.simd_le(h);
            self.ambiguous = count(self.ambiguous, exits & inside(stop) & inside(levels.limit));
            let raw = self.mirrored(terms, price);
            self.anchor = topped;
            self.close_position(terms, tick, exits, raw, limited);
        } else {
            self.anchor = topped;
        }
    }

    /// What a purchase or a sale at `raw` is dealt at: ticks of slippage but for limit orders.
    fn dealt(&self, terms: &Terms, raw: f64x8, limit: f64x8, buys: f64x8) -> Deal {
        let ticks = and_not(splat(terms.rates.ticks), limit);
        let price = pick(buys, raw + ticks, raw - ticks).fast_max(zero());
        Deal { price, limit }
    }

    /// Ends the positions of the lanes of `m`.
    fn close_position(&mut self, terms: &Terms, tick: &Tick, m: f64x8, raw: f64x8, limit: f64x8) {
        let rates = &terms.rates;
        let deal = self.dealt(terms, raw, limit, self.short);
        let sell = pick(deal.limit, splat(rates.sell_limit), splat(rates.sell));
        let qty = self.contracts.abs();
        let multiplied = m & and_not(self.long, self.counted);
        self.growth = pick(multiplied, self.growth * (deal.price / self.mark * sell), self.growth);
        let mut beyond = deal.price - deal.price * sell;
        if terms.orders.counted {
            let sold = m & self.long & self.counted;
            self.cash = pick(sold, self.cash + qty * (deal.price * sell), self.cash);
            let buy = pick(deal.limit, splat(rates.buy_limit), splat(rates.buy));
            let covered = m & self.short;
            self.cash = pick(covered, self.cash - qty * (deal.price * buy), self.cash);
            beyond = pick(self.short, deal.price * buy - deal.price, beyond);
        }
        let profit = self.contracts * (deal.price - self.entry_price) - self.entry_cost - beyond * qty;
        self.exits = count(self.exits, m);
        let (won, lost) = (m & profit.simd_gt(zero()), m & profit.simd_lt(zero()));
        self.wins = count(self.wins, won);
        self.losses = count(self.losses, lost);
        self.net_profit = pick(m, self.net_profit + profit, self.net_profit);
        self.gross_profit = pick(won, self.gross_profit + profit, self.gross_profit);
        self.gross_loss = pick(lost, self.gross_loss - profit, self.gross_loss);
        self.last_entry_bar = pick(m, self.entry_bar, self.last_entry_bar);
        self.last_exit_bar = pick(m, splat(tick.index), self.last_exit_bar);
        self.last_entry_price = pick(m, self.entry_price, self.last_entry_price);
        self.last_exit_price = pick(m, deal.price, self.last_exit_price);
        self.last_size = pick(m, self.contracts, self.last_size);
        self.last_profit = pick(m, profit, self.last_profit);
        // Brackets go with their trade, unless an order that they name still rests.
        for (b, from) in terms.orders.brackets.iter().enumerate() {
            let (mut long, mut short) = (zero(), zero());
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
            bracket.resting = and_not(bracket.resting, m & bound & !awaited);
        }
        self.long = and_not(self.long, m);
        self.short = and_not(self.short, m);
        self.contracts = and_not(self.contracts, m);
        let na = splat(f64::NAN);
        self.entry_price = pick(m, na, self.entry_price);
        self.entry_bar = pick(m, na, self.entry_bar);
        self.entry_id = pick(m, na, self.entry_id);
        self.anchor = pick(m, splat(f64::NEG_INFINITY), self.anchor);
        self.set_levels(m, &Levels::none());
    }

    /// Opens positions in the lanes of `m`, which are flat, for market order `k`.
    #[expect(clippy::too_many_arguments, reason = "what an order is")]
    fn open_position(
        &mut self,
        terms: &Terms,
        tick: &Tick,
        m: f64x8,
        k: usize,
        id: u16,
        side: Side,
        raw: f64x8,
        at_close: bool,
    ) {
        let rates = &terms.rates;
        let buys = if side == Side::Long { ones() } else { zero() };
        let Deal { price, .. } = self.dealt(terms, raw, zero(), buys);
        let money = pick(self.counted, self.cash, self.before * self.growth);
        let asked = self.qty[k];
        let all_in = !asked.simd_eq(asked);
        let mut opened = m & money.simd_gt(zero());
        let beyond;
        let mut qty;
        match side {
            Side::Long => {
                let multiplied = opened & all_in;
                let share = money / (price * splat(rates.buy));
                opened &= (!all_in) | (share.simd_gt(zero()) & share.simd_lt(splat(f64::INFINITY)));
                let multiplied = multiplied & opened;
                // From the counted book to the multiplied one.
                let growth = pick(self.counted, self.cash / self.before, self.growth);
                self.growth = pick(multiplied, growth, self.growth);
                self.counted = and_not(self.counted, multiplied);
                qty = self.before * self.growth / (price * splat(rates.buy));
                self.growth = pick(multiplied, self.growth * splat(1.0 / rates.buy), self.growth);
                self.mark = pick(multiplied, price, self.mark);
                if terms.orders.counted {
                    qty = pick(all_in, qty, asked);
                    let bought = and_not(opened, all_in);
                    self.cash = pick(bought, money - qty * (price * splat(rates.buy)), self.cash);
                    self.counted |= bought;
                }
                beyond = price * splat(rates.buy) - price;
                self.long |= opened;
                self.contracts = pick(opened, qty, self.contracts);
            }
            Side::Short => {
                let share = money / (price * splat(rates.short));
                qty = pick(all_in, share, asked);
                opened &= qty.simd_gt(zero()) & qty.simd_lt(splat(f64::INFINITY));
                self.cash = pick(opened, money + qty * (price * splat(rates.sell)), self.cash);
                self.counted |= opened;
                beyond = price - price * splat(rates.sell);
                self.short |= opened;
                self.contracts = pick(opened, -qty, self.contracts);
            }
        }
        self.entries = count(self.entries, opened);
        self.entry_price = pick(opened, price, self.entry_price);
        self.entry_bar = pick(opened, splat(tick.index), self.entry_bar);
        self.entry_id = pick(opened, splat(f64::from(id)), self.entry_id);
        self.entry_cost = pick(opened, beyond * qty, self.entry_cost);
        if at_close {
            self.at_close |= opened;
        }
        for (b, from) in terms.orders.brackets.iter().enumerate() {
            if from.is_none_or(|from| from == id) {
                let waits = and_not(opened, self.brackets[b].long | self.brackets[b].short);
                match side {
                    Side::Long => self.brackets[b].long |= waits,
                    Side::Short => self.brackets[b].short |= waits,
                }
                self.work_bracket(terms, b, *from, opened);
            }
        }
    }

    /// Lets bracket `b` work on the positions of the lanes of `m` that it is meant for.
    fn work_bracket(&mut self, terms: &Terms, b: usize, from: Option<u16>, m: f64x8) {
        let bracket = self.brackets[b];
        let mut m = m & bracket.resting & ((bracket.long & self.long) | (bracket.short & self.short));
        if let Some(from) = from {
            m &= self.entry_id.simd_eq(splat(f64::from(from)));
        }
        if !m.any() {
            return;
        }
        let tick = splat(terms.settings.mintick);
        let leg = |leg: Leg| bracket.legs[leg as usize];
        let price = |x: f64x8| self.mirrored(terms, x);
        let entry = price(self.entry_price);
        let loss = given(entry - leg(Leg::Loss) * tick, f64::NEG_INFINITY);
        let stop = larger(given(price(leg(Leg::Stop)), f64::NEG_INFINITY), loss);
        let profit = given(entry + leg(Leg::Profit) * tick, f64::INFINITY);
        let limit = given(price(leg(Leg::Limit)), f64::INFINITY).fast_min(profit);
        let mut levels = Levels { stop, limit, ..Levels::none() };
        if terms.orders.trails {
            let offset = leg(Leg::TrailOffset);
            let (start, points) = (leg(Leg::TrailPrice), leg(Leg::TrailPoints));
            let by_points = given(entry + points * tick, f64::INFINITY);
            levels.trail = given(price(start), f64::INFINITY).fast_min(by_points);
            levels.trails = offset.simd_ge(zero()) & (start.simd_eq(start) | points.simd_eq(points));
            levels.offset = pick(levels.trails, offset * tick, splat(f64::INFINITY));
            levels.tight = levels.trails & offset.simd_eq(zero());
        }
        self.set_levels(m, &levels);
    }

    fn set_levels(&mut self, m: f64x8, new: &Levels) {
        let old = &mut self.levels;
        old.stop = pick(m, new.stop, old.stop);
        old.limit = pick(m, new.limit, old.limit);
        old.trail = pick(m, new.trail, old.trail);
        old.offset = pick(m, new.offset, old.offset);
        old.trails = pick(m, new.trails, old.trails);
        old.tight = pick(m, new.tight, old.tight);
    }

    /// Places market order `k` in the lanes of `when`, with the quantity asked for or NaN.
    #[inline]
    pub fn place_market(&mut self, terms: &Terms, k: usize, when: f64x8, asked: f64x8, close: f64) {
        let when = and_not(when, self.dead);
        if !when.any() {
            return;
        }
        let m = match terms.orders.markets[k] {
            Market::Close { id, .. } => {
                let held = when & self.held();
                match id {
                    None => held,
                    Some(id) => held & self.entry_id.simd_eq(splat(f64::from(id))),
                }
            }
            Market::Entry { side, .. } => {
                let full = if side == Side::Long { self.long } else { self.short };
                let m = and_not(when, full);
                if !m.any() {
                    return;
                }
                if terms.orders.counted {
                    let sized = match terms.settings.sizing {
                        Sizing::AllIn => splat(f64::NAN),
                        Sizing::Fixed(contracts) => splat(contracts),
                        Sizing::Cash(money) => splat(money / close),
                        Sizing::PercentOfEquity(percent) => splat(percent / 100.0) * self.money(close) / splat(close),
                    };
                    let is_asked = asked.simd_eq(asked);
                    let qty = pick(is_asked, asked, sized);
                    let sensible = qty.simd_gt(zero()) & qty.simd_lt(splat(f64::INFINITY));
                    let all_in = terms.settings.sizing == Sizing::AllIn;
                    let m = m & if all_in { sensible | !is_asked } else { sensible };
                    self.qty[k] = pick(m, qty, self.qty[k]);
                    m
                } else {
                    m
                }
            }
        };
        self.pending[k] |= m;
        self.busy |= m.any();
    }

    /// Places bracket `b` in the lanes of `when`.
    #[inline]
    pub fn place_bracket(&mut self, terms: &Terms, b: usize, when: f64x8, legs: &[f64x8; LEGS]) {
        let m = and_not(when, self.dead);
        if !m.any() {
            return;
        }
        let from = terms.orders.brackets[b];
        let mut meant = m & self.held();
        if let Some(from) = from {
            meant &= self.entry_id.simd_eq(splat(f64::from(from)));
        }
        let bracket = &mut self.brackets[b];
        bracket.resting |= m;
        for (old, new) in bracket.legs.iter_mut().zip(legs) {
            *old = pick(m, *new, *old);
        }
        bracket.long = pick(m, meant & self.long, bracket.long);
        bracket.short = pick(m, meant & self.short, bracket.short);
        self.work_bracket(terms, b, from, meant);
    }

    /// Fills what fills at the close.
    pub fn settle_at_close(&mut self, terms: &Terms, tick: &Tick) {
        let close = splat(tick.close);
        if terms.settings.process_orders_on_close {
            self.brackets_at(terms, tick, close, and_not(self.held(), self.at_close));
            if self.busy {
                self.markets_at(terms, tick, close, true, |_| true);
                self.busy = false;
            }
        } else if self.busy {
            self.markets_at(terms, tick, close, true, |m| matches!(m, Market::Close { immediately: true, .. }));
        }
        // Ticks of slippage make the price of a purchase another than the close.
        self.growth *= pick(and_not(self.long, self.counted), close / self.mark, splat(1.0));
        self.mark = close;
    }

    /// Ends the bar: gives its growth.
    #[inline]
    pub fn end(&mut self, terms: &Terms, close: f64) -> f64x8 {
        let mut growth = self.growth;
        let mut after = self.before * growth;
        if terms.orders.counted && self.counted.any() {
            let counted = self.cash + self.contracts * splat(close);
            after = pick(self.counted, counted, after);
            growth = pick(self.counted, counted / self.before, growth);
        }
        let ruined = and_not(!(after.simd_gt(zero()) & growth.simd_gt(zero())), self.dead);
        if ruined.any() {
            growth = self.ruin(ruined, growth, close);
            after = and_not(after, ruined);
        }
        self.before = after;
        // Nothing is traded in a dead lane: its growth stays 1.
        self.growth = splat(1.0);
        growth
    }

    #[cold]
    fn ruin(&mut self, m: f64x8, growth: f64x8, close: f64) -> f64x8 {
        let held = m & self.held();
        self.exits = count(self.exits, held);
        let profit = self.open_profit(close);
        let (won, lost) = (held & profit.simd_gt(zero()), held & profit.simd_lt(zero()));
        self.wins = count(self.wins, won);
        self.losses = count(self.losses, lost);
        self.net_profit = pick(held, self.net_profit + profit, self.net_profit);
        self.gross_profit = pick(won, self.gross_profit + profit, self.gross_profit);
        self.gross_loss = pick(lost, self.gross_loss - profit, self.gross_loss);
        self.dead |= m;
        self.long = and_not(self.long, m);
        self.short = and_not(self.short, m);
        self.counted = and_not(self.counted, m);
        self.contracts = and_not(self.contracts, m);
        let na = splat(f64::NAN);
        self.entry_price = pick(m, na, self.entry_price);
        self.entry_bar = pick(m, na, self.entry_bar);
        self.entry_id = pick(m, na, self.entry_id);
        for k in 0..MARKETS_MAX {
            self.pending[k] = and_not(self.pending[k], m);
        }
        for bracket in &mut self.brackets {
            bracket.resting = and_not(bracket.resting, m);
        }
        self.set_levels(m, &Levels::none());
        and_not(growth, m)
    }
}
