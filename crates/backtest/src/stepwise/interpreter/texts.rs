//! `str.*`. Results can steer a strategy (a mode chosen by a text), so they are computed as documented.

use assay_pine::check::tree::Fun;

use super::calendar;
use super::machine::Machine;
use super::value::Value;
use super::{ELEMENTS_MAX, TEXT_BYTES_MAX};

impl Machine<'_> {
    pub(super) fn join(&mut self, a: &Value, b: &Value) -> Value {
        let text = format!("{}{}", shown(a, None, self.mintick), shown(b, None, self.mintick));
        self.bounded(text, 0)
    }

    fn bounded(&mut self, text: String, line: u32) -> Value {
        if text.len() > TEXT_BYTES_MAX {
            return self.fail(line, format!("a text of more than {TEXT_BYTES_MAX} bytes"));
        }
        Value::Text(text.into())
    }

    pub(super) fn text_function(&mut self, fun: Fun, given: &[Option<Value>], line: u32) -> Value {
        let value = |k: usize| given.get(k).and_then(Option::as_ref);
        let number = |k: usize| value(k).map_or(f64::NAN, Value::number);
        let text = |k: usize| match value(k) {
            Some(Value::Text(text)) => text.to_string(),
            _ => String::new(),
        };
        if !self.work(1, line) {
            return Value::Na;
        }
        let out = match fun {
            Fun::ToText => {
                let format = value(1).map(|_| text(1));
                shown(value(0).unwrap_or(&Value::Na), format.as_deref(), self.mintick)
            }
            Fun::Format => format(&text(0), &given[1.min(given.len())..], self.mintick),
            Fun::FormatTime => {
                let ms = number(0);
                if ms.is_nan() {
                    return Value::text("NaN");
                }
                let zone = match value(2) {
                    Some(Value::Text(name)) => calendar::Zone::parse(name),
                    _ => None,
                };
                let wall = zone.unwrap_or(calendar::Zone::Fixed(0)).wall(ms as i64);
                let pattern = if value(1).is_some() { text(1) } else { "yyyy-MM-dd'T'HH:mm:ssZ".into() };
                format_time(&pattern, wall)
            }
            Fun::Length => return Value::Number(text(0).chars().count() as f64),
            Fun::Contains => return Value::Truth(text(0).contains(&text(1))),
            Fun::StartsWith => return Value::Truth(text(0).starts_with(&text(1))),
            Fun::EndsWith => return Value::Truth(text(0).ends_with(&text(1))),
            Fun::Position => {
                let (whole, part) = (text(0), text(1));
                return match whole.find(&part) {
                    Some(at) => Value::Number(whole[..at].chars().count() as f64),
                    None => Value::Na,
                };
            }
            Fun::Substring => {
                let whole = text(0);
                let count = whole.chars().count();
                let from = (number(1).max(0.0) as usize).min(count);
                let to = if value(2).is_some() { (number(2).max(0.0) as usize).min(count) } else { count };
                whole.chars().skip(from).take(to.saturating_sub(from)).collect()
            }
            Fun::Replace => {
                let (whole, part, by, skip) = (text(0), text(1), text(2), number(3).max(0.0) as usize);
                match whole.match_indices(&part).nth(skip) {
                    Some((at, found)) => format!("{}{by}{}", &whole[..at], &whole[at + found.len()..]),
                    None => whole,
                }
            }
            Fun::ReplaceAll if text(1).is_empty() => text(0),
            Fun::ReplaceAll => text(0).replace(&text(1), &text(2)),
            Fun::Upper => text(0).to_uppercase(),
            Fun::Lower => text(0).to_lowercase(),
            Fun::Trim => text(0).trim().to_owned(),
            Fun::Split => {
                let (whole, by) = (text(0), text(1));
                let parts: Vec<Value> = if by.is_empty() {
                    whole.chars().map(|c| Value::text(&c.to_string())).collect()
                } else {
                    whole.split(&by).map(Value::text).collect()
                };
                return if parts.len() > ELEMENTS_MAX {
                    self.fail(line, format!("an array of more than {ELEMENTS_MAX} elements"))
                } else {
                    Value::array(parts)
                };
            }
            Fun::Repeat => {
                let (whole, times, by) = (text(0), number(1), text(2));
                let bytes = (whole.len() + by.len()) as f64 * times;
                if bytes > TEXT_BYTES_MAX as f64 {
                    return self.fail(line, format!("a text of more than {TEXT_BYTES_MAX} bytes"));
                }
                vec![whole; times.max(0.0) as usize].join(&by)
            }
            Fun::ToNumber => return Value::Number(text(0).trim().parse().unwrap_or(f64::NAN)),
            _ => return self.fail(line, "regular expressions are not supported: use str.contains or str.split"),
        };
        self.bounded(out, line)
    }
}

/// A value as `str.tostring` writes it.
pub(super) fn shown(value: &Value, format: Option<&str>, mintick: f64) -> String {
    match value {
        Value::Na => "NaN".into(),
        Value::Number(x) => number(*x, format, mintick),
        Value::Truth(b) => b.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Array(items) => {
            let all: Vec<String> = items.borrow().iter().take(100).map(|v| shown(v, format, mintick)).collect();
            format!("[{}]", all.join(", "))
        }
        _ => String::new(),
    }
}

fn number(x: f64, format: Option<&str>, mintick: f64) -> String {
    if x.is_nan() {
        return "NaN".into();
    }
    let decimals = |text: &str| {
        text.split_once('.').map_or((0, 0), |(_, d)| {
            (d.chars().filter(|c| *c == '0').count(), d.chars().filter(|c| matches!(c, '0' | '#')).count())
        })
    };
    match format {
        Some("format.mintick") => {
            let places = (-mintick.log10()).ceil().clamp(0.0, 12.0) as usize;
            format!("{x:.places$}")
        }
        Some("format.percent") => format!("{}%", plain(x, 2)),
        Some("format.volume") => {
            let (scaled, unit) = match x.abs() {
                a if a >= 1e9 => (x / 1e9, "B"),
                a if a >= 1e6 => (x / 1e6, "M"),
                a if a >= 1e3 => (x / 1e3, "K"),
                _ => (x, ""),
            };
            format!("{}{unit}", plain(scaled, 3))
        }
        Some("format.price" | "format.inherit") | None => plain(x, 10),
        Some(pattern) => {
            let percent = pattern.ends_with('%');
            let (least, most) = decimals(pattern.trim_end_matches('%'));
            let x = if percent { x * 100.0 } else { x };
            let mut text = format!("{x:.most$}");
            while text.contains('.') && text.ends_with('0') && text.rsplit('.').next().is_some_and(|d| d.len() > least)
            {
                text.pop();
            }
            let text = text.trim_end_matches('.').to_owned();
            if percent { format!("{text}%") } else { text }
        }
    }
}

/// At most so many decimals, without trailing zeros.
fn plain(x: f64, places: usize) -> String {
    let text = format!("{x:.places$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.to_owned() }
}

/// `str.format`: `{0}`, `{1,number,#.##}`, quotes around literal braces.
fn format(pattern: &str, given: &[Option<Value>], mintick: f64) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '\'']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if rest[at..].starts_with('\'') {
            match tail.find('\'') {
                Some(0) => {
                    out.push('\'');
                    rest = &tail[1..];
                }
                Some(end) if tail[..end].contains(['{', '}']) => {
                    out.push_str(&tail[..end]);
                    rest = &tail[end + 1..];
                }
                _ => {
                    out.push('\'');
                    rest = tail;
                }
            }
            continue;
        }
        let Some(end) = tail.find('}') else {
            out.push_str(&rest[at..]);
            return out;
        };
        let mut parts = tail[..end].splitn(3, ',');
        let index: Option<usize> = parts.next().and_then(|i| i.trim().parse().ok());
        let format = parts.nth(1);
        match index.and_then(|i| given.get(i)) {
            Some(Some(value)) => match format.map(str::trim) {
                Some("percent") => out.push_str(&number(value.number(), Some("#%"), mintick)),
                Some("integer") => out.push_str(&number(value.number(), Some("#"), mintick)),
                Some(format) => out.push_str(&shown(value, Some(format), mintick)),
                None => out.push_str(&shown(value, Some("#.###"), mintick)),
            },
            _ => out.push_str(&rest[at..at + end + 2]),
        }
        rest = &tail[end + 1..];
    }
    out.push_str(rest);
    out
}

fn format_time(pattern: &str, wall: i64) -> String {
    let [year, month, day, _, hour, minute, second] = calendar::parts(wall).map(|x| x as i64);
    let mut out = String::new();
    let chars: Vec<char> = pattern.chars().collect();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '\'' {
            let end = (i + 1..chars.len()).find(|k| chars[*k] == '\'').unwrap_or(chars.len());
            out.extend(&chars[i + 1..end]);
            i = end + 1;
            continue;
        }
        let count = chars[i..].iter().take_while(|x| **x == c).count();
        let padded = |x: i64| format!("{x:0count$}");
        match c {
            'y' if count == 2 => out += &format!("{:02}", year.rem_euclid(100)),
            'y' => out += &padded(year),
            'M' => out += &padded(month),
            'd' => out += &padded(day),
            'H' => out += &padded(hour),
            'h' => out += &padded((hour + 11) % 12 + 1),
            'm' => out += &padded(minute),
            's' => out += &padded(second),
            'a' => out += if hour < 12 { "AM" } else { "PM" },
            'Z' => out += "+0000",
            other => out.extend(std::iter::repeat_n(other, count)),
        }
        i += count;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_documented() {
        for (x, format, text) in [
            (5.0, None, "5"),
            (1.25, None, "1.25"),
            (0.1 + 0.2, None, "0.3"),
            (f64::NAN, None, "NaN"),
            (1.005, Some("#.##"), "1"),
            (2.5, Some("0.00"), "2.50"),
            (0.126, Some("#.#%"), "12.6%"),
            (1234.5, Some("format.mintick"), "1234.50"),
        ] {
            assert_eq!(number(x, format, 0.01), text, "{x} {format:?}");
        }
        let given = [Some(Value::Number(1.5)), Some(Value::text("x"))];
        assert_eq!(format("{0} {1} '{2}' {0,number,0.00}", &given, 0.01), "1.5 x {2} 1.50");
        assert_eq!(format_time("yyyy-MM-dd HH:mm", 1_772_402_400_000), "2026-03-01 22:00");
    }
}
