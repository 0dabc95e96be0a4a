//! Does the choice of parameters carry over from one half of the bars to the other?

use super::{figure, reason};
use crate::verdict::wording::percent;
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn overfitting(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.pbo) {
        None if e.trials_own == 1 => {
            (true, "Only one parameter set was tried, so nothing could be overfitted by choosing.".to_owned())
        }
        None => (false, "The probability of overfitting could not be computed.".to_owned()),
        Some(pbo) if pbo <= t.pbo_max => (
            true,
            format!(
                "The choice of parameters carries over: {} chance of overfitting (at most {}).",
                percent(pbo),
                percent(t.pbo_max)
            ),
        ),
        Some(pbo) => match figure(e.pbo_loss) {
            Some(loss) if loss <= t.pbo_loss_max => (
                true,
                format!(
                    "Which set is best is a matter of luck ({} chance of overfitting), but the chosen one loses on the other bars in only {} of all splits.",
                    percent(pbo),
                    percent(loss)
                ),
            ),
            _ => (
                false,
                format!(
                    "The choice of parameters does not carry over: {} chance of overfitting (at most {}).",
                    percent(pbo),
                    percent(t.pbo_max)
                ),
            ),
        },
    };
    reason("overfitting", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| e.pbo = Some(0.5)),
            ("", Plausible, |e| (e.pbo, e.pbo_loss) = (Some(0.7), Some(0.25))),
            ("overfitting", Weak, |e| (e.pbo, e.pbo_loss) = (Some(0.5001), Some(0.2501))),
            ("overfitting", Weak, |e| (e.pbo, e.pbo_loss) = (Some(0.5001), None)),
            ("overfitting", Weak, |e| e.pbo = None),
            ("", Plausible, |e| (e.pbo, e.plateau, e.trials_own) = (None, None, 1)),
        ];
        decides_at(table);
    }
}
