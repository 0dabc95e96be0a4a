//! How much of a back-test is luck? One statistic a file, each a pure function that names its paper and equation.
//!
//! Sharpe ratios are per observation unless a name says annual. A figure that cannot be computed is `None`, never zero.

pub mod deflated_sharpe;
pub mod effective_trials;
pub mod expected_maximum;
pub mod haircut;
pub mod min_backtest_length;
pub mod min_track_record;
pub mod normal;
pub mod pbo;
pub mod probabilistic_sharpe;
pub mod sharpe;
pub mod walk_forward;

pub use deflated_sharpe::deflated_sharpe;
pub use effective_trials::{EffectiveTrials, effective_trials};
pub use expected_maximum::{expected_maximum, independent_trials};
pub use haircut::{Haircut, benjamini_hochberg_yekutieli, bonferroni, haircut_sharpe, holm};
pub use min_backtest_length::min_backtest_years;
pub use min_track_record::min_track_record;
pub use pbo::{Pbo, probability_of_overfitting};
pub use probabilistic_sharpe::probabilistic_sharpe;
pub use sharpe::{SharpeSample, sharpe_null_deviation, sharpe_sample, sharpe_standard_error};
pub use walk_forward::{WalkForward, Window, walk_forward};
