//! The whole grid on another market, for its best trial alone: what a permutation test asks a thousand times.
//!
//! A [`Search`] is prepared once for a program and a number of bars. [`Search::best`] then takes any bars of that number,
//! computes every indicator anew and answers with the best trial by the rule of [`Selection`]. One thread a call, so that
//! callers spread markets over threads; each thread keeps one [`SearchScratch`].

use crate::batch::{self, BATCH, BatchScratch};
use crate::compute::isa::Isa;
use crate::layout::Layout;
use crate::screening::{By, Screener, Screening};
use crate::shared::Shared;
use crate::sweep::seen;
use crate::{Bars, Selection, Sweep, SweepError, Trial};

/// A sweep that is run on one set of bars after another.
pub struct Search<'a> {
    layout: Layout<'a>,
}

/// Memory that one thread uses again from market to market.
#[derive(Default)]
pub struct SearchScratch {
    shared: Shared,
    batch: BatchScratch,
    trials: Vec<Trial>,
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
    /// threads do not matter.
    ///
    /// # Errors
    /// Those of [`crate::sweep`].
    pub fn new(plan: &Sweep<'a>) -> Result<Search<'a>, SweepError> {
        Ok(Search { layout: Layout::new(plan)? })
    }

    /// Points of the grid.
    pub fn points(&self) -> u64 {
        self.layout.grid.size
    }

    /// What `screener` makes of it, for at most `markets` markets.
    pub(crate) fn screening<'s>(&'s self, screener: &'s dyn Screener, markets: u32) -> Screening<'s> {
        Screening::prepare(screener, &self.layout.plan, markets)
    }

    /// The same as [`Search::best`], to the bit, with the help of a screen where it helps.
    pub(crate) fn best_screened(
        &self,
        screening: &Screening<'_>,
        bars: &Bars,
        trades_min: u32,
        scratch: &mut SearchScratch,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Option<Best>, By), SweepError> {
        self.checked(bars)?;
        match screening.best(&self.layout, bars, trades_min, go_on)? {
            Ok((point, trial, by)) => Ok((Some(Best { point, trial }), by)),
            Err(by) => Ok((self.best(bars, trades_min, scratch, go_on)?, by)),
        }
    }

    /// As many bars as were planned for, and each of those that are traded on a price.
    fn checked(&self, bars: &Bars) -> Result<(), SweepError> {
        let need = self.layout.plan.bars.len();
        if bars.len() != need {
            return Err(SweepError::OtherBars { have: bars.len(), need });
        }
        bars.tradable(self.layout.blocks[0].saturating_sub(1)..self.layout.plan.train.end)
    }

    /// The best trial on `bars`, chosen as [`Selection`] does; `None` when no point of the grid is valid. `go_on` is asked
    /// now and then; false cancels.
    ///
    /// # Errors
    /// [`SweepError::OtherBars`] when `bars` are not as many as the plan's, [`SweepError::UnusableBar`], [`SweepError::Cancelled`].
    pub fn best(
        &self,
        bars: &Bars,
        trades_min: u32,
        scratch: &mut SearchScratch,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Best>, SweepError> {
        self.checked(bars)?;
        let bars = seen(bars, self.layout.plan.train.end);
        let market = self.layout.market(&bars, std::mem::take(&mut scratch.shared), 1);
        let mut selection = Selection::new(trades_min);
        let size = self.layout.grid.size;
        scratch.trials.resize(BATCH, Trial::invalid());
        for from in (0..size).step_by(BATCH) {
            let trials = &mut scratch.trials[..(size - from).min(BATCH as u64) as usize];
            batch::trade(&self.layout, &market, from, trials, Isa::best(), &mut scratch.batch);
            (from..).zip(&*trials).for_each(|(point, trial)| selection.add(point, trial));
            if !go_on() {
                return Err(SweepError::Cancelled);
            }
        }
        scratch.shared = market.shared;
        Ok(selection.best().map(|(point, trial)| Best { point, trial: trial.clone() }))
    }
}
