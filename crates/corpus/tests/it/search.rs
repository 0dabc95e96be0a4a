//! Storing and finding: one document for the same words, quotes that are the stored text, any query at all.

use assay_corpus::extract::{Format, extract};
use assay_corpus::{Document, DocumentId, SourceDocument, SourceKind};
use assay_storage::DatabaseError;
use assay_units::ConceptId;
use proptest::prelude::*;

use crate::{Store, at, concept, store};

fn add(store: &Store, document: &Document, concept: Option<&ConceptId>) -> DocumentId {
    let now = at("2026-03-01");
    store.db.write::<_, DatabaseError>(|tx| store.corpus.add(tx, document, concept, now)).unwrap()
}

fn text(origin: &str, title: &str, text: &str) -> Document {
    Document::from(SourceDocument { origin: origin.into(), title: title.into(), text: text.into(), code: None })
}

const REVERSAL: &str = "Markets overreact. A contrarian buys when the relative strength index shows an oversold market. \
                        He sells a few days later.";
const BREAKOUT: &str =
    "Turtles bought new highs of the Donchian channel. They followed the trend and cut their losses early.";
const CALENDAR: &str =
    "Stocks rise around the turn of the month. Pension money arrives then, and it is invested at once.";

fn library() -> Store {
    let store = store();
    add(&store, &text("reversal", "Overreaction", REVERSAL), Some(&concept(1)));
    add(&store, &text("breakout", "The turtles", BREAKOUT), Some(&concept(1)));
    add(&store, &text("calendar", "Month ends", CALENDAR), Some(&concept(2)));
    store
}

#[test]
fn the_best_passage_comes_first_with_a_quote_that_is_the_stored_text() {
    let store = library();
    for (query, origin, quote) in [
        ("oversold market", "reversal", "A contrarian buys when the relative strength index shows an oversold market."),
        ("turn of the month", "calendar", "Stocks rise around the turn of the month."),
        ("cutting losses", "breakout", "They followed the trend and cut their losses early."),
        // No word of this query stands in the text; its notions do.
        (
            "RSI mean-reversion",
            "reversal",
            "A contrarian buys when the relative strength index shows an oversold market.",
        ),
    ] {
        let hits = store.corpus.search(query, 10).unwrap();
        assert_eq!((hits[0].origin.as_str(), hits[0].quote.as_str()), (origin, quote), "{query}");
        for hit in hits {
            let (_, stored) = store.corpus.document(hit.document).unwrap().unwrap();
            assert_eq!(&stored[hit.start..hit.end], hit.passage);
            assert_eq!(&stored[hit.quote_start..hit.quote_start + hit.quote.len()], hit.quote);
        }
    }
}

#[test]
fn a_search_within_a_concept_sees_its_documents_only() {
    let store = library();
    let hits = store.corpus.search_within(&concept(1), "turn of the month", 10).unwrap();
    assert!(hits.iter().all(|hit| hit.origin != "calendar"), "{hits:#?}");
    assert_eq!(store.corpus.search_within(&concept(2), "turn of the month", 10).unwrap()[0].origin, "calendar");
    assert!(store.corpus.search_within(&concept(9), "turn of the month", 10).unwrap().is_empty());
    assert_eq!(store.corpus.search("market stocks trend", 1).unwrap().len(), 1);
}

#[test]
fn the_same_words_from_two_places_are_one_document_with_two_origins() {
    let store = library();
    let before = store.corpus.counts().unwrap();
    let first = add(&store, &text("reversal", "Overreaction", REVERSAL), Some(&concept(2)));
    let again = add(&store, &text("elsewhere", "Overreaction", REVERSAL), None);
    assert_eq!(first, again);
    assert_eq!(store.corpus.counts().unwrap(), before);
    assert_eq!(store.corpus.origins_of(first).unwrap(), ["elsewhere", "reversal"]);
    assert_eq!(store.corpus.documents_of(&concept(2)).unwrap().len(), 2);
    // Documents that come after a search are found by the next one.
    add(&store, &text("late", "Squeeze", "A volatility squeeze precedes a breakout of the bands."), None);
    assert_eq!(store.corpus.search("volatility squeeze", 1).unwrap()[0].origin, "late");
}

#[test]
fn code_and_passages_come_back_to_the_byte() {
    let store = store();
    let code = "//@version=6\nstrategy(\"é < ü\")\n\nif close > open\n    strategy.entry(\"L\", strategy.long)";
    let source = format!("# Étude\n\n{}\n\n```pine\n{code}\n```\n\nFin.", "Une phrase assez courte. ".repeat(120));
    let document = extract(Format::Markdown, SourceKind::File, "etude.md", &source).unwrap();
    let id = add(&store, &document, Some(&concept(1)));
    let [record] = &store.corpus.code_of(&concept(1)).unwrap()[..] else { panic!("one block") };
    assert_eq!((record.text.as_str(), record.language.as_deref()), (code, Some("pine")));
    let (_, stored) = store.corpus.document(id).unwrap().unwrap();
    assert!(stored[record.offset.unwrap()..].starts_with(code));
    let passages = store.corpus.passages_of(&concept(1)).unwrap();
    assert!(passages.len() > 1);
    for passage in passages {
        assert_eq!(&stored[passage.start..passage.end], passage.text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_query_is_answered(query in "(\\PC|AND|OR|NEAR|\"|\\*|rsi| |\n){0,40}") {
        static STORE: std::sync::LazyLock<Store> = std::sync::LazyLock::new(library);
        prop_assert!(STORE.corpus.search(&query, 5).unwrap().len() <= 5);
    }
}
