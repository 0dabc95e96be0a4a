//! `kill -9` at twenty seeded moments of the demo, each followed by another start: nothing is lost, nothing is judged twice,
//! and the message engine never made more attempts than the budget had reserved. Each start listens on another port, so that
//! messages which wait for the old one have to follow.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use assay_storage::Database;
use assay_units::{Seed, SplitMix64};

use super::assay;

const MOMENTS: u64 = 20;
const CAP: i64 = 450;

/// Lines of progress that a whole demo prints, at least: moments are spread over them.
const LINES: u64 = 45;

#[test]
fn a_demo_that_is_killed_at_any_moment_goes_on_where_it_stopped() {
    let base = tempfile::tempdir().unwrap();
    let mut killed = 0;
    for seed in 0..MOMENTS {
        let dir = base.path().join(format!("run{seed}"));
        std::fs::create_dir(&dir).unwrap();
        let mut draw = SplitMix64::new(Seed(seed));
        // Twice in a row, so that recoveries are interrupted too.
        killed += u32::from(kill_after(&dir, seed * LINES / MOMENTS + draw.below(3), draw.below(20_000)));
        killed += u32::from(kill_after(&dir, draw.below(LINES), draw.below(20_000)));
        let output = assay(&dir, &["demo", "--exit", "--json", "--listen", "127.0.0.1:0"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "seed {seed}: {said}");
        let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for row in rows.as_array().unwrap() {
            assert_eq!(row["state"], "done", "seed {seed}: {row}");
            assert_eq!(row["generation"], 1, "seed {seed}");
        }
        check(&dir.join("demo"), rows.as_array().unwrap().len(), seed);
        std::fs::remove_dir_all(&dir).unwrap();
    }
    assert!(killed >= MOMENTS as u32, "only {killed} runs were still alive when their moment came");
}

/// Starts the demo and kills it a few microseconds after its n-th line of progress. False when it had ended by then.
fn kill_after(dir: &Path, lines: u64, spins: u64) -> bool {
    let mut child = assay(dir, &["demo", "--exit", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..=lines {
        if said.next().is_none() {
            break;
        }
    }
    for _ in 0..spins {
        std::hint::spin_loop();
    }
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

/// What must hold in the database when all is over.
fn check(dir: &Path, concepts: usize, seed: u64) {
    let schemas = [assay_budget::SCHEMA, assay_messages::SCHEMA, assay_corpus::SCHEMA, assay_research::SCHEMA];
    let database = Database::open(dir, &schemas).unwrap();
    let one = |sql: &str| -> i64 {
        let found = database.read(|tx| tx.row(sql, &[], |row| row.int(0)));
        let found: Result<_, assay_storage::DatabaseError> = found;
        found.unwrap().unwrap_or(0)
    };
    assert_eq!(one("SELECT count(*) FROM research_concepts"), concepts as i64, "seed {seed}: concepts");
    assert_eq!(one("SELECT count(*) FROM research_verdicts"), concepts as i64, "seed {seed}: verdicts");
    assert_eq!(
        one("SELECT count(*) FROM research_timeline WHERE what = 'verdict'"),
        concepts as i64,
        "seed {seed}: judged twice"
    );
    // A look is counted once for each examination that took one.
    assert_eq!(
        one("SELECT count(*) FROM research_trials"),
        one("SELECT count(*) FROM research_examinations WHERE json_extract(body, '$.own.raw') > 0"),
        "seed {seed}: looks"
    );
    assert_eq!(one("SELECT count(*) FROM research_inbox WHERE finished_at IS NULL"), 0, "seed {seed}: open jobs");

    // Billed attempts, as the engine's log has them, against what the book counts.
    let attempts: BTreeMap<String, i64> = {
        let read: Result<Vec<(String, i64)>, assay_storage::DatabaseError> = database.read(|tx| {
            tx.rows(
                "SELECT message_id, count(*) FROM messages_events WHERE state = 'ACTIVE' GROUP BY message_id",
                &[],
                |row| Ok((row.text(0)?, row.int(1)?)),
            )
        });
        read.unwrap().into_iter().collect()
    };
    assert!(attempts.values().all(|n| *n <= 4), "seed {seed}: more than 1 + 3 attempts: {attempts:?}");
    let billed: i64 = attempts.values().sum();
    let booked = one(
        "SELECT coalesce(sum(coalesce(used, units)), 0) FROM budget_reservations WHERE resource = 'qstash_messages'",
    );
    assert!(billed <= booked && booked <= CAP, "seed {seed}: billed {billed}, booked {booked}, cap {CAP}");
}
