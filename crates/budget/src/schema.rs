//! Our tables.

use assay_storage::{Migration, Schema};

/// Reservations, stops and denials.
pub const SCHEMA: Schema = Schema { part: "budget", migrations: &[Migration { version: 1, sql: VERSION_1 }] };

const VERSION_1: &str = "
-- A cost, from its reservation to its end. Open rows (reserved, sent) have no last day: they weigh on every day from `day`
-- on. Closed rows weigh on each day from `day` to `last_day` with what they used.
CREATE TABLE budget_reservations (
    id INTEGER PRIMARY KEY,
    resource TEXT NOT NULL,
    day INTEGER NOT NULL,
    last_day INTEGER,
    units INTEGER NOT NULL CHECK (units >= 0),
    used INTEGER CHECK (used >= 0),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'sent', 'settled', 'released', 'assumed_spent')),
    purpose TEXT NOT NULL,
    concept TEXT,
    message_id TEXT,
    reserved_at INTEGER NOT NULL,
    sent_at INTEGER,
    closed_at INTEGER,
    CHECK ((state IN ('reserved', 'sent')) = (last_day IS NULL)),
    CHECK ((last_day IS NULL) = (used IS NULL))
) STRICT;
CREATE INDEX budget_reservations_by_day ON budget_reservations (resource, last_day);
CREATE INDEX budget_reservations_by_start ON budget_reservations (resource, day);
CREATE INDEX budget_reservations_by_message ON budget_reservations (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX budget_reservations_by_concept ON budget_reservations (concept) WHERE concept IS NOT NULL;

-- Resources that a person switched off.
CREATE TABLE budget_stops (
    resource TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT;

-- How often the guard said no, by day and reason.
CREATE TABLE budget_denials (
    day INTEGER NOT NULL,
    resource TEXT NOT NULL,
    reason TEXT NOT NULL,
    denials INTEGER NOT NULL,
    PRIMARY KEY (day, resource, reason)
) STRICT;
";
