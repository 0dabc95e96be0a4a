//! What every page has: head, navigation, skip link, main, footer.

use maud::{DOCTYPE, Markup, html};

use crate::assets;

/// The places of the navigation.
const PLACES: [(&str, &str); 6] = [
    ("/", "Concepts"),
    ("/strategies", "Strategies"),
    ("/data", "Data"),
    ("/search", "Search"),
    ("/budget", "Budget"),
    ("/messages", "Messages"),
];

/// Whether a page reloads itself. Who reads or types can hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Live {
    /// Nothing is at work.
    Still,
    /// Something is at work: reloads every two seconds. Holds the address that stops it.
    Following { hold: String },
    /// Something is at work and the reader has stopped the reloads. Holds the address that goes on.
    Held { follow: String },
}

/// A page around `body`. `here` is the place of the navigation that it belongs to.
pub(crate) fn page(title: &str, here: &str, live: &Live, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Without a referrer of its own a browser sends forms with `Origin: null`, and over plain HTTP to another
                // machine with nothing else to know them by. Other sites still learn nothing.
                meta name="referrer" content="same-origin";
                meta name="color-scheme" content="light dark";
                @if matches!(live, Live::Following { .. }) { meta http-equiv="refresh" content="2"; }
                title { (title) " - assay" }
                link rel="stylesheet" href=(assets::css_path());
                link rel="icon" href="data:,";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { "assay" }
                    nav aria-label="Main" {
                        ul { @for (path, name) in PLACES { li { a href=(path) aria-current=[(path == here).then_some("page")] { (name) } } } }
                    }
                }
                main #main tabindex="-1" {
                    @match live {
                        Live::Still => {}
                        Live::Following { hold } => p.live { span.pulse aria-hidden="true" {} "At work: this page reloads every 2 seconds. " a href=(hold) { "Hold it" } },
                        Live::Held { follow } => p.live { "At work; this page is held. " a href=(follow) { "Follow again" } },
                    }
                    (body)
                }
                footer { p { "A verdict says how well luck explains a back-test. It is no advice and no promise of profit." } }
            }
        }
    }
}
