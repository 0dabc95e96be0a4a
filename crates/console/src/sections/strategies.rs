//! The strategies that a concept was turned into: why each, from where, and the exact rules.

use assay_research::propose::Origin;
use assay_research::views::{InputView, StrategyView};
use maud::{Markup, html};

use super::{Face, marks};
use crate::figures;

/// Values of an input that are written out; longer ranges by their ends.
const VALUES_MAX: usize = 8;

/// Where a strategy came from, in words.
pub(crate) fn origin_words(origin: Origin) -> &'static str {
    match origin {
        Origin::Given => "given with the concept",
        Origin::Source => "found as code in a source",
        Origin::Catalogue => "from the catalogue",
    }
}

/// An input's values: `10, 20, 30`, or `10 to 300, 30 values`.
pub(crate) fn range(values: &[f64]) -> String {
    match values {
        [] => "none".to_owned(),
        [first, .., last] if values.len() > VALUES_MAX => {
            format!("{} to {}, {} values", figures::number(*first), figures::number(*last), values.len())
        }
        _ => values.iter().map(|v| figures::number(*v)).collect::<Vec<_>>().join(", "),
    }
}

/// All of them.
pub(crate) fn list(strategies: &[StrategyView], face: Face) -> Markup {
    html! {
        section aria-labelledby="strategies" {
            h2 #strategies { "Strategies" }
            @if strategies.is_empty() { p.empty { "No strategy was found yet. It needs sources, a script or words that name a rule." } }
            @for strategy in strategies { (one(strategy, face)) }
        }
    }
}

fn one(strategy: &StrategyView, face: Face) -> Markup {
    let p = &strategy.proposal;
    html! {
        article.strategy {
            h3 { (strategy.ordinal + 1) ". " (p.title) @if p.refused.is_some() { " " span.badge.neutral { "Not tested" } } }
            dl.facts {
                dt { "Origin" } dd { (origin_words(p.origin)) ": " (marks::origin(&p.from, face)) }
                dt { "Chosen because" } dd { (p.because) }
                @if let Some(claim) = &p.claim { dt { "Claim" } dd { (claim) } }
                @if let Some(family) = &p.family { dt { "Family" } dd { (family) } }
                @if let Some(literature) = &p.literature { dt { "Literature" } dd { (literature) } }
                @if !p.stated.is_empty() {
                    dt { "Stated values" }
                    dd { @for (i, (input, value)) in p.stated.iter().enumerate() { @if i > 0 { ", " } (input) " " b { (figures::number(*value)) } } }
                }
            }
            @if let Some((quote, from)) = &p.quote {
                blockquote { p { (quote) } footer { (marks::origin(from, face)) } }
            }
            @if let Some(refused) = &p.refused {
                p.warning { "It was not tested: the script holds what this program does not read. Each line says where (line:column) and what." }
                pre.refusal tabindex="0" { (refused) }
            }
            @if !p.warnings.is_empty() {
                ul.warnings { @for warning in &p.warnings { li { (warning) } } }
            }
            @if !strategy.inputs.is_empty() { (inputs(&strategy.inputs, strategy.grid)) }
            details {
                summary { "Pine Script" }
                pre.code tabindex="0" { code { (p.pine) } }
            }
        }
    }
}

/// The inputs with what was tried of each.
pub(crate) fn inputs(inputs: &[InputView], grid: u64) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Inputs" {
            table {
                caption { "Inputs: " (figures::plural(grid, "parameter set", "parameter sets")) " in the grid" }
                thead { tr { th scope="col" { "Input" } th scope="col" { "Name" } th scope="col" { "Values" } th scope="col" { "Range" } } }
                tbody {
                    @for input in inputs {
                        tr {
                            th scope="row" { (input.title) } td { code { (input.name) } } td { (range(&input.values)) }
                            td { @if input.derived { "derived: the script gives none" } @else { "the script's own" } }
                        }
                    }
                }
            }
        }
    }
}
