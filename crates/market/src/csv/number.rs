//! A price or a volume as files write it.

/// Texts that stand for "no value".
const MISSING: [&str; 7] = ["", ".", "-", "null", "n/a", "#n/a", "na"];

/// Whether the text says that there is no value.
pub(super) fn missing(text: &str) -> bool {
    text.len() <= 4 && MISSING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A finite number in plain or scientific notation, or what is wrong and the way round.
pub(super) fn number(text: &str) -> Result<f64, (&'static str, &'static str)> {
    let text = text.strip_prefix('$').unwrap_or(text);
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(x) if plain && x.is_finite() => Ok(x),
        Ok(_) => Err(("is no finite number", "leave the field empty where there is no value")),
        Err(_) if text.contains(',') && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-')) => {
            Err(("has a comma in it", "write 1234.5: a point for decimals and nothing between thousands"))
        }
        Err(_) if text.ends_with(['K', 'M', 'B', 'k', 'm', 'b']) && text.starts_with(|c: char| c.is_ascii_digit()) => {
            Err(("is abbreviated", "write all digits"))
        }
        Err(_) => Err(("is no number", "write a number such as 1234.5")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn numbers_are_plain_or_refused_with_the_way_round() {
        let texts = [
            "1234.5", "1e3", "+7", "-2", ".5", "$12.5", "1,234.50", "12,5", "1.2M", "NaN", "inf", "1e999", "abc",
            "0x10", "१२",
        ];
        let shown: Vec<String> = texts.iter().map(|text| format!("{text} -> {:?}", number(text))).collect();
        expect![[r#"
            1234.5 -> Ok(1234.5)
            1e3 -> Ok(1000.0)
            +7 -> Ok(7.0)
            -2 -> Ok(-2.0)
            .5 -> Ok(0.5)
            $12.5 -> Ok(12.5)
            1,234.50 -> Err(("has a comma in it", "write 1234.5: a point for decimals and nothing between thousands"))
            12,5 -> Err(("has a comma in it", "write 1234.5: a point for decimals and nothing between thousands"))
            1.2M -> Err(("is abbreviated", "write all digits"))
            NaN -> Err(("is no finite number", "leave the field empty where there is no value"))
            inf -> Err(("is no finite number", "leave the field empty where there is no value"))
            1e999 -> Err(("is no finite number", "leave the field empty where there is no value"))
            abc -> Err(("is no number", "write a number such as 1234.5"))
            0x10 -> Err(("is no number", "write a number such as 1234.5"))
            १२ -> Err(("is no number", "write a number such as 1234.5"))"#]]
        .assert_eq(&shown.join("\n"));
        assert!(["", ".", "NULL", "n/a", "#N/A"].iter().all(|text| missing(text)));
        assert!(!missing("0") && !missing("nan"));
    }
}
