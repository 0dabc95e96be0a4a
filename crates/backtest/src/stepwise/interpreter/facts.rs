//! What the bar under way offers, and the series functions that a call site keeps a state for.

use assay_pine::check::Ta;
use assay_pine::check::tree::{Code, Fact};
use assay_pine::graph::{Price, Time};

use super::calendar::{self, Interval};
use super::machine::Machine;
use super::series::{self, Given, Now};
use super::value::{History, Value};

impl<'a> Machine<'a> {
    pub(super) fn price(&self, price: Price, t: usize) -> f64 {
        let b = &*self.bars;
        let (o, h, l, c) = (b.open[t], b.high[t], b.low[t], b.close[t]);
        match price {
            Price::Open => o,
            Price::High => h,
            Price::Low => l,
            Price::Close => c,
            Price::Volume => b.volume[t],
            Price::Hl2 => (h + l) / 2.0,
            Price::Hlc3 => (h + l + c) / 3.0,
            Price::Ohlc4 => (o + h + l + c) / 4.0,
            Price::Hlcc4 => (h + l + c + c) / 4.0,
        }
    }

    /// When bar `t` closes.
    pub(super) fn closes(&self, t: usize) -> i64 {
        let open = self.bars.time[t];
        match self.interval {
            Interval::Seconds(s) => open + s * 1_000,
            Interval::Days(n) => open + n * 86_400_000,
            Interval::Weeks(n) => open + n * 7 * 86_400_000,
            Interval::Months(_) => self.interval.end(open),
        }
    }

    pub(super) fn fact(&mut self, fact: Fact, t: usize) -> Value {
        let ms = self.bars.time[t];
        let day = |ms: i64| ms.div_euclid(86_400_000);
        Value::Number(match fact {
            Fact::Price(price) => self.price(price, t),
            Fact::Time(Time::BarIndex) => t as f64,
            Fact::Time(Time::Millis) => ms as f64,
            Fact::Time(part) => {
                let [year, month, date, weekday, hour, minute, _] = calendar::parts(ms);
                match part {
                    Time::Year => year,
                    Time::Month => month,
                    Time::DayOfMonth => date,
                    Time::DayOfWeek => weekday,
                    Time::Hour => hour,
                    _ => minute,
                }
            }
            Fact::Second => calendar::parts(ms)[6],
            Fact::WeekOfYear => calendar::week_of_year(ms),
            Fact::TimeClose => self.closes(t) as f64,
            Fact::TradingDay => (day(ms) * 86_400_000) as f64,
            Fact::LastBarIndex => (self.bars.len() - 1) as f64,
            Fact::LastBarTime => self.bars.time[self.bars.len() - 1] as f64,
            Fact::Multiplier => self.interval.multiplier(),
            Fact::MinTick => self.mintick,
            Fact::IsFirst => return Value::Truth(t == 0),
            Fact::IsLast => return Value::Truth(t + 1 == self.bars.len()),
            Fact::IsIntraday => return Value::Truth(matches!(self.interval, Interval::Seconds(_))),
            Fact::IsMinutes => return Value::Truth(matches!(self.interval, Interval::Seconds(s) if s >= 60)),
            Fact::IsSeconds => return Value::Truth(matches!(self.interval, Interval::Seconds(s) if s < 60)),
            Fact::IsDaily => return Value::Truth(matches!(self.interval, Interval::Days(_))),
            Fact::IsWeekly => return Value::Truth(matches!(self.interval, Interval::Weeks(_))),
            Fact::IsMonthly => return Value::Truth(matches!(self.interval, Interval::Months(_))),
            Fact::SessionFirst => return Value::Truth(t == 0 || day(self.bars.time[t - 1]) != day(ms)),
            // The last bar of a day is the one that closes with it.
            Fact::SessionLast => return Value::Truth(day(self.closes(t)) != day(ms)),
        })
    }

    pub(super) fn ta(&mut self, which: Ta, at: u32, args: &'a [Code]) -> Value {
        let at = at as usize;
        match which {
            Ta::FixNan => {
                let value = self.eval(&args[0]);
                let history = self.kept[at].get_or_insert_with(|| History::new(1));
                if value.is_na() {
                    return history.get(1).cloned().unwrap_or_default();
                }
                history.push(value.clone());
                return value;
            }
            Ta::ValueWhen => {
                let condition = self.truth(&args[0]);
                let value = self.eval(&args[1]);
                let back = self.num(&args[2]).floor();
                let n = self.bars.len();
                // A constant occurrence needs no more than that many values.
                let keep = match &args[2] {
                    Code::Number(x) if *x >= 0.0 && *x < 1e6 => *x as usize + 1,
                    _ => n + 1,
                };
                let history = self.kept[at].get_or_insert_with(|| History::new(keep.min(n + 1)));
                if condition {
                    history.push(value);
                }
                if back.is_nan() || back < 0.0 {
                    return self.fail(self.body.sites[at], "the occurrence of `ta.valuewhen` is below 0");
                }
                return history.get(back as usize + 1).cloned().unwrap_or_default();
            }
            Ta::IntervalChange => {
                let text = self.eval(&args[0]);
                let Value::Text(text) = text else { return Value::Truth(false) };
                let Some(interval) = self.interval_of(&text) else {
                    return self.fail(self.body.sites[at], format!("{text:?} is no interval"));
                };
                let t = self.t;
                let changed = t == 0 || interval.start(self.bars.time[t]) != interval.start(self.bars.time[t - 1]);
                return Value::Truth(changed);
            }
            Ta::Vwap => {
                let x = self.num(&args[0]);
                let anew = match &args[1] {
                    // The session is the day.
                    Code::Na => {
                        let day = |t: usize| self.bars.time[t].div_euclid(86_400_000);
                        self.t == 0 || day(self.t) != day(self.t - 1)
                    }
                    anchor => self.truth(anchor),
                };
                let (mean, deviation) = series::vwap(&mut self.sites[at], x, self.bars.volume[self.t], anew);
                return match &args[2] {
                    Code::Na => Value::Number(mean),
                    mult => {
                        let width = self.num(mult) * deviation;
                        Value::numbers([mean, mean + width, mean - width])
                    }
                };
            }
            _ => {}
        }
        let mut numbers = [f64::NAN; 6];
        for (number, arg) in numbers.iter_mut().zip(args) {
            *number = match arg {
                // Conditions count 1 and 0.
                Code::Compare(..)
                | Code::And(..)
                | Code::Or(..)
                | Code::AndBoth(..)
                | Code::OrBoth(..)
                | Code::Not(_) => f64::from(u8::from(self.truth(arg))),
                arg => self.num(arg),
            };
        }
        let now = Now { bars: &self.bars, t: self.t, version: self.version };
        match series::advance(which, &mut self.sites[at], now, &numbers[..args.len().min(6)]) {
            Ok(Given::Number(x)) => Value::Number(x),
            Ok(Given::Truth(b)) => Value::Truth(b),
            Ok(Given::Several(all)) => Value::numbers(all),
            Err(series::BadLength(x)) => {
                self.fail(self.body.sites[at], format!("a length of {x} is not usable, it must be at least 1"))
            }
        }
    }

    pub(super) fn interval_of(&self, text: &str) -> Option<Interval> {
        if text.is_empty() || text == "timeframe.period" { Some(self.interval) } else { Interval::parse(text) }
    }
}
