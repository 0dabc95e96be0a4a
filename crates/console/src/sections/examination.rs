//! One strategy on one data set: curves, luck, map, walk-forward, metrics, trades; and the matrix that leads to all of them.

use std::collections::{BTreeMap, BTreeSet};

use assay_research::views::{
    AgreementView, ChosenView, ConceptPage, ExaminationView, MetricsView, ReasonView, TradeView,
};
use maud::{Markup, html};

use super::{anchor, checks, deciding, marks, robustness, statistics};
use crate::{charts, figures};

/// How much of an examination is drawn. The deciding one in full; of others enough to judge by, so that a page stays small.
#[derive(Clone, Copy)]
pub(crate) struct Detail {
    points_max: usize,
    cells_max: usize,
    trades_max: usize,
    /// Tables of walk-forward windows and of kinds of market and years.
    tables: bool,
}

/// For the examination that decided.
pub(crate) const FULL: Detail =
    Detail { points_max: charts::POINTS_MAX, cells_max: 1_600, trades_max: 200, tables: true };
/// For all others.
const BRIEF: Detail = Detail { points_max: 200, cells_max: 225, trades_max: 10, tables: false };
/// Other examinations that are drawn; the matrix and the JSON hold all of them.
const OTHERS_MAX: usize = 24;

/// Strategies down, symbols across.
pub(crate) fn matrix(page: &ConceptPage) -> Markup {
    let symbols: BTreeSet<&str> = page.examinations.iter().map(|x| x.symbol.as_str()).collect();
    let titles: BTreeMap<i64, &str> = page.examinations.iter().map(|x| (x.ordinal, x.title.as_str())).collect();
    let best = deciding(page).map(anchor);
    let drawn: BTreeSet<String> = others(page).take(OTHERS_MAX).map(anchor).chain(best.clone()).collect();
    html! {
        section aria-labelledby="matrix" {
            h2 #matrix { "Strategies by data set" }
            @if page.examinations.is_empty() { p.empty { "Nothing was examined yet." } }
            @else {
                div.scroll tabindex="0" role="region" aria-labelledby="matrix" {
                    table.matrix {
                        thead { tr { th scope="col" { "Strategy" } @for symbol in &symbols { th scope="col" { (symbol) } } } }
                        tbody {
                            @for (ordinal, title) in &titles {
                                tr {
                                    th scope="row" { (title) }
                                    @for symbol in &symbols {
                                        @let found = page.examinations.iter().find(|x| x.ordinal == *ordinal && x.symbol == *symbol);
                                        td { @if let Some(x) = found { (cell(x, best.as_deref(), &drawn)) } @else { span.minor { "not run" } } }
                                    }
                                }
                            }
                        }
                    }
                }
                p.minor { "The share is the chance of luck, by the looks up to then. The verdict above judges all of them again by all looks." }
            }
        }
    }
}

fn cell(x: &ExaminationView, best: Option<&str>, drawn: &BTreeSet<String>) -> Markup {
    let anchor = anchor(x);
    let luck = x.evidence.as_ref().and_then(|e| e.permutation).map(|p| p.p_looks);
    let inner = html! { (marks::badge(&x.verdict)) @if let Some(luck) = luck { " " span.minor { (figures::probability(luck)) } } };
    html! {
        @if drawn.contains(&anchor) { a.cell href={"#" (anchor)} { (inner) } } @else { (inner) }
        @if best == Some(anchor.as_str()) { " " span.minor { "decides" } }
    }
}

fn others(page: &ConceptPage) -> impl Iterator<Item = &ExaminationView> {
    let best = deciding(page).map(|x| (x.ordinal, x.symbol.clone()));
    page.examinations.iter().filter(move |x| best.as_ref() != Some(&(x.ordinal, x.symbol.clone())))
}

/// The deciding examination, drawn in full.
pub(crate) fn best(page: &ConceptPage) -> Markup {
    let Some(x) = deciding(page) else { return html! {} };
    html! {
        section aria-labelledby=(anchor(x)) {
            h2 id=(anchor(x)) { (x.title) " on " (x.symbol) }
            (body(x, FULL))
            (robust(x, page.verdict.as_ref().map_or(&x.reasons, |v| &v.reasons), page.verdict.as_ref().and_then(|v| v.agreement)))
        }
    }
}

/// All others, folded.
pub(crate) fn rest(page: &ConceptPage) -> Markup {
    let all = others(page).count();
    html! {
        @if all > 0 {
            section aria-labelledby="others" {
                h2 #others { "Other examinations" }
                @for x in others(page).take(OTHERS_MAX) {
                    details.examination id=(anchor(x)) {
                        summary { (marks::badge(&x.verdict)) " " b { (x.title) } " on " b { (x.symbol) } }
                        p { (x.summary) }
                        (body(x, BRIEF))
                        @if let Some(evidence) = &x.evidence {
                            h3 { "Checks" }
                            (checks::list(&x.reasons))
                            (robust(x, &x.reasons, None))
                            h3 { "Statistics" }
                            (statistics::table(&format!("{}-s", anchor(x)), evidence, Some(x)))
                        }
                    }
                }
                @if all > OTHERS_MAX {
                    p.minor { (all - OTHERS_MAX) " more are in the matrix and, in full, in the JSON report." }
                }
            }
        }
    }
}

fn body(x: &ExaminationView, detail: Detail) -> Markup {
    let name = anchor(x);
    let what = format!("{} on {}", x.title, x.symbol);
    let Some(chosen) = &x.chosen else {
        return html! { p.empty { "There is nothing to draw: no parameter set could be tested." } };
    };
    html! {
        p.values {
            @if chosen.values.is_empty() { "It has no inputs." }
            @else {
                "Best parameter set: "
                @for (i, (input, value)) in chosen.values.iter().enumerate() {
                    @if i > 0 { ", " }
                    span.value { (input) " " b { (figures::number(*value)) } }
                }
            }
        }
        figure {
            figcaption { "Equity"
                span.key.own { "strategy, after costs" } span.key.hold { "buy and hold" }
                @if chosen.fan.is_some() { span.key.fan { "luck: the best sets of permuted markets, dark the middle half, light nine of ten" } }
                span.key.test { "walking forward: earlier bars choose, these trade" }
            }
            div.scroll tabindex="0" { (charts::equity::draw(&format!("{name}-e"), &what, &chosen.curve, chosen.fan.as_ref(), x.test_from, detail.points_max)) }
        }
        figure {
            figcaption { "Drawdown" span.minor { " fall below the highest equity so far" } }
            div.scroll tabindex="0" { (charts::drawdown::draw(&format!("{name}-f"), &what, &chosen.curve, x.test_from, detail.points_max)) }
        }
        @if !chosen.permuted_bests.is_empty() {
            figure {
                figcaption { "The same search on permuted markets"
                    @if let Some(real) = chosen.train.sharpe { span.key.real { "real market " (figures::ratio(real)) } } span.key.fan-bar { "best of each market" } span.key.as-good { "at least as good as the real one" } }
                div.scroll tabindex="0" { (charts::permuted::draw(&format!("{name}-l"), &what, chosen)) }
            }
        }
        figure {
            figcaption { "Parameter map" span.minor { " best Sharpe ratio a year on the bars that chose; on a plateau the cells one step away are nearly as bright as the best; a brighter cell elsewhere trades too seldom to be judged" } }
            @if let Some(map) = &chosen.heat_map { div.scroll tabindex="0" { (charts::heat_map::draw(&format!("{name}-m"), map, detail.cells_max)) } }
            @else { p.empty { "There is no map: fewer than two inputs have more than one value." } }
        }
        @if !chosen.windows.is_empty() {
            figure {
                figcaption { "Walking forward" span.key.promise { "promised by the bars before" } span.key.kept { "kept" } span.key.changed { "another choice than before" } }
                div.scroll tabindex="0" { (charts::walk::draw(&format!("{name}-w"), &what, &chosen.windows)) }
            }
            @if detail.tables { (robustness::window_table(&chosen.windows)) }
            @if let Some(drift) = chosen.drift { p.minor { "From window to window the choice wanders by " (figures::percent(drift)) " of the grid." } }
        }
        h3 { "Metrics" }
        (metrics(chosen))
        @if detail.tables {
            h3 { "When it earned" }
            (robustness::regime_table(&chosen.regimes))
        }
        h3 { "Trades" }
        (trades(chosen, detail.trades_max))
    }
}

/// What is left of an examination under changes: the table, or nothing where nothing was measured.
fn robust(x: &ExaminationView, reasons: &[ReasonView], agreement: Option<AgreementView>) -> Markup {
    html! {
        @if let Some(evidence) = &x.evidence {
            h3 { "Robustness" }
            (robustness::table(&robustness::changes(evidence, reasons, agreement, x.chosen.as_ref())))
        }
    }
}

/// The rows of the metrics table, as text: name, then all bars, holding, walking forward.
pub(crate) fn metric_rows(chosen: &ChosenView) -> Vec<(&'static str, [String; 3])> {
    let row = |name, write: &dyn Fn(&MetricsView) -> String| {
        let test = chosen.test.as_ref().map_or_else(|| "-".to_owned(), write);
        (name, [write(&chosen.train), write(&chosen.hold_train), test])
    };
    let share = |x: Option<f64>| figures::or_unmeasured(x, figures::percent);
    let plain = |x: Option<f64>| figures::or_unmeasured(x, figures::ratio);
    vec![
        row("Total return", &|m| share(Some(m.total_return))),
        row("Return a year", &|m| share(m.cagr)),
        row("Volatility a year", &|m| share(m.volatility)),
        row("Sharpe ratio", &|m| plain(m.sharpe)),
        row("Sortino ratio", &|m| plain(m.sortino)),
        row("Deepest drawdown", &|m| share(Some(m.max_drawdown))),
        row("Longest drawdown, bars", &|m| figures::count(m.drawdown_bars as u64)),
        row("Calmar ratio", &|m| plain(m.calmar)),
        row("Ulcer index", &|m| share(Some(m.ulcer))),
        row("Bars", &|m| figures::count(m.observations as u64)),
    ]
}

fn metrics(chosen: &ChosenView) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Metrics" {
            table.compact {
                thead { tr { th scope="col" { "" } th.num scope="col" { "All bars" } th.num scope="col" { "Holding" } th.num scope="col" { "Walking forward" } } }
                tbody {
                    @for (name, values) in metric_rows(chosen) {
                        tr { th scope="row" { (name) } @for value in &values { td.num { (value) } } }
                    }
                }
            }
        }
    }
}

/// Whether some entry was closed in parts.
pub(crate) fn in_parts(chosen: &ChosenView) -> bool {
    chosen.trades.iter().any(is_part)
}

fn is_part(trade: &TradeView) -> bool {
    trade.share < 1.0 - 1e-9
}

/// A trade's share of its entry: `all`, or `40.0 %`.
pub(crate) fn part_words(trade: &TradeView) -> String {
    if is_part(trade) { figures::percent(trade.share) } else { "all".to_owned() }
}

fn trades(chosen: &ChosenView, max: usize) -> Markup {
    let shown = chosen.trades.len().min(max);
    let parts = in_parts(chosen);
    html! {
        @if chosen.trades.is_empty() { p.empty { "It never traded." } }
        @else {
            p.minor { (figures::count(chosen.trades_total as u64)) " in all; the last " (shown) ", newest first." @if parts { " An entry that was closed in parts stands here part by part, each with its share." } }
            div.scroll.tall tabindex="0" role="region" aria-label="Trades" {
                table {
                    thead { tr { th scope="col" { "Side" } th scope="col" { "Entry" } th scope="col" { "Exit" } @if parts { th.num scope="col" { "Part" } } th.num scope="col" { "Entry price" } th.num scope="col" { "Exit price" } th.num scope="col" { "Gain after costs" } } }
                    tbody {
                        @for trade in chosen.trades.iter().rev().take(max) {
                            tr class=[trade.exit.is_none().then_some("open")] {
                                td { (trade.side) }
                                td.nowrap { (figures::moment(trade.entry)) }
                                td.nowrap { @match trade.exit { Some(at) => (figures::moment(at)), None => b { "still open" } } }
                                @if parts { td.num { (part_words(trade)) } }
                                td.num { (figures::number(trade.entry_price)) }
                                td.num { (figures::number(trade.exit_price)) @if trade.exit.is_none() { " (last close)" } }
                                td class=(marks::signed(trade.gain)) { (figures::percent(trade.gain)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
