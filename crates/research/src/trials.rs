//! The trial ledger: every parameter set ever tried on any data set of this database, for ever.
//!
//! What deflates a result are the looks at its own prices, by hash: a file that is imported again under another name is the
//! same data, and looks at other prices cannot have made these look good. All looks are shown.

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

/// At the prices of that hash, over the life of the database.
pub fn on(database: &Database, prices_hash: &str) -> Result<Count, DatabaseError> {
    let found = database.read(|tx| {
        tx.row(
            "SELECT coalesce(sum(trials), 0), coalesce(sum(effective), 0.0) FROM research_trials WHERE prices_hash = ?1",
            &[prices_hash.into()],
            |row| Ok(Count { raw: u64::try_from(row.int(0)?).unwrap_or(0), effective: row.real(1)? }),
        )
    })?;
    Ok(found.unwrap_or_default())
}

/// The hash of the prices that a generation of a concept was examined on under that symbol; `None` when it took no look.
pub fn prices_of(
    database: &Database,
    concept: &str,
    generation: i64,
    symbol: &str,
) -> Result<Option<String>, DatabaseError> {
    database.read(|tx| {
        tx.row(
            "SELECT prices_hash FROM research_trials WHERE concept = ?1 AND generation = ?2 AND symbol = ?3 LIMIT 1",
            &[concept.into(), generation.into(), symbol.into()],
            |row| row.text(0),
        )
    })
}
