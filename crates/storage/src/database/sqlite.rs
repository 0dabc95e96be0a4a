//! SQLite, bundled: write-ahead log, every commit synced, one writer and a few readers per process.
//!
//! Other processes may hold the same file; a writer waits for them up to [`BUSY_MAX`]. Calls block for as long as a commit
//! takes, which is milliseconds.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use assay_units::Timestamp;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, TransactionBehavior};

use super::{DatabaseError, OpenError, Schema, Value};

const FILE: &str = "assay.db";
/// How long a writer waits for another process.
const BUSY_MAX: Duration = Duration::from_secs(10);
/// Idle readers that are kept.
const READERS_MAX: usize = 4;
/// Prepared statements that each connection keeps.
const STATEMENTS_MAX: usize = 128;

/// A database of ours. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Shared>);

struct Shared {
    path: PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

thread_local! {
    /// A transaction inside a transaction of the same thread would wait for itself for ever.
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

struct Writing;

impl Writing {
    fn start() -> Writing {
        let nested = WRITING.replace(true);
        assert!(!nested, "Database::write called inside Database::write: pass the transaction on instead");
        Writing
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.set(false);
    }
}

impl Database {
    /// Opens or makes `dir/assay.db` and brings its tables up to date.
    pub fn open(dir: &Path, schemas: &[Schema]) -> Result<Database, OpenError> {
        let path = dir.join(FILE);
        std::fs::create_dir_all(dir)
            .map_err(|error| OpenError::Directory { path: dir.to_owned(), problem: error.to_string() })?;
        let mut writer = connect(&path).map_err(|error| open_error(&path, error))?;
        migrate(&path, &mut writer, schemas)?;
        Ok(Database(Arc::new(Shared { path, writer: Mutex::new(writer), readers: Mutex::default() })))
    }

    /// Runs `f` in a transaction that is durable when this returns `Ok`, and rolled back otherwise.
    ///
    /// # Panics
    /// When called inside another `write` of the same thread.
    pub fn write<T, E: From<DatabaseError>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _writing = Writing::start();
        // A panic inside `f` has rolled its transaction back on unwinding, so the connection is sound.
        let mut writer = locked(&self.0.writer);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failure)?;
        let value = f(&Tx(&transaction))?;
        transaction.commit().map_err(failure)?;
        Ok(value)
    }

    /// Runs `f` on one snapshot.
    pub fn read<T, E: From<DatabaseError>>(&self, f: impl FnOnce(&Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let idle = locked(&self.0.readers).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => connect(&self.0.path).map_err(failure)?,
        };
        let transaction = reader.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failure)?;
        let value = f(&Tx(&transaction))?;
        transaction.rollback().map_err(failure)?;
        let mut readers = locked(&self.0.readers);
        if readers.len() < READERS_MAX {
            readers.push(reader);
        }
        Ok(value)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn migrate(path: &Path, connection: &mut Connection, schemas: &[Schema]) -> Result<(), OpenError> {
    let failed = |error| open_error(path, error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS schema_versions (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT",
        )
        .map_err(failed)?;
    for schema in schemas {
        let known = schema.migrations.last().map_or(0, |last| last.version);
        let found: u32 = transaction
            .query_row("SELECT version FROM schema_versions WHERE part = ?1", [schema.part], |row| row.get(0))
            .or_else(|error| if error == rusqlite::Error::QueryReturnedNoRows { Ok(0) } else { Err(error) })
            .map_err(failed)?;
        if found > known {
            return Err(OpenError::Newer { path: path.to_owned(), part: schema.part.to_owned(), found, known });
        }
        for migration in schema.migrations.iter().filter(|migration| migration.version > found) {
            transaction.execute_batch(migration.sql).map_err(failed)?;
        }
        transaction
            .execute("INSERT OR REPLACE INTO schema_versions (part, version) VALUES (?1, ?2)", (schema.part, known))
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path: path.to_owned() },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenError::Directory { path: path.parent().unwrap_or(path).to_owned(), problem: error.to_string() }
        }
        _ => OpenError::Database { path: path.to_owned(), cause: failure(error) },
    }
}

fn failure(error: rusqlite::Error) -> DatabaseError {
    let code = error.sqlite_error_code();
    let cause = Box::new(error);
    match code {
        Some(ErrorCode::DiskFull) => DatabaseError::DiskFull(cause),
        Some(ErrorCode::ReadOnly) => DatabaseError::ReadOnly(cause),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Busy(cause),
        Some(ErrorCode::ConstraintViolation) => DatabaseError::Constraint(cause),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DatabaseError::Corrupt(cause),
        _ => DatabaseError::Other(cause),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::ValueRef;
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(n) => ValueRef::Integer(*n),
            Value::Real(x) => ValueRef::Real(*x),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A running transaction.
pub struct Tx<'a>(&'a Connection);

impl Tx<'_> {
    /// Runs a statement; gives the number of rows it changed.
    pub fn execute(&self, sql: &str, parameters: &[Value]) -> Result<usize, DatabaseError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        statement.execute(rusqlite::params_from_iter(parameters)).map_err(failure)
    }

    /// All rows of a query.
    pub fn rows<T>(
        &self,
        sql: &str,
        parameters: &[Value],
        mut f: impl FnMut(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(failure)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(failure)? {
            all.push(f(&Row(row))?);
        }
        Ok(all)
    }

    /// The first row of a query, if there is one.
    pub fn row<T>(
        &self,
        sql: &str,
        parameters: &[Value],
        f: impl FnOnce(&Row<'_>) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, DatabaseError> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters)).map_err(failure)?;
        rows.next().map_err(failure)?.map(|row| f(&Row(row))).transpose()
    }

    /// The id that the last INSERT gave.
    pub fn last_id(&self) -> i64 {
        self.0.last_insert_rowid()
    }
}

/// A row of an answer; columns count from 0.
pub struct Row<'a>(&'a rusqlite::Row<'a>);

impl Row<'_> {
    fn get<T: rusqlite::types::FromSql>(&self, column: usize) -> Result<T, DatabaseError> {
        self.0.get(column).map_err(failure)
    }
    /// An INTEGER.
    pub fn int(&self, column: usize) -> Result<i64, DatabaseError> {
        self.get(column)
    }
    /// An INTEGER or NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, DatabaseError> {
        self.get(column)
    }
    /// A REAL.
    pub fn real(&self, column: usize) -> Result<f64, DatabaseError> {
        self.get(column)
    }
    /// A REAL or NULL.
    pub fn opt_real(&self, column: usize) -> Result<Option<f64>, DatabaseError> {
        self.get(column)
    }
    /// A TEXT.
    pub fn text(&self, column: usize) -> Result<String, DatabaseError> {
        self.get(column)
    }
    /// A TEXT or NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<String>, DatabaseError> {
        self.get(column)
    }
    /// A BLOB.
    pub fn blob(&self, column: usize) -> Result<Vec<u8>, DatabaseError> {
        self.get(column)
    }
    /// An INTEGER of milliseconds since 1970.
    pub fn time(&self, column: usize) -> Result<Timestamp, DatabaseError> {
        self.get(column).map(Timestamp::from_millis)
    }
    /// The same, or NULL.
    pub fn opt_time(&self, column: usize) -> Result<Option<Timestamp>, DatabaseError> {
        Ok(self.opt_int(column)?.map(Timestamp::from_millis))
    }
    /// An INTEGER that is 0 or not.
    pub fn bool(&self, column: usize) -> Result<bool, DatabaseError> {
        Ok(self.int(column)? != 0)
    }
}
