//! Orders into the broker, and what a script reads of its account.

use std::collections::HashMap;

use assay_pine::check::tree::{self, TradeField};

use super::machine::{Flow, Machine};
use super::value::Value;
use crate::Bars;
use crate::stepwise::broker::{
    Allow, Bar, Broker, BrokerSettings, Close, Command, Exit, Late, NO_ID, Oca, OcaKind, Order, Side, Sizing,
    TooManyOrders,
};

/// Most names of orders; a script that makes a new one on every bar stops here.
const NAMES_MAX: usize = 1_000_000;

/// The broker, and names for its numbers.
pub(super) struct Account {
    pub broker: Broker,
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    /// The latest comment given with each name.
    comments: Vec<Option<String>>,
    /// Orders count from here on.
    pub trading: bool,
    sizing: Sizing,
    way: Late,
    /// The bar under way.
    t: usize,
}

impl Account {
    /// Orders reach the broker `late` bars after the script gave them.
    pub(super) fn new(settings: &BrokerSettings, late: usize) -> Account {
        Account {
            broker: Broker::new(settings),
            names: Vec::new(),
            numbers: HashMap::new(),
            comments: Vec::new(),
            trading: false,
            sizing: settings.sizing,
            way: Late::new(late),
            t: 0,
        }
    }

    /// Begins bar `t`: what rests is worked, and what was on its way arrives.
    pub(super) fn begin(&mut self, bars: &Bars, t: usize) -> Result<(), TooManyOrders> {
        self.t = t;
        self.broker.begin(t, Bar { open: bars.open[t], high: bars.high[t], low: bars.low[t], close: bars.close[t] });
        self.way.arrive(t, &mut self.broker)
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        if self.names.len() >= NAMES_MAX {
            return None;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.comments.push(None);
        self.numbers.insert(name.to_owned(), number);
        Some(number)
    }

    /// Contracts of an order that names none and fills at `price`.
    pub(super) fn default_qty(&self, price: f64) -> f64 {
        match self.sizing {
            Sizing::AllIn => self.broker.equity() / price,
            Sizing::Fixed(contracts) => contracts,
            Sizing::Cash(money) => money / price,
            Sizing::PercentOfEquity(percent) => percent / 100.0 * self.broker.equity() / price,
        }
    }

    fn comment(&self, id: u32) -> Value {
        match self.comments.get(id as usize).and_then(Option::as_ref) {
            Some(comment) => Value::text(comment),
            None => Value::text(""),
        }
    }

    /// A read of the state after the bar's fills, marked at its close.
    pub(super) fn read(&self, which: tree::Account) -> Value {
        use tree::Account as A;
        let broker = &self.broker;
        let tally = broker.tally();
        let capital = broker.initial_capital();
        let closed = f64::from(tally.wins + tally.losses + tally.evens);
        let ratio = |a: f64, b: f64| if b == 0.0 { f64::NAN } else { a / b };
        let percents = |side: fn(f64) -> bool| {
            let gains: Vec<f64> = broker.closed_trades().iter().map(|trade| trade.gain).filter(|g| side(*g)).collect();
            ratio(gains.iter().sum::<f64>() * 100.0, gains.len() as f64)
        };
        Value::Number(match which {
            A::PositionSize => broker.position_size(),
            A::PositionAvgPrice => broker.position_avg_price(),
            A::PositionEntryName => {
                return match broker.position_entry_id() {
                    Some(id) => Value::text(self.name(id)),
                    None => Value::text(""),
                };
            }
            A::Equity => broker.equity(),
            A::NetProfit => broker.netprofit(),
            A::NetProfitPercent => 100.0 * broker.netprofit() / capital,
            A::OpenProfit => broker.openprofit(),
            A::OpenProfitPercent => 100.0 * ratio(broker.openprofit(), broker.equity() - broker.openprofit()),
            A::GrossProfit => tally.gross_profit,
            A::GrossProfitPercent => 100.0 * tally.gross_profit / capital,
            A::GrossLoss => tally.gross_loss,
            A::GrossLossPercent => 100.0 * tally.gross_loss / capital,
            A::ClosedTrades => closed,
            A::OpenTrades => broker.open_trades().len() as f64,
            A::WinTrades => f64::from(tally.wins),
            A::LossTrades => f64::from(tally.losses),
            A::EvenTrades => f64::from(tally.evens),
            A::AvgTrade => ratio(tally.net_profit, closed),
            A::AvgTradePercent => percents(|_| true),
            A::AvgWinningTrade => ratio(tally.gross_profit, f64::from(tally.wins)),
            A::AvgLosingTrade => ratio(tally.gross_loss, f64::from(tally.losses)),
            A::AvgWinningTradePercent => percents(|gain| gain > 0.0),
            A::AvgLosingTradePercent => -percents(|gain| gain < 0.0),
            A::MaxDrawdown => tally.max_drawdown,
            A::MaxDrawdownPercent => 100.0 * ratio(tally.max_drawdown, capital),
            A::MaxRunup => tally.max_runup,
            A::MaxRunupPercent => 100.0 * ratio(tally.max_runup, capital),
            A::MaxContractsHeldAll | A::MaxContractsHeldLong | A::MaxContractsHeldShort => tally.max_contracts,
            A::InitialCapital => capital,
            A::OpenCapitalHeld => broker.open_trades().iter().map(|trade| trade.qty * trade.entry_price).sum(),
        })
    }

    /// A read of one trade; `na` where there is none.
    pub(super) fn trade(&self, closed: bool, field: TradeField, at: f64, bars: &Bars, price: f64) -> Value {
        use TradeField as F;
        if !(0.0..1e9).contains(&at) {
            return Value::Na;
        }
        let time = |bar: usize| bars.time.get(bar).map_or(f64::NAN, |ms| *ms as f64);
        if closed {
            let Some(trade) = self.broker.closed_trades().get(at as usize) else { return Value::Na };
            let value = trade.qty * trade.entry_price;
            return Value::Number(match field {
                F::EntryId => return Value::text(self.name(trade.entry_id)),
                F::EntryComment => return self.comment(trade.entry_id),
                F::ExitId if trade.exit_id == NO_ID => return Value::text("Close entry(s) order"),
                F::ExitId => return Value::text(self.name(trade.exit_id)),
                F::ExitComment => return self.comment(trade.exit_id),
                F::EntryPrice => trade.entry_price,
                F::EntryBarIndex => trade.entry_bar as f64,
                F::EntryTime => time(trade.entry_bar),
                F::ExitPrice => trade.exit_price,
                F::ExitBarIndex => trade.exit_bar as f64,
                F::ExitTime => time(trade.exit_bar),
                F::Size => trade.side.sign() * trade.qty,
                F::Profit => trade.profit,
                F::ProfitPercent => 100.0 * trade.profit / value,
                F::Commission => trade.commission,
                F::MaxRunup => trade.max_runup,
                F::MaxRunupPercent => 100.0 * trade.max_runup / value,
                F::MaxDrawdown => trade.max_drawdown,
                F::MaxDrawdownPercent => 100.0 * trade.max_drawdown / value,
            });
        }
        let Some(trade) = self.broker.open_trades().get(at as usize) else { return Value::Na };
        let value = trade.qty * trade.entry_price;
        let profit = || trade.profit(price);
        Value::Number(match field {
            F::EntryId => return Value::text(self.name(trade.entry_id)),
            F::EntryComment => return self.comment(trade.entry_id),
            F::ExitId | F::ExitComment => return Value::Na,
            F::EntryPrice => trade.entry_price,
            F::EntryBarIndex => trade.entry_bar as f64,
            F::EntryTime => time(trade.entry_bar),
            F::ExitPrice | F::ExitBarIndex | F::ExitTime => f64::NAN,
            F::Size => trade.side.sign() * trade.qty,
            F::Profit => profit(),
            F::ProfitPercent => 100.0 * profit() / value,
            F::Commission => trade.commission,
            F::MaxRunup => trade.max_runup(),
            F::MaxRunupPercent => 100.0 * trade.max_runup() / value,
            F::MaxDrawdown => trade.max_drawdown(),
            F::MaxDrawdownPercent => 100.0 * trade.max_drawdown() / value,
        })
    }

    /// Places an order.
    fn place(&mut self, order: tree::Order, args: &[Option<Value>]) -> Result<(), String> {
        let given = |k: usize| args.get(k).and_then(Option::as_ref);
        let number = |k: usize| given(k).map_or(f64::NAN, Value::number);
        let text = |k: usize| match given(k) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.to_string()),
            _ => None,
        };
        let full = || format!("more than {NAMES_MAX} names of orders");
        let id = match order {
            tree::Order::CloseAll | tree::Order::CancelAll | tree::Order::AllowEntryIn => 0,
            _ => self.number(&text(0).unwrap_or_default()).ok_or_else(full)?,
        };
        let comment = match order {
            tree::Order::Entry | tree::Order::Order => text(7),
            tree::Order::Exit => text(12),
            _ => None,
        };
        if let Some(comment) = comment
            && let Some(place) = self.comments.get_mut(id as usize)
        {
            *place = Some(comment);
        }
        let command = match order {
            tree::Order::Entry | tree::Order::Order => {
                let long = match given(1) {
                    Some(Value::Text(side)) => match &**side {
                        "strategy.long" | "strategy.direction.long" => true,
                        "strategy.short" | "strategy.direction.short" => false,
                        _ => return Err(format!("{side:?} is no direction: strategy.long or strategy.short")),
                    },
                    Some(value) if !value.is_na() => value.truth(),
                    _ => return Ok(()),
                };
                let oca = match text(5) {
                    Some(group) => {
                        let kind = match text(6).as_deref() {
                            Some("strategy.oca.cancel") => OcaKind::Cancel,
                            Some("strategy.oca.reduce") => OcaKind::Reduce,
                            _ => OcaKind::None,
                        };
                        Some(Oca { group: self.number(&group).ok_or_else(full)?, kind })
                    }
                    None => None,
                };
                let order = Order {
                    id,
                    entry: order == tree::Order::Entry,
                    side: if long { Side::Long } else { Side::Short },
                    qty: number(2),
                    limit: number(3),
                    stop: number(4),
                    oca,
                };
                Command::Order(order)
            }
            tree::Order::Exit => {
                let from_entry = match text(1) {
                    Some(from) => Some(self.number(&from).ok_or_else(full)?),
                    None => None,
                };
                let oca = match text(11) {
                    Some(group) => Some(Oca { group: self.number(&group).ok_or_else(full)?, kind: OcaKind::Reduce }),
                    None => None,
                };
                let exit = Exit {
                    id,
                    from_entry,
                    qty: number(2),
                    qty_percent: number(3),
                    profit: number(4),
                    limit: number(5),
                    loss: number(6),
                    stop: number(7),
                    trail_price: number(8),
                    trail_points: number(9),
                    trail_offset: number(10),
                    oca,
                };
                Command::Exit(exit)
            }
            tree::Order::Close => {
                let immediately = given(3).is_some_and(Value::truth);
                let close = Close { entry: Some(id), qty: number(1), qty_percent: number(2), immediately };
                Command::Close(close)
            }
            tree::Order::CloseAll => {
                let close = Close { immediately: given(0).is_some_and(Value::truth), ..Close::all_of(None) };
                Command::Close(close)
            }
            tree::Order::Cancel => Command::Cancel(id),
            tree::Order::CancelAll => Command::CancelAll,
            // No order: a rule that holds from now on.
            tree::Order::AllowEntryIn => {
                self.broker.allow_entry_in(match text(0).as_deref() {
                    Some("strategy.direction.long") => Allow::Long,
                    Some("strategy.direction.short") => Allow::Short,
                    _ => Allow::Both,
                });
                return Ok(());
            }
        };
        self.way.send(self.t, command, &mut self.broker).map_err(|error| error.to_string())
    }
}

impl Machine<'_> {
    pub(super) fn order(&mut self, order: tree::Order, args: &[Option<Value>], line: u32) {
        if self.flow == Flow::Halt {
            return;
        }
        let Some(account) = &mut self.account else { return };
        if !account.trading && order != tree::Order::AllowEntryIn {
            return;
        }
        if let Some(trace) = &mut self.trace {
            trace.order(order, line, args);
        }
        if let Err(message) = account.place(order, args) {
            self.fail(line, message);
        }
    }
}
