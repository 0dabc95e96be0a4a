//! Every point of a stepwise strategy's grid. Memory is O(parameters) + O(bars) a thread; results do not depend on threads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::lanes::{Lanes, WIDTH};
use super::plan::{StepSweep, block_bounds, live, point, usable};
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
        let (usable, first) = usable(plan, &live, grid)?;
        plan.bars.computable(plan.train.end)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compute::isa::Isa;
    use crate::stepwise::House;
    use crate::stepwise::broker::Intrabar;
    use crate::{Costs, Fill, WarmUp};

    fn bars() -> Bars {
        let mut bars = Bars::default();
        let mut before = 100.0;
        for t in 0..400 {
            let close = 100.0 + 12.0 * (t as f64 * 0.31).sin() + 7.0 * (t as f64 * 1.7).cos();
            bars.time.push(86_400_000 * t);
            bars.open.push(before);
            bars.high.push(f64::max(before, close) + 1.0);
            bars.low.push(f64::min(before, close) - 1.0);
            bars.close.push(close);
            bars.volume.push(1_000.0);
            before = close;
        }
        bars
    }

    /// One strategy for vectors, one for brokers that sleep.
    #[test]
    fn every_instruction_set_is_the_plain_executor_to_the_bit() {
        let simple = "//@version=6\nstrategy(\"T\")\nn = input.int(5, minval=3, maxval=9)\nk = input.float(1.0, minval=0.5, maxval=6.0, step=0.5)\nvar float s = na\nif close > ta.sma(close, n)\n    strategy.entry(\"L\", strategy.long)\n    s := close - k\nelse\n    strategy.entry(\"S\", strategy.short)\nstrategy.exit(\"X\", \"L\", stop=s, trail_points=300, trail_offset=100)\n";
        let wide = "//@version=6\nstrategy(\"T\", pyramiding=2)\nn = input.int(5, minval=3, maxval=9)\nk = input.float(1.0, minval=0.5, maxval=6.0, step=0.5)\nif strategy.equity > 50000\n    strategy.entry(\"L\", strategy.long, stop=ta.highest(high, n))\n    strategy.entry(\"S\", strategy.short, limit=close + k)\nif strategy.openprofit < -900\n    strategy.close(\"L\", qty_percent=50)\nstrategy.exit(\"X\", \"L\", stop=close - 3 * k)\nstrategy.exit(\"Y\", \"S\", qty_percent=50, profit=400, loss=300)\n";
        let bars = bars();
        for text in [simple, wide] {
            let program = assay_pine::compile_steps(text).unwrap();
            let house = House {
                costs: Costs { fee: 0.0005, slippage: 0.0002 },
                fill: Fill::NextOpen,
                intrabar: Intrabar::Pessimistic,
            };
            let plan = StepSweep {
                program: &program,
                bars: &bars,
                house,
                train: 0..bars.len(),
                warm_up: WarmUp::Longest,
                engine: Engine::Simd,
                threads: 1,
                grid_max: 1_000,
            };
            let prepared = Prepared::new(&plan).unwrap();
            let plain: Vec<Trial> = (0..prepared.grid).map(|at| prepared.scalar(at).0.trial).collect();
            assert!(plain.iter().all(|trial| trial.entries > 5));
            for isa in Isa::available() {
                let mut lanes = prepared.lanes().unwrap();
                lanes.isa = isa;
                let mut scratch = lanes.scratch();
                let mut found = BTreeMap::new();
                for start in (0..prepared.grid).step_by(WIDTH) {
                    let end = (start + WIDTH as u64).min(prepared.grid);
                    found.extend(lanes.batch(&mut scratch, start, end, &prepared.usable));
                }
                for (at, outcome) in found {
                    assert_eq!(outcome.trial, plain[at as usize], "{isa:?}, point {at}");
                }
            }
        }
    }
}
