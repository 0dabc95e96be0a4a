//! Every point of a stepwise strategy's grid. Memory is O(parameters) + O(bars) a thread; results do not depend on threads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::lanes::{Lanes, WIDTH};
use super::plan::{StepSweep, block_bounds, first_bar, live, point};
use super::scalar::{Inputs, Timing, execute};
use super::trial::Book;
use crate::grid::checked;
use crate::sweep::{BLOCKS, Moments};
use crate::{Bars, Engine, SweepError, SweepResult, Trial};

/// What a sweep of a stepwise strategy gives.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSweepResult {
    /// As the signals path gives it.
    pub result: SweepResult,
    /// By grid point: bars on which a bracket filled whose stop and target both lay within the bar.
    pub ambiguous_bars: Vec<u32>,
}

/// One grid point.
pub(super) struct Outcome {
    pub trial: Trial,
    pub ambiguous_bars: u32,
}

impl Outcome {
    pub fn invalid() -> Outcome {
        Outcome { trial: Trial::invalid(), ambiguous_bars: 0 }
    }
}

/// A plan with everything computed that its grid points share.
struct Prepared<'a> {
    plan: &'a StepSweep<'a>,
    bars: Bars,
    grid: u64,
    live: Vec<bool>,
    usable: Vec<bool>,
    blocks: [usize; BLOCKS + 1],
}

/// Sweeps the whole grid. `progress(done, all)` is called now and then from any thread; false cancels.
///
/// # Errors
/// See [`SweepError`].
pub fn sweep_steps(
    plan: &StepSweep<'_>,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<StepSweepResult, SweepError> {
    let prepared = Prepared::new(plan)?;
    let outcomes = prepared.sweep(progress)?;
    let (mut trials, mut ambiguous_bars) = (Vec::with_capacity(outcomes.len()), Vec::with_capacity(outcomes.len()));
    for outcome in outcomes {
        trials.push(outcome.trial);
        ambiguous_bars.push(outcome.ambiguous_bars);
    }
    let result = SweepResult {
        trials,
        first_bar: prepared.blocks[0],
        block_bars: prepared.blocks.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect(),
        periods_per_year: plan.bars.periods_per_year(),
    };
    Ok(StepSweepResult { result, ambiguous_bars })
}

/// The moments of the returns of some grid points, block by block, as [`crate::block_moments`]. An invalid point has zeros.
///
/// # Errors
/// See [`SweepError`].
pub fn step_block_moments(plan: &StepSweep<'_>, points: &[u64]) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
    let prepared = Prepared::new(plan)?;
    Ok(points.iter().map(|at| prepared.scalar(*at).1).collect())
}

impl<'a> Prepared<'a> {
    fn new(plan: &'a StepSweep<'a>) -> Result<Prepared<'a>, SweepError> {
        let grid = checked(&plan.program.inputs, plan.grid_max)?;
        let live = live(plan.program);
        let (usable, first) = first_bar(plan, &live, grid)?;
        let bars = plan.bars.prefix(plan.train.end);
        Ok(Prepared { plan, bars, grid, live, usable, blocks: block_bounds(first, plan.train.end) })
    }

    /// One point the plain way, with the moments of its blocks.
    fn scalar(&self, at: u64) -> (Outcome, [Moments; BLOCKS]) {
        let invalid = || (Outcome::invalid(), [Moments::default(); BLOCKS]);
        if !self.usable.get(at as usize).copied().unwrap_or(false) {
            return invalid();
        }
        let program = self.plan.program;
        let Ok(inputs) = Inputs::of(program, &self.live, &point(&program.inputs, at), &self.bars) else {
            return invalid();
        };
        let mut book = Book::new(self.blocks);
        let settings = self.plan.house.settings(program, &self.bars);
        let timing = Timing::from(self.from());
        let run = execute(program, &self.live, &inputs, &settings, &self.bars, timing, |t, g, _| book.add(t, g));
        match run {
            Ok(broker) => {
                let trial = book.trial(broker.tally().entries, broker.closed_trades().len() as u32);
                (Outcome { trial, ambiguous_bars: broker.tally().ambiguous_bars }, book.moments)
            }
            Err(_) => invalid(),
        }
    }

    /// The bar from which on orders are placed.
    fn from(&self) -> usize {
        self.blocks[0] - self.plan.house.fill.lag()
    }

    fn lanes(&self) -> Option<Lanes<'_>> {
        let plan = self.plan;
        let settings = plan.house.settings(plan.program, &self.bars);
        match plan.engine {
            Engine::Scalar => None,
            Engine::Simd => {
                Lanes::new(plan.program, &self.bars, &self.live, &settings, self.blocks, self.from(), self.grid)
            }
        }
    }

    fn sweep(&self, progress: &(dyn Fn(u64, u64) -> bool + Sync)) -> Result<Vec<Outcome>, SweepError> {
        let lanes = self.lanes();
        let width = if lanes.is_some() { WIDTH as u64 } else { 1 };
        let (next, done, cancelled) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let parts: Mutex<BTreeMap<u64, Outcome>> = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..self.plan.threads.max(1) {
                scope.spawn(|| {
                    let mut scratch = lanes.as_ref().map(Lanes::scratch);
                    loop {
                        let start = next.fetch_add(width, Ordering::Relaxed);
                        if start >= self.grid || cancelled.load(Ordering::Relaxed) {
                            return;
                        }
                        let end = (start + width).min(self.grid);
                        let outcomes = match (&lanes, &mut scratch) {
                            (Some(lanes), Some(scratch)) => lanes.batch(scratch, start, end, &self.usable),
                            _ => (start..end).map(|at| (at, self.scalar(at).0)).collect(),
                        };
                        parts.lock().expect("no thread panics with the lock").extend(outcomes);
                        let so_far = done.fetch_add(end - start, Ordering::Relaxed) + (end - start);
                        if !progress(so_far, self.grid) {
                            cancelled.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        if cancelled.load(Ordering::Relaxed) {
            return Err(SweepError::Cancelled);
        }
        Ok(parts.into_inner().expect("no thread panics with the lock").into_values().collect())
    }
}
