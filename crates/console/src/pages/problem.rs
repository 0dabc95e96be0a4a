//! Pages for what went wrong: what happened, and what to do now.

use maud::{Markup, html};

use super::layout::{self, Live};

/// A problem page.
pub(crate) fn render(status: u16, title: &str, what: &str, hint: &str) -> Markup {
    layout::page(
        title,
        "",
        &Live::Still,
        &html! {
            h1 { (title) }
            p { (what) }
            @if !hint.is_empty() { p { (hint) } }
            p.minor { "Status " (status) ". " a href="/" { "All concepts" } }
        },
    )
}
