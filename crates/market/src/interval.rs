//! The usual distance of two bars.

use std::fmt;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The median spacing of a file's bars: "1d", "1h", "5m".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    ms: i64,
}

impl Interval {
    /// The median spacing of ascending times; zero for fewer than two.
    pub fn of(time: &[i64]) -> Interval {
        let mut spacing: Vec<i64> = time.windows(2).map(|pair| pair[1] - pair[0]).collect();
        if spacing.is_empty() {
            return Interval { ms: 0 };
        }
        let middle = spacing.len() / 2;
        Interval { ms: *spacing.select_nth_unstable(middle).1 }
    }

    /// In milliseconds.
    pub fn millis(self) -> i64 {
        self.ms
    }
}

/// Calendar units where the spacing is one of them, the largest unit that divides it otherwise.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.ms / DAY_MS;
        match self.ms {
            // A file in local time has days of 23 and 25 hours: whole days are what counts from here on.
            ms if ms >= 27 * DAY_MS => match days {
                27..=31 => f.write_str("1mo"),
                89..=92 => f.write_str("3mo"),
                181..=184 => f.write_str("6mo"),
                364..=366 => f.write_str("1y"),
                _ => write!(f, "{days}d"),
            },
            ms if ms > 0 && ms % (7 * DAY_MS) == 0 => write!(f, "{}w", days / 7),
            ms if ms > 0 && ms % DAY_MS == 0 => write!(f, "{days}d"),
            ms if ms > 0 && ms % HOUR_MS == 0 => write!(f, "{}h", ms / HOUR_MS),
            ms if ms > 0 && ms % MINUTE_MS == 0 => write!(f, "{}m", ms / MINUTE_MS),
            ms if ms > 0 && ms % 1000 == 0 => write!(f, "{}s", ms / 1000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn spacings_have_the_names_that_charts_give_them() {
        let spacings = [
            0,
            250,
            1000,
            90_000,
            MINUTE_MS,
            5 * MINUTE_MS,
            HOUR_MS,
            4 * HOUR_MS,
            DAY_MS,
            3 * DAY_MS,
            7 * DAY_MS,
            31 * DAY_MS,
            91 * DAY_MS,
            365 * DAY_MS,
            500 * DAY_MS,
        ];
        let names: Vec<String> = spacings.iter().map(|ms| Interval { ms: *ms }.to_string()).collect();
        expect!["0ms 250ms 1s 90s 1m 5m 1h 4h 1d 3d 1w 1mo 3mo 1y 500d"].assert_eq(&names.join(" "));
    }

    #[test]
    fn weekends_do_not_change_the_usual_spacing() {
        let weekdays: Vec<i64> = (0..30).filter(|d| d % 7 < 5).map(|d| d * DAY_MS).collect();
        assert_eq!(Interval::of(&weekdays).to_string(), "1d");
        assert_eq!(Interval::of(&[5]).millis(), 0);
    }
}
