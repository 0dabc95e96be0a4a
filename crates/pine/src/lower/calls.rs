//! Calls: the script's own functions (inlined), `na` handling, drawings (accepted, without effect), and what is refused.

use super::{CALL_DEPTH_MAX, Function, Lower, Lowered, Value, builtins};
use crate::ast::{Arg, Expr, Parameter};
use crate::graph::{Op, Time};
use crate::lexer::Span;
use std::collections::BTreeMap;

/// Calls that draw, log, alert or make a text: nothing that they do or return can change a result.
const INERT: [&str; 15] = [
    "plot",
    "plotshape",
    "plotchar",
    "plotarrow",
    "plotcandle",
    "plotbar",
    "hline",
    "fill",
    "bgcolor",
    "barcolor",
    "alert",
    "alertcondition",
    "max_bars_back",
    "strategy.cancel",
    "strategy.cancel_all",
];
const INERT_FAMILIES: [&str; 11] =
    ["label", "line", "box", "table", "linefill", "polyline", "color", "str", "log", "chart", "hline"];

/// What versions before 5 called without a prefix.
const OLD_TA: [&str; 31] = [
    "sma",
    "ema",
    "rma",
    "wma",
    "vwma",
    "hma",
    "rsi",
    "stdev",
    "dev",
    "highest",
    "lowest",
    "highestbars",
    "lowestbars",
    "change",
    "mom",
    "roc",
    "atr",
    "tr",
    "cci",
    "mfi",
    "stoch",
    "wpr",
    "dmi",
    "supertrend",
    "sar",
    "bb",
    "kc",
    "macd",
    "crossover",
    "crossunder",
    "cross",
];
const OLD_TA_MORE: [&str; 7] = ["barssince", "valuewhen", "rising", "falling", "cum", "linreg", "bbw"];
const OLD_MATH: [&str; 13] =
    ["abs", "max", "min", "avg", "sqrt", "log", "log10", "exp", "floor", "ceil", "round", "sign", "pow"];

impl Lower {
    /// Lowers a call by its full name.
    pub(super) fn call(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        if let Some(function) = self.functions.get(name).cloned() {
            return self.inline(name, &function, args, span);
        }
        let name = &current_name(name, self.version);
        match name.as_str() {
            "strategy" => return self.header(args, span),
            "indicator" | "study" | "library" => {
                return Err(span.advises(
                    format!("`{name}` has no orders to back-test"),
                    "use strategy(\"name\") with strategy.entry and strategy.close",
                ));
            }
            "nz" => return self.nz(args, span),
            "na" => {
                let value = self.argument(args, 0, "x", span)?;
                let (node, position) = self.number(value, span)?;
                return Ok(Value::Node(self.add(Op::IsNa(node), span)?, position));
            }
            "iff" => {
                let condition = self.argument(args, 0, "condition", span)?;
                let condition = self.truth(condition, span)?;
                let (a, b) = (self.argument(args, 1, "then", span)?, self.argument(args, 2, "_else", span)?);
                return self.select(condition, a, b, span);
            }
            "int" | "float" => return self.argument(args, 0, "x", span),
            "bool" => {
                let value = self.argument(args, 0, "x", span)?;
                let (node, position) = self.truth(value, span)?;
                return Ok(Value::Node(node, position));
            }
            "timestamp" => return self.timestamp(args, span),
            "year" | "month" | "dayofmonth" | "dayofweek" | "hour" | "minute" => {
                return self.time_part(name, args, span);
            }
            "request.security" => return self.security(args, span),
            _ => {}
        }
        if name == "input" || name.starts_with("input.") {
            return self.input(name, args, span);
        }
        let family = name.split('.').next().unwrap_or_default();
        if INERT.contains(&name.as_str()) || (name.contains('.') && INERT_FAMILIES.contains(&family)) {
            return Ok(Value::Inert);
        }
        if family == "strategy" {
            return self.order(name, args, span);
        }
        if let Some(builtin) = builtins::find(name) {
            return self.builtin(builtin, args, span);
        }
        Err(unsupported(name, family, span))
    }

    /// Every call of a function is a copy of its body: so each has its own state, as Pine wants it.
    fn inline(&mut self, name: &str, function: &Function, args: &[Arg], span: Span) -> Lowered<Value> {
        if self.call_depth >= CALL_DEPTH_MAX {
            return Err(span.advises(
                format!("`{name}` is called more than {CALL_DEPTH_MAX} deep"),
                "a function may not call itself, not even through others",
            ));
        }
        let mut bound: BTreeMap<String, Value> = BTreeMap::new();
        let mut positional = function.parameters.iter();
        for arg in args {
            let parameter = match &arg.name {
                Some(name) => name.clone(),
                None => match positional.next() {
                    Some(parameter) => parameter.name.clone(),
                    None => return Err(span.says(format!("`{name}` takes {} arguments", function.parameters.len()))),
                },
            };
            if !function.parameters.iter().any(|known| known.name == parameter) {
                return Err(span.says(format!("`{name}` has no parameter `{parameter}`")));
            }
            let value = self.expr(&arg.value)?;
            bound.insert(parameter, value);
        }
        for Parameter { name: parameter, default, .. } in &function.parameters {
            if bound.contains_key(parameter) {
                continue;
            }
            let Some(default) = default else {
                return Err(span.says(format!("`{name}` needs the argument `{parameter}`")));
            };
            let value = self.expr(default)?;
            bound.insert(parameter.clone(), value);
        }
        let floor = std::mem::replace(&mut self.call_floor, self.scopes.len());
        self.call_depth += 1;
        self.scopes.push(bound);
        let value = self.block(&function.body);
        // A finding inside leaves inner scopes open.
        self.scopes.truncate(self.call_floor);
        self.call_depth -= 1;
        self.call_floor = floor;
        value
    }

    /// The argument called `name` or at `index`, lowered.
    fn argument(&mut self, args: &[Arg], index: usize, name: &str, span: Span) -> Lowered<Value> {
        match pick(args, index, name) {
            Some(expr) => self.expr(&expr.clone()),
            None => Err(span.says(format!("the argument `{name}` is missing"))),
        }
    }

    fn nz(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let value = self.argument(args, 0, "source", span)?;
        if matches!(value, Value::Inert) {
            return Ok(Value::Inert);
        }
        let other = match pick(args, 1, "replacement") {
            Some(expr) => self.expr(&expr.clone())?,
            None => Value::Node(self.add(Op::Number(0.0), span)?, false),
        };
        // A truth is never na.
        if matches!(&value, Value::Node(node, _) if self.graph.node(*node).kind == crate::graph::Kind::Truth) {
            return Ok(value);
        }
        let (node, position) = self.number(value, span)?;
        let missing = self.add(Op::IsNa(node), span)?;
        self.select((missing, position), other, Value::Node(node, position), span)
    }

    /// `timestamp(year, month, day, hour, minute, second)` of constants, in UTC.
    fn timestamp(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let mut numbers = Vec::new();
        for arg in args {
            match self.expr(&arg.value)? {
                Value::Text(text) if args.len() == 1 => {
                    return Err(span.advises(
                        format!("timestamp(\"{text}\") of a text is not supported yet"),
                        "write timestamp(year, month, day)",
                    ));
                }
                Value::Text(zone) if matches!(zone.as_str(), "UTC" | "GMT" | "GMT+0" | "syminfo.timezone") => {}
                Value::Text(zone) => {
                    return Err(span.advises(format!("the time zone {zone:?} is not supported yet"), "use \"UTC\""));
                }
                Value::Node(node, _) => match self.graph.node(node).op {
                    Op::Number(x) => numbers.push(x),
                    _ => return Err(span.says("timestamp() of values that change is not supported yet")),
                },
                other => return Err(span.says(format!("timestamp() of {} is not supported", other.shown(&self.graph)))),
            }
        }
        if !(3..=6).contains(&numbers.len()) {
            return Err(span.says("timestamp() needs year, month and day"));
        }
        let part = |i: usize| numbers.get(i).copied().unwrap_or(0.0);
        let seconds =
            days_from_civil(part(0), part(1), part(2)) * 86_400.0 + part(3) * 3_600.0 + part(4) * 60.0 + part(5);
        Ok(Value::Node(self.add(Op::Number(seconds * 1_000.0), span)?, false))
    }

    fn time_part(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let of = self.argument(args, 0, "time", span)?;
        let now = self.add(Op::Time(Time::Millis), span)?;
        if of != Value::Node(now, false) || args.len() > 1 {
            return Err(
                span.advises(format!("`{name}` of anything but `time` is not supported yet"), format!("write {name}"))
            );
        }
        let part = match name {
            "year" => Time::Year,
            "month" => Time::Month,
            "dayofmonth" => Time::DayOfMonth,
            "dayofweek" => Time::DayOfWeek,
            "hour" => Time::Hour,
            _ => Time::Minute,
        };
        Ok(Value::Node(self.add(Op::Time(part), span)?, false))
    }

    /// The script's own symbol on its own interval is the series itself; everything else is refused.
    fn security(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let text = |lower: &mut Lower, index, name| -> Lowered<Option<String>> {
            match pick(args, index, name) {
                None => Ok(None),
                Some(expr) => Ok(match lower.expr(&expr.clone())? {
                    Value::Text(text) => Some(text),
                    _ => Some("?".into()),
                }),
            }
        };
        if text(self, 4, "lookahead")?.as_deref() == Some("barmerge.lookahead_on") {
            return Err(span.advises(
                "`request.security` with lookahead_on reads the future: its back-test cannot be believed",
                "use barmerge.lookahead_off",
            ));
        }
        let symbol = text(self, 0, "symbol")?.unwrap_or_default();
        let interval = text(self, 1, "timeframe")?.unwrap_or_default();
        let same_symbol = matches!(symbol.as_str(), "syminfo.tickerid" | "syminfo.ticker" | "tickerid" | "");
        if !same_symbol {
            return Err(span.advises("other symbols are not available", "use the symbol that the strategy runs on"));
        }
        if !matches!(interval.as_str(), "timeframe.period" | "") {
            return Err(span.advises(
                "`request.security` on another interval is not supported yet",
                "use the chart's own interval, or longer lengths",
            ));
        }
        self.argument(args, 2, "expression", span)
    }
}

/// The argument called `name`, or the one at `index` if it has no name.
pub(super) fn pick<'a>(args: &'a [Arg], index: usize, name: &str) -> Option<&'a Expr> {
    let named = args.iter().find(|arg| arg.name.as_deref() == Some(name));
    let placed = || args.get(index).filter(|arg| arg.name.is_none());
    named.or_else(placed).map(|arg| &arg.value)
}

fn current_name(name: &str, version: u8) -> String {
    if version < 5 {
        if OLD_TA.contains(&name) || OLD_TA_MORE.contains(&name) {
            return format!("ta.{name}");
        }
        match name {
            "sum" => return "math.sum".into(),
            "security" => return "request.security".into(),
            _ if OLD_MATH.contains(&name) => return format!("math.{name}"),
            _ => {}
        }
    }
    if name == "tr" { "ta.tr".into() } else { name.to_owned() }
}

fn unsupported(name: &str, family: &str, span: Span) -> crate::Diagnostic {
    let says = format!("`{name}` is not supported yet");
    match family {
        "request" => span.advises(says, "only the strategy's own symbol and interval are available"),
        "array" | "map" | "matrix" => {
            span.advises(says, "collections need state from bar to bar; use series: x[1], ta.*")
        }
        "time" | "time_close" => span.advises(says, "sessions need intraday exchange hours; use hour and dayofweek"),
        "runtime" => span.advises(says, "remove the check"),
        "ticker" => span.advises(says, "only the symbol's plain bars are available"),
        _ => match builtins::nearest(name) {
            Some(near) => span.advises(says, format!("did you mean {near}?")),
            None => span.says(says),
        },
    }
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
}
