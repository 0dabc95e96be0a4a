//! Deliveries: accepted durably and answered at once; worked on afterwards. A duplicate finds its row and does nothing.

use assay_storage::{Database, DatabaseError, Tx, Value};
use assay_units::{ConceptId, Timestamp};

use crate::outbox::Body;
use crate::{Stage, timeline};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It will be worked on.
    New,
    /// It was accepted before.
    Duplicate,
    /// It belongs to a generation that is over, or to a concept that we do not know.
    Stale,
}

/// Work that was accepted and has not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub concept: ConceptId,
    pub generation: i64,
    pub stage: Stage,
    pub round: i64,
    pub message_id: String,
}

/// Accepts a verified delivery.
pub(crate) fn accept(
    database: &Database,
    body: &Body,
    message_id: &str,
    retried: u32,
    now: Timestamp,
) -> Result<Accepted, DatabaseError> {
    let Ok(concept) = ConceptId::parse(&body.concept) else { return Ok(Accepted::Stale) };
    database.write(|tx| {
        let sql = "SELECT state FROM research_concepts WHERE id = ?1 AND generation = ?2";
        let state = tx.row(sql, &[concept.as_str().into(), body.generation.into()], |row| row.text(0))?;
        let Some(state) = state else { return Ok(Accepted::Stale) };
        let row: [Value; 6] = [
            concept.as_str().into(),
            body.generation.into(),
            body.stage.as_str().into(),
            body.round.into(),
            message_id.into(),
            now.into(),
        ];
        // A concept that was given up has told its end: what arrives only now must not give it a verdict beside that.
        let added = match state.as_str() {
            "failed" if !is_accepted(tx, &row[..4])? => return Ok(Accepted::Stale),
            _ => tx.execute(
                "INSERT OR IGNORE INTO research_inbox (concept, generation, stage, round, message_id, accepted_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                &row,
            )?,
        };
        // What is delivered was published, also when the answer to the publish was lost: it need not be paid for again.
        tx.execute(
            "UPDATE research_outbox SET sent_at = ?6, message_id = ?5
             WHERE concept = ?1 AND generation = ?2 AND stage = ?3 AND round = ?4 AND sent_at IS NULL",
            &row,
        )?;
        let (accepted, outcome) = match added {
            0 => (Accepted::Duplicate, "again: nothing done"),
            _ => (Accepted::New, "accepted"),
        };
        let what = format!("{} message delivered", body.stage.as_str());
        timeline::add(tx, &concept, now, &what, &format!("attempt {}, {outcome}", retried + 1), Some(message_id))?;
        Ok(accepted)
    })
}

fn is_accepted(tx: &Tx<'_>, key: &[Value]) -> Result<bool, DatabaseError> {
    let sql = "SELECT 1 FROM research_inbox WHERE concept = ?1 AND generation = ?2 AND stage = ?3 AND round = ?4";
    Ok(tx.row(sql, key, |row| row.int(0))?.is_some())
}

/// Whether a job is still unfinished: a list of open jobs may be older than a job's end.
pub(crate) fn is_open(database: &Database, job: &Job) -> Result<bool, DatabaseError> {
    let found = database.read(|tx| {
        tx.row(
            "SELECT 1 FROM research_inbox
             WHERE concept = ?1 AND generation = ?2 AND stage = ?3 AND round = ?4 AND finished_at IS NULL",
            &[job.concept.as_str().into(), job.generation.into(), job.stage.as_str().into(), job.round.into()],
            |row| row.int(0),
        )
    })?;
    Ok(found.is_some())
}

/// Unfinished work of one stage, the oldest concept first: who was asked first is judged by fewer looks.
pub(crate) fn open_jobs(database: &Database, stage: Stage, limit: i64) -> Result<Vec<Job>, DatabaseError> {
    database.read(|tx| {
        tx.rows(
            "SELECT i.concept, i.generation, i.round, i.message_id FROM research_inbox i
             JOIN research_concepts c ON c.id = i.concept
             WHERE i.finished_at IS NULL AND i.stage = ?1 ORDER BY c.created_at, c.rowid LIMIT ?2",
            &[stage.as_str().into(), limit.into()],
            |row| {
                Ok(Job {
                    concept: ConceptId::parse(&row.text(0)?).expect("only ids are stored as ids"),
                    generation: row.int(1)?,
                    stage,
                    round: row.int(2)?,
                    message_id: row.text(3)?,
                })
            },
        )
    })
}
