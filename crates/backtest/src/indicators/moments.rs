//! Second moments of windows, weighted windows, and lines read before their end.

use super::{Gaps, over_numbers, windowed};

fn mean(w: &[f64]) -> f64 {
    w.iter().sum::<f64>() / w.len() as f64
}

/// Sum of squares about the mean of the last n numbers over n, or over n - 1 when not `biased`.
pub(crate) fn variance(x: &[f64], n: usize, biased: bool) -> Vec<f64> {
    over_numbers(x, Gaps::Held, |x| spread(x, n, biased))
}

fn spread(x: &[f64], n: usize, biased: bool) -> Vec<f64> {
    let count = if biased { n as f64 } else { n as f64 - 1.0 };
    windowed(x, n, |w| {
        let m = mean(w);
        let squares: f64 = w.iter().map(|v| (v - m) * (v - m)).sum();
        if count > 0.0 { squares / count } else { f64::NAN }
    })
}

/// Pearson's coefficient of the last n pairs; `na` where either side is flat.
pub(crate) fn correlation(x: &[f64], y: &[f64], n: usize) -> Vec<f64> {
    let (spread_x, spread_y) = (spread(x, n, true), spread(y, n, true));
    (0..x.len())
        .map(|t| {
            let scale = (spread_x[t] * spread_y[t]).sqrt();
            if scale.is_nan() || scale == 0.0 {
                return f64::NAN;
            }
            let (a, b) = (&x[t + 1 - n..=t], &y[t + 1 - n..=t]);
            let (ma, mb) = (mean(a), mean(b));
            a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum::<f64>() / n as f64 / scale
        })
        .collect()
}

/// Arnaud Legoux's average: Gaussian weights around `offset` of the window, of width n / sigma.
pub(crate) fn alma(x: &[f64], n: usize, offset: f64, sigma: f64, floor: bool) -> Vec<f64> {
    let middle = offset * (n as f64 - 1.0);
    let middle = if floor { middle.floor() } else { middle };
    let width = n as f64 / sigma;
    let weights: Vec<f64> =
        (0..n).map(|i| libm::exp(-(i as f64 - middle) * (i as f64 - middle) / (2.0 * width * width))).collect();
    let total: f64 = weights.iter().sum();
    windowed(x, n, |w| w.iter().zip(&weights).map(|(v, weight)| v * weight).sum::<f64>() / total)
}

/// Ehlers' centre of gravity: minus the weighted sum, the newest weighing 1, over the sum.
pub(crate) fn centre_of_gravity(x: &[f64], n: usize) -> Vec<f64> {
    windowed(x, n, |w| {
        let weighted: f64 = w.iter().rev().enumerate().map(|(i, v)| v * (i as f64 + 1.0)).sum();
        match w.iter().sum::<f64>() {
            0.0 => f64::NAN,
            total => -weighted / total,
        }
    })
}

/// The least-squares line of the window, read `back` bars before its end.
pub(crate) fn linreg_at(x: &[f64], n: usize, back: f64) -> Vec<f64> {
    let middle = (n as f64 - 1.0) / 2.0;
    let spread: f64 = (0..n).map(|i| (i as f64 - middle) * (i as f64 - middle)).sum();
    windowed(x, n, |w| {
        let m = mean(w);
        let slope = if n == 1 {
            0.0
        } else {
            w.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - m)).sum::<f64>() / spread
        };
        m + slope * (middle - back)
    })
}

/// Highest value so far, by `beats`; `na` is passed over.
pub(crate) fn so_far(x: &[f64], beats: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let mut best = f64::NAN;
    x.iter()
        .map(|v| {
            if best.is_nan() || beats(*v, best) {
                best = *v;
            }
            best
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_windows_by_hand() {
        assert_eq!((variance(&[1.0, 3.0], 2, true)[1], variance(&[1.0, 3.0], 2, false)[1]), (1.0, 2.0));
        assert!(variance(&[1.0], 1, false)[0].is_nan());
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0], 3)[2], 1.0);
        assert!(correlation(&[1.0, 1.0], &[2.0, 4.0], 2)[1].is_nan());
        assert_eq!(linreg_at(&[1.0, 2.0, 4.0, 3.0], 2, 1.0)[3], 4.0);
        // Weights 1 and 2 over the older and the newer of two equal values: -(1 + 2) * 5 / 10.
        assert_eq!(centre_of_gravity(&[5.0, 5.0], 2)[1], -1.5);
        // A symmetric window of symmetric weights is its middle.
        assert!((alma(&[1.0, 2.0, 3.0], 3, 0.5, 6.0, false)[2] - 2.0).abs() < 1e-15);
        assert_eq!(so_far(&[f64::NAN, 2.0, 1.0, 3.0], |a, b| a > b)[1..], [2.0, 2.0, 3.0]);
    }
}
