//! Small marks: a verdict as a badge, a state as a track of stages, an instant, an origin as a link where it may be one.

use assay_research::views::ConceptRow;
use maud::{Markup, html};
use url::Url;

use super::Face;
use crate::figures;

/// A verdict in words.
pub(crate) fn verdict_words(verdict: &str) -> &str {
    match verdict {
        "plausible" => "Plausible",
        "weak" => "Weak",
        "rejected" => "Rejected",
        "not_testable" => "Not testable",
        "skipped" => "Skipped",
        other => other,
    }
}

/// The style class of a verdict; anything unknown looks like nothing in particular.
pub(crate) fn verdict_class(verdict: &str) -> &'static str {
    match verdict {
        "plausible" => "plausible",
        "weak" => "weak",
        "rejected" => "rejected",
        _ => "neutral",
    }
}

/// A verdict as a badge: its word, and a shape beside the colour.
pub(crate) fn badge(verdict: &str) -> Markup {
    let shape = match verdict {
        "plausible" => "✓",
        "weak" => "~",
        "rejected" => "✕",
        _ => "–",
    };
    html! {
        span class={"badge " (verdict_class(verdict))} {
            span.shape aria-hidden="true" { (shape) } " " (verdict_words(verdict))
        }
    }
}

/// The style classes of a number that is good above 0 and bad below.
pub(crate) fn signed(x: f64) -> &'static str {
    match x {
        x if x > 0.0 => "num gain",
        x if x < 0.0 => "num loss",
        _ => "num",
    }
}

/// The stages in order, the present one marked.
pub(crate) fn track(concept: &ConceptRow) -> Markup {
    let at = match concept.state.as_str() {
        "deferred" | "queued" => 0,
        "researching" | "researched" => 1,
        "validating" => 2,
        _ => 3,
    };
    let first = if concept.state == "deferred" { "Deferred" } else { "Queued" };
    let last = if concept.state == "failed" { "Failed" } else { "Done" };
    html! {
        ol class={"track " (concept.state)} aria-label={"State: " (concept.state)} {
            @for (i, stage) in [first, "Research", "Validate", last].into_iter().enumerate() {
                @let class = if i < at { "past" } else if i == at { "now" } else { "ahead" };
                li class=(class) aria-current=[(i == at).then_some("step")] { (stage) }
            }
        }
    }
}

/// Whether something is still to happen by itself soon: deferred concepts wait for another day.
pub(crate) fn at_work(state: &str) -> bool {
    matches!(state, "queued" | "researching" | "researched" | "validating")
}

/// An instant of RFC 3339.
pub(crate) fn time(rfc3339: &str) -> Markup {
    html! { time datetime=(rfc3339) { (figures::instant(rfc3339)) } }
}

/// `text` as an address that may be linked: http and https only, so never a script.
pub(crate) fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// An origin: a link to the web, a link to the catalogue, or plain text.
pub(crate) fn origin(text: &str, face: Face) -> Markup {
    let entry = text.strip_prefix("catalogue:").filter(|_| face != Face::File);
    let entry = entry.and_then(assay_research::propose::catalogue::find);
    match (web(text), entry) {
        (Some(url), _) => html! { a.origin href=(url) rel="noreferrer noopener external" { (text) } },
        (None, Some(entry)) => html! { a.origin href={"/strategies/" (entry.id)} { (text) } },
        (None, None) => html! { span.origin { (text) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_are_linked() {
        for text in ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "JaVaScRiPt:alert(1)", "notes.md"]
        {
            assert!(!origin(text, Face::File).into_string().contains("href"), "{text}");
        }
        assert!(
            origin("https://example.org/?a=1&b=\"2\"", Face::File)
                .into_string()
                .contains("href=\"https://example.org/")
        );
        assert!(
            origin("catalogue:sma_cross", Face::Page { messages: true })
                .into_string()
                .contains("/strategies/sma_cross")
        );
        assert!(!origin("catalogue:sma_cross", Face::File).into_string().contains("href"));
    }
}
