//! Every point of a parameter grid on one set of bars.
//!
//! Memory is O(parameters) + O(bars): a trial is a few sums, never its returns. Series that several parameter sets share are
//! computed once, within [`SHARED_BYTES_MAX`]. Results do not depend on the number of threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use assay_pine::Program;
use assay_pine::graph::{Kind, NodeId, Shape};

use crate::compute::{self, LANES, Lane};
use crate::evaluate::{Column, Columns, Evaluator, Invalid, live};
use crate::fills::Factors;
use crate::warm_up::warm_up;
use crate::{Bars, Costs, Fill};

/// Blocks whose moments are kept: enough for CSCV with S = 16.
pub const BLOCKS: usize = 16;
/// Fewest returns that a sweep or a run is made of.
pub const RETURNS_MIN: usize = 2 * BLOCKS;
/// Bytes of series that are kept to be shared.
pub const SHARED_BYTES_MAX: usize = 96 << 20;

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
    /// Eight trials in lock step.
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
    #[error("the grid has {} points, at most {max} are swept: {hint}", size.map_or("more than 2^64".to_owned(), |n| n.to_string()))]
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
    /// Bars on which a search was not prepared.
    #[error("{have} bars were given to a search that was prepared for {need}")]
    OtherBars {
        /// Bars given.
        have: usize,
        /// Bars prepared for.
        need: usize,
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
    Prepared::new(plan)?.sweep(0..u64::MAX, progress)
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
    Prepared::new(plan)?.sweep(points, progress)
}

/// The moments of the returns of some grid points, block by block: what cross-validation reads. A sweep does not keep them,
/// for they are six times as large as a trial; they are computed again for the few that are asked for. An invalid point has
/// zeros. Block lengths are in [`SweepResult::block_bars`].
///
/// # Errors
/// See [`SweepError`].
pub fn block_moments(plan: &Sweep<'_>, points: &[u64]) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
    Ok(Prepared::new(plan)?.moments(points))
}

/// A plan with everything computed that its grid points share.
pub(crate) struct Prepared<'a> {
    plan: &'a Sweep<'a>,
    bars: Bars,
    grid: u64,
    live: Vec<bool>,
    usable: Vec<bool>,
    shared: Shared,
    factors: Factors,
    blocks: [usize; BLOCKS + 1],
}

impl<'a> Prepared<'a> {
    pub(crate) fn new(plan: &'a Sweep<'a>) -> Result<Prepared<'a>, SweepError> {
        let grid = checked_grid(plan)?;
        let bars = plan.bars.prefix(plan.train.end);
        let evaluator = Evaluator { graph: &plan.program.graph, bars: &bars };
        let live = live(&plan.program.graph, &[plan.program.entry, plan.program.exit]);
        let (usable, first) = first_bar(plan, &evaluator, &live, grid)?;
        let shared = Shared::compute(plan.program, evaluator, &live, grid, plan.threads.max(1));
        let factors = Factors::new(&bars, plan.costs, plan.fill);
        let blocks = block_bounds(first, plan.train.end);
        Ok(Prepared { plan, grid, live, usable, shared, factors, blocks, bars })
    }

    fn evaluator(&self) -> Evaluator<'_> {
        Evaluator { graph: &self.plan.program.graph, bars: &self.bars }
    }

    fn lane(&self, point: u64) -> Option<Lane> {
        let usable = self.usable.get(point as usize).copied().unwrap_or(false);
        if usable { self.shared.lane(self.plan.program, self.evaluator(), &self.live, point) } else { None }
    }

    fn moments(&self, points: &[u64]) -> Vec<[Moments; BLOCKS]> {
        let lag = self.plan.fill.lag();
        let of = |lane: &Lane| compute::moments(lane, &self.factors, &self.blocks, lag);
        points.iter().map(|point| self.lane(*point).as_ref().map_or([Moments::default(); BLOCKS], of)).collect()
    }

    pub(crate) fn sweep(
        &self,
        points: Range<u64>,
        progress: &(dyn Fn(u64, u64) -> bool + Sync),
    ) -> Result<SweepResult, SweepError> {
        let plan = self.plan;
        let points = points.start.min(self.grid)..points.end.min(self.grid);
        let all = points.end.saturating_sub(points.start);
        let batches = all.div_ceil(LANES as u64);
        let (next, done, cancelled) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let parts: Mutex<BTreeMap<u64, Vec<Trial>>> = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for _ in 0..plan.threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let batch = next.fetch_add(1, Ordering::Relaxed);
                        if batch >= batches || cancelled.load(Ordering::Relaxed) {
                            return;
                        }
                        let from = points.start + batch * LANES as u64;
                        let lanes: Vec<Option<Lane>> =
                            (from..(from + LANES as u64).min(points.end)).map(|point| self.lane(point)).collect();
                        let count = lanes.len() as u64;
                        let trials = compute::trade(plan.engine, &lanes, &self.factors, &self.blocks, plan.fill.lag());
                        parts.lock().expect("no thread panics with the lock").insert(batch, trials);
                        let so_far = done.fetch_add(count, Ordering::Relaxed) + count;
                        if !progress(so_far, all) {
                            cancelled.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        if cancelled.load(Ordering::Relaxed) {
            return Err(SweepError::Cancelled);
        }
        let trials = parts.into_inner().expect("no thread panics with the lock").into_values().flatten().collect();
        Ok(SweepResult {
            trials,
            first_bar: self.blocks[0],
            block_bars: self.blocks.windows(2).map(|pair| (pair[1] - pair[0]) as u32).collect(),
            periods_per_year: plan.bars.periods_per_year(),
        })
    }
}

fn checked_grid(plan: &Sweep<'_>) -> Result<u64, SweepError> {
    let size = plan.program.grid_size();
    match size {
        Some(size) if size <= plan.grid_max => Ok(size),
        _ => {
            let mut inputs: Vec<_> = plan.program.inputs.iter().filter(|input| input.grid.len() > 1).collect();
            inputs.sort_by_key(|input| std::cmp::Reverse(input.grid.len()));
            let widest: Vec<String> = inputs
                .iter()
                .take(3)
                .map(|i| format!("{} has {} values (line {})", i.name, i.grid.len(), i.line))
                .collect();
            let hint = format!("narrow minval and maxval or raise step; {}", widest.join(", "));
            Err(SweepError::GridTooLarge { size, max: plan.grid_max, hint })
        }
    }
}

/// Which points can be traded, and the bar of the first return.
fn first_bar(
    plan: &Sweep<'_>,
    evaluator: &Evaluator<'_>,
    live: &[bool],
    grid: u64,
) -> Result<(Vec<bool>, usize), SweepError> {
    let have = plan.train.end.saturating_sub(plan.train.start);
    let lag = plan.fill.lag();
    let mut longest = 0;
    let mut shortest = usize::MAX;
    let mut usable = vec![false; grid as usize];
    for (point, usable) in usable.iter_mut().enumerate() {
        let scalars = evaluator.scalars(&plan.program.point(point as u64));
        let Some(warm) = warm_up(plan.program, live, &scalars) else { continue };
        shortest = shortest.min(warm);
        // Bars before the range warm up too.
        if warm.saturating_sub(plan.train.start) <= have / 2 {
            *usable = true;
            longest = longest.max(warm);
        }
    }
    let too_few = |warm_up| SweepError::TooFewBars { have, warm_up, need: RETURNS_MIN };
    if shortest != usize::MAX && !usable.contains(&true) {
        return Err(too_few(shortest));
    }
    let warm = match plan.warm_up {
        WarmUp::Longest => longest,
        WarmUp::Own => 0,
    };
    let first = plan.train.start.max(warm + lag);
    if plan.train.end.saturating_sub(first) < RETURNS_MIN {
        return Err(too_few(warm));
    }
    Ok((usable, first))
}

/// Splits first..end into [`BLOCKS`] parts, the longer ones first (numpy's `array_split`).
fn block_bounds(first: usize, end: usize) -> [usize; BLOCKS + 1] {
    let (size, more) = ((end - first) / BLOCKS, (end - first) % BLOCKS);
    std::array::from_fn(|block| first + block * size + block.min(more))
}

/// Series that several grid points have in common.
struct Shared {
    /// By node: one column for each combination of the inputs that it depends on. Empty when it is computed a point at a time.
    columns: Vec<Vec<Result<Column, Invalid>>>,
    /// By node: for each input that it depends on, (input, grid length), the first changing slowest.
    radix: Vec<Vec<(usize, u64)>>,
}

/// Columns of one grid point: shared ones by their combination, the rest its own.
struct PointColumns<'a> {
    shared: &'a Shared,
    combination: &'a [usize],
    own: &'a [Option<Column>],
}

impl Columns for PointColumns<'_> {
    fn get(&self, id: NodeId) -> &Column {
        let i = id.0 as usize;
        match &self.own[i] {
            Some(column) => column,
            None => {
                let column = self.shared.columns[i][self.combination[i]].as_ref();
                column.expect("a point with an invalid operand is not evaluated")
            }
        }
    }
}

impl Shared {
    fn compute(program: &Program, evaluator: Evaluator<'_>, live: &[bool], grid: u64, threads: usize) -> Shared {
        let graph = evaluator.graph;
        let bars = evaluator.bars.len();
        let radix: Vec<Vec<(usize, u64)>> = graph
            .nodes
            .iter()
            .map(|node| {
                let used = (0..program.inputs.len()).filter(|i| node.inputs >> i & 1 == 1);
                used.map(|i| (i, program.inputs[i].grid.len() as u64)).collect()
            })
            .collect();
        let mut shared = Shared { columns: vec![Vec::new(); graph.nodes.len()], radix };
        let mut left = SHARED_BYTES_MAX;
        for (i, node) in graph.nodes.iter().enumerate() {
            if !live[i] || node.shape != Shape::Series {
                continue;
            }
            let combinations: u64 = shared.radix[i].iter().map(|(_, length)| length).product();
            let bytes = if node.kind == Kind::Number { bars * 8 } else { bars.div_ceil(8) };
            let all = usize::try_from(combinations).ok().and_then(|c| c.checked_mul(bytes));
            let at_hand = assay_pine::graph::Graph::operands(&node.op)
                .iter()
                .all(|id| graph.node(*id).shape == Shape::Scalar || !shared.columns[id.0 as usize].is_empty());
            // Worth keeping when at least two points read it.
            let worth = combinations * 2 <= grid || combinations == 1;
            let Some(all) = all.filter(|all| worth && at_hand && *all <= left) else { continue };
            left -= all;
            shared.columns[i] = shared.combinations_of(program, evaluator, i, combinations, threads);
        }
        shared
    }

    fn combinations_of(
        &self,
        program: &Program,
        evaluator: Evaluator<'_>,
        node: usize,
        combinations: u64,
        threads: usize,
    ) -> Vec<Result<Column, Invalid>> {
        let next = AtomicU64::new(0);
        let done: Mutex<BTreeMap<u64, Result<Column, Invalid>>> = Mutex::new(BTreeMap::new());
        let own: Vec<Option<Column>> = vec![None; evaluator.graph.nodes.len()];
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= combinations {
                    return;
                }
                let mut values = program.defaults();
                let mut rest = at;
                for (input, length) in self.radix[node].iter().rev() {
                    values[*input] = program.inputs[*input].grid[(rest % length) as usize];
                    rest /= length;
                }
                let scalars = evaluator.scalars(&values);
                let indices = grid_indices(program, &values);
                let combination = self.combination(&indices);
                let columns = PointColumns { shared: self, combination: &combination, own: &own };
                let operands = assay_pine::graph::Graph::operands(&evaluator.graph.nodes[node].op);
                let bad = operands.iter().any(|id| self.is_invalid(id.0 as usize, &combination));
                let column =
                    if bad { Err(Invalid) } else { evaluator.column(&evaluator.graph.nodes[node], &scalars, &columns) };
                done.lock().expect("no thread panics with the lock").insert(at, column);
            }
        };
        if combinations == 1 || threads == 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
        done.into_inner().expect("no thread panics with the lock").into_values().collect()
    }

    /// For each node, which of its combinations the grid indices select.
    fn combination(&self, indices: &[u64]) -> Vec<usize> {
        self.radix
            .iter()
            .map(|radix| radix.iter().fold(0, |at, (input, length)| at * length + indices[*input]) as usize)
            .collect()
    }

    fn is_invalid(&self, node: usize, combination: &[usize]) -> bool {
        !self.columns[node].is_empty() && self.columns[node][combination[node]].is_err()
    }

    /// Entry and exit bits of one grid point; `None` when a length is unusable.
    fn lane(&self, program: &Program, evaluator: Evaluator<'_>, live: &[bool], point: u64) -> Option<Lane> {
        let graph = evaluator.graph;
        let values = program.point(point);
        let scalars = evaluator.scalars(&values);
        let combination = self.combination(&point_indices(program, point));
        let mut own: Vec<Option<Column>> = vec![None; graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            if !live[i] || node.shape != Shape::Series {
                continue;
            }
            if self.is_invalid(i, &combination) {
                return None;
            }
            if self.columns[i].is_empty() {
                let columns = PointColumns { shared: self, combination: &combination, own: &own };
                own[i] = Some(evaluator.column(node, &scalars, &columns).ok()?);
            }
        }
        let columns = PointColumns { shared: self, combination: &combination, own: &own };
        let bits = |id| evaluator.bits(id, &scalars, &columns);
        Some(Lane { entry: bits(program.entry), exit: bits(program.exit) })
    }
}

/// Where each value stands in its input's grid.
fn grid_indices(program: &Program, values: &[f64]) -> Vec<u64> {
    let place =
        |(input, value): (&assay_pine::Input, &f64)| input.grid.iter().position(|v| v == value).unwrap_or(0) as u64;
    program.inputs.iter().zip(values).map(place).collect()
}

/// The digits of a grid index, the first input slowest.
fn point_indices(program: &Program, mut point: u64) -> Vec<u64> {
    let mut indices = vec![0; program.inputs.len()];
    for (index, input) in indices.iter_mut().zip(&program.inputs).rev() {
        let length = input.grid.len() as u64;
        *index = point % length;
        point /= length;
    }
    indices
}
