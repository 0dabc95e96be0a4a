//! What was read for a concept, with its words; and what was not read, with the reason.

use assay_research::views::SourceView;
use maud::{Markup, html};

use super::{Face, marks};

/// Sources that are written out.
const SOURCES_MAX: usize = 100;
/// Quotes of one source that are written out.
const QUOTES_MAX: usize = 10;

/// Read and refused ones, apart.
pub(crate) fn list(sources: &[SourceView], face: Face) -> Markup {
    let (refused, read): (Vec<_>, Vec<_>) = sources.iter().partition(|s| s.status == "refused");
    html! {
        section aria-labelledby="sources" {
            h2 #sources { "Sources" }
            @if read.is_empty() { p.empty { "No source was read." } }
            @for source in read.iter().take(SOURCES_MAX) {
                article.source {
                    h3 { @if source.title.is_empty() { "Untitled" } @else { (source.title) } }
                    p.minor { (source.kind) ": " (marks::origin(&source.origin, face)) @if !source.detail.is_empty() { " (" (source.detail) ")" } }
                    @for quote in source.quotes.iter().take(QUOTES_MAX) {
                        blockquote cite=[marks::web(&source.origin)] { p { (quote) } }
                    }
                }
            }
            @if read.len() > SOURCES_MAX { p.minor { (read.len() - SOURCES_MAX) " more are in the JSON report." } }
            @if !refused.is_empty() {
                h3 { "Refused" }
                ul.refused {
                    @for source in refused.iter().take(SOURCES_MAX) {
                        li { (marks::origin(&source.origin, face)) ": " (source.detail) }
                    }
                }
            }
        }
    }
}
