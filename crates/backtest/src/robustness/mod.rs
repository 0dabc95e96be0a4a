//! Does the result survive small changes? One question a file; none is a test of luck, each says how fragile a result is.
//!
//! Sharpe ratios are per bar. A figure that cannot be computed is `None`, never zero.

pub mod benchmark;
pub mod best_trades;
pub mod costs;
pub mod delay;
pub mod noise;
pub mod plateau;
pub mod regimes;
pub mod symbols;

pub use benchmark::{Benchmark, against_benchmark};
pub use best_trades::{BestTradesOut, without_best_trades};
pub use costs::{break_even_by_running, break_even_cost};
pub use delay::{Delay, delay};
pub use noise::{NoiseSettings, Noisy, noisy};
pub use plateau::plateau;
pub use regimes::{Regime, Regimes, regimes};
pub use symbols::{Agreement, agreement};
