//! Do sets chosen on earlier bars earn on later ones, and how much of the promise do they keep?

use super::{figure, reason};
use crate::verdict::wording::{count, percent};
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn untouched_bars(e: &Evidence) -> Reason {
    let (passed, text) = match e.walk_forward.and_then(|w| figure(Some(w.test_sharpe)).map(|sharpe| (w, sharpe))) {
        None => (false, "There are no later bars on which earlier choices could prove themselves.".to_owned()),
        Some((w, sharpe)) => {
            let bars = count(w.test_bars as f64);
            let passed = sharpe > 0.0;
            let what = if passed { "its yearly Sharpe ratio is" } else { "it earns nothing: Sharpe ratio" };
            (passed, format!("Chosen on earlier bars and traded on the {bars} bars after, {what} {sharpe:.2}."))
        }
    };
    reason("untouched_bars", Verdict::Weak, passed, text)
}

pub(super) fn efficiency(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.walk_forward.and_then(|w| w.efficiency)) {
        None => (false, "How much of the promise is kept could not be measured.".to_owned()),
        Some(kept) if kept >= t.walk_forward_efficiency_min => {
            (true, format!("Walking forward keeps {} of the promise.", percent(kept)))
        }
        Some(kept) => (
            false,
            format!(
                "Walking forward keeps only {} of the promise ({} is needed).",
                percent(kept),
                percent(t.walk_forward_efficiency_min)
            ),
        ),
    };
    reason("walk_forward_efficiency", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at, forward};
    use crate::verdict::Verdict::{Plausible, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("untouched_bars", Weak, |e| forward(e).test_sharpe = 0.0),
            ("untouched_bars", Weak, |e| e.walk_forward = None),
            ("", Plausible, |e| forward(e).efficiency = Some(0.25)),
            ("walk_forward_efficiency", Weak, |e| forward(e).efficiency = Some(0.24)),
            ("walk_forward_efficiency", Weak, |e| forward(e).efficiency = None),
        ];
        decides_at(table);
    }
}
