//! Bars and a program to results and a verdict. Pure: no I/O, no clock, no chance but what a seed gives.
//!
//! [`Bars`] + `assay_pine::Program` -> `evaluate` (the meaning of each node) -> [`sweep`] (every point of the grid) or [`run`]
//! (one point, with its trades) -> [`overfitting`] (how much is luck) -> [`verdict`]. [`examine`] walks the whole way.

mod bars;
mod batch;
mod columns_read;
mod compute;
mod courses;
mod evaluate;
mod examination;
pub mod family;
mod fills;
mod grid;
mod ground;
mod indicators;
pub mod judge;
mod layout;
pub mod look_ahead;
mod metrics;
mod near_ties;
pub mod overfitting;
pub mod permutation;
pub mod robustness;
mod run;
pub mod screening;
mod search;
mod selection;
mod shared;
pub mod stepwise;
mod sweep;
pub mod verdict;
mod warm_up;
mod words;

pub use bars::{Bars, PRICE_MAX, PRICE_MIN, VOLUME_MAX};
pub use columns_read::{ColumnsRead, columns_read};
pub use courses::{Courses, CoursesMade};
pub use evaluate::values;
pub use examination::{
    Axis, Chosen, Curve, CurvePoint, Examination, ExamineSettings, HeatMap, WalkedForward, WalkedWindow, examine,
};
pub use family::{Family, Strategy};
pub use fills::{Costs, Fill};
pub use ground::Ground;
pub use metrics::{Metrics, metrics};
pub use near_ties::{NEAR, near_ties};
pub use run::{Run, Trade, run};
pub use search::{Best, Search, SearchScratch};
pub use selection::Selection;
pub use sweep::{
    BLOCKS, Engine, Moments, Sweep, SweepError, SweepResult, Trial, WarmUp, block_moments, sweep, sweep_range,
};
