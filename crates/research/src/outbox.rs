//! The outbox relay: messages that a transaction decided are published once it is durable.
//!
//! Each publish reserves its worst case, 1 + retries billed attempts, before it leaves. A crash between the reservation and
//! the send counts as spent, and the row is sent again under a new reservation with the same de-duplication id.

use std::time::Duration;

use assay_budget::{Denied, Door, DoorError, Ledger, Resource, tariff};
use assay_messages::{Client, Publish};
use assay_storage::{Database, DatabaseError, Tx};
use assay_telemetry::{ConceptOutcome, Denial, Metrics};
use assay_units::{ConceptId, Timestamp};
use url::Url;

use crate::{Stage, stages, submit, timeline};

/// Retries of each message: with two stages, 2 x (1 + 3) = 8 of the 9 attempts that 450 a day leave for 50 concepts.
pub const RETRIES: u32 = 3;
/// Wait after a publish that failed, doubled each time up to [`BACKOFF_MAX`].
const BACKOFF: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(600);
/// Refusals that trying again cannot change, after which a message is given up.
const REFUSALS_MAX: i64 = 5;
/// Rows looked at in one pass.
const BATCH_MAX: i64 = 100;

/// What a message of ours says. Small: the concept's rows hold the rest.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Which concept.
    pub concept: String,
    /// Which of its generations.
    pub generation: i64,
    /// Which stage.
    pub stage: Stage,
    /// 0, or which repetition of a stage that failed.
    pub round: i64,
}

/// Writes a message to be sent at `not_before`. The same message again changes nothing.
pub(crate) fn put(
    tx: &Tx<'_>,
    concept: &ConceptId,
    generation: i64,
    stage: Stage,
    round: i64,
    not_before: Timestamp,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT OR IGNORE INTO research_outbox (concept, generation, stage, round, not_before, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            concept.as_str().into(),
            generation.into(),
            stage.as_str().into(),
            round.into(),
            not_before.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

struct Row {
    id: i64,
    body: Body,
    concept: ConceptId,
    tries: i64,
}

/// Publishes what is due.
pub(crate) struct Relay<'a> {
    pub database: &'a Database,
    pub ledger: &'a Ledger,
    pub door: &'a Door,
    pub client: &'a Client,
    /// Where our webhooks are, seen from the engine; ends in a slash.
    pub webhooks: &'a Url,
    pub metrics: &'a Metrics,
}

impl Relay<'_> {
    /// One pass. Returns how many were published and when to look again.
    pub async fn publish_due(&self, now: Timestamp) -> Result<usize, DatabaseError> {
        let due = self.database.read(|tx| {
            tx.rows(
                "SELECT id, concept, generation, stage, round, tries FROM research_outbox
                 WHERE sent_at IS NULL AND not_before <= ?1 ORDER BY id LIMIT ?2",
                &[now.into(), BATCH_MAX.into()],
                |row| {
                    let concept = row.text(1)?;
                    let stage = Stage::parse(&row.text(3)?).expect("only stages are stored as stages");
                    Ok(Row {
                        id: row.int(0)?,
                        concept: ConceptId::parse(&concept).expect("only ids are stored as ids"),
                        body: Body { concept, generation: row.int(2)?, stage, round: row.int(4)? },
                        tries: row.int(5)?,
                    })
                },
            )
        })?;
        let mut published = 0;
        for row in due {
            published += usize::from(self.publish(row, now).await?);
        }
        Ok(published)
    }

    async fn publish(&self, row: Row, now: Timestamp) -> Result<bool, DatabaseError> {
        let units = tariff::publish(RETRIES);
        let purpose = format!("{} of {}", row.body.stage.as_str(), row.concept);
        let concept = Some(row.concept.as_str());
        let permit = match self.ledger.reserve(Resource::QstashMessages, units, &purpose, concept, now)? {
            Ok(permit) => permit,
            Err(denied) => {
                if let Some(reason) = Denial::parse(denied.reason()) {
                    self.metrics.budget_denied(assay_telemetry::Resource::QstashMessages, reason);
                }
                return self.wait_for_budget(&row, &denied, now).map(|()| false);
            }
        };
        let message = Publish {
            destination: self.webhooks.join(row.body.stage.as_str()).expect("a stage is a path segment"),
            body: serde_json::to_vec(&row.body).expect("a body of plain fields").into(),
            content_type: "application/json".into(),
            retries: RETRIES,
            delay: None,
            deduplication_id: Some(format!(
                "{}-{}-{}-{}",
                row.body.concept,
                row.body.generation,
                row.body.stage.as_str(),
                row.body.round
            )),
            label: Some(row.body.concept.clone()),
            timeout: None,
        };
        let answer = self.door.send_permitted(permit, self.client.publish(&message)).await;
        let mut for_good = false;
        let problem = match answer {
            Ok(sent) => match Client::parse_publish(&sent.response) {
                Ok(published) => {
                    if let Some(reservation) = sent.reservation {
                        self.ledger.mark_sent(reservation, &published.message_id, now)?;
                    }
                    return self.sent(&row, &published.message_id, now).map(|()| true);
                }
                Err(error) => {
                    // Accepted, and nobody can tell under which name: it counts in full.
                    if let Some(reservation) = sent.reservation {
                        self.ledger.settle(reservation, units, now)?;
                    }
                    for_good = !error.retry();
                    error.to_string()
                }
            },
            Err(DoorError::Ledger(error)) => return Err(error),
            Err(error) => chain(&error),
        };
        if for_good && row.tries + 1 >= REFUSALS_MAX {
            return self.give_up(&row, &problem, now).map(|()| false);
        }
        let wait = BACKOFF.saturating_mul(1 << row.tries.clamp(0, 20)).min(BACKOFF_MAX);
        self.database.write(|tx| {
            tx.execute(
                "UPDATE research_outbox SET tries = tries + 1, not_before = ?2 WHERE id = ?1",
                &[row.id.into(), (now + wait).into()],
            )?;
            timeline::add(tx, &row.concept, now, "publish failed", &problem, None)
        })?;
        tracing::warn!(event = "publish_failed", concept_id = row.concept.as_str(), "{problem}");
        Ok(false)
    }

    /// The engine says no, and means it: a wrong token, an address that it does not deliver to. Asking for ever helps nobody.
    fn give_up(&self, row: &Row, problem: &str, now: Timestamp) -> Result<(), DatabaseError> {
        let id = &row.concept;
        let why = format!(
            "the message engine refuses the message: {problem}; once that is mended, `assay concept retry {id}`"
        );
        tracing::error!(event = "publish_refused", concept_id = id.as_str(), "{problem}");
        let failed = self.database.write(|tx| {
            tx.execute("UPDATE research_outbox SET sent_at = ?2 WHERE id = ?1", &[row.id.into(), now.into()])?;
            stages::fail(tx, id, row.body.generation, &why, now)
        })?;
        if failed {
            self.metrics.concept_finished(id, ConceptOutcome::Failed, Duration::ZERO);
        }
        Ok(())
    }

    fn sent(&self, row: &Row, message_id: &str, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.write(|tx| {
            tx.execute(
                "UPDATE research_outbox SET sent_at = ?2, message_id = ?3 WHERE id = ?1",
                &[row.id.into(), now.into(), message_id.into()],
            )?;
            tx.execute(
                "UPDATE research_concepts SET state = 'queued', runs_at = NULL, why = ''
                 WHERE id = ?1 AND state = 'deferred'",
                &[row.concept.as_str().into()],
            )?;
            let what = format!("{} message published", row.body.stage.as_str());
            timeline::add(tx, &row.concept, now, &what, "", Some(message_id))
        })
    }

    fn wait_for_budget(&self, row: &Row, denied: &Denied, now: Timestamp) -> Result<(), DatabaseError> {
        let runs_at = match denied {
            Denied::CapReached { resets_at, .. } => *resets_at,
            Denied::Stopped { .. } => now + BACKOFF_MAX,
        };
        self.database.write(|tx| {
            tx.execute("UPDATE research_outbox SET not_before = ?2 WHERE id = ?1", &[row.id.into(), runs_at.into()])?;
            submit::defer(tx, &row.concept, runs_at, &format!("deferred: {denied}"), now)
        })
    }
}

/// An error with its causes, for a person.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
