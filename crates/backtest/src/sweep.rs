//! Every point of a parameter grid on one set of bars.
//!
//! Memory is O(parameters) + O(bars): a trial is a few sums, never its returns. Series that several parameter sets share are
//! computed once, within `SHARED_BYTES_MAX`. Results do not depend on the number of threads.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assay_pine::Program;

use crate::batch::{self, BATCH, BatchScratch};
use crate::compute::isa::Isa;
use crate::compute::{LANES, Lane, scalar};
use crate::layout::Layout;
use crate::shared::Shared;
use crate::{Bars, Costs, Fill};

/// Blocks whose moments are kept: enough for CSCV with S = 16.
pub const BLOCKS: usize = 16;
/// Fewest returns that a sweep or a run is made of.
pub const RETURNS_MIN: usize = 2 * BLOCKS;

/// What to sweep.
#[derive(Clone, Debug)]
pub struct Sweep<'a> {
    /// The strategy with its grid.
    pub program: &'a Program,
    /// The prices. Bars past `train` are not looked at.
    pub bars: &'a Bars,
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// The bars to trade on.
    pub train: Range<usize>,
    /// From which bar on a trial may trade.
    pub warm_up: WarmUp,
    /// Who computes.
    pub engine: Engine,
    /// Threads; 0 counts as 1.
    pub threads: usize,
    /// Largest grid that is taken.
    pub grid_max: u64,
}

/// From which bar on a trial may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarmUp {
    /// All from the longest warm-up of the grid: the only fair comparison.
    Longest,
    /// Each as soon as its own series exist, as vectorbt does.
    Own,
}

/// Who computes. The results are equal to the bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One trial at a time: the oracle.
    Scalar,
    /// Many trials in lock step, on the best instruction set that the machine has.
    Simd,
}

/// Moments of the returns of one block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Sum.
    pub sum: f64,
    /// Sum of squares.
    pub sum_sq: f64,
}

/// What one parameter set did.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// False when a length was unusable or its warm-up longer than half the bars; all else is then empty.
    pub valid: bool,
    /// Positions opened.
    pub entries: u32,
    /// Positions closed.
    pub exits: u32,
    /// Equity at the end, from 1; an open position at the last close.
    pub equity: f64,
    /// Deepest fall from the peak, 0 or negative.
    pub max_drawdown: f64,
    /// Sum of the returns: the sums of the [`BLOCKS`] blocks, added in order.
    pub sum: f64,
    /// Sum of the squared returns, likewise.
    pub sum_sq: f64,
    /// Returns counted.
    pub observations: u32,
}

impl Trial {
    pub(crate) fn invalid() -> Trial {
        Trial {
            valid: false,
            entries: 0,
            exits: 0,
            equity: f64::NAN,
            max_drawdown: f64::NAN,
            sum: 0.0,
            sum_sq: 0.0,
            observations: 0,
        }
    }

    /// Sharpe ratio per bar, ddof 1; NaN when no return varies.
    pub fn sharpe(&self) -> f64 {
        let (n, sum, square) = (f64::from(self.observations), self.sum, self.sum_sq);
        let mean = sum / n;
        let variance = (square - sum * mean) / (n - 1.0);
        // Rounding leaves a trace of variance where there is none.
        if variance > square * 1e-14 { mean / variance.sqrt() } else { f64::NAN }
    }
}

/// The trials of a grid, or of a range of it, in the order of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepResult {
    /// One a grid point.
    pub trials: Vec<Trial>,
    /// The bar of the first return.
    pub first_bar: usize,
    /// Returns in each block.
    pub block_bars: Vec<u32>,
    /// Bars in a year.
    pub periods_per_year: f64,
}

/// Why nothing was swept.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SweepError {
    /// Too many points.
    #[error("the grid has {} parameter sets, at most {max} are swept: {hint}", size.map_or("more than 2^64".to_owned(), |n| n.to_string()))]
    GridTooLarge {
        /// Its size, if it can be counted.
        size: Option<u64>,
        /// The bound.
        max: u64,
        /// Which inputs to narrow.
        hint: String,
    },
    /// Too short a history.
    #[error("{have} bars are too few: {need} returns are needed behind a warm-up of {warm_up} bars")]
    TooFewBars {
        /// Bars given.
        have: usize,
        /// Bars before the first decision.
        warm_up: usize,
        /// Returns needed.
        need: usize,
    },
    /// A parameter set that cannot be traded.
    #[error("the parameters {values:?} give an unusable length")]
    InvalidPoint {
        /// Its values.
        values: Vec<f64>,
    },
    /// A bar that cannot be computed with, or, on the signals path, not be traded on.
    #[error("bar {bar} has {why}: remove the bar, or correct it")]
    UnusableBar {
        /// Its index.
        bar: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Bars on which a search was not prepared.
    #[error("{have} bars were given to a search that was prepared for {need}")]
    OtherBars {
        /// Bars given.
        have: usize,
        /// Bars prepared for.
        need: usize,
    },
    /// An interpreted script stopped.
    #[error("line {line}: {message} (on bar {bar})")]
    Script {
        /// Line of the script; 0 where no line is to blame.
        line: u32,
        /// Index of the bar.
        bar: usize,
        /// What happened.
        message: String,
    },
    /// The caller said stop.
    #[error("the sweep was cancelled")]
    Cancelled,
}

/// Sweeps the whole grid. `progress(done, all)` is called now and then from any thread; false cancels.
///
/// # Errors
/// See [`SweepError`].
pub fn sweep(plan: &Sweep<'_>, progress: &(dyn Fn(u64, u64) -> bool + Sync)) -> Result<SweepResult, SweepError> {
    swept(plan, 0..u64::MAX, progress)
}

/// Sweeps the grid points of `points` alone, in the order of the grid, to the bit as [`sweep`] does: a search that was
/// interrupted goes on behind the last point that it has, and one that is too large to keep is read range by range.
/// `progress` counts within the range. Points past the grid are left out.
///
/// # Errors
/// See [`SweepError`].
pub fn sweep_range(
    plan: &Sweep<'_>,
    points: Range<u64>,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<SweepResult, SweepError> {
    swept(plan, points, progress)
}

/// The moments of the returns of some grid points, block by block: what cross-validation reads. A sweep does not keep them,
/// for they are six times as large as a trial; they are computed again for the few that are asked for. An invalid point has
/// zeros. Block lengths are in [`SweepResult::block_bars`].
///
/// # Errors
/// See [`SweepError`].
pub fn block_moments(plan: &Sweep<'_>, points: &[u64]) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
    let layout = Layout::new(plan)?;
    let bars = seen(plan.bars, plan.train.end);
    let market = layout.market(&bars, Shared::default(), plan.threads.max(1));
    let of = |lane: &Lane| scalar::trade(lane, &market.factors, &layout.blocks, layout.lag).1;
    let moments = |point: &u64| layout.lane(&market, *point).as_ref().map_or([Moments::default(); BLOCKS], of);
    Ok(points.iter().map(moments).collect())
}

fn swept(
    plan: &Sweep<'_>,
    points: Range<u64>,
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<SweepResult, SweepError> {
    let layout = Layout::new(plan)?;
    let bars = seen(plan.bars, plan.train.end);
    let threads = plan.threads.max(1);
    let market = layout.market(&bars, Shared::default(), threads);
    let points = points.start.min(layout.grid.size)..points.end.min(layout.grid.size);
    let all = points.end.saturating_sub(points.start);
    let mut trials = vec![Trial::invalid(); all as usize];
    let (done, cancelled) = (AtomicU64::new(0), AtomicBool::new(false));
    // Small enough that every thread gets several; alone, large ones read each stretch of columns least often.
    let share = if threads == 1 { BATCH } else { (all as usize).div_ceil(4 * threads) };
    let batch = share.next_multiple_of(LANES).clamp(LANES, BATCH);
    let batches = Mutex::new((0u64..).step_by(batch).zip(trials.chunks_mut(batch)));
    let work = || {
        let mut scratch = BatchScratch::default();
        while !cancelled.load(Ordering::Relaxed) {
            let next = batches.lock().expect("no thread panics with the lock").next();
            let Some((from, trials)) = next else { return };
            batch::trade(&layout, &market, points.start + from, trials, Isa::best(), &mut scratch);
            let count = trials.len() as u64;
            let so_far = done.fetch_add(count, Ordering::Relaxed) + count;
            if !progress(so_far, all) {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    };
    if threads == 1 || all <= batch as u64 {
        work();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    if cancelled.load(Ordering::Relaxed) {
        return Err(SweepError::Cancelled);
    }
    Ok(SweepResult {
        trials,
        first_bar: layout.blocks[0],
        block_bars: layout.blocks.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect(),
        periods_per_year: plan.bars.periods_per_year(),
    })
}

/// The bars of the plan that may be looked at.
pub(crate) fn seen(bars: &Bars, end: usize) -> Cow<'_, Bars> {
    if end == bars.len() { Cow::Borrowed(bars) } else { Cow::Owned(bars.prefix(end)) }
}
