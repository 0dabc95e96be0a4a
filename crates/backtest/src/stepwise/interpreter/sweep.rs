//! Every point of an interpreted script's grid, one at a time: the slowest path, for what no faster one holds.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assay_pine::check::tree::Script;

use super::warm_up::warm_up;
use super::{RunError, interpret, interpret_late};
use crate::stepwise::plan::{block_bounds, point};
use crate::stepwise::trial::Book;
use crate::stepwise::{House, StepRun};
use crate::sweep::{BLOCKS, Moments};
use crate::warm_up::{first_bar, too_few};
use crate::{Bars, SweepError, SweepResult, Trial};

/// What to sweep.
#[derive(Clone, Debug)]
pub struct ScriptSweep<'a> {
    /// The script with its grid.
    pub script: &'a Script,
    /// The prices. Bars past `train` are not looked at.
    pub bars: &'a Bars,
    /// Costs and fill rules.
    pub house: House,
    /// The bars to trade on.
    pub train: Range<usize>,
    /// Threads; 0 counts as 1.
    pub threads: usize,
    /// Largest grid that is taken.
    pub grid_max: u64,
}

/// A plan with its first bar.
struct Prepared<'a> {
    plan: &'a ScriptSweep<'a>,
    grid: u64,
    usable: Vec<bool>,
    blocks: [usize; BLOCKS + 1],
}

/// Sweeps the whole grid. `progress(done, all)` is called after each point from any thread; false cancels. A point whose run
/// stops is invalid.
///
/// # Errors
/// See [`SweepError`]; [`SweepError::Script`] when the runs of all points stop.
pub fn sweep_script(
    plan: &ScriptSweep<'_>,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<SweepResult, SweepError> {
    let prepared = Prepared::new(plan)?;
    let (next, done, cancelled) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let mut trials = vec![Trial::invalid(); prepared.grid as usize];
    let stopped: Mutex<Option<(u64, RunError)>> = Mutex::new(None);
    let work = || {
        let mut mine = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= prepared.grid || cancelled.load(Ordering::Relaxed) {
                return mine;
            }
            if !prepared.usable[at as usize] {
                if !progress(done.fetch_add(1, Ordering::Relaxed) + 1, prepared.grid) {
                    cancelled.store(true, Ordering::Relaxed);
                }
                continue;
            }
            match prepared.trade(at) {
                Ok((trial, _)) => mine.push((at, trial)),
                Err(error) => {
                    let mut first = stopped.lock().expect("no thread panics with the lock");
                    if first.as_ref().is_none_or(|(point, _)| at < *point) {
                        *first = Some((at, error));
                    }
                }
            }
            if !progress(done.fetch_add(1, Ordering::Relaxed) + 1, prepared.grid) {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    };
    let parts: Vec<(u64, Trial)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a run that stops is an error")).collect()
    });
    if cancelled.load(Ordering::Relaxed) {
        return Err(SweepError::Cancelled);
    }
    let found = !parts.is_empty();
    for (at, trial) in parts {
        trials[at as usize] = trial;
    }
    match stopped.into_inner().expect("no thread panics with the lock") {
        Some((_, error)) if !found => Err(error.into()),
        _ => Ok(SweepResult {
            trials,
            first_bar: prepared.blocks[0],
            block_bars: prepared.blocks.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect(),
            periods_per_year: plan.bars.periods_per_year(),
        }),
    }
}

/// The moments of the returns of some grid points, block by block; zeros for a point whose run stops.
///
/// # Errors
/// See [`SweepError`].
pub fn script_block_moments(plan: &ScriptSweep<'_>, points: &[u64]) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
    let prepared = Prepared::new(plan)?;
    Ok(points
        .iter()
        .map(|at| match prepared.usable.get(*at as usize) {
            Some(true) => prepared.trade(*at).map_or([Moments::default(); BLOCKS], |(_, book)| book.moments),
            _ => [Moments::default(); BLOCKS],
        })
        .collect())
}

/// One parameter set in full, from `range.start` or behind the warm-up, whichever is later.
///
/// # Errors
/// [`SweepError::TooFewBars`], and [`SweepError::Script`] when the run stops.
pub fn run_script(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
) -> Result<StepRun, SweepError> {
    run_script_late(script, values, bars, house, range, 0)
}

/// The same with every order reaching the broker `late` bars after the script gave it.
pub(crate) fn run_script_late(
    script: &Script,
    values: &[f64],
    bars: &Bars,
    house: House,
    range: Range<usize>,
    late: usize,
) -> Result<StepRun, SweepError> {
    let warm_up = warm_up(script, values, bars);
    let first = first_bar(&range, warm_up, house.fill.lag() + late)?;
    Ok(interpret_late(script, values, bars, house, first..range.end, late)?)
}

/// Which points can be traded, and the longest warm-up of these: all of them start behind it. A point whose warm-up is more
/// than half of the bars is no use.
fn usable(plan: &ScriptSweep<'_>, grid: u64) -> Result<(Vec<bool>, usize), SweepError> {
    let have = plan.train.end.saturating_sub(plan.train.start);
    let (mut longest, mut shortest) = (0, usize::MAX);
    let mut usable = vec![false; grid as usize];
    for (at, usable) in usable.iter_mut().enumerate() {
        let warm = warm_up(plan.script, &point(&plan.script.inputs, at as u64), plan.bars);
        shortest = shortest.min(warm);
        if warm.saturating_sub(plan.train.start) <= have / 2 {
            *usable = true;
            longest = longest.max(warm);
        }
    }
    if !usable.contains(&true) {
        return Err(too_few(&plan.train, shortest));
    }
    Ok((usable, longest))
}

impl<'a> Prepared<'a> {
    fn new(plan: &'a ScriptSweep<'a>) -> Result<Prepared<'a>, SweepError> {
        let grid = crate::grid::checked(&plan.script.inputs, plan.grid_max)?;
        let (usable, longest) = usable(plan, grid)?;
        let first = first_bar(&plan.train, longest, plan.house.fill.lag())?;
        Ok(Prepared { plan, grid, usable, blocks: block_bounds(first, plan.train.end) })
    }

    fn trade(&self, at: u64) -> Result<(Trial, Book), RunError> {
        let plan = self.plan;
        let values = point(&plan.script.inputs, at);
        let range = self.blocks[0]..plan.train.end;
        let run = interpret(plan.script, &values, plan.bars, plan.house, range.clone())?;
        let mut book = Book::new(self.blocks);
        range.zip(&run.run.returns).for_each(|(t, r)| book.add(t, 1.0 + r));
        let trades = run.run.trades.len() as u32;
        Ok((book.trial(trades, run.closed.len() as u32), book))
    }
}

impl From<RunError> for SweepError {
    fn from(error: RunError) -> SweepError {
        SweepError::Script { line: error.line, bar: error.bar, message: error.message }
    }
}
