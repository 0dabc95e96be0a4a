//! A strategy while it is being written: nodes, registers and orders, and the series functions that are written out as
//! registers where their arguments are only known bar by bar, or where they advance only on some bars.
//!
//! Each copy of a function agrees with its column to the bit: same sums, in the same order, from the same first bar.

use std::collections::HashMap;

use crate::graph::{Binary, Compare, Graph, Indicator as I, Kind, NodeId, Op, Price, Time, Unary};
use crate::{Diagnostic, OrderCommand, OrderId, fold};

/// Most values carried from bar to bar.
pub const REGISTERS_MAX: usize = 2_048;
/// Longest past of a value with feedback, in bars.
pub const DELAY_MAX: usize = 500;
/// Longest window over a value with feedback, in bars.
pub const WINDOW_MAX: usize = 100;
/// Most occurrences that `ta.valuewhen` looks back over a value with feedback.
const OCCURRENCES_MAX: usize = 32;

/// A register whose next value may not be known yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub name: String,
    pub initial: f64,
    /// What it takes at the end of a bar, or why that is unknown.
    pub next: Option<Result<NodeId, Diagnostic>>,
    pub kind: Kind,
    pub line: u32,
}

/// Nodes, registers and orders so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub graph: Graph,
    pub registers: Vec<Pending>,
    pub orders: Vec<OrderCommand>,
    pub ids: Vec<String>,
    /// Registers that hold what a node was 1, 2, ... bars ago, by the node, the condition that they advance on, and the bits of
    /// their first value.
    delays: HashMap<(NodeId, Option<NodeId>, u64), Vec<usize>>,
}

/// Where a copied function advances, and where it came from.
#[derive(Clone, Copy)]
struct At {
    gate: Option<NodeId>,
    line: u32,
}

type Written = Result<NodeId, Diagnostic>;

impl Draft {
    /// Adds `op`, or what it amounts to.
    pub fn add(&mut self, op: Op, line: u32) -> NodeId {
        let op = fold::folded(&self.graph, op);
        self.graph.add(op, line)
    }

    /// The number of an order's name; `None` past 2^16.
    pub fn id(&mut self, name: &str) -> Option<OrderId> {
        let known = self.ids.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.ids.push(name.to_owned());
            self.ids.len() - 1
        });
        u16::try_from(index).ok().map(OrderId)
    }

    /// A new register; `None` past the limit.
    pub fn register(&mut self, name: &str, initial: f64, kind: Kind, line: u32) -> Option<usize> {
        if self.registers.len() >= REGISTERS_MAX {
            return None;
        }
        self.registers.push(Pending { name: name.to_owned(), initial, next: None, kind, line });
        Some(self.registers.len() - 1)
    }

    /// `node` n bars ago, or n of the bars ago on which `gate` held; `na` (or false) before.
    pub fn delayed(&mut self, node: NodeId, n: f64, gate: Option<NodeId>, line: u32) -> Written {
        let initial = if self.graph.node(node).kind == Kind::Truth { 0.0 } else { f64::NAN };
        self.delayed_from(node, n, initial, At { gate, line })
    }

    fn delayed_from(&mut self, node: NodeId, n: f64, initial: f64, at: At) -> Written {
        let n = n.floor();
        if !(0.0..=DELAY_MAX as f64).contains(&n) {
            return Err(says(
                at.line,
                format!("the past of a value with feedback reaches back at most {DELAY_MAX} bars here"),
            ));
        }
        let kind = self.graph.node(node).kind;
        let key = (node, at.gate, initial.to_bits());
        let mut chain = self.delays.get(&key).cloned().unwrap_or_default();
        let mut newest = match chain.last() {
            Some(register) => self.add(Op::Register(*register as u32, kind), at.line),
            None => node,
        };
        while chain.len() < n as usize {
            let (register, read) = self.cell("past", initial, kind, at)?;
            self.hold(register, newest, at);
            chain.push(register);
            newest = read;
        }
        let wanted = (n as usize).checked_sub(1).map(|last| chain[last]);
        self.delays.insert(key, chain);
        Ok(match wanted {
            None => node,
            Some(register) => self.add(Op::Register(register as u32, kind), at.line),
        })
    }

    /// A register and the node that reads it.
    fn cell(&mut self, name: &str, initial: f64, kind: Kind, at: At) -> Result<(usize, NodeId), Diagnostic> {
        let register = self
            .register(name, initial, kind, at.line)
            .ok_or_else(|| says(at.line, format!("more than {REGISTERS_MAX} values are carried from bar to bar")))?;
        Ok((register, self.add(Op::Register(register as u32, kind), at.line)))
    }

    /// What a register takes to the next bar: `next` where it advances, what it holds elsewhere.
    fn hold(&mut self, register: usize, next: NodeId, at: At) {
        let next = match at.gate {
            None => next,
            Some(gate) => {
                let old = self.add(Op::Register(register as u32, self.registers[register].kind), at.line);
                self.add(Op::Select(gate, next, old), at.line)
            }
        };
        self.registers[register].next = Some(Ok(next));
    }

    /// A built-in series function over values with feedback, or one that advances only where `gate` holds.
    pub fn written_out(&mut self, which: I, args: &[NodeId], gate: Option<NodeId>, line: u32) -> Written {
        let at = At { gate, line };
        let x = args.first().copied();
        match (which, x, args) {
            (I::TrueRange, ..) => Ok(self.add(Op::Indicator(I::TrueRange, vec![]), line)),
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
                let range = self.add(Op::Indicator(I::TrueRange, vec![]), line);
                let bar = self.add(Op::Time(Time::BarIndex), line);
                let (zero, na) = (self.number(0.0, line), self.number(f64::NAN, line));
                let first = self.add(Op::Compare(Compare::Eq, bar, zero), line);
                let range = self.add(Op::Select(first, na, range), line);
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
            (I::Wma | I::Stdev | I::Dev | I::Cci | I::LinReg, _, [x, n]) => self.over_window(which, *x, *n, at),
            _ => Err(says(
                line,
                format!(
                    "{} over values with feedback, or inside a branch, runs in the interpreter alone",
                    spelt(which)
                ),
            )),
        }
    }

    /// Bars since a truth held; gated: bars on which the gate held.
    pub fn written_out_bars_since(&mut self, condition: NodeId, gate: Option<NodeId>, line: u32) -> Written {
        let at = At { gate, line };
        let (register, old) = self.cell("barssince", f64::NAN, Kind::Number, at)?;
        let (zero, one) = (self.number(0.0, line), self.number(1.0, line));
        let more = self.math(Binary::Add, old, one, line);
        let now = self.add(Op::Select(condition, zero, more), line);
        self.hold(register, now, at);
        Ok(now)
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

    fn number(&mut self, x: f64, line: u32) -> NodeId {
        self.add(Op::Number(x), line)
    }
    fn math(&mut self, f: Binary, a: NodeId, b: NodeId, line: u32) -> NodeId {
        self.add(Op::Binary(f, a, b), line)
    }
    fn whole(&mut self, n: NodeId, line: u32) -> NodeId {
        self.add(Op::Unary(Unary::Floor, n), line)
    }

    /// A length or offset as a number: it must be known when the script is read.
    fn constant_of(&self, n: NodeId, least: f64, most: usize, at: At) -> Result<usize, Diagnostic> {
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
    fn window(&mut self, x: NodeId, n: NodeId, at: At) -> Result<Vec<NodeId>, Diagnostic> {
        let n = self.constant_of(n, 1.0, WINDOW_MAX, at)?;
        (0..n).map(|back| self.delayed(x, back as f64, at.gate, at.line)).collect()
    }

    fn plus_unless_na(&mut self, total: NodeId, x: NodeId, line: u32) -> NodeId {
        let (missing, zero) = (self.add(Op::IsNa(x), line), self.number(0.0, line));
        let added = self.add(Op::Select(missing, zero, x), line);
        self.math(Binary::Add, total, added, line)
    }

    /// Number of values since the last `na`.
    fn run(&mut self, x: NodeId, at: At) -> Written {
        let line = at.line;
        let (register, old) = self.cell("run", 0.0, Kind::Number, at)?;
        let (zero, one) = (self.number(0.0, line), self.number(1.0, line));
        let missing = self.add(Op::IsNa(x), line);
        let longer = self.math(Binary::Add, old, one, line);
        let run = self.add(Op::Select(missing, zero, longer), line);
        self.hold(register, run, at);
        Ok(run)
    }

    /// Averages that start from the mean of the first n values in a row; a gap shows as one, and they go on behind it.
    fn recursive(
        &mut self,
        x: NodeId,
        n: NodeId,
        at: At,
        step: impl FnOnce(&mut Draft, NodeId, NodeId) -> NodeId,
    ) -> Written {
        let line = at.line;
        let run = self.run(x, at)?;
        let (total_register, total) = self.cell("total", 0.0, Kind::Number, at)?;
        let (register, old) = self.cell("average", f64::NAN, Kind::Number, at)?;
        let (zero, na) = (self.number(0.0, line), self.number(f64::NAN, line));
        let missing = self.add(Op::IsNa(x), line);
        let unseeded = self.add(Op::IsNa(old), line);
        let sum = self.math(Binary::Add, total, x, line);
        let total = self.add(Op::Select(missing, zero, sum), line);
        // Once it runs, the seed's sum is of no use.
        let kept = self.add(Op::Select(unseeded, total, zero), line);
        self.hold(total_register, kept, at);
        let full = self.add(Op::Compare(Compare::Ge, run, n), line);
        let mean = self.math(Binary::Div, total, n, line);
        let seed = self.add(Op::Select(full, mean, na), line);
        let stepped = step(self, old, x);
        let on = self.add(Op::Select(missing, old, stepped), line);
        let now = self.add(Op::Select(unseeded, seed, on), line);
        self.hold(register, now, at);
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
        let before = self.delayed(x, 1.0, at.gate, line)?;
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
        Ok(self.add(Op::Select(still, zero, share), line))
    }

    /// By prefix sums: the total now, less the total n bars ago.
    fn sum(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let length = self.constant_of(n, 1.0, WINDOW_MAX, at)?;
        let run = self.run(x, at)?;
        let (register, old) = self.cell("total", 0.0, Kind::Number, at)?;
        let total = self.plus_unless_na(old, x, line);
        self.hold(register, total, at);
        let before = self.delayed_from(total, length as f64, 0.0, at)?;
        let sum = self.math(Binary::Sub, total, before, line);
        let (n, na) = (self.number(length as f64, line), self.number(f64::NAN, line));
        let full = self.add(Op::Compare(Compare::Ge, run, n), line);
        Ok(self.add(Op::Select(full, sum, na), line))
    }

    fn extreme(&mut self, x: NodeId, n: NodeId, which: Binary, at: At) -> Written {
        let window = self.window(x, n, at)?;
        Ok(window[1..].iter().fold(window[0], |best, next| self.math(which, best, *next, at.line)))
    }

    /// The latest wins ties.
    fn extreme_bars(&mut self, x: NodeId, n: NodeId, which: Binary, beats: Compare, at: At) -> Written {
        let line = at.line;
        let window = self.window(x, n, at)?;
        let (mut best, mut place) = (window[0], self.number(0.0, line));
        for (back, value) in window.iter().enumerate().skip(1) {
            let older = self.add(Op::Compare(beats, *value, best), line);
            let there = self.number(-(back as f64), line);
            place = self.add(Op::Select(older, there, place), line);
            best = self.math(which, best, *value, line);
        }
        let (missing, na) = (self.add(Op::IsNa(best), line), self.number(f64::NAN, line));
        Ok(self.add(Op::Select(missing, na, place), line))
    }

    fn over_window(&mut self, which: I, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let mut window = self.window(x, n, at)?;
        window.reverse();
        let count = self.number(window.len() as f64, line);
        if which == I::Wma {
            let weights = self.number((window.len() * (window.len() + 1) / 2) as f64, line);
            let parts: Vec<NodeId> = (1..)
                .zip(&window)
                .map(|(weight, value)| {
                    let weight = self.number(f64::from(weight), line);
                    self.math(Binary::Mul, *value, weight, line)
                })
                .collect();
            let total = self.total(&parts, line);
            return Ok(self.math(Binary::Div, total, weights, line));
        }
        let total = self.total(&window, line);
        let mean = self.math(Binary::Div, total, count, line);
        let away: Vec<NodeId> = window.iter().map(|value| self.math(Binary::Sub, *value, mean, line)).collect();
        if which == I::LinReg {
            let middle = (window.len() as f64 - 1.0) / 2.0;
            let spread: f64 = (0..window.len()).map(|i| (i as f64 - middle) * (i as f64 - middle)).sum();
            let parts: Vec<NodeId> = (0..)
                .zip(&away)
                .map(|(i, away)| {
                    let place = self.number(f64::from(i) - middle, line);
                    self.math(Binary::Mul, place, *away, line)
                })
                .collect();
            let slope = if window.len() == 1 {
                self.number(0.0, line)
            } else {
                let (total, spread) = (self.total(&parts, line), self.number(spread, line));
                self.math(Binary::Div, total, spread, line)
            };
            let middle = self.number(middle, line);
            let rise = self.math(Binary::Mul, slope, middle, line);
            return Ok(self.math(Binary::Add, mean, rise, line));
        }
        if which == I::Stdev {
            let squares: Vec<NodeId> = away.iter().map(|away| self.math(Binary::Mul, *away, *away, line)).collect();
            let total = self.total(&squares, line);
            let variance = self.math(Binary::Div, total, count, line);
            return Ok(self.add(Op::Unary(Unary::Sqrt, variance), line));
        }
        let sizes: Vec<NodeId> = away.iter().map(|away| self.add(Op::Unary(Unary::Abs, *away), line)).collect();
        let total = self.total(&sizes, line);
        let dev = self.math(Binary::Div, total, count, line);
        if which == I::Dev {
            return Ok(dev);
        }
        let factor = self.number(0.015, line);
        let scaled = self.math(Binary::Mul, factor, dev, line);
        let newest = away[away.len() - 1];
        Ok(self.math(Binary::Div, newest, scaled, line))
    }

    /// In order from the first, as the columns add.
    fn total(&mut self, parts: &[NodeId], line: u32) -> NodeId {
        parts[1..].iter().fold(parts[0], |total, part| self.math(Binary::Add, total, *part, line))
    }
}

fn says(line: u32, message: String) -> Diagnostic {
    Diagnostic { line, column: 1, message, help: None }
}

/// As the script spells it.
fn spelt(which: I) -> String {
    format!("`ta.{}`", format!("{which:?}").to_lowercase())
}
