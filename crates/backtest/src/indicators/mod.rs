//! Built-in series functions over plain columns. NaN is `na`.
//!
//! Conventions are TradingView's: the formula that the Pine reference writes out, and where it writes none, what the peers in
//! the tests agree on. Lengths are at least 1: callers check.
//!
//! `na` is passed over, in one of four ways. Sums, means, deviations, medians and modes look at the last n numbers, and go on
//! saying what they said on the bar of an `na`. Exponential averages and the RSI show the gap and go on behind it, as if it
//! were not there. Weighted averages show the gap and count the number before it once more. Extremes show the gap and start
//! anew behind it. Everything else (ALMA, SWMA, lines, differences, mean absolute deviation, ranks, percentiles, correlation)
//! gives `na` while its window holds one.

mod averages;
mod channels;
mod deviation;
mod directional;
mod moments;
mod momentum;
mod pivots;
mod ranges;
mod ranks;
mod stops;
mod volume;
mod windows;

pub(crate) use averages::{Prefix, ema, kama, rma, sma, sum, vwma, wma};
pub(crate) use channels::{highest, highest_bars, lowest, lowest_bars};
pub(crate) use deviation::{cci, dev, linreg, stdev};
pub(crate) use directional::{adx, directional_index, minus_di, movements, plus_di};
pub(crate) use moments::{alma, centre_of_gravity, correlation, linreg_at, so_far, variance};
pub(crate) use momentum::{change, roc, rsi, share_of_gains, stoch};
pub(crate) use pivots::{pivot_high, pivot_low};
pub(crate) use ranges::{atr, true_range, true_range_handling_na};
pub(crate) use ranks::{median, mode, percent_rank, percentile_linear, percentile_nearest};
pub(crate) use stops::{Sar, Supertrend, sar, supertrend, supertrend_direction};
pub(crate) use volume::{cum, flows, mfi, money_flow_index, obv, vwap};

/// Bar of the n-th number, if there are so many.
fn nth_number(x: &[f64], n: usize) -> Option<usize> {
    x.iter().enumerate().filter(|(_, v)| !v.is_nan()).nth(n - 1).map(|(t, _)| t)
}

/// What becomes of the bar of an `na`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gaps {
    /// It says what the bar before it said.
    Held,
    /// It is `na` too.
    Shown,
}

/// Applies `f` to the numbers alone.
fn over_numbers(x: &[f64], gaps: Gaps, f: impl FnOnce(&[f64]) -> Vec<f64>) -> Vec<f64> {
    if x.iter().all(|v| !v.is_nan()) {
        return f(x);
    }
    let numbers: Vec<f64> = x.iter().copied().filter(|v| !v.is_nan()).collect();
    let mut results = f(&numbers).into_iter();
    let mut last = f64::NAN;
    x.iter()
        .map(|v| {
            if !v.is_nan() {
                last = results.next().expect("a result for each number");
            } else if gaps == Gaps::Shown {
                return f64::NAN;
            }
            last
        })
        .collect()
}

/// Applies `f` to each window of n values without an `na`.
fn windowed(x: &[f64], n: usize, mut f: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    let mut length = 0;
    (0..x.len())
        .map(|t| {
            length = if x[t].is_nan() { 0 } else { length + 1 };
            if length >= n { f(&x[t + 1 - n..=t]) } else { f64::NAN }
        })
        .collect()
}
