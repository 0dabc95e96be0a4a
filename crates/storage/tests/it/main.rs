//! What the state port promises, on a real file.

use std::fs;

use assay_storage::{Database, DatabaseError, InstanceLock, LockError, Migration, OpenError, Schema};

const NOTES: Schema = Schema {
    part: "notes",
    migrations: &[Migration { version: 1, sql: "CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT" }],
};
const NOTES_2: Schema = Schema {
    part: "notes",
    migrations: &[
        Migration { version: 1, sql: "CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT" },
        Migration { version: 2, sql: "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3" },
    ],
};

fn add(database: &Database, text: &str) -> Result<(), DatabaseError> {
    database.write(|tx| tx.execute("INSERT INTO notes (text) VALUES (?1)", &[text.into()]).map(|_| ()))
}

fn all(database: &Database) -> Vec<String> {
    let read = database.read(|tx| tx.rows("SELECT text FROM notes ORDER BY rowid", &[], |row| row.text(0)));
    read.unwrap_or_else(|error: DatabaseError| panic!("{error}"))
}

#[test]
fn what_was_committed_is_there_after_opening_again_and_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let first = Database::open(dir.path(), &[NOTES]).unwrap();
    add(&first, "a").unwrap();
    let second = Database::open(dir.path(), &[NOTES]).unwrap();
    add(&second, "b").unwrap();
    assert_eq!(all(&first), ["a", "b"]);
    drop((first, second));
    assert_eq!(all(&Database::open(dir.path(), &[NOTES]).unwrap()), ["a", "b"]);
}

#[test]
fn an_error_or_a_panic_inside_a_transaction_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path(), &[NOTES]).unwrap();
    let failed: Result<(), DatabaseError> = database.write(|tx| {
        tx.execute("INSERT INTO notes (text) VALUES ('half')", &[])?;
        tx.execute("INSERT INTO notes (text) VALUES ('half')", &[])?;
        Ok(())
    });
    assert!(matches!(failed, Err(DatabaseError::Constraint(_))));
    let panicked = std::panic::catch_unwind(|| {
        let _: Result<(), DatabaseError> = database.write(|tx| {
            tx.execute("INSERT INTO notes (text) VALUES ('half')", &[])?;
            panic!("in the middle");
        });
    });
    assert!(panicked.is_err());
    add(&database, "whole").unwrap();
    assert_eq!(all(&database), ["whole"]);
}

#[test]
#[should_panic(expected = "pass the transaction on")]
fn a_transaction_inside_a_transaction_is_a_bug_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path(), &[NOTES]).unwrap();
    let _: Result<(), DatabaseError> = database.write(|_| add(&database, "inner"));
}

#[test]
fn tables_grow_with_the_program_and_a_newer_database_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    add(&Database::open(dir.path(), &[NOTES]).unwrap(), "old").unwrap();
    let newer = Database::open(dir.path(), &[NOTES_2]).unwrap();
    let stars = newer.read(|tx| tx.row("SELECT stars FROM notes", &[], |row| row.int(0)));
    assert_eq!(stars.unwrap_or_else(|error: DatabaseError| panic!("{error}")), Some(3));
    drop(newer);
    let error = Database::open(dir.path(), &[NOTES]).err().expect("refused");
    assert!(matches!(&error, OpenError::Newer { part, found: 2, known: 1, .. } if part == "notes"), "{error}");
    assert!(error.to_string().ends_with("install a newer assay"), "{error}");
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was() {
    const BROKEN: Schema = Schema {
        part: "notes",
        migrations: &[
            Migration { version: 1, sql: "CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT" },
            Migration { version: 2, sql: "CREATE TABLE extra (x INTEGER) STRICT; SELECT no_such_function()" },
        ],
    };
    let dir = tempfile::tempdir().unwrap();
    add(&Database::open(dir.path(), &[NOTES]).unwrap(), "kept").unwrap();
    assert!(Database::open(dir.path(), &[BROKEN]).is_err());
    let database = Database::open(dir.path(), &[NOTES]).unwrap();
    assert_eq!(all(&database), ["kept"]);
    let extra = database.read(|tx| tx.row("SELECT name FROM sqlite_master WHERE name = 'extra'", &[], |r| r.text(0)));
    assert_eq!(extra.unwrap_or_else(|error: DatabaseError| panic!("{error}")), None);
}

#[test]
fn what_is_no_directory_or_no_database_is_refused_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = Database::open(&file.join("below"), &[NOTES]).err().expect("refused").to_string();
    assert!(error.contains("below") && error.contains("--dir"), "{error}");
    fs::write(dir.path().join("assay.db"), vec![b'x'; 4096]).unwrap();
    assert!(matches!(Database::open(dir.path(), &[NOTES]), Err(OpenError::NotADatabase { .. })));
}

#[test]
fn a_full_disk_is_named_and_the_database_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path(), &[NOTES]).unwrap();
    add(&database, "before").unwrap();
    let pages = |n: i64| {
        let set = database.write(|tx| tx.row(&format!("PRAGMA max_page_count = {n}"), &[], |row| row.int(0)));
        set.unwrap_or_else(|error: DatabaseError| panic!("{error}"));
    };
    // SQLite answers a reached page bound exactly as it answers a file system without room.
    pages(1);
    let error = add(&database, &"x".repeat(1 << 20)).unwrap_err();
    assert!(matches!(error, DatabaseError::DiskFull(_)) && error.retry(), "{error}");
    pages(1 << 30);
    add(&database, "after").unwrap();
    assert_eq!(all(&database), ["before", "after"]);
}

#[test]
fn a_second_instance_on_the_same_directory_is_told_who_holds_it() {
    let dir = tempfile::tempdir().unwrap();
    let held = InstanceLock::take(dir.path()).unwrap();
    let error = InstanceLock::take(dir.path()).unwrap_err();
    assert!(matches!(error, LockError::Held { holder: Some(pid), .. } if pid == std::process::id()), "{error}");
    drop(held);
    InstanceLock::take(dir.path()).unwrap();
}
