//! How much of a back-test is luck? One statistic a file, each a pure function that names its paper and equation.
//!
//! Sharpe ratios are per observation unless a name says annual. A figure that cannot be computed is `None`, never zero.

pub mod block_length;
pub mod bootstrap;
pub mod deflated_sharpe;
pub mod effective_trials;
pub mod expected_maximum;
pub mod haircut;
pub mod min_backtest_length;
pub mod min_track_record;
pub mod normal;
pub mod pbo;
pub mod probabilistic_sharpe;
pub mod purged_cv;
pub mod reality_check;
pub mod sharpe;
pub mod spa;
pub mod step_m;
pub mod walk_forward;

pub use block_length::{BlockLength, block_length};
pub use bootstrap::Bootstrap;
pub use deflated_sharpe::deflated_sharpe;
pub use effective_trials::{EffectiveTrials, effective_trials};
pub use expected_maximum::{expected_maximum, independent_trials};
pub use haircut::{
    FamilyHaircuts, Haircut, benjamini_hochberg_yekutieli, bonferroni, family_haircuts, haircut_sharpe, holm,
};
pub use min_backtest_length::min_backtest_years;
pub use min_track_record::min_track_record;
pub use pbo::{Pbo, probability_of_overfitting};
pub use probabilistic_sharpe::probabilistic_sharpe;
pub use purged_cv::{CvPaths, PurgedCv, Split, purged_paths};
pub use reality_check::{RealityCheck, reality_check};
pub use sharpe::{SharpeSample, sharpe_null_deviation, sharpe_sample, sharpe_standard_error};
pub use spa::{Scale, Spa, superior_predictive_ability};
pub use step_m::step_m;
pub use walk_forward::{Stretches, WalkForward, WalkForwardSettings, Window, walk_forward, walk_forward_plan};

/// The noise matrix of the golden figures: 480 rows, 8 columns, drawn row by row; `edge` is added to column 3.
#[cfg(test)]
pub(crate) fn noise_matrix(edge: f64) -> Vec<Vec<f64>> {
    let mut stream = assay_units::SplitMix64::new(assay_units::Seed(7));
    let mut columns = vec![vec![]; 8];
    for _ in 0..480 {
        for (c, column) in columns.iter_mut().enumerate() {
            column.push((stream.next_unit() - 0.5) * 0.02 + if c == 3 { edge } else { 0.0 });
        }
    }
    columns
}
