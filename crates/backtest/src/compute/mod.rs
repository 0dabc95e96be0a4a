//! From signals to trials: two engines with one meaning.
//!
//! [`scalar`] is one trial at a time, as one would say it aloud: the oracle. The fast one takes [`LANES`] trials in lock step
//! through [`latch`] (signals to positions) and [`walk`] (positions to books), compiled for each instruction set by [`isa`].
//! Both do the same operations in the same order on each trial, so their results are equal to the bit; tests hold them to it.

pub(crate) mod compare;
pub(crate) mod isa;
pub(crate) mod latch;
pub(crate) mod scalar;
pub(crate) mod walk;

pub(crate) use latch::LaneWords;

/// Trials that go through together: four vectors of eight on AVX-512.
pub(crate) const LANES: usize = 32;

/// Signals of one trial, one bit a bar.
pub(crate) struct Lane {
    pub entry: Vec<u64>,
    pub exit: Vec<u64>,
}
