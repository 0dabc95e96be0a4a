//! Today's budget: what is spent, what is set aside, what is left, and why no cap can be overrun.

use assay_budget::{DenialCount, Resource, Usage};
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::charts::budget_bar;
use crate::figures::count;
use crate::sections::marks;

/// The page.
pub(crate) fn render(usages: &[Usage], denials: &[DenialCount]) -> Markup {
    layout::page(
        "Budget",
        "/budget",
        &Live::Still,
        &html! {
            h1 { "Budget" }
            p {
                "No cap can be overrun. Before a message leaves, its worst case is set aside, durably: 1 delivery plus all of its retries. "
                "What was not used returns only when the provider's own log proves it. If the program dies in between, whatever "
                "nobody can account for counts as spent, so a crash can cost budget but never exceed it. What does not fit waits for the next UTC day."
            }
            ul.legend.budget-legend {
                li.key.spent { "spent" } li.key.assumed { "assumed spent: nobody can prove the opposite" }
                li.key.reserved { "reserved for what is under way" } li.key.left { "left" }
            }
            @for usage in usages { (resource(usage, denials)) }
        },
    )
}

fn resource(usage: &Usage, denials: &[DenialCount]) -> Markup {
    let name = usage.resource.to_string();
    let of_this = denials.iter().filter(|d| d.resource == usage.resource);
    let denied: u64 = of_this.clone().map(|d| d.denials).sum();
    let path = format!("/budget/{}", usage.resource.as_str());
    html! {
        section.resource aria-labelledby=(usage.resource.as_str()) {
            h2 id=(usage.resource.as_str()) { (capitalised(&name)) }
            (budget_bar::draw(usage))
            dl.numbers {
                div { dt { "Cap" } dd { (count(usage.cap)) } }
                div { dt { "Settled" } dd { (count(usage.settled)) } }
                div { dt { "of it assumed" } dd { (count(usage.assumed)) } }
                div { dt { "Reserved" } dd { (count(usage.reserved)) } }
                div { dt { "Left" } dd { (count(usage.left)) } }
                div { dt { "Denials today" } dd { (count(denied)) @if denied > 0 { span.minor { " ("
                    @for (i, d) in of_this.enumerate() { @if i > 0 { ", " } (count(d.denials)) " " (d.reason.replace('_', " ")) } ")" } } } }
                div { dt { "Resets" } dd { (marks::time(&usage.resets_at.to_string())) } }
            }
            @if usage.unaccounted > 0 {
                p.warning { "The provider counted " (count(usage.unaccounted)) " more than was reserved: something else spends on the same account." }
            }
            @if let Some(since) = usage.stopped_since {
                p.warning { "Stopped by hand since " (marks::time(&since.to_string())) "." }
                form method="post" action={(path) "/resume"} { button type="submit" { "Resume " (name) } }
            } @else if usage.resource == Resource::WebRequests {
                form method="post" action={(path) "/stop"} { button.danger type="submit" { "Stop the crawler" } }
                p.minor { "Nothing is fetched until it is resumed; concepts are judged by what is at hand." }
            }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
