//! The message engine: durable, at least once, never more than 1 + retries attempts.
//!
//! `submission` reads a publish request (pure) -> `store` keeps it -> `deliver` makes attempts -> `attempt` says what follows
//! (pure) -> `store` records it. Each arrow is one transaction. An attempt is counted before it is made, so that a crash in
//! between costs an attempt and never gives one away; its lease runs out and the message is looked at again.

mod attempt;
mod backoff;
mod deliver;
mod reads;
mod settings;
mod store;
mod submission;

use std::sync::Arc;

use assay_storage::{Database, DatabaseError};
use assay_units::Timestamp;
use assay_world::World;
use bytes::Bytes;
use http::HeaderMap;
use tokio::sync::Notify;

pub use attempt::{Answer, Next, after_attempt};
pub use backoff::Backoff;
pub use reads::{Counts, DeadLetter, EventFilter, Message, MessageState};
pub use settings::{Destinations, EngineSettings};
pub use submission::PublishError;

use crate::{Published, SigningKeys};

/// Why the engine could not go on. What went wrong with a destination is no error of the engine: it is in the log.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The database failed. What was under way is attempted again after its lease.
    #[error("the message store failed")]
    Database(#[from] DatabaseError),
    /// An attempt panicked. It is attempted again after its lease.
    #[error("a delivery attempt broke off")]
    Attempt(#[source] tokio::task::JoinError),
}

impl EngineError {
    /// Whether the same call may succeed later.
    pub fn retry(&self) -> bool {
        match self {
            EngineError::Database(cause) => cause.retry(),
            EngineError::Attempt(_) => true,
        }
    }
}

/// The engine. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    database: Database,
    world: World,
    keys: SigningKeys,
    settings: EngineSettings,
    wake: Notify,
}

impl Engine {
    /// An engine on `database`, which holds [`crate::SCHEMA`]; it signs with `keys` and sends through `world.network`.
    pub fn new(database: Database, world: World, keys: SigningKeys, settings: EngineSettings) -> Engine {
        Engine(Arc::new(Shared { database, world, keys, settings, wake: Notify::new() }))
    }

    /// What it was given.
    pub fn settings(&self) -> &EngineSettings {
        &self.0.settings
    }

    /// The keys it signs with, for receivers that ask.
    pub fn keys(&self) -> &SigningKeys {
        &self.0.keys
    }

    /// Accepts a message: durable when this returns. `headers` are those of a publish request. A duplicate is accepted and
    /// names the first message.
    pub fn publish(&self, destination: &str, headers: &HeaderMap, body: Bytes) -> Result<Published, PublishError> {
        let now = self.now();
        let submission = submission::read(destination, headers, body, &self.0.settings, now)?;
        let message_id = self.new_id("msg_");
        let published =
            self.0.database.write(|tx| store::publish(tx, &submission, &message_id, &self.0.settings, now))?;
        self.0.wake.notify_one();
        Ok(published)
    }

    /// Takes a message out. `None` when there is none of that name that waits or is under way. An attempt that is under way
    /// goes on, and is the last one.
    pub fn cancel(&self, message_id: &str) -> Result<Option<()>, EngineError> {
        let now = self.now();
        Ok(self.0.database.write(|tx| store::cancel(tx, message_id, now))?)
    }

    /// Publishes a dead letter again, as a new message with all its attempts, and removes the entry. `None` when there is no
    /// such entry. Returns the new message's name.
    pub fn replay_dead_letter(&self, dlq_id: &str) -> Result<Option<String>, PublishError> {
        let now = self.now();
        let message_id = self.new_id("msg_");
        let replayed = self.0.database.write(|tx| store::replay(tx, dlq_id, &message_id, &self.0.settings, now))?;
        self.0.wake.notify_one();
        Ok(replayed.then_some(message_id))
    }

    /// Forgets a dead letter. False when there is none of that name.
    pub fn delete_dead_letter(&self, dlq_id: &str) -> Result<bool, EngineError> {
        Ok(self.0.database.write(|tx| store::delete_dead_letter(tx, dlq_id))?)
    }

    /// Takes up messages whose attempt was lost sight of: each lost attempt counts. Every pass does this; it is of its own
    /// for those who want to know how many. Leases that have not run out are left alone, since another process may hold them.
    pub fn recover(&self, now: Timestamp) -> Result<usize, EngineError> {
        Ok(self.0.database.write(|tx| store::recover(tx, &self.0.settings, now, now))?.len())
    }

    /// The same on start, by the one program that holds the data directory: every lease belongs to a process that is gone. The
    /// lost attempts count, and what has attempts left is due at once: its destination did nothing wrong.
    pub fn take_over(&self, now: Timestamp) -> Result<usize, EngineError> {
        const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX);
        Ok(self.0.database.write(|tx| {
            let lost = store::recover(tx, &self.0.settings, FOREVER, now)?;
            lost.iter().try_for_each(|message_id| store::hasten(tx, message_id, now))?;
            Ok::<_, DatabaseError>(lost.len())
        })?)
    }

    /// Waiting messages for addresses that begin with `from` go to `to` instead: their receiver has moved, as a program does
    /// that is started on another port. Returns how many.
    pub fn rehome(&self, from: &str, to: &str) -> Result<usize, EngineError> {
        Ok(self.0.database.write(|tx| store::rehome(tx, from, to))?)
    }

    fn now(&self) -> Timestamp {
        self.0.world.clock.now()
    }

    fn new_id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.0.world.entropy.hex(16))
    }
}
