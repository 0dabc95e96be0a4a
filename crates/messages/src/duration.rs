//! How QStash writes durations: `50s`, `1d10h30m`; and how servers do in headers: `6m5s`, `1.5`, a date.

use std::time::Duration;

use assay_units::{Timestamp, UtcDay};

/// Reads whole numbers with the units s, m, h and d, largest first or not; blanks around are allowed.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    Some(Duration::from_secs(seconds))
}

/// Writes whole seconds, rounded up: a delay is never shorter than asked for.
pub(crate) fn format(duration: Duration) -> String {
    format!("{}s", duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0)))
}

/// How long a destination asks us to wait: seconds, a date as HTTP writes it, or a duration as Go does.
pub(crate) fn parse_wish(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    parse_http_date(text).map(|at| at.since(now)).or_else(|| parse_go(text))
}

fn parse_go(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let seconds = match &rest[..unit_end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number * seconds;
        rest = &rest[unit_end..];
    }
    if text.is_empty() { None } else { Duration::try_from_secs_f64(total).ok() }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the only form that RFC 9110 lets a server send.
fn parse_http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i8 = words.next()?.parse().ok()?;
    let month = words.next()?;
    let month = i8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
    let day = UtcDay::from_date(words.next()?.parse().ok()?, month, day)?;
    let clock: Vec<u64> = words.next()?.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours @ 0..=23, minutes @ 0..=59, seconds @ 0..=60] = clock[..] else { return None };
    (words.next() == Some("GMT")).then(|| day.start() + Duration::from_secs(hours * 3600 + minutes * 60 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_qstash_writes_them() {
        for (text, seconds) in [
            ("50s", Some(50)),
            ("1m", Some(60)),
            ("2h", Some(7200)),
            ("7d", Some(604_800)),
            ("1d10h30m", Some(124_200)),
            (" 0s ", Some(0)),
            ("10", None),
            ("", None),
            ("s", None),
            ("-1s", None),
            ("1w", None),
            ("1ä", None),
            ("99999999999999999999s", None),
            ("9999999999999999999d", None),
        ] {
            assert_eq!(parse(text), seconds.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(format(Duration::from_millis(1500)), "2s");
        assert_eq!(parse(&format(Duration::from_secs(90))), Some(Duration::from_secs(90)));
    }

    #[test]
    fn wishes_are_read_in_all_three_forms() {
        let now = Timestamp::parse("1994-11-06T08:49:00Z").unwrap();
        for (text, ms) in [
            ("0", Some(0)),
            ("120", Some(120_000)),
            ("1.5", Some(1500)),
            ("6m5s", Some(365_000)),
            ("1.5s", Some(1500)),
            ("250ms", Some(250)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(37_000)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("soon", None),
            ("-1", None),
            ("", None),
            ("NaN", None),
            ("1e300", None),
        ] {
            assert_eq!(parse_wish(text, now), ms.map(Duration::from_millis), "{text:?}");
        }
    }
}
