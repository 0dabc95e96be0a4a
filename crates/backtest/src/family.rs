//! The family that is judged: one program, its grid and its terms of trade, searched on whatever bars it is given.
//!
//! The real market, each permuted market and each walk-forward window are searched through this one struct, with one rule of
//! choice ([`Selection`]). Another way of executing a program comes in here, and nothing above it changes.

use std::ops::Range;

use assay_pine::Program;

use crate::run::run_late;
use crate::{
    BLOCKS, Bars, Costs, Engine, Fill, Moments, Run, Search, Selection, Sweep, SweepError, SweepResult, Trial, WarmUp,
    block_moments, run, sweep,
};

/// What is searched, and under which terms.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// The strategy with its grid.
    pub program: &'a Program,
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Who computes.
    pub engine: Engine,
    /// Largest grid that is taken.
    pub grid_max: u64,
    /// Entries below which a set is chosen only when none has as many.
    pub trades_min: u32,
}

/// The set that a search ends with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Its place in the grid.
    pub index: u64,
    /// Its Sharpe ratio per bar, net of costs; minus infinity when it never traded.
    pub sharpe: f64,
}

impl<'a> Family<'a> {
    fn plan<'b>(&self, bars: &'b Bars, range: Range<usize>, threads: usize) -> Sweep<'b>
    where
        'a: 'b,
    {
        Sweep {
            program: self.program,
            bars,
            costs: self.costs,
            fill: self.fill,
            train: range,
            warm_up: WarmUp::Longest,
            engine: self.engine,
            threads,
            grid_max: self.grid_max,
        }
    }

    /// Every point of the grid on the bars of `range`; bars before it warm up only.
    ///
    /// # Errors
    /// As [`sweep`].
    pub fn trials(
        &self,
        bars: &Bars,
        range: Range<usize>,
        threads: usize,
        progress: &(dyn Fn(u64, u64) -> bool + Sync),
    ) -> Result<SweepResult, SweepError> {
        sweep(&self.plan(bars, range, threads), progress)
    }

    /// The best of some trials.
    pub fn best_of(&self, trials: &[Trial]) -> Option<Best> {
        let mut selection = Selection::new(self.trades_min);
        (0u64..).zip(trials).for_each(|(point, trial)| selection.add(point, trial));
        selection.best().map(|(index, trial)| Best { index, sharpe: defined(trial.sharpe()) })
    }

    /// A search of the whole grid on other bars, as many as these.
    ///
    /// # Errors
    /// As [`sweep`].
    pub fn search<'b>(&self, bars: &'b Bars) -> Result<Search<'b>, SweepError>
    where
        'a: 'b,
    {
        Search::new(&self.plan(bars, 0..bars.len(), 1))
    }

    /// Moments of some grid points, block by block.
    ///
    /// # Errors
    /// As [`block_moments`].
    pub fn moments(
        &self,
        bars: &Bars,
        range: Range<usize>,
        points: &[u64],
    ) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
        block_moments(&self.plan(bars, range, 1), points)
    }

    /// One point of the grid in full.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(&self, index: u64, bars: &Bars, range: Range<usize>) -> Result<Run, SweepError> {
        run(self.program, &self.program.point(index), bars, self.costs, self.fill, range)
    }

    /// The same over all bars, with every order filled `late` bars later than the strategy asks.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run_late(&self, index: u64, bars: &Bars, late: usize) -> Result<Run, SweepError> {
        run_late(self.program, &self.program.point(index), bars, (self.costs, self.fill), 0..bars.len(), late)
    }
}

/// A set that never traded ranks below all others.
pub(crate) fn defined(sharpe: f64) -> f64 {
    if sharpe.is_nan() { f64::NEG_INFINITY } else { sharpe }
}
