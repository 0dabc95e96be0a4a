//! Does it bear what trading costs?

use super::{figure, reason};
use crate::verdict::wording::rate;
use crate::verdict::{Evidence, Reason, Verdict};

pub(super) fn break_even(e: &Evidence) -> Reason {
    let assumed = rate(e.assumed_cost);
    let (passed, text) = match figure(e.break_even_cost).filter(|_| e.assumed_cost.is_finite()) {
        None => (false, "The cost at which nothing is left could not be computed.".to_owned()),
        Some(cost) if cost <= 0.0 => (false, "It loses money even when trading is free.".to_owned()),
        Some(cost) if cost < e.assumed_cost => {
            (false, format!("Costs eat it up: it breaks even at {} a side, and {assumed} is charged.", rate(cost)))
        }
        Some(cost) => (true, format!("It bears costs of {} a side; {assumed} is charged.", rate(cost))),
    };
    reason("break_even", Verdict::Rejected, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Rejected};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| e.break_even_cost = Some(0.001)),
            ("break_even", Rejected, |e| e.break_even_cost = Some(0.000_999)),
            ("break_even", Rejected, |e| (e.break_even_cost, e.assumed_cost) = (Some(0.0), 0.0)),
            ("break_even", Rejected, |e| e.break_even_cost = None),
            ("", Plausible, |e| e.assumed_cost = 0.0),
        ];
        decides_at(table);
    }
}
