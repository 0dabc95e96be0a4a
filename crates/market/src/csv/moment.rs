//! A bar's time as files write it.
//!
//! Each text is read by itself into a [`Moment`]; its [`Style`] lets the caller hold a file to one way of writing. Whether
//! 3/4/2020 is in March or in April only the whole file can say, so such a date keeps its two numbers (see [`settle`]).

use assay_units::UtcDay;

const DAY_MS: i64 = 86_400_000;
/// Years that a price may be from; anything else is a misread number.
const YEARS: std::ops::RangeInclusive<i16> = 1700..=2200;
/// 1700-01-01 and 2200-12-31 in milliseconds since 1970.
const MILLIS: std::ops::RangeInclusive<i64> = -8_520_336_000_000..=7_289_567_999_999;
/// Where a civil time cannot be told from an instant, the file has to say more.
const WRITE_ISO: &str = "write times as 2020-12-31 or 2020-12-31T15:30:00Z";

/// What was wrong, and the way round.
pub(super) type Refused = (&'static str, &'static str);

/// How a time was written. One file has one style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A number since 1970; its unit follows from its size, row by row.
    Epoch,
    /// A date whose parts are told by their places.
    Civil { separator: u8, clock: bool, zone: bool },
    /// A date that begins with a month or a day.
    Slashed { separator: u8, clock: bool },
}

/// One time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) style: Style,
    /// Milliseconds since 1970 on the clock of the file; for [`Style::Slashed`] the packed form that [`settle`] reads.
    pub(super) local_ms: i64,
    /// How far that clock is ahead of UTC.
    pub(super) offset_minutes: i16,
    /// For [`Style::Slashed`]: the two numbers before the year.
    pub(super) pair: (u8, u8),
}

/// Reads a time, given in one field or as a date and a time of day.
pub(super) fn moment(text: &str, clock: Option<&str>) -> Result<Moment, Refused> {
    if !text.is_ascii() {
        return Err(("is no time", WRITE_ISO));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let bytes = text.as_bytes();
    if is_numeric(text) {
        return match (digits, clock) {
            (8, _) if bytes.len() == 8 && compact_date(text).is_some() => {
                let day = compact_date(text).expect("just seen");
                civil(day, 0, "", clock)
            }
            (14, None) if bytes.len() == 14 && compact_date(&text[..8]).is_some() => {
                let day = compact_date(&text[..8]).expect("just seen");
                let ms = digit_clock(&text[8..]).ok_or(("is no time", WRITE_ISO))?;
                Ok(made(Style::Civil { separator: 0, clock: true, zone: false }, day.start().millis() + ms, 0))
            }
            (12, None) if bytes.len() == 12 && compact_date(&text[..8]).is_some() => {
                Err(("may be a date or milliseconds since 1970", WRITE_ISO))
            }
            (_, None) => epoch(text),
            (_, Some(_)) => Err(("is no date", WRITE_ISO)),
        };
    }
    match (digits, bytes.get(digits)) {
        (8, Some(b' ' | b'T')) => {
            let day = compact_date(&text[..8]).ok_or(("is no date", WRITE_ISO))?;
            civil(day, 0, &text[8..], clock)
        }
        (4, Some(separator @ (b'-' | b'/' | b'.'))) => {
            let year = small(&text[..4]).ok_or(("is no date", WRITE_ISO))?;
            let rest = &text[5..];
            let (month, rest) = lead(rest).ok_or(("is no date", WRITE_ISO))?;
            // 2020-01: a month stands for its first day.
            let (day, rest) = match rest.as_bytes().first() {
                Some(next) if next == separator => lead(&rest[1..]).ok_or(("is no date", WRITE_ISO))?,
                None => (1, ""),
                Some(_) => return Err(("is no date", WRITE_ISO)),
            };
            let day = date(year, month, day).ok_or(("is no date of the calendar", WRITE_ISO))?;
            civil(day, *separator, rest, clock)
        }
        (1 | 2, Some(separator @ (b'-' | b'/' | b'.'))) => {
            let no_date = ("is no date", WRITE_ISO);
            let (first, rest) = lead(text).ok_or(no_date)?;
            let (second, rest) = lead(rest.get(1..).unwrap_or("")).ok_or(no_date)?;
            if rest.as_bytes().first() != Some(separator) {
                return Err(no_date);
            }
            let rest = &rest[1..];
            let year_digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if year_digits == 2 {
                return Err(("has a year of two digits", WRITE_ISO));
            }
            let year = Some(&rest[..year_digits]).filter(|y| y.len() == 4).and_then(small).ok_or(no_date)?;
            let rest = &rest[year_digits..];
            // With points, the day comes first wherever dates are written so.
            if *separator == b'.' {
                let day = date(year, second, first).ok_or(("is no date of the calendar", WRITE_ISO))?;
                return civil(day, *separator, rest, clock);
            }
            if !(1..=31).contains(&first) || !(1..=31).contains(&second) || !YEARS.contains(&year) {
                return Err(("is no date of the calendar", WRITE_ISO));
            }
            let (clock_ms, has_clock, zone) = time_of_day(rest, clock)?;
            if zone.is_some() {
                return Err(("states a zone after a date that is not ISO 8601", WRITE_ISO));
            }
            let packed = i64::from(year) * 10_000 + i64::from(first) * 100 + i64::from(second);
            Ok(Moment {
                style: Style::Slashed { separator: *separator, clock: has_clock },
                local_ms: packed * DAY_MS + clock_ms,
                offset_minutes: 0,
                pair: (first as u8, second as u8),
            })
        }
        _ => Err(("is no time", WRITE_ISO)),
    }
}

/// The time of a packed [`Style::Slashed`] date, once it is known which number is the month.
pub(super) fn settle(packed_ms: i64, month_first: bool) -> Option<i64> {
    let packed = packed_ms.div_euclid(DAY_MS);
    let (first, second) = ((packed / 100 % 100) as i16, (packed % 100) as i16);
    let (month, day) = if month_first { (first, second) } else { (second, first) };
    let date = date((packed / 10_000) as i16, month, day)?;
    Some(date.start().millis() + packed_ms.rem_euclid(DAY_MS))
}

/// How a packed [`Style::Slashed`] date was written, but for leading zeros and the time of day.
pub(super) fn unsettled(packed_ms: i64) -> String {
    let packed = packed_ms.div_euclid(DAY_MS);
    format!("{}/{}/{}", packed / 100 % 100, packed % 100, packed / 10_000)
}

fn made(style: Style, local_ms: i64, offset_minutes: i16) -> Moment {
    Moment { style, local_ms, offset_minutes, pair: (0, 0) }
}

fn civil(day: UtcDay, separator: u8, rest: &str, clock: Option<&str>) -> Result<Moment, Refused> {
    let (ms, has_clock, zone) = time_of_day(rest, clock)?;
    let style = Style::Civil { separator, clock: has_clock, zone: zone.is_some() };
    Ok(made(style, day.start().millis() + ms, zone.unwrap_or(0)))
}

/// Milliseconds of the day, whether a time was given, and the offset from UTC in minutes if one was.
fn time_of_day(rest: &str, clock: Option<&str>) -> Result<(i64, bool, Option<i16>), Refused> {
    let rest = match (rest.as_bytes().first(), clock) {
        (None, None) => return Ok((0, false, None)),
        (None, Some(clock)) => clock.trim(),
        (Some(b'T' | b't' | b' '), None) => rest[1..].trim(),
        (Some(b'T' | b't' | b' '), Some(clock)) => match midnight(&rest[1..]) {
            true => clock.trim(),
            false => return Err(("holds a time, and so does the next column", WRITE_ISO)),
        },
        _ => return Err(("is no time", WRITE_ISO)),
    };
    let refused = ("has no time of day that can be read", WRITE_ISO);
    if !rest.is_ascii() {
        return Err(refused);
    }
    let body = rest.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b':' | b'.')).count();
    let mut ms = if rest[..body].contains(':') { colon_clock(&rest[..body]) } else { digit_clock(&rest[..body]) }
        .ok_or(refused)?;
    let tail = rest[body..].trim();
    let hour = ms / 3_600_000;
    let zone = match tail {
        "" => None,
        _ if tail.eq_ignore_ascii_case("z") || tail.eq_ignore_ascii_case("utc") || tail.eq_ignore_ascii_case("gmt") => {
            Some(0)
        }
        _ if tail.eq_ignore_ascii_case("am") && (1..=12).contains(&hour) => {
            ms -= if hour == 12 { 12 * 3_600_000 } else { 0 };
            None
        }
        _ if tail.eq_ignore_ascii_case("pm") && (1..=12).contains(&hour) => {
            ms += if hour == 12 { 0 } else { 12 * 3_600_000 };
            None
        }
        _ => Some(offset(tail).ok_or(refused)?),
    };
    Ok((ms, true, zone))
}

fn midnight(text: &str) -> bool {
    colon_clock(text.trim()) == Some(0)
}

/// `+05:30`, `-0500`, `+01`.
fn offset(text: &str) -> Option<i16> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours = small(&digits[..2])?;
    let minutes = if digits.len() == 4 { small(&digits[2..])? } else { 0 };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// `9:30`, `09:30:00`, `09:30:00.250`.
fn colon_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = clock_part(parts.next()?, 23)?;
    let minute = clock_part(parts.next()?, 59)?;
    let mut ms = 0;
    if let Some(seconds) = parts.next() {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        ms = clock_part(whole, 59)? * 1000 + thousandths(fraction)?;
    }
    parts.next().is_none().then_some((hour * 60 + minute) * 60_000 + ms)
}

/// `093000`, `0930`; leading zeros may have been lost.
fn digit_clock(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 6 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: i64 = text.parse().ok()?;
    let (hour, minute, second) = match text.len() {
        5 | 6 => (value / 10_000, value / 100 % 100, value % 100),
        3 | 4 => (value / 100, value % 100, 0),
        // One or two digits could be hours, minutes or seconds; only midnight is the same in all.
        _ if value == 0 => (0, 0, 0),
        _ => return None,
    };
    (hour < 24 && minute < 60 && second < 60).then_some((hour * 3600 + minute * 60 + second) * 1000)
}

fn clock_part(text: &str, max: i64) -> Option<i64> {
    let good = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    good.then(|| text.parse::<i64>().ok()).flatten().filter(|value| *value <= max)
}

fn thousandths(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(fraction.bytes().chain(*b"000").take(3).fold(0, |ms, b| ms * 10 + i64::from(b - b'0')))
}

/// Digits with at most one point and a sign.
fn is_numeric(text: &str) -> bool {
    let body = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = body.split_once('.').unwrap_or((body, ""));
    !whole.is_empty() && (whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) && whole.len() <= 19
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told by size: 1e11 seconds would be the year 5138, and
/// 1e11 milliseconds are in 1973.
fn epoch(text: &str) -> Result<Moment, Refused> {
    let refused = ("is no time since 1970", WRITE_ISO);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let value: i64 = whole.parse().map_err(|_| refused)?;
    if (1..80_000).contains(&value) {
        return Err(("may be a row number, a year or a spreadsheet's day number", WRITE_ISO));
    }
    let size = value.unsigned_abs();
    let ms = if size < 100_000_000_000 {
        let part = thousandths(fraction).ok_or(refused)?;
        value * 1000 + if text.starts_with('-') { -part } else { part }
    } else if size < 100_000_000_000_000 {
        value
    } else if size < 100_000_000_000_000_000 {
        value.div_euclid(1000)
    } else {
        value.div_euclid(1_000_000)
    };
    if !MILLIS.contains(&ms) {
        return Err(refused);
    }
    Ok(made(Style::Epoch, ms, 0))
}

/// `20200131`.
fn compact_date(text: &str) -> Option<UtcDay> {
    date(small(text.get(..4)?)?, small(text.get(4..6)?)?, small(text.get(6..8)?)?)
}

fn date(year: i16, month: i16, day: i16) -> Option<UtcDay> {
    YEARS.contains(&year).then(|| UtcDay::from_date(year, month as i8, day as i8)).flatten()
}

/// One or two digits at the start, and what follows them.
fn lead(text: &str) -> Option<(i16, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 1 | 2).then(|| Some((small(&text[..digits])?, &text[digits..]))).flatten()
}

/// Up to four digits.
fn small(text: &str) -> Option<i16> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::Timestamp;
    use expect_test::expect;

    fn show(text: &str, clock: Option<&str>) -> String {
        let shown = match moment(text, clock) {
            Ok(Moment { style: Style::Slashed { .. }, local_ms, .. }) => {
                let of = |month_first| settle(local_ms, month_first).map(|ms| Timestamp::from_millis(ms).to_string());
                format!("m/d {:?} d/m {:?}", of(true), of(false)).replace("\"", "")
            }
            Ok(m) => format!("{} {:+} {:?}", Timestamp::from_millis(m.local_ms), m.offset_minutes, m.style),
            Err((problem, _)) => problem.to_owned(),
        };
        format!("{text} {} -> {shown}", clock.unwrap_or(""))
    }

    #[test]
    fn times_are_read_in_every_shape_that_files_have() {
        let texts = [
            "1577836800",
            "1577836800.250",
            "1577836800000",
            "1735689600000000",
            "1577836800000000000",
            "0",
            "-86400",
            "2020-01-31",
            "2020-1-5",
            "2020/01/31",
            "2020.01.31",
            "20200131",
            "2020-01",
            "20200131153000",
            "20120201 000100",
            "20200131T153000Z",
            "2020-01-31T15:30",
            "2020-01-31 15:30:00",
            "2020-01-31T15:30:00.5Z",
            "2020-01-31 00:00:00-05:00",
            "2020-01-31T09:30:00+0530",
            "2020-01-31 15:30:00 UTC",
            "31.01.2020 15:30:00.000",
            "1/31/2020",
            "01/02/2020 3:04 PM",
            "1/2/2020 12:00 am",
            "01-02-2020",
        ];
        let mut shown: Vec<String> = texts.iter().map(|text| show(text, None)).collect();
        shown.push(show("2020.01.31", Some("15:30")));
        shown.push(show("20200131", Some("000000")));
        shown.push(show("2020-01-31", Some("93000")));
        expect![[r#"
            1577836800  -> 2020-01-01T00:00:00.000Z +0 Epoch
            1577836800.250  -> 2020-01-01T00:00:00.250Z +0 Epoch
            1577836800000  -> 2020-01-01T00:00:00.000Z +0 Epoch
            1735689600000000  -> 2025-01-01T00:00:00.000Z +0 Epoch
            1577836800000000000  -> 2020-01-01T00:00:00.000Z +0 Epoch
            0  -> 1970-01-01T00:00:00.000Z +0 Epoch
            -86400  -> 1969-12-31T00:00:00.000Z +0 Epoch
            2020-01-31  -> 2020-01-31T00:00:00.000Z +0 Civil { separator: 45, clock: false, zone: false }
            2020-1-5  -> 2020-01-05T00:00:00.000Z +0 Civil { separator: 45, clock: false, zone: false }
            2020/01/31  -> 2020-01-31T00:00:00.000Z +0 Civil { separator: 47, clock: false, zone: false }
            2020.01.31  -> 2020-01-31T00:00:00.000Z +0 Civil { separator: 46, clock: false, zone: false }
            20200131  -> 2020-01-31T00:00:00.000Z +0 Civil { separator: 0, clock: false, zone: false }
            2020-01  -> 2020-01-01T00:00:00.000Z +0 Civil { separator: 45, clock: false, zone: false }
            20200131153000  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 0, clock: true, zone: false }
            20120201 000100  -> 2012-02-01T00:01:00.000Z +0 Civil { separator: 0, clock: true, zone: false }
            20200131T153000Z  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 0, clock: true, zone: true }
            2020-01-31T15:30  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 45, clock: true, zone: false }
            2020-01-31 15:30:00  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 45, clock: true, zone: false }
            2020-01-31T15:30:00.5Z  -> 2020-01-31T15:30:00.500Z +0 Civil { separator: 45, clock: true, zone: true }
            2020-01-31 00:00:00-05:00  -> 2020-01-31T00:00:00.000Z -300 Civil { separator: 45, clock: true, zone: true }
            2020-01-31T09:30:00+0530  -> 2020-01-31T09:30:00.000Z +330 Civil { separator: 45, clock: true, zone: true }
            2020-01-31 15:30:00 UTC  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 45, clock: true, zone: true }
            31.01.2020 15:30:00.000  -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 46, clock: true, zone: false }
            1/31/2020  -> m/d Some(2020-01-31T00:00:00.000Z) d/m None
            01/02/2020 3:04 PM  -> m/d Some(2020-01-02T15:04:00.000Z) d/m Some(2020-02-01T15:04:00.000Z)
            1/2/2020 12:00 am  -> m/d Some(2020-01-02T00:00:00.000Z) d/m Some(2020-02-01T00:00:00.000Z)
            01-02-2020  -> m/d Some(2020-01-02T00:00:00.000Z) d/m Some(2020-02-01T00:00:00.000Z)
            2020.01.31 15:30 -> 2020-01-31T15:30:00.000Z +0 Civil { separator: 46, clock: true, zone: false }
            20200131 000000 -> 2020-01-31T00:00:00.000Z +0 Civil { separator: 0, clock: true, zone: false }
            2020-01-31 93000 -> 2020-01-31T09:30:00.000Z +0 Civil { separator: 45, clock: true, zone: false }"#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn times_that_could_mean_two_things_are_refused() {
        let texts = [
            "",
            "yesterday",
            "43831",
            "2020",
            "202001311530",
            "99999999999999999999",
            "2020-02-30",
            "2020-13-01",
            "1/2/99",
            "32/1/2020",
            "2020-01-31T25:00",
            "2020-01-31T15:30+99:00",
            "2020-01-31x",
            "2020-01-31T",
            "1/2/2020 15:30+01:00",
            "٢٠٢٠-٠١-٠١",
            "1/2",
            "2020-",
            "-",
            ".",
            "1.",
            "Jan 2, 2020",
            "1e9",
        ];
        let mut shown: Vec<String> = texts.iter().map(|text| show(text, None)).collect();
        shown.push(show("2020-01-31T15:30", Some("15:30")));
        shown.push(show("1577836800", Some("15:30")));
        expect![[r#"
              -> is no time
            yesterday  -> is no time
            43831  -> may be a row number, a year or a spreadsheet's day number
            2020  -> may be a row number, a year or a spreadsheet's day number
            202001311530  -> may be a date or milliseconds since 1970
            99999999999999999999  -> is no time
            2020-02-30  -> is no date of the calendar
            2020-13-01  -> is no date of the calendar
            1/2/99  -> has a year of two digits
            32/1/2020  -> is no date of the calendar
            2020-01-31T25:00  -> has no time of day that can be read
            2020-01-31T15:30+99:00  -> has no time of day that can be read
            2020-01-31x  -> is no time
            2020-01-31T  -> has no time of day that can be read
            1/2/2020 15:30+01:00  -> states a zone after a date that is not ISO 8601
            ٢٠٢٠-٠١-٠١  -> is no time
            1/2  -> is no date
            2020-  -> is no date
            -  -> is no time
            .  -> is no time
            1.  -> may be a row number, a year or a spreadsheet's day number
            Jan 2, 2020  -> is no time
            1e9  -> is no time
            2020-01-31T15:30 15:30 -> holds a time, and so does the next column
            1577836800 15:30 -> is no date"#]]
        .assert_eq(&shown.join("\n"));
    }
}
