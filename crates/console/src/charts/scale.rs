//! Where a value lies on an axis, and which values deserve a tick. Pure.

use assay_units::UtcDay;

use crate::figures;

const DAY_MS: i64 = 86_400_000;

/// Maps values to places; places outside are clamped to the ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// `low` lies at `from`, `high` at `to`.
    pub fn linear((low, high): (f64, f64), (from, to): (f64, f64)) -> Scale {
        Scale { low, high, from, to, log: false }
    }

    /// The same by logarithms; both bounds must be positive.
    pub fn log((low, high): (f64, f64), (from, to): (f64, f64)) -> Scale {
        Scale { low: low.ln(), high: high.ln(), from, to, log: true }
    }

    /// Where `value` lies.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let span = self.high - self.low;
        let share = if span > 0.0 { ((value - self.low) / span).clamp(0.0, 1.0) } else { 0.5 };
        self.from + share * (self.to - self.from)
    }
}

/// Ticks at 1, 2 or 5 times a power of ten, about `wanted` of them, all within the bounds.
pub(super) fn linear_ticks((low, high): (f64, f64), wanted: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let raw = span / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= raw).unwrap_or(10.0 * power);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).take(50).map(|k| k as f64 * step).collect()
}

/// Ticks of a logarithmic axis: powers of ten with their 2 and 5 where there is room, or linear ones on a short axis.
pub(super) fn log_ticks((low, high): (f64, f64)) -> Vec<f64> {
    let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
    let on = |mantissas: &[f64]| -> Vec<f64> {
        let all = decades.clone().flat_map(|k| mantissas.iter().map(move |m| m * 10f64.powi(k)));
        all.filter(|v| (low..=high).contains(v)).collect()
    };
    let fine = on(&[1.0, 2.0, 5.0]);
    match fine.len() {
        0..=2 => linear_ticks((low, high), 4),
        3..=8 => fine,
        _ => on(&[1.0]),
    }
}

/// Ticks of a time axis with their labels: whole years, months or days, or clock times on a short axis.
pub(super) fn time_ticks((from, to): (i64, i64)) -> Vec<(i64, String)> {
    const WANTED: i64 = 8;
    let days = (to - from) / DAY_MS;
    if days > 3 * 365 {
        let (first, last) = (year(from), year(to));
        let step = [1, 2, 5, 10, 20, 50]
            .into_iter()
            .find(|step| i64::from(last - first) / i64::from(*step) <= WANTED)
            .unwrap_or(100);
        let years = (first..=last).filter(|y| y % step == 0);
        return within(years.filter_map(|y| Some((start(y, 1)?, y.to_string()))), from, to);
    }
    if days > 60 {
        let step = [1, 2, 3, 6].into_iter().find(|step| days / 30 / step <= WANTED).unwrap_or(12);
        let months = (i64::from(year(from)) * 12..=i64::from(year(to)) * 12 + 11).filter(|m| m % step == 0);
        let label = |m: i64| {
            let (y, month) = ((m / 12) as i16, (m % 12 + 1) as i8);
            Some((start(y, month)?, format!("{y}-{month:02}")))
        };
        return within(months.filter_map(label), from, to);
    }
    let (step, write): (i64, fn(i64) -> String) = if days > 3 {
        ((days / WANTED).max(1) * DAY_MS, figures::day)
    } else {
        (((to - from) / WANTED).max(1), figures::moment)
    };
    let first = from.div_euclid(step) + i64::from(from.rem_euclid(step) != 0);
    within((first..).map(|k| k * step).take_while(|at| *at <= to).take(20).map(|at| (at, write(at))), from, to)
}

fn within(ticks: impl Iterator<Item = (i64, String)>, from: i64, to: i64) -> Vec<(i64, String)> {
    ticks.filter(|(at, _)| (from..=to).contains(at)).collect()
}

fn year(ms: i64) -> i16 {
    assay_units::Timestamp::from_millis(ms).civil().0
}

fn start(year: i16, month: i8) -> Option<i64> {
    UtcDay::from_date(year, month, 1).map(|day| day.start().millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_bounds() {
        assert_eq!(linear_ticks((0.0, 1.0), 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(linear_ticks((-37.0, 12.0), 5), [-30.0, -20.0, -10.0, 0.0, 10.0]);
        assert_eq!(linear_ticks((3.0, 3.0), 5), [3.0]);
        assert_eq!(log_ticks((0.4, 30.0)), [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]);
        assert_eq!(log_ticks((1.0, 1.4)), [1.0, 1.1, 1.2000000000000002, 1.3, 1.4000000000000001]);
        assert_eq!(log_ticks((1.0, 1e6)).len(), 7);
    }

    #[test]
    fn time_is_ticked_in_years_months_or_days() {
        let at = |text: &str| assay_units::Timestamp::parse(text).unwrap().millis();
        let labels = |from: &str, to: &str| -> Vec<String> {
            time_ticks((at(from), at(to))).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels("2000-06-01", "2020-06-01"), ["2005", "2010", "2015", "2020"]);
        assert_eq!(labels("2020-01-15", "2020-06-10"), ["2020-02", "2020-03", "2020-04", "2020-05", "2020-06"]);
        assert!(!labels("2020-01-01", "2020-01-20").is_empty());
        assert!(!labels("2020-01-01", "2020-01-01T05:00Z").is_empty());
    }

    #[test]
    fn a_scale_clamps_and_survives_an_empty_span() {
        let scale = Scale::log((1.0, 100.0), (0.0, 10.0));
        assert_eq!([scale.at(10.0), scale.at(1000.0), scale.at(-1.0)], [5.0, 10.0, 0.0]);
        assert_eq!(Scale::linear((2.0, 2.0), (0.0, 10.0)).at(2.0), 5.0);
    }
}
