//! The list of concepts, what is at work, and the form for a new one.

use std::collections::BTreeMap;

use assay_research::pipeline::Activity;
use assay_research::views::ConceptRow;
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::figures;
use crate::sections::marks;

/// Rows on a page.
pub(crate) const ROWS_MAX: usize = 100;
/// What can be filtered by: the query's value and the words.
pub(crate) const FILTERS: [(&str, &str); 6] = [
    ("", "All"),
    ("plausible", "Plausible"),
    ("weak", "Weak"),
    ("rejected", "Rejected"),
    ("not_testable", "Not testable"),
    ("open", "No verdict yet"),
];

/// What the list shows.
#[derive(Default)]
pub(crate) struct List {
    /// All concepts, newest first.
    pub concepts: Vec<ConceptRow>,
    /// By concept.
    pub activities: BTreeMap<String, Activity>,
    /// One of [`FILTERS`].
    pub verdict: String,
    /// From 0.
    pub page: usize,
    /// The reader holds the page.
    pub held: bool,
    /// Symbols that can be named.
    pub symbols: Vec<String>,
}

/// What was typed into the form, to be shown again when it was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub text: String,
    pub note: String,
    pub urls: String,
    pub symbols: String,
    pub pine: String,
}

/// The page.
pub(crate) fn render(list: &List) -> Markup {
    let at_work = list.concepts.iter().any(|c| marks::at_work(&c.state));
    let query = |held: bool, page: usize| address(&list.verdict, page, held);
    let live = match (at_work, list.held) {
        (false, _) => Live::Still,
        (true, true) => Live::Held { follow: query(false, list.page) },
        (true, false) => Live::Following { hold: query(true, list.page) },
    };
    let matching: Vec<&ConceptRow> = list.concepts.iter().filter(|c| matches(c, &list.verdict)).collect();
    let pages = matching.len().div_ceil(ROWS_MAX).max(1);
    let page = list.page.min(pages - 1);
    let shown = &matching[page * ROWS_MAX..matching.len().min((page + 1) * ROWS_MAX)];
    layout::page(
        "Concepts",
        "/",
        &live,
        &html! {
            h1 { "Concepts" }
            (activity(list))
            // A page that reloads would throw away what is being typed: then the form has a page of its own.
            @if matches!(live, Live::Following { .. }) { p { a.button href="/concepts/new" { "Add a concept" } } }
            @else { (form(&Draft::default(), None, &list.symbols)) }
            section aria-labelledby="list" {
                h2 #list { "All concepts" }
                (filter(list))
                @if list.concepts.is_empty() {
                    p.empty { "There is none yet. Add one above: a few words such as \"golden cross\" or \"RSI below 30 on SPX\" are enough." }
                } @else if shown.is_empty() {
                    p.empty { "No concept has this verdict. " a href="/" { "Show all" } }
                } @else {
                    (table(shown))
                }
                @if pages > 1 {
                    nav.pages aria-label="Pages" {
                        @if page > 0 { a rel="prev" href=(query(list.held, page - 1)) { "Newer" } }
                        span { " Page " (page + 1) " of " (pages) " " }
                        @if page + 1 < pages { a rel="next" href=(query(list.held, page + 1)) { "Older" } }
                    }
                }
            }
        },
    )
}

/// The form alone: while something is at work, or after a refusal.
pub(crate) fn new(draft: &Draft, problem: Option<&str>, symbols: &[String]) -> Markup {
    let title = if problem.is_some() { "The concept was not added" } else { "Add a concept" };
    layout::page(
        title,
        "/",
        &Live::Still,
        &html! {
            h1 { (title) }
            (form(draft, problem, symbols))
        },
    )
}

fn matches(concept: &ConceptRow, verdict: &str) -> bool {
    match verdict {
        "" => true,
        "open" => concept.verdict.is_none(),
        wanted => concept.verdict.as_deref() == Some(wanted),
    }
}

fn address(verdict: &str, page: usize, held: bool) -> String {
    let mut parts = Vec::new();
    // Only one of FILTERS comes here, so nothing needs escaping.
    if !verdict.is_empty() {
        parts.push(format!("verdict={verdict}"));
    }
    if page > 0 {
        parts.push(format!("page={}", page + 1));
    }
    if held {
        parts.push("live=off".to_owned());
    }
    if parts.is_empty() { "/".to_owned() } else { format!("/?{}", parts.join("&")) }
}

fn filter(list: &List) -> Markup {
    html! {
        nav.filter aria-label="Filter by verdict" {
            ul {
                @for (value, words) in FILTERS {
                    @let n = list.concepts.iter().filter(|c| matches(c, value)).count();
                    li { a href=(address(value, 0, list.held)) aria-current=[(value == list.verdict).then_some("true")] { (words) " " span.minor { (figures::count(n as u64)) } } }
                }
            }
        }
    }
}

fn table(rows: &[&ConceptRow]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-labelledby="list" {
            table.concepts {
                thead {
                    tr {
                        th scope="col" { "Concept" } th scope="col" { "State" } th scope="col" { "Verdict" }
                        th.num scope="col" { abbr title="Deflated Sharpe ratio by independent tries: chance that it is more than luck" { "Deflated Sharpe" } }
                        th scope="col" { "Why" } th.num scope="col" { "Messages" } th.num scope="col" { "Time" }
                    }
                }
                tbody {
                    @for c in rows {
                        tr {
                            th scope="row" {
                                a href={"/concepts/" (c.id)} { (c.text) }
                                span.minor { (marks::time(&c.created_at)) @if c.generation > 1 { ", generation " (c.generation) } }
                            }
                            td { (marks::track(c)) }
                            td { @match &c.verdict { Some(v) => (marks::badge(v)), None => span.minor.nowrap { "none yet" } } }
                            td.num { @match c.deflated_sharpe { Some(p) => (figures::probability(p)), None => span.minor { "-" } } }
                            td.why { (c.why) @if let Some(at) = &c.runs_at { span.minor { " Runs at " (marks::time(at)) "." } } }
                            td.num { (figures::count(c.messages)) }
                            td.num { @match c.seconds { Some(s) => (figures::duration(s)), None => span.minor { "-" } } }
                        }
                    }
                }
            }
        }
    }
}

fn activity(list: &List) -> Markup {
    html! {
        @if !list.activities.is_empty() {
            section aria-labelledby="activity" {
                h2 #activity { "At work" }
                @for (id, activity) in &list.activities {
                    @let text = list.concepts.iter().find(|c| c.id == *id).map_or(id.as_str(), |c| c.text.as_str());
                    div.activity { p { a href={"/concepts/" (id)} { (text) } } (progress(activity)) }
                }
            }
        }
    }
}

/// What is being worked on, with bars.
pub(crate) fn progress(activity: &Activity) -> Markup {
    let ((item, items), (point, points)) = (activity.items, activity.points);
    html! {
        p { (activity.what) }
        @if items > 0 {
            label.bar { span { "Item " (item) " of " (items) } progress value=(item.min(items)) max=(items) { (item) " of " (items) } }
        }
        @if points > 0 {
            label.bar { span { (figures::count(point)) " of " (figures::plural(points, "parameter set", "parameter sets")) } progress value=(point.min(points)) max=(points) { (point) " of " (points) } }
        }
    }
}

fn form(draft: &Draft, problem: Option<&str>, symbols: &[String]) -> Markup {
    let more = !(draft.note.is_empty() && draft.urls.is_empty() && draft.symbols.is_empty() && draft.pine.is_empty());
    html! {
        form.new method="post" action="/concepts" aria-label="Add a concept" {
            @if let Some(problem) = problem { p.warning role="alert" id="problem" { (problem) } }
            div.field {
                label for="text" { "Concept" }
                input #text name="text" type="text" required maxlength="300" value=(draft.text) autocomplete="off"
                    aria-describedby=(if problem.is_some() { "problem text-hint" } else { "text-hint" });
                span.minor #text-hint { "A few words, such as \"golden cross\". At most 300 characters." }
            }
            details open[more] {
                summary { "Note, sources, symbols, Pine script" }
                div.field {
                    label for="note" { "Note" }
                    textarea #note name="note" rows="3" maxlength="4000" { "\n" (draft.note) }
                }
                div.field {
                    label for="urls" { "Addresses to read, one a line" }
                    textarea #urls name="urls" rows="3" placeholder="https://" { "\n" (draft.urls) }
                }
                div.field {
                    label for="symbols" { "Symbols" }
                    input #symbols name="symbols" type="text" value=(draft.symbols) autocomplete="off" aria-describedby="symbols-hint";
                    span.minor #symbols-hint { "Separated by blanks or commas; none means all"
                        @if !symbols.is_empty() { ": " (symbols.join(", ")) } "." }
                }
                details open[!draft.pine.is_empty()] {
                    summary { "Pine script" }
                    div.field {
                        label for="pine" { "A strategy to test as it stands" }
                        textarea.code #pine name="pine" rows="12" spellcheck="false" { "\n" (draft.pine) }
                    }
                }
            }
            button type="submit" { "Add" }
        }
    }
}
