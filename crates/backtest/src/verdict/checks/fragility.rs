//! Does it stand small changes: its best trades taken out, a little noise on the prices?

use super::{figure, reason};
use crate::verdict::wording::percent;
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn best_trades(e: &Evidence) -> Reason {
    let (passed, text) = match figure(e.best_trades_out_sharpe) {
        None => (false, "What is left without its best trades could not be measured.".to_owned()),
        Some(sharpe) if sharpe > 0.0 => {
            (true, format!("Without its best trades, one in twenty, it still earns: yearly Sharpe ratio {sharpe:.2}."))
        }
        Some(sharpe) => (
            false,
            format!("It hangs on its best trades: without one in twenty its yearly Sharpe ratio is {sharpe:.2}."),
        ),
    };
    reason("best_trades", Verdict::Weak, passed, text)
}

pub(super) fn noise(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.noise_kept) {
        None => (false, "How it stands noise on the prices was not measured.".to_owned()),
        Some(kept) if kept >= t.noise_kept_min => {
            (true, format!("With a little noise on the prices it keeps {} of its Sharpe ratio.", percent(kept)))
        }
        Some(kept) => (
            false,
            format!(
                "A little noise on the prices leaves only {} of its Sharpe ratio ({} is needed).",
                percent(kept),
                percent(t.noise_kept_min)
            ),
        ),
    };
    reason("noise", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("best_trades", Weak, |e| e.best_trades_out_sharpe = Some(0.0)),
            ("best_trades", Weak, |e| e.best_trades_out_sharpe = None),
            ("", Plausible, |e| e.noise_kept = Some(0.5)),
            ("noise", Weak, |e| e.noise_kept = Some(0.49)),
            ("noise", Weak, |e| e.noise_kept = None),
        ];
        decides_at(table);
    }
}
