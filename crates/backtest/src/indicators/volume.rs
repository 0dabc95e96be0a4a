//! Indicators of traded volume.

use crate::Bars;

use super::sum;

/// On-balance volume: the running sum of each bar's volume by the sign of the change of close; 0 on bar 0, which has no change.
/// An unknown volume counts as none, as in `ta.cum`.
/// (TA-Lib starts at the first volume: a constant difference.)
pub(crate) fn obv(bars: &Bars) -> Vec<f64> {
    let mut total = 0.0;
    (0..bars.len())
        .map(|t| {
            let sign = match t {
                0 => 0.0,
                t if bars.close[t] > bars.close[t - 1] => 1.0,
                t if bars.close[t] < bars.close[t - 1] => -1.0,
                _ => 0.0,
            };
            total = or_zero(total) + or_zero(sign * bars.volume[t]);
            total
        })
        .collect()
}

/// Money flow index of x over n bars of [`flows`].
pub(crate) fn mfi(x: &[f64], volume: &[f64], n: usize) -> Vec<f64> {
    let side = |side: usize| -> Vec<f64> {
        let each = (0..x.len()).map(|t| flows(x[t], if t == 0 { f64::NAN } else { x[t - 1] }, volume[t])[side]);
        sum(&each.collect::<Vec<f64>>(), n)
    };
    let (up, down) = (side(0), side(1));
    x.iter().zip(up.iter().zip(&down)).map(|(x, (up, down))| money_flow_index(*x, *up, *down)).collect()
}

/// What flows in and out on a bar: x times volume, to the side of its change. Where there is no change to tell a side from, as
/// on bar 0, it counts on both, as in the Pine reference's formula.
pub(crate) fn flows(x: f64, before: f64, volume: f64) -> [f64; 2] {
    let flow = |no: bool| volume * if no { 0.0 } else { x };
    [flow(x <= before), flow(x >= before)]
}

/// 100 * up / (up + down) of two sums of flows: 100 - 100 / (1 + up / down) without its division by zero. 100 when nothing
/// flowed; `na` where x is.
pub(crate) fn money_flow_index(x: f64, up: f64, down: f64) -> f64 {
    match up + down {
        _ if x.is_nan() => f64::NAN,
        0.0 => 100.0,
        both => 100.0 * up / both,
    }
}

/// Running sum; `na` counts as 0.
pub(crate) fn cum(x: &[f64]) -> Vec<f64> {
    let mut total = 0.0;
    x.iter()
        .map(|v| {
            total = or_zero(total) + or_zero(*v);
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

/// What is unknown adds nothing; nor does a total that infinities have made unknown.
fn or_zero(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x }
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
