//! What a sweep is before it sees a price: which points share what, when each may trade, which words to compute.
//!
//! A [`Layout`] holds for every set of bars of one length, so a search over permuted markets makes it once. A [`Market`] is
//! what a layout computes from prices.

use std::ops::Range;

use crate::Bars;
use crate::compute::Lane;
use crate::evaluate::{Evaluator, live};
use crate::fills::Factors;
use crate::grid::{Grid, Scalars, checked};
use crate::shared::{OwnColumns, Shared, needed, shareable};
use crate::sweep::{BLOCKS, Sweep, SweepError, WarmUp};
use crate::warm_up::{WarmUps, first_bar, too_few};
use crate::words::WordProgram;

/// See the file.
pub(crate) struct Layout<'a> {
    pub plan: Sweep<'a>,
    pub grid: Grid,
    pub scalars: Scalars,
    live: Vec<bool>,
    warm_ups: WarmUps,
    /// Longest warm-up that a point may have.
    warm_up_max: usize,
    /// Known at once where every point can be traded.
    longest_of_all: Option<usize>,
    needed: Vec<bool>,
    /// Entry and exit as words; `None` when points must be evaluated one at a time.
    pub words: Option<WordProgram>,
    /// Bars between decision and fill.
    pub lag: usize,
    /// Bounds of the blocks, in bars of fill.
    pub blocks: [usize; BLOCKS + 1],
    /// Bars whose signals count.
    pub decisions: Range<usize>,
}

/// Shared columns and factors on one set of bars.
pub(crate) struct Market<'a> {
    bars: &'a Bars,
    pub shared: Shared,
    pub factors: Factors,
}

impl<'a> Layout<'a> {
    pub fn new(plan: &Sweep<'a>) -> Result<Layout<'a>, SweepError> {
        let program = plan.program;
        let grid = Grid::new(program, checked(&program.inputs, plan.grid_max)?);
        let evaluator = Evaluator { graph: &program.graph, bars: plan.bars };
        let live = live(&program.graph, &[program.entry, program.exit]);
        let scalars = Scalars::new(program, evaluator, &grid, &live);
        let warm_ups = WarmUps::new(program, &live, &grid, &scalars);
        let shareable = shareable(program, &grid, &live, plan.train.end);
        let words = WordProgram::new(program, &grid, &scalars, &shareable);
        let every: Vec<usize> = (0..live.len()).filter(|i| live[*i]).collect();
        let read = words.as_ref().map(|words| [&words.reads[..], &words.beneath[..]].concat());
        let wanted = read.as_ref().unwrap_or(&every);
        // The oracle reads what is shared node by node.
        let wanted = if plan.engine == crate::Engine::Scalar { &every } else { wanted };
        let needed = needed(program, &shareable, wanted);
        let lag = plan.fill.lag();
        let have = plan.train.end.saturating_sub(plan.train.start);
        // Bars before the range warm up too.
        let warm_up_max = (have / 2).saturating_add(plan.train.start);
        let mut layout = Layout {
            plan: plan.clone(),
            grid,
            scalars,
            live,
            longest_of_all: warm_ups.longest_of_all(warm_up_max),
            warm_ups,
            warm_up_max,
            needed,
            words,
            lag,
            blocks: [0; BLOCKS + 1],
            decisions: 0..0,
        };
        let first = layout.first_bar()?;
        layout.blocks = block_bounds(first, plan.train.end);
        layout.decisions = first - lag..plan.train.end - lag;
        Ok(layout)
    }

    /// Computes what the points share on `bars`, in the memory of an earlier market.
    pub fn market<'b>(&self, bars: &'b Bars, mut shared: Shared, threads: usize) -> Market<'b> {
        let evaluator = Evaluator { graph: &self.plan.program.graph, bars };
        shared.compute(self.plan.program, evaluator, &self.grid, &self.scalars, &self.needed, threads);
        Market { bars, shared, factors: Factors::new(bars, self.plan.costs, self.plan.fill) }
    }

    /// Makes the columns that only `at` and its group need; false when one is unusable.
    pub fn make_own(
        &self,
        own: &mut OwnColumns,
        words: &WordProgram,
        market: &Market<'_>,
        at: &[usize],
        point: u64,
    ) -> bool {
        let evaluator = Evaluator { graph: &self.plan.program.graph, bars: market.bars };
        let scalars = || evaluator.scalars(&self.plan.program.point(point));
        own.make(&words.own, evaluator, &market.shared, &self.grid, at, scalars)
    }

    /// Whether the point that `at` stands on can be traded.
    pub fn usable(&self, at: &[usize], point: u64, scratch: &mut Vec<(usize, Option<usize>)>) -> bool {
        self.longest_of_all.is_some() || self.warm_up(at, point, scratch).is_some_and(|bars| bars <= self.warm_up_max)
    }

    fn warm_up(&self, at: &[usize], point: u64, scratch: &mut Vec<(usize, Option<usize>)>) -> Option<usize> {
        let program = self.plan.program;
        let other = |node: usize| {
            let evaluator = Evaluator { graph: &program.graph, bars: self.plan.bars };
            evaluator.scalars(&program.point(point))[node]
        };
        self.warm_ups.of(program, &self.grid, &self.scalars, at, &other, scratch)
    }

    /// The bar of the first return.
    fn first_bar(&self) -> Result<usize, SweepError> {
        let (mut longest, mut shortest) = (self.longest_of_all, usize::MAX);
        let mut scratch = vec![];
        let mut cursor = self.grid.cursor(0);
        let unknown = if longest.is_some() { 0 } else { self.grid.size };
        for point in 0..unknown {
            if let Some(bars) = self.warm_up(&cursor.at, point, &mut scratch) {
                shortest = shortest.min(bars);
                if bars <= self.warm_up_max {
                    longest = longest.max(Some(bars));
                }
            }
            cursor.advance();
        }
        if shortest != usize::MAX && longest.is_none() {
            return Err(too_few(&self.plan.train, shortest));
        }
        let warm = match self.plan.warm_up {
            WarmUp::Longest => longest.unwrap_or(0),
            WarmUp::Own => 0,
        };
        let first = first_bar(&self.plan.train, warm, self.lag)?;
        // The first return begins at the close before.
        self.plan.bars.tradable(first.saturating_sub(1)..self.plan.train.end)?;
        Ok(first)
    }

    /// Entry and exit bits of one point, evaluated node by node; `None` when it cannot be traded.
    pub fn lane(&self, market: &Market<'_>, point: u64) -> Option<Lane> {
        let cursor = (point < self.grid.size).then(|| self.grid.cursor(point))?;
        if !self.usable(&cursor.at, point, &mut vec![]) {
            return None;
        }
        let evaluator = Evaluator { graph: &self.plan.program.graph, bars: market.bars };
        market.shared.lane(self.plan.program, evaluator, &self.grid, &self.live, point)
    }
}

/// Splits first..end into [`BLOCKS`] parts, the longer ones first (numpy's `array_split`).
fn block_bounds(first: usize, end: usize) -> [usize; BLOCKS + 1] {
    let (size, more) = ((end - first) / BLOCKS, (end - first) % BLOCKS);
    std::array::from_fn(|block| first + block * size + block.min(more))
}
