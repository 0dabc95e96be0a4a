//! The sweep on a graphics processor: a screen that a million parameter sets pass through, never the last word.
//!
//! [`Device`] (what the machine has) -> [`Kernel`] (the strategy's expression graph as WGSL) -> `tables` (indicator columns, made
//! in f64 by the processor, shared over the grid) -> [`screen`] (every point of the grid, in batches and tiles of time), with a
//! ceiling of each Sharpe ratio from books in whole numbers (`books`) -> [`Gpu`] (the seam of `assay_backtest::screening`).
//! Whatever is shown or judged is run again in f64 by `assay-backtest`: a GPU may contract, reorder or lack f64 altogether.
//! A machine without a device, a script that does not suit one, or a device that is lost is an error that says so; the caller
//! goes on with the processor and says that aloud.

mod books;
mod device;
mod gauges;
mod kernel;
mod screen;
mod screener;
mod tables;

pub use device::{Device, DeviceInfo, Precision, Wanted};
pub use gauges::{Gauges, gauges};
pub use kernel::Kernel;
pub use screen::{Prepared, Report, Screened, screen};
pub use screener::{EVALUATIONS_MIN, Gpu, Policy};

/// Why the GPU did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GpuError {
    /// No adapter that counts.
    #[error("no GPU was found{}", if *software { "" } else { " (software renderers do not count)" })]
    NoDevice {
        /// Whether a software renderer would have been taken.
        software: bool,
    },
    /// The adapter gave no device.
    #[error("{name}: the device cannot be opened: {why}")]
    Unopened {
        /// The adapter.
        name: String,
        /// What it said.
        why: String,
    },
    /// The strategy or the grid does not suit a GPU.
    #[error("this sweep does not suit a GPU: {0}")]
    Unsuitable(String),
    /// Its memory is too small, even for the smallest batch.
    #[error("{name}: out of memory with {bytes} bytes")]
    OutOfMemory {
        /// The device.
        name: String,
        /// What was asked for at last.
        bytes: u64,
    },
    /// It stopped answering.
    #[error("{name}: the device was lost: {why}")]
    Lost {
        /// The device.
        name: String,
        /// What it said.
        why: String,
    },
    /// The driver refused a kernel of ours.
    #[error("{name}: the kernel was refused: {why}")]
    Refused {
        /// The device.
        name: String,
        /// What it said.
        why: String,
    },
    /// The sweep itself is at fault.
    #[error(transparent)]
    Sweep(#[from] assay_backtest::SweepError),
}
