//! The plain interpreter: whole scripts, bar by bar. The oracle of every faster execution, and the one for scripts that those
//! cannot hold.
//!
//! [`interpret`] runs one parameter set. `machine` walks the checked tree, `series` holds the states of `ta.*`, `requests`
//! other intervals, `account` the orders, `functions`, `arrays`, `texts` the rest of Pine's library.

mod account;
mod arrays;
mod calendar;
mod functions;
mod machine;
mod requests;
mod series;
mod texts;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use assay_pine::check::tree::{self, Script};

use super::broker::{Allow, BrokerSettings, CloseRule, Commission, Intrabar, NO_ID, Side, Sizing};
use crate::{Bars, Costs, Fill, Trade};
use account::Account;
use calendar::Interval;
use machine::Machine;

/// Most rounds of all loops on one bar.
pub const LOOPS_PER_BAR_MAX: u64 = 2_000_000;
/// Most rounds of all loops in one run.
pub const LOOPS_PER_RUN_MAX: u64 = 300_000_000;
/// Most elements of an array, a map or a matrix, as on TradingView.
pub const ELEMENTS_MAX: usize = 100_000;
/// Longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 40_960;

/// What the house says of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSettings {
    /// Rates on top of the script's own; the larger fee counts.
    pub costs: Costs,
    /// When market orders fill; `None`: as the script's header says.
    pub fill: Option<Fill>,
    /// What is assumed within a bar.
    pub intrabar: Intrabar,
    /// Size of a tick.
    pub mintick: f64,
    /// Bars of the first and past the last return; the bars before only run the script, without orders.
    pub range: Range<usize>,
}

impl StepSettings {
    /// All bars, no costs, the stop first, a tick of 0.01, fills as the header says.
    pub fn plain(bars: &Bars) -> StepSettings {
        StepSettings {
            costs: Costs { fee: 0.0, slippage: 0.0 },
            fill: None,
            intrabar: Intrabar::Pessimistic,
            mintick: 0.01,
            range: 0..bars.len(),
        }
    }
}

/// What one parameter set did.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRun {
    /// The bar of the first return.
    pub first_bar: usize,
    /// Simple return of equity on each bar from `first_bar`, net of costs.
    pub returns: Vec<f64>,
    /// Equity after each of those bars, from 1.
    pub equity: Vec<f64>,
    /// Contracts held at the close of each of those bars; negative when short.
    pub positions: Vec<f64>,
    /// Closed trades in the order of their exits, then those that are open.
    pub trades: Vec<StepTrade>,
    /// Bars with a position at their close.
    pub bars_held: usize,
    /// Bars on which both the stop and the target of an exit that filled lay within the bar.
    pub ambiguous_bars: u32,
    /// Equity was lost whole.
    pub ruined: bool,
}

/// One trade.
#[derive(Clone, Debug, PartialEq)]
pub struct StepTrade {
    /// Bars, prices and gain.
    pub trade: Trade,
    /// Long or short.
    pub side: Side,
    /// Contracts.
    pub qty: f64,
    /// Name of the order that opened it.
    pub entry_id: String,
    /// Name of the order that closed it; empty for `strategy.close` and open trades.
    pub exit_id: String,
}

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message} (on bar {bar})")]
pub struct RunError {
    /// Index of the bar.
    pub bar: usize,
    /// Line of the script; 0 where no line is to blame.
    pub line: u32,
    /// What happened.
    pub message: String,
}

/// Runs `script` with one value for each of its inputs.
///
/// # Errors
/// What the script raises by itself (`runtime.error`, an index outside of an array), bounds that it runs into, an interval that
/// the bars cannot give, and ranges without a bar.
pub fn interpret(script: &Script, values: &[f64], bars: &Bars, settings: &StepSettings) -> Result<StepRun, RunError> {
    let range = settings.range.clone();
    let stop = |message: String| RunError { bar: 0, line: 0, message };
    if range.start >= range.end || range.end > bars.len() {
        return Err(stop(format!("there are no bars {} to {} in {}", range.start, range.end, bars.len())));
    }
    if values.len() != script.inputs.len() {
        return Err(stop(format!("{} values for {} inputs", values.len(), script.inputs.len())));
    }
    let seen = if range.end == bars.len() { Cow::Borrowed(bars) } else { Cow::Owned(bars.prefix(range.end)) };
    let interval = Interval::of_times(&seen.time);
    let broker = broker_settings(script, settings);
    let lag = usize::from(!broker.process_orders_on_close);
    let mut machine = Machine::new(&script.body, seen, interval, script.version, settings.mintick, values);
    machine.account = Some(Account::new(&broker));
    let n = range.end - range.start;
    let mut run = StepRun {
        first_bar: range.start,
        returns: Vec::with_capacity(n),
        equity: Vec::with_capacity(n),
        positions: Vec::with_capacity(n),
        trades: Vec::new(),
        bars_held: 0,
        ambiguous_bars: 0,
        ruined: false,
    };
    let mut equity = 1.0;
    for t in 0..range.end {
        if let Some(account) = &mut machine.account {
            account.trading = t + lag >= range.start;
            account.begin(&machine.bars, t);
        }
        machine.step(t)?;
        let Some(account) = &mut machine.account else { continue };
        let growth = account.broker.end();
        if t >= range.start {
            equity *= growth;
            run.returns.push(growth - 1.0);
            run.equity.push(equity);
            let position = account.broker.position_size();
            run.positions.push(position);
            run.bars_held += usize::from(position != 0.0);
        }
    }
    if let Some(account) = &machine.account {
        finish(account, bars.close[range.end - 1], &mut run);
    }
    Ok(run)
}

fn finish(account: &Account, last_close: f64, run: &mut StepRun) {
    let broker = &account.broker;
    run.ambiguous_bars = broker.tally().ambiguous_bars;
    run.ruined = broker.is_ruined();
    for trade in broker.closed_trades() {
        run.trades.push(StepTrade {
            trade: Trade {
                entry_bar: trade.entry_bar,
                exit_bar: Some(trade.exit_bar),
                entry_price: trade.entry_price,
                exit_price: trade.exit_price,
                gain: trade.gain,
            },
            side: trade.side,
            qty: trade.qty,
            entry_id: account.name(trade.entry_id).to_owned(),
            exit_id: if trade.exit_id == NO_ID { String::new() } else { account.name(trade.exit_id).to_owned() },
        });
    }
    for trade in broker.open_trades() {
        run.trades.push(StepTrade {
            trade: Trade {
                entry_bar: trade.entry_bar,
                exit_bar: None,
                entry_price: trade.entry_price,
                exit_price: last_close,
                gain: broker.open_gain(trade),
            },
            side: trade.side,
            qty: trade.qty,
            entry_id: account.name(trade.entry_id).to_owned(),
            exit_id: String::new(),
        });
    }
}

/// The header and the house together.
pub fn broker_settings(script: &Script, settings: &StepSettings) -> BrokerSettings {
    let header = &script.header;
    BrokerSettings {
        initial_capital: header.initial_capital.unwrap_or(100_000.0),
        sizing: match header.quantity {
            None => Sizing::AllIn,
            Some(tree::Quantity::Fixed(x)) => Sizing::Fixed(x),
            Some(tree::Quantity::Cash(x)) => Sizing::Cash(x),
            Some(tree::Quantity::PercentOfEquity(x)) => Sizing::PercentOfEquity(x),
        },
        pyramiding: header.pyramiding,
        commission: match header.commission {
            None => Commission::None,
            Some(tree::Commission::Percent(x)) => Commission::Percent(x),
            Some(tree::Commission::PerOrder(x)) => Commission::PerOrder(x),
            Some(tree::Commission::PerContract(x)) => Commission::PerContract(x),
        },
        slippage_ticks: header.slippage_ticks,
        mintick: settings.mintick,
        fee: settings.costs.fee,
        slippage: settings.costs.slippage,
        process_orders_on_close: match settings.fill {
            Some(fill) => fill == Fill::Close,
            None => header.process_orders_on_close,
        },
        close_rule: if header.close_any { CloseRule::Any } else { CloseRule::Fifo },
        intrabar: settings.intrabar,
        allow: Allow::Both,
    }
}
