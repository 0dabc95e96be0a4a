//! Averages and stops that follow price: ALMA, Kaufman's average, directional movement, Supertrend, parabolic stop.

use super::parts::Window;
use super::{Now, Site, atr};

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
    let (bars, t) = (now.bars, now.t);
    // Wilder's sums of up moves, down moves and ranges, and how many bars they hold.
    for k in 0..3 {
        if site.x(k).is_nan() {
            *site.x(k) = 0.0;
        }
    }
    let steps = site.calls;
    let (mut plus, mut minus) = (f64::NAN, f64::NAN);
    if t > 0 {
        let (up, down) = (bars.high[t] - bars.high[t - 1], bars.low[t - 1] - bars.low[t]);
        let moves = [
            if up > down && up > 0.0 { up } else { 0.0 },
            if down > up && down > 0.0 { down } else { 0.0 },
            now.true_range(),
        ];
        for (k, moved) in moves.into_iter().enumerate() {
            let sum = site.x(k);
            *sum = if steps < n { *sum + moved } else { *sum - *sum / n as f64 + moved };
        }
        if steps >= n {
            let ranged = *site.x(2);
            let of = |sum: f64| if ranged == 0.0 { 0.0 } else { 100.0 * sum / ranged };
            (plus, minus) = (of(*site.x(0)), of(*site.x(1)));
        }
    }
    let index = if plus + minus == 0.0 { 0.0 } else { 100.0 * (plus - minus).abs() / (plus + minus) };
    let adx = site.average(0).rma(index, m);
    [plus, minus, adx]
}

/// The Supertrend line and its direction, as `indicators` has them.
pub(super) fn supertrend(site: &mut Site, now: Now<'_>, factor: f64, n: usize) -> [f64; 2] {
    let (bars, t) = (now.bars, now.t);
    let range = atr(site.average(0), now, n);
    if range.is_nan() {
        return [f64::NAN; 2];
    }
    let middle = (bars.high[t] + bars.low[t]) / 2.0;
    let (raw_upper, raw_lower) = (middle + factor * range, middle - factor * range);
    let (upper, lower, falling) = (*site.x(0), *site.x(1), *site.x(2));
    let (upper, lower, falling) = if falling.is_nan() {
        (raw_upper, raw_lower, true)
    } else {
        let before = bars.close[t - 1];
        let upper = if raw_upper < upper || before > upper { raw_upper } else { upper };
        let lower = if raw_lower > lower || before < lower { raw_lower } else { lower };
        let falling = if falling != 0.0 { bars.close[t] <= upper } else { bars.close[t] < lower };
        (upper, lower, falling)
    };
    (*site.x(0), *site.x(1), *site.x(2)) = (upper, lower, f64::from(u8::from(falling)));
    if falling { [upper, 1.0] } else { [lower, -1.0] }
}

/// Wilder's parabolic stop and reverse, as `indicators::sar`.
pub(super) fn sar(site: &mut Site, now: Now<'_>, start: f64, step: f64, max: f64) -> f64 {
    let (bars, t) = (now.bars, now.t);
    if t == 0 {
        return f64::NAN;
    }
    let (high, low) = (&bars.high, &bars.low);
    let first = site.x(0).is_nan();
    if first {
        let rising = bars.close[t] > bars.close[t - 1];
        let (stop, extreme) = if rising { (low[t - 1], high[t]) } else { (high[t - 1], low[t]) };
        (*site.x(0), *site.x(1), *site.x(2), *site.x(3)) = (stop, extreme, start, f64::from(u8::from(rising)));
    }
    let (mut stop, mut extreme, mut pace, mut rising) = (*site.x(0), *site.x(1), *site.x(2), *site.x(3) != 0.0);
    let mut fresh = first;
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
    for back in 1..=t.min(2) {
        stop = if rising { stop.min(low[t - back]) } else { stop.max(high[t - back]) };
    }
    (*site.x(0), *site.x(1), *site.x(2), *site.x(3)) = (stop, extreme, pace, f64::from(u8::from(rising)));
    stop
}
