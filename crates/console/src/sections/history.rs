//! What happened to a concept, message by message, and what it cost.

use assay_research::views::{ConceptPage, TimelineView};
use maud::{Markup, html};

use super::{Face, marks};
use crate::figures;

/// The timeline, oldest first.
pub(crate) fn timeline(lines: &[TimelineView], face: Face) -> Markup {
    html! {
        section aria-labelledby="timeline" {
            h2 #timeline { "Timeline" }
            @if lines.is_empty() { p.empty { "Nothing has happened yet." } }
            @else {
                ol.timeline {
                    @for line in lines {
                        li {
                            (marks::time(&line.at)) " " b { (line.what) }
                            @if !line.detail.is_empty() { " " span { (line.detail) } }
                            @if let Some(id) = &line.message_id { " " (message(id, face)) }
                        }
                    }
                }
            }
        }
    }
}

fn message(id: &str, face: Face) -> Markup {
    // An id comes from an engine that need not be ours: only one that needs no escaping becomes part of an address.
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    html! {
        @if plain && face == (Face::Page { messages: true }) { a.message href={"/messages?message=" (id)} { (id) } }
        @else { code.message { (id) } }
    }
}

/// What is said of [`ConceptPage::spent`].
pub(crate) const SPENT: &str =
    "Spent and set aside together, over all generations. A message counts each delivery attempt that may be billed.";

/// A resource in words, as many of it; all its words are regular.
pub(crate) fn resource_words(resource: &str, units: u64) -> String {
    let words = assay_budget::Resource::parse(resource).map_or_else(|| resource.to_owned(), |r| r.to_string());
    if units == 1 { words.trim_end_matches('s').to_owned() } else { words }
}

/// What the concept cost.
pub(crate) fn cost(page: &ConceptPage) -> Markup {
    html! {
        section aria-labelledby="cost" {
            h2 #cost { "Cost" }
            @if page.spent.is_empty() { p.empty { "It has cost nothing so far." } }
            @else {
                ul.cost { @for (resource, units) in &page.spent { li { b { (figures::count(*units)) } " " (resource_words(resource, *units)) } } }
                p.minor { (SPENT) }
            }
            @if let Some(seconds) = page.concept.seconds { p.minor { "From its first message to its end: " (figures::duration(seconds)) "." } }
        }
    }
}
