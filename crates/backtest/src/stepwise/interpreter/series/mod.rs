//! Series functions with a state a call site: the streaming form of `indicators`, and what has no column.
//!
//! A state advances when its call runs. Called on every bar it agrees with the columns to the bit.

mod lines;
mod parts;
pub(super) mod ranks;
mod volume;

use assay_pine::check::Ta;
use assay_pine::graph::Binary;

use crate::Bars;
use crate::indicators;
use parts::{Recursive, Sum, Window};

/// Longest length: longer than any file of bars that we hold.
const LENGTH_MAX: f64 = 1e8;

/// What a call gives.
pub(super) enum Given {
    Number(f64),
    Truth(bool),
    Several(Vec<f64>),
}

/// A length below 1.
pub(super) struct BadLength(pub f64);

/// The state of one call site. Which parts are used depends on the function.
#[derive(Clone, Debug, Default)]
pub(super) struct Site {
    windows: Vec<Window>,
    sums: Vec<Sum>,
    averages: Vec<Recursive>,
    supertrend: indicators::Supertrend,
    sar: indicators::Sar,
    xs: Vec<f64>,
    /// Calls before this one.
    calls: usize,
}

impl Site {
    fn window(&mut self, k: usize) -> &mut Window {
        if self.windows.len() <= k {
            self.windows.resize_with(k + 1, Window::default);
        }
        &mut self.windows[k]
    }
    fn sum(&mut self, k: usize) -> &mut Sum {
        if self.sums.len() <= k {
            self.sums.resize_with(k + 1, Sum::default);
        }
        &mut self.sums[k]
    }
    fn average(&mut self, k: usize) -> &mut Recursive {
        if self.averages.len() <= k {
            self.averages.resize_with(k + 1, Recursive::default);
        }
        &mut self.averages[k]
    }
    /// A number that is remembered; `na` at first.
    fn x(&mut self, k: usize) -> &mut f64 {
        if self.xs.len() <= k {
            self.xs.resize(k + 1, f64::NAN);
        }
        &mut self.xs[k]
    }
    /// The change from the number before; `na` where x is.
    fn moved(&mut self, x: f64) -> f64 {
        if x.is_nan() { f64::NAN } else { x - self.before(0, x) }
    }
    /// Remembers `now` and gives what was remembered.
    fn before(&mut self, k: usize, now: f64) -> f64 {
        std::mem::replace(self.x(k), now)
    }
}

/// The bar under way.
#[derive(Clone, Copy)]
pub(super) struct Now<'b> {
    pub bars: &'b Bars,
    pub t: usize,
    pub version: u8,
}

impl Now<'_> {
    /// True range; `na` on bar 0.
    fn true_range(&self) -> f64 {
        if self.t == 0 { f64::NAN } else { self.true_range_handling_na() }
    }

    /// True range; high - low on bar 0.
    fn true_range_handling_na(&self) -> f64 {
        let (bars, t) = (self.bars, self.t);
        match t {
            0 => bars.high[0] - bars.low[0],
            t => bars.high[t].max(bars.close[t - 1]) - bars.low[t].min(bars.close[t - 1]),
        }
    }
}

/// Whole bars of a length; `None` while it is `na`.
fn whole(x: f64, least: f64) -> Result<Option<usize>, BadLength> {
    match x.floor() {
        n if n.is_nan() => Ok(None),
        n if n >= least && n <= LENGTH_MAX => Ok(Some(n as usize)),
        _ => Err(BadLength(x)),
    }
}

/// Advances the state of a call by one execution.
pub(super) fn advance(which: Ta, site: &mut Site, now: Now<'_>, a: &[f64]) -> Result<Given, BadLength> {
    use Given::{Number, Several, Truth};
    let length = |k: usize| whole(a[k], 1.0);
    macro_rules! n {
        ($k:expr) => {
            match length($k)? {
                Some(n) => n,
                None => return Ok(Number(f64::NAN)),
            }
        };
    }
    let given = match which {
        Ta::Sma => {
            let n = n!(1);
            Number(site.sum(0).next(a[0], n) / n as f64)
        }
        Ta::Sum => {
            let n = n!(1);
            Number(site.sum(0).next(a[0], n))
        }
        Ta::Ema => {
            let n = n!(1);
            Number(site.average(0).ema(a[0], n))
        }
        Ta::Rma => {
            let n = n!(1);
            Number(site.average(0).rma(a[0], n))
        }
        Ta::Wma => {
            let n = n!(1);
            Number(wma(site.window(0), a[0], n))
        }
        Ta::Vwma => {
            let (n, volume) = (n!(1), now.bars.volume[now.t]);
            let (top, bottom) = (site.sum(0).next(a[0] * volume, n), site.sum(1).next(volume, n));
            Number(if bottom > 0.0 { top / bottom } else { f64::NAN })
        }
        Ta::Swma => {
            let w = site.window(0);
            w.push(a[0], 4);
            Number(w.full(4).map_or(f64::NAN, |w| w[0] / 6.0 + w[1] * 2.0 / 6.0 + w[2] * 2.0 / 6.0 + w[3] / 6.0))
        }
        Ta::Alma => {
            let n = n!(1);
            Number(lines::alma(site.window(0), a[0], n, a[2], a[3], a[4] != 0.0))
        }
        Ta::Hma => {
            let n = n!(1);
            let half = (n as f64 / 2.0).floor().max(1.0) as usize;
            let root = (n as f64).sqrt().floor() as usize;
            let (fast, slow) = (wma(site.window(0), a[0], half), wma(site.window(1), a[0], n));
            Number(wma(site.window(2), 2.0 * fast - slow, root))
        }
        Ta::Kama => {
            let n = n!(1);
            Number(lines::kama(site, a[0], n))
        }
        Ta::Rsi => {
            let n = n!(1);
            let moved = site.moved(a[0]);
            let side = |x: f64| if moved.is_nan() { f64::NAN } else { x };
            let (up, down) = (side(moved.max(0.0)), side((-moved).max(0.0)));
            let (u, d) = (site.average(0).rma(up, n), site.average(1).rma(down, n));
            Number(indicators::share_of_gains(u, d))
        }
        Ta::Stdev => {
            let n = n!(1);
            let sd = stdev(site.window(0), a[0], n);
            Number(if a[2] != 0.0 { sd } else { sd * (n as f64 / (n as f64 - 1.0)).sqrt() })
        }
        Ta::Variance => {
            let n = n!(1);
            let w = site.window(0);
            w.push_number(a[0], n);
            Number(w.full(n).map_or(f64::NAN, |w| ranks::variance(w, a[2] != 0.0)))
        }
        Ta::Dev => {
            let n = n!(1);
            Number(windowed(site.window(0), a[0], n, indicators::dev))
        }
        Ta::Cci => {
            let n = n!(1);
            Number(windowed(site.window(0), a[0], n, indicators::cci))
        }
        Ta::Linreg => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n);
            let back = a[2];
            Number(match w.full(n) {
                Some(w) if back == 0.0 => last(indicators::linreg(w, n)),
                Some(w) => ranks::line(w, back),
                None => f64::NAN,
            })
        }
        Ta::Highest => {
            let n = n!(1);
            Number(extreme(site, 0, a[0], n, |new, old| new >= old).1)
        }
        Ta::Lowest => {
            let n = n!(1);
            Number(extreme(site, 0, a[0], n, |new, old| new <= old).1)
        }
        Ta::HighestBars => {
            let n = n!(1);
            Number(extreme(site, 0, a[0], n, |new, old| new >= old).0)
        }
        Ta::LowestBars => {
            let n = n!(1);
            Number(extreme(site, 0, a[0], n, |new, old| new <= old).0)
        }
        Ta::Range => {
            let n = n!(1);
            let top = extreme(site, 0, a[0], n, |new, old| new >= old).1;
            Number(top - extreme(site, 1, a[0], n, |new, old| new <= old).1)
        }
        Ta::Change => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n);
            Number(a[0] - w.back(n))
        }
        Ta::ChangedTruth => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n);
            let before = w.back(n);
            Truth(!before.is_nan() && before != a[0])
        }
        Ta::Roc => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n);
            let before = w.back(n);
            Number(if before == 0.0 { f64::NAN } else { 100.0 * (a[0] / before - 1.0) })
        }
        Ta::TrueRange => Number(if a[0] == 0.0 { now.true_range() } else { now.true_range_handling_na() }),
        Ta::Atr => {
            let n = n!(0);
            Number(atr(site.average(0), now, n))
        }
        Ta::Mfi => {
            let (n, volume) = (n!(1), now.bars.volume[now.t]);
            let [up, down] = indicators::flows(a[0], site.before(0, a[0]), volume);
            let (u, d) = (site.sum(0).next(up, n), site.sum(1).next(down, n));
            Number(indicators::money_flow_index(a[0], u, d))
        }
        Ta::Stoch => {
            let n = n!(3);
            Number(stoch(site, a[0], a[1], a[2], n))
        }
        Ta::Wpr => {
            let n = n!(0);
            let (bars, t) = (now.bars, now.t);
            Number(stoch(site, bars.close[t], bars.high[t], bars.low[t], n) - 100.0)
        }
        Ta::Dmi => {
            let (Some(n), Some(m)) = (length(0)?, length(1)?) else { return Ok(Several(vec![f64::NAN; 3])) };
            Several(lines::directional(site, now, n, m).to_vec())
        }
        Ta::Supertrend => {
            let Some(n) = length(1)? else { return Ok(Several(vec![f64::NAN; 2])) };
            Several(lines::supertrend(site, now, a[0], n).to_vec())
        }
        Ta::Sar => Number(site.sar.next(now.bars, now.t, a[0], a[1], a[2])),
        Ta::Obv => Number(volume::obv(site, now)),
        Ta::Cum => {
            let total = site.x(0);
            *total = if total.is_nan() { 0.0 } else { *total } + if a[0].is_nan() { 0.0 } else { a[0] };
            Number(*total)
        }
        Ta::Bb | Ta::Bbw => {
            let Some(n) = length(1)? else { return Ok(Several(vec![f64::NAN; 3])) };
            let middle = site.sum(0).next(a[0], n) / n as f64;
            let width = a[2] * stdev(site.window(0), a[0], n);
            band(which == Ta::Bbw, middle, width, now.version)
        }
        Ta::Kc | Ta::Kcw => {
            let Some(n) = length(1)? else { return Ok(Several(vec![f64::NAN; 3])) };
            let range = if a[3] != 0.0 { now.true_range() } else { now.bars.high[now.t] - now.bars.low[now.t] };
            let middle = site.average(0).ema(a[0], n);
            let width = a[2] * site.average(1).ema(range, n);
            band(which == Ta::Kcw, middle, width, 5)
        }
        Ta::Macd => {
            let (Some(fast), Some(slow), Some(signal)) = (length(1)?, length(2)?, length(3)?) else {
                return Ok(Several(vec![f64::NAN; 3]));
            };
            let line = site.average(0).ema(a[0], fast) - site.average(1).ema(a[0], slow);
            let signal = site.average(2).ema(line, signal);
            Several(vec![line, signal, line - signal])
        }
        Ta::Crossover | Ta::Crossunder | Ta::Cross => {
            let (x, y) = (site.before(0, a[0]), site.before(1, a[1]));
            let (up, down) = (a[0] > a[1] && x <= y, a[0] < a[1] && x >= y);
            Truth(match which {
                Ta::Crossover => up,
                Ta::Crossunder => down,
                _ => up || down,
            })
        }
        Ta::Rising | Ta::Falling => {
            let n = match length(1)? {
                Some(n) => n,
                None => return Ok(Truth(false)),
            };
            let before = site.before(0, a[0]);
            let goes_on = if which == Ta::Rising { a[0] > before } else { a[0] < before };
            // How many bars in a row.
            let run = if goes_on { 1.0 + site.x(1).max(0.0) } else { 0.0 };
            *site.x(1) = run;
            Truth(run >= n as f64)
        }
        Ta::BarsSince => {
            if a[0] != 0.0 && !a[0].is_nan() {
                *site.x(0) = now.t as f64;
            }
            Number(now.t as f64 - *site.x(0))
        }
        Ta::PivotHigh | Ta::PivotLow => {
            let (Some(left), Some(right)) = (whole(a[1], 0.0)?, whole(a[2], 0.0)?) else {
                return Ok(Number(f64::NAN));
            };
            let w = site.window(0);
            w.push(a[0], left + right + 1);
            let found = w.full(left + right + 1).filter(|w| {
                let x = w[left];
                w.iter().enumerate().all(|(i, v)| match (which, i < left, i == left) {
                    (_, _, true) => true,
                    (Ta::PivotHigh, true, _) => x > *v,
                    (Ta::PivotHigh, false, _) => x >= *v,
                    (_, true, _) => x < *v,
                    (_, false, _) => x <= *v,
                })
            });
            Number(found.map_or(f64::NAN, |w| w[left]))
        }
        Ta::Correlation => {
            let n = n!(2);
            site.window(0).push(a[0], n);
            site.window(1).push(a[1], n);
            let (x, y) = (site.windows[0].full(n), site.windows[1].full(n));
            Number(x.zip(y).map_or(f64::NAN, |(x, y)| ranks::correlation(x, y)))
        }
        Ta::PercentRank => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n + 1);
            Number(w.full(n + 1).map_or(f64::NAN, ranks::percent_rank))
        }
        Ta::PercentileLinear | Ta::PercentileNearest | Ta::Median | Ta::Mode => {
            let n = n!(1);
            let w = site.window(0);
            if matches!(which, Ta::Median | Ta::Mode) {
                w.push_number(a[0], n);
            } else {
                w.push(a[0], n);
            }
            Number(w.full(n).map_or(f64::NAN, |w| {
                let sorted = ranks::sorted(w);
                match which {
                    Ta::PercentileLinear => ranks::percentile_linear(&sorted, a[2]),
                    Ta::PercentileNearest => ranks::percentile_nearest(&sorted, a[2]),
                    Ta::Median => ranks::median(&sorted),
                    _ => ranks::mode(&sorted),
                }
            }))
        }
        Ta::Tsi => {
            let (short, long) = (n!(1), n!(2));
            let moved = site.moved(a[0]);
            let inner = site.average(0).ema(moved, long);
            let top = site.average(1).ema(inner, short);
            let inner = site.average(2).ema(moved.abs(), long);
            let bottom = site.average(3).ema(inner, short);
            Number(assay_pine::fold::binary(Binary::Div, top, bottom))
        }
        Ta::Cmo => {
            let n = n!(1);
            let moved = a[0] - site.before(0, a[0]);
            let side = |x: f64| if moved.is_nan() { f64::NAN } else { x };
            let up = site.sum(0).next(side(moved.max(0.0)), n);
            let down = site.sum(1).next(side((-moved).max(0.0)), n);
            let share = assay_pine::fold::binary(Binary::Div, 100.0 * (up - down), up + down);
            Number(if moved.is_nan() { f64::NAN } else { share })
        }
        Ta::Cog => {
            let n = n!(1);
            let w = site.window(0);
            w.push(a[0], n);
            Number(w.full(n).map_or(f64::NAN, |w| {
                let weighted: f64 = w.iter().rev().enumerate().map(|(i, v)| v * (i as f64 + 1.0)).sum();
                assay_pine::fold::binary(Binary::Div, -weighted, w.iter().sum())
            }))
        }
        Ta::Pvt => Number(volume::pvt(site, now)),
        Ta::Nvi => Number(volume::index(site, now, |volume, before| volume < before)),
        Ta::Pvi => Number(volume::index(site, now, |volume, before| volume > before)),
        Ta::AccDist => Number(volume::accumulation(site, now)),
        Ta::Wad => Number(volume::wad(site, now)),
        Ta::Wvad => Number(volume::wvad(now)),
        Ta::Iii => Number(volume::iii(now)),
        Ta::AllTimeMax | Ta::AllTimeMin => {
            let best = site.x(0);
            let better = if which == Ta::AllTimeMax { a[0] > *best } else { a[0] < *best };
            if better || best.is_nan() {
                *best = a[0];
            }
            Number(*best)
        }
        // These are asked with values that are no numbers, or with the calendar: `machine` answers them.
        Ta::ValueWhen | Ta::FixNan | Ta::IntervalChange | Ta::Vwap => Number(f64::NAN),
    };
    site.calls += 1;
    Ok(given)
}

/// Volume-weighted average since the anchor, and its deviation.
pub(super) fn vwap(site: &mut Site, x: f64, volume: f64, anew: bool) -> (f64, f64) {
    if anew || site.calls == 0 {
        (*site.x(0), *site.x(1), *site.x(2)) = (0.0, 0.0, 0.0);
    }
    site.calls += 1;
    if !x.is_nan() {
        *site.x(0) += x * volume;
        *site.x(1) += volume;
        *site.x(2) += x * x * volume;
    }
    let total = *site.x(1);
    if total <= 0.0 {
        return (f64::NAN, f64::NAN);
    }
    let mean = *site.x(0) / total;
    (mean, (*site.x(2) / total - mean * mean).max(0.0).sqrt())
}

fn last(column: Vec<f64>) -> f64 {
    column.last().copied().unwrap_or(f64::NAN)
}

/// Asks the column function for a window alone: the same sums in the same order.
fn windowed(w: &mut Window, x: f64, n: usize, of: impl Fn(&[f64], usize) -> Vec<f64>) -> f64 {
    w.push(x, n);
    w.full(n).map_or(f64::NAN, |w| last(of(w, n)))
}

fn wma(w: &mut Window, x: f64, n: usize) -> f64 {
    w.push_filled(x, n);
    if x.is_nan() { f64::NAN } else { w.full(n).map_or(f64::NAN, |w| last(indicators::wma(w, n))) }
}

fn stdev(w: &mut Window, x: f64, n: usize) -> f64 {
    w.push_number(x, n);
    w.full(n).map_or(f64::NAN, |w| last(indicators::stdev(w, n)))
}

fn atr(average: &mut Recursive, now: Now<'_>, n: usize) -> f64 {
    average.rma(now.true_range_handling_na(), n)
}

fn stoch(site: &mut Site, x: f64, high: f64, low: f64, n: usize) -> f64 {
    let top = extreme(site, 0, high, n, |new, old| new >= old).1;
    let bottom = extreme(site, 1, low, n, |new, old| new <= old).1;
    match top - bottom {
        0.0 => f64::NAN,
        range => 100.0 * (x - bottom) / range,
    }
}

/// Minus the bars since the extreme of the last n, and the extreme, as `indicators` has them; the latest wins ties.
fn extreme(site: &mut Site, k: usize, x: f64, n: usize, beats: impl Fn(f64, f64) -> bool) -> (f64, f64) {
    let early = site.calls + 1 < n;
    let w = site.window(k);
    w.push(x, n);
    if early {
        return (f64::NAN, f64::NAN);
    }
    let w = w.since_na(n);
    let Some(oldest) = w.first() else { return (0.0, f64::NAN) };
    let (mut at, mut best) = (0, *oldest);
    for (i, v) in w.iter().enumerate() {
        if beats(*v, best) {
            (at, best) = (i, *v);
        }
    }
    (at as f64 - (w.len() - 1) as f64, best)
}

fn band(width_only: bool, middle: f64, width: f64, version: u8) -> Given {
    let (upper, lower) = (middle + width, middle - width);
    if !width_only {
        return Given::Several(vec![middle, upper, lower]);
    }
    let ratio = assay_pine::fold::binary(Binary::Div, upper - lower, middle);
    Given::Number(if version < 6 { ratio } else { ratio * 100.0 })
}
