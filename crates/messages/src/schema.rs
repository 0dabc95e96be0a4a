//! The engine's tables.

use assay_storage::{Migration, Schema};

/// Messages, their log, dead letters and the de-duplication window.
pub const SCHEMA: Schema = Schema { part: "messages", migrations: &[Migration { version: 1, sql: VERSION_1 }] };

const VERSION_1: &str = "
-- A message. `attempts` counts the attempt before it is made, so a crash cannot make one go uncounted. `due_at` is set while
-- it waits, `lease_until` while an attempt is under way, `finished_at` at its end.
CREATE TABLE messages_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL,
    method TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    retries INTEGER NOT NULL,
    timeout_ms INTEGER NOT NULL,
    label TEXT,
    state TEXT NOT NULL CHECK (state IN ('created', 'active', 'retry', 'delivered', 'failed', 'canceled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    due_at INTEGER,
    lease_until INTEGER,
    finished_at INTEGER,
    CHECK (attempts <= 1 + retries),
    CHECK ((state IN ('created', 'retry')) = (due_at IS NOT NULL)),
    CHECK ((state = 'active') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('delivered', 'failed', 'canceled')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX messages_messages_due ON messages_messages (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX messages_messages_lease ON messages_messages (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX messages_messages_finished ON messages_messages (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX messages_messages_open ON messages_messages (state) WHERE finished_at IS NULL;

-- The log. Outlives the message.
CREATE TABLE messages_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL,
    url TEXT NOT NULL,
    label TEXT,
    retries INTEGER NOT NULL,
    next_delivery_at INTEGER,
    error TEXT,
    response_status INTEGER,
    response_body TEXT
) STRICT;
CREATE INDEX messages_events_by_message ON messages_events (message_id, id);
CREATE INDEX messages_events_by_time ON messages_events (at);

-- Messages that failed for good, with the last answer. The message's own row stays as long as this one.
CREATE TABLE messages_dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dlq_id TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL UNIQUE REFERENCES messages_messages (message_id),
    at INTEGER NOT NULL,
    error TEXT,
    response_status INTEGER NOT NULL,
    response_headers TEXT NOT NULL,
    response_body BLOB NOT NULL
) STRICT;
CREATE INDEX messages_dead_letters_by_time ON messages_dead_letters (at);

-- The first message of each de-duplication key, while its window lasts.
CREATE TABLE messages_deduplication (
    key TEXT PRIMARY KEY,
    message_id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_deduplication_by_end ON messages_deduplication (expires_at);
";
