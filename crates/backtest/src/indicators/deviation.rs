//! Spread around a mean, and lines through windows. Two passes a window: prefix sums of squares cancel badly.

use super::windowed;

fn mean(w: &[f64]) -> f64 {
    w.iter().sum::<f64>() / w.len() as f64
}

/// Population standard deviation (ddof 0), as TA-Lib and TradingView have it.
pub(crate) fn stdev(x: &[f64], n: usize) -> Vec<f64> {
    windowed(x, n, |w| {
        let m = mean(w);
        (w.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / w.len() as f64).sqrt()
    })
}

/// Mean absolute deviation from the mean.
pub(crate) fn dev(x: &[f64], n: usize) -> Vec<f64> {
    windowed(x, n, |w| {
        let m = mean(w);
        w.iter().map(|v| (v - m).abs()).sum::<f64>() / w.len() as f64
    })
}

/// Commodity channel index: (x - mean) / (0.015 * mean absolute deviation); `na` when flat.
pub(crate) fn cci(x: &[f64], n: usize) -> Vec<f64> {
    windowed(x, n, |w| {
        let m = mean(w);
        let dev = w.iter().map(|v| (v - m).abs()).sum::<f64>() / w.len() as f64;
        if dev == 0.0 { f64::NAN } else { (w[w.len() - 1] - m) / (0.015 * dev) }
    })
}

/// End point of the least-squares line through the window.
pub(crate) fn linreg(x: &[f64], n: usize) -> Vec<f64> {
    let n_f = n as f64;
    let middle = (n_f - 1.0) / 2.0;
    let spread = (0..n).map(|i| (i as f64 - middle) * (i as f64 - middle)).sum::<f64>();
    windowed(x, n, |w| {
        let m = mean(w);
        let slope = if n == 1 {
            0.0
        } else {
            w.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - m)).sum::<f64>() / spread
        };
        m + slope * middle
    })
}
