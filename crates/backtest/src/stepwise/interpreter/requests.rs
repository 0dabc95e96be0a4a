//! The same symbol on another interval: bars of it are put together, and the request's body runs on each as it closes.
//!
//! A bar of the other interval is shown from the first bar of the script that closes at or after its end, by the calendar; so
//! nothing that is shown was unknown. (TradingView shows a week on its last trading day; here it may be one bar later.)

use std::borrow::Cow;

use assay_pine::check::tree::{self, Shown};

use super::RunError;
use super::machine::Machine;
use super::value::Value;
use crate::Bars;

/// A request under way.
pub(super) struct Request<'a> {
    machine: Machine<'a>,
    shown: Shown,
    gaps: bool,
    /// Instants at which the bars of the other interval end.
    ends: Vec<i64>,
    /// Bars that have run.
    done: usize,
    value: Value,
}

impl<'a> Request<'a> {
    /// Begins a request on its first use.
    pub(super) fn open(of: &mut Machine<'a>, request: &'a tree::Request) -> Result<Request<'a>, RunError> {
        let fail = |bar: usize, message: String| RunError { bar, line: request.line, message };
        let text = match of.eval(&request.interval) {
            Value::Text(text) => text.to_string(),
            _ => String::new(),
        };
        let Some(interval) = of.interval_of(&text) else {
            return Err(fail(of.t, format!("{text:?} is no interval")));
        };
        if interval.seconds() < of.interval.seconds() {
            return Err(fail(
                of.t,
                format!(
                    "the interval {text:?} is shorter than that of the bars ({}): run the strategy on bars of {text:?} or shorter",
                    of.interval.text()
                ),
            ));
        }
        if request.shown == Shown::Within && interval != of.interval {
            return Err(fail(of.t, format!("{text:?} is longer than the bars: use request.security")));
        }
        let (mut bars, mut ends) = together(&of.bars, |t| {
            if interval == of.interval {
                (of.bars.time[t], of.closes(t))
            } else {
                (interval.start(of.bars.time[t]), interval.end(of.bars.time[t]))
            }
        });
        if request.heikin_ashi {
            heikin_ashi(&mut bars);
        }
        ends.shrink_to_fit();
        let machine = Machine::new(&request.body, Cow::Owned(bars), interval, of.version, of.mintick, of.values);
        Ok(Request { machine, shown: request.shown, gaps: request.gaps, ends, done: 0, value: Value::Na })
    }

    /// What is shown on a bar of the script, which opens and closes at these instants.
    pub(super) fn show(&mut self, closes: i64, opens: i64) -> Result<Value, RunError> {
        let by = match self.shown {
            Shown::ClosedBefore => opens,
            Shown::Closed | Shown::Within => closes,
        };
        let mut fresh = false;
        while self.done < self.ends.len() && self.ends[self.done] <= by {
            self.value = self.machine.step(self.done)?;
            self.done += 1;
            fresh = true;
        }
        Ok(match self.shown {
            Shown::Within => Value::array(vec![self.value.clone()]),
            _ if self.gaps && !fresh => Value::Na,
            _ => self.value.clone(),
        })
    }
}

/// Bars that share a beginning become one; with the instant at which each ends.
fn together(bars: &Bars, period: impl Fn(usize) -> (i64, i64)) -> (Bars, Vec<i64>) {
    let mut all = Bars::default();
    let mut ends: Vec<i64> = Vec::new();
    for t in 0..bars.len() {
        let (start, end) = period(t);
        if all.time.last() == Some(&start) {
            let last = all.len() - 1;
            all.high[last] = all.high[last].max(bars.high[t]);
            all.low[last] = all.low[last].min(bars.low[t]);
            all.close[last] = bars.close[t];
            all.volume[last] += bars.volume[t];
        } else {
            all.time.push(start);
            all.open.push(bars.open[t]);
            all.high.push(bars.high[t]);
            all.low.push(bars.low[t]);
            all.close.push(bars.close[t]);
            all.volume.push(bars.volume[t]);
            ends.push(end);
        }
    }
    (all, ends)
}

/// Heikin-Ashi candles: close = mean of four prices, open = middle of the candle before.
fn heikin_ashi(bars: &mut Bars) {
    for t in 0..bars.len() {
        let close = (bars.open[t] + bars.high[t] + bars.low[t] + bars.close[t]) / 4.0;
        let open = match t {
            0 => (bars.open[0] + bars.close[0]) / 2.0,
            t => (bars.open[t - 1] + bars.close[t - 1]) / 2.0,
        };
        bars.high[t] = bars.high[t].max(open).max(close);
        bars.low[t] = bars.low[t].min(open).min(close);
        (bars.open[t], bars.close[t]) = (open, close);
    }
}

#[cfg(test)]
mod tests {
    use super::super::calendar::Interval;
    use super::*;

    #[test]
    fn days_make_weeks() {
        let day = 86_400_000;
        let bars = Bars {
            time: (0..10).map(|d| d * day).collect(),
            open: (0..10).map(f64::from).collect(),
            high: (0..10).map(|x| f64::from(x) + 2.0).collect(),
            low: (0..10).map(|x| f64::from(x) - 1.0).collect(),
            close: (0..10).map(|x| f64::from(x) + 1.0).collect(),
            volume: vec![1.0; 10],
            mintick: None,
        };
        let week = Interval::Weeks(1);
        let (weeks, ends) = together(&bars, |t| (week.start(bars.time[t]), week.end(bars.time[t])));
        // 1970-01-01 was a Thursday: four days, then six.
        assert_eq!(weeks.volume, [4.0, 6.0]);
        assert_eq!((weeks.open[1], weeks.high[1], weeks.low[1], weeks.close[1]), (4.0, 11.0, 3.0, 10.0));
        assert_eq!(ends, [4 * day, 11 * day]);
    }
}
