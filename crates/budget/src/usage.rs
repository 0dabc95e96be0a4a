//! What people see of the ledger: today's levels, what a concept cost, how often the guard said no.

use assay_storage::DatabaseError;
use assay_units::Timestamp;

use crate::levels::{budget_day, levels, stopped};
use crate::{Ledger, Resource};

/// One resource today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which.
    pub resource: Resource,
    /// The day's cap.
    pub cap: u64,
    /// Spent.
    pub settled: u64,
    /// Set aside for what is under way, today's and what midnight left open.
    pub reserved: u64,
    /// What can still be had.
    pub left: u64,
    /// Of `settled`, what is counted because nobody can prove that it was not spent.
    pub assumed: u64,
    /// Of `settled`, what the provider counted beyond its reservation. Not zero means that something spends past the door.
    pub unaccounted: u64,
    /// Since when a person has it switched off.
    pub stopped_since: Option<Timestamp>,
    /// The next UTC midnight.
    pub resets_at: Timestamp,
}

/// How often the guard said no today, for one resource and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DenialCount {
    /// Of what.
    pub resource: Resource,
    /// `cap_reached` or `stopped`, as [`crate::Denied::reason`] says it.
    pub reason: String,
    /// How often.
    pub denials: u64,
}

impl Ledger {
    /// Where one resource stands.
    pub fn usage(&self, resource: Resource, now: Timestamp) -> Result<Usage, DatabaseError> {
        self.database.read(|tx| {
            let day = budget_day(tx, resource, now)?;
            let levels = levels(tx, resource, day)?;
            let cap = self.caps.of(resource);
            Ok(Usage {
                resource,
                cap,
                settled: levels.settled,
                reserved: levels.reserved,
                left: cap.saturating_sub(levels.settled.saturating_add(levels.reserved)),
                assumed: levels.assumed,
                unaccounted: levels.unaccounted,
                stopped_since: stopped(tx, resource)?,
                resets_at: day.next().start(),
            })
        })
    }

    /// Where all of them stand.
    pub fn usages(&self, now: Timestamp) -> Result<Vec<Usage>, DatabaseError> {
        Resource::ALL.into_iter().map(|resource| self.usage(resource, now)).collect()
    }

    /// What a concept has cost so far, settled and reserved together; resources that it took nothing of are left out.
    /// Reaches back as far as the history does.
    pub fn spent_on(&self, concept: &str) -> Result<Vec<(Resource, u64)>, DatabaseError> {
        self.database.read(|tx| {
            tx.rows(
                "SELECT resource, SUM(COALESCE(used, units)) FROM budget_reservations
                 WHERE concept IS NOT NULL AND concept = ?1
                 GROUP BY resource HAVING SUM(COALESCE(used, units)) > 0 ORDER BY resource",
                &[concept.into()],
                |row| {
                    let resource = Resource::parse(&row.text(0)?).expect("only resources are stored as resources");
                    Ok((resource, row.int(1)?.unsigned_abs()))
                },
            )
        })
    }

    /// How often the guard has said no today.
    pub fn denials_today(&self, now: Timestamp) -> Result<Vec<DenialCount>, DatabaseError> {
        self.database.read(|tx| {
            let mut counts = Vec::new();
            for resource in Resource::ALL {
                let day = budget_day(tx, resource, now)?;
                counts.extend(tx.rows(
                    "SELECT reason, denials FROM budget_denials WHERE day = ?1 AND resource = ?2 ORDER BY reason",
                    &[i64::from(day.days()).into(), resource.as_str().into()],
                    |row| Ok(DenialCount { resource, reason: row.text(0)?, denials: row.int(1)?.unsigned_abs() }),
                )?);
            }
            Ok(counts)
        })
    }
}
