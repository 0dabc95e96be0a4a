//! What a script can read of its account, as of the last close: after the bar's fills, before those at its close.

use super::{Broker, ClosedTrade, OpenTrade, Side};

/// Counts and sums over the whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// Trades opened.
    pub entries: u32,
    /// Closed trades that made money.
    pub wins: u32,
    /// Closed trades that lost money.
    pub losses: u32,
    /// Closed trades that did neither.
    pub evens: u32,
    /// Bars on which a bracket filled whose stop and target both lay within the bar.
    pub ambiguous_bars: u32,
    /// Profit of the winning trades.
    pub gross_profit: f64,
    /// Loss of the losing trades, 0 or more.
    pub gross_loss: f64,
    /// Profit of all closed trades.
    pub net_profit: f64,
    /// Deepest fall of the closing equity from its peak, in money.
    pub max_drawdown: f64,
    /// Highest rise of the closing equity from its trough, in money.
    pub max_runup: f64,
    /// Most contracts held at a close, long or short.
    pub max_contracts: f64,
    peak: f64,
    trough: f64,
}

impl Tally {
    pub(super) fn new(initial_capital: f64) -> Tally {
        Tally {
            entries: 0,
            wins: 0,
            losses: 0,
            evens: 0,
            ambiguous_bars: 0,
            gross_profit: 0.0,
            gross_loss: 0.0,
            net_profit: 0.0,
            max_drawdown: 0.0,
            max_runup: 0.0,
            max_contracts: 0.0,
            peak: initial_capital,
            trough: initial_capital,
        }
    }

    pub(super) fn count(&mut self, profit: f64) {
        self.net_profit += profit;
        if profit > 0.0 {
            self.wins += 1;
            self.gross_profit += profit;
        } else if profit < 0.0 {
            self.losses += 1;
            self.gross_loss -= profit;
        } else {
            self.evens += 1;
        }
    }

    pub(super) fn see(&mut self, money: f64, contracts: f64) {
        self.peak = self.peak.max(money);
        self.trough = self.trough.min(money);
        self.max_drawdown = self.max_drawdown.max(self.peak - money);
        self.max_runup = self.max_runup.max(money - self.trough);
        self.max_contracts = self.max_contracts.max(contracts.abs());
    }
}

impl Broker {
    /// Side of the position; `None` while flat.
    pub fn side(&self) -> Option<Side> {
        self.trades.first().map(|trade| trade.side)
    }

    /// Contracts held, negative when short.
    pub fn position_size(&self) -> f64 {
        if self.trades.is_empty() { 0.0 } else { self.account.contracts }
    }

    /// Mean entry price of the position, by contracts; NaN while flat.
    pub fn position_avg_price(&self) -> f64 {
        match self.trades.as_slice() {
            [] => f64::NAN,
            [only] => only.entry_price,
            several => {
                let qty: f64 = several.iter().map(|t| t.qty).sum();
                several.iter().map(|t| t.qty * t.entry_price).sum::<f64>() / qty
            }
        }
    }

    /// Id of the order that opened the position; `None` while flat.
    pub fn position_entry_id(&self) -> Option<u32> {
        self.trades.first().map(|trade| trade.entry_id)
    }

    /// Money if everything were worth the last close.
    pub fn equity(&self) -> f64 {
        if self.price.is_nan() { self.account.before } else { self.account.money(self.price) }
    }

    /// Growth of equity from 1 up to the last ended bar: the product of what [`Broker::end`] gave.
    pub fn total_growth(&self) -> f64 {
        self.account.equity
    }

    /// Profit of all closed trades, net of costs.
    pub fn netprofit(&self) -> f64 {
        self.tally.net_profit
    }

    /// Profit of the open trades at the last close, entry costs taken off.
    pub fn openprofit(&self) -> f64 {
        self.trades.iter().map(|trade| trade.profit(self.price)).sum()
    }

    /// The last usable close; NaN before the first.
    pub fn last_price(&self) -> f64 {
        self.price
    }

    /// The money at the start.
    pub fn initial_capital(&self) -> f64 {
        self.settings.initial_capital
    }

    /// Growth of equity over an open trade so far, minus 1, as [`ClosedTrade::gain`].
    pub fn open_gain(&self, trade: &OpenTrade) -> f64 {
        if trade.multiplied && self.account.is_multiplied() {
            self.account.equity_at(self.price) / trade.equity_before - 1.0
        } else {
            trade.profit(self.price) / trade.money_before
        }
    }

    /// Open trades, the oldest first.
    pub fn open_trades(&self) -> &[OpenTrade] {
        &self.trades
    }

    /// Closed trades in the order in which they ended.
    pub fn closed_trades(&self) -> &[ClosedTrade] {
        &self.closed
    }

    /// Counts and sums.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Equity fell to 0 or below: nothing trades any more.
    pub fn is_ruined(&self) -> bool {
        self.ruined
    }

    /// Orders, brackets and closing orders that rest.
    pub fn resting(&self) -> usize {
        self.orders.len() + self.exits.len() + self.closes.len()
    }
}
