//! The verdict in plain words, what would change it, and the looks it was judged by.

use assay_research::views::{ConceptPage, Looks};
use maud::{Markup, html};

use super::{deciding, marks, outlook};
use crate::{charts, figures};

/// The banner; says what is awaited while there is no verdict.
pub(crate) fn banner(page: &ConceptPage) -> Markup {
    let concept = &page.concept;
    let Some(verdict) = &page.verdict else {
        let (class, title, text) = match concept.state.as_str() {
            "failed" => ("rejected", "Failed", concept.why.as_str()),
            "deferred" => ("neutral", "Deferred", concept.why.as_str()),
            _ => ("neutral", "No verdict yet", "It appears here when every strategy was tested on every data set."),
        };
        return html! {
            section class={"verdict " (class)} aria-label="Verdict" {
                p.verdict-word { (title) }
                p.summary { (text) }
                @if let Some(at) = &concept.runs_at { p.minor { "It runs at " (marks::time(at)) ", when the budget returns." } }
            }
        };
    };
    let changes = outlook::changes(page);
    let title = if verdict.verdict == "plausible" { "What would undo it" } else { "What would change the verdict" };
    html! {
        section class={"verdict " (marks::verdict_class(&verdict.verdict))} aria-label="Verdict" {
            p.verdict-word { (marks::badge(&verdict.verdict)) }
            p.summary { (verdict.summary) }
            @if let Some(x) = deciding(page) {
                p.minor { "Decided by " b { (x.title) } " on " b { (x.symbol) } ", the best of " (figures::plural(page.examinations.len() as u64, "examination", "examinations")) "." }
            }
            @if let Some(evidence) = &verdict.evidence {
                div.scroll tabindex="0" { (charts::luck::draw("luck", evidence)) }
            }
            @if !changes.is_empty() {
                h2 { (title) }
                ul.changes { @for change in &changes { li { (change) } } }
            }
            p.minor { "Judged " (marks::time(&verdict.at)) "." }
        }
    }
}

/// The looks that were counted, as the verdict saw them.
pub(crate) fn looks(page: &ConceptPage) -> Markup {
    let Some(verdict) = &page.verdict else { return html! {} };
    let row = |what: &str, looks: Looks, meaning: &str| {
        html! {
            tr {
                th scope="row" { (what) }
                td.num { (figures::count(looks.raw)) }
                td.num { (figures::about(looks.effective)) }
                td { (meaning) }
            }
        }
    };
    html! {
        section aria-labelledby="looks" {
            h2 #looks { "Looks counted" }
            div.scroll tabindex="0" role="region" aria-labelledby="looks" {
                table {
                    thead { tr { th scope="col" { "Whose" } th.num scope="col" { "Parameter sets" } th.num scope="col" { "Independent" } th scope="col" { "Meaning" } } }
                    tbody {
                        (row("This concept", verdict.own, "Parameter sets times data sets that were tried for it; neighbours in a grid are almost the same try."))
                        (row("Life of the database", verdict.looks, "Everything ever tried here, for any concept. The verdict is judged by these: who looks often finds something."))
                    }
                }
            }
        }
    }
}
