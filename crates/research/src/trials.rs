//! The trial ledger: every parameter set ever tried on any data set of this database, for ever.

use assay_storage::{Database, DatabaseError};

/// How many looks were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Parameter sets times data sets.
    pub raw: u64,
    /// As many independent ones: neighbours in a grid are almost the same trial.
    pub effective: f64,
}

/// Over the life of the database.
pub fn lifetime(database: &Database) -> Result<Count, DatabaseError> {
    let found = database.read(|tx| {
        tx.row("SELECT coalesce(sum(trials), 0), coalesce(sum(effective), 0.0) FROM research_trials", &[], |row| {
            Ok(Count { raw: u64::try_from(row.int(0)?).unwrap_or(0), effective: row.real(1)? })
        })
    })?;
    Ok(found.unwrap_or_default())
}
