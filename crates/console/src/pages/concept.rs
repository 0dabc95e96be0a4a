//! Everything about one concept.

use assay_research::pipeline::Activity;
use assay_research::views::ConceptPage;
use maud::{Markup, html};

use super::concepts::progress;
use super::layout::{self, Live};
use crate::report::html::sections;
use crate::sections::{Face, marks};

/// The page. `messages` says whether the message log can be linked.
pub(crate) fn render(page: &ConceptPage, activity: Option<&Activity>, held: bool, messages: bool) -> Markup {
    let concept = &page.concept;
    let path = format!("/concepts/{}", concept.id);
    let live = match (marks::at_work(&concept.state), held) {
        (false, _) => Live::Still,
        (true, true) => Live::Held { follow: path.clone() },
        (true, false) => Live::Following { hold: format!("{path}?live=off") },
    };
    let ended = concept.state == "done" || concept.state == "failed";
    layout::page(
        &concept.text,
        "/",
        &live,
        &html! {
            h1 { (concept.text) }
            p.minor {
                code { (concept.id) } ", given " (marks::time(&concept.created_at))
                @if concept.generation > 1 { ", generation " (concept.generation) }
                @if let Some(at) = &concept.finished_at { ", ended " (marks::time(at)) }
            }
            (marks::track(concept))
            @if let Some(activity) = activity { div.activity role="status" { (progress(activity)) } }
            div.actions {
                @if ended {
                    form method="post" action={(path) "/retry"} { button type="submit" { "Run again" } }
                }
                a href={(path) "/report.html"} { "Report (HTML)" } " "
                a href={(path) "/report.md"} { "Markdown" } " "
                a href={(path) "/report.json"} { "JSON" }
            }
            @if page.note.is_some() || !page.urls.is_empty() || !page.symbols.is_empty() {
                details.given {
                    summary { "What was given" }
                    dl.facts {
                        @if let Some(note) = &page.note { dt { "Note" } dd.note { (note) } }
                        @if !page.urls.is_empty() {
                            dt { "Addresses" } dd { ul { @for url in &page.urls { li { (marks::origin(url, Face::Page { messages })) } } } }
                        }
                        @if !page.symbols.is_empty() { dt { "Symbols" } dd { (page.symbols.join(", ")) } }
                    }
                }
            }
            nav.contents aria-label="On this page" {
                ul {
                    @if page.verdict.is_some() { li { a href="#checks" { "Checks" } } li { a href="#looks" { "Looks" } } }
                    @if page.verdict.as_ref().is_some_and(|v| v.evidence.is_some()) { li { a href="#statistics" { "Statistics" } } }
                    li { a href="#matrix" { "By data set" } }
                    li { a href="#strategies" { "Strategies" } }
                    li { a href="#sources" { "Sources" } }
                    li { a href="#timeline" { "Timeline" } }
                    li { a href="#cost" { "Cost" } }
                }
            }
            (sections(page, Face::Page { messages }))
        },
    )
}
