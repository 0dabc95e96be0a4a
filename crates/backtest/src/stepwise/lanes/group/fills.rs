//! What a fill does: closes the position or opens one, and keeps the counts.

use super::{Deal, Group, Levels, Terms, Tick};
use crate::compute::isa::Words;
use crate::stepwise::broker::Side;
use crate::stepwise::lanes::subset::{BRACKETS_MAX, MARKETS_MAX, Market};
use crate::stepwise::lanes::vector::{Mask, Num};

impl<S: Words> Group<S> {
    /// A position comes or goes.
    #[inline(always)]
    fn moved(&mut self) {
        self.quiet = false;
        self.settled = [self.no(); BRACKETS_MAX];
    }

    /// What a purchase or a sale at `raw` is dealt at: ticks of slippage but for limit orders.
    #[inline(always)]
    pub(super) fn dealt(&self, terms: &Terms, raw: Num<S>, limit: Mask<S>, buys: Mask<S>) -> Deal<S> {
        let ticks = limit.pick(self.n(0.0), self.n(terms.rates.ticks));
        let price = buys.pick(raw + ticks, raw - ticks).larger(self.n(0.0));
        Deal { price, limit }
    }

    /// Ends the positions of the lanes of `m`.
    #[inline(always)]
    pub(super) fn close_position(&mut self, terms: &Terms, tick: &Tick, m: Mask<S>, raw: Num<S>, limit: Mask<S>) {
        let rates = &terms.rates;
        self.moved();
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
        self.leave(m);
        self.anchor = m.pick(self.n(f64::NEG_INFINITY), self.anchor);
        self.set_levels(m, &Levels::none(self.simd));
    }

    /// Opens positions in the lanes of `m`, which are flat, for market order `k`.
    #[expect(clippy::too_many_arguments, reason = "what an order is")]
    #[inline(always)]
    pub(super) fn open_position(
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
        self.moved();
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

    /// Nothing is held any more, and nothing is known of an entry.
    #[inline(always)]
    fn leave(&mut self, m: Mask<S>) {
        self.long = self.long.without(m);
        self.short = self.short.without(m);
        self.contracts = m.pick(self.n(0.0), self.contracts);
        let na = self.n(f64::NAN);
        self.entry_price = m.pick(na, self.entry_price);
        self.entry_bar = m.pick(na, self.entry_bar);
        self.entry_id = m.pick(na, self.entry_id);
    }

    #[inline(always)]
    pub(super) fn ruin(&mut self, m: Mask<S>, growth: Num<S>, close: f64) -> Num<S> {
        self.moved();
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
        self.counted = self.counted.without(m);
        self.leave(m);
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
