//! The words of the state port: values, rows, schemas, errors. The engine is `sqlite`.

mod sqlite;
mod value;

use std::path::PathBuf;

pub use sqlite::{Database, Row, Tx};
pub use value::Value;

/// One step of a part's schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub version: u32,
    /// One or more statements.
    pub sql: &'static str,
}

/// The tables of one part. Each crate owns its own.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The part's name.
    pub part: &'static str,
    /// In order of version.
    pub migrations: &'static [Migration],
}

/// Why a statement or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// No room left. Nothing was written.
    #[error("the disk is full; free some space: the database goes on by itself")]
    DiskFull(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file or its directory cannot be written.
    #[error("the database is read-only; check the owner and mode of its directory")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process held the database for too long.
    #[error("the database is busy with another process")]
    Busy(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A rule of the schema was broken.
    #[error("a constraint of the schema does not hold")]
    Constraint(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file is damaged.
    #[error("the database is damaged; restore it from a backup")]
    Corrupt(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else.
    #[error("the database refused a statement")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DatabaseError {
    /// Whether the same transaction may succeed later with nothing changed on our side.
    pub fn retry(&self) -> bool {
        matches!(self, DatabaseError::DiskFull(_) | DatabaseError::Busy(_) | DatabaseError::ReadOnly(_))
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be made or written.
    #[error("{}: the data directory cannot be written: {problem}; choose another with --dir or ASSAY_DIR", path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The file is not a database of ours.
    #[error("{}: is not an Assay database; move it away or choose another directory", path.display())]
    NotADatabase {
        /// Which.
        path: PathBuf,
    },
    /// Written by a later program.
    #[error("{}: the {part} tables are of version {found}, this program knows {known}; install a newer assay", path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Whose tables.
        part: String,
        /// In the file.
        found: u32,
        /// Known here.
        known: u32,
    },
    /// A statement failed while opening.
    #[error("{}: the database cannot be opened", path.display())]
    Database {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: DatabaseError,
    },
}
