//! Deliveries: accepted durably and answered at once; worked on afterwards. A duplicate finds its row and does nothing.

use assay_storage::{Database, DatabaseError};
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
        let current =
            tx.row("SELECT generation FROM research_concepts WHERE id = ?1", &[concept.as_str().into()], |row| {
                row.int(0)
            })?;
        if current != Some(body.generation) {
            return Ok(Accepted::Stale);
        }
        let added = tx.execute(
            "INSERT OR IGNORE INTO research_inbox (concept, generation, stage, round, message_id, accepted_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                concept.as_str().into(),
                body.generation.into(),
                body.stage.as_str().into(),
                body.round.into(),
                message_id.into(),
                now.into(),
            ],
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

/// Unfinished work of one stage, oldest first.
pub(crate) fn open_jobs(database: &Database, stage: Stage, limit: i64) -> Result<Vec<Job>, DatabaseError> {
    database.read(|tx| {
        tx.rows(
            "SELECT concept, generation, round, message_id FROM research_inbox
             WHERE finished_at IS NULL AND stage = ?1 ORDER BY accepted_at, concept LIMIT ?2",
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
