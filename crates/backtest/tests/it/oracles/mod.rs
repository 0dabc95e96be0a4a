//! Comparisons with peers that run as separate programs: a request in JSON goes in, an answer in JSON comes out, and a table
//! says how far apart we are. `scripts/oracles/setup` installs the peers; where one is missing, its tests say so by name and
//! pass, so that the suite needs Rust alone.

mod cases;
mod indicators;
mod inference;
mod orders;
mod portfolios;
mod series;
mod splitting;
mod statistics;
mod trades;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use assay_backtest::stepwise::House;
use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::{Bars, Costs, Fill};
use serde_json::{Value, json};

/// The root of the repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Says it where a reader of the test run sees it: the harness shows what a passing test prints only when asked.
fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Whether every one of these peers is ready; names the ones that are not.
pub fn ready(names: &[&str]) -> bool {
    let status = std::fs::read_to_string(root().join("target/oracles/status.tsv")).unwrap_or_default();
    let mut all = true;
    for name in names {
        let state = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('\t'));
        if state != Some("ready") {
            say(&format!("NOT RUN: {name}: {}\n", state.unwrap_or("scripts/oracles/setup has not been run")));
            all = false;
        }
    }
    all
}

/// The answer of `scripts/oracles/<adapter>` to a request. An adapter that fails is a failed test, with its own words.
pub fn ask(adapter: &str, request: &Value) -> Value {
    let target = root().join("target/oracles");
    let mut command =
        if adapter.ends_with(".mjs") { Command::new("node") } else { Command::new(target.join("venv/bin/python")) };
    let mut child = command
        .arg(root().join("scripts/oracles").join(adapter))
        .env("NUMBA_CACHE_DIR", target.join("numba"))
        .env("PYTHONPYCACHEPREFIX", target.join("pycache"))
        .env("MPLBACKEND", "agg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{adapter} did not start: {e}"));
    // Every adapter reads its whole request before it writes.
    child.stdin.take().unwrap().write_all(request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{adapter}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{adapter}: {e}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// The bars as every adapter takes them.
pub fn columns(bars: &Bars) -> Value {
    json!({"time": bars.time, "open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close,
           "volume": bars.volume})
}

/// Execution without costs.
pub fn house(fill: Fill, intrabar: Intrabar) -> House {
    House { costs: Costs { fee: 0.0, slippage: 0.0 }, fill, intrabar }
}

/// The numbers of an answer; what a peer has no number for is NaN.
pub fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap_or_else(|| panic!("a list was expected: {value}")).iter().map(number).collect()
}

/// One number of an answer.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// A comparison: one row a quantity, the largest difference found and the one that is allowed.
pub struct Table {
    title: String,
    rows: Vec<Row>,
    notes: Vec<(String, String)>,
}

struct Row {
    what: String,
    compared: usize,
    worst: f64,
    allowed: f64,
    note: String,
}

impl Table {
    pub fn new(title: &str) -> Table {
        Table { title: title.to_string(), rows: vec![], notes: vec![] }
    }

    /// Compares pair by pair: |ours - theirs| / max(|theirs|, scale). Where only one side has a number, the difference is
    /// infinite; where neither has one, there is nothing to compare.
    pub fn compare(&mut self, what: &str, ours: &[f64], theirs: &[f64], scale: f64, allowed: f64, note: &str) {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        let pairs = ours.iter().zip(theirs).filter(|(a, b)| !(a.is_nan() && b.is_nan()));
        let (mut compared, mut worst) = (0, 0.0f64);
        for (a, b) in pairs {
            let apart = if a.is_nan() || b.is_nan() { f64::INFINITY } else { (a - b).abs() / b.abs().max(scale) };
            compared += 1;
            worst = worst.max(apart);
        }
        self.row(what, compared, worst, allowed, note);
    }

    /// A row whose difference was found elsewhere. Rows of one name are joined.
    pub fn row(&mut self, what: &str, compared: usize, worst: f64, allowed: f64, note: &str) {
        match self.rows.iter_mut().find(|row| row.what == what) {
            Some(row) => {
                row.compared += compared;
                row.worst = row.worst.max(worst);
            }
            None => {
                self.rows.push(Row { what: what.to_string(), compared, worst, allowed, note: note.to_string() });
            }
        }
    }

    /// A row that is not compared, because the peer means something else.
    pub fn note(&mut self, what: &str, why: &str) {
        self.notes.push((what.to_string(), why.to_string()));
    }

    /// Prints the table, then holds every row to what it allows.
    pub fn finish(self) {
        let mut text =
            format!("\n{}\n| what | compared | largest difference | allowed | |\n|---|---|---|---|---|\n", self.title);
        for row in &self.rows {
            text += &format!(
                "| {} | {} | {:.1e} | {:.0e} | {} |\n",
                row.what, row.compared, row.worst, row.allowed, row.note
            );
        }
        for (what, why) in &self.notes {
            text += &format!("| {what} | - | - | - | differs: {why} |\n");
        }
        say(&text);
        for row in &self.rows {
            assert!(row.compared > 0, "{}: {}: nothing was compared", self.title, row.what);
            assert!(row.worst <= row.allowed, "{}: {}: {:e}", self.title, row.what, row.worst);
        }
    }
}

#[test]
fn a_table_refuses_what_is_too_far_apart_or_one_sided() {
    let broken = |ours: &[f64], theirs: &[f64]| {
        let (ours, theirs) = (ours.to_vec(), theirs.to_vec());
        std::panic::catch_unwind(move || {
            let mut table = Table::new("itself");
            table.compare("x", &ours, &theirs, 1.0, 1e-9, "");
            // What `finish` would say, without printing it.
            assert!(table.rows[0].compared > 0 && table.rows[0].worst <= 1e-9);
        })
        .is_err()
    };
    assert!(!broken(&[1.0, f64::NAN], &[1.0 + 1e-12, f64::NAN]));
    assert!(broken(&[1.0], &[1.0 + 1e-6]) && broken(&[f64::NAN], &[1.0]) && broken(&[1.0], &[f64::NAN]));
    assert!(broken(&[f64::NAN], &[f64::NAN]));
}
