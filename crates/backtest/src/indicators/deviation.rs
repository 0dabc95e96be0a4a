//! Spread around a mean, and lines through windows. Two passes a window: prefix sums of squares cancel badly.

use super::windows::{Term, around_mean};
use super::{Gaps, over_numbers};

/// Population standard deviation (ddof 0) of the last n numbers.
pub(crate) fn stdev(x: &[f64], n: usize) -> Vec<f64> {
    over_numbers(x, Gaps::Held, |x| {
        let (_, mut squares) = around_mean(x, n, Term::Square);
        squares.iter_mut().for_each(|sum| *sum = (*sum / n as f64).sqrt());
        squares
    })
}

/// Mean absolute deviation from the mean.
pub(crate) fn dev(x: &[f64], n: usize) -> Vec<f64> {
    let (_, mut distances) = around_mean(x, n, Term::Distance);
    distances.iter_mut().for_each(|sum| *sum /= n as f64);
    distances
}

/// Commodity channel index: (x - mean) / (0.015 * mean absolute deviation); `na` when flat.
pub(crate) fn cci(x: &[f64], n: usize) -> Vec<f64> {
    let (mut means, distances) = around_mean(x, n, Term::Distance);
    for ((mean, sum), x) in means.iter_mut().zip(&distances).zip(x) {
        let dev = sum / n as f64;
        *mean = if dev == 0.0 { f64::NAN } else { (x - *mean) / (0.015 * dev) };
    }
    means
}

/// End point of the least-squares line through the window.
pub(crate) fn linreg(x: &[f64], n: usize) -> Vec<f64> {
    let middle = (n as f64 - 1.0) / 2.0;
    let spread = (0..n).map(|i| (i as f64 - middle) * (i as f64 - middle)).sum::<f64>();
    let (mut means, sums) = around_mean(x, n, Term::Slope);
    for (mean, sum) in means.iter_mut().zip(&sums) {
        let slope = if n == 1 { 0.0 } else { sum / spread };
        *mean += slope * middle;
    }
    means
}
