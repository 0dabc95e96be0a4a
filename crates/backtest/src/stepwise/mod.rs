//! The stepwise path: strategies whose orders, stops and reads of the position feed back into themselves.
//!
//! [`broker`] is the emulator that gives orders their meaning; `scalar` executes a `StepProgram` over it, one parameter set at
//! a time, and is the oracle. `lanes` goes through the bars with 64 sets in lock step and agrees to the bit: simple accounts
//! (`lanes/subset.rs` says which) in vectors, all others as brokers that sleep through quiet bars. Only bars with a price
//! that is no price go the scalar way. [`sweep_steps`] answers for a whole grid, [`run_steps`] for one set in full.

pub mod broker;
pub mod interpreter;
mod lanes;
mod plan;
mod run;
mod scalar;
mod sweep;
mod trial;

pub use plan::{House, StepSweep};
pub(crate) use plan::{live, warm_up};
pub(crate) use run::run_steps_late;
pub use run::{StepRun, run_steps};
pub use sweep::{StepSweepResult, step_block_moments, sweep_steps};
