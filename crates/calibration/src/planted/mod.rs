//! Markets in which one thing can be known, and the archetype of the catalogue that is meant to find it.
//!
//! Each mechanism moves return over time without adding any: prices as a whole drift nowhere, so what a strategy earns it
//! earns by knowing when to be in. `amplitude` scales the expected returns that the past gives away; 0 is a random walk.
//! The same seed gives the same shocks at any amplitude.

pub mod amplitude;
mod calendar;
pub mod luck;
mod memory;

use assay_backtest::Bars;
use assay_units::Seed;

use crate::chance::{Chance, branch};
use crate::market::{BARS, RealPrices};
use crate::shape::{Shape, Shaper, path};

/// Deviation of a bar's log return: 16 % a year.
const DEVIATION: f64 = 0.01;

/// Something that the past gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mechanism {
    /// A part of each move is undone over the next days.
    Reversion,
    /// Hidden good and bad times, a few months each.
    Trend,
    /// The days around the turn of the month earn what the others lose.
    TurnOfMonth,
    /// A close outside the range of the last weeks is followed by more of the same.
    Breakout,
    /// What opens too far from the last close comes back.
    GapReversion,
}

impl Mechanism {
    /// Every mechanism.
    pub const ALL: [Mechanism; 5] =
        [Mechanism::Reversion, Mechanism::Trend, Mechanism::TurnOfMonth, Mechanism::Breakout, Mechanism::GapReversion];

    /// As tables and files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mechanism::Reversion => "mean reversion",
            Mechanism::Trend => "trend regimes",
            Mechanism::TurnOfMonth => "turn of the month",
            Mechanism::Breakout => "breakout continuation",
            Mechanism::GapReversion => "gap reversion",
        }
    }

    /// The archetype that is meant to find it.
    pub const fn archetype(self) -> &'static str {
        match self {
            Mechanism::Reversion => "z_score_reversion",
            Mechanism::Trend => "ema_cross",
            Mechanism::TurnOfMonth => "turn_of_month",
            Mechanism::Breakout => "donchian_breakout",
            Mechanism::GapReversion => "gap_fade",
        }
    }

    /// The largest amplitude that makes sense: the mechanism explains nearly all of what happens.
    pub const fn amplitude_max(self) -> f64 {
        match self {
            // All of a move is undone, or of a gap and half as much again.
            Mechanism::Reversion => 1.0,
            Mechanism::GapReversion => 1.5,
            // In deviations of a bar: a drift of half a deviation a day would make 120 % in a year.
            Mechanism::Trend | Mechanism::TurnOfMonth | Mechanism::Breakout => 0.5,
        }
    }

    /// One market.
    pub fn market(self, amplitude: f64, seed: Seed, real: &RealPrices) -> Bars {
        let mut chance = Chance::new(branch(seed, self.as_str(), 0));
        let time = real.trading_days(&mut chance);
        // The shocks have a stream of their own, so that they stay the same whatever else a mechanism draws.
        let own = Chance::new(branch(seed, self.as_str(), 1));
        let mut shaper = Shaper::new(own, DEVIATION);
        let mut expected: Box<dyn Expectation> = match self {
            Mechanism::Reversion => Box::new(memory::Reversion::new(amplitude)),
            Mechanism::Trend => Box::new(memory::Regimes::new(amplitude, chance)),
            Mechanism::TurnOfMonth => Box::new(calendar::TurnOfMonth::new(amplitude, &time)),
            Mechanism::Breakout => Box::new(memory::Breakout::new(amplitude)),
            Mechanism::GapReversion => Box::new(memory::Gaps::new(amplitude)),
        };
        let shapes: Vec<Shape> = (0..BARS)
            .map(|t| {
                let mean = expected.next(t);
                let shape = shaper.draw(mean - DEVIATION * DEVIATION / 2.0, DEVIATION);
                expected.learn(&shape, mean);
                shape
            })
            .collect();
        path(&shapes, time)
    }
}

/// What the past gives away of the next bar.
trait Expectation {
    /// Expected log return of bar `t`, whose shape is not known yet.
    fn next(&mut self, t: usize) -> f64;
    /// The bar as it came, and what was expected of it.
    fn learn(&mut self, shape: &Shape, expected: f64);
}
