//! What can be asked of the engine. Nothing here writes.

use std::collections::BTreeMap;
use std::time::Duration;

use assay_storage::{DatabaseError, Row, Value};
use assay_units::Timestamp;
use bytes::Bytes;

use super::{Engine, EngineError};
use crate::{Event, EventState, Events};

/// Lines or entries that one call returns at most.
const PAGE_MAX: u32 = 1000;

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Waits for its first attempt.
    Created,
    /// An attempt is under way.
    Active,
    /// Waits for another attempt.
    Retry,
    /// Arrived.
    Delivered,
    /// Given up: see the dead letters.
    Failed,
    /// Taken out.
    Canceled,
}

impl MessageState {
    fn parse(text: &str) -> Option<MessageState> {
        Some(match text {
            "created" => MessageState::Created,
            "active" => MessageState::Active,
            "retry" => MessageState::Retry,
            "delivered" => MessageState::Delivered,
            "failed" => MessageState::Failed,
            "canceled" => MessageState::Canceled,
            _ => return None,
        })
    }
}

/// A message as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name.
    pub message_id: String,
    /// The destination, as it was given.
    pub url: String,
    /// The method of the delivery.
    pub method: String,
    /// The headers of the delivery, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
    /// Attempts that may follow the first.
    pub retries: u32,
    /// The longest attempt.
    pub timeout: Duration,
    /// One or more labels, comma separated.
    pub label: Option<String>,
    /// Where it stands.
    pub state: MessageState,
    /// Attempts so far, the one under way included.
    pub attempts: u32,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its first attempt was due.
    pub not_before: Timestamp,
}

/// A message that was given up, and the last thing its destination said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The entry's name.
    pub dlq_id: String,
    /// The message.
    pub message: Message,
    /// When it was given up.
    pub at: Timestamp,
    /// What went wrong.
    pub error: Option<String>,
    /// The destination's status; absent when it gave no answer.
    pub response_status: Option<u16>,
    /// Its headers.
    pub response_headers: BTreeMap<String, Vec<String>>,
    /// The beginning of its body.
    pub response_body: Bytes,
}

/// How many messages there are of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Waiting for their first attempt.
    pub pending: u64,
    /// Under way.
    pub active: u64,
    /// Waiting for another attempt.
    pub retrying: u64,
    /// Dead letters.
    pub dead: u64,
    /// Of those that wait, when the first one is due. Long past means that nothing is delivered.
    pub oldest_pending: Option<Timestamp>,
}

/// Which lines of the log. Empty fields do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of any of these messages.
    pub message_ids: Vec<String>,
    /// Of any of these states.
    pub states: Vec<EventState>,
    /// With this first label.
    pub label: Option<String>,
    /// To this destination.
    pub url: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Not after.
    pub to: Option<Timestamp>,
    /// Where the last page ended.
    pub cursor: Option<i64>,
    /// How many; 0 means 100.
    pub count: u32,
}

pub(super) const MESSAGE_COLUMNS: &str = "m.message_id, m.url, m.method, m.headers, m.body, m.retries, m.timeout_ms, \
                                          m.label, m.state, m.attempts, m.created_at, m.not_before";
const DEAD_LETTER_COLUMNS: &str = "d.dlq_id, d.at, d.error, d.response_status, d.response_headers, d.response_body";

pub(super) fn message(row: &Row<'_>) -> Result<Message, DatabaseError> {
    Ok(Message {
        message_id: row.text(0)?,
        url: row.text(1)?,
        method: row.text(2)?,
        headers: serde_json::from_str(&row.text(3)?).expect("headers are stored as JSON"),
        body: row.blob(4)?.into(),
        retries: small(row.int(5)?),
        timeout: Duration::from_millis(row.int(6)?.unsigned_abs()),
        label: row.opt_text(7)?,
        state: MessageState::parse(&row.text(8)?).expect("only states are stored as states"),
        attempts: small(row.int(9)?),
        created_at: row.time(10)?,
        not_before: row.time(11)?,
    })
}

/// The columns of a message, then those of its dead letter.
fn dead_letter(row: &Row<'_>) -> Result<DeadLetter, DatabaseError> {
    Ok(DeadLetter {
        message: message(row)?,
        dlq_id: row.text(12)?,
        at: row.time(13)?,
        error: row.opt_text(14)?,
        response_status: u16::try_from(row.int(15)?).ok().filter(|status| *status > 0),
        response_headers: serde_json::from_str(&row.text(16)?).expect("headers are stored as JSON"),
        response_body: row.blob(17)?.into(),
    })
}

fn small(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Engine {
    /// One message, for a while also after its end.
    pub fn message(&self, message_id: &str) -> Result<Option<Message>, EngineError> {
        let sql = format!("SELECT {MESSAGE_COLUMNS} FROM messages_messages m WHERE m.message_id = ?1");
        Ok(self.0.database.read(|tx| tx.row(&sql, &[message_id.into()], message))?)
    }

    /// Lines of the log, newest first.
    pub fn events(&self, filter: &EventFilter) -> Result<Events, EngineError> {
        let count = if filter.count == 0 { 100 } else { filter.count.min(PAGE_MAX) } as usize;
        let mut sql = String::from(
            "SELECT id, at, message_id, state, url, label, error, response_status, response_body, next_delivery_at, retries
             FROM messages_events WHERE TRUE",
        );
        let mut parameters = Vec::<Value>::new();
        let mut any_of = |column: &str, test: &str, values: Vec<Value>| {
            if values.is_empty() {
                return;
            }
            let tests: Vec<String> = values
                .into_iter()
                .map(|value| {
                    parameters.push(value);
                    format!("{column} {test} ?{}", parameters.len())
                })
                .collect();
            sql.push_str(&format!(" AND ({})", tests.join(" OR ")));
        };
        any_of("message_id", "=", filter.message_ids.iter().map(|id| id.as_str().into()).collect());
        any_of("state", "=", filter.states.iter().map(|state| state.as_str().into()).collect());
        any_of("label", "=", filter.label.iter().map(|label| label.as_str().into()).collect());
        any_of("url", "=", filter.url.iter().map(|url| url.as_str().into()).collect());
        any_of("at", ">=", filter.from.iter().map(|at| (*at).into()).collect());
        any_of("at", "<=", filter.to.iter().map(|at| (*at).into()).collect());
        any_of("id", "<", filter.cursor.iter().map(|id| (*id).into()).collect());
        // One more than asked for says whether there is another page.
        sql.push_str(&format!(" ORDER BY id DESC LIMIT {}", count + 1));
        let mut rows = self.0.database.read(|tx| {
            tx.rows(&sql, &parameters, |row| {
                let event = Event {
                    at: row.time(1)?,
                    message_id: row.text(2)?,
                    state: EventState::parse(&row.text(3)?),
                    url: row.text(4)?,
                    label: row.opt_text(5)?,
                    error: row.opt_text(6)?,
                    response_status: row.opt_int(7)?.and_then(|status| u16::try_from(status).ok()),
                    response_body: row.opt_text(8)?,
                    next_delivery_at: row.opt_time(9)?,
                    max_retries: Some(small(row.int(10)?)),
                };
                Ok::<_, DatabaseError>((row.int(0)?, event))
            })
        })?;
        let more = rows.len() > count;
        rows.truncate(count);
        let cursor = rows.last().filter(|_| more).map(|(id, _)| id.to_string());
        Ok(Events { events: rows.into_iter().map(|(_, event)| event).collect(), cursor })
    }

    /// Dead letters, newest first.
    pub fn dead_letters(&self, limit: u32) -> Result<Vec<DeadLetter>, EngineError> {
        Ok(self.dead_letters_before(None, limit)?.0)
    }

    /// Dead letters older than `cursor`, newest first, and where older ones go on.
    pub(crate) fn dead_letters_before(
        &self,
        cursor: Option<i64>,
        limit: u32,
    ) -> Result<(Vec<DeadLetter>, Option<i64>), EngineError> {
        let limit = limit.min(PAGE_MAX) as usize;
        let sql = format!(
            "SELECT {MESSAGE_COLUMNS}, {DEAD_LETTER_COLUMNS}, d.id FROM messages_dead_letters d
             JOIN messages_messages m ON m.message_id = d.message_id
             WHERE d.id < ?1 ORDER BY d.id DESC LIMIT {}",
            limit + 1
        );
        let mut rows = self.0.database.read(|tx| {
            tx.rows(&sql, &[cursor.unwrap_or(i64::MAX).into()], |row| {
                Ok::<_, DatabaseError>((dead_letter(row)?, row.int(18)?))
            })
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|(_, id)| *id);
        Ok((rows.into_iter().map(|(letter, _)| letter).collect(), next))
    }

    /// One dead letter.
    pub fn dead_letter(&self, dlq_id: &str) -> Result<Option<DeadLetter>, EngineError> {
        let sql = format!(
            "SELECT {MESSAGE_COLUMNS}, {DEAD_LETTER_COLUMNS} FROM messages_dead_letters d
             JOIN messages_messages m ON m.message_id = d.message_id WHERE d.dlq_id = ?1"
        );
        Ok(self.0.database.read(|tx| tx.row(&sql, &[dlq_id.into()], dead_letter))?)
    }

    /// How many messages there are of each kind.
    pub fn counts(&self) -> Result<Counts, EngineError> {
        let counts = self.0.database.read(|tx| {
            tx.row(
                "SELECT COUNT(*) FILTER (WHERE state = 'created'), COUNT(*) FILTER (WHERE state = 'active'),
                        COUNT(*) FILTER (WHERE state = 'retry'), MIN(due_at),
                        (SELECT COUNT(*) FROM messages_dead_letters)
                 FROM messages_messages WHERE finished_at IS NULL",
                &[],
                |row| {
                    Ok::<_, DatabaseError>(Counts {
                        pending: row.int(0)?.unsigned_abs(),
                        active: row.int(1)?.unsigned_abs(),
                        retrying: row.int(2)?.unsigned_abs(),
                        oldest_pending: row.opt_time(3)?,
                        dead: row.int(4)?.unsigned_abs(),
                    })
                },
            )
        })?;
        Ok(counts.expect("an aggregate has one row"))
    }

    /// When there is something to do: the first message that is due, or the first lease that runs out.
    pub fn next_due(&self) -> Result<Option<Timestamp>, EngineError> {
        let next = self.0.database.read(|tx| {
            tx.row(
                "SELECT (SELECT MIN(due_at) FROM messages_messages WHERE due_at IS NOT NULL),
                        (SELECT MIN(lease_until) FROM messages_messages WHERE lease_until IS NOT NULL)",
                &[],
                |row| Ok::<_, DatabaseError>([row.opt_time(0)?, row.opt_time(1)?]),
            )
        })?;
        Ok(next.expect("a row of subqueries").into_iter().flatten().min())
    }
}
