//! What a strategy's header and the house say of execution: sizes, costs, fill rules.

use super::Side;

/// How many contracts an order without a quantity is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sizing {
    /// Everything, decided at the fill. With pyramiding n > 1 each entry takes an equal share: the free money over the
    /// entries still allowed. The house default.
    AllIn,
    /// So many contracts.
    Fixed(f64),
    /// So much money, at the close of the bar that places the order.
    Cash(f64),
    /// Percent of the equity, at the close of the bar that places the order.
    PercentOfEquity(f64),
}

/// What the script's header charges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Commission {
    /// Nothing.
    None,
    /// Percent of the traded value; the larger of this and the house's fee counts.
    Percent(f64),
    /// Money for each order that fills, on top of the house's fee.
    PerOrder(f64),
    /// Money for each contract, on top of the house's fee.
    PerContract(f64),
}

/// What is assumed of the prices within a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intrabar {
    /// Open, nearer extreme, farther extreme, close: TradingView's assumption. At equal distance the low comes first.
    Path,
    /// While a position is held its adverse extreme comes first: stops are hit before targets, and a trailing stop follows
    /// the favourable extreme only after that. A position that a limit order opens within the bar sees no favourable
    /// extreme any more on that bar, for it may lie before the fill. While flat as [`Intrabar::Path`].
    Pessimistic,
}

/// Which trades an exit that names an entry closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseRule {
    /// As many contracts as that entry holds, from the oldest trades.
    Fifo,
    /// The trades of that entry.
    Any,
}

/// Directions that `strategy.entry` may open; the other one only closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// Both.
    Both,
    /// Long only.
    Long,
    /// Short only.
    Short,
}

/// Everything the emulator must know but the orders and the prices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BrokerSettings {
    /// Money at the start; above 0.
    pub initial_capital: f64,
    /// Size of orders that name none.
    pub sizing: Sizing,
    /// Entries allowed in one direction; 0 counts as 1.
    pub pyramiding: u32,
    /// The script's commission.
    pub commission: Commission,
    /// The script's slippage, in ticks; market and stop fills.
    pub slippage_ticks: f64,
    /// Size of a tick.
    pub mintick: f64,
    /// The house's fee, a rate on the traded value, per side.
    pub fee: f64,
    /// The house's slippage, a rate on the price, market and stop fills.
    pub slippage: f64,
    /// Market orders fill at the close that placed them, and resting ones that this close satisfies.
    pub process_orders_on_close: bool,
    /// Which trades are closed first.
    pub close_rule: CloseRule,
    /// What is assumed within a bar.
    pub intrabar: Intrabar,
    /// Directions that entries may open.
    pub allow: Allow,
}

impl BrokerSettings {
    /// All in, one entry, no costs, a tick of 0.01, fills at the next open, the stop first.
    pub fn plain() -> BrokerSettings {
        BrokerSettings {
            initial_capital: 100_000.0,
            sizing: Sizing::AllIn,
            pyramiding: 1,
            commission: Commission::None,
            slippage_ticks: 0.0,
            mintick: 0.01,
            fee: 0.0,
            slippage: 0.0,
            process_orders_on_close: false,
            close_rule: CloseRule::Fifo,
            intrabar: Intrabar::Pessimistic,
            allow: Allow::Both,
        }
    }
}

/// Factors on price that costs amount to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rates {
    /// Paid for a purchase by market or stop order, over its price.
    pub buy: f64,
    /// Got for a sale by market or stop order.
    pub sell: f64,
    /// Paid for a purchase by limit order.
    pub buy_limit: f64,
    /// Got for a sale by limit order.
    pub sell_limit: f64,
    /// An all-in short by market or stop order sells equity over price times this.
    pub short: f64,
    /// The same by limit order.
    pub short_limit: f64,
    /// Ticks of slippage as a price.
    pub ticks: f64,
    /// Money an order.
    pub per_order: f64,
    /// Money a contract.
    pub per_contract: f64,
    /// Fee as a rate.
    pub fee: f64,
    /// Slippage as a rate, none for limit orders.
    pub slippage: f64,
}

impl Rates {
    pub fn new(settings: &BrokerSettings) -> Rates {
        let (mut fee, s) = (settings.fee, settings.slippage);
        let (mut per_order, mut per_contract) = (0.0, 0.0);
        match settings.commission {
            Commission::None => {}
            Commission::Percent(percent) => fee = fee.max(percent / 100.0),
            Commission::PerOrder(money) => per_order = money,
            Commission::PerContract(money) => per_contract = money,
        }
        Rates {
            // The same expressions as `fills::Factors`, so that the products are equal to the bit.
            buy: (1.0 + fee) * (1.0 + s),
            sell: (1.0 - fee) * (1.0 - s),
            buy_limit: 1.0 + fee,
            sell_limit: 1.0 - fee,
            short: (1.0 + fee) * (1.0 - s),
            short_limit: 1.0 + fee,
            ticks: settings.slippage_ticks * settings.mintick,
            per_order,
            per_contract,
            fee,
            slippage: s,
        }
    }

    /// What one contract costs when bought at `price`.
    pub fn paid(&self, price: f64, limit: bool) -> f64 {
        price * if limit { self.buy_limit } else { self.buy }
    }

    /// Commission on one contract, in money.
    pub fn commission(&self, side: Side, price: f64, limit: bool) -> f64 {
        let slippage = if limit { 0.0 } else { self.slippage };
        price * (1.0 + side.sign() * slippage) * self.fee + self.per_contract
    }

    /// Everything that trading one contract costs beyond its price, in money.
    pub fn cost(&self, side: Side, price: f64, limit: bool) -> f64 {
        let beyond = match side {
            Side::Long => self.paid(price, limit) - price,
            Side::Short => price - self.got(price, limit),
        };
        beyond + self.per_contract
    }

    /// What one contract brings when sold at `price`.
    pub fn got(&self, price: f64, limit: bool) -> f64 {
        price * if limit { self.sell_limit } else { self.sell }
    }
}
