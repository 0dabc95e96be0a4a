//! Built-in series functions over plain columns. NaN is `na`.
//!
//! Conventions are TA-Lib's, which TradingView shares but for details named at the function. A window that holds an `na`
//! gives `na`; recursive ones start over their first n consecutive values. Lengths are at least 1: callers check.

mod averages;
mod channels;
mod deviation;
mod directional;
mod moments;
mod momentum;
mod pivots;
mod ranges;
mod ranks;
mod volume;

pub(crate) use averages::{Prefix, ema, kama, rma, sma, sum, vwma, wma};
pub(crate) use channels::{highest, highest_bars, lowest, lowest_bars};
pub(crate) use deviation::{cci, dev, linreg, stdev};
pub(crate) use directional::{adx, minus_di, plus_di, sar, supertrend, supertrend_direction};
pub(crate) use moments::{alma, centre_of_gravity, correlation, linreg_at, so_far, variance};
pub(crate) use momentum::{change, roc, rsi, stoch};
pub(crate) use pivots::{pivot_high, pivot_low};
pub(crate) use ranges::{atr, true_range};
pub(crate) use ranks::{median, mode, percent_rank, percentile_linear, percentile_nearest};
pub(crate) use volume::{cum, mfi, obv, vwap};

/// Index of the first of n consecutive values, if there are so many.
fn first_full_window(x: &[f64], n: usize) -> Option<usize> {
    let mut length = 0;
    for (t, value) in x.iter().enumerate() {
        length = if value.is_nan() { 0 } else { length + 1 };
        if length == n {
            return Some(t + 1 - n);
        }
    }
    None
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
