//! The chance that the same search finds as much by luck: one line rejects, a stricter one is asked for to believe.

use super::{figure, reason};
use crate::verdict::wording::{count, small_percent};
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

/// Chance of luck over all looks.
fn chance_of_luck(e: &Evidence) -> Option<f64> {
    figure(e.permutation.map(|p| p.p_looks))
}

pub(super) fn luck(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match (e.permutation, chance_of_luck(e)) {
        (Some(permuted), Some(p)) => {
            let found = format!(
                "In {} of {} markets with the same bars in another order the same search found as much",
                count(permuted.exceeded.into()),
                count(permuted.permutations.into())
            );
            let looks = if p > permuted.p_tail * 1.005 { ", counting every look at this data" } else { "" };
            if p <= t.luck_max {
                (true, format!("{found}: the chance of luck is {}{looks}.", small_percent(p)))
            } else {
                (
                    false,
                    format!(
                        "{found}: the chance of luck is {}{looks} (at most {}).",
                        small_percent(p),
                        small_percent(t.luck_max)
                    ),
                )
            }
        }
        _ => (false, "How much the same search finds by luck was not measured.".to_owned()),
    };
    reason("luck", Verdict::Rejected, passed, text)
}

pub(super) fn little_luck(e: &Evidence, t: &Thresholds) -> Reason {
    let bound = small_percent(t.luck_plausible_max);
    let (passed, text) = match chance_of_luck(e) {
        None => (false, "The chance of luck was not measured.".to_owned()),
        Some(p) if p <= t.luck_plausible_max => {
            (true, format!("A chance of luck of {} is small enough to believe in it ({bound}).", small_percent(p)))
        }
        Some(p) => (
            false,
            format!("A chance of luck of {} is too large to believe in it (at most {bound}).", small_percent(p)),
        ),
    };
    reason("little_luck", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at, permuted};
    use crate::verdict::Verdict::{Plausible, Rejected, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| permuted(e).p_looks = 0.006),
            ("little_luck", Weak, |e| permuted(e).p_looks = 0.0061),
            ("little_luck", Weak, |e| permuted(e).p_looks = 0.035),
            ("luck", Rejected, |e| permuted(e).p_looks = 0.0351),
            ("luck", Rejected, |e| e.permutation = None),
            ("", Plausible, |e| permuted(e).p = 0.9),
        ];
        decides_at(table);
    }
}
