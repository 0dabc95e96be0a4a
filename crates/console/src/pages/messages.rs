//! The message engine: how many messages there are, what happened to them, and the dead letters.

use assay_messages::{Counts, DeadLetter, Event, Events};
use assay_units::ConceptId;
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::figures::count;
use crate::sections::marks;

/// Characters of an error or an answer that are shown.
const EXCERPT_CHARS_MAX: usize = 300;

/// What the engine says.
pub(crate) struct Log {
    pub counts: Counts,
    pub events: Events,
    pub dead: Vec<DeadLetter>,
    /// The message that the log is narrowed to.
    pub message: Option<String>,
}

/// The page; without an engine of our own it says where to look.
pub(crate) fn render(log: Option<&Log>) -> Markup {
    let Some(log) = log else {
        return layout::page(
            "Messages",
            "/messages",
            &Live::Still,
            &html! {
                h1 { "Messages" }
                p.empty { "Messages are delivered by the hosted engine, which keeps the log and the dead letters. What each message did for a concept stands in the timeline on the concept's page." }
            },
        );
    };
    layout::page(
        "Messages",
        "/messages",
        &Live::Still,
        &html! {
            h1 { "Messages" }
            dl.numbers {
                div { dt { "Waiting" } dd { (count(log.counts.pending)) } }
                div { dt { "Under way" } dd { (count(log.counts.active)) } }
                div { dt { "Waiting to be retried" } dd { (count(log.counts.retrying)) } }
                div { dt { "Dead letters" } dd { (count(log.counts.dead)) } }
                @if let Some(at) = log.counts.oldest_pending { div { dt { "Next due" } dd { (marks::time(&at.to_string())) } } }
            }
            (dead(&log.dead))
            section aria-labelledby="events" {
                h2 #events { @match &log.message { Some(id) => { "Log of " code { (id) } }, None => "Latest from the log" } }
                @if log.message.is_some() { p { a href="/messages" { "All messages" } } }
                @if log.events.events.is_empty() { p.empty { "Nothing was logged." } } @else { (events(&log.events.events)) }
                @if let Some(cursor) = log.events.cursor.as_deref().filter(|c| c.bytes().all(|b| b.is_ascii_digit())) {
                    p { a rel="next" href={"/messages?cursor=" (cursor) @if let Some(id) = &log.message { "&message=" (id) }} { "Older" } }
                }
            }
        },
    )
}

fn events(events: &[Event]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="events" {
            table.log {
                thead { tr { th scope="col" { "Time" } th scope="col" { "State" } th scope="col" { "Concept" } th scope="col" { "Message" } th.num scope="col" { "Answer" } th scope="col" { "Error" } } }
                tbody {
                    @for event in events {
                        tr {
                            td { (marks::time(&event.at.to_string())) }
                            td { (event.state.as_str().to_lowercase().replace('_', " ")) @if let Some(at) = event.next_delivery_at { span.minor { " next " (marks::time(&at.to_string())) } } }
                            td { (label(event.label.as_deref())) }
                            td { (message(&event.message_id)) span.minor { " to " (event.url) } }
                            td.num { @match event.response_status { Some(status) => (status), None => span.minor { "-" } } }
                            td { @if let Some(error) = &event.error { (excerpt(error)) } }
                        }
                    }
                }
            }
        }
    }
}

fn dead(letters: &[DeadLetter]) -> Markup {
    html! {
        section aria-labelledby="dead" {
            h2 #dead { "Dead letters" }
            @if letters.is_empty() { p.empty { "There is none: no message was given up." } }
            @for letter in letters {
                @let id = &letter.dlq_id;
                article.dead {
                    h3 { (label(letter.message.label.as_deref())) " " (message(&letter.message.message_id)) }
                    p { "Given up " (marks::time(&letter.at.to_string())) " after " (letter.message.attempts) " attempts"
                        @if let Some(status) = letter.response_status { "; last answer " b { (status) } } "." }
                    @if let Some(error) = &letter.error { p { (excerpt(error)) } }
                    @if !letter.response_body.is_empty() { pre tabindex="0" { (excerpt(&String::from_utf8_lossy(&letter.response_body))) } }
                    @if plain(id) {
                        div.actions {
                            form method="post" action={"/messages/dead/" (id) "/replay"} { button type="submit" { "Replay" } }
                            form method="post" action={"/messages/dead/" (id) "/delete"} { button.danger type="submit" { "Delete" } }
                        }
                    }
                }
            }
        }
    }
}

fn label(label: Option<&str>) -> Markup {
    match label {
        Some(text) if ConceptId::parse(text).is_ok() => html! { a.nowrap href={"/concepts/" (text)} { (text) } },
        Some(text) => html! { (text) },
        None => html! { span.minor { "no label" } },
    }
}

fn message(id: &str) -> Markup {
    html! { @if plain(id) { a.message href={"/messages?message=" (id)} { (id) } } @else { code { (id) } } }
}

/// Whether an id can stand in an address as it is.
fn plain(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT_CHARS_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}
