//! Acting later: how much of the result is in the moment of the fill?
//!
//! All orders fill one and two bars later than the strategy asks. An edge that collapses lives in the fill assumption, or is
//! gone before anyone can act; one that was planted in the future does too. The signals are moved, so that prices, costs and
//! everything else stay as they are.

use crate::family::Family;
use crate::overfitting::sharpe_sample;
use crate::{Bars, SweepError};

/// Sharpe ratios per bar of the same set, filled later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// One bar later; 0 when nothing is traded then.
    pub one_bar: f64,
    /// Two bars later.
    pub two_bars: f64,
}

/// Runs point `index` of the grid with its signals one and two bars late. `None` where a run has no Sharpe ratio, and
/// for strategies that cannot be run late.
///
/// # Errors
/// As [`Family::run_late`].
pub fn delay(family: &Family<'_>, index: u64, bars: &Bars) -> Result<Option<Delay>, SweepError> {
    let late = |by: usize| -> Result<Option<f64>, SweepError> {
        let Some(run) = family.run_late(index, bars, by)? else { return Ok(None) };
        Ok(if run.trades.is_empty() { Some(0.0) } else { sharpe_sample(&run.returns).map(|s| s.sharpe) })
    };
    Ok(late(1)?.zip(late(2)?).map(|(one_bar, two_bars)| Delay { one_bar, two_bars }))
}
