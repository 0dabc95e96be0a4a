//! The catalogue: strategies that come with the program.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use assay_corpus::Archetype;
use assay_research::propose::{self, Origin, Proposal, catalogue};
use assay_research::views::InputView;
use maud::{Markup, html};

use super::layout::{self, Live};
use crate::figures::count;
use crate::sections::strategies::inputs;

/// An entry's inputs and the size of its grid.
type Grid = (Vec<InputView>, u64);

/// Compiled once: the catalogue never changes while the program runs.
fn grid(id: &str) -> Option<&'static Grid> {
    static ALL: LazyLock<BTreeMap<&'static str, Grid>> =
        LazyLock::new(|| catalogue::all().iter().map(|entry| (entry.id.as_str(), grid_of(entry))).collect());
    ALL.get(id)
}

fn grid_of(entry: &Archetype) -> Grid {
    let proposal = Proposal {
        title: entry.name.clone(),
        origin: Origin::Catalogue,
        from: String::new(),
        family: None,
        claim: None,
        literature: None,
        because: String::new(),
        quote: None,
        pine: entry.pine.clone(),
        stated: Vec::new(),
        warnings: Vec::new(),
        refused: None,
    };
    let strategy = propose::strategy(&proposal).expect("a test compiles every file of the catalogue");
    (InputView::of(&strategy), strategy.grid_size().unwrap_or(0))
}

/// All entries, by family.
pub(crate) fn list() -> Markup {
    let mut families: BTreeMap<&str, Vec<&Archetype>> = BTreeMap::new();
    for entry in catalogue::all() {
        families.entry(&entry.family).or_default().push(entry);
    }
    layout::page(
        "Strategies",
        "/strategies",
        &Live::Still,
        &html! {
            h1 { "Strategies" }
            p { (catalogue::all().len()) " strategies that come with the program, as exact rules in Pine Script. A concept that brings no script of its own is matched to these." }
            @for (family, entries) in &families {
                section {
                    h2.family { (family) }
                    div.scroll tabindex="0" role="region" aria-label=(family) {
                        table.catalogue {
                            thead { tr { th scope="col" { "Name" } th scope="col" { "Claim" } th scope="col" { "Literature" } th.num scope="col" { "Grid" } } }
                            tbody {
                                @for entry in entries {
                                    tr {
                                        th scope="row" { a href={"/strategies/" (entry.id)} { (entry.name) } }
                                        td { (entry.claim) } td.literature { (entry.source) }
                                        td.num { (count(grid(&entry.id).map_or(0, |g| g.1))) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// One entry with its script.
pub(crate) fn one(entry: &Archetype) -> Markup {
    layout::page(
        &entry.name,
        "/strategies",
        &Live::Still,
        &html! {
            h1 { (entry.name) }
            dl.facts {
                dt { "Family" } dd { (entry.family) }
                dt { "Claim" } dd { (entry.claim) }
                dt { "Literature" } dd { (entry.source) }
                @if !entry.aliases.is_empty() { dt { "Also called" } dd { (entry.aliases.join(", ")) } }
            }
            @if let Some((views, points)) = grid(&entry.id) { (inputs(views, *points)) }
            h2 { "Pine Script" }
            pre.code tabindex="0" { code { (entry.pine) } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_listed_with_its_grid_and_has_a_page() {
        let page = list().into_string();
        for entry in catalogue::all() {
            assert!(page.contains(&format!("/strategies/{}\"", entry.id)), "{}", entry.id);
            assert!(grid(&entry.id).is_some_and(|g| g.1 > 1), "{}", entry.id);
        }
        assert!(one(catalogue::find("sma_cross").unwrap()).into_string().contains("strategy.entry"));
    }
}
