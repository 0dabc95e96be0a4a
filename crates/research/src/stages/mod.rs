//! The two steps of a concept's life. Each takes a job and works on it until it is finished; whatever it has finished before
//! is found in the database and not done again.

mod draws;
pub(crate) mod research;
pub(crate) mod validate;

use assay_storage::{Database, DatabaseError, Tx};
use assay_units::{ConceptId, Timestamp};
use url::Url;

use crate::inbox::Job;
use crate::prices::PricesError;
use crate::timeline;

/// Why a stage could not be finished. It is sent again as a new message, a few times.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The database.
    #[error("the database failed")]
    Database(#[from] DatabaseError),
    /// A data set.
    #[error(transparent)]
    Prices(#[from] PricesError),
    /// A task panicked or was cancelled.
    #[error("the work broke off: {0}")]
    Broken(String),
    /// The program is stopping; the job stays open.
    #[error("stopped")]
    Stopped,
}

/// A concept as its stages need it.
pub(crate) struct Subject {
    pub text: String,
    pub note: Option<String>,
    pub urls: Vec<Url>,
    pub symbols: Vec<String>,
    pub pine: Option<String>,
}

impl Subject {
    pub fn load(database: &Database, id: &ConceptId) -> Result<Option<Subject>, DatabaseError> {
        database.read(|tx| {
            tx.row(
                "SELECT text, note, urls, symbols, pine FROM research_concepts WHERE id = ?1",
                &[id.as_str().into()],
                |row| {
                    let urls: Vec<String> = serde_json::from_str(&row.text(2)?).unwrap_or_default();
                    Ok(Subject {
                        text: row.text(0)?,
                        note: row.opt_text(1)?,
                        urls: urls.iter().filter_map(|url| Url::parse(url).ok()).collect(),
                        symbols: serde_json::from_str(&row.text(3)?).unwrap_or_default(),
                        pine: row.opt_text(4)?,
                    })
                },
            )
        })
    }
}

/// Marks a job as begun: the concept's state and a line of its history.
pub(crate) fn begin(database: &Database, job: &Job, state: &str, now: Timestamp) -> Result<(), DatabaseError> {
    database.write(|tx| {
        tx.execute(
            "UPDATE research_concepts SET state = ?2, started_at = coalesce(started_at, ?3), runs_at = NULL, why = ''
             WHERE id = ?1 AND generation = ?4 AND state NOT IN ('done', 'failed')",
            &[job.concept.as_str().into(), state.into(), now.into(), job.generation.into()],
        )?;
        timeline::add(tx, &job.concept, now, state, &round(job), Some(&job.message_id))
    })
}

fn round(job: &Job) -> String {
    match job.round {
        0 => String::new(),
        n => format!("repetition {n}"),
    }
}

/// Marks a job as finished, inside the transaction that commits what follows from it.
pub(crate) fn finish(tx: &Tx<'_>, job: &Job, now: Timestamp) -> Result<(), DatabaseError> {
    tx.execute(
        "UPDATE research_inbox SET finished_at = ?5 WHERE concept = ?1 AND generation = ?2 AND stage = ?3 AND round = ?4",
        &[
            job.concept.as_str().into(),
            job.generation.into(),
            job.stage.as_str().into(),
            job.round.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Ends a concept with an error that a person can act on. A concept that has a verdict keeps it.
pub(crate) fn fail(
    tx: &Tx<'_>,
    concept: &ConceptId,
    generation: i64,
    why: &str,
    now: Timestamp,
) -> Result<bool, DatabaseError> {
    let changed = tx.execute(
        "UPDATE research_concepts SET state = 'failed', why = ?3, runs_at = NULL, finished_at = ?4
         WHERE id = ?1 AND generation = ?2 AND state NOT IN ('done', 'failed')",
        &[concept.as_str().into(), generation.into(), why.into(), now.into()],
    )?;
    if changed > 0 {
        timeline::add(tx, concept, now, "failed", why, None)?;
    }
    Ok(changed > 0)
}
