//! Trend direction: Wilder's directional movement and parabolic stop, Supertrend.

use crate::Bars;

use super::{atr, rma, true_range};

/// +DI: Wilder's sums, seeded with the first n-1 values (bars 1 to n-1), then s - s/n + new. TA-Lib's convention.
pub(crate) fn plus_di(bars: &Bars, n: usize) -> Vec<f64> {
    directional(bars, n, |up, down| if up > down && up > 0.0 { up } else { 0.0 })
}

/// -DI.
pub(crate) fn minus_di(bars: &Bars, n: usize) -> Vec<f64> {
    directional(bars, n, |up, down| if down > up && down > 0.0 { down } else { 0.0 })
}

/// Mean of n, then of m: 100 * |+DI - -DI| / (+DI + -DI), Wilder-averaged over m.
pub(crate) fn adx(bars: &Bars, n: usize, m: usize) -> Vec<f64> {
    let (plus, minus) = (plus_di(bars, n), minus_di(bars, n));
    let index = |p: f64, q: f64| if p + q == 0.0 { 0.0 } else { 100.0 * (p - q).abs() / (p + q) };
    let dx: Vec<f64> = plus.iter().zip(&minus).map(|(p, q)| index(*p, *q)).collect();
    rma(&dx, m)
}

fn directional(bars: &Bars, n: usize, movement: fn(f64, f64) -> f64) -> Vec<f64> {
    let range = true_range(bars);
    let mut out = vec![f64::NAN; bars.len()];
    let (mut moved, mut ranged) = (0.0, 0.0);
    for t in 1..bars.len() {
        let step = movement(bars.high[t] - bars.high[t - 1], bars.low[t - 1] - bars.low[t]);
        if t < n {
            moved += step;
            ranged += range[t];
            continue;
        }
        moved = moved - moved / n as f64 + step;
        ranged = ranged - ranged / n as f64 + range[t];
        out[t] = if ranged == 0.0 { 0.0 } else { 100.0 * moved / ranged };
    }
    out
}

/// The Supertrend line: the lower band while rising, the upper band while falling.
pub(crate) fn supertrend(bars: &Bars, factor: f64, n: usize) -> Vec<f64> {
    walk_supertrend(bars, factor, n).0
}

/// -1 while rising, 1 while falling, as Pine's `ta.supertrend` gives it.
pub(crate) fn supertrend_direction(bars: &Bars, factor: f64, n: usize) -> Vec<f64> {
    walk_supertrend(bars, factor, n).1
}

fn walk_supertrend(bars: &Bars, factor: f64, n: usize) -> (Vec<f64>, Vec<f64>) {
    let range = atr(bars, n);
    let (mut line, mut direction) = (vec![f64::NAN; bars.len()], vec![f64::NAN; bars.len()]);
    let (mut upper, mut lower, mut falling) = (f64::NAN, f64::NAN, true);
    let mut started = false;
    for t in 0..bars.len() {
        if range[t].is_nan() {
            continue;
        }
        let middle = (bars.high[t] + bars.low[t]) / 2.0;
        let (raw_upper, raw_lower) = (middle + factor * range[t], middle - factor * range[t]);
        if started {
            // The band that price leans on only tightens until price has crossed it.
            let before = bars.close[t - 1];
            falling = if falling {
                bars.close[t] <= tighter_upper(raw_upper, upper, before)
            } else {
                bars.close[t] < tighter_lower(raw_lower, lower, before)
            };
            upper = tighter_upper(raw_upper, upper, before);
            lower = tighter_lower(raw_lower, lower, before);
        } else {
            (upper, lower, started) = (raw_upper, raw_lower, true);
        }
        line[t] = if falling { upper } else { lower };
        direction[t] = if falling { 1.0 } else { -1.0 };
    }
    (line, direction)
}

fn tighter_upper(raw: f64, before: f64, close_before: f64) -> f64 {
    if raw < before || close_before > before { raw } else { before }
}

fn tighter_lower(raw: f64, before: f64, close_before: f64) -> f64 {
    if raw > before || close_before < before { raw } else { before }
}

/// Wilder's parabolic stop and reverse (1978), with TradingView's start: the side of the first change of close.
pub(crate) fn sar(bars: &Bars, start: f64, step: f64, max: f64) -> Vec<f64> {
    let (high, low) = (&bars.high, &bars.low);
    let mut out = vec![f64::NAN; bars.len()];
    if bars.len() < 2 {
        return out;
    }
    let mut rising = bars.close[1] > bars.close[0];
    let (mut stop, mut extreme) = if rising { (low[0], high[1]) } else { (high[0], low[1]) };
    let mut pace = start;
    for t in 1..bars.len() {
        let mut fresh = t == 1;
        stop += pace * (extreme - stop);
        if rising && stop > low[t] {
            (rising, fresh, pace) = (false, true, start);
            stop = high[t].max(extreme);
            extreme = low[t];
        } else if !rising && stop < high[t] {
            (rising, fresh, pace) = (true, true, start);
            stop = low[t].min(extreme);
            extreme = high[t];
        }
        if !fresh && rising && high[t] > extreme {
            extreme = high[t];
            pace = (pace + step).min(max);
        } else if !fresh && !rising && low[t] < extreme {
            extreme = low[t];
            pace = (pace + step).min(max);
        }
        // Never inside the last two bars.
        for back in 1..=t.min(2) {
            stop = if rising { stop.min(low[t - back]) } else { stop.max(high[t - back]) };
        }
        out[t] = stop;
    }
    out
}
