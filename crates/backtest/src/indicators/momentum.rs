//! Change over time and place within a range.

use super::{highest, lowest, rma};

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
    let side =
        |f: fn(f64) -> f64| moves.iter().map(|m| if m.is_nan() { f64::NAN } else { f(*m) }).collect::<Vec<f64>>();
    let (up, down) = (rma(&side(|m| m.max(0.0)), n), rma(&side(|m| (-m).max(0.0)), n));
    let index = |u: f64, d: f64| if u + d == 0.0 { 0.0 } else { 100.0 * u / (u + d) };
    up.iter().zip(&down).map(|(u, d)| index(*u, *d)).collect()
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
