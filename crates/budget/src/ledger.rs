//! The ledger: reserve -> send -> settle, each step durable before the next one happens.
//!
//! A reservation weighs in full from the moment it is made. It becomes lighter only on evidence: a settlement that says
//! what was used, or the proof that nothing was sent. A crash in between leaves it open, and [`Ledger::recover`] then counts
//! it as spent. What weighs on a day is defined in one place, `levels`.

use assay_storage::{Database, DatabaseError, Tx};
use assay_units::{Timestamp, UtcDay};

use crate::levels::{budget_day, levels, newest_day, stopped};
use crate::{Caps, Denied, Permit, ReservationId, Resource, guard};

/// Days that closed reservations are kept.
const HISTORY_DAYS: i32 = 90;
/// Characters of a purpose that are kept.
const PURPOSE_CHARS_MAX: usize = 200;

/// Keeps the guard's answers. Cheap to clone; all clones, and all processes on the same database, share one budget.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) database: Database,
    pub(crate) caps: Caps,
}

/// A message that was handed to the engine and whose attempts are not counted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMessage {
    /// The engine's name for it.
    pub message_id: String,
    /// Units reserved.
    pub units: u64,
    /// When they were reserved.
    pub reserved_at: Timestamp,
}

/// How a reservation ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Close {
    /// So much was used; somebody who knows says so.
    Settled(u64),
    /// All of it is counted, because nobody can prove otherwise.
    AssumedSpent,
    /// Nothing was sent, and that is certain.
    Released,
}

impl Ledger {
    /// A ledger on `database`, which holds [`crate::SCHEMA`].
    pub fn new(database: Database, caps: Caps) -> Ledger {
        Ledger { database, caps }
    }

    /// Sets `units` aside, durably, or says why not. `purpose` and `concept` are for people and reports.
    pub fn reserve(
        &self,
        resource: Resource,
        units: u64,
        purpose: &str,
        concept: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<Permit, Denied>, DatabaseError> {
        self.database.write(|tx| {
            let admitted = self.admit_in(tx, resource, units, now)?;
            let day = match admitted {
                Ok(day) => day,
                Err(denied) => return Ok(Err(denied)),
            };
            let id = insert(tx, Entry { resource, units, purpose, concept, day, spent: false, now })?;
            Ok(Ok(Permit { id, resource, units }))
        })
    }

    /// Spends `units` inside the caller's transaction: reserved and settled at once, with whatever else it decides.
    pub fn spend_in(
        &self,
        tx: &Tx<'_>,
        resource: Resource,
        units: u64,
        purpose: &str,
        concept: Option<&str>,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, DatabaseError> {
        let admitted = self.admit_in(tx, resource, units, now)?;
        let day = match admitted {
            Ok(day) => day,
            Err(denied) => return Ok(Err(denied)),
        };
        insert(tx, Entry { resource, units, purpose, concept, day, spent: true, now })?;
        Ok(Ok(()))
    }

    /// The engine accepted what the reservation paid for, and calls it `message_id`. From now on a crash loses nothing:
    /// the reservation stays open until the message is settled.
    pub fn mark_sent(&self, id: ReservationId, message_id: &str, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.write(|tx| {
            tx.execute(
                "UPDATE budget_reservations SET state = 'sent', message_id = ?2, sent_at = ?3
                 WHERE id = ?1 AND state = 'reserved'",
                &[id.0.into(), message_id.into(), now.into()],
            )?;
            Ok(())
        })
    }

    /// Ends a reservation with what was used; the rest returns to the pool. A reservation that has ended stays as it is.
    /// More than was reserved is recorded as it is said: the ledger follows the provider up, and then denies sooner.
    pub fn settle(&self, id: ReservationId, used_units: u64, now: Timestamp) -> Result<(), DatabaseError> {
        self.close(id, Close::Settled(used_units), now)
    }

    /// The same for the message of a reservation. True when it was open until now, false when there is nothing to do.
    /// Several reservations share a message when a publish was repeated after a lost answer; each is settled with
    /// `used_units`, since the provider may have counted the repetition too.
    pub fn settle_message(&self, message_id: &str, used_units: u64, now: Timestamp) -> Result<bool, DatabaseError> {
        self.database.write(|tx| {
            let open = tx.rows(
                "SELECT id FROM budget_reservations WHERE message_id = ?1 AND state = 'sent'",
                &[message_id.into()],
                |row| row.int(0),
            )?;
            for id in &open {
                close_in(tx, ReservationId(*id), Close::Settled(used_units), now)?;
            }
            Ok(!open.is_empty())
        })
    }

    /// Gives back what was reserved. To hold the permit is the proof that nothing was sent: sending consumes it.
    pub fn release(&self, permit: Permit, now: Timestamp) -> Result<(), DatabaseError> {
        self.close(permit.id, Close::Released, now)
    }

    /// Messages sent and not settled, oldest first.
    pub fn open_messages(&self, limit: usize) -> Result<Vec<OpenMessage>, DatabaseError> {
        self.database.read(|tx| {
            tx.rows(
                "SELECT message_id, units, reserved_at FROM budget_reservations
                 WHERE message_id IS NOT NULL AND state = 'sent' ORDER BY reserved_at, id LIMIT ?1",
                &[i64::try_from(limit).unwrap_or(i64::MAX).into()],
                |row| {
                    let units = row.int(1)?.unsigned_abs();
                    Ok(OpenMessage { message_id: row.text(0)?, units, reserved_at: row.time(2)? })
                },
            )
        })
    }

    /// To be called on start, before anything is sent, by the one program that holds the data directory: what was reserved
    /// and neither marked as sent nor ended belongs to a run that is over. It may have been sent, so it counts as spent.
    /// Returns how many reservations.
    pub fn recover(&self, now: Timestamp) -> Result<u64, DatabaseError> {
        self.database.write(|tx| {
            let lost = tx.rows("SELECT id FROM budget_reservations WHERE state = 'reserved'", &[], |row| row.int(0))?;
            for id in &lost {
                close_in(tx, ReservationId(*id), Close::AssumedSpent, now)?;
            }
            Ok(lost.len() as u64)
        })
    }

    /// Switches a resource off: when this returns, nobody gets a new reservation, also after a restart.
    pub fn stop(&self, resource: Resource, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.write(|tx| {
            tx.execute(
                "INSERT OR IGNORE INTO budget_stops (resource, since) VALUES (?1, ?2)",
                &[resource.as_str().into(), now.into()],
            )?;
            Ok(())
        })
    }

    /// Switches a resource on again.
    pub fn resume(&self, resource: Resource) -> Result<(), DatabaseError> {
        self.database.write(|tx| {
            tx.execute("DELETE FROM budget_stops WHERE resource = ?1", &[resource.as_str().into()])?;
            Ok(())
        })
    }

    /// Since when a resource is switched off.
    pub fn stopped(&self, resource: Resource) -> Result<Option<Timestamp>, DatabaseError> {
        self.database.read(|tx| stopped(tx, resource))
    }

    /// Forgets what ended more than 90 days ago. Returns how many rows.
    pub fn prune(&self, now: Timestamp) -> Result<u64, DatabaseError> {
        self.database.write(|tx| {
            let mut pruned = 0;
            for resource in Resource::ALL {
                // A clock that jumps far ahead must not make us forget today: the newest row counts, not only the clock.
                let Some(newest) = newest_day(tx, resource)? else { continue };
                let before = i64::from(newest.min(now.utc_day()).days().saturating_sub(HISTORY_DAYS));
                pruned += tx.execute(
                    "DELETE FROM budget_reservations WHERE resource = ?1 AND last_day < ?2",
                    &[resource.as_str().into(), before.into()],
                )?;
            }
            let before = i64::from(now.utc_day().days().saturating_sub(HISTORY_DAYS));
            pruned += tx.execute("DELETE FROM budget_denials WHERE day < ?1", &[before.into()])?;
            Ok(pruned as u64)
        })
    }

    /// Moves whatever lies in days to come to today, after a clock that ran ahead was set right. All of it then weighs on
    /// today, so no allowance grows; without this, the ledger stays in the later day until the clock has caught up.
    pub fn trust_clock(&self, now: Timestamp) -> Result<(), DatabaseError> {
        let today = i64::from(now.utc_day().days());
        self.database.write(|tx| {
            tx.execute(
                "UPDATE budget_reservations SET day = MIN(day, ?1), last_day = MIN(last_day, ?1)
                 WHERE day > ?1 OR last_day > ?1",
                &[today.into()],
            )?;
            Ok(())
        })
    }

    pub(crate) fn close(&self, id: ReservationId, how: Close, now: Timestamp) -> Result<(), DatabaseError> {
        self.database.write(|tx| close_in(tx, id, how, now))
    }

    /// The day that the units may be taken from, or why they may not.
    fn admit_in(
        &self,
        tx: &Tx<'_>,
        resource: Resource,
        units: u64,
        now: Timestamp,
    ) -> Result<Result<UtcDay, Denied>, DatabaseError> {
        let day = budget_day(tx, resource, now)?;
        let denied = match stopped(tx, resource)? {
            Some(since) => Denied::Stopped { resource, since },
            None => {
                let levels = levels(tx, resource, day)?;
                // What SQLite cannot hold cannot be admitted.
                let cap = self.caps.of(resource).min(i64::MAX as u64);
                match guard::admit(cap, levels.settled.saturating_add(levels.reserved), units) {
                    Ok(()) => return Ok(Ok(day)),
                    Err(guard::OverCap { left }) => {
                        Denied::CapReached { resource, asked: units, left, cap, resets_at: day.next().start() }
                    }
                }
            }
        };
        tx.execute(
            "INSERT INTO budget_denials (day, resource, reason, denials) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (day, resource, reason) DO UPDATE SET denials = denials + 1",
            &[i64::from(day.days()).into(), resource.as_str().into(), denied.reason().into()],
        )?;
        Ok(Err(denied))
    }
}

struct Entry<'a> {
    resource: Resource,
    units: u64,
    purpose: &'a str,
    concept: Option<&'a str>,
    day: UtcDay,
    /// Ended in the same breath.
    spent: bool,
    now: Timestamp,
}

fn insert(tx: &Tx<'_>, entry: Entry<'_>) -> Result<ReservationId, DatabaseError> {
    let day = i64::from(entry.day.days());
    let purpose: String = entry.purpose.chars().take(PURPOSE_CHARS_MAX).collect();
    tx.execute(
        "INSERT INTO budget_reservations
         (resource, day, last_day, units, used, state, purpose, concept, reserved_at, closed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            entry.resource.as_str().into(),
            day.into(),
            entry.spent.then_some(day).into(),
            integer(entry.units).into(),
            entry.spent.then_some(integer(entry.units)).into(),
            if entry.spent { "settled" } else { "reserved" }.into(),
            purpose.into(),
            entry.concept.into(),
            entry.now.into(),
            entry.spent.then_some(entry.now).into(),
        ],
    )?;
    Ok(ReservationId(tx.last_id()))
}

/// The one place where a reservation ends. Only open rows change, so the first end stands.
fn close_in(tx: &Tx<'_>, id: ReservationId, how: Close, now: Timestamp) -> Result<(), DatabaseError> {
    let open = tx.row(
        "SELECT resource, units FROM budget_reservations WHERE id = ?1 AND last_day IS NULL",
        &[id.0.into()],
        |row| Ok((row.text(0)?, row.int(1)?)),
    )?;
    let Some((resource, units)) = open else { return Ok(()) };
    let resource = Resource::parse(&resource).expect("only resources are stored as resources");
    let last_day = budget_day(tx, resource, now)?;
    let (state, used) = match how {
        Close::Settled(used) => ("settled", integer(used)),
        Close::AssumedSpent => ("assumed_spent", units),
        Close::Released => ("released", 0),
    };
    tx.execute(
        "UPDATE budget_reservations SET state = ?2, used = ?3, last_day = ?4, closed_at = ?5 WHERE id = ?1",
        &[id.0.into(), state.into(), used.into(), i64::from(last_day.days()).into(), now.into()],
    )?;
    Ok(())
}

fn integer(units: u64) -> i64 {
    i64::try_from(units).unwrap_or(i64::MAX)
}
