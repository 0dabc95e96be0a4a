//! Change over time and place within a range.

use super::{first_full_window, highest, lowest};

/// x - x\[n\].
pub(crate) fn change(x: &[f64], n: usize) -> Vec<f64> {
    (0..x.len()).map(|t| if t < n { f64::NAN } else { x[t] - x[t - n] }).collect()
}

/// 100 * (x / x\[n\] - 1).
pub(crate) fn roc(x: &[f64], n: usize) -> Vec<f64> {
    let rate = |t: usize| if x[t - n] == 0.0 { f64::NAN } else { 100.0 * (x[t] / x[t - n] - 1.0) };
    (0..x.len()).map(|t| if t < n { f64::NAN } else { rate(t) }).collect()
}

/// Wilder's relative strength index: seeded with the mean gain and loss of the first n changes; 0 when nothing moved.
pub(crate) fn rsi(x: &[f64], n: usize) -> Vec<f64> {
    let moves = change(x, 1);
    let mut out = vec![f64::NAN; x.len()];
    let Some(start) = first_full_window(&moves, n) else { return out };
    let length = n as f64;
    let seed = |f: fn(f64) -> f64| moves[start..start + n].iter().map(|m| f(*m)).sum::<f64>() / length;
    let (mut up, mut down) = (seed(|m| m.max(0.0)), seed(|m| (-m).max(0.0)));
    let index = |u: f64, d: f64| if u + d == 0.0 { 0.0 } else { 100.0 * u / (u + d) };
    out[start + n - 1] = index(up, down);
    // Two Wilder averages side by side: each waits for its own division, not for the other's.
    for t in start + n..x.len() {
        if moves[t].is_nan() {
            continue;
        }
        up = (up * (length - 1.0) + moves[t].max(0.0)) / length;
        down = (down * (length - 1.0) + (-moves[t]).max(0.0)) / length;
        out[t] = index(up, down);
    }
    out
}

/// 100 * (x - lowest low) / (highest high - lowest low); `na` when flat.
pub(crate) fn stoch(x: &[f64], high: &[f64], low: &[f64], n: usize) -> Vec<f64> {
    let (top, bottom) = (highest(high, n), lowest(low, n));
    let place = |t: usize| match top[t] - bottom[t] {
        0.0 => f64::NAN,
        range => 100.0 * (x[t] - bottom[t]) / range,
    };
    (0..x.len()).map(place).collect()
}
