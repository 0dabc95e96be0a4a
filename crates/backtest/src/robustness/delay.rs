//! Acting later: how much of the result is in the moment of the fill?
//!
//! Every order reaches the market some bars later than the strategy gives it, whatever path it runs on; prices, costs and
//! everything else stay as they are. An edge that collapses lives in the fill assumption, or is gone before anyone can act; one
//! that was planted in the future does too (the shift test). The first delay at which nothing is left is the break-even.

use crate::family::Family;
use crate::overfitting::sharpe_sample;
use crate::{Bars, SweepError};

/// Most bars that orders are delayed by.
pub const BARS_MAX: u32 = 10;

/// Sharpe ratios per bar of the same set, acted on later.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delay {
    /// One bar later; 0 when nothing is traded then.
    pub one_bar: f64,
    /// Two bars later.
    pub two_bars: f64,
    /// The fewest bars at which it earns nothing any more; `None` when it still earns [`BARS_MAX`] bars late.
    pub break_even: Option<u32>,
}

/// Runs point `index` of the grid with its orders one bar late, two, and so on until it earns nothing or [`BARS_MAX`] are
/// reached. `None` where the first two have no Sharpe ratio or too few bars.
///
/// # Errors
/// As [`Family::run_late`], but for too few bars.
pub fn delay(family: &Family<'_>, index: u64, bars: &Bars) -> Result<Option<Delay>, SweepError> {
    let late = |by: u32| match family.run_late(index, bars, by as usize) {
        Ok(run) if run.trades.is_empty() => Ok(Some(0.0)),
        Ok(run) => Ok(sharpe_sample(&run.returns).map(|sample| sample.sharpe)),
        Err(SweepError::TooFewBars { .. }) => Ok(None),
        Err(other) => Err(other),
    };
    let Some((one_bar, two_bars)) = late(1)?.zip(late(2)?) else { return Ok(None) };
    let mut break_even = None;
    for by in 1..=BARS_MAX {
        let sharpe = match by {
            1 => Some(one_bar),
            2 => Some(two_bars),
            by => late(by)?,
        };
        match sharpe {
            Some(sharpe) if sharpe > 0.0 => {}
            Some(_) => {
                break_even = Some(by);
                break;
            }
            None => break,
        }
    }
    Ok(Some(Delay { one_bar, two_bars, break_even }))
}
