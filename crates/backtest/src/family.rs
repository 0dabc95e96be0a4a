//! The search that is judged: one program, one grid, one set of costs, on whatever bars it is given.
//!
//! The real market, each permuted market and each walk-forward window are searched by this one struct, with one rule of
//! choice. Another way of executing a program comes in here, and nothing above it changes.

use std::ops::Range;

use assay_pine::Program;

use crate::{Bars, Costs, Engine, Fill, Run, Sweep, SweepError, SweepResult, Trial, WarmUp, run, sweep};

/// What is searched, and under which terms.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
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
    /// Entries below which a set is chosen only when none has as many: see [`best_trial`].
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

impl Search<'_> {
    /// Every point of the grid on the bars of `range`.
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
        let plan = Sweep {
            program: self.program,
            bars,
            costs: self.costs,
            fill: self.fill,
            train: range,
            warm_up: WarmUp::Longest,
            engine: self.engine,
            threads,
            grid_max: self.grid_max,
        };
        sweep(&plan, progress)
    }

    /// The best of the whole grid on the bars of `range`; `None` when no point is valid.
    ///
    /// # Errors
    /// As [`sweep`].
    pub fn best(
        &self,
        bars: &Bars,
        range: Range<usize>,
        threads: usize,
        progress: &(dyn Fn(u64, u64) -> bool + Sync),
    ) -> Result<Option<Best>, SweepError> {
        let swept = self.trials(bars, range, threads, progress)?;
        Ok(best_trial(&swept.trials, self.trades_min))
    }

    /// One point of the grid in full.
    ///
    /// # Errors
    /// As [`run`].
    pub fn run(&self, index: u64, bars: &Bars, range: Range<usize>) -> Result<Run, SweepError> {
        run(self.program, &self.program.point(index), bars, self.costs, self.fill, range)
    }
}

/// The valid trial with the highest Sharpe ratio among those with at least `trades_min` entries, or among all when none has
/// as many. Ties go to the lowest index; a trial that never traded counts below all others.
pub fn best_trial(trials: &[Trial], trades_min: u32) -> Option<Best> {
    let enough = trials.iter().any(|t| t.valid && t.entries >= trades_min);
    let mut best: Option<Best> = None;
    for (index, trial) in (0u64..).zip(trials) {
        if !trial.valid || (enough && trial.entries < trades_min) {
            continue;
        }
        let sharpe = trial.sharpe();
        let sharpe = if sharpe.is_nan() { f64::NEG_INFINITY } else { sharpe };
        if best.is_none_or(|b| sharpe > b.sharpe) {
            best = Some(Best { index, sharpe });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Moments;

    fn trial(valid: bool, entries: u32, mean: f64) -> Trial {
        let mut trial = Trial { valid, entries, observations: 32, ..Trial::invalid() };
        trial.blocks[0] = Moments { sum: 32.0 * mean, sum_sq: 32.0 * (mean * mean + 1.0) };
        trial
    }

    #[test]
    fn the_best_is_the_highest_sharpe_ratio_with_enough_trades() {
        let trials = [trial(true, 3, 0.9), trial(true, 40, 0.2), trial(false, 90, 2.0), trial(true, 30, 0.2)];
        assert_eq!(best_trial(&trials, 30).unwrap().index, 1, "the first of equals, and three trades are too few");
        assert_eq!(best_trial(&trials, 100).unwrap().index, 0, "when none has enough, all compete");
        assert_eq!(best_trial(&trials[2..3], 0), None);
    }

    #[test]
    fn a_set_that_never_traded_is_the_last_choice() {
        let idle = Trial { valid: true, entries: 0, observations: 32, ..Trial::invalid() };
        let trials = [idle.clone(), trial(true, 0, -1.0)];
        assert_eq!(best_trial(&trials, 0).unwrap().index, 1);
        assert_eq!(best_trial(&[idle], 0), Some(Best { index: 0, sharpe: f64::NEG_INFINITY }));
    }
}
