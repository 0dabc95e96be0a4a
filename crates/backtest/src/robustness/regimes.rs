//! When did it earn? The run split by volatility, by trend and by calendar year.
//!
//! The regime of a bar is known before it: the deviation, and the sum, of the market's log returns over the bars before.
//! Their terciles over the run make three regimes each. A result that comes from one of them only is a bet on its return.

use assay_units::Timestamp;

use crate::overfitting::sharpe_sample;
use crate::{Bars, Run};

/// Bars that a regime is read from.
pub const LOOK_BACK: usize = 63;
/// Bars below which a part says nothing.
pub const PART_MIN: usize = 20;

/// One part of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regime {
    /// Bars in it.
    pub bars: usize,
    /// Mean return per bar.
    pub mean: f64,
    /// Sharpe ratio per bar; `None` when nothing varied: it stayed out.
    pub sharpe: Option<f64>,
}

/// A run in parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Regimes {
    /// Calm, usual, wild.
    pub volatility: Vec<Regime>,
    /// Falling, sideways, rising.
    pub trend: Vec<Regime>,
    /// By calendar year, UTC.
    pub years: Vec<(i32, Regime)>,
}

impl Regimes {
    /// Share of the calendar years in which it earned, of those in which it traded; `None` when there are none.
    pub fn years_positive(&self) -> Option<f64> {
        let traded = self.years.iter().filter(|(_, r)| r.sharpe.is_some() && r.bars >= PART_MIN);
        let (n, won) = traded.fold((0u32, 0u32), |(n, won), (_, r)| (n + 1, won + u32::from(r.mean > 0.0)));
        (n > 0).then(|| f64::from(won) / f64::from(n))
    }
}

/// Splits `run`, which was made on `bars`.
pub fn regimes(run: &Run, bars: &Bars) -> Regimes {
    let log = |t: usize| (bars.close[t] / bars.close[t - 1]).ln();
    // (return of the run, deviation before, trend before), where enough bars lie before.
    let first = run.first_bar.max(LOOK_BACK + 1);
    let (mut volatility, mut trend) = (vec![], vec![]);
    let mut window = Window::default();
    for t in 1..(run.first_bar + run.returns.len()).min(bars.len()) {
        if t >= first {
            let r = run.returns[t - run.first_bar];
            volatility.push((window.variance(), r));
            trend.push((window.sum, r));
        }
        window.add(log(t), if t > LOOK_BACK { Some(log(t - LOOK_BACK)) } else { None });
    }
    let mut years: Vec<(i32, Vec<f64>)> = vec![];
    for (i, r) in run.returns.iter().enumerate() {
        let (year, ..) = Timestamp::from_millis(bars.time[run.first_bar + i]).civil();
        let year = i32::from(year);
        match years.last_mut() {
            Some((last, returns)) if *last == year => returns.push(*r),
            _ => years.push((year, vec![*r])),
        }
    }
    Regimes {
        volatility: terciles(volatility),
        trend: terciles(trend),
        years: years.into_iter().map(|(year, returns)| (year, part(&returns))).collect(),
    }
}

/// Running sums over the look-back.
#[derive(Default)]
struct Window {
    count: usize,
    sum: f64,
    square: f64,
}

impl Window {
    fn add(&mut self, new: f64, old: Option<f64>) {
        self.sum += new - old.unwrap_or(0.0);
        self.square += new * new - old.map_or(0.0, |x| x * x);
        self.count += usize::from(old.is_none());
    }

    fn variance(&self) -> f64 {
        let n = self.count.max(1) as f64;
        (self.square / n - (self.sum / n).powi(2)).max(0.0)
    }
}

/// Three parts by the size of the key, the smallest first; none with too few bars.
fn terciles(mut keyed: Vec<(f64, f64)>) -> Vec<Regime> {
    if keyed.len() < 3 * PART_MIN {
        return vec![];
    }
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = keyed.len();
    (0..3)
        .map(|third| {
            let returns: Vec<f64> = keyed[third * n / 3..(third + 1) * n / 3].iter().map(|(_, r)| *r).collect();
            part(&returns)
        })
        .collect()
}

fn part(returns: &[f64]) -> Regime {
    Regime {
        bars: returns.len(),
        mean: returns.iter().sum::<f64>() / returns.len().max(1) as f64,
        sharpe: sharpe_sample(returns).map(|s| s.sharpe),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_that_earns_in_wild_times_only_is_seen_to() {
        let day = 86_400_000i64;
        let n = 1_000;
        // Calm for 500 days, then wild; the strategy earns in the second half only.
        let step = |t: usize| (if t < 500 { 0.001 } else { 0.02 }) * if t.is_multiple_of(2) { 1.0 } else { -1.0 };
        let mut close = vec![100.0];
        for t in 1..n {
            close.push(close[t - 1] * f64::exp(step(t)));
        }
        let bars = Bars {
            time: (0..n as i64).map(|t| 1_577_836_800_000 + t * day).collect(),
            open: close.clone(),
            high: close.clone(),
            low: close.clone(),
            volume: vec![0.0; n],
            close,
            mintick: None,
        };
        let earn = |t: usize| if t < 500 { -0.0001 - 1e-6 * (t % 3) as f64 } else { 0.002 + 1e-4 * (t % 3) as f64 };
        let run =
            Run { first_bar: 1, returns: (1..n).map(earn).collect(), equity: vec![], trades: vec![], bars_held: 0 };
        let parts = regimes(&run, &bars);
        assert!(parts.volatility[0].mean < 0.0 && parts.volatility[2].mean > 0.0, "{parts:?}");
        assert_eq!(
            parts.years.iter().map(|(year, r)| (*year, r.bars)).collect::<Vec<_>>(),
            [(2020, 365), (2021, 365), (2022, 269)]
        );
        assert_eq!(parts.years_positive(), Some(2.0 / 3.0));
        assert_eq!(parts.trend.iter().map(|r| r.bars).sum::<usize>(), n - 64);
    }

    #[test]
    fn a_short_run_has_no_terciles() {
        let bars = Bars {
            time: vec![0; 30],
            open: vec![1.0; 30],
            high: vec![1.0; 30],
            low: vec![1.0; 30],
            close: vec![1.0; 30],
            volume: vec![0.0; 30],
            mintick: None,
        };
        let run = Run { first_bar: 1, returns: vec![0.0; 29], equity: vec![], trades: vec![], bars_held: 0 };
        let parts = regimes(&run, &bars);
        assert!(parts.volatility.is_empty() && parts.trend.is_empty());
        assert_eq!(parts.years_positive(), None);
    }
}
