//! Bars and a program to results and a verdict. Pure: no I/O, no clock, no chance but what a seed gives.
//!
//! [`Bars`] + `assay_pine::Program` -> `evaluate` (the meaning of each node) -> [`sweep`] (every point of the grid) or [`run`]
//! (one point, with its trades) -> [`overfitting`] (how much is luck) -> [`verdict`]. [`examine`] walks the whole way.

mod bars;
mod compute;
mod evaluate;
mod examination;
mod fills;
mod indicators;
pub mod judge;
pub mod look_ahead;
mod metrics;
pub mod overfitting;
pub mod permutation;
mod run;
pub mod family;
mod sweep;
pub mod verdict;
mod warm_up;

pub use bars::Bars;
pub use evaluate::values;
pub use examination::{Axis, Chosen, Curve, CurvePoint, Examination, ExamineSettings, HeatMap, examine};
pub use fills::{Costs, Fill};
pub use metrics::{Metrics, metrics};
pub use run::{Run, Trade, run};
pub use sweep::{BLOCKS, Engine, Moments, Sweep, SweepError, SweepResult, Trial, WarmUp, sweep};
