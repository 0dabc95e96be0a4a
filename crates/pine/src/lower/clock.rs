//! Time: dates as constants, parts of a time, sessions.

use super::calls::pick;
use super::{Lower, Lowered, Value, soft};
use crate::ast::Arg;
use crate::graph::{Binary, Compare, NodeId, Op, SymbolFact, Time, Unary};
use crate::lexer::Span;

/// Time zones that are UTC, as the bars' times are.
const UTC: [&str; 8] = ["UTC", "GMT", "GMT+0", "UTC+0", "Etc/UTC", "syminfo.timezone", "", "GMT-0"];

impl Lower {
    /// `timestamp(year, month, day, hour, minute, second)` of constants, in UTC, or of a text in one of the usual forms.
    pub(super) fn timestamp(&mut self, args: &[Arg], span: Span) -> Lowered<Value> {
        let mut numbers = Vec::new();
        let mut given = args.to_vec();
        for name in ["timezone", "year", "month", "day", "hour", "minute", "second"] {
            if let Some(at) = given.iter().position(|arg| arg.name.as_deref() == Some(name)) {
                let arg = given.remove(at);
                given.push(arg);
            }
        }
        for arg in &given {
            match self.expr(&arg.value)? {
                Value::Text(text) if args.len() == 1 => {
                    let millis = crate::dates::date(&text).ok_or_else(|| {
                        soft(span.advises(
                            format!("the date {text:?} is not understood"),
                            "write timestamp(year, month, day)",
                        ))
                    })?;
                    return Ok(Value::Node(self.constant(millis, span)?));
                }
                Value::Text(zone) if UTC.contains(&zone.as_str()) => {}
                Value::Text(zone) => {
                    return Err(soft(
                        span.advises(format!("the time zone {zone:?} runs in the interpreter alone"), "use \"UTC\""),
                    ));
                }
                Value::Node(node) => numbers.push(node),
                Value::Lost(why) => return Err(*why),
                other => {
                    return Err(soft(
                        span.says(format!("timestamp() of {} is not supported", other.shown(self.graph()))),
                    ));
                }
            }
        }
        if !(3..=6).contains(&numbers.len()) {
            return Err(super::hard(span.says("timestamp() needs year, month and day")));
        }
        let mut part = |i: usize| match numbers.get(i) {
            Some(node) => Ok(*node),
            None => self.constant(0.0, span),
        };
        let parts = [part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, part(5)?];
        let mut sum = Sum { lower: self, span };
        // Months past December go on in the next year.
        let months = sum.linear(parts[0], 12.0, parts[1], 1.0, -1.0)?;
        let year = sum.floor_of(months, 12.0)?;
        let month = sum.linear(months, 1.0, year, -12.0, 1.0)?;
        let days = sum.days_from_civil(year, month)?;
        let day = sum.linear(days, 1.0, parts[2], 1.0, -1.0)?;
        let hour = sum.linear(day, 24.0, parts[3], 1.0, 0.0)?;
        let minute = sum.linear(hour, 60.0, parts[4], 1.0, 0.0)?;
        let second = sum.linear(minute, 60.0, parts[5], 1.0, 0.0)?;
        let zero = sum.lower.constant(0.0, span)?;
        Ok(Value::Node(sum.linear(second, 1_000.0, zero, 1.0, 0.0)?))
    }

    /// When the bar closes: an interval after it opens, or with the month.
    pub(super) fn closing_time(&mut self, span: Span) -> Lowered<NodeId> {
        let opens = self.add(Op::Time(Time::Millis), span)?;
        let (year, month) = (self.add(Op::Time(Time::Year), span)?, self.add(Op::Time(Time::Month), span)?);
        let seconds = self.add(Op::Symbol(SymbolFact::IntervalSeconds), span)?;
        let monthly = self.constant(11.0 * 86_400.0, span)?;
        let monthly = self.add(Op::Compare(Compare::Ge, seconds, monthly), span)?;
        let mut sum = Sum { lower: self, span };
        let later = sum.linear(opens, 1.0, seconds, 1_000.0, 0.0)?;
        let next = sum.linear(year, 12.0, month, 1.0, 0.0)?;
        let year = sum.floor_of(next, 12.0)?;
        let month = sum.linear(next, 1.0, year, -12.0, 1.0)?;
        let day = sum.days_from_civil(year, month)?;
        let zero = sum.lower.constant(0.0, span)?;
        let day = sum.linear(day, 86_400_000.0, zero, 1.0, 0.0)?;
        self.add(Op::Select(monthly, day, later), span)
    }

    pub(super) fn time_part(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let now = self.add(Op::Time(Time::Millis), span)?;
        let of = match pick(args, 0, "time") {
            None => Value::Node(now),
            Some(expr) => self.expr(expr)?,
        };
        let zone = match pick(args, 1, "timezone") {
            None => Value::Text(String::new()),
            Some(expr) => self.expr(expr)?,
        };
        let utc = matches!(&zone, Value::Text(zone) if UTC.contains(&zone.as_str()));
        if of != Value::Node(now) || !utc {
            return Err(soft(span.advises(
                format!("`{name}` of anything but `time` in UTC runs in the interpreter alone"),
                format!("write {name}"),
            )));
        }
        let part = match name {
            "year" => Time::Year,
            "month" => Time::Month,
            "dayofmonth" => Time::DayOfMonth,
            "dayofweek" => Time::DayOfWeek,
            "hour" => Time::Hour,
            _ => Time::Minute,
        };
        Ok(Value::Node(self.add(Op::Time(part), span)?))
    }

    /// `time(timeframe.period, session, timezone)`: the bar's time while a session of constant hours is on, `na` outside.
    pub(super) fn session(&mut self, name: &str, args: &[Arg], span: Span) -> Lowered<Value> {
        let refused =
            |what: &str| {
                soft(span.advises(
                    format!("`{name}` {what} runs in the interpreter alone"),
                    "use hour, minute and dayofweek",
                ))
            };
        if name != "time" || args.len() > 3 {
            return Err(refused("with these arguments"));
        }
        let interval = match pick(args, 0, "timeframe") {
            None => Value::Text(String::new()),
            Some(expr) => self.expr(expr)?,
        };
        if !matches!(&interval, Value::Text(text) if matches!(text.as_str(), "timeframe.period" | "")) {
            return Err(refused("of another interval"));
        }
        let now = self.add(Op::Time(Time::Millis), span)?;
        let zone = match pick(args, 2, "timezone") {
            None => Value::Text(String::new()),
            Some(expr) => self.expr(expr)?,
        };
        if !matches!(&zone, Value::Text(zone) if UTC.contains(&zone.as_str())) {
            return Err(refused("in another time zone"));
        }
        let session = match pick(args, 1, "session") {
            None => return Ok(Value::Node(now)),
            Some(expr) => self.expr(expr)?,
        };
        let Value::Text(session) = session else { return Err(refused("with a session that changes")) };
        let Some((spans, days)) = hours(&session) else {
            return Err(refused(&format!("with the session {session:?}")));
        };
        let (hour, minute) = (self.add(Op::Time(Time::Hour), span)?, self.add(Op::Time(Time::Minute), span)?);
        let sixty = self.constant(60.0, span)?;
        let hours = self.add(Op::Binary(Binary::Mul, hour, sixty), span)?;
        let at = self.add(Op::Binary(Binary::Add, hours, minute), span)?;
        let mut on = self.add(Op::Truth(false), span)?;
        for (from, to) in spans {
            let inside = self.within(at, from, to, span)?;
            on = self.add(Op::Or(on, inside), span)?;
        }
        if let Some(days) = days {
            let today = self.add(Op::Time(Time::DayOfWeek), span)?;
            let mut open = self.add(Op::Truth(false), span)?;
            for day in days {
                let day = self.constant(day, span)?;
                let is = self.add(Op::Compare(Compare::Eq, today, day), span)?;
                open = self.add(Op::Or(open, is), span)?;
            }
            on = self.add(Op::And(on, open), span)?;
        }
        let na = self.constant(f64::NAN, span)?;
        Ok(Value::Node(self.add(Op::Select(on, now, na), span)?))
    }

    /// Whether a minute of the day lies in a span; one that ends before it begins goes over midnight.
    fn within(&mut self, at: NodeId, from: f64, to: f64, span: Span) -> Lowered<NodeId> {
        let (start, end) = (self.constant(from, span)?, self.constant(to, span)?);
        let begun = self.add(Op::Compare(Compare::Ge, at, start), span)?;
        let before = self.add(Op::Compare(Compare::Lt, at, end), span)?;
        let both = if from < to { Op::And(begun, before) } else { Op::Or(begun, before) };
        self.add(both, span)
    }
}

/// Whole-number arithmetic on nodes.
struct Sum<'a> {
    lower: &'a mut Lower,
    span: Span,
}

impl Sum<'_> {
    /// a * by + b * times + more.
    fn linear(&mut self, a: NodeId, by: f64, b: NodeId, times: f64, more: f64) -> Lowered<NodeId> {
        let (a, b) = (self.scaled(a, by)?, self.scaled(b, times)?);
        let both = self.lower.add(Op::Binary(Binary::Add, a, b), self.span)?;
        if more == 0.0 {
            return Ok(both);
        }
        let more = self.lower.constant(more, self.span)?;
        self.lower.add(Op::Binary(Binary::Add, both, more), self.span)
    }

    fn scaled(&mut self, a: NodeId, by: f64) -> Lowered<NodeId> {
        if by == 1.0 {
            return Ok(a);
        }
        let by = self.lower.constant(by, self.span)?;
        self.lower.add(Op::Binary(Binary::Mul, a, by), self.span)
    }

    fn floor_of(&mut self, a: NodeId, by: f64) -> Lowered<NodeId> {
        let by = self.lower.constant(by, self.span)?;
        let ratio = self.lower.add(Op::Binary(Binary::Div, a, by), self.span)?;
        self.lower.add(Op::Unary(Unary::Floor, ratio), self.span)
    }

    /// Days from 1970-01-01 to the first of the month, as [`crate::dates::days_from_civil`].
    fn days_from_civil(&mut self, year: NodeId, month: NodeId) -> Lowered<NodeId> {
        let two = self.lower.constant(2.0, self.span)?;
        let early = self.lower.add(Op::Compare(Compare::Le, month, two), self.span)?;
        let (one, zero) = (self.lower.constant(1.0, self.span)?, self.lower.constant(0.0, self.span)?);
        let early = self.lower.add(Op::Select(early, one, zero), self.span)?;
        // March begins the year.
        let year = self.linear(year, 1.0, early, -1.0, 0.0)?;
        let shifted = self.linear(month, 1.0, early, 12.0, -3.0)?;
        let era = self.floor_of(year, 400.0)?;
        let year_of_era = self.linear(year, 1.0, era, -400.0, 0.0)?;
        let fifths = self.linear(shifted, 153.0, zero, 1.0, 2.0)?;
        let day_of_year = self.floor_of(fifths, 5.0)?;
        let (fours, hundreds) = (self.floor_of(year_of_era, 4.0)?, self.floor_of(year_of_era, 100.0)?);
        let leaps = self.linear(fours, 1.0, hundreds, -1.0, 0.0)?;
        let days = self.linear(year_of_era, 365.0, leaps, 1.0, 0.0)?;
        let day_of_era = self.linear(days, 1.0, day_of_year, 1.0, 0.0)?;
        self.linear(era, 146_097.0, day_of_era, 1.0, -719_468.0)
    }
}

/// Spans of minutes of the day, and the days, Sunday = 1.
type Hours = (Vec<(f64, f64)>, Option<Vec<f64>>);

/// `0930-1600,1700-1800:23456` as spans of minutes of the day, and the days.
fn hours(text: &str) -> Option<Hours> {
    let (spans, days) = match text.split_once(':') {
        Some((spans, days)) => (spans, Some(days)),
        None => (text, None),
    };
    let minutes = |text: &str| -> Option<f64> {
        let digits = text.trim();
        if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes): (u32, u32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
        (hours <= 24 && minutes < 60).then(|| f64::from(hours * 60 + minutes))
    };
    let spans: Option<Vec<(f64, f64)>> = match spans {
        "24x7" => Some(vec![(0.0, 1_440.0)]),
        spans => spans
            .split(',')
            .map(|span| {
                let (from, to) = span.split_once('-')?;
                Some((minutes(from)?, minutes(to)?))
            })
            .collect(),
    };
    let days = match days {
        None => None,
        Some(days) => {
            let each: Option<Vec<f64>> =
                days.chars().map(|day| day.to_digit(10).filter(|day| (1..=7).contains(day)).map(f64::from)).collect();
            Some(each?)
        }
    };
    Some((spans?, days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_spans_of_minutes() {
        assert_eq!(hours("0930-1600"), Some((vec![(570.0, 960.0)], None)));
        assert_eq!(
            hours("1700-0200,0800-0900:27"),
            Some((vec![(1020.0, 120.0), (480.0, 540.0)], Some(vec![2.0, 7.0])))
        );
        for wrong in ["", "930-1600", "0930", "0930-1600:8", "0930-1661"] {
            assert_eq!(hours(wrong), None, "{wrong}");
        }
    }
}
