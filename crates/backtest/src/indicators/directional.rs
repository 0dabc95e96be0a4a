//! Trend direction: Wilder's directional movement, averaged as TradingView averages it.

use crate::Bars;

use super::{rma, true_range};

/// +DI: 100 * RMA of the up moves / RMA of the true range, both from bar 1 on. `na` where there is no range. (TA-Lib seeds
/// Wilder's sums with n - 1 values: the difference decays.)
pub(crate) fn plus_di(bars: &Bars, n: usize) -> Vec<f64> {
    directional(bars, n, 0)
}

/// -DI.
pub(crate) fn minus_di(bars: &Bars, n: usize) -> Vec<f64> {
    directional(bars, n, 1)
}

/// 100 * the RMA over m of |+DI - -DI| / (+DI + -DI).
pub(crate) fn adx(bars: &Bars, n: usize, m: usize) -> Vec<f64> {
    let (plus, minus) = (plus_di(bars, n), minus_di(bars, n));
    let index: Vec<f64> = plus.iter().zip(&minus).map(|(p, q)| directional_index(*p, *q)).collect();
    let mut average = rma(&index, m);
    average.iter_mut().for_each(|x| *x *= 100.0);
    average
}

/// |+DI - -DI| over their sum; 0 when both are 0.
pub(crate) fn directional_index(plus: f64, minus: f64) -> f64 {
    let sum = plus + minus;
    (plus - minus).abs() / if sum == 0.0 { 1.0 } else { sum }
}

/// Up and down move of bar t against the bar before it: the larger one, if it is above 0. `na` on bar 0.
pub(crate) fn movements(bars: &Bars, t: usize) -> [f64; 2] {
    if t == 0 {
        return [f64::NAN; 2];
    }
    let (up, down) = (bars.high[t] - bars.high[t - 1], bars.low[t - 1] - bars.low[t]);
    [if up > down && up > 0.0 { up } else { 0.0 }, if down > up && down > 0.0 { down } else { 0.0 }]
}

fn directional(bars: &Bars, n: usize, side: usize) -> Vec<f64> {
    let moved: Vec<f64> = (0..bars.len()).map(|t| movements(bars, t)[side]).collect();
    let mut moved = rma(&moved, n);
    for (moved, range) in moved.iter_mut().zip(rma(&true_range(bars), n)) {
        *moved = if range == 0.0 { f64::NAN } else { 100.0 * *moved / range };
    }
    moved
}
