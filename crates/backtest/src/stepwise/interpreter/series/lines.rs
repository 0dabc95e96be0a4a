//! Averages and lines that follow price: ALMA, Kaufman's average, directional movement, Supertrend.

use super::parts::Window;
use super::{Now, Site, atr};
use crate::indicators;

/// Arnaud Legoux's average: weights exp(-(i - m)^2 / (2 s^2)), m = offset * (n - 1), s = n / sigma.
pub(super) fn alma(w: &mut Window, x: f64, n: usize, offset: f64, sigma: f64, floor: bool) -> f64 {
    w.push(x, n);
    let Some(w) = w.full(n) else { return f64::NAN };
    let m = offset * (n as f64 - 1.0);
    let m = if floor { m.floor() } else { m };
    let s = n as f64 / sigma;
    let weight = |i: usize| libm::exp(-(i as f64 - m) * (i as f64 - m) / (2.0 * s * s));
    let norm: f64 = (0..n).map(weight).sum();
    w.iter().enumerate().map(|(i, v)| v * weight(i)).sum::<f64>() / norm
}

/// Kaufman's adaptive average, as `indicators::kama`.
pub(super) fn kama(site: &mut Site, x: f64, n: usize) -> f64 {
    let (fast, slow) = (2.0 / 3.0, 2.0 / 31.0);
    let last = *site.x(0);
    let w = site.window(0);
    w.push(x, n + 1);
    let value = match w.full(n + 1) {
        None => f64::NAN,
        Some(w) => {
            let way: f64 = w.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
            let efficiency = if way == 0.0 { 1.0 } else { ((w[n] - w[0]) / way).abs().min(1.0) };
            let c = efficiency * (fast - slow) + slow;
            let before = if last.is_nan() { w[n - 1] } else { last };
            before + c * c * (x - before)
        }
    };
    *site.x(0) = value;
    value
}

/// +DI, -DI and ADX, as `indicators` has them.
pub(super) fn directional(site: &mut Site, now: Now<'_>, n: usize, m: usize) -> [f64; 3] {
    let moved = indicators::movements(now.bars, now.t);
    let range = site.average(0).rma(now.true_range(), n);
    let mut of = |k: usize, moved: f64| {
        let moved = site.average(k).rma(moved, n);
        if range == 0.0 { f64::NAN } else { 100.0 * moved / range }
    };
    let (plus, minus) = (of(1, moved[0]), of(2, moved[1]));
    [plus, minus, 100.0 * site.average(3).rma(indicators::directional_index(plus, minus), m)]
}

/// The Supertrend line and its direction, as `indicators` has them.
pub(super) fn supertrend(site: &mut Site, now: Now<'_>, factor: f64, n: usize) -> [f64; 2] {
    let range = atr(site.average(0), now, n);
    site.supertrend.next(now.bars, now.t, factor, range)
}
