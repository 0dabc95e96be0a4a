//! Search: keywords (BM25) and likeness (cosine) ranked apart, then joined by reciprocal rank fusion.
//!
//! Cormack, Clarke and Büttcher (2009): score = sum over rankings of 1 / (60 + rank). It needs no scale that both share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use assay_storage::{DatabaseError, Tx};
use assay_units::ConceptId;

use super::features::{DIMENSIONS, Features, features, is_content_word, stem, words};
use super::{Corpus, DocumentId, query, records};
use crate::passages;

/// Passages whose likeness is compared: the newest ones. 256 bytes of memory each.
pub const PASSAGES_COMPARED_MAX: usize = 100_000;
/// Passages that each ranking hands to the fusion.
const CANDIDATES_MAX: usize = 100;
/// Passages less like the query than this are no candidates.
const COSINE_MIN: f64 = 0.12;
/// The constant of the fusion, from the paper.
const FUSION_K: f64 = 60.0;
/// Answers to one search, whatever was asked for.
const HITS_MAX: usize = 200;

/// A passage that answers a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The document that holds it.
    pub document: DocumentId,
    /// The document's title.
    pub title: String,
    /// The first place the document was found at: URL, path or catalogue name.
    pub origin: String,
    /// The passage: the document's stored text at `start..end`.
    pub passage: String,
    /// Byte offset into the stored text.
    pub start: usize,
    /// Byte offset into the stored text.
    pub end: usize,
    /// Higher is better; comparable within one search only.
    pub score: f64,
    /// The passage's sentence that answers best, word for word.
    pub quote: String,
    /// Where the quote begins in the stored text; it is `quote.len()` bytes long.
    pub quote_start: usize,
}

/// The likeness of stored passages, read once and then kept up: rows are only ever added, in the order of their ids.
#[derive(Default)]
pub struct Vectors {
    ids: Vec<i64>,
    features: Vec<Features>,
}

impl Vectors {
    fn catch_up(&mut self, tx: &Tx<'_>) -> Result<(), DatabaseError> {
        let last = self.ids.last().copied().unwrap_or(0);
        let sql = "SELECT id, features FROM corpus_passage WHERE id > ?1 ORDER BY id DESC LIMIT ?2";
        let bounds = [last.into(), (PASSAGES_COMPARED_MAX as i64).into()];
        let fresh = tx.rows(sql, &bounds, |row| Ok((row.int(0)?, Features::from_bytes(&row.blob(1)?))))?;
        for (id, features) in fresh.into_iter().rev() {
            self.ids.push(id);
            self.features.push(features.unwrap_or(Features([0; DIMENSIONS])));
        }
        let surplus = self.ids.len().saturating_sub(PASSAGES_COMPARED_MAX);
        self.ids.drain(..surplus);
        self.features.drain(..surplus);
        Ok(())
    }

    fn nearest(&self, wanted: &Features, within: Option<&BTreeSet<i64>>) -> Vec<i64> {
        let among = |id: &i64| within.is_none_or(|set| set.contains(id));
        let pairs = self.ids.iter().zip(&self.features).filter(|(id, _)| among(id));
        let mut near: Vec<(f64, i64)> =
            pairs.map(|(id, f)| (wanted.cosine(f), *id)).filter(|(c, _)| *c >= COSINE_MIN).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(CANDIDATES_MAX);
        near.into_iter().map(|(_, id)| id).collect()
    }
}

impl Corpus {
    /// The passages that answer `query` best. Any text may be asked for.
    pub fn search(&self, query: &str, limit: usize) -> Result<Vec<Hit>, DatabaseError> {
        self.find(query, None, limit)
    }

    /// As [`Corpus::search`], among one concept's documents.
    pub fn search_within(&self, concept: &ConceptId, query: &str, limit: usize) -> Result<Vec<Hit>, DatabaseError> {
        self.find(query, Some(concept), limit)
    }

    fn find(&self, text: &str, concept: Option<&ConceptId>, limit: usize) -> Result<Vec<Hit>, DatabaseError> {
        let Some(keywords) = query::keywords(text) else { return Ok(Vec::new()) };
        let wanted = features(text);
        self.db.read(|tx| {
            let within = concept.map(|concept| passage_ids(tx, concept)).transpose()?;
            let by_words = by_words(tx, &keywords, within.as_ref())?;
            let by_likeness = {
                let mut vectors = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
                vectors.catch_up(tx)?;
                vectors.nearest(&wanted, within.as_ref())
            };
            let mut hits = Vec::new();
            for (id, score) in fuse(&[by_words, by_likeness]).into_iter().take(limit.min(HITS_MAX)) {
                // A passage may have come after this snapshot was taken; then it is left out.
                if let Some(found) = tx.row(records::PASSAGE_BY_ID, &[id.into()], records::passage)? {
                    hits.push(hit(found, score, text, &wanted));
                }
            }
            Ok(hits)
        })
    }
}

fn passage_ids(tx: &Tx<'_>, concept: &ConceptId) -> Result<BTreeSet<i64>, DatabaseError> {
    let sql = "SELECT p.id FROM corpus_passage p JOIN corpus_concept_document l ON l.document_id = p.document_id
               WHERE l.concept_id = ?1 ORDER BY p.id DESC LIMIT ?2";
    let bounds = [concept.as_str().into(), (PASSAGES_COMPARED_MAX as i64).into()];
    Ok(tx.rows(sql, &bounds, |row| row.int(0))?.into_iter().collect())
}

fn by_words(tx: &Tx<'_>, keywords: &str, within: Option<&BTreeSet<i64>>) -> Result<Vec<i64>, DatabaseError> {
    // A word in a title weighs twice one in the passage. Among one concept's passages more rows are looked through.
    let rows_max = if within.is_some() { PASSAGES_COMPARED_MAX } else { CANDIDATES_MAX };
    let sql = "SELECT rowid FROM corpus_passage_words WHERE corpus_passage_words MATCH ?1
               ORDER BY bm25(corpus_passage_words, 2.0, 1.0), rowid LIMIT ?2";
    let mut ids = tx.rows(sql, &[keywords.into(), (rows_max as i64).into()], |row| row.int(0))?;
    ids.retain(|id| within.is_none_or(|set| set.contains(id)));
    ids.truncate(CANDIDATES_MAX);
    Ok(ids)
}

fn fuse(rankings: &[Vec<i64>]) -> Vec<(i64, f64)> {
    let mut scores = BTreeMap::<i64, f64>::new();
    for ranking in rankings {
        for (rank, id) in ranking.iter().enumerate() {
            *scores.entry(*id).or_default() += 1.0 / (FUSION_K + rank as f64 + 1.0);
        }
    }
    let mut fused: Vec<(i64, f64)> = scores.into_iter().collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fused
}

fn hit(found: records::PassageRecord, score: f64, query: &str, wanted: &Features) -> Hit {
    let asked: BTreeSet<String> =
        words(query).iter().filter(|word| is_content_word(word)).map(|word| stem(word).to_owned()).collect();
    let value = |sentence: &str| {
        let shared: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
        let said: BTreeSet<String> = words(sentence).iter().map(|word| stem(word).to_owned()).collect();
        shared.iter().filter(|word| said.contains(**word)).count() as f64 + wanted.cosine(&features(sentence))
    };
    let best = passages::sentences(&found.text)
        .into_iter()
        .map(|range| (value(&found.text[range.clone()]), range))
        // The first of equals: a later one must be better.
        .fold(None::<(f64, std::ops::Range<usize>)>, |best, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
    let range = best.map_or(0..found.text.len(), |(_, range)| range);
    Hit {
        quote: found.text[range.clone()].to_owned(),
        quote_start: found.start + range.start,
        document: found.document,
        title: found.title,
        origin: found.origin,
        passage: found.text,
        start: found.start,
        end: found.end,
        score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_rankings_name_comes_first() {
        let order: Vec<i64> = fuse(&[vec![1, 2, 3], vec![4, 2]]).into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, [2, 1, 4, 3]);
    }
}
