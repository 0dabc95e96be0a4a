//! Windows over values that are only known bar by bar: extremes, pivots, weighted averages, spread and lines, each value of the
//! window in a register of its own.

use super::{At, Draft, WINDOW_MAX, Written};
use crate::graph::{Binary, Compare, Indicator as I, Kind, NodeId, Op, Unary};

impl Draft {
    /// Of the values since the last `na`, once it has advanced n times.
    pub(super) fn extreme(&mut self, x: NodeId, n: NodeId, which: Binary, at: At) -> Written {
        let line = at.line;
        let window = self.window(x, n, at)?;
        let (count, run) = (self.count(at)?, self.run(x, at)?);
        let mut best = window[0];
        for (back, value) in window.iter().enumerate().skip(1) {
            let better = self.math(which, best, *value, line);
            best = self.add_since(run, back, better, best, line);
        }
        let (n, na) = (self.number(window.len() as f64, line), self.number(f64::NAN, line));
        let full = self.add(Op::Compare(Compare::Ge, count, n), line);
        Ok(self.add(Op::Select(full, best, na), line))
    }

    /// `there` if the value `back` steps ago stands behind the last `na`, else `not`.
    fn add_since(&mut self, run: NodeId, back: usize, there: NodeId, not: NodeId, line: u32) -> NodeId {
        let back = self.number(back as f64, line);
        let since = self.add(Op::Compare(Compare::Gt, run, back), line);
        self.add(Op::Select(since, there, not), line)
    }

    pub(super) fn pivot(
        &mut self,
        x: NodeId,
        sides: (NodeId, NodeId),
        before: Compare,
        after: Compare,
        at: At,
    ) -> Written {
        let line = at.line;
        let left = self.constant_of(sides.0, 0.0, WINDOW_MAX, at)?;
        let right = self.constant_of(sides.1, 0.0, WINDOW_MAX, at)?;
        let pivot = self.delayed(x, right as f64, at.gate, line)?;
        let mut stands = self.add(Op::Truth(true), line);
        for back in (0..=left + right).filter(|back| *back != right) {
            let other = self.delayed(x, back as f64, at.gate, line)?;
            let beats = if back > right { before } else { after };
            let beaten = self.add(Op::Compare(beats, pivot, other), line);
            stands = self.add(Op::And(stands, beaten), line);
        }
        // Fewer values than the window has make the first `na`, and comparisons with `na` are false.
        let na = self.number(f64::NAN, line);
        Ok(self.add(Op::Select(stands, pivot, na), line))
    }

    /// The latest wins ties; 0 on the bar of an `na`.
    pub(super) fn extreme_bars(&mut self, x: NodeId, n: NodeId, which: Binary, beats: Compare, at: At) -> Written {
        let line = at.line;
        let window = self.window(x, n, at)?;
        let (count, run) = (self.count(at)?, self.run(x, at)?);
        let (mut best, mut place) = (window[0], self.number(0.0, line));
        for (back, value) in window.iter().enumerate().skip(1) {
            let older = self.add(Op::Compare(beats, *value, best), line);
            let there = self.number(-(back as f64), line);
            let placed = self.add(Op::Select(older, there, place), line);
            let better = self.math(which, best, *value, line);
            place = self.add_since(run, back, placed, place, line);
            best = self.add_since(run, back, better, best, line);
        }
        let (n, na) = (self.number(window.len() as f64, line), self.number(f64::NAN, line));
        let full = self.add(Op::Compare(Compare::Ge, count, n), line);
        Ok(self.add(Op::Select(full, place, na), line))
    }

    /// Weights 1..n; in place of an `na` the number before it counts once more.
    pub(super) fn weighted(&mut self, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let numbers = self.on_numbers(x, at);
        let count = self.count(numbers)?;
        let (register, old) = self.cell("last", f64::NAN, Kind::Number, at)?;
        let missing = self.add(Op::IsNa(x), line);
        let filled = self.add(Op::Select(missing, old, x), line);
        self.hold(register, filled, at);
        let mut window = self.window(filled, n, at)?;
        window.reverse();
        let weights = self.number((window.len() * (window.len() + 1) / 2) as f64, line);
        let parts: Vec<NodeId> = (1..)
            .zip(&window)
            .map(|(weight, value)| {
                let weight = self.number(f64::from(weight), line);
                self.math(Binary::Mul, *value, weight, line)
            })
            .collect();
        let total = self.total(&parts, line);
        let mean = self.math(Binary::Div, total, weights, line);
        let (n, na) = (self.number(window.len() as f64, line), self.number(f64::NAN, line));
        let full = self.add(Op::Compare(Compare::Ge, count, n), line);
        let mean = self.add(Op::Select(full, mean, na), line);
        Ok(self.add(Op::Select(missing, na, mean), line))
    }

    pub(super) fn over_window(&mut self, which: I, x: NodeId, n: NodeId, at: At) -> Written {
        let line = at.line;
        let mut window = self.window(x, n, at)?;
        window.reverse();
        let count = self.number(window.len() as f64, line);
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
