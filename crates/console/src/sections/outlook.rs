//! What would change the verdict: each failed check turned into what would have to be true instead. Pure, plain text.

use assay_research::views::{ConceptPage, EvidenceView, ReasonView};

use crate::figures::{about, basis_points, count, percent, plural, ratio};

/// Standard deviations of a normal distribution below which 0.50 of it lies: the deflated Sharpe ratio that the judge asks
/// for, as a test checks.
const Z_OF_DSR_MIN: f64 = 0.0;

/// One sentence or two for each failed check, the gravest first; for a verdict without failed checks, what could undo it.
pub(crate) fn changes(page: &ConceptPage) -> Vec<String> {
    let Some(verdict) = &page.verdict else { return Vec::new() };
    let failed: Vec<&ReasonView> = verdict.reasons.iter().filter(|r| !r.passed).collect();
    match (&verdict.evidence, failed.is_empty()) {
        (Some(evidence), false) => {
            let mut all: Vec<String> = failed.iter().map(|r| change(&r.code, evidence)).collect();
            // Two checks may ask for the same.
            let mut seen = std::collections::BTreeSet::new();
            all.retain(|change| seen.insert(change.clone()));
            all
        }
        (Some(evidence), true) => undoing(evidence),
        (None, _) => vec![
            "Rules that can be run: name an indicator and when to buy and sell (\"RSI below 30\"), give the address of a page that states them, or add a Pine script.".to_owned(),
        ],
    }
}

fn finite(x: Option<f64>) -> Option<f64> {
    x.filter(|x| x.is_finite())
}

fn change(code: &str, e: &EvidenceView) -> String {
    match code {
        "look_ahead" => "A script whose signals use only bars that are over: look for negative offsets and for values of a higher interval that are read before it closes.".into(),
        "valid_trials" => "Ranges that hold at least one valid parameter set: the lengths must fit into the history, and the script's own conditions must allow some set to trade.".into(),
        "luck" | "little_luck" => match (finite(e.sharpe_annual), e.permutation) {
            (Some(sharpe), Some(permuted)) => format!(
                "A Sharpe ratio that fewer permuted markets reach: it shows {} a year, and the middle one of {} permuted markets {}. A longer history narrows what luck can show; a smaller grid asks less of it; looks that were taken stay counted.",
                ratio(sharpe),
                count(permuted.permutations.into()),
                permuted.median_best_annual.map_or_else(|| "nothing".to_owned(), ratio)
            ),
            _ => "Permuted markets to compare it with: see ASSAY_PERMUTATIONS_MAX.".into(),
        },
        "best_trades" => "A gain that does not hang on a few trades: a longer history, or rules that trade more often.".into(),
        "noise" => "Rules that do not depend on the last tick: wider thresholds, or smoother inputs.".into(),
        "deflated_sharpe" => match (finite(e.expected_max_effective_annual), finite(e.sharpe_se_annual)) {
            (Some(luck), Some(error)) => format!(
                "A Sharpe ratio of about {} a year on the same bars (it shows {}), or the same ratio on a longer history, which narrows its error. A smaller grid asks for less; looks that were taken stay counted.",
                ratio(luck + Z_OF_DSR_MIN * error),
                finite(e.sharpe_annual).map_or_else(|| "none".to_owned(), ratio)
            ),
            _ => "Returns that vary, on a history long enough to measure them.".into(),
        },
        "trades" => format!("More than its {} trades: a longer history, a shorter interval, or rules that trade more often.", e.trades),
        "break_even" => match finite(e.break_even_cost).filter(|cost| *cost > 0.0) {
            Some(cost) => format!(
                "Trading for less than {} a side ({} is assumed), or rules that trade less often for the same gain.",
                basis_points(cost),
                basis_points(e.assumed_cost)
            ),
            None => "Nothing about costs: it loses before they are charged. Only other rules would.".into(),
        },
        "untouched_bars" => "A gain on bars that come after those that chose. Tuning it again on these bars would use them up; new bars, or another market, would not.".into(),
        "overfitting" => "Fewer inputs or a coarser grid, so that the set that is best on one half of the bars is above the middle on the other.".into(),
        "walk_forward_efficiency" => match e.walk_forward {
            Some(w) if w.train_sharpe > 0.0 => format!(
                "Later bars that keep a quarter of the {} promised: a Sharpe ratio of {} or more (they show {}).",
                ratio(w.train_sharpe),
                ratio(w.train_sharpe / 4.0),
                ratio(w.test_sharpe)
            ),
            _ => "A positive Sharpe ratio on the bars that choose, which the bars after can then keep.".into(),
        },
        "plateau" => format!(
            "Neighbouring parameter sets that do at least half as well as the best{}. A set from a flatter region of the map is the honest choice.",
            finite(e.plateau).map(|p| format!(" (they do {})", percent(p))).unwrap_or_default()
        ),
        "track_record" => match finite(e.min_track_record_obs).map(|n| n - e.observations as f64).filter(|n| *n > 0.0) {
            Some(more) => {
                let years = finite(e.years).filter(|y| *y > 0.0).map(|y| more * y / e.observations.max(1) as f64);
                let years = years.map(|y| format!(", about {} years", about(y))).unwrap_or_default();
                format!("{} more bars{years}, if it keeps its Sharpe ratio.", about(more))
            }
            None => "A positive Sharpe ratio: no record of losses is long enough.".into(),
        },
        "buy_and_hold" => match finite(e.buy_and_hold_sharpe) {
            Some(hold) => format!("A Sharpe ratio above {}, which holding gets on the same bars without trading.", ratio(hold)),
            None => "A comparison with holding on the same bars.".into(),
        },
        _ => "The check above would have to pass.".into(),
    }
}

fn undoing(e: &EvidenceView) -> Vec<String> {
    let mut out = Vec::new();
    if let (Some(permuted), Some(sharpe)) = (e.permutation, finite(e.sharpe_annual)) {
        out.push(format!(
            "More looks: each new trial on this data makes luck a better explanation. It stands at {} a year against {} for the middle permuted market, after {} independent tries.",
            ratio(sharpe),
            permuted.median_best_annual.map_or_else(|| "nothing".to_owned(), ratio),
            about(e.trials_effective)
        ));
    }
    if let Some(cost) = finite(e.break_even_cost) {
        out.push(format!("Dearer trading: beyond {} a side nothing is left.", basis_points(cost)));
    }
    out.push(format!(
        "New bars on which it earns nothing: walking forward it has proved itself on {}.",
        plural(e.walk_forward.map_or(0, |w| w.test_bars) as u64, "bar", "bars")
    ));
    out
}

#[cfg(test)]
mod tests {
    use assay_backtest::verdict::Thresholds;

    #[test]
    fn the_lines_are_those_of_the_judge() {
        assert_eq!(Thresholds::default().dsr_min, 0.50, "the deviation of one half is 0");
        assert_eq!(Thresholds::default().walk_forward_efficiency_min, 0.25, "`a quarter` in the sentences");
        assert_eq!(Thresholds::default().plateau_min, 0.5, "`half` in the sentences");
    }
}
