//! Can it be tested at all? It must not look ahead, and at least one parameter set must be valid.

use super::reason;
use crate::verdict::wording::count;
use crate::verdict::{Evidence, Reason, Verdict};

pub(super) fn look_ahead(e: &Evidence) -> Reason {
    let text = match (e.look_ahead_clean, e.look_ahead_line) {
        (true, _) => "Nothing changes when later bars are taken away or replaced by noise.".to_owned(),
        (false, Some(line)) => format!(
            "It looks ahead at line {line}: changing later bars changes earlier values, so no back-test of it means anything."
        ),
        (false, None) => {
            "It looks ahead: changing later bars changes earlier signals, so no back-test of it means anything."
                .to_owned()
        }
    };
    reason("look_ahead", Verdict::NotTestable, e.look_ahead_clean, text)
}

pub(super) fn valid_trials(e: &Evidence) -> Reason {
    let text = match e.trials_own {
        0 => "No parameter set could be tested: none gives valid settings on these bars.".to_owned(),
        1 => "One parameter set was tested.".to_owned(),
        n => format!("{} parameter sets were tested.", count(n as f64)),
    };
    reason("valid_trials", Verdict::NotTestable, e.trials_own > 0, text)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Row, decides_at};
    use crate::verdict::Verdict::NotTestable;

    #[test]
    fn it_decides_at_its_edge() {
        let table: &[Row] = &[
            ("look_ahead", NotTestable, |e| e.look_ahead_clean = false),
            ("valid_trials", NotTestable, |e| e.trials_own = 0),
        ];
        decides_at(table);
    }
}
