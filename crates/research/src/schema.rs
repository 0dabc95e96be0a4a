//! Our tables. One row an item: what is finished is committed, and a second delivery goes on from there.

use assay_storage::{Migration, Schema};

/// The tables of a concept's life.
pub const SCHEMA: Schema = Schema {
    part: "research",
    migrations: &[Migration { version: 1, sql: VERSION_1 }, Migration { version: 2, sql: DRAWS }],
};

const VERSION_1: &str = "
-- A concept and where it stands. `generation` counts its retries by hand; each generation is judged once.
CREATE TABLE research_concepts (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    note TEXT,
    urls TEXT NOT NULL,
    symbols TEXT NOT NULL,
    pine TEXT,
    state TEXT NOT NULL,
    generation INTEGER NOT NULL,
    why TEXT NOT NULL DEFAULT '',
    runs_at INTEGER,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX research_concepts_by_state ON research_concepts (state, created_at);

-- Messages to be sent, written in the transaction that decided them.
CREATE TABLE research_outbox (
    id INTEGER PRIMARY KEY,
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    stage TEXT NOT NULL,
    round INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    message_id TEXT,
    created_at INTEGER NOT NULL,
    sent_at INTEGER,
    UNIQUE (concept, generation, stage, round)
) STRICT;
CREATE INDEX research_outbox_due ON research_outbox (sent_at, not_before);

-- Messages accepted. A second delivery of the same stage finds its row here and does nothing.
CREATE TABLE research_inbox (
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    stage TEXT NOT NULL,
    round INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    finished_at INTEGER,
    PRIMARY KEY (concept, generation, stage, round)
) STRICT;
CREATE INDEX research_inbox_open ON research_inbox (finished_at, accepted_at);

-- What was read for a concept, or why it was not.
CREATE TABLE research_sources (
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    detail TEXT NOT NULL,
    quotes TEXT NOT NULL,
    PRIMARY KEY (concept, generation, origin)
) STRICT;

-- The strategies a concept was turned into.
CREATE TABLE research_strategies (
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (concept, generation, ordinal)
) STRICT;

-- One strategy on one data set: an item of the validate stage.
CREATE TABLE research_examinations (
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    evidence TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (concept, generation, ordinal, symbol)
) STRICT;

-- Every look at data, for ever. Written with the examination it belongs to.
CREATE TABLE research_trials (
    id INTEGER PRIMARY KEY,
    concept TEXT NOT NULL,
    generation INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    strategy_hash TEXT NOT NULL,
    symbol TEXT NOT NULL,
    prices_hash TEXT NOT NULL,
    trials INTEGER NOT NULL,
    effective REAL NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (concept, generation, strategy_hash, prices_hash)
) STRICT;

-- The end of a generation. The primary key is the promise that nothing is judged twice.
CREATE TABLE research_verdicts (
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    generation INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    statistic REAL,
    why TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (concept, generation)
) STRICT;

-- What happened to a concept, in order. At most TIMELINE_ROWS_MAX a concept.
CREATE TABLE research_timeline (
    id INTEGER PRIMARY KEY,
    concept TEXT NOT NULL REFERENCES research_concepts (id),
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    message_id TEXT
) STRICT;
CREATE INDEX research_timeline_by_concept ON research_timeline (concept, id);

-- Price files that were imported. The bars lie beside the database under their hash.
CREATE TABLE research_prices (
    symbol TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    rows INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    interval TEXT NOT NULL,
    origin TEXT NOT NULL,
    flags TEXT NOT NULL,
    imported_at INTEGER NOT NULL
) STRICT;
";

const DRAWS: &str = "
-- Permuted markets that the item under way has searched already: at most PERMUTATIONS_MAX and a few, gone with its commit.
CREATE TABLE research_draws (
    search TEXT NOT NULL,
    number INTEGER NOT NULL,
    draw BLOB NOT NULL,
    PRIMARY KEY (search, number)
) STRICT, WITHOUT ROWID;
";
