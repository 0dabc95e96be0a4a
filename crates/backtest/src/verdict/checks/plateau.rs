//! Do the neighbouring parameter sets do as well, or is the best one a lonely peak?

use super::{figure, reason};
use crate::verdict::wording::percent;
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn plateau(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.plateau) {
        None if e.trials_own == 1 => (true, "It has no neighbouring parameter sets to lean on.".to_owned()),
        None => (false, "The neighbouring parameter sets could not be compared.".to_owned()),
        Some(share) if share >= t.plateau_min => {
            (true, format!("Neighbouring parameter sets do {} as well: a plateau.", percent(share)))
        }
        Some(share) => (
            false,
            format!(
                "A lonely peak: neighbouring parameter sets do only {} as well ({} is needed).",
                percent(share),
                percent(t.plateau_min)
            ),
        ),
    };
    reason("plateau", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| (e.pbo, e.plateau, e.trials_own) = (None, None, 1)),
            ("", Plausible, |e| e.plateau = Some(0.5)),
            ("plateau", Weak, |e| e.plateau = Some(0.49)),
            ("plateau", Weak, |e| e.plateau = None),
        ];
        decides_at(table);
    }
}
