//! The money: one of two books, and the growth of the bar.
//!
//! *Multiplied*: all in, long or flat. The bar's growth is the product of the same factors, in the same order, as
//! `fills::Factors` holds, so that a strategy of market orders ends with the very bits of the signals path. *Counted*: cash
//! and a signed number of contracts; the growth is money after over money before. A position changes books only when it
//! must: an all-in long is opened in the first, everything else in the second.

use super::Side;
use super::settings::{BrokerSettings, Rates};
use super::watch::Books;

#[derive(Clone, Debug)]
pub(super) struct Account {
    pub rates: Rates,
    /// Money at the last close.
    pub before: f64,
    /// Growth so far on this bar; in the counted book valid at the close only.
    growth: f64,
    /// Product of all growths, from 1.
    pub equity: f64,
    counted: bool,
    /// Counted book.
    cash: f64,
    /// Signed contracts held, in both books.
    pub contracts: f64,
    /// Multiplied book: the price up to which `growth` holds.
    mark: f64,
}

impl Account {
    pub fn new(settings: &BrokerSettings) -> Account {
        Account {
            rates: Rates::new(settings),
            before: settings.initial_capital,
            growth: 1.0,
            equity: 1.0,
            counted: false,
            cash: 0.0,
            contracts: 0.0,
            mark: 0.0,
        }
    }

    /// Money if everything were worth `price`.
    pub fn money(&self, price: f64) -> f64 {
        if self.counted {
            self.cash + self.contracts * price
        } else if self.contracts != 0.0 {
            self.before * (self.growth * (price / self.mark))
        } else {
            self.before * self.growth
        }
    }

    /// Growth of equity since the start, at `price`; exact in the multiplied book.
    pub fn equity_at(&self, price: f64) -> f64 {
        if self.counted {
            self.equity * (self.money(price) / self.before)
        } else if self.contracts != 0.0 {
            self.equity * (self.growth * (price / self.mark))
        } else {
            self.equity * self.growth
        }
    }

    /// Whether a full-size purchase may be multiplied: nothing held, no commission in money.
    pub fn may_multiply(&self) -> bool {
        self.contracts == 0.0 && self.rates.per_order == 0.0 && self.rates.per_contract == 0.0
    }

    /// Buys for everything; gives the contracts.
    pub fn buy_all(&mut self, price: f64, limit: bool) -> f64 {
        if self.counted {
            self.growth = self.cash / self.before;
            self.counted = false;
        }
        let rate = if limit { self.rates.buy_limit } else { self.rates.buy };
        self.contracts = self.before * self.growth / (price * rate);
        self.growth *= 1.0 / rate;
        self.mark = price;
        self.contracts
    }

    /// Whether the position is in the multiplied book.
    pub fn is_multiplied(&self) -> bool {
        !self.counted && self.contracts != 0.0
    }

    /// Sells everything that [`Account::buy_all`] bought.
    pub fn sell_all(&mut self, price: f64, limit: bool) {
        let rate = if limit { self.rates.sell_limit } else { self.rates.sell };
        self.growth *= price / self.mark * rate;
        self.contracts = 0.0;
    }

    /// Buys or sells `qty` > 0 contracts in the counted book. `charge`: whether the commission an order falls due.
    pub fn trade(&mut self, side: Side, qty: f64, price: f64, limit: bool, charge: bool) {
        if !self.counted {
            self.cash = self.money(price) - self.contracts * price;
            self.counted = true;
        }
        match side {
            Side::Long => {
                self.cash -= qty * self.rates.paid(price, limit);
                self.contracts += qty;
            }
            Side::Short => {
                self.cash += qty * self.rates.got(price, limit);
                self.contracts -= qty;
            }
        }
        self.cash -= self.rates.per_contract * qty;
        if charge {
            self.cash -= self.rates.per_order;
        }
    }

    /// Takes up the money and the last close of bars that were slept through.
    pub fn wake(&mut self, before: f64, close: f64) {
        self.before = before;
        if self.is_multiplied() {
            self.mark = close;
        }
    }

    pub fn books(&self) -> Books {
        Books { before: self.before, cash: self.cash, contracts: self.contracts, counted: self.counted }
    }

    /// Nothing is held any more: rounding leaves no trace of a contract.
    pub fn flat(&mut self) {
        self.contracts = 0.0;
    }

    /// Carries the growth of an all-in position to `close`.
    pub fn carry(&mut self, close: f64) {
        if self.is_multiplied() {
            self.growth *= close / self.mark;
            self.mark = close;
        }
    }

    /// Ends the bar at `close`: gives its growth, below 0 counted as 0.
    pub fn end(&mut self, close: f64) -> f64 {
        self.carry(close);
        let after;
        let growth;
        if self.counted {
            after = self.cash + self.contracts * close;
            growth = after / self.before;
        } else {
            growth = self.growth;
            after = self.before * growth;
        }
        self.growth = 1.0;
        if !(after > 0.0 && growth > 0.0) {
            // Ruined, or a sum that no longer is a number.
            (self.before, self.cash, self.contracts, self.counted, self.equity) = (0.0, 0.0, 0.0, false, 0.0);
            return 0.0;
        }
        self.before = after;
        self.equity *= growth;
        growth
    }
}
