//! Stored documents, passages and code, read back by concept.

use assay_storage::{DatabaseError, Row};
use assay_units::{ConceptId, Timestamp};

use super::{Corpus, DocumentId};

/// A stored document, without its text.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentRecord {
    /// Its name here.
    pub id: DocumentId,
    /// The hash of what it says.
    pub hash: String,
    /// page, file or catalogue.
    pub kind: String,
    /// The first place it was found at.
    pub origin: String,
    /// Its title.
    pub title: String,
    /// How its text was found in its bytes.
    pub extractor: String,
    /// Words of text.
    pub words: i64,
    /// Blocks of code.
    pub code_blocks: i64,
    /// Passages.
    pub passages: i64,
    /// When it was stored.
    pub added_at: Timestamp,
}

/// A stored passage with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PassageRecord {
    /// The document that holds it.
    pub document: DocumentId,
    /// The document's title.
    pub title: String,
    /// The first place the document was found at.
    pub origin: String,
    /// The passage: the document's stored text at `start..end`.
    pub text: String,
    /// Byte offset into the stored text.
    pub start: usize,
    /// Byte offset into the stored text.
    pub end: usize,
}

/// A stored block of code.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeRecord {
    /// Its name within this database.
    pub id: i64,
    /// The document that holds it.
    pub document: DocumentId,
    /// page, file or catalogue: who wrote it, roughly.
    pub kind: String,
    /// The document's title.
    pub title: String,
    /// The first place the document was found at.
    pub origin: String,
    /// The language that the source names.
    pub language: Option<String>,
    /// The code, byte for byte.
    pub text: String,
    /// Where it stands in the document's text, if it does.
    pub offset: Option<usize>,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Documents.
    pub documents: i64,
    /// Passages.
    pub passages: i64,
    /// Blocks of code.
    pub code_blocks: i64,
}

/// The first origin of document `d`, by time and then by name.
const ORIGIN: &str =
    "(SELECT o.origin FROM corpus_origin o WHERE o.document_id = d.id ORDER BY o.added_at, o.origin LIMIT 1)";

const DOCUMENT: &str = "d.id, d.hash, d.kind, d.title, d.extractor, d.words, d.added_at,
    (SELECT count(*) FROM corpus_code c WHERE c.document_id = d.id),
    (SELECT count(*) FROM corpus_passage p WHERE p.document_id = d.id)";

impl Corpus {
    /// The documents linked to a concept, oldest first.
    pub fn documents_of(&self, concept: &ConceptId) -> Result<Vec<DocumentRecord>, DatabaseError> {
        let sql = format!(
            "SELECT {DOCUMENT}, {ORIGIN} FROM corpus_document d
             JOIN corpus_concept_document l ON l.document_id = d.id
             WHERE l.concept_id = ?1 ORDER BY l.added_at, d.id"
        );
        self.db.read(|tx| tx.rows(&sql, &[concept.as_str().into()], document))
    }

    /// The newest documents, whatever they belong to.
    pub fn documents(&self, limit: usize) -> Result<Vec<DocumentRecord>, DatabaseError> {
        let sql = format!("SELECT {DOCUMENT}, {ORIGIN} FROM corpus_document d ORDER BY d.id DESC LIMIT ?1");
        self.db.read(|tx| tx.rows(&sql, &[(limit as i64).into()], document))
    }

    /// One document with its whole text.
    pub fn document(&self, id: DocumentId) -> Result<Option<(DocumentRecord, String)>, DatabaseError> {
        let sql = format!("SELECT {DOCUMENT}, {ORIGIN}, d.text FROM corpus_document d WHERE d.id = ?1");
        self.db.read(|tx| tx.row(&sql, &[id.0.into()], |row| Ok((document(row)?, row.text(10)?))))
    }

    /// Every place a document was found at.
    pub fn origins_of(&self, id: DocumentId) -> Result<Vec<String>, DatabaseError> {
        let sql = "SELECT origin FROM corpus_origin WHERE document_id = ?1 ORDER BY added_at, origin";
        self.db.read(|tx| tx.rows(sql, &[id.0.into()], |row| row.text(0)))
    }

    /// The passages of a concept's documents, in reading order.
    pub fn passages_of(&self, concept: &ConceptId) -> Result<Vec<PassageRecord>, DatabaseError> {
        let sql = format!(
            "SELECT d.id, d.title, {ORIGIN}, p.start_byte, p.end_byte,
                 substr(CAST(d.text AS BLOB), p.start_byte + 1, p.end_byte - p.start_byte)
             FROM corpus_passage p
             JOIN corpus_document d ON d.id = p.document_id
             JOIN corpus_concept_document l ON l.document_id = d.id
             WHERE l.concept_id = ?1 ORDER BY l.added_at, d.id, p.position"
        );
        self.db.read(|tx| tx.rows(&sql, &[concept.as_str().into()], passage))
    }

    /// The code of a concept's documents, in reading order.
    pub fn code_of(&self, concept: &ConceptId) -> Result<Vec<CodeRecord>, DatabaseError> {
        let sql = format!(
            "SELECT c.id, d.id, d.kind, d.title, {ORIGIN}, c.language, c.text, c.start_byte
             FROM corpus_code c
             JOIN corpus_document d ON d.id = c.document_id
             JOIN corpus_concept_document l ON l.document_id = d.id
             WHERE l.concept_id = ?1 ORDER BY l.added_at, d.id, c.position"
        );
        self.db.read(|tx| {
            tx.rows(&sql, &[concept.as_str().into()], |row| {
                Ok(CodeRecord {
                    id: row.int(0)?,
                    document: DocumentId(row.int(1)?),
                    kind: row.text(2)?,
                    title: row.text(3)?,
                    origin: row.opt_text(4)?.unwrap_or_default(),
                    language: row.opt_text(5)?,
                    text: row.text(6)?,
                    offset: row.opt_int(7)?.map(offset),
                })
            })
        })
    }

    /// How much is stored.
    pub fn counts(&self) -> Result<Counts, DatabaseError> {
        let sql = "SELECT (SELECT count(*) FROM corpus_document), (SELECT count(*) FROM corpus_passage), (SELECT count(*) FROM corpus_code)";
        let counts = self.db.read(|tx| {
            tx.row(sql, &[], |row| {
                Ok(Counts { documents: row.int(0)?, passages: row.int(1)?, code_blocks: row.int(2)? })
            })
        })?;
        Ok(counts.unwrap_or(Counts { documents: 0, passages: 0, code_blocks: 0 }))
    }
}

fn document(row: &Row<'_>) -> Result<DocumentRecord, DatabaseError> {
    Ok(DocumentRecord {
        id: DocumentId(row.int(0)?),
        hash: row.text(1)?,
        kind: row.text(2)?,
        title: row.text(3)?,
        extractor: row.text(4)?,
        words: row.int(5)?,
        added_at: row.time(6)?,
        code_blocks: row.int(7)?,
        passages: row.int(8)?,
        origin: row.opt_text(9)?.unwrap_or_default(),
    })
}

/// Columns: document id, title, origin, start, end, bytes of the passage.
pub(super) fn passage(row: &Row<'_>) -> Result<PassageRecord, DatabaseError> {
    Ok(PassageRecord {
        document: DocumentId(row.int(0)?),
        title: row.text(1)?,
        origin: row.opt_text(2)?.unwrap_or_default(),
        start: offset(row.int(3)?),
        end: offset(row.int(4)?),
        text: String::from_utf8_lossy(&row.blob(5)?).into_owned(),
    })
}

/// Offsets are written from `usize`, so they are never negative.
fn offset(stored: i64) -> usize {
    usize::try_from(stored).unwrap_or(0)
}

pub(super) const PASSAGE_BY_ID: &str = "SELECT d.id, d.title,
        (SELECT o.origin FROM corpus_origin o WHERE o.document_id = d.id ORDER BY o.added_at, o.origin LIMIT 1),
        p.start_byte, p.end_byte, substr(CAST(d.text AS BLOB), p.start_byte + 1, p.end_byte - p.start_byte)
    FROM corpus_passage p JOIN corpus_document d ON d.id = p.document_id WHERE p.id = ?1";
