//! The plain interpreter: whole scripts, bar by bar. The oracle of every faster execution, and the one for scripts that those
//! cannot hold.
//!
//! [`interpret`] runs one parameter set. `machine` walks the checked tree, `series` holds the states of `ta.*`, `requests`
//! other intervals, `account` the orders, `functions`, `arrays`, `texts` the rest of Pine's library.

mod account;
mod arrays;
mod calendar;
mod facts;
mod functions;
mod look_ahead;
mod machine;
mod requests;
mod series;
mod sweep;
mod texts;
mod trace;
mod value;
mod warm_up;

use std::borrow::Cow;
use std::ops::Range;

use assay_pine::check::tree::Script;

pub(crate) use sweep::run_script_late;
pub use sweep::{ScriptSweep, run_script, script_block_moments, sweep_script};
pub use warm_up::{UNSEEN, warm_up};

use super::{House, StepRun};
use crate::{Bars, Run};
pub use look_ahead::first_change;
pub(crate) use look_ahead::newest_series;

use account::Account;
use calendar::Interval;
use machine::Machine;
use trace::Trace;

/// Most rounds of all loops on one bar; fewer where a fuzzer asks, which takes a long run for a hang.
pub const LOOPS_PER_BAR_MAX: u64 = if cfg!(fuzzing) { 20_000 } else { 2_000_000 };
/// Most rounds of all loops in one run.
pub const LOOPS_PER_RUN_MAX: u64 = if cfg!(fuzzing) { 100_000 } else { 300_000_000 };
/// Most elements of an array, a map or a matrix, as on TradingView.
pub const ELEMENTS_MAX: usize = 100_000;
/// Longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 40_960;

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

/// What to run.
#[derive(Clone, Debug)]
pub(super) struct Plan<'a> {
    pub script: &'a Script,
    /// One for each of its inputs.
    pub values: &'a [f64],
    pub house: House,
    /// Bars to trade on; those before only warm up.
    pub trade: Range<usize>,
    /// Bars that orders take to the broker.
    pub late: usize,
}

/// Runs `script` with one value for each of its inputs, and trades on the bars of `range`; on the bars before it the script
/// runs without orders, and those behind it do not exist.
///
/// # Errors
/// What the script raises by itself (`runtime.error`, an index outside of an array), bounds that it runs into, an interval that
/// the bars cannot give, ranges without a bar, and bars with a price or volume that no market has.
pub fn interpret(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
) -> Result<StepRun, RunError> {
    interpret_late(script, values, bars, house, range, 0)
}

/// The same with every order reaching the broker `late` bars after the script gave it.
pub(super) fn interpret_late(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
    late: usize,
) -> Result<StepRun, RunError> {
    let seen = if range.end >= bars.len() { Cow::Borrowed(bars) } else { Cow::Owned(bars.prefix(range.end)) };
    // The rhythm of the whole file: what the interval is, is no secret of the future.
    let interval = Interval::of_times(&bars.time);
    Ok(walk(&Plan { script, values, house, trade: range, late }, seen, interval, None)?.0)
}

/// Runs a plan on bars of which it may see all, also those behind its range.
fn walk(
    plan: &Plan<'_>,
    bars: Cow<'_, Bars>,
    interval: Interval,
    trace: Option<Trace>,
) -> Result<(StepRun, Option<Trace>), RunError> {
    let Plan { script, values, house, trade, late } = plan;
    let stop = |message: String| RunError { bar: 0, line: 0, message };
    if trade.start >= trade.end || trade.end > bars.len() {
        return Err(stop(format!("there are no bars {} to {} in {}", trade.start, trade.end, bars.len())));
    }
    if values.len() != script.inputs.len() {
        return Err(stop(format!("{} values for {} inputs", values.len(), script.inputs.len())));
    }
    bars.computable(trade.end).map_err(|error| stop(error.to_string()))?;
    let settings = house.with(&script.settings, &bars);
    let mut machine = Machine::new(&script.body, bars, interval, script.version, settings.mintick, values);
    machine.account = Some(Account::new(&settings, *late));
    machine.trace = trace;
    let n = trade.end - trade.start;
    let mut run = Run {
        first_bar: trade.start,
        returns: Vec::with_capacity(n),
        equity: Vec::with_capacity(n),
        trades: Vec::new(),
        bars_held: 0,
    };
    for t in 0..trade.end {
        if let Some(account) = &mut machine.account {
            account.trading = t + house.fill.lag() + late >= trade.start;
            let begun = account.begin(&machine.bars, t);
            begun.map_err(|full| RunError { bar: t, line: 0, message: full.to_string() })?;
        }
        machine.step(t)?;
        let Some(account) = &mut machine.account else { continue };
        let growth = account.broker.end();
        let equity = account.broker.total_growth();
        if let Some(trace) = &mut machine.trace {
            trace.end(equity);
        }
        if t >= trade.start {
            run.bars_held += usize::from(account.broker.side().is_some());
            run.returns.push(growth - 1.0);
            run.equity.push(equity);
        }
    }
    let trace = machine.trace.take();
    match &machine.account {
        Some(account) => Ok((StepRun::of(run, &account.broker), trace)),
        None => Err(stop("the account is gone".to_owned())),
    }
}
