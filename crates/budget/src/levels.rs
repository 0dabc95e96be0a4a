//! What weighs on a budget day, and which day that is. The definitions that the guard's answers rest on; nothing here writes.

use assay_storage::{DatabaseError, Tx, Value};
use assay_units::{Timestamp, UtcDay};

use crate::Resource;

/// What weighs on one day.
pub(crate) struct Levels {
    pub settled: u64,
    pub reserved: u64,
    /// Of `settled`, what is counted without proof.
    pub assumed: u64,
    /// Of `settled`, what the provider counted beyond the reservation.
    pub unaccounted: u64,
}

/// The day that counts: today, or the newest day in the ledger when the clock was set back. A clock that steps back and
/// forth over midnight would otherwise find a fresh allowance each time.
pub(crate) fn budget_day(tx: &Tx<'_>, resource: Resource, now: Timestamp) -> Result<UtcDay, DatabaseError> {
    Ok(newest_day(tx, resource)?.map_or(now.utc_day(), |newest| newest.max(now.utc_day())))
}

/// The last day that anything in the ledger lies on.
pub(crate) fn newest_day(tx: &Tx<'_>, resource: Resource) -> Result<Option<UtcDay>, DatabaseError> {
    // Two subqueries, each answered by the end of an index.
    let newest = tx.row(
        "SELECT (SELECT MAX(day) FROM budget_reservations WHERE resource = ?1),
                (SELECT MAX(last_day) FROM budget_reservations WHERE resource = ?1)",
        &[resource.as_str().into()],
        |row| Ok(row.opt_int(0)?.max(row.opt_int(1)?)),
    )?;
    Ok(newest.flatten().map(|day| UtcDay::from_days(i32::try_from(day).unwrap_or(i32::MAX - 1))))
}

/// What weighs on `day`, which is no earlier than any row's first day:
/// * open reservations in full, whenever they were made, because their attempts may fall on this day;
/// * closed ones from the day of their reservation to the day they ended. Nobody tells us which day an attempt was billed
///   on, so a message that ran over midnight counts in full on both sides of it;
/// * assumed ones one day longer: what we lost sight of may still be attempted after the next midnight.
///
/// No cap can be exceeded by this at midnight: what weighs on the new day weighed on the old one too.
pub(crate) fn levels(tx: &Tx<'_>, resource: Resource, day: UtcDay) -> Result<Levels, DatabaseError> {
    let parameters: [Value; 2] = [resource.as_str().into(), i64::from(day.days()).into()];
    let reserved = tx.row(
        "SELECT COALESCE(SUM(units), 0) FROM budget_reservations WHERE resource = ?1 AND last_day IS NULL",
        &parameters[..1],
        |row| row.int(0),
    )?;
    let closed = tx.row(
        "SELECT COALESCE(SUM(used), 0), COALESCE(SUM(CASE state WHEN 'assumed_spent' THEN used ELSE 0 END), 0),
                COALESCE(SUM(MAX(used - units, 0)), 0)
         FROM budget_reservations
         WHERE resource = ?1 AND last_day >= ?2 - 1 AND (last_day >= ?2 OR state = 'assumed_spent')",
        &parameters,
        |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?].map(i64::unsigned_abs)),
    )?;
    let [settled, assumed, unaccounted] = closed.expect("an aggregate has one row");
    let reserved = reserved.expect("an aggregate has one row").unsigned_abs();
    Ok(Levels { settled, reserved, assumed, unaccounted })
}

/// Since when a person has it switched off.
pub(crate) fn stopped(tx: &Tx<'_>, resource: Resource) -> Result<Option<Timestamp>, DatabaseError> {
    tx.row("SELECT since FROM budget_stops WHERE resource = ?1", &[resource.as_str().into()], |row| row.time(0))
}
