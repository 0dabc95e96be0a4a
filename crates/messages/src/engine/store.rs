//! Every change of a message, one function each, inside the caller's transaction. The log line is written with the change
//! that it tells of.

use std::collections::BTreeMap;

use assay_storage::{DatabaseError, Tx};
use assay_units::Timestamp;

use super::reads::{MESSAGE_COLUMNS, message};
use super::submission::Submission;
use super::{Answer, EngineSettings, Message, Next, PublishError, after_attempt};
use crate::{EventState, Published};

/// Bytes of an answer that the log keeps.
const EVENT_BODY_BYTES_MAX: usize = 1024;
/// Leases that one transaction takes up again.
const RECOVER_MAX: i64 = 1000;

/// What came back from an attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    pub headers: BTreeMap<String, Vec<String>>,
    /// Cut to what a dead letter keeps.
    pub body: Vec<u8>,
    /// What went wrong, for people.
    pub error: Option<String>,
}

/// Stores a message, or finds the one that it repeats.
pub(super) fn publish(
    tx: &Tx<'_>,
    submission: &Submission,
    message_id: &str,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<Published, PublishError> {
    if let Some(key) = &submission.deduplication_key {
        let first = tx.row(
            "SELECT message_id FROM messages_deduplication WHERE key = ?1 AND expires_at > ?2",
            &[key.as_str().into(), now.into()],
            |row| row.text(0),
        )?;
        if let Some(message_id) = first {
            return Ok(Published { message_id, deduplicated: true });
        }
    }
    insert(tx, submission, message_id, settings, now)?;
    if let Some(key) = &submission.deduplication_key {
        tx.execute(
            "INSERT OR REPLACE INTO messages_deduplication (key, message_id, expires_at) VALUES (?1, ?2, ?3)",
            &[key.as_str().into(), message_id.into(), (now + settings.deduplication_window).into()],
        )?;
    }
    Ok(Published { message_id: message_id.to_owned(), deduplicated: false })
}

fn insert(
    tx: &Tx<'_>,
    submission: &Submission,
    message_id: &str,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<(), PublishError> {
    let open = tx.row("SELECT COUNT(*) FROM messages_messages WHERE finished_at IS NULL", &[], |row| row.int(0))?;
    if open.expect("an aggregate has one row").unsigned_abs() >= settings.messages_max {
        return Err(PublishError::Full { messages_max: settings.messages_max });
    }
    tx.execute(
        "INSERT INTO messages_messages
         (message_id, url, method, headers, body, retries, timeout_ms, label, state, created_at, not_before, due_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'created', ?9, ?10, ?10)",
        &[
            message_id.into(),
            submission.url.as_str().into(),
            submission.method.as_str().into(),
            serde_json::to_string(&submission.headers).expect("a map of texts").into(),
            submission.body.to_vec().into(),
            i64::from(submission.retries).into(),
            i64::try_from(submission.timeout.as_millis()).unwrap_or(i64::MAX).into(),
            submission.label.clone().into(),
            now.into(),
            submission.not_before.into(),
        ],
    )?;
    let of =
        Subject { message_id, url: &submission.url, label: submission.label.as_deref(), retries: submission.retries };
    log(tx, of, EventState::Created, now, Some(submission.not_before), None)?;
    Ok(())
}

/// Takes up to `limit` due messages for an attempt each, which is counted here and now.
pub(super) fn claim(
    tx: &Tx<'_>,
    limit: usize,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<Vec<Message>, DatabaseError> {
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages_messages m WHERE m.due_at IS NOT NULL AND m.due_at <= ?1
         ORDER BY m.due_at, m.id LIMIT ?2"
    );
    let mut due = tx.rows(&sql, &[now.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()], message)?;
    for message in &mut due {
        message.attempts += 1;
        tx.execute(
            "UPDATE messages_messages SET state = 'active', attempts = attempts + 1, due_at = NULL, lease_until = ?2
             WHERE message_id = ?1",
            &[message.message_id.as_str().into(), (now + message.timeout.saturating_add(settings.lease_margin)).into()],
        )?;
        log(tx, Subject::of(message), EventState::Active, now, None, None)?;
    }
    Ok(due)
}

/// Writes down how an attempt ended, unless somebody else did: the message was taken out, or its lease ran out and it was
/// taken up again. Success is taken even after the lease, as long as no other attempt has begun.
pub(super) fn record(
    tx: &Tx<'_>,
    message: &Message,
    answer: Answer,
    exchange: &Exchange,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let next = after_attempt(message.attempts, message.retries, answer, now, &settings.backoff);
    let (sql, at) = match next {
        Next::Delivered => (
            "UPDATE messages_messages SET state = 'delivered', due_at = NULL, lease_until = NULL, finished_at = ?3
             WHERE message_id = ?1 AND attempts = ?2 AND state IN ('active', 'retry')",
            now,
        ),
        Next::RetryAt(at) => (
            "UPDATE messages_messages SET state = 'retry', due_at = ?3, lease_until = NULL
             WHERE message_id = ?1 AND attempts = ?2 AND state = 'active'",
            at,
        ),
        Next::DeadLetter => (
            "UPDATE messages_messages SET state = 'failed', lease_until = NULL, finished_at = ?3
             WHERE message_id = ?1 AND attempts = ?2 AND state = 'active'",
            now,
        ),
    };
    let changed =
        tx.execute(sql, &[message.message_id.as_str().into(), i64::from(message.attempts).into(), at.into()])?;
    if changed == 0 {
        return Ok(());
    }
    let of = Subject::of(message);
    match next {
        Next::Delivered => log(tx, of, EventState::Delivered, now, None, Some(exchange)),
        Next::RetryAt(at) => {
            log(tx, of, EventState::Error, now, Some(at), Some(exchange))?;
            log(tx, of, EventState::Retry, now, Some(at), None)
        }
        Next::DeadLetter => {
            log(tx, of, EventState::Error, now, None, Some(exchange))?;
            log(tx, of, EventState::Failed, now, None, Some(exchange))?;
            bury(tx, message, exchange, now)
        }
    }
}

fn bury(tx: &Tx<'_>, message: &Message, exchange: &Exchange, now: Timestamp) -> Result<(), DatabaseError> {
    // Time and a number that grows, as the hosted service names its entries.
    tx.execute(
        "INSERT INTO messages_dead_letters
         (dlq_id, message_id, at, error, response_status, response_headers, response_body)
         VALUES (?2 || '-' || (SELECT COALESCE(MAX(id), 0) + 1 FROM messages_dead_letters), ?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            message.message_id.as_str().into(),
            now.into(),
            exchange.error.clone().into(),
            i64::from(exchange.status.unwrap_or(0)).into(),
            serde_json::to_string(&exchange.headers).expect("a map of texts").into(),
            exchange.body.clone().into(),
        ],
    )?;
    Ok(())
}

/// Takes up messages whose lease ran out.
pub(super) fn recover(
    tx: &Tx<'_>,
    settings: &EngineSettings,
    leased_until: Timestamp,
    now: Timestamp,
) -> Result<Vec<String>, DatabaseError> {
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages_messages m WHERE m.lease_until IS NOT NULL AND m.lease_until <= ?1
         ORDER BY m.lease_until, m.id LIMIT ?2"
    );
    let lost = tx.rows(&sql, &[leased_until.into(), RECOVER_MAX.into()], message)?;
    let exchange =
        Exchange { error: Some("the attempt was interrupted; it may have arrived".to_owned()), ..Exchange::default() };
    for message in &lost {
        record(tx, message, Answer::Interrupted, &exchange, settings, now)?;
    }
    Ok(lost.into_iter().map(|message| message.message_id).collect())
}

/// Makes a waiting message due now.
pub(super) fn hasten(tx: &Tx<'_>, message_id: &str, now: Timestamp) -> Result<(), DatabaseError> {
    let sql =
        "UPDATE messages_messages SET due_at = ?2 WHERE message_id = ?1 AND due_at IS NOT NULL AND lease_until IS NULL";
    tx.execute(sql, &[message_id.into(), now.into()])?;
    Ok(())
}

/// Changes the beginning of the address of every message that has not ended.
pub(super) fn rehome(tx: &Tx<'_>, from: &str, to: &str) -> Result<usize, DatabaseError> {
    tx.execute(
        "UPDATE messages_messages SET url = ?2 || substr(url, length(?1) + 1)
         WHERE finished_at IS NULL AND substr(url, 1, length(?1)) = ?1",
        &[from.into(), to.into()],
    )
}

/// Takes a message out before its end.
pub(super) fn cancel(tx: &Tx<'_>, message_id: &str, now: Timestamp) -> Result<Option<()>, DatabaseError> {
    let sql =
        format!("SELECT {MESSAGE_COLUMNS} FROM messages_messages m WHERE m.message_id = ?1 AND m.finished_at IS NULL");
    let Some(message) = tx.row(&sql, &[message_id.into()], message)? else { return Ok(None) };
    tx.execute(
        "UPDATE messages_messages SET state = 'canceled', due_at = NULL, lease_until = NULL, finished_at = ?2
         WHERE message_id = ?1",
        &[message_id.into(), now.into()],
    )?;
    log(tx, Subject::of(&message), EventState::CancelRequested, now, None, None)?;
    log(tx, Subject::of(&message), EventState::Canceled, now, None, None)?;
    Ok(Some(()))
}

/// A dead letter becomes a new message. False when there is no such entry.
pub(super) fn replay(
    tx: &Tx<'_>,
    dlq_id: &str,
    message_id: &str,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<bool, PublishError> {
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM messages_dead_letters d
         JOIN messages_messages m ON m.message_id = d.message_id WHERE d.dlq_id = ?1"
    );
    let Some(old) = tx.row(&sql, &[dlq_id.into()], message)? else { return Ok(false) };
    let submission = Submission {
        url: old.url,
        method: old.method.parse().expect("only methods are stored as methods"),
        headers: old.headers,
        body: old.body,
        retries: old.retries,
        timeout: old.timeout,
        not_before: now,
        label: old.label,
        deduplication_key: None,
    };
    insert(tx, &submission, message_id, settings, now)?;
    delete_dead_letter(tx, dlq_id)?;
    Ok(true)
}

/// Forgets a dead letter; its message goes with the next sweep.
pub(super) fn delete_dead_letter(tx: &Tx<'_>, dlq_id: &str) -> Result<bool, DatabaseError> {
    Ok(tx.execute("DELETE FROM messages_dead_letters WHERE dlq_id = ?1", &[dlq_id.into()])? > 0)
}

/// Forgets what has been kept for long enough, and what is more than may be kept.
pub(super) fn sweep(tx: &Tx<'_>, settings: &EngineSettings, now: Timestamp) -> Result<(), DatabaseError> {
    let bound = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX).into();
    let letters = tx.execute(
        "DELETE FROM messages_dead_letters WHERE at < ?1
         OR id <= (SELECT id FROM messages_dead_letters ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        &[(now - settings.dead_letters_kept).into(), bound(settings.dead_letters_max)],
    )?;
    if letters > 0 {
        tracing::warn!(event = "dead_letters_dropped", letters, "dead letters reached their bound and were dropped");
    }
    tx.execute(
        "DELETE FROM messages_messages WHERE finished_at < ?1
         AND NOT EXISTS (SELECT 1 FROM messages_dead_letters d WHERE d.message_id = messages_messages.message_id)",
        &[(now - settings.finished_kept).into()],
    )?;
    // Ids of the log have no gaps before its oldest line, so a difference of ids is a number of lines.
    tx.execute(
        "DELETE FROM messages_events WHERE id <= (SELECT MAX(id) FROM messages_events) - ?1",
        &[bound(settings.events_max)],
    )?;
    tx.execute("DELETE FROM messages_events WHERE at < ?1", &[(now - settings.events_kept).into()])?;
    tx.execute("DELETE FROM messages_deduplication WHERE expires_at <= ?1", &[now.into()])?;
    Ok(())
}

/// What a log line says of its message.
#[derive(Clone, Copy)]
struct Subject<'a> {
    message_id: &'a str,
    url: &'a str,
    label: Option<&'a str>,
    retries: u32,
}

impl Subject<'_> {
    fn of(message: &Message) -> Subject<'_> {
        Subject {
            message_id: &message.message_id,
            url: &message.url,
            label: message.label.as_deref(),
            retries: message.retries,
        }
    }
}

fn log(
    tx: &Tx<'_>,
    of: Subject<'_>,
    state: EventState,
    now: Timestamp,
    next_delivery_at: Option<Timestamp>,
    exchange: Option<&Exchange>,
) -> Result<(), DatabaseError> {
    let first_label = of.label.and_then(|labels| labels.split(',').next()).map(str::trim);
    let body = exchange.map(|exchange| &exchange.body[..exchange.body.len().min(EVENT_BODY_BYTES_MAX)]);
    tx.execute(
        "INSERT INTO messages_events
         (at, message_id, state, url, label, retries, next_delivery_at, error, response_status, response_body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            now.into(),
            of.message_id.into(),
            state.as_str().into(),
            of.url.into(),
            first_label.into(),
            i64::from(of.retries).into(),
            next_delivery_at.into(),
            exchange.and_then(|exchange| exchange.error.clone()).into(),
            exchange.and_then(|exchange| exchange.status).map(i64::from).into(),
            body.filter(|body| !body.is_empty()).map(|body| String::from_utf8_lossy(body).into_owned()).into(),
        ],
    )?;
    Ok(())
}
