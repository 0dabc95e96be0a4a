//! The whole grid on another market, for its best trial alone: what a permutation test asks a thousand times.
//!
//! A [`Search`] is prepared once for a program and a number of bars. [`Search::best`] then takes any bars of that number,
//! computes every indicator anew and answers with the best trial by the rule of [`Selection`]. One thread a call, so that
//! callers spread markets over threads; each thread keeps one [`SearchScratch`].

use crate::sweep::Prepared;
use crate::{Bars, Selection, Sweep, SweepError, Trial};

/// A sweep that is run on one set of bars after another.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    plan: Sweep<'a>,
}

/// Memory that one thread uses again from market to market.
#[derive(Debug, Default)]
pub struct SearchScratch {
    _own: (),
}

/// The best trial of one market.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its grid point.
    pub point: u64,
    /// What it did. [`Trial::sharpe`] is the figure that it won by.
    pub trial: Trial,
}

impl<'a> Search<'a> {
    /// Prepares the search that `plan` describes. Its bars give the number of bars and are not otherwise looked at; its
    /// engine and threads do not matter.
    ///
    /// # Errors
    /// Those of [`crate::sweep`].
    pub fn new(plan: &Sweep<'a>) -> Result<Search<'a>, SweepError> {
        Prepared::new(plan)?;
        Ok(Search { plan: plan.clone() })
    }

    /// The best trial on `bars`, chosen as [`Selection`] does; `None` when no point of the grid is valid. `go_on` is asked
    /// now and then; false cancels.
    ///
    /// # Errors
    /// [`SweepError::OtherBars`] when `bars` are not as many as the plan's, [`SweepError::Cancelled`].
    pub fn best(
        &self,
        bars: &Bars,
        trades_min: u32,
        _scratch: &mut SearchScratch,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Best>, SweepError> {
        if bars.len() != self.plan.bars.len() {
            return Err(SweepError::OtherBars { have: bars.len(), need: self.plan.bars.len() });
        }
        let plan = Sweep { bars, threads: 1, ..self.plan.clone() };
        let swept = Prepared::new(&plan)?.sweep(0..u64::MAX, &|_, _| go_on())?;
        let mut selection = Selection::new(trades_min);
        (0u64..).zip(&swept.trials).for_each(|(point, trial)| selection.add(point, trial));
        Ok(selection.best().map(|(point, trial)| Best { point, trial: trial.clone() }))
    }
}
