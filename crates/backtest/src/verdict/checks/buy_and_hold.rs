//! Is it better than buying once and holding?

use super::{figure, reason};
use crate::verdict::{Evidence, Reason, Verdict};

pub(super) fn buy_and_hold(e: &Evidence) -> Reason {
    let (passed, text) = match (figure(e.sharpe_annual), figure(e.buy_and_hold_sharpe)) {
        (Some(own), Some(hold)) if own > hold => {
            (true, format!("It beats buying and holding: yearly Sharpe ratio {own:.2} against {hold:.2}."))
        }
        (Some(own), Some(hold)) => {
            (false, format!("Buying and holding does as well: yearly Sharpe ratio {hold:.2} against {own:.2}."))
        }
        _ => (false, "It could not be compared with buying and holding.".to_owned()),
    };
    reason("buy_and_hold", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::Weak;

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("buy_and_hold", Weak, |e| e.buy_and_hold_sharpe = Some(1.27)),
            ("buy_and_hold", Weak, |e| e.buy_and_hold_sharpe = None),
        ];
        decides_at(table);
    }
}
