//! Indicators of traded volume.

use crate::Bars;

use super::sum;

/// On-balance volume: starts at the first volume, then adds or takes each bar's by the sign of the change of close.
pub(crate) fn obv(bars: &Bars) -> Vec<f64> {
    let mut total = 0.0;
    (0..bars.len())
        .map(|t| {
            let sign = match t {
                0 => 1.0,
                t if bars.close[t] > bars.close[t - 1] => 1.0,
                t if bars.close[t] < bars.close[t - 1] => -1.0,
                _ => 0.0,
            };
            total += sign * bars.volume[t];
            total
        })
        .collect()
}

/// Money flow index of x: 100 * up / (up + down) over n bars of x * volume; `na` when nothing flowed.
pub(crate) fn mfi(x: &[f64], volume: &[f64], n: usize) -> Vec<f64> {
    let flow = |wanted: fn(f64, f64) -> bool| -> Vec<f64> {
        (0..x.len())
            .map(|t| match t {
                0 => f64::NAN,
                t if x[t].is_nan() || x[t - 1].is_nan() => f64::NAN,
                t if wanted(x[t], x[t - 1]) => x[t] * volume[t],
                _ => 0.0,
            })
            .collect()
    };
    let (up, down) = (sum(&flow(|now, before| now > before), n), sum(&flow(|now, before| now < before), n));
    up.iter().zip(&down).map(|(u, d)| if u + d > 0.0 { 100.0 * u / (u + d) } else { f64::NAN }).collect()
}

/// Running sum; `na` counts as 0.
pub(crate) fn cum(x: &[f64]) -> Vec<f64> {
    let mut total = 0.0;
    x.iter()
        .map(|v| {
            total += if v.is_nan() { 0.0 } else { *v };
            total
        })
        .collect()
}
