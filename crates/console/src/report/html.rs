//! The HTML report: the page's sections without forms, in a file of its own.

use assay_research::views::ConceptPage;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::assets::CSS;
use crate::sections::{
    Face, checks, deciding, examination, history, marks, sources, statistics, strategies, verdict, words,
};

/// The whole file.
pub(super) fn render(page: &ConceptPage) -> Markup {
    let concept = &page.concept;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // The file obeys the same rule when it is opened from a disk: nothing runs and nothing is loaded.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                meta name="referrer" content="no-referrer";
                title { (concept.text) " - assay" }
                style { (PreEscaped(CSS)) }
            }
            body.report {
                main {
                    h1 { (concept.text) }
                    p.minor { "Report on " code { (concept.id) } ", generation " (concept.generation) ", given " (marks::time(&concept.created_at))
                        @if let Some(at) = &concept.finished_at { ", ended " (marks::time(at)) } "." }
                    @if let Some(note) = &page.note { p.note { (note) } }
                    (sections(page, Face::File))
                }
                footer { p { "A verdict says how well luck explains a back-test. It is no advice and no promise of profit." } }
            }
        }
    }
}

/// Everything about a concept, in the order of questions: what, why, how sure, where, from what, when.
pub(crate) fn sections(page: &ConceptPage, face: Face) -> Markup {
    let evidence = page.verdict.as_ref().and_then(|v| v.evidence.as_ref());
    html! {
        (verdict::banner(page))
        @let answers = words::answers(page);
        @if !answers.is_empty() {
            section aria-labelledby="words" {
                h2 #words { "In plain words" }
                dl.facts { @for (question, answer) in &answers { dt { (question) } dd { (answer) } } }
            }
        }
        @if let Some(verdict) = &page.verdict {
            section aria-labelledby="checks" { h2 #checks { "Checks" } (checks::list(&verdict.reasons)) }
        }
        (examination::best(page))
        @if let Some(evidence) = evidence {
            section aria-labelledby="statistics" {
                h2 #statistics { "Statistics" }
                (statistics::table("statistics-table", evidence, deciding(page)))
            }
        }
        (verdict::looks(page))
        (examination::matrix(page))
        (examination::rest(page))
        (strategies::list(&page.strategies, face))
        (sources::list(&page.sources, face))
        (history::timeline(&page.timeline, face))
        (history::cost(page))
    }
}
