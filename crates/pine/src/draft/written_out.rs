//! Series functions over values that are only known bar by bar, or that advance only on some bars, written out as registers.
//!
//! Each copy of a function agrees with its column to the bit: same sums, in the same order, from the same first bar.

use super::{At, DELAY_MAX, Draft, OCCURRENCES_MAX, WINDOW_MAX, Written, says};
use crate::Diagnostic;
use crate::graph::{Binary, Compare, Indicator as I, Kind, NodeId, Op, Price, Time, Unary};

impl Draft {
    /// A built-in series function over values with feedback, or one that advances only where `gate` holds.
    pub fn written_out(&mut self, which: I, args: &[NodeId], gate: Option<NodeId>, line: u32) -> Written {
        let at = At { gate, line };
        // These take their length as a number; windows are written out for each length.
        if !matches!(which, I::Ema | I::Rma | I::Rsi | I::Atr) {
            for (k, arg) in args.iter().enumerate() {
                let written = self.by_value(*arg, line, |draft, value| {
                    let mut args = args.to_vec();
                    args[k] = value;
                    draft.written_out(which, &args, gate, line)
                });
                if let Some(written) = written {
                    return written;
                }
            }
        }
        let x = args.first().copied();
        match (which, x, args) {
            // It reads bars alone, so it is the same wherever it runs.
            (I::TrueRange | I::TrueRangeHandlingNa, ..) => Ok(self.add(Op::Indicator(which, vec![]), line)),
            (I::Ema, _, [x, n]) => {
                let n = self.whole(*n, line);
                let (one, two) = (self.number(1.0, line), self.number(2.0, line));
                let n1 = self.math(Binary::Add, n, one, line);
                let a = self.math(Binary::Div, two, n1, line);
                self.recursive(*x, n, at, |draft, e, x| {
                    let away = draft.math(Binary::Sub, x, e, line);
                    let part = draft.math(Binary::Mul, a, away, line);
                    draft.math(Binary::Add, e, part, line)
                })
            }
            (I::Rma, _, [x, n]) => self.wilder(*x, *n, at),
            (I::Rsi, _, [x, n]) => self.rsi(*x, *n, at),
            (I::Atr, Some(n), _) => {
                let range = self.add(Op::Indicator(I::TrueRangeHandlingNa, vec![]), line);
                self.wilder(range, n, at)
            }
            (I::Sum, _, [x, n]) => self.sum(*x, *n, at),
            (I::Sma, _, [x, n]) => {
                let total = self.sum(*x, *n, at)?;
                let n = self.whole(*n, line);
                Ok(self.math(Binary::Div, total, n, line))
            }
            (I::Vwma, _, [x, n]) => {
                let volume = self.add(Op::Price(Price::Volume), line);
                let traded = self.math(Binary::Mul, *x, volume, line);
                let (top, bottom) = (self.sum(traded, *n, at)?, self.sum(volume, *n, at)?);
                let (zero, na) = (self.number(0.0, line), self.number(f64::NAN, line));
                let any = self.add(Op::Compare(Compare::Gt, bottom, zero), line);
                let ratio = self.math(Binary::Div, top, bottom, line);
                Ok(self.add(Op::Select(any, ratio, na), line))
            }
            (I::Cum, Some(x), _) => {
                let (register, old) = self.cell("cum", 0.0, Kind::Number, at)?;
                let total = self.plus_unless_na(old, x, line);
                self.hold(register, total, at);
                Ok(total)
            }
            (I::Highest, _, [x, n]) => self.extreme(*x, *n, Binary::Max, at),
            (I::Lowest, _, [x, n]) => self.extreme(*x, *n, Binary::Min, at),
            (I::HighestBars, _, [x, n]) => self.extreme_bars(*x, *n, Binary::Max, Compare::Gt, at),
            (I::LowestBars, _, [x, n]) => self.extreme_bars(*x, *n, Binary::Min, Compare::Lt, at),
            (I::Change, _, [x, n]) => {
                let before = self.ago(*x, *n, at)?;
                Ok(self.math(Binary::Sub, *x, before, line))
            }
            (I::Roc, _, [x, n]) => {
                let before = self.ago(*x, *n, at)?;
                let (one, hundred) = (self.number(1.0, line), self.number(100.0, line));
                let ratio = self.math(Binary::Div, *x, before, line);
                let rate = self.math(Binary::Sub, ratio, one, line);
                Ok(self.math(Binary::Mul, hundred, rate, line))
            }
            (I::Stoch, _, [x, high, low, n]) => {
                let top = self.extreme(*high, *n, Binary::Max, at)?;
                let bottom = self.extreme(*low, *n, Binary::Min, at)?;
                let range = self.math(Binary::Sub, top, bottom, line);
                let place = self.math(Binary::Sub, *x, bottom, line);
                let hundred = self.number(100.0, line);
                let place = self.math(Binary::Mul, hundred, place, line);
                Ok(self.math(Binary::Div, place, range, line))
            }
            (I::AllTimeMax | I::AllTimeMin, Some(x), _) => {
                let (register, old) = self.cell("best", f64::NAN, Kind::Number, at)?;
                let beats = if which == I::AllTimeMax { Compare::Gt } else { Compare::Lt };
                let better = self.add(Op::Compare(beats, x, old), line);
                let none = self.add(Op::IsNa(old), line);
                let taken = self.add(Op::Or(better, none), line);
                let best = self.add(Op::Select(taken, x, old), line);
                self.hold(register, best, at);
                Ok(best)
            }
            (I::PivotHigh, _, [x, left, right]) => self.pivot(*x, (*left, *right), Compare::Gt, Compare::Ge, at),
            (I::PivotLow, _, [x, left, right]) => self.pivot(*x, (*left, *right), Compare::Lt, Compare::Le, at),
            (I::Wma, _, [x, n]) => self.weighted(*x, *n, at),
            (I::Stdev, _, [x, n]) => self.over_numbers(*x, at, |draft, at| draft.over_window(which, *x, *n, at)),
            (I::Dev | I::Cci | I::LinReg, _, [x, n]) => self.over_window(which, *x, *n, at),
            _ => Err(says(
                line,
                format!(
                    "{} over values with feedback, or inside a branch, runs in the interpreter alone",
                    spelt(which)
                ),
            )),
        }
    }

    /// Bars since a truth held, of those on which the gate held.
    pub fn written_out_bars_since(&mut self, condition: NodeId, gate: Option<NodeId>, line: u32) -> Written {
        let at = At { gate, line };
        let (register, old) = self.cell("barssince", f64::NAN, Kind::Number, at)?;
        let bar = self.add(Op::Time(Time::BarIndex), line);
        let last = self.add(Op::Select(condition, bar, old), line);
        self.hold(register, last, at);
        Ok(self.math(Binary::Sub, bar, last, line))
    }

    /// The number on the n-th last bar on which the truth held.
    pub fn written_out_value_when(
        &mut self,
        (condition, source, occurrence): (NodeId, NodeId, NodeId),
        gate: Option<NodeId>,
        line: u32,
    ) -> Written {
        let at = At { gate, line };
        let n = self.constant_of(occurrence, 0.0, OCCURRENCES_MAX, at)?;
        let mut newer = source;
        let mut now = source;
        for _ in 0..=n {
            let (register, old) = self.cell("valuewhen", f64::NAN, Kind::Number, at)?;
            now = self.add(Op::Select(condition, newer, old), line);
            self.hold(register, now, at);
            newer = old;
        }
        Ok(now)
    }

    /// A length or offset as a number: it must be known when the script is read.
    pub(super) fn constant_of(&self, n: NodeId, least: f64, most: usize, at: At) -> Result<usize, Diagnostic> {
        match self.graph.node(n).op {
            Op::Number(x) if x.floor() >= least && x.floor() <= most as f64 => Ok(x.floor() as usize),
            Op::Number(_) => Err(says(
                at.line,
                format!("a window over values with feedback, or inside a branch, has at most {most} bars here"),
            )),
            _ => Err(says(
                at.line,
                "a window over values with feedback, or inside a branch, needs a constant length here".to_owned(),
            )),
        }
    }

    fn ago(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let n = self.constant_of(n, 1.0, DELAY_MAX, at)?;
        self.delayed(x, n as f64, at.gate, at.line)
    }

    /// The last n values, the newest first.
    pub(super) fn window(&mut self, x: NodeId, n: NodeId, at: At) -> Result<Vec<NodeId>, Diagnostic> {
        let n = self.constant_of(n, 1.0, WINDOW_MAX, at)?;
        (0..n).map(|back| self.delayed(x, back as f64, at.gate, at.line)).collect()
    }

    fn plus_unless_na(&mut self, total: NodeId, x: NodeId, line: u32) -> NodeId {
        let (missing, zero) = (self.add(Op::IsNa(x), line), self.number(0.0, line));
        let added = self.add(Op::Select(missing, zero, x), line);
        self.math(Binary::Add, total, added, line)
    }

    /// Where it advances if it passes an `na` of x over.
    pub(super) fn on_numbers(&mut self, x: NodeId, at: At) -> At {
        let missing = self.add(Op::IsNa(x), at.line);
        let number = self.add(Op::Not(missing), at.line);
        let gate = at.gate.map_or(number, |gate| self.add(Op::And(gate, number), at.line));
        At { gate: Some(gate), ..at }
    }

    /// `f` of the numbers of x alone; on the bar of an `na` what it said before.
    fn over_numbers(&mut self, x: NodeId, at: At, f: impl FnOnce(&mut Draft, At) -> Written) -> Written {
        let numbers = self.on_numbers(x, at);
        let said = f(self, numbers)?;
        let (register, old) = self.cell("said", f64::NAN, Kind::Number, at)?;
        let missing = self.add(Op::IsNa(x), at.line);
        let now = self.add(Op::Select(missing, old, said), at.line);
        self.hold(register, now, at);
        Ok(now)
    }

    /// How often it has advanced, this time included.
    pub(super) fn count(&mut self, at: At) -> Written {
        let (register, old) = self.cell("count", 0.0, Kind::Number, at)?;
        let one = self.number(1.0, at.line);
        let count = self.math(Binary::Add, old, one, at.line);
        self.hold(register, count, at);
        Ok(count)
    }

    /// Number of values since the last `na`.
    pub(super) fn run(&mut self, x: NodeId, at: At) -> Written {
        let line = at.line;
        let (register, old) = self.cell("run", 0.0, Kind::Number, at)?;
        let (zero, one) = (self.number(0.0, line), self.number(1.0, line));
        let missing = self.add(Op::IsNa(x), line);
        let longer = self.math(Binary::Add, old, one, line);
        let run = self.add(Op::Select(missing, zero, longer), line);
        self.hold(register, run, at);
        Ok(run)
    }

    /// Averages that start from the mean of the first n numbers; a gap shows as one, and they go on behind it.
    fn recursive(
        &mut self,
        x: NodeId,
        n: NodeId,
        at: At,
        step: impl FnOnce(&mut Draft, NodeId, NodeId) -> NodeId,
    ) -> Written {
        let line = at.line;
        let numbers = self.on_numbers(x, at);
        let count = self.count(numbers)?;
        let (total_register, total) = self.cell("total", 0.0, Kind::Number, at)?;
        let (register, old) = self.cell("average", f64::NAN, Kind::Number, at)?;
        let (zero, na) = (self.number(0.0, line), self.number(f64::NAN, line));
        let missing = self.add(Op::IsNa(x), line);
        // By the count, not by the average: infinities may have made that unknown, and then it stays so.
        let unseeded = self.add(Op::Compare(Compare::Le, count, n), line);
        let total = self.math(Binary::Add, total, x, line);
        // Once it runs, the seed's sum is of no use.
        let kept = self.add(Op::Select(unseeded, total, zero), line);
        self.hold(total_register, kept, numbers);
        let full = self.add(Op::Compare(Compare::Ge, count, n), line);
        let mean = self.math(Binary::Div, total, n, line);
        let seed = self.add(Op::Select(full, mean, na), line);
        let stepped = step(self, old, x);
        let now = self.add(Op::Select(unseeded, seed, stepped), line);
        self.hold(register, now, numbers);
        Ok(self.add(Op::Select(missing, na, now), line))
    }

    fn wilder(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let n = self.whole(n, line);
        let one = self.number(1.0, line);
        let less = self.math(Binary::Sub, n, one, line);
        self.recursive(x, n, at, |draft, e, x| {
            let kept = draft.math(Binary::Mul, e, less, line);
            let both = draft.math(Binary::Add, kept, x, line);
            draft.math(Binary::Div, both, n, line)
        })
    }

    fn rsi(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let numbers = self.on_numbers(x, at);
        let before = self.delayed(x, 1.0, numbers.gate, line)?;
        let moved = self.math(Binary::Sub, x, before, line);
        let zero = self.number(0.0, line);
        let gain = self.math(Binary::Max, moved, zero, line);
        let fallen = self.add(Op::Unary(Unary::Neg, moved), line);
        let loss = self.math(Binary::Max, fallen, zero, line);
        let (up, down) = (self.wilder(gain, n, at)?, self.wilder(loss, n, at)?);
        let both = self.math(Binary::Add, up, down, line);
        let still = self.add(Op::Compare(Compare::Eq, both, zero), line);
        let hundred = self.number(100.0, line);
        let share = self.math(Binary::Mul, hundred, up, line);
        let share = self.math(Binary::Div, share, both, line);
        Ok(self.add(Op::Select(still, hundred, share), line))
    }

    /// By prefix sums: the total now, less the total n numbers ago.
    fn sum(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let length = self.constant_of(n, 1.0, WINDOW_MAX, at)?;
        self.over_numbers(x, at, |draft, at| {
            let count = draft.count(at)?;
            let (register, old) = draft.cell("total", 0.0, Kind::Number, at)?;
            let total = draft.math(Binary::Add, old, x, line);
            draft.hold(register, total, at);
            let before = draft.delayed_from(total, length as f64, 0.0, at)?;
            let sum = draft.math(Binary::Sub, total, before, line);
            let (n, na) = (draft.number(length as f64, line), draft.number(f64::NAN, line));
            let full = draft.add(Op::Compare(Compare::Ge, count, n), line);
            Ok(draft.add(Op::Select(full, sum, na), line))
        })
    }
}

/// As the script spells it.
fn spelt(which: I) -> String {
    match which {
        I::Sum => "`math.sum`".to_owned(),
        I::LinRegAt => "`ta.linreg`".to_owned(),
        I::PlusDi | I::MinusDi | I::Adx => "`ta.dmi`".to_owned(),
        I::SupertrendDirection => "`ta.supertrend`".to_owned(),
        which => format!("`ta.{}`", format!("{which:?}").to_lowercase()),
    }
}
