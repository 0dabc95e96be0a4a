//! Is the record long enough? Enough trades to judge, enough bars to be sure.

use super::{figure, reason};
use crate::verdict::wording::{count, percent};
use crate::verdict::{Evidence, Reason, Thresholds, Verdict};

pub(super) fn trades(e: &Evidence, t: &Thresholds) -> Reason {
    let passed = e.trades >= t.trades_min;
    let trades = if e.trades == 1 { "1 trade".to_owned() } else { format!("{} trades", e.trades) };
    let text = if passed {
        format!("It made {trades}, enough to judge ({} are needed).", t.trades_min)
    } else {
        format!("It made only {trades}, too few to judge ({} are needed).", t.trades_min)
    };
    reason("trades", Verdict::Rejected, passed, text)
}

pub(super) fn track_record(e: &Evidence, t: &Thresholds) -> Reason {
    let confidence = percent(t.track_record_confidence);
    let (passed, text) = match figure(e.min_track_record_obs) {
        None => (false, format!("No record is long enough to be {confidence} sure that it earns anything.")),
        Some(needed) if e.observations as f64 >= needed => (
            true,
            format!(
                "{} bars are enough to be {confidence} sure ({} are needed).",
                count(e.observations as f64),
                count(needed)
            ),
        ),
        Some(needed) => (
            false,
            format!(
                "{} bars are too few to be {confidence} sure ({} are needed).",
                count(e.observations as f64),
                count(needed)
            ),
        ),
    };
    reason("track_record", Verdict::Weak, passed, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::{Plausible, Rejected, Weak};

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("", Plausible, |e| e.trades = 20),
            ("trades", Rejected, |e| e.trades = 19),
            ("", Plausible, |e| e.min_track_record_obs = Some(3500.0)),
            ("track_record", Weak, |e| e.min_track_record_obs = Some(3500.1)),
            ("track_record", Weak, |e| e.min_track_record_obs = None),
        ];
        decides_at(table);
    }
}
