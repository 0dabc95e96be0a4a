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
mod machine;
mod prefix;
mod requests;
mod series;
mod sweep;
mod texts;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use assay_pine::check::tree::Script;

pub use sweep::{ScriptSweep, WARM_UP, run_script, script_block_moments, sweep_script};

use super::{House, StepRun};
use crate::{Bars, Run};
pub use prefix::first_change;

use account::Account;
use calendar::Interval;
use machine::Machine;

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

/// Runs `script` with one value for each of its inputs, and trades on the bars of `range`; on the bars before it the script
/// runs without orders.
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
    let stop = |message: String| RunError { bar: 0, line: 0, message };
    if range.start >= range.end || range.end > bars.len() {
        return Err(stop(format!("there are no bars {} to {} in {}", range.start, range.end, bars.len())));
    }
    if values.len() != script.inputs.len() {
        return Err(stop(format!("{} values for {} inputs", values.len(), script.inputs.len())));
    }
    bars.computable(range.end).map_err(|error| stop(error.to_string()))?;
    let seen = if range.end == bars.len() { Cow::Borrowed(bars) } else { Cow::Owned(bars.prefix(range.end)) };
    // The rhythm of the whole file: what the interval is, is no secret of the future.
    let interval = Interval::of_times(&bars.time);
    let settings = house.with(&script.settings, &seen);
    let mut machine = Machine::new(&script.body, seen, interval, script.version, settings.mintick, values);
    machine.account = Some(Account::new(&settings));
    let n = range.end - range.start;
    let mut run = Run {
        first_bar: range.start,
        returns: Vec::with_capacity(n),
        equity: Vec::with_capacity(n),
        trades: Vec::new(),
        bars_held: 0,
    };
    for t in 0..range.end {
        if let Some(account) = &mut machine.account {
            account.trading = t + house.fill.lag() >= range.start;
            account.begin(&machine.bars, t);
        }
        machine.step(t)?;
        let Some(account) = &mut machine.account else { continue };
        let growth = account.broker.end();
        if t >= range.start {
            run.bars_held += usize::from(account.broker.side().is_some());
            run.returns.push(growth - 1.0);
            run.equity.push(account.broker.total_growth());
        }
    }
    match &machine.account {
        Some(account) => Ok(StepRun::of(run, &account.broker)),
        None => Err(stop("the account is gone".to_owned())),
    }
}
