//! Running indicators of traded volume, as TradingView's reference writes them.

use super::{Now, Site};

fn or_zero(x: f64) -> f64 {
    if x.is_nan() { 0.0 } else { x }
}

/// On-balance volume, as `indicators::obv`.
pub(super) fn obv(site: &mut Site, now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let sign = match t {
        0 => 0.0,
        t if bars.close[t] > bars.close[t - 1] => 1.0,
        t if bars.close[t] < bars.close[t - 1] => -1.0,
        _ => 0.0,
    };
    let total = site.x(0);
    *total = or_zero(*total) + or_zero(sign * bars.volume[t]);
    *total
}

/// Price-volume trend: the sum of relative changes times volume.
pub(super) fn pvt(site: &mut Site, now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let step = if t == 0 { 0.0 } else { (bars.close[t] - bars.close[t - 1]) / bars.close[t - 1] * bars.volume[t] };
    let total = site.x(0);
    *total = or_zero(*total) + or_zero(step);
    *total
}

/// Negative or positive volume index: from 1, follows relative changes on bars whose volume is `wanted`.
pub(super) fn index(site: &mut Site, now: Now<'_>, wanted: impl Fn(f64, f64) -> bool) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let value = site.x(0);
    if value.is_nan() {
        *value = 1.0;
    }
    if t > 0 && wanted(bars.volume[t], bars.volume[t - 1]) && bars.close[t - 1] != 0.0 && bars.close[t] != 0.0 {
        *value += (bars.close[t] - bars.close[t - 1]) / bars.close[t - 1] * *value;
    }
    *value
}

/// Accumulation and distribution: the sum of volume times the place of the close within its bar.
pub(super) fn accumulation(site: &mut Site, now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let range = bars.high[t] - bars.low[t];
    let place = if range == 0.0 { 0.0 } else { (2.0 * bars.close[t] - bars.low[t] - bars.high[t]) / range };
    let total = site.x(0);
    *total = or_zero(*total) + place * bars.volume[t];
    *total
}

/// Williams' accumulation and distribution.
pub(super) fn wad(site: &mut Site, now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let gain = match t {
        0 => 0.0,
        t if bars.close[t] > bars.close[t - 1] => bars.close[t] - bars.low[t].min(bars.close[t - 1]),
        t if bars.close[t] < bars.close[t - 1] => bars.close[t] - bars.high[t].max(bars.close[t - 1]),
        _ => 0.0,
    };
    let total = site.x(0);
    *total = or_zero(*total) + gain;
    *total
}

/// Williams' variable accumulation and distribution.
pub(super) fn wvad(now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let range = bars.high[t] - bars.low[t];
    if range == 0.0 { 0.0 } else { (bars.close[t] - bars.open[t]) / range * bars.volume[t] }
}

/// Intraday intensity index.
pub(super) fn iii(now: Now<'_>) -> f64 {
    let (bars, t) = (now.bars, now.t);
    let scale = (bars.high[t] - bars.low[t]) * bars.volume[t];
    if scale == 0.0 { f64::NAN } else { (2.0 * bars.close[t] - bars.high[t] - bars.low[t]) / scale }
}
