//! A submission becomes a concept: its row, its admission, its first message and its first line of history, in one
//! transaction. Also what a person may do to a concept later: run it again.

use assay_budget::{Denied, Ledger, Resource};
use assay_storage::{Database, DatabaseError, Tx};
use assay_units::{ConceptId, Timestamp};
use assay_world::Entropy;

use crate::concept::{Submission, SubmissionError};
use crate::{Stage, timeline};

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// A new concept, to be worked on at once.
    Queued(ConceptId),
    /// A new concept, over today's cap; it runs at the instant given.
    Deferred(ConceptId, Timestamp),
    /// The same concept was given before; nothing was added.
    Known(ConceptId),
}

impl Submitted {
    /// The concept, new or known.
    pub fn id(&self) -> &ConceptId {
        match self {
            Submitted::Queued(id) | Submitted::Deferred(id, _) | Submitted::Known(id) => id,
        }
    }
}

/// Why nothing was submitted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The submission itself is at fault.
    #[error(transparent)]
    Refused(#[from] SubmissionError),
    /// No data set of that name.
    #[error("no prices for the symbol {symbol}; there are {}: import some with `assay data import FILE --symbol {symbol}`", known.join(", "))]
    UnknownSymbol {
        /// As given.
        symbol: String,
        /// The symbols there are.
        known: Vec<String>,
    },
    /// No such concept.
    #[error("no concept {id}; `assay concept list` shows them")]
    UnknownConcept {
        /// As given.
        id: String,
    },
    /// It has not finished yet.
    #[error("concept {id} is still at work ({state}); it can be run again once it is done or failed")]
    AtWork {
        /// The concept.
        id: String,
        /// Where it stands.
        state: String,
    },
    /// The database.
    #[error("the concept could not be stored")]
    Database(#[from] DatabaseError),
}

/// Stores a submission once: giving the same concept again finds the first one.
pub fn submit(
    database: &Database,
    ledger: &Ledger,
    entropy: &dyn Entropy,
    submission: Submission,
    now: Timestamp,
) -> Result<Submitted, SubmitError> {
    let submission = submission.checked()?;
    let mut bytes = [0; 6];
    entropy.fill(&mut bytes);
    let id = ConceptId::from_random(bytes);
    database.write(|tx| {
        let key = submission.key();
        let known =
            tx.row("SELECT id FROM research_concepts WHERE key = ?1", &[key.clone().into()], |row| row.text(0))?;
        if let Some(known) = known {
            return Ok(Submitted::Known(ConceptId::parse(&known).expect("only ids are stored as ids")));
        }
        let urls: Vec<&str> = submission.urls.iter().map(url::Url::as_str).collect();
        tx.execute(
            "INSERT INTO research_concepts (id, key, text, note, urls, symbols, pine, state, generation, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', 1, ?8)",
            &[
                id.as_str().into(),
                key.into(),
                submission.text.clone().into(),
                submission.note.clone().into(),
                serde_json::json!(urls).to_string().into(),
                serde_json::json!(submission.symbols).to_string().into(),
                submission.pine.clone().into(),
                now.into(),
            ],
        )?;
        timeline::add(tx, &id, now, "submitted", &submission.text, None)?;
        Ok(match admit(tx, ledger, &id, 1, now)? {
            None => Submitted::Queued(id.clone()),
            Some(runs_at) => Submitted::Deferred(id.clone(), runs_at),
        })
    })
}

/// Runs a finished concept again, as a new generation with a new verdict. The trials of the old one stay counted.
pub fn retry(database: &Database, ledger: &Ledger, id: &str, now: Timestamp) -> Result<Submitted, SubmitError> {
    database.write(|tx| {
        let found = tx.row("SELECT state, generation FROM research_concepts WHERE id = ?1", &[id.into()], |row| {
            Ok((row.text(0)?, row.int(1)?))
        })?;
        let unknown = || SubmitError::UnknownConcept { id: id.to_owned() };
        let (state, generation) = found.ok_or_else(unknown)?;
        let id = ConceptId::parse(id).map_err(|_| unknown())?;
        if state != "done" && state != "failed" {
            return Err(SubmitError::AtWork { id: id.to_string(), state });
        }
        tx.execute(
            "UPDATE research_concepts SET state = 'queued', generation = generation + 1, why = '', runs_at = NULL,
             started_at = NULL, finished_at = NULL WHERE id = ?1",
            &[id.as_str().into()],
        )?;
        timeline::add(tx, &id, now, "retried by hand", "", None)?;
        Ok(match admit(tx, ledger, &id, generation + 1, now)? {
            None => Submitted::Queued(id),
            Some(runs_at) => Submitted::Deferred(id, runs_at),
        })
    })
}

/// Takes one of today's places and writes the first message; or defers to the instant that it returns.
pub(crate) fn admit(
    tx: &Tx<'_>,
    ledger: &Ledger,
    id: &ConceptId,
    generation: i64,
    now: Timestamp,
) -> Result<Option<Timestamp>, DatabaseError> {
    let purpose = format!("admission of {id}");
    let denied = ledger.spend_in(tx, Resource::Concepts, 1, &purpose, Some(id.as_str()), now)?.err();
    match denied {
        None => {
            tx.execute(
                "UPDATE research_concepts SET state = 'queued', runs_at = NULL, why = '' WHERE id = ?1",
                &[id.as_str().into()],
            )?;
            crate::outbox::put(tx, id, generation, Stage::Research, 0, now, now)?;
            Ok(None)
        }
        Some(denied) => {
            let runs_at = match &denied {
                Denied::CapReached { resets_at, .. } => *resets_at,
                Denied::Stopped { .. } => now.utc_day().next().start(),
            };
            let why = format!("deferred: {denied}");
            defer(tx, id, runs_at, &why, now)?;
            Ok(Some(runs_at))
        }
    }
}

/// Marks a concept as waiting for a budget, and says until when. One that has ended waits for nothing.
pub(crate) fn defer(
    tx: &Tx<'_>,
    id: &ConceptId,
    runs_at: Timestamp,
    why: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let said = tx.row("SELECT why FROM research_concepts WHERE id = ?1", &[id.as_str().into()], |row| row.text(0))?;
    let changed = tx.execute(
        "UPDATE research_concepts SET state = 'deferred', runs_at = ?2, why = ?3
         WHERE id = ?1 AND state NOT IN ('done', 'failed')",
        &[id.as_str().into(), runs_at.into(), why.into()],
    )?;
    match changed {
        0 => Ok(()),
        // Asked again every few minutes and told the same: once is history enough.
        _ if said.as_deref() == Some(why) => Ok(()),
        _ => timeline::add(tx, id, now, "deferred", &format!("{why}; runs at {runs_at}"), None),
    }
}

/// Gives places to deferred concepts whose time has come, first come first served. Returns how many were admitted.
pub(crate) fn admit_deferred(database: &Database, ledger: &Ledger, now: Timestamp) -> Result<usize, DatabaseError> {
    let waiting = database.read(|tx| {
        // Those that wait for a message (not for a place) have an unsent row in the outbox already.
        tx.rows(
            "SELECT id, generation FROM research_concepts c WHERE state = 'deferred' AND runs_at <= ?1
             AND NOT EXISTS (SELECT 1 FROM research_outbox o WHERE o.concept = c.id AND o.generation = c.generation)
             ORDER BY created_at, id LIMIT 1000",
            &[now.into()],
            |row| Ok((row.text(0)?, row.int(1)?)),
        )
    })?;
    let mut admitted = 0;
    for (id, generation) in waiting {
        let id = ConceptId::parse(&id).expect("only ids are stored as ids");
        match database.write(|tx| admit(tx, ledger, &id, generation, now))? {
            None => admitted += 1,
            Some(_) => break,
        }
    }
    Ok(admitted)
}
