//! From signals to trials: two engines with one meaning.
//!
//! Both do the same operations in the same order on each trial, so their results are equal to the bit; a test holds them to it.

mod scalar;
mod simd;

use crate::fills::Factors;
use crate::sweep::{BLOCKS, Engine, Moments, Trial};

/// Trials that go through together.
pub(crate) const LANES: usize = 8;

/// Signals of one trial, one bit a bar.
pub(crate) struct Lane {
    pub entry: Vec<u64>,
    pub exit: Vec<u64>,
}

/// Trades up to [`LANES`] trials over the blocks; `None` lanes give invalid trials.
pub(crate) fn trade(
    engine: Engine,
    lanes: &[Option<Lane>],
    factors: &Factors,
    blocks: &[usize; BLOCKS + 1],
    lag: usize,
) -> Vec<Trial> {
    match engine {
        Engine::Scalar => lanes
            .iter()
            .map(|lane| lane.as_ref().map_or_else(Trial::invalid, |lane| scalar::trade(lane, factors, blocks, lag).0))
            .collect(),
        Engine::Simd => simd::trade(lanes, factors, blocks, lag),
    }
}

/// The moments of the returns of one trial, block by block.
pub(crate) fn moments(lane: &Lane, factors: &Factors, blocks: &[usize; BLOCKS + 1], lag: usize) -> [Moments; BLOCKS] {
    scalar::trade(lane, factors, blocks, lag).1
}
