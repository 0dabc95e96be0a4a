//! What became of published messages: their attempts are counted and the rest of the reservation is given back; a message
//! that the engine gave up ends its concept with a reason.

use std::time::Duration;

use assay_budget::{Door, DoorError, Ledger, Unbilled};
use assay_messages::{Client, Event, EventState};
use assay_storage::{Database, DatabaseError};
use assay_telemetry::{ConceptOutcome, Metrics};
use assay_units::{ConceptId, Timestamp};

use crate::outbox::chain;
use crate::{stages, timeline};

/// Messages asked about in one pass.
const BATCH_MAX: usize = 100;

/// Asks the engine about open messages.
pub(crate) struct Settle<'a> {
    pub database: &'a Database,
    pub ledger: &'a Ledger,
    pub door: &'a Door,
    pub client: &'a Client,
    pub unbilled: Unbilled,
    pub metrics: &'a Metrics,
}

impl Settle<'_> {
    /// One pass. Returns how many messages ended.
    pub async fn settle_open(&self, now: Timestamp) -> Result<usize, DatabaseError> {
        let open = self.ledger.open_messages(BATCH_MAX)?;
        if open.is_empty() {
            return Ok(0);
        }
        let ids: Vec<&str> = open.iter().map(|message| message.message_id.as_str()).collect();
        let mut events: Vec<Event> = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let request = self.client.events_of(&ids, cursor.as_deref());
            let page = match self.door.send_unbilled(request, self.unbilled).await {
                Ok(response) => Client::parse_events(&response).map_err(|e| e.to_string()),
                Err(DoorError::Ledger(error)) => return Err(error),
                Err(error) => Err(chain(&error)),
            };
            let page = match page {
                Ok(page) => page,
                Err(problem) => {
                    tracing::warn!(event = "settle_failed", "the message engine's log cannot be read: {problem}");
                    return Ok(0);
                }
            };
            events.extend(page.events);
            cursor = page.cursor;
            // 1 + retries attempts of a few events each: more pages than that are a fault of the engine.
            if cursor.is_none() || events.len() > BATCH_MAX * 40 {
                break;
            }
        }
        let mut ended = 0;
        for message in &open {
            let own = || events.iter().filter(|event| event.message_id == message.message_id);
            let Some(last) = own().find(|event| event.state.is_final()) else { continue };
            let attempts = own().filter(|event| event.state == EventState::Active).count() as u64;
            // First the concept, then the message: a crash in between finds the message open and does both again.
            if last.state != EventState::Delivered {
                let why = own().find_map(|event| event.error.clone()).unwrap_or_else(|| "no reason given".into());
                self.give_up(&message.message_id, attempts, &why, now)?;
            }
            if self.ledger.settle_message(&message.message_id, attempts.max(1), now)? {
                ended += 1;
                let beyond = attempts.saturating_sub(message.units);
                if beyond > 0 {
                    self.metrics.budget_unaccounted(assay_telemetry::Resource::QstashMessages, beyond);
                }
                let failures: Vec<&Event> = own().filter(|event| event.state == EventState::Error).collect();
                self.tell(&message.message_id, &failures)?;
            }
        }
        Ok(ended)
    }

    /// Attempts that failed belong to the concept's history; those that arrived are there already.
    fn tell(&self, message_id: &str, failures: &[&Event]) -> Result<(), DatabaseError> {
        if failures.is_empty() {
            return Ok(());
        }
        self.database.write(|tx| {
            let found = tx.row(
                "SELECT concept, stage FROM research_outbox WHERE message_id = ?1",
                &[message_id.into()],
                |row| Ok((row.text(0)?, row.text(1)?)),
            )?;
            let Some((concept, stage)) = found else { return Ok(()) };
            let concept = ConceptId::parse(&concept).expect("only ids are stored as ids");
            // The log is newest first.
            for event in failures.iter().rev() {
                let status = event.response_status.map(|s| format!("status {s}"));
                let why = event.error.clone().or(status).unwrap_or_else(|| "no answer".into());
                timeline::add(tx, &concept, event.at, &format!("{stage} attempt failed"), &why, Some(message_id))?;
            }
            Ok(())
        })
    }

    /// The engine has given a message up. If it was never accepted, nothing moves its concept any more.
    fn give_up(&self, message_id: &str, attempts: u64, why: &str, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.write(|tx| {
            let found = tx.row(
                "SELECT o.concept, o.generation, o.stage FROM research_outbox o WHERE o.message_id = ?1 AND NOT EXISTS
                 (SELECT 1 FROM research_inbox i WHERE i.concept = o.concept AND i.generation = o.generation
                  AND i.stage = o.stage AND i.round = o.round)",
                &[message_id.into()],
                |row| Ok((row.text(0)?, row.int(1)?, row.text(2)?)),
            )?;
            if let Some((concept, generation, stage)) = found {
                let concept = ConceptId::parse(&concept).expect("only ids are stored as ids");
                let why = format!(
                    "the {stage} message was given up after {attempts} attempts ({why}); `assay concept retry {concept}` runs it again"
                );
                if stages::fail(tx, &concept, generation, &why, now)? {
                    self.metrics.concept_finished(&concept, ConceptOutcome::Failed, Duration::ZERO);
                }
            }
            Ok(())
        })
    }
}
