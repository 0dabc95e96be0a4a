//! Moving averages.

use super::{nth_number, windows};
use crate::compute::isa::{Isa, Task, Words};

/// Running sums of a column in f64: sums and means of any length are differences of two of them.
pub(crate) struct Prefix {
    /// `totals[t]` is the sum of the first t numbers.
    totals: Vec<f64>,
    /// The bars that are `na`, in order.
    gaps: Vec<usize>,
}

impl Prefix {
    pub fn new(x: &[f64]) -> Prefix {
        let mut totals = Vec::with_capacity(x.len() + 1);
        let (mut total, mut gaps) = (0.0, vec![]);
        totals.push(total);
        for (t, value) in x.iter().enumerate() {
            if value.is_nan() {
                gaps.push(t);
            } else {
                total += value;
                totals.push(total);
            }
        }
        Prefix { totals, gaps }
    }

    /// Sum of the last n numbers, into `out`.
    pub fn sums(&self, n: usize, out: &mut [f64]) {
        self.windows(n, |sum| sum, out);
    }

    /// Mean of the last n numbers, into `out`: (S\[t+1\] - S\[t+1-n\]) / n, bit for bit what vectorbt computes.
    pub fn means(&self, n: usize, out: &mut [f64]) {
        let length = n as f64;
        self.windows(n, |sum| sum / length, out);
    }

    fn windows(&self, n: usize, f: impl Fn(f64) -> f64, out: &mut [f64]) {
        let numbers = self.totals.len() - 1;
        let (missing, full) = out[..numbers].split_at_mut(n.saturating_sub(1).min(numbers));
        missing.fill(f64::NAN);
        if numbers >= n {
            Isa::best().dispatch(Differences { new: &self.totals[n..], old: &self.totals, f, out: full });
        }
        // From the back, what lies behind each gap moves to its bars.
        let (mut from, mut to) = (numbers, numbers + self.gaps.len());
        for gap in self.gaps.iter().rev() {
            let behind = to - gap - 1;
            out.copy_within(from - behind..from, gap + 1);
            (from, to) = (from - behind, *gap);
        }
        for gap in &self.gaps {
            out[*gap] = gap.checked_sub(1).map_or(f64::NAN, |before| out[before]);
        }
    }
}

struct Differences<'a, F> {
    new: &'a [f64],
    old: &'a [f64],
    f: F,
    out: &'a mut [f64],
}

impl<F: Fn(f64) -> f64> Task for Differences<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, _simd: S) {
        for ((out, new), old) in self.out.iter_mut().zip(self.new).zip(self.old) {
            *out = (self.f)(new - old);
        }
    }
}

/// Sum of the last n numbers.
pub(crate) fn sum(x: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    Prefix::new(x).sums(n, &mut out);
    out
}

/// Mean of the last n numbers.
pub(crate) fn sma(x: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    Prefix::new(x).means(n, &mut out);
    out
}

/// Exponential: seeded with the mean of the first n numbers, then e += 2/(n+1) * (x - e).
pub(crate) fn ema(x: &[f64], n: usize) -> Vec<f64> {
    let a = 2.0 / (n as f64 + 1.0);
    recursive(x, n, |e, x| e + a * (x - e))
}

/// Wilder's: seeded with the mean of the first n numbers, then (e * (n-1) + x) / n.
pub(crate) fn rma(x: &[f64], n: usize) -> Vec<f64> {
    let n_f = n as f64;
    recursive(x, n, |e, x| (e * (n_f - 1.0) + x) / n_f)
}

fn recursive(x: &[f64], n: usize, next: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let mut out = vec![f64::NAN; x.len()];
    let Some(first) = nth_number(x, n) else { return out };
    let mut e = x[..=first].iter().filter(|v| !v.is_nan()).sum::<f64>() / n as f64;
    out[first] = e;
    for t in first + 1..x.len() {
        // A gap shows as one, and the average goes on behind it.
        if x[t].is_nan() {
            continue;
        }
        e = next(e, x[t]);
        out[t] = e;
    }
    out
}

/// Weights 1..n, the newest heaviest. A gap shows as one; behind it the number before it counts for its bars too.
pub(crate) fn wma(x: &[f64], n: usize) -> Vec<f64> {
    let weights = (n * (n + 1) / 2) as f64;
    if x.iter().all(|v| !v.is_nan()) {
        let mut sums = windows::weighted(x, n);
        sums.iter_mut().for_each(|sum| *sum /= weights);
        return sums;
    }
    let filled: Vec<f64> = x
        .iter()
        .scan(f64::NAN, |last, v| {
            *last = if v.is_nan() { *last } else { *v };
            Some(*last)
        })
        .collect();
    let first = nth_number(x, n).unwrap_or(x.len());
    let mut sums = windows::weighted(&filled, n);
    for (t, (sum, v)) in sums.iter_mut().zip(x).enumerate() {
        *sum = if t < first || v.is_nan() { f64::NAN } else { *sum / weights };
    }
    sums
}

/// SMA of x times volume over SMA of volume; `na` where none was traded.
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
    let steps: Vec<f64> = x.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    // The way of the n steps that end at bar t stands at t - 1.
    let ways = windows::plain(&steps, n);
    let mut length = 0;
    for t in 0..x.len() {
        length = if x[t].is_nan() { 0 } else { length + 1 };
        if length <= n {
            continue;
        }
        let way = ways[t - 1];
        let efficiency = if way == 0.0 { 1.0 } else { ((x[t] - x[t - n]) / way).abs().min(1.0) };
        let c = efficiency * (fast - slow) + slow;
        let before = if out[t - 1].is_nan() { x[t - 1] } else { out[t - 1] };
        out[t] = before + c * c * (x[t] - before);
    }
    out
}
