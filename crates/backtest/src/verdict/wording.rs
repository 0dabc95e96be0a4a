//! Figures as a trader writes them.

/// `0.904` as `90 %`; near the ends with one more digit, so that 99.6 % does not become certainty.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    // Rounded down: a figure just below its threshold must not look equal to it. Near nothing and near all a decimal tells.
    match percent.abs() {
        x if x < 1.0 || (99.0..100.0).contains(&x) => format!("{:.1} %", (percent * 10.0 + 1e-9).floor() / 10.0),
        _ => format!("{:.0} %", (percent + 1e-9).floor()),
    }
}

/// A chance, rounded up, with enough digits to be told from its bound.
pub(super) fn small_percent(p: f64) -> String {
    let percent = p * 100.0;
    match percent {
        x if x >= 10.0 => format!("{:.0} %", (x - 1e-9).ceil()),
        x if x >= 0.1 => format!("{:.1} %", (x * 10.0 - 1e-9).ceil() / 10.0),
        x if x >= 0.001 => format!("{:.3} %", (x * 1e3 - 1e-9).ceil() / 1e3),
        _ => "less than 0.001 %".to_owned(),
    }
}

/// `0.0015` as `0.150 %`.
pub(super) fn rate(cost: f64) -> String {
    format!("{:.3} %", cost * 100.0)
}

/// Whole numbers in groups of three; below ten one decimal where it matters.
pub(super) fn count(n: f64) -> String {
    if n < 10.0 && n.fract() != 0.0 {
        return format!("{n:.1}");
    }
    let digits = format!("{:.0}", n.ceil());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_trader_writes_them() {
        for (share, text) in
            [(0.8999, "89 %"), (0.29, "29 %"), (0.9999, "99.9 %"), (2.0005, "200 %"), (0.0, "0.0 %"), (-0.3, "-30 %")]
        {
            assert_eq!(percent(share), text);
        }
        assert_eq!(
            (count(1_234_567.0), count(10_000.0), count(2.34), count(3.0)),
            ("1,234,567".into(), "10,000".into(), "2.3".into(), "3".into())
        );
        for (p, text) in
            [(0.0401, "4.1 %"), (0.04, "4.0 %"), (0.27, "27 %"), (0.000_81, "0.081 %"), (1e-9, "less than 0.001 %")]
        {
            assert_eq!(small_percent(p), text);
        }
        assert_eq!(rate(0.0015), "0.150 %");
    }
}
