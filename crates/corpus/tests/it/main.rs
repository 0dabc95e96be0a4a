//! The corpus on a real database: hostile pages, polite fetching over a scripted network and over loopback, folders, search.

mod extraction;
mod fetching;
mod loopback;
mod search;
mod sources;

use assay_corpus::{Corpus, SCHEMA};
use assay_storage::Database;
use assay_units::{ConceptId, Timestamp};
use tempfile::TempDir;

/// A database that lives as long as its directory.
struct Store {
    _dir: TempDir,
    db: Database,
    corpus: Corpus,
}

fn store() -> Store {
    let dir = tempfile::tempdir().unwrap();
    let db = Database::open(dir.path(), &[SCHEMA, assay_budget::SCHEMA]).unwrap();
    Store { corpus: Corpus::new(db.clone()), db, _dir: dir }
}

fn concept(n: u8) -> ConceptId {
    ConceptId::from_random([n; 6])
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
