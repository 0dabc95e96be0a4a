//! One strategy on one data set: curves, map, metrics, trades; and the matrix that leads to all of them.

use std::collections::{BTreeMap, BTreeSet};

use assay_research::views::{ChosenView, ConceptPage, ExaminationView, MetricsView};
use maud::{Markup, html};

use super::{anchor, checks, deciding, marks, statistics};
use crate::{charts, figures};

/// How much of an examination is drawn. The deciding one in full; of others enough to judge by, so that a page stays small.
#[derive(Clone, Copy)]
pub(crate) struct Detail {
    points_max: usize,
    cells_max: usize,
    trades_max: usize,
}

/// For the examination that decided.
pub(crate) const FULL: Detail = Detail { points_max: charts::POINTS_MAX, cells_max: 1_600, trades_max: 200 };
/// For all others.
const BRIEF: Detail = Detail { points_max: 200, cells_max: 225, trades_max: 10 };
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
            figcaption { "Equity" span.key.own { "strategy, after costs" } span.key.hold { "buy and hold" } span.key.test { "walking forward: earlier bars choose, these trade" } }
            div.scroll tabindex="0" { (charts::equity::draw(&format!("{name}-e"), &what, &chosen.curve, x.test_from, detail.points_max)) }
        }
        figure {
            figcaption { "Drawdown" span.minor { " fall below the highest equity so far" } }
            div.scroll tabindex="0" { (charts::drawdown::draw(&format!("{name}-f"), &what, &chosen.curve, x.test_from, detail.points_max)) }
        }
        figure {
            figcaption { "Parameter map" span.minor { " best Sharpe ratio a year on the bars that chose" } }
            @if let Some(map) = &chosen.heat_map { div.scroll tabindex="0" { (charts::heat_map::draw(&format!("{name}-m"), map, detail.cells_max)) } }
            @else { p.empty { "There is no map: fewer than two inputs have more than one value." } }
        }
        h3 { "Metrics" }
        (metrics(chosen))
        @if !chosen.windows.is_empty() { h3 { "Walking forward" } (windows(chosen)) }
        @if !chosen.regimes.is_empty() { h3 { "When it earned" } (regimes(chosen)) }
        h3 { "Trades" }
        (trades(chosen, detail.trades_max))
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
            table {
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

/// One row a walk-forward window: what the bars before chose, and what came of it.
fn windows(chosen: &ChosenView) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Walking forward" {
            table {
                thead { tr { th scope="col" { "Traded from" } th scope="col" { "To" } th scope="col" { "Chosen on the bars before" } th.num scope="col" { "Sharpe ratio there" } th.num scope="col" { "Sharpe ratio here" } th.num scope="col" { "Gain" } } }
                tbody {
                    @for window in &chosen.windows {
                        tr {
                            td { (figures::day(window.from)) }
                            td { (figures::day(window.to)) }
                            td { (window.values.iter().map(|(name, value)| format!("{name} {}", figures::number(*value))).collect::<Vec<_>>().join(", ")) }
                            td.num { (figures::or_unmeasured(window.train_sharpe, figures::ratio)) }
                            td.num { (figures::ratio(window.test_sharpe)) }
                            td.num { (figures::percent(window.test_return)) }
                        }
                    }
                }
            }
        }
        @if let Some(drift) = chosen.drift { p.minor { "From window to window the choice wanders by " (figures::percent(drift)) " of the grid." } }
    }
}

/// The run by volatility, trend and year.
fn regimes(chosen: &ChosenView) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="When it earned" {
            table {
                thead { tr { th scope="col" { "By" } th scope="col" { "Part" } th.num scope="col" { "Bars" } th.num scope="col" { "Return a year" } th.num scope="col" { "Sharpe ratio" } } }
                tbody {
                    @for part in &chosen.regimes {
                        tr {
                            td { (part.by) }
                            td { (part.name) }
                            td.num { (figures::count(part.bars as u64)) }
                            td.num { (figures::percent(part.mean)) }
                            td.num { (figures::or_unmeasured(part.sharpe, figures::ratio)) }
                        }
                    }
                }
            }
        }
    }
}

fn trades(chosen: &ChosenView, max: usize) -> Markup {
    let shown = chosen.trades.len().min(max);
    html! {
        @if chosen.trades.is_empty() { p.empty { "It never traded." } }
        @else {
            p.minor { (figures::count(chosen.trades_total as u64)) " in all; the last " (shown) ", newest first." }
            div.scroll.tall tabindex="0" role="region" aria-label="Trades" {
                table {
                    thead { tr { th scope="col" { "Bought" } th scope="col" { "Sold" } th.num scope="col" { "At" } th.num scope="col" { "Sold at" } th.num scope="col" { "Gain after costs" } } }
                    tbody {
                        @for trade in chosen.trades.iter().rev().take(max) {
                            tr {
                                td { (figures::moment(trade.entry)) }
                                td { @match trade.exit { Some(at) => (figures::moment(at)), None => "still open" } }
                                td.num { (figures::number(trade.entry_price)) }
                                td.num { (figures::number(trade.exit_price)) }
                                td.num class=(if trade.gain < 0.0 { "loss" } else { "gain" }) { (figures::percent(trade.gain)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
