//! The Sharpe ratio against the best that so many independent tries without skill would show.

use super::{figure, reason};
use crate::verdict::wording::{count, percent};
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn deflated_sharpe(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match (
        figure(e.dsr_effective),
        figure(e.sharpe_annual),
        figure(e.expected_max_effective_annual),
    ) {
        (Some(dsr), Some(sharpe), Some(luck)) => {
            let passed = dsr >= t.dsr_min;
            let verb = if passed { "beats" } else { "does not beat" };
            (
                passed,
                format!(
                    "Its yearly Sharpe ratio of {sharpe:.2} {verb} the {luck:.2} that the best of {} independent tries without skill would show, with probability {} ({} is needed).",
                    count(e.trials_effective),
                    percent(dsr),
                    percent(t.dsr_min)
                ),
            )
        }
        _ => (false, "It could not be compared with the best of so many tries.".to_owned()),
    };
    reason("deflated_sharpe", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| e.dsr_effective = Some(0.5)),
            ("deflated_sharpe", Weak, |e| e.dsr_effective = Some(0.4999)),
            ("deflated_sharpe", Weak, |e| e.dsr_effective = None),
            ("", Plausible, |e| e.dsr_raw = Some(0.1)),
        ];
        decides_at(table);
    }
}
