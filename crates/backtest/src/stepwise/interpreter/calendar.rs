//! Intervals, their periods, sessions and time zones. All instants are milliseconds since 1970 in UTC.

use assay_units::Timestamp;
use jiff::tz::TimeZone;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// The length of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interval {
    Seconds(i64),
    Days(i64),
    Weeks(i64),
    Months(i64),
}

impl Interval {
    /// As Pine writes it: "5", "60", "30S", "D", "1W", "3M".
    pub(super) fn parse(text: &str) -> Option<Interval> {
        let text = text.trim();
        let split = text.len() - text.chars().last().filter(|c| c.is_ascii_alphabetic()).map_or(0, char::len_utf8);
        let (digits, unit) = text.split_at(split);
        let n: i64 = if digits.is_empty() { 1 } else { digits.parse().ok().filter(|n| (1..=100_000).contains(n))? };
        match unit {
            "" if !digits.is_empty() => Some(Interval::Seconds(n * 60)),
            "S" => Some(Interval::Seconds(n)),
            "H" | "h" => Some(Interval::Seconds(n * 3_600)),
            "D" => Some(Interval::Days(n)),
            "W" => Some(Interval::Weeks(n)),
            "M" => Some(Interval::Months(n)),
            _ => None,
        }
    }

    /// What a column of times shows: the usual distance.
    pub(super) fn of_times(time: &[i64]) -> Interval {
        let mut spacing: Vec<i64> = time.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if spacing.is_empty() {
            return Interval::Days(1);
        }
        let middle = spacing.len() / 2;
        let usual = (*spacing.select_nth_unstable(middle).1).max(1_000);
        match usual / DAY_MS {
            0 => Interval::Seconds(usual / 1_000),
            1..=3 => Interval::Days(1),
            4..=10 => Interval::Weeks(1),
            11..=45 => Interval::Months(1),
            46..=150 => Interval::Months(3),
            _ => Interval::Months(12),
        }
    }

    /// As Pine writes it.
    pub(super) fn text(self) -> String {
        match self {
            Interval::Seconds(s) if s % 60 == 0 => format!("{}", s / 60),
            Interval::Seconds(s) => format!("{s}S"),
            Interval::Days(n) => format!("{n}D"),
            Interval::Weeks(n) => format!("{n}W"),
            Interval::Months(n) => format!("{n}M"),
        }
    }

    /// Nominal seconds, as `timeframe.in_seconds` gives them.
    pub(super) fn seconds(self) -> i64 {
        match self {
            Interval::Seconds(s) => s,
            Interval::Days(n) => n * 86_400,
            Interval::Weeks(n) => n * 604_800,
            Interval::Months(n) => n * 2_628_003,
        }
    }

    pub(super) fn multiplier(self) -> f64 {
        match self {
            Interval::Seconds(s) if s % 60 == 0 => (s / 60) as f64,
            Interval::Seconds(n) | Interval::Days(n) | Interval::Weeks(n) | Interval::Months(n) => n as f64,
        }
    }

    /// When the period that holds an instant begins.
    pub(super) fn start(self, ms: i64) -> i64 {
        match self {
            Interval::Seconds(s) if s >= 86_400 => ms.div_euclid(s * 1_000) * s * 1_000,
            Interval::Seconds(s) => {
                // Periods begin anew each day: 45 minutes do not divide every day alike.
                let day = ms.div_euclid(DAY_MS) * DAY_MS;
                day + (ms - day).div_euclid(s * 1_000) * s * 1_000
            }
            Interval::Days(n) => ms.div_euclid(n * DAY_MS) * n * DAY_MS,
            // 1970-01-01 was a Thursday; weeks begin on Monday.
            Interval::Weeks(n) => {
                let week = (ms.div_euclid(DAY_MS) + 3).div_euclid(7).div_euclid(n) * n;
                (week * 7 - 3) * DAY_MS
            }
            Interval::Months(n) => month_start(months_of(ms).div_euclid(n) * n),
        }
    }

    /// When it ends.
    pub(super) fn end(self, ms: i64) -> i64 {
        let start = self.start(ms);
        match self {
            Interval::Seconds(s) if s >= 86_400 => start + s * 1_000,
            Interval::Seconds(s) => (start + s * 1_000).min((ms.div_euclid(DAY_MS) + 1) * DAY_MS),
            Interval::Days(n) => start + n * DAY_MS,
            Interval::Weeks(n) => start + n * 7 * DAY_MS,
            Interval::Months(n) => month_start(months_of(start) + n),
        }
    }
}

fn months_of(ms: i64) -> i64 {
    let (year, month, ..) = Timestamp::from_millis(ms).civil();
    i64::from(year) * 12 + i64::from(month) - 1
}

fn month_start(months: i64) -> i64 {
    (days(months.div_euclid(12), months.rem_euclid(12) + 1, 1)) * DAY_MS
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant's algorithm); months may overflow into years.
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A time zone as Pine names it: "UTC", "GMT+5:30", "America/New_York".
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// Milliseconds ahead of UTC.
    Fixed(i64),
    Named(TimeZone),
}

impl Zone {
    pub(super) fn parse(text: &str) -> Option<Zone> {
        let text = text.trim();
        let bare = text.trim_start_matches("Etc/");
        if let Some(rest) = bare.strip_prefix("UTC").or_else(|| bare.strip_prefix("GMT")) {
            // "Etc/GMT+5" lies west of Greenwich, "GMT+5" east of it.
            let west = text.starts_with("Etc/");
            let sign = match rest.chars().next() {
                None => return Some(Zone::Fixed(0)),
                Some('+') => 1,
                Some('-') => -1,
                Some(_) => return None,
            };
            let sign = if west { -sign } else { sign };
            let digits: String = rest[1..].chars().filter(char::is_ascii_digit).collect();
            let (hours, minutes) = match digits.len() {
                1 | 2 => (digits.parse::<i64>().ok()?, 0),
                3 | 4 => {
                    let (h, m) = digits.split_at(digits.len() - 2);
                    (h.parse::<i64>().ok()?, m.parse::<i64>().ok()?)
                }
                _ => return None,
            };
            return Some(Zone::Fixed(sign * (hours * 60 + minutes) * MINUTE_MS));
        }
        TimeZone::get(text).ok().map(Zone::Named)
    }

    /// The wall clock of an instant, as if it were UTC.
    pub(super) fn wall(&self, ms: i64) -> i64 {
        match self {
            Zone::Fixed(ahead) => ms.saturating_add(*ahead),
            Zone::Named(zone) => match jiff::Timestamp::from_millisecond(ms) {
                Ok(at) => ms + i64::from(zone.to_offset(at).seconds()) * 1_000,
                Err(_) => ms,
            },
        }
    }

    /// The instant of a wall clock.
    pub(super) fn instant(&self, wall: i64) -> i64 {
        let guess = wall - (self.wall(wall) - wall);
        wall - (self.wall(guess) - guess)
    }
}

/// "0930-1600", "0930-1200,1300-1600:23456", "24x7".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    /// Minutes of the day; the end may lie on the next day.
    ranges: Vec<(i64, i64)>,
    /// Sunday = 1.
    days: [bool; 8],
}

impl Session {
    pub(super) fn parse(text: &str) -> Option<Session> {
        let text = text.trim();
        let always = Session { ranges: vec![(0, 1_440)], days: [true; 8] };
        if matches!(text, "" | "24x7" | "regular" | "session.regular" | "extended" | "session.extended") {
            return Some(always);
        }
        let (times, days) = text.split_once(':').unwrap_or((text, "1234567"));
        let mut session = Session { ranges: Vec::new(), days: [false; 8] };
        for day in days.chars() {
            *session.days.get_mut(day.to_digit(10)? as usize)? = true;
        }
        if times == "24x7" {
            session.ranges = always.ranges;
            return Some(session);
        }
        for range in times.split(',') {
            let (from, to) = range.trim().split_once('-')?;
            let minutes = |clock: &str| -> Option<i64> {
                let clock = clock.trim();
                if clock.len() != 4 || !clock.is_ascii() {
                    return None;
                }
                Some(clock[..2].parse::<i64>().ok()? * 60 + clock[2..].parse::<i64>().ok()?)
            };
            let (from, to) = (minutes(from)?, minutes(to)?);
            session.ranges.push((from, if to <= from { to + 1_440 } else { to }));
        }
        Some(session)
    }

    /// Whether a bar that begins at a wall clock overlaps the session; bars of a day or longer are asked by their day alone.
    pub(super) fn holds(&self, wall: i64, length_ms: i64) -> bool {
        let day = wall.div_euclid(DAY_MS);
        let weekday = |day: i64| ((day + 4).rem_euclid(7) + 1) as usize;
        if length_ms >= DAY_MS {
            return self.days[weekday(day)];
        }
        let begins = wall.rem_euclid(DAY_MS) / MINUTE_MS;
        self.ranges.iter().any(|(from, to)| {
            let today = self.days[weekday(day)] && begins >= *from && begins < *to;
            // A session that runs past midnight belongs to the day on which it began.
            let since_yesterday = *to > 1_440 && begins + 1_440 < *to && self.days[weekday(day - 1)];
            today || since_yesterday
        })
    }
}

/// Parts of a wall clock: year, month, day, weekday (Sunday = 1), hour, minute, second.
pub(super) fn parts(wall: i64) -> [f64; 7] {
    let (year, month, day, weekday, hour, minute) = Timestamp::from_millis(wall).civil();
    [
        f64::from(year),
        f64::from(month),
        f64::from(day),
        f64::from(weekday),
        f64::from(hour),
        f64::from(minute),
        wall.div_euclid(1_000).rem_euclid(60) as f64,
    ]
}

/// ISO 8601 week of the year.
pub(super) fn week_of_year(wall: i64) -> f64 {
    let day = wall.div_euclid(DAY_MS);
    // The Thursday of a week lies in the year that the week belongs to.
    let thursday = (day + 3).div_euclid(7) * 7;
    let (year, ..) = Timestamp::from_millis(thursday * DAY_MS).civil();
    ((thursday - days(i64::from(year), 1, 1)) / 7 + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        Timestamp::parse(text).unwrap().millis()
    }

    #[test]
    fn periods_begin_where_traders_expect_them() {
        for (interval, instant, start, end) in [
            ("60", "2026-03-04T10:59Z", "2026-03-04T10:00Z", "2026-03-04T11:00Z"),
            ("240", "2026-03-04T10:59Z", "2026-03-04T08:00Z", "2026-03-04T12:00Z"),
            ("D", "2026-03-04T10:59Z", "2026-03-04", "2026-03-05"),
            ("W", "2026-03-04T10:59Z", "2026-03-02", "2026-03-09"),
            ("M", "2026-03-04T10:59Z", "2026-03-01", "2026-04-01"),
            ("3M", "2026-03-04T10:59Z", "2026-01-01", "2026-04-01"),
            ("12M", "2026-12-31T10:59Z", "2026-01-01", "2027-01-01"),
        ] {
            let i = Interval::parse(interval).unwrap();
            assert_eq!((i.start(at(instant)), i.end(at(instant))), (at(start), at(end)), "{interval}");
        }
        assert_eq!(Interval::parse("x"), None);
    }

    #[test]
    fn sessions_know_days_and_midnight() {
        let day = Session::parse("0930-1600:23456").unwrap();
        assert!(day.holds(at("2026-03-04T09:30Z"), 3_600_000));
        assert!(!day.holds(at("2026-03-04T16:00Z"), 3_600_000));
        assert!(!day.holds(at("2026-03-07T10:00Z"), 3_600_000), "a Saturday");
        let night = Session::parse("1800-0200").unwrap();
        assert!(night.holds(at("2026-03-04T01:00Z"), 3_600_000) && night.holds(at("2026-03-04T19:00Z"), 3_600_000));
        assert!(!night.holds(at("2026-03-04T03:00Z"), 3_600_000));
    }

    #[test]
    fn zones_shift_the_wall_clock() {
        let new_york = Zone::parse("America/New_York").unwrap();
        assert_eq!(new_york.wall(at("2026-01-15T15:00Z")), at("2026-01-15T10:00Z"));
        assert_eq!(new_york.wall(at("2026-07-15T15:00Z")), at("2026-07-15T11:00Z"));
        assert_eq!(new_york.instant(at("2026-07-15T11:00Z")), at("2026-07-15T15:00Z"));
        assert_eq!(Zone::parse("GMT+5:30").unwrap().wall(0), 19_800_000);
        assert!(Zone::parse("Nowhere/Land").is_none());
        assert_eq!(week_of_year(at("2027-01-01")), 53.0);
    }
}
