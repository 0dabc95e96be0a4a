//! The checks, a question a file. Each turns the evidence into one sentence and says which verdict a failure leads to.
//!
//! A figure that is absent or no finite number fails.

mod buy_and_hold;
mod costs;
mod deflated_sharpe;
#[cfg(test)]
pub(super) mod fixture;
mod fragility;
mod luck;
mod overfitting;
mod plateau;
mod record;
mod testable;
mod walk_forward;

use super::{Evidence, Reason, Thresholds, Verdict};

/// Whether a test is possible at all.
pub(super) fn testable(e: &Evidence) -> Vec<Reason> {
    vec![testable::look_ahead(e), testable::valid_trials(e)]
}

/// What a test says, in the order in which equally grave failures are told.
pub(super) fn tested(e: &Evidence, t: &Thresholds) -> Vec<Reason> {
    vec![
        luck::luck(e, t),
        record::trades(e, t),
        costs::break_even(e),
        walk_forward::untouched_bars(e),
        luck::little_luck(e, t),
        deflated_sharpe::deflated_sharpe(e, t),
        overfitting::overfitting(e, t),
        walk_forward::efficiency(e, t),
        plateau::plateau(e, t),
        fragility::best_trades(e),
        fragility::noise(e, t),
        record::track_record(e, t),
        buy_and_hold::buy_and_hold(e),
    ]
}

fn reason(code: &'static str, decides: Verdict, passed: bool, text: String) -> Reason {
    Reason { code, passed, decides, text }
}

/// A figure that may be compared: present and finite.
fn figure(value: Option<f64>) -> Option<f64> {
    value.filter(|x| x.is_finite())
}
