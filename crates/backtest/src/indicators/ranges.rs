//! True range and its average.

use crate::Bars;

use super::rma;

/// max(high, close\[1\]) - min(low, close\[1\]); `na` on bar 0, which has no close before it.
pub(crate) fn true_range(bars: &Bars) -> Vec<f64> {
    let mut range = true_range_handling_na(bars);
    if let Some(first) = range.first_mut() {
        *first = f64::NAN;
    }
    range
}

/// The same; high - low on bar 0. Pine's `ta.tr(true)`.
pub(crate) fn true_range_handling_na(bars: &Bars) -> Vec<f64> {
    (0..bars.len())
        .map(|t| match t {
            0 => bars.high[0] - bars.low[0],
            t => bars.high[t].max(bars.close[t - 1]) - bars.low[t].min(bars.close[t - 1]),
        })
        .collect()
}

/// Wilder's average of the true range, bar 0 included. (TA-Lib leaves bar 0 out and starts one bar later.)
pub(crate) fn atr(bars: &Bars, n: usize) -> Vec<f64> {
    rma(&true_range_handling_na(bars), n)
}
