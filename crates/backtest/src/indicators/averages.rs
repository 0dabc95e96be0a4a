//! Moving averages.

use super::{first_full_window, windowed};

/// Sum of the last n, by prefix sums in f64; `na` counts as 0 in the sums and voids its windows.
pub(crate) fn sum(x: &[f64], n: usize) -> Vec<f64> {
    let mut prefix = Vec::with_capacity(x.len() + 1);
    prefix.push(0.0);
    let (mut total, mut length) = (0.0, 0);
    x.iter()
        .enumerate()
        .map(|(t, value)| {
            length = if value.is_nan() { 0 } else { length + 1 };
            total += if value.is_nan() { 0.0 } else { *value };
            prefix.push(total);
            if length >= n { total - prefix[t + 1 - n] } else { f64::NAN }
        })
        .collect()
}

/// Mean of the last n: (S\[t+1\] - S\[t+1-n\]) / n, bit for bit what vectorbt computes.
pub(crate) fn sma(x: &[f64], n: usize) -> Vec<f64> {
    let mut means = sum(x, n);
    means.iter_mut().for_each(|s| *s /= n as f64);
    means
}

/// Exponential: seeded with the mean of the first n, then e += 2/(n+1) * (x - e).
pub(crate) fn ema(x: &[f64], n: usize) -> Vec<f64> {
    let a = 2.0 / (n as f64 + 1.0);
    recursive(x, n, |e, x| e + a * (x - e))
}

/// Wilder's: seeded with the mean of the first n, then (e * (n-1) + x) / n.
pub(crate) fn rma(x: &[f64], n: usize) -> Vec<f64> {
    let n_f = n as f64;
    recursive(x, n, |e, x| (e * (n_f - 1.0) + x) / n_f)
}

fn recursive(x: &[f64], n: usize, next: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    let Some(start) = first_full_window(x, n) else { return out };
    let mut e = x[start..start + n].iter().sum::<f64>() / n as f64;
    out[start + n - 1] = e;
    for t in start + n..x.len() {
        // A gap shows as one, and the average goes on behind it.
        if x[t].is_nan() {
            continue;
        }
        e = next(e, x[t]);
        out[t] = e;
    }
    out
}

/// Weights 1..n, the newest heaviest.
pub(crate) fn wma(x: &[f64], n: usize) -> Vec<f64> {
    let weights = (n * (n + 1) / 2) as f64;
    windowed(x, n, |w| w.iter().enumerate().map(|(i, v)| v * (i as f64 + 1.0)).sum::<f64>() / weights)
}

/// Weighted by volume; `na` where none was traded.
pub(crate) fn vwma(x: &[f64], volume: &[f64], n: usize) -> Vec<f64> {
    let traded: Vec<f64> = x.iter().zip(volume).map(|(x, v)| x * v).collect();
    let (top, bottom) = (sum(&traded, n), sum(volume, n));
    top.iter().zip(&bottom).map(|(a, b)| if *b > 0.0 { a / b } else { f64::NAN }).collect()
}

/// Kaufman's adaptive average (1995): e += c^2 * (x - e), where c lies between 2/31 and 2/3 as the efficiency ratio does
/// between 0 and 1. Starts from the value before its first, as TA-Lib does; a gap starts it anew.
pub(crate) fn kama(x: &[f64], n: usize) -> Vec<f64> {
    let (fast, slow) = (2.0 / 3.0, 2.0 / 31.0);
    let mut out = vec![f64::NAN; x.len()];
    for t in n..x.len() {
        let window = &x[t - n..=t];
        if window.iter().any(|v| v.is_nan()) {
            continue;
        }
        let way: f64 = window.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let efficiency = if way == 0.0 { 1.0 } else { ((x[t] - x[t - n]) / way).abs().min(1.0) };
        let c = efficiency * (fast - slow) + slow;
        let before = if out[t - 1].is_nan() { x[t - 1] } else { out[t - 1] };
        out[t] = before + c * c * (x[t] - before);
    }
    out
}
