//! True range and its average.

use crate::Bars;

use super::rma;

/// max(high, close\[1\]) - min(low, close\[1\]); high - low on bar 0.
pub(crate) fn true_range(bars: &Bars) -> Vec<f64> {
    (0..bars.len())
        .map(|t| match t {
            0 => bars.high[0] - bars.low[0],
            t => bars.high[t].max(bars.close[t - 1]) - bars.low[t].min(bars.close[t - 1]),
        })
        .collect()
}

/// Wilder's average of the true range from bar 1 on, as TA-Lib (TradingView counts bar 0 and starts one bar earlier).
pub(crate) fn atr(bars: &Bars, n: usize) -> Vec<f64> {
    let mut range = true_range(bars);
    if let Some(first) = range.first_mut() {
        *first = f64::NAN;
    }
    rma(&range, n)
}
