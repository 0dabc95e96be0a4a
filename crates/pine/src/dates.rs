//! Dates as public scripts write them, in milliseconds since 1970, UTC.

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Milliseconds of a date as Pine's `timestamp` reads it: ISO 8601, or "31 Jan 2020 14:30 +0000" in any order. Numbers alone
/// stand in the order year, month, day: what "1/2/2020" means depends on the reader, so it is none.
pub(crate) fn date(text: &str) -> Option<f64> {
    let spaced = match text.split_once('T') {
        // The T of 2018-01-01T00:00, not that of UTC or Tuesday.
        Some((day, clock)) if day.ends_with(|c: char| c.is_ascii_digit()) => format!("{day} {clock}"),
        _ => text.replace(',', " "),
    };
    let whole = |text: &str| text.parse::<u32>().ok().map(f64::from);
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut clock, mut zone) = (0.0, 0.0);
    for word in spaced.split_whitespace() {
        let word = word.trim_end_matches('Z');
        let lower = word.to_lowercase();
        if word.is_empty() || matches!(lower.as_str(), "gmt" | "utc") {
            continue;
        }
        if let Some(at) = MONTHS.iter().position(|name| lower.starts_with(name)) {
            month = Some(at as f64 + 1.0);
        } else if word.contains(':') {
            let (time, offset) = match word.rfind(['+', '-']).filter(|at| *at > 0) {
                Some(at) => word.split_at(at),
                None => (word, ""),
            };
            let parts = time.split(':').map(whole).collect::<Option<Vec<f64>>>()?;
            if !(2..=3).contains(&parts.len()) {
                return None;
            }
            clock = parts.iter().zip([3_600.0, 60.0, 1.0]).map(|(part, unit)| part * unit).sum();
            zone = offset_seconds(offset).unwrap_or(zone);
        } else if word.starts_with(['+', '-']) || lower.starts_with("gmt") || lower.starts_with("utc") {
            zone = offset_seconds(&lower)?;
        } else if word.contains(['-', '/', '.']) {
            let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
            let numbers = parts.iter().map(|part| whole(part)).collect::<Option<Vec<f64>>>()?;
            (year, month, day) = match numbers[..] {
                [y, m] if parts[0].len() == 4 => (Some(y), Some(m), Some(1.0)),
                [y, m, d] if parts[0].len() == 4 => (Some(y), Some(m), Some(d)),
                _ => return None,
            };
        } else {
            let number = whole(word)?;
            let place = if number > 31.0 { &mut year } else { &mut day };
            if place.replace(number).is_some() {
                return None;
            }
        }
    }
    let (year, month, day) = (year?, month?, day.unwrap_or(1.0));
    if !(1.0..=12.0).contains(&month) || !(1.0..=31.0).contains(&day) {
        return None;
    }
    Some((days_from_civil(year, month, day) * 86_400.0 + clock - zone) * 1_000.0)
}

/// "+0200", "-5", "gmt+2" in seconds.
fn offset_seconds(text: &str) -> Option<f64> {
    let sign = if text.contains('-') { -1.0 } else { 1.0 };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        0 => return None,
        1 | 2 => (digits.parse::<f64>().ok()?, 0.0),
        3 | 4 => (digits[..digits.len() - 2].parse::<f64>().ok()?, digits[digits.len() - 2..].parse::<f64>().ok()?),
        _ => return None,
    };
    Some(sign * (hours * 3_600.0 + minutes * 60.0))
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant's algorithm), for whole numbers.
pub(crate) fn days_from_civil(year: f64, month: f64, day: f64) -> f64 {
    let (year, month) = (year.floor() - f64::from(u8::from(month <= 2.0)), month.floor());
    let era = (year / 400.0).floor();
    let year_of_era = year - era * 400.0;
    let shifted = if month > 2.0 { month - 3.0 } else { month + 9.0 };
    let day_of_year = ((153.0 * shifted + 2.0) / 5.0).floor() + day.floor() - 1.0;
    let day_of_era = year_of_era * 365.0 + (year_of_era / 4.0).floor() - (year_of_era / 100.0).floor() + day_of_year;
    era * 146_097.0 + day_of_era - 719_468.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970() {
        assert_eq!(days_from_civil(1970.0, 1.0, 1.0), 0.0);
        assert_eq!(days_from_civil(2000.0, 2.0, 29.0), 11_016.0);
        assert_eq!(days_from_civil(2026.0, 11.0, 24.0), 20_781.0);
    }

    #[test]
    fn dates_are_read_as_public_scripts_write_them() {
        let day = 86_400_000.0;
        for (text, ms) in [
            ("1970-01-02", day),
            ("02 Jan 1970 00:00 +0000", day),
            ("Jan 2, 1970", day),
            ("2 January 1970 02:00 +0200", day),
            ("1970-01-02T01:00:30", day + 3_630_000.0),
            ("1970-01-02 00:00 UTC", day),
            ("2019-01-01T00:00:00", 1_546_300_800_000.0),
            ("1 January 2019 00:00", 1_546_300_800_000.0),
            ("2019-01-01T01:00:00+01:00", 1_546_300_800_000.0),
            ("01 Jan 2019 00:00 UTC-1", 1_546_304_400_000.0),
            ("Jan 01 2019", 1_546_300_800_000.0),
            ("2019-01-01 00:00 +0100", 1_546_297_200_000.0),
        ] {
            assert_eq!(date(text), Some(ms), "{text}");
        }
        for wrong in ["", "soon", "tomorrow", "1970-13-01", "1/2/1970", "Jan 2", "2 Foo 1970", "1970-01-02 1:2:3:4"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
