//! What is left when something is changed that should not matter much, by what kind of market it earned, and what each
//! walk-forward window chose. Rows are plain text, so that HTML and Markdown say the same.

use assay_research::views::{
    AgreementView, ChosenView, DELAY_BARS_MAX, EvidenceView, ReasonView, RegimeView, WindowView,
};
use maud::{Markup, html};

use super::marks;
use crate::figures::{basis_points, count, day, number, or_unmeasured, percent, plural, probability, ratio};

/// One change.
#[derive(Debug, PartialEq)]
pub(crate) struct Change {
    pub what: &'static str,
    pub left: String,
    /// How the check that rests on it came out; `None` where none does.
    pub passed: Option<bool>,
    pub meaning: String,
}

/// All of them. `agreement` is known for the strategy that decided.
pub(crate) fn changes(
    e: &EvidenceView,
    reasons: &[ReasonView],
    agreement: Option<AgreementView>,
    chosen: Option<&ChosenView>,
) -> Vec<Change> {
    let change = |what, code: &str, left: String, meaning: String| Change {
        what,
        left,
        passed: reasons.iter().find(|r| r.code == code).map(|r| r.passed),
        meaning,
    };
    let kept = |x: Option<f64>| or_unmeasured(x, percent);
    let mut out = vec![
        change(
            "Dearer trading",
            "break_even",
            or_unmeasured(e.break_even_cost, |c| format!("{} a side", basis_points(c))),
            format!(
                "Cost of each purchase or sale at which nothing is left; {} is charged.",
                basis_points(e.assumed_cost)
            ),
        ),
        change(
            "Neighbouring parameter sets",
            "plateau",
            kept(e.plateau),
            "Median Sharpe ratio of the sets one grid step away over that of the best: a low share is a lonely peak."
                .to_owned(),
        ),
        change(
            "Orders one bar later",
            "",
            kept(e.delay_one_kept),
            "Share of the Sharpe ratio that is left. Below a half, the edge lives in the moment of the fill."
                .to_owned(),
        ),
        change("Orders two bars later", "", kept(e.delay_two_kept), "The same, two bars later.".to_owned()),
        change(
            "Delay break-even",
            "",
            match (e.delay_break_even, e.delay_one_kept) {
                (Some(bars), _) => plural(bars.into(), "bar", "bars"),
                (None, Some(_)) => format!("more than {DELAY_BARS_MAX} bars"),
                (None, None) => or_unmeasured(None, ratio),
            },
            "Bars that orders may come late before nothing is left.".to_owned(),
        ),
        change(
            "Without the best trades",
            "best_trades",
            or_unmeasured(e.best_trades_out_sharpe, ratio),
            "Sharpe ratio a year when the best trades, one in twenty, one at least and five at most, had not been made.".to_owned(),
        ),
        change(
            "Noise on the prices",
            "noise",
            kept(e.noise_kept),
            "Share of the Sharpe ratio that is left, in the middle, when each bar is moved by a tenth of a usual move."
                .to_owned(),
        ),
        change(
            "Each year alone",
            "",
            kept(e.years_positive),
            "Share of the calendar years in which it traded that earned.".to_owned(),
        ),
    ];
    if let Some(a) = agreement.filter(|a| a.others > 0) {
        out.push(change(
            "Other symbols",
            "",
            format!("{} of {}", count(a.agree.into()), count(a.others.into())),
            format!(
                "Other data sets on which the search beats the middle permuted market; by tossing coins so many would with a chance of {}.",
                probability(a.p)
            ),
        ));
    }
    if let Some(c) = chosen.filter(|c| !c.warm_up_changes.is_empty()) {
        let moved = |x: &Option<f64>| match x {
            Some(0.0) => "none".to_owned(),
            x => or_unmeasured(*x, probability),
        };
        out.push(change(
            "A shorter history",
            "",
            c.warm_up_changes.iter().map(moved).collect::<Vec<_>>().join(", "),
            format!(
                "Largest change of an indicator at the last bar when only 1, 2 and 5 times the warm-up of {} is read.",
                plural(c.warm_up_bars as u64, "bar", "bars")
            ),
        ));
    }
    out
}

/// As a word.
pub(crate) fn outcome(passed: Option<bool>) -> &'static str {
    match passed {
        Some(true) => "passed",
        Some(false) => "failed",
        None => "",
    }
}

/// The changes as a table.
pub(crate) fn table(changes: &[Change]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Robustness" {
            table.statistics {
                thead { tr { th scope="col" { "Changed" } th.num scope="col" { "Left" } th scope="col" { "Check" } th scope="col" { "Meaning" } } }
                tbody {
                    @for change in changes {
                        tr {
                            th scope="row" { (change.what) } td.num { (change.left) }
                            td class=[change.passed.map(|passed| if passed { "gain" } else { "loss" })] { (outcome(change.passed)) }
                            td { (change.meaning) }
                        }
                    }
                }
            }
        }
    }
}

/// The rows of [`regime_table`]: kind of market, bars, return a year, Sharpe ratio a year.
pub(crate) fn regime_rows(regimes: &[RegimeView]) -> Vec<[String; 4]> {
    let name = |r: &RegimeView| match r.by.as_str() {
        "volatility" => format!("{} times", capital(&r.name)),
        "trend" => format!("{} market", capital(&r.name)),
        _ => r.name.clone(),
    };
    let row = |r: &RegimeView| {
        let sharpe = r.sharpe.map_or_else(|| "stayed out".to_owned(), ratio);
        [name(r), count(r.bars as u64), percent(r.mean), sharpe]
    };
    regimes.iter().map(row).collect()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// When it earned: by volatility and trend of the 63 bars before, and by year.
pub(crate) fn regime_table(regimes: &[RegimeView]) -> Markup {
    let parts = regimes.iter().zip(regime_rows(regimes));
    html! {
        @if regimes.is_empty() { p.empty { "There are too few bars to be split." } }
        @else {
            div.scroll.tall tabindex="0" role="region" aria-label="When it earned" {
                table.compact {
                    thead { tr { th scope="col" { "When" } th.num scope="col" { "Bars" } th.num scope="col" { "Return a year" } th.num scope="col" { "Sharpe ratio" } } }
                    tbody {
                        @for (part, [name, bars, mean, sharpe]) in parts {
                            tr {
                                th scope="row" { (name) } td.num { (bars) }
                                td class=(marks::signed(part.mean)) { (mean) } td.num { (sharpe) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The rows of [`window_table`]: traded from and to, chosen values, promised and kept Sharpe ratio, return.
pub(crate) fn window_rows(windows: &[WindowView]) -> Vec<[String; 6]> {
    let values = |w: &WindowView| match w.values.as_slice() {
        [] => "no inputs".to_owned(),
        values => values.iter().map(|(input, v)| format!("{input} {}", number(*v))).collect::<Vec<_>>().join(", "),
    };
    let row = |w: &WindowView| {
        [
            day(w.from),
            day(w.to),
            values(w),
            or_unmeasured(w.train_sharpe, ratio),
            or_unmeasured(Some(w.test_sharpe), ratio),
            or_unmeasured(Some(w.test_return), percent),
        ]
    };
    windows.iter().map(row).collect()
}

/// What each walk-forward window chose and kept.
pub(crate) fn window_table(windows: &[WindowView]) -> Markup {
    html! {
        div.scroll.tall tabindex="0" role="region" aria-label="Walk-forward windows" {
            table {
                thead { tr { th scope="col" { "Traded from" } th scope="col" { "To" } th scope="col" { "Chosen on the bars before" } th.num scope="col" { "Promised" } th.num scope="col" { "Kept" } th.num scope="col" { "Return" } } }
                tbody {
                    @for (w, [from, to, values, promised, kept, earned]) in windows.iter().zip(window_rows(windows)) {
                        tr {
                            td.nowrap { (from) } td.nowrap { (to) } td { (values) } td.num { (promised) } td.num { (kept) }
                            td class=(marks::signed(w.test_return)) { (earned) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::UNMEASURED;

    #[test]
    fn a_change_shows_the_check_that_rests_on_it() {
        let reasons = [ReasonView {
            code: "noise".into(),
            passed: false,
            decides: "weak".into(),
            text: "Too little is left.".into(),
        }];
        let e = EvidenceView { noise_kept: Some(0.2), ..EvidenceView::default() };
        let agreement = Some(AgreementView { others: 4, agree: 3, p: 0.3125 });
        let found = changes(&e, &reasons, agreement, None);
        let of = |what: &str| found.iter().find(|c| c.what == what).unwrap();
        assert_eq!(
            (of("Noise on the prices").left.as_str(), of("Noise on the prices").passed),
            ("20.0 %", Some(false))
        );
        assert_eq!((of("Each year alone").left.as_str(), of("Each year alone").passed), (UNMEASURED, None));
        assert_eq!(of("Other symbols").left, "3 of 4");
        let delay = |e: EvidenceView| {
            changes(&e, &[], None, None).into_iter().find(|c| c.what == "Delay break-even").unwrap().left
        };
        let late = EvidenceView { delay_one_kept: Some(0.9), ..EvidenceView::default() };
        assert_eq!(delay(EvidenceView { delay_break_even: Some(1), ..late.clone() }), "1 bar");
        assert_eq!(
            (delay(late), delay(EvidenceView::default())),
            ("more than 10 bars".to_owned(), UNMEASURED.to_owned())
        );
        assert!(changes(&e, &reasons, None, None).iter().all(|c| c.what != "Other symbols"));
    }

    #[test]
    fn a_part_without_a_trade_stayed_out() {
        let idle = RegimeView { by: "trend".into(), name: "falling".into(), bars: 1_000, mean: 0.0, sharpe: None };
        assert_eq!(regime_rows(&[idle]), [["Falling market", "1,000", "0.0 %", "stayed out"].map(str::to_owned)]);
    }
}
