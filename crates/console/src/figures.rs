//! Numbers and instants in words. Pure; every page and report writes a figure in the same way.

use assay_units::Timestamp;

/// What stands where a figure could not be measured.
pub(crate) const UNMEASURED: &str = "not measured";

/// A figure, or that there is none.
pub(crate) fn or_unmeasured(value: Option<f64>, write: impl FnOnce(f64) -> String) -> String {
    value.filter(|x| x.is_finite()).map_or_else(|| UNMEASURED.to_owned(), write)
}

/// `0.41`.
pub(crate) fn ratio(x: f64) -> String {
    without_negative_zero(format!("{x:.2}"))
}

/// `12.3 %` for 0.123.
pub(crate) fn percent(x: f64) -> String {
    let p = x * 100.0;
    let text = if p.abs() >= 1000.0 { grouped(p.round()) } else { without_negative_zero(format!("{p:.1}")) };
    format!("{text} %")
}

/// As [`percent`], but nothing short of certainty is written as certainty.
pub(crate) fn probability(p: f64) -> String {
    match p {
        p if p < 0.001 => "< 0.1 %".to_owned(),
        p if p > 0.999 => "> 99.9 %".to_owned(),
        p => percent(p),
    }
}

/// `12,345`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count that need not be whole: `1,234`, and `3.4` below ten.
pub(crate) fn about(x: f64) -> String {
    if x.abs() < 10.0 && x.fract().abs() > 0.05 { number((x * 10.0).round() / 10.0) } else { grouped(x.round()) }
}

/// A rate per side in basis points: `5 bp`.
pub(crate) fn basis_points(rate: f64) -> String {
    format!("{} bp", number((rate * 1e5).round() / 10.0))
}

/// As short as it is exact enough: parameter values, prices, ticks.
pub(crate) fn number(x: f64) -> String {
    if !x.is_finite() {
        return UNMEASURED.to_owned();
    }
    let decimals = match x.abs() {
        a if a >= 10_000.0 => return grouped(x.round()),
        a if a >= 100.0 => 2,
        a if a >= 0.01 || a == 0.0 => 4,
        _ => 8,
    };
    let text = format!("{x:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    without_negative_zero(text.to_owned())
}

/// `3.40 x` of the money put in.
pub(crate) fn multiple(x: f64) -> String {
    if x.abs() >= 1000.0 {
        format!("{}x", grouped(x.round()))
    } else {
        format!("{}x", number((x * 100.0).round() / 100.0))
    }
}

/// `2014-03-02` of milliseconds since 1970.
pub(crate) fn day(ms: i64) -> String {
    let (year, month, day, ..) = Timestamp::from_millis(ms).civil();
    format!("{year:04}-{month:02}-{day:02}")
}

/// `14:05`.
pub(crate) fn clock(ms: i64) -> String {
    let (.., hour, minute) = Timestamp::from_millis(ms).civil();
    format!("{hour:02}:{minute:02}")
}

/// `2014-03-02 14:05`, or the day alone at midnight.
pub(crate) fn moment(ms: i64) -> String {
    if ms.rem_euclid(86_400_000) == 0 { day(ms) } else { format!("{} {}", day(ms), clock(ms)) }
}

/// `2026-03-02 14:05:01.250 UTC` of RFC 3339; anything else as it is.
pub(crate) fn instant(rfc3339: &str) -> String {
    match rfc3339.strip_suffix('Z').and_then(|text| text.split_once('T')) {
        Some((day, clock)) => format!("{day} {} UTC", clock.strip_suffix(".000").unwrap_or(clock)),
        None => rfc3339.to_owned(),
    }
}

/// `850 ms`, `12.3 s`, `4 min 10 s`, `2 h 5 min`.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1000.0),
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{} min {} s", (s / 60.0) as u64, (s % 60.0) as u64),
        s => format!("{} h {} min", (s / 3600.0) as u64, (s % 3600.0 / 60.0) as u64),
    }
}

/// `1 trade`, `2 trades`.
pub(crate) fn plural(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

fn grouped(x: f64) -> String {
    let sign = if x < 0.0 { "-" } else { "" };
    // Casting saturates: figures beyond u64 are nonsense anyway and are not worth a panic.
    format!("{sign}{}", count(x.abs() as u64))
}

fn without_negative_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|b| b == b'0' || b == b'.') => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_a_reader_says_them() {
        assert_eq!([ratio(0.414), ratio(-0.001), ratio(-1.5)], ["0.41", "0.00", "-1.50"]);
        assert_eq!([percent(0.1234), percent(-0.5), percent(25.0)], ["12.3 %", "-50.0 %", "2,500 %"]);
        assert_eq!([probability(0.9996), probability(0.0), probability(0.904)], ["> 99.9 %", "< 0.1 %", "90.4 %"]);
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([basis_points(0.0005), basis_points(0.00025)], ["5 bp", "2.5 bp"]);
        assert_eq!([number(50.0), number(2.5), number(1e-4), number(123_456.7)], ["50", "2.5", "0.0001", "123,457"]);
        assert_eq!([about(3.42), about(41.6), about(3.0)], ["3.4", "42", "3"]);
        assert_eq!(
            [duration(0.25), duration(12.34), duration(250.0), duration(7500.0)],
            ["250 ms", "12.3 s", "4 min 10 s", "2 h 5 min"]
        );
        assert_eq!([day(0), moment(0), moment(3_600_000)], ["1970-01-01", "1970-01-01", "1970-01-01 01:00"]);
        assert_eq!(instant("2026-03-02T14:05:01.000Z"), "2026-03-02 14:05:01 UTC");
        assert_eq!(or_unmeasured(Some(f64::NAN), ratio), UNMEASURED);
    }
}
