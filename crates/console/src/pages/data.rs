//! The data sets that concepts are tested on.

use assay_research::prices::DataSet;
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::figures::{count, day};
use crate::sections::{Face, marks};

/// Flags that are written out.
const FLAGS_MAX: usize = 20;

/// The page.
pub(crate) fn render(sets: &[DataSet]) -> Markup {
    layout::page(
        "Data",
        "/data",
        &Live::Still,
        &html! {
            h1 { "Data" }
            p { "Each strategy is tested on each of these, unless a concept names symbols. Add your own with " code { "assay data import FILE --symbol NAME" } "." }
            @if sets.is_empty() { p.empty { "There is no data set." } }
            @else {
                div.scroll tabindex="0" role="region" aria-label="Data sets" {
                    table {
                        thead { tr { th scope="col" { "Symbol" } th scope="col" { "Name" } th scope="col" { "First" } th scope="col" { "Last" } th.num scope="col" { "Bars" } th scope="col" { "Interval" } th scope="col" { "Origin" } th scope="col" { "Flags" } } }
                        tbody {
                            @for set in sets {
                                tr {
                                    th scope="row" { (set.symbol) } td { (set.name) }
                                    td.nowrap { (day(set.first_at.millis())) } td.nowrap { (day(set.last_at.millis())) }
                                    td.num { (count(set.rows)) } td { (set.interval) }
                                    td { (marks::origin(&set.origin, Face::Page { messages: false })) }
                                    td { (flags(&set.flags)) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn flags(flags: &[String]) -> Markup {
    html! {
        @if flags.is_empty() { span.minor { "none" } }
        @else {
            details {
                summary { (flags.len()) " to look at" }
                ul { @for flag in flags.iter().take(FLAGS_MAX) { li { (flag) } }
                    @if flags.len() > FLAGS_MAX { li.minor { "and " (flags.len() - FLAGS_MAX) " more" } } }
            }
        }
    }
}
