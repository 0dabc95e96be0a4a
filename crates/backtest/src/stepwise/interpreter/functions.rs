//! Functions without a state: numbers and time here, collections in `arrays`, texts in `texts`.

use std::cell::RefCell;
use std::rc::Rc;

use assay_pine::check::tree::{Code, Fun};
use assay_pine::fold;
use assay_pine::graph::{Binary, Unary};

use super::calendar::{self, Interval, Session, Zone};
use super::machine::{Flow, Machine};
use super::value::Value;

impl<'a> Machine<'a> {
    pub(super) fn function(&mut self, fun: Fun, args: &'a [Option<Code>], line: u32) -> Value {
        // The common ones without a list of arguments.
        match (fun, args) {
            (Fun::Nz, [Some(value), Some(other)]) => {
                let value = self.eval(value);
                return if value.is_na() { self.eval(other) } else { value };
            }
            (Fun::Max | Fun::Min, [Some(a), Some(b)]) => {
                let (a, b) = (self.num(a), self.num(b));
                return Value::Number(fold::binary(if fun == Fun::Max { Binary::Max } else { Binary::Min }, a, b));
            }
            (Fun::Get, [Some(array), Some(at)]) => {
                let array = self.eval(array);
                let at = self.num(at);
                return self.get(&array, at, line);
            }
            (Fun::Round, [Some(x), Some(Code::Number(0.0))]) => {
                return Value::Number(fold::unary(Unary::Round, self.num(x)));
            }
            _ => {}
        }
        let given: Vec<Option<Value>> = args.iter().map(|arg| arg.as_ref().map(|code| self.eval(code))).collect();
        if self.flow == Flow::Halt {
            return Value::Na;
        }
        let number = |k: usize| given.get(k).and_then(Option::as_ref).map_or(f64::NAN, Value::number);
        let value = |k: usize| given.get(k).cloned().flatten().unwrap_or_default();
        let n = Value::Number;
        match fun {
            Fun::Nz => {
                let x = value(0);
                if x.is_na() { value(1) } else { x }
            }
            Fun::Int => n(number(0).trunc()),
            Fun::Float => n(number(0)),
            Fun::Bool => Value::Truth(value(0).truth()),
            Fun::Round => {
                let (x, digits) = (number(0), number(1));
                if digits == 0.0 {
                    return n(fold::unary(Unary::Round, x));
                }
                let scale = fold::binary(Binary::Pow, 10.0, digits);
                n(fold::binary(Binary::Div, fold::unary(Unary::Round, x * scale), scale))
            }
            Fun::RoundToMintick => {
                let ticks = fold::unary(Unary::Round, number(0) / self.mintick);
                // Through the inverse: 17 * 0.01 is not 0.17.
                let inverse = (1.0 / self.mintick).round();
                n(if (inverse * self.mintick - 1.0).abs() < 1e-9 { ticks / inverse } else { ticks * self.mintick })
            }
            Fun::Sin => n(libm::sin(number(0))),
            Fun::Cos => n(libm::cos(number(0))),
            Fun::Tan => n(libm::tan(number(0))),
            Fun::Asin => n(libm::asin(number(0))),
            Fun::Acos => n(libm::acos(number(0))),
            Fun::Atan => n(libm::atan(number(0))),
            Fun::ToDegrees => n(number(0).to_degrees()),
            Fun::ToRadians => n(number(0).to_radians()),
            Fun::Random => {
                // splitmix64, the same on every run: a script that draws lots still gives one result.
                self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = self.random;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64;
                n(number(0) + unit * (number(1) - number(0)))
            }
            Fun::Max | Fun::Min | Fun::Avg => {
                let which = match fun {
                    Fun::Max => Binary::Max,
                    Fun::Min => Binary::Min,
                    _ => Binary::Add,
                };
                let mut all = given.iter().map(|v| v.as_ref().map_or(f64::NAN, Value::number));
                let first = all.next().unwrap_or(f64::NAN);
                let folded = all.fold(first, |a, b| fold::binary(which, a, b));
                n(if fun == Fun::Avg { folded / given.len() as f64 } else { folded })
            }
            Fun::ConvertCurrency => n(number(0)),
            Fun::DefaultQuantity => n(self.account.as_ref().map_or(f64::NAN, |account| account.default_qty(number(0)))),
            Fun::TimeOf | Fun::TimeCloseOf => self.time_of(fun == Fun::TimeCloseOf, &given, line),
            Fun::Timestamp => {
                let zone = match self.zone(given.first().and_then(Option::as_ref), line) {
                    Some(zone) => zone,
                    None => return Value::Na,
                };
                let part = |k: usize, missing: f64| if given[k].is_some() { number(k) } else { missing };
                let parts = [part(1, 1970.0), part(2, 1.0), part(3, 1.0), part(4, 0.0), part(5, 0.0), part(6, 0.0)];
                if parts.iter().any(|x| !x.is_finite() || x.abs() > 1e6) {
                    return Value::Na;
                }
                let days = calendar::days(parts[0] as i64, parts[1] as i64, parts[2] as i64);
                let wall = days * 86_400_000 + ((parts[3] * 3_600.0 + parts[4] * 60.0 + parts[5]) * 1_000.0) as i64;
                n(zone.instant(wall) as f64)
            }
            Fun::Year
            | Fun::Month
            | Fun::DayOfMonth
            | Fun::DayOfWeek
            | Fun::Hour
            | Fun::Minute
            | Fun::Second
            | Fun::WeekOfYear => {
                let ms = number(0);
                if !(-9e15..9e15).contains(&ms) {
                    return Value::Na;
                }
                let Some(zone) = self.zone(given.get(1).and_then(Option::as_ref), line) else { return Value::Na };
                let wall = zone.wall(ms as i64);
                let parts = calendar::parts(wall);
                n(match fun {
                    Fun::Year => parts[0],
                    Fun::Month => parts[1],
                    Fun::DayOfMonth => parts[2],
                    Fun::DayOfWeek => parts[3],
                    Fun::Hour => parts[4],
                    Fun::Minute => parts[5],
                    Fun::Second => parts[6],
                    _ => calendar::week_of_year(wall),
                })
            }
            Fun::IntervalSeconds => {
                let text = match value(0) {
                    Value::Text(text) => text.to_string(),
                    _ => String::new(),
                };
                match self.interval_of(&text) {
                    Some(interval) => n(interval.seconds() as f64),
                    None => self.fail(line, format!("{text:?} is no interval")),
                }
            }
            Fun::IntervalOfSeconds => {
                let seconds = number(0);
                if !(1.0..1e9).contains(&seconds) {
                    return Value::Na;
                }
                let seconds = seconds as i64;
                Value::text(&match seconds {
                    s if s < 86_400 => Interval::Seconds(s).text(),
                    s if s < 604_800 => Interval::Days(s / 86_400).text(),
                    s if s < 2_628_003 => Interval::Weeks(s / 604_800).text(),
                    s => Interval::Months(s / 2_628_003).text(),
                })
            }
            Fun::DrawingNew => {
                let fields: Vec<Value> = (0..4).map(value).collect();
                self.object(fields)
            }
            Fun::DrawingSet => {
                if let Value::Object(fields) = value(0)
                    && let Some(place) = fields.borrow_mut().get_mut(number(1) as usize)
                {
                    *place = value(2);
                }
                Value::Na
            }
            Fun::DrawingGet => {
                let Value::Object(fields) = value(0) else { return Value::Na };
                let fields = fields.borrow();
                if number(1) < 4.0 {
                    return fields.get(number(1) as usize).cloned().unwrap_or_default();
                }
                let of = |k: usize| fields.get(k).map_or(f64::NAN, Value::number);
                let slope = fold::binary(Binary::Div, of(3) - of(1), of(2) - of(0));
                n(of(1) + slope * (number(2) - of(0)))
            }
            Fun::ToText
            | Fun::Format
            | Fun::FormatTime
            | Fun::Length
            | Fun::Contains
            | Fun::StartsWith
            | Fun::EndsWith
            | Fun::Position
            | Fun::Substring
            | Fun::Replace
            | Fun::ReplaceAll
            | Fun::Upper
            | Fun::Lower
            | Fun::Trim
            | Fun::Split
            | Fun::Repeat
            | Fun::ToNumber
            | Fun::Match => self.text_function(fun, &given, line),
            _ => self.collection_function(fun, &given, line),
        }
    }

    /// A new object, which the run takes apart at its end: objects may refer to each other in circles.
    pub(super) fn object(&mut self, fields: Vec<Value>) -> Value {
        let object = Rc::new(RefCell::new(fields));
        self.remember_object(&object);
        Value::Object(object)
    }

    fn zone(&mut self, text: Option<&Value>, line: u32) -> Option<Zone> {
        let text = match text {
            Some(Value::Text(text)) if !text.is_empty() => text.to_string(),
            _ => return Some(Zone::Fixed(0)),
        };
        if let Some((known, zone)) = &self.last_zone
            && *known == text
        {
            return Some(zone.clone());
        }
        match Zone::parse(&text) {
            Some(zone) => {
                self.last_zone = Some((text, zone.clone()));
                Some(zone)
            }
            None => {
                self.fail(line, format!("the time zone {text:?} is not known"));
                None
            }
        }
    }

    /// `time(timeframe, session, timezone)`: when the period of the bar begins (or ends), `na` outside of the session.
    fn time_of(&mut self, end: bool, given: &[Option<Value>], line: u32) -> Value {
        let text = |k: usize| match given.get(k).and_then(Option::as_ref) {
            Some(Value::Text(text)) => text.to_string(),
            _ => String::new(),
        };
        let frame = text(0);
        let Some(interval) = self.interval_of(&frame) else {
            return self.fail(line, format!("{frame:?} is no interval"));
        };
        let session = text(1);
        let number = |k: usize| given.get(k).and_then(Option::as_ref).map_or(0.0, Value::number);
        let (back, periods) = (number(3).trunc(), number(4).trunc());
        if !(-5_000.0..=5_000.0).contains(&back) || !(-5_000.0..=5_000.0).contains(&periods) {
            return self.fail(line, "`bars_back` lies outside of -5000 to 5000");
        }
        if back > self.t as f64 {
            return Value::Na;
        }
        // A bar that is still to come opens as many intervals later, by the calendar.
        let ms = if back >= 0.0 {
            self.bars.time[self.t - back as usize]
        } else {
            (0..(-back) as usize).fold(self.bars.time[self.t], |at, _| self.interval.end(at))
        };
        let ms = if periods >= 0.0 {
            (0..periods as usize).fold(ms, |at, _| interval.start(at) - 1)
        } else {
            (0..(-periods) as usize).fold(ms, |at, _| interval.end(at))
        };
        if !session.is_empty() {
            let parsed = match &self.last_session {
                Some((known, parsed)) if *known == session => Some(parsed.clone()),
                _ => Session::parse(&session),
            };
            let Some(parsed) = parsed else {
                return self.fail(line, format!("{session:?} is no session such as \"0930-1600:23456\""));
            };
            let Some(zone) = self.zone(given.get(2).and_then(Option::as_ref), line) else { return Value::Na };
            let length = self.closes(self.t) - self.bars.time[self.t];
            let holds = parsed.holds(zone.wall(ms), length);
            self.last_session = Some((session, parsed));
            if !holds {
                return Value::Na;
            }
        }
        let own = interval == self.interval;
        Value::Number(match (end, own) {
            (false, true) => ms,
            (false, false) => interval.start(ms),
            (true, true) if back == 0.0 && periods == 0.0 => self.closes(self.t),
            (true, true) => self.interval.end(ms),
            (true, false) => interval.end(ms),
        } as f64)
    }
}
