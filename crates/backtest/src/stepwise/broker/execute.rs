//! What a fill does: closes trades, opens one, charges, and settles groups and brackets.

use super::orders::RestingClose;
use super::path::{Phase, Pick, names};
use super::{Allow, Broker, CloseRule, ClosedTrade, NO_ID, OPEN_MAX, OcaKind, OpenTrade, Order, Side};

/// Free money below this part of all money is rounding, not money.
const DUST: f64 = 1e-9;

/// A price at which something is traded.
#[derive(Clone, Copy)]
struct Deal {
    /// With the script's ticks of slippage.
    price: f64,
    /// By a limit order: no slippage.
    limit: bool,
    /// At the close of the bar.
    at_close: bool,
}

impl Broker {
    /// Executes `pick` at `price`.
    pub(super) fn fill(&mut self, pick: Pick, price: f64, phase: Phase) {
        match pick {
            Pick::Activate { at } => self.orders[at].activated = true,
            Pick::Order { at, limit } => {
                let resting = self.orders.remove(at);
                let deal = self.deal(resting.order.side, price, limit, phase);
                let filled = self.fill_order(&resting.order, resting.qty, deal);
                if let Some(oca) = resting.order.oca.filter(|_| filled > 0.0) {
                    self.settle_group(oca.group, oca.kind, filled, None);
                }
                self.prune();
            }
            Pick::Close { at } => {
                let RestingClose { close, bar, .. } = self.closes.remove(at);
                let Some(side) = self.side() else { return };
                let deal = self.deal(side.opposite(), price, false, phase);
                let stood = |t: &OpenTrade| t.entry_bar < bar || (t.entry_bar == bar && !t.at_close);
                let named = |t: &OpenTrade| stood(t) && close.entry.is_none_or(|id| id == t.entry_id);
                let held: f64 = self.trades.iter().filter(|t| named(t)).map(|t| t.qty).sum();
                let qty = match close.qty {
                    qty if !qty.is_nan() => qty.min(held),
                    _ if close.qty_percent.is_nan() => held,
                    _ => (close.qty_percent / 100.0 * held).min(held),
                };
                match self.settings.close_rule {
                    CloseRule::Any => self.reduce(qty, |t| named(t), NO_ID, deal),
                    CloseRule::Fifo => self.reduce(qty, |_| true, NO_ID, deal),
                }
                self.prune();
            }
            Pick::Exit { at, trade, limit } => {
                self.note_ambiguity(at, trade, phase);
                let exit = self.exits[at].exit;
                let qty = self.share(at, trade);
                let (side, entry_id, entry_bar) =
                    (self.trades[trade].side, self.trades[trade].entry_id, self.trades[trade].entry_bar);
                let deal = self.deal(side.opposite(), price, limit, phase);
                self.trades[trade].mark_mut(exit.id).done = true;
                match self.settings.close_rule {
                    CloseRule::Any => {
                        self.reduce(qty, |t| t.entry_id == entry_id && t.entry_bar == entry_bar, exit.id, deal);
                    }
                    CloseRule::Fifo => self.reduce(qty, |_| true, exit.id, deal),
                }
                if let Some(oca) = exit.oca {
                    self.settle_group(oca.group, oca.kind, qty, Some((exit.id, exit.from_entry)));
                }
                self.prune();
            }
        }
    }

    /// At ruin: what is open ends at `price`, without costs.
    pub(super) fn give_up(&mut self, price: f64) {
        for trade in std::mem::take(&mut self.trades) {
            let profit = trade.profit(price);
            self.record(&trade, trade.qty, NO_ID, price, profit, trade.commission, -1.0);
        }
    }

    fn deal(&self, side: Side, price: f64, limit: bool, phase: Phase) -> Deal {
        let ticks = if limit { 0.0 } else { self.account.rates.ticks };
        Deal { price: (price + side.sign() * ticks).max(0.0), limit, at_close: phase == Phase::Close }
    }

    /// Gives the contracts traded.
    fn fill_order(&mut self, order: &Order, qty: f64, deal: Deal) -> f64 {
        let against = self.side().is_some_and(|side| side != order.side);
        let held = self.account.contracts.abs();
        let mut filled = 0.0;
        if order.entry {
            let allowed = match self.settings.allow {
                Allow::Both => true,
                Allow::Long => order.side == Side::Long,
                Allow::Short => order.side == Side::Short,
            };
            if against {
                self.reduce(f64::INFINITY, |_| true, order.id, deal);
                filled += held;
            }
            if allowed && !self.entries_full(order.side) {
                filled += self.open(order, qty, deal, !against);
            }
            return filled;
        }
        if !against {
            return self.open(order, qty, deal, true);
        }
        // Without a quantity it closes what is held.
        let close = if qty.is_nan() { held } else { qty.min(held) };
        let rest = qty - held;
        self.reduce(if rest >= 0.0 { f64::INFINITY } else { close }, |_| true, order.id, deal);
        filled += close;
        if rest > 0.0 {
            filled += self.open(order, rest, deal, false);
        }
        filled
    }

    /// Closes up to `qty` contracts of the trades that `which` names, the oldest first.
    fn reduce(&mut self, qty: f64, which: impl Fn(&OpenTrade) -> bool, exit_id: u32, deal: Deal) {
        let Some(side) = self.side() else { return };
        let mut left = qty;
        let mut taken = vec![0.0; self.trades.len()];
        for (trade, taken) in self.trades.iter().zip(&mut taken) {
            if which(trade) && left > 0.0 {
                *taken = trade.qty.min(left);
                left -= *taken;
            }
        }
        let total: f64 = taken.iter().sum();
        if total.is_nan() || total <= 0.0 {
            return;
        }
        let everything = self.trades.iter().zip(&taken).all(|(trade, taken)| *taken >= trade.qty);
        let multiplied = everything && self.account.is_multiplied();
        if multiplied {
            self.account.sell_all(deal.price, deal.limit);
        } else {
            self.account.trade(side.opposite(), total, deal.price, deal.limit, true);
        }
        if everything {
            self.account.flat();
        }
        let rates = self.account.rates;
        let cost = rates.cost(side.opposite(), deal.price, deal.limit) + rates.per_order / total;
        let fee = rates.commission(side.opposite(), deal.price, deal.limit) + rates.per_order / total;
        let after = self.account.equity_at(deal.price);
        let trades = std::mem::take(&mut self.trades);
        for (mut trade, taken) in trades.into_iter().zip(taken) {
            if taken == 0.0 {
                self.trades.push(trade);
                continue;
            }
            trade.see(deal.price);
            let part = taken / trade.qty;
            let entry_cost = trade.entry_cost * part;
            let profit = side.sign() * taken * (deal.price - trade.entry_price) - entry_cost - cost * taken;
            let commission = trade.commission * part + fee * taken;
            let gain = if multiplied && trade.multiplied {
                after / trade.equity_before - 1.0
            } else {
                profit / trade.money_before
            };
            self.record(&trade, taken, exit_id, deal.price, profit, commission, gain);
            if taken < trade.qty {
                trade.entry_cost -= entry_cost;
                trade.commission -= trade.commission * part;
                trade.qty -= taken;
                self.trades.push(trade);
            }
        }
        if !multiplied {
            for trade in &mut self.trades {
                trade.multiplied = false;
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one record")]
    fn record(
        &mut self,
        trade: &OpenTrade,
        qty: f64,
        exit_id: u32,
        price: f64,
        profit: f64,
        commission: f64,
        gain: f64,
    ) {
        let part = qty / trade.qty;
        self.tally.count(profit);
        self.closed.push(ClosedTrade {
            entry_id: trade.entry_id,
            exit_id,
            side: trade.side,
            qty,
            entry_bar: trade.entry_bar,
            entry_price: trade.entry_price,
            exit_bar: self.index,
            exit_price: price,
            profit,
            commission,
            max_runup: trade.max_runup() * part,
            max_drawdown: trade.max_drawdown() * part,
            gain,
        });
    }

    /// Opens a trade of `qty` contracts, NaN for all in; gives the contracts. `charge`: the order's commission is still due.
    fn open(&mut self, order: &Order, qty: f64, deal: Deal, charge: bool) -> f64 {
        if self.trades.len() >= OPEN_MAX {
            return 0.0;
        }
        let (price, limit, rates) = (deal.price, deal.limit, self.account.rates);
        let (money_before, equity_before) = (self.account.money(price), self.account.equity_at(price));
        let slots = self.entries_max().saturating_sub(self.trades.len()).max(1);
        let multiplied = qty.is_nan() && order.side == Side::Long && slots == 1 && self.account.may_multiply();
        let qty = if qty.is_nan() { self.all_in(order.side, deal, slots, money_before, charge) } else { qty };
        if !(qty.is_finite() && qty > 0.0 && money_before > 0.0) {
            return 0.0;
        }
        let qty = if multiplied {
            self.account.buy_all(price, limit)
        } else {
            self.account.trade(order.side, qty, price, limit, charge);
            qty
        };
        let per_order = if charge { rates.per_order } else { 0.0 };
        let was_flat = self.trades.is_empty();
        if !multiplied {
            for trade in &mut self.trades {
                trade.multiplied = false;
            }
        }
        self.trades.push(OpenTrade {
            entry_id: order.id,
            side: order.side,
            qty,
            qty_entry: qty,
            entry_bar: self.index,
            entry_price: price,
            entry_cost: rates.cost(order.side, price, limit) * qty + per_order,
            commission: rates.commission(order.side, price, limit) * qty + per_order,
            highest: price,
            lowest: price,
            equity_before,
            money_before,
            multiplied,
            at_close: deal.at_close,
            marks: Vec::new(),
        });
        if was_flat {
            self.opened_by_limit = limit;
        }
        self.tally.entries += 1;
        for resting in &mut self.exits {
            if resting.side.is_none() && resting.exit.from_entry.is_none_or(|id| id == order.id) {
                resting.side = Some(order.side);
            }
        }
        qty
    }

    /// Contracts that an entry without a quantity takes.
    fn all_in(&self, side: Side, deal: Deal, slots: usize, money: f64, charge: bool) -> f64 {
        let rates = &self.account.rates;
        let held = self.account.contracts.abs() * deal.price;
        let free = money - held;
        if free <= DUST * money {
            return 0.0;
        }
        let share = if slots == 1 { free } else { free / slots as f64 };
        let share = if charge { share - rates.per_order } else { share };
        let unit = match (side, deal.limit) {
            (Side::Long, _) => rates.paid(deal.price, deal.limit),
            (Side::Short, false) => deal.price * rates.short,
            (Side::Short, true) => deal.price * rates.short_limit,
        };
        share / (unit + rates.per_contract)
    }

    /// Cancels or shrinks the other members of a group after a fill. `exit` is the bracket that filled, if one did.
    fn settle_group(&mut self, group: u32, kind: OcaKind, filled: f64, exit: Option<(u32, Option<u32>)>) {
        let member = |oca: Option<super::Oca>| oca.is_some_and(|oca| oca.group == group);
        let own = |e: &super::Exit| exit == Some((e.id, e.from_entry));
        match kind {
            OcaKind::None => {}
            OcaKind::Cancel => {
                self.orders.retain(|resting| !member(resting.order.oca));
                self.exits.retain(|resting| !member(resting.exit.oca) || own(&resting.exit));
            }
            OcaKind::Reduce => {
                for resting in self.orders.iter_mut().filter(|resting| member(resting.order.oca)) {
                    resting.qty -= filled;
                }
                // An all-in quantity is NaN: nothing to shrink, the order goes.
                self.orders.retain(|resting| !member(resting.order.oca) || resting.qty > 0.0);
                for resting in self.exits.iter_mut().filter(|r| member(r.exit.oca) && !own(&r.exit)) {
                    resting.reduced += filled;
                }
            }
        }
    }

    /// Drops brackets whose trades are gone, unless an order that they name still rests.
    fn prune(&mut self) {
        let (trades, orders) = (&self.trades, &self.orders);
        self.exits.retain(|resting| {
            let Some(side) = resting.side else { return true };
            let awaited = |order: &Order| order.side == side && resting.exit.from_entry.is_none_or(|id| id == order.id);
            trades.iter().any(|trade| names(resting, trade)) || orders.iter().any(|r| awaited(&r.order))
        });
    }
}
