//! `input.*`: the parameters of a strategy, and the grid that their ranges give.
//!
//! `minval`, `maxval` and `step` (or `options`) are the sweep. Where the text gives no range, one is derived from the
//! default and said so: a length n from max(2, n/4) to 4n, a factor from a quarter to four times, in seven geometric steps.

use super::calls::pick;
use super::{INPUTS_MAX, Lower, Lowered, Value, hard, soft};
use crate::ast::{Arg, Expr, ExprKind};
use crate::graph::Op;
use crate::lexer::Span;
use crate::{Diagnostic, Input, InputKind};

/// Most values of one input. The product over all inputs is bounded by whoever sweeps.
pub const GRID_VALUES_MAX: f64 = 1_000_000.0;

/// What an `input.*` call states about its range.
#[derive(Default)]
pub(crate) struct Stated {
    /// `minval`.
    pub min: Option<f64>,
    /// `maxval`.
    pub max: Option<f64>,
    /// `step`.
    pub step: Option<f64>,
    /// `options`.
    pub options: Option<Vec<f64>>,
}

impl Lower {
    /// Lowers `input(...)` and `input.*(...)`.
    pub(super) fn input(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let variable = self.assigned_to.take();
        let Some(default) = pick(args, 0, "defval") else {
            return Err(hard(span.says(format!("`{name}` needs a default value"))));
        };
        let default = default.clone();
        let value = self.expr(&default)?;
        let kind =
            match name {
                "input.int" => InputKind::Int,
                "input.float" | "input.price" => InputKind::Float,
                "input.bool" => InputKind::Bool,
                "input.time" => InputKind::Float,
                // The bare form takes the type of its default.
                "input" => {
                    match &default.kind {
                        ExprKind::Bool(_) => InputKind::Bool,
                        _ if matches!(value, Value::Node(..)) && is_constant(self, &value) => {
                            if written_whole(&default) { InputKind::Int } else { InputKind::Float }
                        }
                        _ => return Ok(value),
                    }
                }
                // A source, text, colour, session or interval: fixed at its default.
                "input.source" | "input.string" | "input.text_area" | "input.color" | "input.session"
                | "input.symbol" | "input.timeframe" | "input.enum" => return Ok(value),
                _ => return Err(soft(span.says(format!("`{name}` is not supported here")))),
            };
        if kind == InputKind::Bool {
            return self.bool_input(value, span);
        }
        let x = self.constant_number(value, default.span, "the default")?;
        if let Some(i) = self.input_at.get(&(span.line, span.column)) {
            let op = Op::Input(*i as u16);
            return Ok(Value::Node(self.add(op, span)?));
        }
        if self.inputs.len() >= INPUTS_MAX {
            return Err(hard(
                span.advises(format!("more than {INPUTS_MAX} number inputs"), "replace some by constants"),
            ));
        }
        let title = match pick(args, 1, "title") {
            Some(Expr { kind: ExprKind::Text(title), .. }) if !title.is_empty() => Some(title.clone()),
            _ => None,
        };
        let variable = variable.or_else(|| title.clone()).unwrap_or_else(|| format!("input {}", self.inputs.len() + 1));
        let stated = self.stated(args)?;
        let (grid, derived) = match name {
            "input.time" => (vec![x], false),
            // Another period is another test, not another parameter.
            _ if is_date(&variable) => (vec![x], false),
            _ => grid(&variable, kind, x, &stated, span).map_err(hard)?,
        };
        let i = self.inputs.len();
        self.draft.grids.push(grid.clone());
        self.input_at.insert((span.line, span.column), i);
        self.inputs.push(Input {
            title: title.unwrap_or_else(|| variable.clone()),
            name: variable,
            kind,
            default: x,
            grid,
            derived,
            line: span.line,
        });
        Ok(Value::Node(self.add(Op::Input(i as u16), span)?))
    }

    /// Switches stay as they are set: a strategy with another switch is another strategy.
    fn bool_input(&mut self, value: Value, span: Span) -> Lowered<Value> {
        let node = self.truth(value, span)?;
        match self.graph().node(node).op {
            Op::Truth(_) => Ok(Value::Node(node)),
            _ => Err(hard(span.says("the default of an input must be a constant"))),
        }
    }

    fn stated(&mut self, args: &[Arg]) -> Lowered<Stated> {
        let mut stated = Stated::default();
        // input.int(defval, title, minval, maxval, step) or input.int(defval, title, options).
        let third = args.get(2).filter(|arg| arg.name.is_none()).map(|arg| &arg.value);
        let options = match third.map(|value| &value.kind) {
            Some(ExprKind::Tuple(_)) => third,
            _ => pick(args, usize::MAX, "options"),
        };
        if let Some(Expr { kind: ExprKind::Tuple(items), span }) = options.cloned() {
            let mut values = Vec::new();
            for item in &items {
                let value = self.expr(item)?;
                values.push(self.constant_number(value, span, "an option")?);
            }
            values.sort_by(f64::total_cmp);
            values.dedup();
            stated.options = Some(values);
            return Ok(stated);
        }
        for (index, name) in [(2, "minval"), (3, "maxval"), (4, "step")] {
            let Some(expr) = pick(args, index, name).cloned() else { continue };
            // In the bare form of version 4 these places hold other things; only numbers are ranges.
            let value = self.expr(&expr)?;
            if !matches!(value, Value::Node(..)) {
                continue;
            }
            let number = self.constant_number(value, expr.span, name)?;
            match name {
                "minval" => stated.min = Some(number),
                "maxval" => stated.max = Some(number),
                _ => stated.step = Some(number),
            }
        }
        Ok(stated)
    }

    fn constant_number(&mut self, value: Value, span: Span, what: &str) -> Lowered<f64> {
        let node = self.number(value, span)?;
        match self.known(node) {
            Some(x) if x.is_finite() => Ok(x),
            _ => Err(hard(span.says(format!("{what} of an input must be a constant number")))),
        }
    }
}

/// Whether an input's name says that it is part of a date: `startYear`, `FromMonth`, `to_day`. A month alone is a parameter:
/// "sell in May" has two.
pub(crate) fn is_date(name: &str) -> bool {
    let name = name.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    any(&["year"])
        || any(&["month", "day", "date", "hour", "minute"])
            && any(&["from", "to", "start", "end", "begin", "till", "stop"])
}

fn is_constant(lower: &Lower, value: &Value) -> bool {
    matches!(value, Value::Node(node) if matches!(lower.graph().node(*node).op, Op::Number(_)))
}

fn written_whole(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_, whole) => *whole,
        ExprKind::Unary(_, inner) => written_whole(inner),
        _ => false,
    }
}

/// The values to sweep, ascending, and whether the range is ours.
pub(crate) fn grid(
    name: &str,
    kind: InputKind,
    default: f64,
    stated: &Stated,
    span: Span,
) -> Result<(Vec<f64>, bool), Diagnostic> {
    if let Some(options) = &stated.options {
        if !options.contains(&default) {
            return Err(span.says(format!("the default {default} of `{name}` is not among its options")));
        }
        return Ok((options.clone(), false));
    }
    if stated.step.is_some_and(|step| step <= 0.0) {
        return Err(span.says(format!("the step of `{name}` must be above 0")));
    }
    let outside = stated.min.is_some_and(|min| default < min) || stated.max.is_some_and(|max| default > max);
    if outside {
        return Err(span.says(format!("the default {default} of `{name}` lies outside its own range")));
    }
    let (Some(min), Some(max)) = (stated.min, stated.max) else {
        let mut values = derived(kind, default);
        values.retain(|v| stated.min.is_none_or(|min| *v >= min) && stated.max.is_none_or(|max| *v <= max));
        let many = values.len() > 1;
        return Ok((values, many));
    };
    let step = stated.step.unwrap_or(if kind == InputKind::Int { 1.0 } else { (max - min) / 10.0 });
    let count = if max > min { ((max - min) / step + 1e-9).floor() + 1.0 } else { 1.0 };
    if count > GRID_VALUES_MAX {
        return Err(span.advises(
            format!("`{name}` from {min} to {max} by {step} has {count} values, at most {GRID_VALUES_MAX} are taken"),
            "narrow minval and maxval, or raise step",
        ));
    }
    let mut values: Vec<f64> = (0..count as u64).map(|k| tidy(min + k as f64 * step)).collect();
    if !values.contains(&default) {
        values.push(default);
        values.sort_by(f64::total_cmp);
    }
    Ok((values, false))
}

/// Seven geometric steps from a quarter to four times the default.
fn derived(kind: InputKind, default: f64) -> Vec<f64> {
    let mut values: Vec<f64> = (-3..=3).map(|k| default * 4f64.powf(f64::from(k) / 3.0)).map(tidy).collect();
    if kind == InputKind::Int {
        for value in &mut values {
            *value = value.round();
        }
        if default >= 2.0 {
            values.retain(|v| *v >= 2.0);
        }
    }
    values.push(default);
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// Sums of steps such as 0.1 without their rounding noise.
fn tidy(x: f64) -> f64 {
    (x * 1e10).round() / 1e10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ranges_follow_the_stated_rule() {
        assert_eq!(derived(InputKind::Int, 14.0), [4.0, 6.0, 9.0, 14.0, 22.0, 35.0, 56.0]);
        assert_eq!(derived(InputKind::Int, 1.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(derived(InputKind::Float, 0.0), [0.0]);
        let floats = derived(InputKind::Float, 2.0);
        assert_eq!((floats.len(), floats[0], floats[3], floats[6]), (7, 0.5, 2.0, 8.0));
    }

    #[test]
    fn dates_are_no_parameters() {
        for name in ["startYear", "FromMonth", "to_day", "endHour", "i_monthStop"] {
            assert!(is_date(name), "{name}");
        }
        for name in ["length", "days", "lookback", "dayLength", "stop"] {
            assert!(!is_date(name), "{name}");
        }
    }

    #[test]
    fn stated_ranges_are_taken_as_they_stand() {
        let span = Span { line: 1, column: 1 };
        let of = |min, max, step| Stated { min, max, step, options: None };
        let tenths = grid("k", InputKind::Float, 0.3, &of(Some(0.1), Some(0.5), Some(0.1)), span).unwrap();
        assert_eq!(tenths, (vec![0.1, 0.2, 0.3, 0.4, 0.5], false));
        let huge = grid("n", InputKind::Int, 5.0, &of(Some(1.0), Some(1e9), None), span).unwrap_err();
        assert_eq!(huge.message, "`n` from 1 to 1000000000 by 1 has 1000000000 values, at most 1000000 are taken");
        assert!(grid("n", InputKind::Int, 50.0, &of(Some(1.0), Some(9.0), None), span).is_err());
        let half = grid("n", InputKind::Int, 3.0, &of(Some(2.0), None, None), span).unwrap();
        assert_eq!(half, (vec![2.0, 3.0, 5.0, 8.0, 12.0], true));
    }
}
