//! Markets in which nothing can be known: prices drift, but no past says when.
//!
//! Three kinds, ten years of daily bars each. What they share: the expected return of the next bar is the same on every day
//! (half the variance is taken off the log return, so that wild days do not earn more), so any strategy that seems to know
//! when to be in was lucky. What they differ in is what luck looks like.

mod garch;
mod real;
mod shuffled;
mod walk;

pub use real::RealPrices;

use assay_backtest::Bars;
use assay_units::Seed;

use crate::chance::{Chance, branch};

/// Bars of a market: ten years of 252 trading days.
pub const BARS: usize = 2_520;

/// Trading days in a year.
pub const YEAR: f64 = 252.0;

/// A kind of market without an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoEdge {
    /// Independent normal log returns.
    RandomWalk,
    /// Fat tails, and wild days that follow wild days.
    Garch,
    /// Real bars, dealt anew.
    Shuffled,
}

impl NoEdge {
    /// Every kind.
    pub const ALL: [NoEdge; 3] = [NoEdge::RandomWalk, NoEdge::Garch, NoEdge::Shuffled];

    /// As tables and files write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            NoEdge::RandomWalk => "random walk",
            NoEdge::Garch => "fat tails, clustering",
            NoEdge::Shuffled => "shuffled real prices",
        }
    }

    /// One market of this kind.
    pub fn market(self, seed: Seed, real: &RealPrices) -> Bars {
        let mut chance = Chance::new(branch(seed, self.as_str(), 0));
        // Annual expected return and annual volatility, as stock indices and commodities have them.
        let (drift, volatility) = (chance.between(0.02, 0.10), chance.between(0.12, 0.30));
        match self {
            NoEdge::RandomWalk => walk::market(chance, drift, volatility, real),
            NoEdge::Garch => garch::market(chance, drift, volatility, real),
            NoEdge::Shuffled => shuffled::market(chance, drift, real),
        }
    }
}
