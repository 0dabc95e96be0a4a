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

/// Volume-weighted average of x since the day began, in UTC; `na` until something is traded.
pub(crate) fn vwap(bars: &Bars, x: &[f64]) -> Vec<f64> {
    let (mut traded, mut volume, mut day) = (0.0, 0.0, None);
    (0..x.len())
        .map(|t| {
            let today = bars.time[t].div_euclid(86_400_000);
            if day.replace(today) != Some(today) {
                (traded, volume) = (0.0, 0.0);
            }
            if !x[t].is_nan() {
                traded += x[t] * bars.volume[t];
                volume += bars.volume[t];
            }
            if volume > 0.0 { traded / volume } else { f64::NAN }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vwap_starts_anew_each_day() {
        let hour = 3_600_000;
        let bars = Bars {
            time: vec![22 * hour, 23 * hour, 24 * hour, 25 * hour],
            volume: vec![1.0, 3.0, 0.0, 2.0],
            ..Bars::default()
        };
        let mean = vwap(&bars, &[10.0, 20.0, 30.0, 40.0]);
        assert_eq!(mean[..2], [10.0, 17.5]);
        assert!(mean[2].is_nan());
        assert_eq!(mean[3], 40.0);
    }
}
