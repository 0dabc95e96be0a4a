//! Change over time and place within a range.

use super::{Gaps, highest, lowest, over_numbers};

/// x - x\[n\].
pub(crate) fn change(x: &[f64], n: usize) -> Vec<f64> {
    (0..x.len()).map(|t| if t < n { f64::NAN } else { x[t] - x[t - n] }).collect()
}

/// 100 * (x / x\[n\] - 1).
pub(crate) fn roc(x: &[f64], n: usize) -> Vec<f64> {
    let rate = |t: usize| if x[t - n] == 0.0 { f64::NAN } else { 100.0 * (x[t] / x[t - n] - 1.0) };
    (0..x.len()).map(|t| if t < n { f64::NAN } else { rate(t) }).collect()
}

/// Wilder's relative strength index: seeded with the mean gain and loss of the first n changes from number to number.
pub(crate) fn rsi(x: &[f64], n: usize) -> Vec<f64> {
    over_numbers(x, Gaps::Shown, |x| {
        let mut out = vec![f64::NAN; x.len()];
        if x.len() <= n {
            return out;
        }
        let (moves, length) = (change(x, 1), n as f64);
        let seed = |f: fn(f64) -> f64| moves[1..=n].iter().map(|m| f(*m)).sum::<f64>() / length;
        let (mut up, mut down) = (seed(|m| m.max(0.0)), seed(|m| (-m).max(0.0)));
        out[n] = share_of_gains(up, down);
        // Two Wilder averages side by side: each waits for its own division, not for the other's.
        for t in n + 1..x.len() {
            up = (up * (length - 1.0) + moves[t].max(0.0)) / length;
            down = (down * (length - 1.0) + (-moves[t]).max(0.0)) / length;
            out[t] = share_of_gains(up, down);
        }
        out
    })
}

/// 100 * up / (up + down): 100 - 100 / (1 + up / down) without its division by zero. 100 when nothing moved, as TradingView
/// (TA-Lib says 0).
pub(crate) fn share_of_gains(up: f64, down: f64) -> f64 {
    if up + down == 0.0 { 100.0 } else { 100.0 * up / (up + down) }
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
