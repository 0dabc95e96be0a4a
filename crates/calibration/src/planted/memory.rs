//! Mechanisms that remember prices, or a state behind them.

use std::collections::VecDeque;

use super::{DEVIATION, Expectation};
use crate::chance::Chance;
use crate::shape::Shape;

/// A share of each shock is transitory and decays: Poterba and Summers (1988), a random walk plus a stationary part.
/// Return = shock + (KEEP - 1) * transitory; transitory = KEEP * transitory + amplitude * shock.
pub(super) struct Reversion {
    amplitude: f64,
    transitory: f64,
}

impl Reversion {
    /// A transitory move is half gone after five days.
    const KEEP: f64 = 0.87;

    pub fn new(amplitude: f64) -> Reversion {
        Reversion { amplitude, transitory: 0.0 }
    }
}

impl Expectation for Reversion {
    fn next(&mut self, _t: usize) -> f64 {
        (Self::KEEP - 1.0) * self.transitory
    }

    fn learn(&mut self, shape: &Shape, expected: f64) {
        let shock = shape.total() - expected;
        self.transitory = Self::KEEP * self.transitory + self.amplitude * shock;
    }
}

/// Two hidden regimes after Hamilton (1989): good times earn what bad times lose; each ends any day with the same chance.
pub(super) struct Regimes {
    amplitude: f64,
    good: bool,
    chance: Chance,
}

impl Regimes {
    /// A regime lasts four months on average.
    const LENGTH: f64 = 84.0;

    pub fn new(amplitude: f64, mut chance: Chance) -> Regimes {
        Regimes { amplitude, good: chance.unit() < 0.5, chance }
    }
}

impl Expectation for Regimes {
    fn next(&mut self, _t: usize) -> f64 {
        if self.chance.unit() < 1.0 / Self::LENGTH {
            self.good = !self.good;
        }
        self.amplitude * DEVIATION * if self.good { 1.0 } else { -1.0 }
    }

    fn learn(&mut self, _shape: &Shape, _expected: f64) {}
}

/// After a close above the highest high of the last bars prices go on rising for a while, after one below the lowest low
/// they go on falling.
pub(super) struct Breakout {
    amplitude: f64,
    /// Log close so far.
    close: f64,
    /// Log highs and lows of the last `RANGE` bars.
    range: VecDeque<(f64, f64)>,
    direction: f64,
    left: usize,
}

impl Breakout {
    /// Bars of the range: two months.
    const RANGE: usize = 40;
    /// Bars that a breakout carries on.
    const CARRY: usize = 15;

    pub fn new(amplitude: f64) -> Breakout {
        Breakout { amplitude, close: 0.0, range: VecDeque::with_capacity(Self::RANGE), direction: 0.0, left: 0 }
    }
}

impl Expectation for Breakout {
    fn next(&mut self, _t: usize) -> f64 {
        if self.left == 0 { 0.0 } else { self.amplitude * DEVIATION * self.direction }
    }

    fn learn(&mut self, shape: &Shape, _expected: f64) {
        let open = self.close + shape.gap;
        self.close = open + shape.body;
        self.left = self.left.saturating_sub(1);
        if self.range.len() == Self::RANGE {
            let highest = self.range.iter().fold(f64::NEG_INFINITY, |best, (high, _)| best.max(*high));
            let lowest = self.range.iter().fold(f64::INFINITY, |best, (_, low)| best.min(*low));
            if self.close > highest || self.close < lowest {
                self.direction = if self.close > highest { 1.0 } else { -1.0 };
                self.left = Self::CARRY;
            }
            self.range.pop_front();
        }
        self.range.push_back((open + shape.up, open + shape.down));
    }
}

/// The move between close and open is overdone: the next days take back a share of it.
pub(super) struct Gaps {
    amplitude: f64,
    recent: VecDeque<f64>,
}

impl Gaps {
    /// Bars over which a gap comes back.
    const DAYS: usize = 3;

    pub fn new(amplitude: f64) -> Gaps {
        Gaps { amplitude, recent: VecDeque::with_capacity(Self::DAYS) }
    }
}

impl Expectation for Gaps {
    fn next(&mut self, _t: usize) -> f64 {
        -self.amplitude * self.recent.iter().sum::<f64>() / Self::DAYS as f64
    }

    fn learn(&mut self, shape: &Shape, _expected: f64) {
        if self.recent.len() == Self::DAYS {
            self.recent.pop_front();
        }
        self.recent.push_back(shape.gap);
    }
}
