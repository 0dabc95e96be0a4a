//! Instants in UTC, to the millisecond, and the UTC days that budgets are counted in.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

const DAY_MS: i64 = 86_400_000;

/// An instant: milliseconds since 1970-01-01T00:00Z. What QStash's JSON and our tables hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an ISO 8601 date or instant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no ISO 8601 time such as 2026-03-01T22:00:00Z")]
pub struct InvalidTime {
    /// What was given.
    pub text: String,
}

impl Timestamp {
    /// From milliseconds since the epoch.
    pub const fn from_millis(ms: i64) -> Timestamp {
        Timestamp(ms)
    }
    /// From seconds since the epoch.
    pub const fn from_seconds(s: i64) -> Timestamp {
        Timestamp(s * 1000)
    }
    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }
    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// The UTC day that holds this instant.
    pub const fn utc_day(self) -> UtcDay {
        UtcDay(self.0.div_euclid(DAY_MS) as i32)
    }
    /// How long from `earlier` to this instant; zero if `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0) as u64)
    }
    /// Reads `2026-03-01`, `2026-03-01T22:00Z`, `2026-03-01T22:00:00.5+01:00`.
    pub fn parse(text: &str) -> Result<Timestamp, InvalidTime> {
        let text = text.trim();
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Timestamp(instant.as_millisecond()));
        }
        let civil = text.parse::<jiff::civil::DateTime>().map_err(|_| InvalidTime { text: text.to_owned() })?;
        let instant = TimeZone::UTC.to_timestamp(civil).map_err(|_| InvalidTime { text: text.to_owned() })?;
        Ok(Timestamp(instant.as_millisecond()))
    }
    /// Calendar fields in UTC: year, month (1-12), day (1-31), weekday (Sunday = 1, as Pine counts), hour, minute.
    pub fn civil(self) -> (i16, i8, i8, i8, i8, i8) {
        let clamped = self.0.clamp(-377_705_116_800_000, 253_402_207_200_000);
        let instant = jiff::Timestamp::from_millisecond(clamped).expect("clamped to jiff's range");
        let at = TimeZone::UTC.to_datetime(instant);
        (at.year(), at.month(), at.day(), at.weekday().to_sunday_one_offset(), at.hour(), at.minute())
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;
    fn add(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;
    fn sub(self, d: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// ISO 8601 in UTC with milliseconds: `2026-03-01T22:00:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, mo, d, _, h, mi) = self.civil();
        let ms = self.0.rem_euclid(60_000);
        write!(f, "{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{:02}.{:03}Z", ms / 1000, ms % 1000)
    }
}

/// A day in UTC: days since 1970-01-01. The period of a daily budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UtcDay(i32);

impl UtcDay {
    /// From days since the epoch.
    pub const fn from_days(days: i32) -> UtcDay {
        UtcDay(days)
    }
    /// Days since the epoch.
    pub const fn days(self) -> i32 {
        self.0
    }
    /// Its first instant.
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 as i64 * DAY_MS)
    }
    /// The day after.
    pub const fn next(self) -> UtcDay {
        UtcDay(self.0 + 1)
    }
    /// From a calendar date; `None` when there is no such date.
    pub fn from_date(year: i16, month: i8, day: i8) -> Option<UtcDay> {
        let date = Date::new(year, month, day).ok()?;
        let at = TimeZone::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok()?;
        Some(Timestamp(at.as_millisecond()).utc_day())
    }
}

/// `2026-03-01`.
impl fmt::Display for UtcDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d, ..) = self.start().civil();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_instants_agree() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("2026-03-01T22:00Z", 1_772_402_400_000),
            ("2026-03-01T23:00:00.25+01:00", 1_772_402_400_250),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().millis(), ms, "{text}");
        }
        assert_eq!(Timestamp::from_millis(1_772_402_400_250).to_string(), "2026-03-01T22:00:00.250Z");
        assert_eq!(Timestamp::from_millis(-1).utc_day().to_string(), "1969-12-31");
        assert!(Timestamp::parse("yesterday").is_err());
        assert_eq!(UtcDay::from_date(2026, 2, 30), None);
    }

    #[test]
    fn a_day_starts_where_the_last_one_ends() {
        let day = UtcDay::from_date(2026, 11, 24).unwrap();
        assert_eq!(day.start().utc_day(), day);
        assert_eq!((day.next().start() - Duration::from_millis(1)).utc_day(), day);
        assert_eq!(day.start().civil().3, 3, "a Tuesday is day 3 when Sunday is 1");
    }
}
