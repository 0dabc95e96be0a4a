//! What was put right in a price file, and what in it should be looked at.
//!
//! One flag a kind, with a count and the line of the first case in the file, so that a bad file has a short list too.

use std::fmt;

use assay_units::Timestamp;

/// A finding that does not stop the file from being used.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each field is a count, a line of the file from 1, or named by its variant")]
pub enum Flag {
    /// The file began with its newest bar and was turned round.
    NewestFirst,
    /// Rows without a value ("." or empty) were left out.
    MissingValues { count: u64, first_line: u64 },
    /// Rows with a price of zero or less were left out.
    NotPositive { count: u64, first_line: u64 },
    /// Rows whose time was already there were left out; `differing` of them had other numbers.
    Duplicates { count: u64, first_line: u64, differing: u64 },
    /// The high was below the open or the close and was raised to it.
    HighRaised { count: u64, first_line: u64 },
    /// The low was above the open or the close and was lowered to it.
    LowLowered { count: u64, first_line: u64 },
    /// Open, high, low and close were scaled by adjusted close / close.
    Adjusted { count: u64, first_line: u64 },
    /// There is no real open, high and low: they repeat the close.
    CloseOnly,
    /// There is no volume.
    NoVolume,
    /// Times within the day that state no zone were read as UTC.
    ZoneAssumed,
    /// More than five usual intervals without a bar, weekends and the usual night not counted.
    Gaps { count: u64, first_line: u64, longest_ms: i64, longest_at: Timestamp },
    /// Ten or more closes in a row that are the same.
    Stale { runs: u64, first_line: u64, longest: u64 },
    /// Single closes far off that the next bar takes back.
    Spikes { count: u64, first_line: u64, first_at: Timestamp },
    /// A price that changes by about 2, 3, 4, 10 or 20 to 1 and stays there.
    UnadjustedSplits { count: u64, first_line: u64, first_at: Timestamp, ratio: u32 },
    /// Many opens of a market that closes overnight equal the close before: they were filled in.
    OpensCopied { count: u64, first_line: u64, bars: u64 },
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flag::NewestFirst => f.write_str("the file began with its newest bar and was turned round"),
            Flag::MissingValues { count, first_line } => {
                write!(f, "{} without a value left out, first at line {first_line}", counted(*count, "row"))
            }
            Flag::NotPositive { count, first_line } => {
                write!(
                    f,
                    "{} with a price of zero or less left out, first at line {first_line}",
                    counted(*count, "row")
                )
            }
            Flag::Duplicates { count, first_line, differing } => {
                write!(f, "{} with a time already seen left out, first at line {first_line}", counted(*count, "row"))?;
                match differing {
                    0 => f.write_str("; all were copies"),
                    n => write!(f, "; {n} had other numbers, and the one that came first was kept"),
                }
            }
            Flag::HighRaised { count, first_line } => {
                write!(
                    f,
                    "the high of {} was below the open or close and was raised, first at line {first_line}",
                    counted(*count, "bar")
                )
            }
            Flag::LowLowered { count, first_line } => {
                write!(
                    f,
                    "the low of {} was above the open or close and was lowered, first at line {first_line}",
                    counted(*count, "bar")
                )
            }
            Flag::Adjusted { count, first_line } => {
                write!(
                    f,
                    "prices of {} scaled by adjusted close / close, first at line {first_line}",
                    counted(*count, "bar")
                )
            }
            Flag::CloseOnly => f.write_str("no open, high and low: they repeat the close"),
            Flag::NoVolume => f.write_str("no volume"),
            Flag::ZoneAssumed => f.write_str("times state no zone and were read as UTC"),
            Flag::Gaps { count, first_line, longest_ms, longest_at } => {
                write!(
                    f,
                    "{} of more than 5 intervals, first at line {first_line}; the longest, {}, ends on {}",
                    counted(*count, "gap"),
                    duration(*longest_ms),
                    day(*longest_at)
                )
            }
            Flag::Stale { runs, first_line, longest } => {
                write!(
                    f,
                    "{} of 10 or more equal closes, first at line {first_line}; the longest has {longest}",
                    counted(*runs, "run")
                )
            }
            Flag::Spikes { count, first_line, first_at } => {
                write!(
                    f,
                    "{} that the next bar takes back, first at line {first_line} ({})",
                    counted(*count, "spike"),
                    day(*first_at)
                )
            }
            Flag::UnadjustedSplits { count, first_line, first_at, ratio } => {
                write!(
                    f,
                    "{} not adjusted for, first at line {first_line} ({}, about {ratio} to 1)",
                    counted(*count, "likely split"),
                    day(*first_at)
                )
            }
            Flag::OpensCopied { count, first_line, bars } => {
                write!(
                    f,
                    "the open of {count} of {bars} bars equals the close before, first at line {first_line}: gaps and fills at the open mean little there"
                )
            }
        }
    }
}

fn counted(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn day(at: Timestamp) -> String {
    at.utc_day().to_string()
}

/// In the largest unit that keeps two digits.
fn duration(ms: i64) -> String {
    let (amount, unit) = match ms {
        ms if ms >= 48 * 3_600_000 => (ms as f64 / 86_400_000.0, "days"),
        ms if ms >= 120 * 60_000 => (ms as f64 / 3_600_000.0, "hours"),
        ms if ms >= 120_000 => (ms as f64 / 60_000.0, "minutes"),
        ms => (ms as f64 / 1000.0, "seconds"),
    };
    format!("{} {unit}", (amount * 10.0).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn flags_read_as_sentences() {
        let at = Timestamp::parse("2001-09-17").unwrap();
        let all = [
            Flag::NewestFirst,
            Flag::MissingValues { count: 1, first_line: 33 },
            Flag::NotPositive { count: 2, first_line: 4 },
            Flag::Duplicates { count: 2, first_line: 9, differing: 0 },
            Flag::Duplicates { count: 2, first_line: 9, differing: 1 },
            Flag::HighRaised { count: 1, first_line: 2 },
            Flag::LowLowered { count: 3, first_line: 2 },
            Flag::Adjusted { count: 3, first_line: 2 },
            Flag::CloseOnly,
            Flag::NoVolume,
            Flag::ZoneAssumed,
            Flag::Gaps { count: 1, first_line: 700, longest_ms: 7 * 86_400_000, longest_at: at },
            Flag::Gaps { count: 2, first_line: 7, longest_ms: 5_400_000, longest_at: at },
            Flag::Stale { runs: 1, first_line: 5, longest: 12 },
            Flag::Spikes { count: 1, first_line: 5, first_at: at },
            Flag::UnadjustedSplits { count: 1, first_line: 5, first_at: at, ratio: 4 },
            Flag::OpensCopied { count: 40, first_line: 3, bars: 100 },
        ];
        let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
        expect![[r#"
            the file began with its newest bar and was turned round
            1 row without a value left out, first at line 33
            2 rows with a price of zero or less left out, first at line 4
            2 rows with a time already seen left out, first at line 9; all were copies
            2 rows with a time already seen left out, first at line 9; 1 had other numbers, and the one that came first was kept
            the high of 1 bar was below the open or close and was raised, first at line 2
            the low of 3 bars was above the open or close and was lowered, first at line 2
            prices of 3 bars scaled by adjusted close / close, first at line 2
            no open, high and low: they repeat the close
            no volume
            times state no zone and were read as UTC
            1 gap of more than 5 intervals, first at line 700; the longest, 7 days, ends on 2001-09-17
            2 gaps of more than 5 intervals, first at line 7; the longest, 90 minutes, ends on 2001-09-17
            1 run of 10 or more equal closes, first at line 5; the longest has 12
            1 spike that the next bar takes back, first at line 5 (2001-09-17)
            1 likely split not adjusted for, first at line 5 (2001-09-17, about 4 to 1)
            the open of 40 of 100 bars equals the close before, first at line 3: gaps and fills at the open mean little there"#]]
        .assert_eq(&shown.join("\n"));
    }
}
