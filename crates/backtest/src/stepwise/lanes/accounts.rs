//! What a batch needs of the accounts of a vector of lanes, whoever keeps them.
//!
//! [`Group`](super::group::Group) keeps eight simple accounts in vectors; [`Desk`](super::desk::Desk) keeps eight brokers that
//! sleep while nothing happens to them. Both do what `broker` does, to the bit.

use assay_pine::graph::Broker as Read;

use super::code::Code;
use super::group::Tick;
use super::slots::Slots;
use super::vector::{Mask, Num};
use crate::compute::isa::Words;

/// What one lane counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub entries: u32,
    pub exits: u32,
    pub ambiguous_bars: u32,
}

/// The accounts of as many lanes as a vector has.
pub(super) trait Accounts<S: Words>: Sized {
    /// What all of them know.
    type Terms;

    /// Flat accounts; lanes of `dead` never trade.
    fn new(simd: S, terms: &Self::Terms, dead: Mask<S>) -> Self;

    /// Works what rests along the bar.
    fn begin(&mut self, terms: &Self::Terms, tick: &Tick);

    /// What the script reads as number `at` of the code's reads.
    fn read(&self, terms: &Self::Terms, at: usize, what: Read, tick: &Tick) -> Num<S>;

    /// Places the orders of the bar in all accounts of a batch, and fills what fills at the close.
    fn place(all: &mut [Self], terms: &Self::Terms, code: &Code, slots: &Slots<S>, tick: &Tick);

    /// Ends the bar: gives its growth; `None` when it is 1 in every lane.
    fn end(&mut self, terms: &Self::Terms, tick: &Tick) -> Option<Num<S>>;

    /// What a lane counted; `None` when it asked for more than a broker takes.
    fn counts(&self, lane: usize) -> Option<Counts>;
}
