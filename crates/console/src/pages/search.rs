//! Search in what was read: passages, with the sentence that answers best marked.

use assay_corpus::Hit;
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::sections::{Face, marks};

/// Passages on the page.
pub(crate) const HITS_MAX: usize = 20;
/// Characters of a question that are used.
pub(crate) const QUERY_CHARS_MAX: usize = 300;

/// The page; `hits` is absent until something is asked.
pub(crate) fn render(query: &str, hits: Option<&[Hit]>) -> Markup {
    let title = if query.is_empty() { "Search".to_owned() } else { format!("Search: {query}") };
    layout::page(
        &title,
        "/search",
        &Live::Still,
        &html! {
            h1 { "Search" }
            form.search role="search" method="get" action="/search" {
                label for="q" { "In all documents that were read" }
                input #q name="q" type="search" value=(query) maxlength=(QUERY_CHARS_MAX) autocomplete="off";
                button type="submit" { "Search" }
            }
            @match hits {
                None => p.empty { "Ask for words or a sentence, such as \"moving averages and transaction costs\"." },
                Some([]) => p.empty { "No passage answers that. Documents are read when a concept is researched." },
                Some(hits) => {
                    p.minor { (hits.len()) " passages, best first" @if hits.len() >= HITS_MAX { "; there may be more" } "." }
                    ol.hits {
                        @for hit in hits {
                            li {
                                h2 { @if hit.title.is_empty() { "Untitled" } @else { (hit.title) } }
                                p.minor { (marks::origin(&hit.origin, Face::Page { messages: false })) ", bytes " (hit.start) " to " (hit.end) }
                                blockquote { p { (marked(hit)) } }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The passage with its quote marked, wherever the offsets fit the text.
fn marked(hit: &Hit) -> Markup {
    let from = hit.quote_start.checked_sub(hit.start);
    let parts = from.and_then(|from| {
        let to = from.checked_add(hit.quote.len())?;
        Some((hit.passage.get(..from)?, hit.passage.get(from..to)?, hit.passage.get(to..)?))
    });
    match parts {
        Some((before, quote, after)) if !quote.is_empty() => html! { (before) mark { (quote) } (after) },
        _ => html! { (hit.passage) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_corpus::DocumentId;

    fn hit(passage: &str, quote: &str, quote_start: usize) -> Hit {
        Hit {
            document: DocumentId(1),
            title: "T".into(),
            origin: "javascript:alert(1)".into(),
            passage: passage.into(),
            start: 10,
            end: 10 + passage.len(),
            score: 1.0,
            quote: quote.into(),
            quote_start,
        }
    }

    #[test]
    fn the_quote_is_marked_and_escaped() {
        let page = render("q", Some(&[hit("One. Two <b>. Three.", "Two <b>.", 15)])).into_string();
        assert!(page.contains("One. <mark>Two &lt;b&gt;.</mark> Three."), "{page}");
        assert!(!page.contains("href=\"javascript"));
    }

    #[test]
    fn offsets_that_do_not_fit_cost_the_mark_and_nothing_else() {
        assert_eq!(marked(&hit("é one", "x", 11)).into_string(), "é one");
        assert_eq!(marked(&hit("one", "one", 3)).into_string(), "one");
    }
}
