//! `input.*`: numbers become parameters with the grid that their ranges give, the rest stays as it is set.

use super::calls::pick;
use super::tree::Code;
use super::types::Type;
use super::{Checked, Checker, Known, Typed};
use crate::ast::{Arg, Expr, ExprKind};
use crate::lexer::Span;
use crate::lower::{INPUTS_MAX, Stated, grid, is_date};
use crate::{Input, InputKind};

impl<'a> Checker<'a> {
    /// Checks `input(...)` and `input.*(...)`.
    pub(super) fn input(&mut self, name: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let variable = self.assigned_to.take();
        let Some(default) = pick(args, 0, "defval") else {
            // input.symbol, input.text_area and the like begin empty.
            return match name {
                "input.bool" => Ok(Typed::truth(false)),
                "input.int" | "input.float" | "input" => Err(span.says(format!("`{name}` needs a default value"))),
                _ => Ok(Typed { literal: false, ..Typed::text("") }),
            };
        };
        let typed = self.expr(default)?;
        let written = match pick(args, usize::MAX, "type") {
            Some(Expr { kind: ExprKind::Name(kind), .. }) => kind.as_str(),
            _ => "",
        };
        let kind = match (name, &typed.ty) {
            ("input.int", _) => InputKind::Int,
            ("input.float" | "input.price", _) => InputKind::Float,
            ("input.time", _) => {
                return Ok(Typed { literal: false, ty: Type::Int, ..typed });
            }
            ("input.timeframe" | "input.string" | "input.session" | "input.text_area" | "input.symbol", _) => {
                return Ok(Typed { literal: false, ty: Type::Text, ..typed });
            }
            ("input", Type::Int | Type::Float) if matches!(typed.known, Some(Known::Number(_))) => {
                match (written, &typed.ty) {
                    ("input.time", _) => return Ok(Typed { literal: false, ..typed }),
                    ("float" | "input.float", _) | (_, Type::Float) => InputKind::Float,
                    _ => InputKind::Int,
                }
            }
            ("input" | "input.bool" | "input.source" | "input.color" | "input.enum", _) => {
                // A source, text, colour or switch: fixed. A strategy with another switch is another strategy.
                return Ok(Typed { literal: false, ..typed });
            }
            _ => return Ok(Typed { literal: false, ..typed }),
        };
        let ty = if kind == InputKind::Int { Type::Int } else { Type::Float };
        let x = match typed.known {
            Some(Known::Number(x)) if x.is_finite() => x,
            // The current price as a default, or `na`: nothing to sweep.
            _ => return Ok(Typed { literal: false, known: None, ty, ..typed }),
        };
        if let Some(at) = self.input_at.get(&(span.line, span.column)) {
            return Ok(self.input_value(*at, ty));
        }
        let title = match pick(args, 1, "title") {
            Some(Expr { kind: ExprKind::Text(title), .. }) if !title.is_empty() => Some(title.clone()),
            _ => None,
        };
        if self.inputs.len() >= INPUTS_MAX {
            self.warn(span.says(format!("only the first {INPUTS_MAX} number inputs are swept; this one stays {x}")));
            return Ok(Typed { literal: false, ..Typed::number(x, ty) });
        }
        let name = variable
            .map(str::to_owned)
            .or_else(|| title.clone())
            .unwrap_or_else(|| format!("input {}", self.inputs.len() + 1));
        let stated = self.stated(args)?;
        let range = if is_date(&name) { Ok((vec![x], false)) } else { grid(&name, kind, x, &stated, span) };
        let (grid, derived) = match range {
            Ok(grid) => grid,
            Err(finding) => {
                // A default outside of its own range runs on TradingView too.
                self.warn(finding);
                (vec![x], false)
            }
        };
        let at = self.inputs.len() as u16;
        self.input_at.insert((span.line, span.column), at);
        let title = title.unwrap_or_else(|| name.clone());
        self.inputs.push(Input { name, title, kind, default: x, grid, derived, line: span.line });
        Ok(self.input_value(at, ty))
    }

    fn input_value(&mut self, at: u16, ty: Type) -> Typed {
        Typed::new(Code::Input(at), ty)
    }

    fn stated(&mut self, args: &'a [Arg]) -> Checked<Stated> {
        let mut stated = Stated::default();
        // input.int(defval, title, minval, maxval, step) or input.int(defval, title, options).
        let third = args.get(2).filter(|arg| arg.name.is_none()).map(|arg| &arg.value);
        let options = match third.map(|value| &value.kind) {
            Some(ExprKind::Tuple(_)) => third,
            _ => pick(args, usize::MAX, "options"),
        };
        if let Some(Expr { kind: ExprKind::Tuple(items), .. }) = options {
            let mut values = Vec::new();
            for item in items {
                if let Some(Known::Number(x)) = self.expr(item)?.known {
                    values.push(x);
                }
            }
            values.sort_by(f64::total_cmp);
            values.dedup();
            stated.options = Some(values);
            return Ok(stated);
        }
        for (index, name) in [(2, "minval"), (3, "maxval"), (4, "step")] {
            let Some(expr) = pick(args, index, name) else { continue };
            // In the bare form of version 4 these places hold other things; only numbers are ranges.
            let Some(Known::Number(x)) = self.expr(expr)?.known else { continue };
            match name {
                "minval" => stated.min = Some(x),
                "maxval" => stated.max = Some(x),
                _ => stated.step = Some(x),
            }
        }
        Ok(stated)
    }
}

/// Milliseconds of a date as Pine's `timestamp` reads it: ISO 8601, or "31 Jan 2020 14:30 +0000".
pub(super) fn date(text: &str) -> Option<f64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let spaced = text.replace(['T', ','], " ");
    let (mut year, mut month, mut day) = (None, None, None);
    let (mut clock, mut zone) = (0.0, 0.0);
    let mut loose: Vec<f64> = Vec::new();
    for word in spaced.split_whitespace() {
        let word = word.trim_end_matches('Z');
        let lower = word.to_lowercase();
        if word.is_empty() || matches!(lower.as_str(), "gmt" | "utc") {
            continue;
        }
        if let Some(at) = MONTHS.iter().position(|name| lower.starts_with(name)) {
            month = Some(at as f64 + 1.0);
            continue;
        }
        if word.contains(':') {
            let (time, offset) = match word.rfind(['+', '-']).filter(|at| *at > 0) {
                Some(at) => word.split_at(at),
                None => (word, ""),
            };
            for (part, unit) in time.split(':').zip([3_600.0, 60.0, 1.0]) {
                clock += part.parse::<f64>().ok()? * unit;
            }
            zone = offset_seconds(offset).unwrap_or(zone);
            continue;
        }
        if word.starts_with(['+', '-']) || lower.starts_with("gmt") || lower.starts_with("utc") {
            zone = offset_seconds(&lower.replace("gmt", "").replace("utc", ""))?;
            continue;
        }
        if word.contains(['-', '/', '.']) {
            let parts: Vec<&str> = word.split(['-', '/', '.']).collect();
            let numbers: Vec<Option<f64>> = parts.iter().map(|part| part.parse().ok()).collect();
            match (parts.first().map(|p| p.len()), numbers.as_slice()) {
                (Some(4), [y, m, rest @ ..]) => {
                    (year, month, day) = (*y, *m, rest.first().copied().flatten().or(Some(1.0)));
                }
                (_, [Some(d), Some(m), Some(y)]) => (year, month, day) = (Some(*y), Some(*m), Some(*d)),
                _ => return None,
            }
            continue;
        }
        loose.push(word.parse().ok()?);
    }
    for number in loose {
        if number > 31.0 {
            year = Some(number);
        } else if day.is_none() {
            day = Some(number);
        }
    }
    let days = crate::lower::days_from_civil(year?, month.unwrap_or(1.0), day.unwrap_or(1.0));
    Some((days * 86_400.0 + clock - zone) * 1_000.0)
}

fn offset_seconds(text: &str) -> Option<f64> {
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        0 => return None,
        1 | 2 => (digits.parse::<f64>().ok()?, 0.0),
        n => (digits[..n - 2].parse::<f64>().ok()?, digits[n - 2..].parse::<f64>().ok()?),
    };
    Some(sign * (hours * 3_600.0 + minutes * 60.0))
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_read_as_public_scripts_write_them() {
        for (text, ms) in [
            ("1970-01-02", 86_400_000.0),
            ("2019-01-01T00:00:00", 1_546_300_800_000.0),
            ("01 Jan 2019 00:00 +0000", 1_546_300_800_000.0),
            ("1 January 2019 00:00", 1_546_300_800_000.0),
            ("2019-01-01T01:00:00+01:00", 1_546_300_800_000.0),
            ("Jan 01 2019", 1_546_300_800_000.0),
            ("2019-01-01 00:00 +0100", 1_546_297_200_000.0),
        ] {
            assert_eq!(date(text), Some(ms), "{text}");
        }
        assert_eq!(date("tomorrow"), None);
    }
}
