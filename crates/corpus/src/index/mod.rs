//! What is stored of the documents, and how passages are found again.
//!
//! Tables `corpus_*`. A document is kept once, under the hash of what it says, however many concepts and origins lead to it.
//! Passages are ranges of the stored text; their words stand in an FTS5 index, what they are like in a blob.

mod features;
mod query;
mod records;
mod search;

use std::ops::Range;
use std::sync::{Arc, Mutex};

use assay_storage::{Database, DatabaseError, Migration, Schema, Tx, Value};
use assay_units::{ConceptId, ContentHash, Timestamp};

pub use features::{Features, features};
pub use records::{CodeRecord, Counts, DocumentRecord, PassageRecord};
pub use search::Hit;

use crate::document::Document;
use crate::passages;

/// Passages kept of one document; what follows can be read but not searched.
pub const PASSAGES_PER_DOCUMENT_MAX: usize = 5_000;

/// Our tables.
pub const SCHEMA: Schema = Schema {
    part: "corpus",
    migrations: &[Migration { version: 1, sql: DOCUMENTS }, Migration { version: 2, sql: crate::fetch::ROBOTS_TABLE }],
};

const DOCUMENTS: &str = "
            CREATE TABLE corpus_document (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                hash TEXT NOT NULL UNIQUE,
                kind TEXT NOT NULL,
                title TEXT NOT NULL,
                text TEXT NOT NULL,
                extractor TEXT NOT NULL,
                words INTEGER NOT NULL,
                link_density REAL NOT NULL,
                added_at INTEGER NOT NULL
            );
            CREATE TABLE corpus_origin (
                document_id INTEGER NOT NULL REFERENCES corpus_document(id) ON DELETE CASCADE,
                origin TEXT NOT NULL,
                added_at INTEGER NOT NULL,
                PRIMARY KEY (document_id, origin)
            ) WITHOUT ROWID;
            CREATE TABLE corpus_code (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                document_id INTEGER NOT NULL REFERENCES corpus_document(id) ON DELETE CASCADE,
                position INTEGER NOT NULL,
                language TEXT,
                text TEXT NOT NULL,
                start_byte INTEGER,
                UNIQUE (document_id, position)
            );
            CREATE TABLE corpus_passage (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                document_id INTEGER NOT NULL REFERENCES corpus_document(id) ON DELETE CASCADE,
                position INTEGER NOT NULL,
                start_byte INTEGER NOT NULL,
                end_byte INTEGER NOT NULL,
                features BLOB NOT NULL,
                UNIQUE (document_id, position)
            );
            CREATE TABLE corpus_concept_document (
                concept_id TEXT NOT NULL,
                document_id INTEGER NOT NULL REFERENCES corpus_document(id) ON DELETE CASCADE,
                added_at INTEGER NOT NULL,
                PRIMARY KEY (concept_id, document_id)
            ) WITHOUT ROWID;
            CREATE VIRTUAL TABLE corpus_passage_words USING fts5(
                title, passage, content='', contentless_delete=1, tokenize='porter unicode61'
            );
        ";

/// The name of a stored document within this database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub i64);

/// The stored documents. Cheap to clone.
#[derive(Clone)]
pub struct Corpus {
    db: Database,
    vectors: Arc<Mutex<search::Vectors>>,
}

/// A document with its passages cut and measured: the slow part of adding it, to be done outside a transaction.
pub struct Prepared<'a> {
    document: &'a Document,
    hash: ContentHash,
    passages: Vec<(Range<usize>, Features)>,
}

impl<'a> Prepared<'a> {
    /// Cuts and measures. Pure.
    pub fn of(document: &'a Document) -> Prepared<'a> {
        let ranges = passages::split(&document.text).into_iter().take(PASSAGES_PER_DOCUMENT_MAX);
        let measured = ranges.map(|range| {
            let likeness = features(&format!("{}\n{}", document.title, &document.text[range.clone()]));
            (range, likeness)
        });
        Prepared { document, hash: document.hash(), passages: measured.collect() }
    }
}

impl Corpus {
    /// The corpus of `db`, which must have been opened with [`SCHEMA`].
    pub fn new(db: Database) -> Corpus {
        Corpus { db, vectors: Arc::default() }
    }

    /// Stores a document and links it to a concept. Adding the same words again changes nothing but origins and links.
    pub fn add(
        &self,
        tx: &Tx<'_>,
        document: &Document,
        concept: Option<&ConceptId>,
        now: Timestamp,
    ) -> Result<DocumentId, DatabaseError> {
        self.add_prepared(tx, &Prepared::of(document), concept, now)
    }

    /// As [`Corpus::add`], with the slow part done before.
    pub fn add_prepared(
        &self,
        tx: &Tx<'_>,
        prepared: &Prepared<'_>,
        concept: Option<&ConceptId>,
        now: Timestamp,
    ) -> Result<DocumentId, DatabaseError> {
        let hash = prepared.hash.to_string();
        let known = tx.row("SELECT id FROM corpus_document WHERE hash = ?1", &[hash.into()], |row| row.int(0))?;
        let id = match known {
            Some(id) => id,
            None => insert(tx, prepared, now)?,
        };
        tx.execute(
            "INSERT OR IGNORE INTO corpus_origin (document_id, origin, added_at) VALUES (?1, ?2, ?3)",
            &[id.into(), prepared.document.origin.as_str().into(), now.into()],
        )?;
        if let Some(concept) = concept {
            Corpus::link(tx, concept, DocumentId(id), now)?;
        }
        Ok(DocumentId(id))
    }

    /// Makes a stored document one of a concept's sources.
    pub fn link(tx: &Tx<'_>, concept: &ConceptId, document: DocumentId, now: Timestamp) -> Result<(), DatabaseError> {
        tx.execute(
            "INSERT OR IGNORE INTO corpus_concept_document (concept_id, document_id, added_at) VALUES (?1, ?2, ?3)",
            &[concept.as_str().into(), document.0.into(), now.into()],
        )?;
        Ok(())
    }
}

fn insert(tx: &Tx<'_>, prepared: &Prepared<'_>, now: Timestamp) -> Result<i64, DatabaseError> {
    let document = prepared.document;
    tx.execute(
        "INSERT INTO corpus_document (hash, kind, title, text, extractor, words, link_density, added_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            prepared.hash.to_string().into(),
            document.kind.as_str().into(),
            document.title.as_str().into(),
            document.text.as_str().into(),
            document.quality.extractor.as_str().into(),
            count(document.quality.words),
            document.quality.link_density.into(),
            now.into(),
        ],
    )?;
    let id = tx.last_id();
    for (position, block) in document.code.iter().enumerate() {
        tx.execute(
            "INSERT INTO corpus_code (document_id, position, language, text, start_byte) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[
                id.into(),
                count(position),
                block.language.as_deref().into(),
                block.text.as_str().into(),
                block.offset.map(|at| at as i64).into(),
            ],
        )?;
    }
    for (position, (range, likeness)) in prepared.passages.iter().enumerate() {
        tx.execute(
            "INSERT INTO corpus_passage (document_id, position, start_byte, end_byte, features) VALUES (?1, ?2, ?3, ?4, ?5)",
            &[id.into(), count(position), count(range.start), count(range.end), likeness.to_bytes().into()],
        )?;
        tx.execute(
            "INSERT INTO corpus_passage_words (rowid, title, passage) VALUES (?1, ?2, ?3)",
            &[tx.last_id().into(), document.title.as_str().into(), (&document.text[range.clone()]).into()],
        )?;
    }
    Ok(id)
}

fn count(n: usize) -> Value {
    Value::Int(n as i64)
}
