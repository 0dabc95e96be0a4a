//! Prices over time.

use std::ops::Range;

use assay_pine::graph::SymbolFact;

use crate::SweepError;

/// Bars, one column a vector, all of one length, ascending in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Milliseconds since 1970, UTC, at which the bar opens.
    pub time: Vec<i64>,
    /// First price.
    pub open: Vec<f64>,
    /// Highest price.
    pub high: Vec<f64>,
    /// Lowest price.
    pub low: Vec<f64>,
    /// Last price.
    pub close: Vec<f64>,
    /// Traded amount; 0 where unknown.
    pub volume: Vec<f64>,
    /// Smallest step of a price: what a script calls a tick. Where it is unknown, hundredths are taken.
    pub mintick: Option<f64>,
}

const DAY_MS: i64 = 86_400_000;
/// The tick where nobody knows it: most markets trade in hundredths.
const MINTICK: f64 = 0.01;
/// Prices between these (and their negatives, and 0) can be computed with: nothing that an indicator makes of them becomes
/// infinite.
pub const PRICE_MIN: f64 = 1e-15;
/// See [`PRICE_MIN`].
pub const PRICE_MAX: f64 = 1e15;
/// Largest volume of a bar.
pub const VOLUME_MAX: f64 = 1e30;
/// So many bars tell the interval; later ones do not change it.
const INTERVAL_BARS: usize = 64;

impl Bars {
    /// How many.
    pub fn len(&self) -> usize {
        self.close.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.close.is_empty()
    }

    /// The first `n` bars.
    pub fn prefix(&self, n: usize) -> Bars {
        Bars {
            time: self.time[..n].to_vec(),
            open: self.open[..n].to_vec(),
            high: self.high[..n].to_vec(),
            low: self.low[..n].to_vec(),
            close: self.close[..n].to_vec(),
            volume: self.volume[..n].to_vec(),
            mintick: self.mintick,
        }
    }

    /// The last `n` bars.
    pub fn suffix(&self, n: usize) -> Bars {
        let from = self.len().saturating_sub(n);
        Bars {
            time: self.time[from..].to_vec(),
            open: self.open[from..].to_vec(),
            high: self.high[from..].to_vec(),
            low: self.low[from..].to_vec(),
            close: self.close[from..].to_vec(),
            volume: self.volume[from..].to_vec(),
            mintick: self.mintick,
        }
    }

    /// Refuses numbers that no market has and no sum survives, in any of the first `end` bars. What is unknown (NaN), zero or
    /// negative passes: the broker does not trade on such a bar.
    pub(crate) fn computable(&self, end: usize) -> Result<(), SweepError> {
        let price = |x: f64| x.is_nan() || x == 0.0 || (PRICE_MIN..=PRICE_MAX).contains(&x.abs());
        let volume = |x: f64| x.is_nan() || x.abs() <= VOLUME_MAX;
        let prices = [&self.open, &self.high, &self.low, &self.close];
        let bad = |t: &usize| !(volume(self.volume[*t]) && prices.iter().all(|prices| price(prices[*t])));
        match (0..end).find(bad) {
            Some(bar) => Err(SweepError::UnusableBar { bar, why: "a price or volume that no market has" }),
            None => Ok(()),
        }
    }

    /// Refuses what [`Bars::computable`] refuses, and a range with a price that is not above 0: the broker passes over such a
    /// bar, the signals path cannot.
    pub(crate) fn tradable(&self, range: Range<usize>) -> Result<(), SweepError> {
        self.computable(range.end)?;
        let prices = [&self.open, &self.high, &self.low, &self.close];
        match range.into_iter().find(|t| !prices.iter().all(|prices| prices[*t] > 0.0)) {
            Some(bar) => Err(SweepError::UnusableBar { bar, why: "a price that is unknown or not above 0" }),
            None => Ok(()),
        }
    }

    /// A fact that a script may ask for. The interval is the usual space between the first bars, in whole seconds.
    pub(crate) fn fact(&self, fact: SymbolFact) -> f64 {
        match fact {
            SymbolFact::MinTick => self.mintick(),
            SymbolFact::IntervalSeconds => {
                let first = &self.time[..self.len().min(INTERVAL_BARS)];
                let mut spacing: Vec<i64> = first.windows(2).map(|pair| pair[1] - pair[0]).collect();
                if spacing.is_empty() {
                    return DAY_MS as f64 / 1_000.0;
                }
                let middle = spacing.len() / 2;
                (*spacing.select_nth_unstable(middle).1 / 1_000) as f64
            }
        }
    }

    /// The tick: [`Bars::mintick`], or a hundredth.
    pub fn mintick(&self) -> f64 {
        self.mintick.unwrap_or(MINTICK)
    }

    /// Bars in a year: 252 for daily bars of a market that rests at weekends, 365 for one that does not, 52 for weekly,
    /// 12 for monthly; for others what the file shows. Annual figures rest on it.
    pub fn periods_per_year(&self) -> f64 {
        let mut spacing: Vec<i64> = self.time.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if spacing.is_empty() {
            return 252.0;
        }
        let middle = spacing.len() / 2;
        let usual = *spacing.select_nth_unstable(middle).1;
        match usual / DAY_MS {
            0 => {
                let years = (self.time[self.len() - 1] - self.time[0]) as f64 / (365.25 * DAY_MS as f64);
                // Under a month says nothing about the year's rhythm: take every hour as traded.
                if years < 1.0 / 12.0 {
                    365.25 * DAY_MS as f64 / usual.max(1) as f64
                } else {
                    self.len() as f64 / years
                }
            }
            1..=3 => {
                // 1970-01-01 was a Thursday: days 2 and 3 of each week that begins there are the weekend.
                let weekend = self.time.iter().filter(|t| matches!(t.div_euclid(DAY_MS).rem_euclid(7), 2 | 3)).count();
                if weekend * 10 > self.len() { 365.0 } else { 252.0 }
            }
            4..=10 => 52.0,
            11..=45 => 12.0,
            46..=150 => 4.0,
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaced(days: impl Iterator<Item = i64>) -> f64 {
        let time: Vec<i64> = days.map(|d| d * DAY_MS).collect();
        Bars { close: vec![1.0; time.len()], time, ..Bars::default() }.periods_per_year()
    }

    #[test]
    fn a_year_has_as_many_bars_as_the_market_has_days() {
        assert_eq!(spaced(0..400), 365.0);
        assert_eq!(spaced((0..400).filter(|d| !matches!(d % 7, 2 | 3))), 252.0);
        assert_eq!(spaced((0..100).map(|w| w * 7)), 52.0);
        assert_eq!(spaced((0..100).map(|m| m * 30)), 12.0);
        let hourly =
            Bars { time: (0..20_000).map(|h| h * 3_600_000).collect(), close: vec![1.0; 20_000], ..Bars::default() };
        assert!((hourly.periods_per_year() - 8_766.0).abs() < 1.0);
    }
}
