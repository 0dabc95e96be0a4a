//! Words that all parts share. Depends on nothing of ours, does nothing: no clock, no chance, no I/O.
//!
//! * [`Timestamp`], [`UtcDay`]: instants and budget days. * [`Seed`], [`SplitMix64`]: reproducible chance.
//! * [`ContentHash`]: a body is named by what it says. * [`ConceptId`]: who a concept is.
//! * [`Probability`], [`BasisPoints`]: numbers that are checked once, where they are built.

mod hash;
mod id;
mod number;
mod seed;
mod time;

pub use hash::ContentHash;
pub use id::{ConceptId, InvalidId};
pub use number::{BasisPoints, Probability};
pub use seed::{Seed, SplitMix64};
pub use time::{InvalidTime, Timestamp, UtcDay};
