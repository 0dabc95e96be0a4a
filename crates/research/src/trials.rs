//! The trial ledger: every parameter set ever tried on any data set of this database, for ever.
//!
//! Rows are written with the examination that they belong to (`stages/validate.rs`) and never change. What deflates a result are
//! the looks at its own prices, by hash: a file that is imported again under another name is the same data, and looks at other
//! prices cannot have made these look good. All looks are shown.

use assay_storage::{Database, DatabaseError, Row};
use assay_units::Timestamp;
use serde::Serialize;

/// How many looks were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    /// Parameter sets times data sets.
    pub raw: u64,
    /// As many independent ones: neighbours in a grid are almost the same trial.
    pub effective: f64,
}

/// The account of one data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Account {
    /// What the data set was called when it was last searched.
    pub symbol: String,
    /// Content hash of its prices.
    pub prices: String,
    /// Searches: one strategy's grid on these prices, once.
    pub searches: u64,
    /// Different strategies among them.
    pub strategies: u64,
    /// Parameter sets tried.
    pub raw: u64,
    /// As many independent ones.
    pub effective: f64,
    /// First search, RFC 3339.
    pub first_at: String,
    /// Last search, RFC 3339.
    pub last_at: String,
}

/// One search: a strategy's whole grid on one data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// When, RFC 3339.
    pub at: String,
    /// For which concept.
    pub concept: String,
    /// The strategy's title.
    pub strategy: String,
    /// Parameter sets tried.
    pub raw: u64,
    /// As many independent ones.
    pub effective: f64,
}

/// Over the life of the database.
pub fn lifetime(database: &Database) -> Result<Count, DatabaseError> {
    let found = database.read(|tx| {
        tx.row("SELECT coalesce(sum(trials), 0), coalesce(sum(effective), 0.0) FROM research_trials", &[], |row| {
            Ok(Count { raw: whole(row, 0)?, effective: row.real(1)? })
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
            |row| Ok(Count { raw: whole(row, 0)?, effective: row.real(1)? }),
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

/// Every data set that was ever looked at, the most looked at first.
pub fn accounts(database: &Database) -> Result<Vec<Account>, DatabaseError> {
    let sql = "SELECT (SELECT symbol FROM research_trials AS latest WHERE latest.prices_hash = every.prices_hash
                       ORDER BY at DESC, id DESC LIMIT 1),
                      prices_hash, count(*), count(DISTINCT strategy_hash), sum(trials), sum(effective), min(at), max(at)
               FROM research_trials AS every GROUP BY prices_hash ORDER BY sum(effective) DESC, prices_hash";
    database.read(|tx| {
        tx.rows(sql, &[], |row| {
            Ok(Account {
                symbol: row.text(0)?,
                prices: row.text(1)?,
                searches: whole(row, 2)?,
                strategies: whole(row, 3)?,
                raw: whole(row, 4)?,
                effective: row.real(5)?,
                first_at: Timestamp::from_millis(row.int(6)?).to_string(),
                last_at: Timestamp::from_millis(row.int(7)?).to_string(),
            })
        })
    })
}

/// The latest searches of the data set with these prices, newest first, at most `limit`.
pub fn searches(database: &Database, prices: &str, limit: u32) -> Result<Vec<Search>, DatabaseError> {
    let sql = "SELECT at, concept, strategy, trials, effective FROM research_trials WHERE prices_hash = ?1
               ORDER BY at DESC, id DESC LIMIT ?2";
    database.read(|tx| {
        tx.rows(sql, &[prices.into(), i64::from(limit).into()], |row| {
            Ok(Search {
                at: Timestamp::from_millis(row.int(0)?).to_string(),
                concept: row.text(1)?,
                strategy: row.text(2)?,
                raw: whole(row, 3)?,
                effective: row.real(4)?,
            })
        })
    })
}

fn whole(row: &Row<'_>, column: usize) -> Result<u64, DatabaseError> {
    Ok(u64::try_from(row.int(column)?).unwrap_or(0))
}
