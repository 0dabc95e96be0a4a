//! Stops that follow price: Supertrend and the parabolic stop. Each is a recurrence of one bar, which columns and interpreter
//! share; both are the Pine reference's.

use crate::Bars;

use super::atr;

/// Supertrend between two bars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Supertrend {
    upper: f64,
    lower: f64,
    line: f64,
    /// The average range of the bar before.
    range: f64,
}

impl Default for Supertrend {
    fn default() -> Supertrend {
        Supertrend { upper: f64::NAN, lower: f64::NAN, line: f64::NAN, range: f64::NAN }
    }
}

impl Supertrend {
    /// The line and the direction of bar t, whose average true range is `range`: the lower band and -1 while rising, the upper
    /// band and 1 while falling. Before there is a range the direction is 1 and the line `na`, but 0 on bar 0, where the
    /// reference's formula reads 0 for the band before the first.
    pub fn next(&mut self, bars: &Bars, t: usize, factor: f64, range: f64) -> [f64; 2] {
        let (close, before) = (bars.close[t], if t == 0 { f64::NAN } else { bars.close[t - 1] });
        let middle = (bars.high[t] + bars.low[t]) / 2.0;
        let (raw_upper, raw_lower) = (middle + factor * range, middle - factor * range);
        let or_zero = |x: f64| if x.is_nan() { 0.0 } else { x };
        let (upper, lower) = (or_zero(self.upper), or_zero(self.lower));
        // The band that price leans on only tightens until price has crossed it.
        let lower_now = if raw_lower > lower || before < lower { raw_lower } else { lower };
        let upper_now = if raw_upper < upper || before > upper { raw_upper } else { upper };
        let falling = if self.range.is_nan() {
            true
        } else if self.line == upper {
            close <= upper_now || upper_now.is_nan()
        } else {
            close < lower_now
        };
        let line = if falling { upper_now } else { lower_now };
        *self = Supertrend { upper: upper_now, lower: lower_now, line, range };
        [line, if falling { 1.0 } else { -1.0 }]
    }
}

/// The Supertrend line: the lower band while rising, the upper band while falling.
pub(crate) fn supertrend(bars: &Bars, factor: f64, n: usize) -> Vec<f64> {
    walk_supertrend(bars, factor, n, 0)
}

/// -1 while rising, 1 while falling, as Pine's `ta.supertrend` gives it.
pub(crate) fn supertrend_direction(bars: &Bars, factor: f64, n: usize) -> Vec<f64> {
    walk_supertrend(bars, factor, n, 1)
}

fn walk_supertrend(bars: &Bars, factor: f64, n: usize, member: usize) -> Vec<f64> {
    let mut state = Supertrend::default();
    atr(bars, n).into_iter().enumerate().map(|(t, range)| state.next(bars, t, factor, range)[member]).collect()
}

/// Wilder's parabolic stop and reverse (1978) between two bars, with TradingView's start: the side of the first change of
/// close.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sar(Option<Running>);

/// One that has started.
#[derive(Clone, Copy, Debug)]
struct Running {
    stop: f64,
    extreme: f64,
    pace: f64,
    rising: bool,
}

impl Sar {
    /// The stop of bar t; `na` on bar 0.
    pub fn next(&mut self, bars: &Bars, t: usize, start: f64, step: f64, max: f64) -> f64 {
        if t == 0 {
            return f64::NAN;
        }
        let (high, low) = (&bars.high, &bars.low);
        let mut fresh = self.0.is_none();
        let Running { mut stop, mut extreme, mut pace, mut rising } = self.0.unwrap_or_else(|| {
            let rising = bars.close[t] > bars.close[t - 1];
            let (stop, extreme) = if rising { (low[t - 1], high[t]) } else { (high[t - 1], low[t]) };
            Running { stop, extreme, pace: start, rising }
        });
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
        self.0 = Some(Running { stop, extreme, pace, rising });
        stop
    }
}

/// The parabolic stop of every bar.
pub(crate) fn sar(bars: &Bars, start: f64, step: f64, max: f64) -> Vec<f64> {
    let mut state = Sar::default();
    (0..bars.len()).map(|t| state.next(bars, t, start, step, max)).collect()
}
