//! The tables: what was found, with the interval that chance leaves, what was asked for, and what theory allows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use assay_backtest::verdict::Verdict;
use serde::Serialize;

use crate::market::NoEdge;
use crate::planted::Mechanism;
use crate::planted::amplitude::{Planted, Scatter};
use crate::record::Terms;
use crate::study::{Record, STRENGTHS, Study};
use crate::tally::Share;
use crate::theory;

/// Confidence of every interval.
pub const CONFIDENCE: f64 = 0.95;
/// Most markets without an edge that may end as plausible.
pub const PLAUSIBLE_MAX: f64 = 0.01;
/// Most markets without an edge that may end as plausible or weak.
pub const WEAK_MAX: f64 = 0.05;
/// Years of a market.
const YEARS: f64 = 10.0;

/// A share, its interval and its counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Counted.
    pub hits: u64,
    /// Of how many.
    pub of: u64,
    /// Hits over all.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl From<Share> for Measured {
    fn from(share: Share) -> Measured {
        let (low, high) = share.wilson(CONFIDENCE);
        Measured { hits: share.hits, of: share.of, share: share.value(), low, high }
    }
}

/// A row of the table of markets without an edge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoEdgeRow {
    /// What was searched.
    pub searched: &'static str,
    /// The kind of market, or all of them.
    pub market: &'static str,
    /// Ended as plausible.
    pub plausible: Measured,
    /// Ended as plausible or weak.
    pub plausible_or_weak: Measured,
    /// Effective trials of a concept, on average.
    pub trials: f64,
}

/// A row of the table of planted edges.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlantedRow {
    /// What can be known.
    pub mechanism: &'static str,
    /// The archetype that is meant to find it.
    pub archetype: &'static str,
    /// Asked for.
    pub strength: f64,
    /// How it was planted.
    pub planted: Planted,
    /// Ended as plausible.
    pub plausible: Measured,
    /// Ended as plausible or weak.
    pub plausible_or_weak: Measured,
    /// Effective trials of a concept, on average.
    pub trials: f64,
    /// What theory allows at [`PLAUSIBLE_MAX`].
    pub theory_at_bound: Theory,
    /// What theory allows at the rate of false alarms that was measured.
    pub theory_at_measured: Option<Theory>,
}

/// Power by [`theory`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Theory {
    /// Of a test of the Sharpe ratio against zero.
    pub sharpe: f64,
    /// Of a test of the timing, the market's own move held fixed, over the effective trials.
    pub timing: f64,
    /// The same at the line that luck draws in that very search.
    pub search: f64,
    /// Independent trials that the concept is worth at that line.
    pub trials: f64,
}

/// How often a check stood in the way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    /// The check.
    pub check: String,
    /// Failed by the concept's best strategy, on markets without an edge.
    pub no_edge: Measured,
    /// The same on planted edges, by strength.
    pub planted: Vec<Measured>,
}

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Seed of all markets.
    pub seed: u64,
    /// Names settings, catalogue and program.
    pub fingerprint: String,
    /// Markets without an edge.
    pub no_edge: Vec<NoEdgeRow>,
    /// Markets with one.
    pub planted: Vec<PlantedRow>,
    /// What decided.
    pub checks: Vec<CheckRow>,
}

#[derive(Default)]
struct Cell {
    plausible: Share,
    weak: Share,
    trials: f64,
}

impl Cell {
    fn add(&mut self, record: &Record) {
        let verdict = Verdict::parse(&record.verdict);
        self.plausible.add(verdict == Some(Verdict::Plausible));
        self.weak.add(matches!(verdict, Some(Verdict::Plausible | Verdict::Weak)));
        self.trials += record.trials;
    }

    fn mean_trials(&self) -> f64 {
        self.trials / self.plausible.of as f64
    }

    fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Cell {
        let mut cell = Cell::default();
        records.into_iter().for_each(|record| cell.add(record));
        cell
    }
}

/// The looks of a concept in those of its search of `archetype`, on average.
fn looks(records: &[&Record], archetype: &str) -> f64 {
    let shares = records.iter().filter_map(|record| {
        let own = record.items.iter().find(|item| item.archetype == archetype)?;
        Some(record.trials / own.trials.max(1.0))
    });
    let (sum, n) = shares.fold((0.0, 0.0), |(sum, n), share| (sum + share, n + 1.0));
    if n > 0.0 { sum / n } else { 1.0 }
}

impl Report {
    /// Counts `records`. Studies without a record are left out.
    pub fn of(terms: &Terms, records: &[Record], planted: &dyn Fn(Mechanism, usize) -> Option<Planted>) -> Report {
        let mut by_study: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
        for record in records {
            by_study.entry(&record.study).or_default().push(record);
        }
        let found = |study: Study| by_study.get(study.key().as_str()).cloned().unwrap_or_default();
        let mut no_edge = vec![];
        for (searched, study) in
            [("a concept", Study::Concepts as fn(NoEdge) -> Study), ("the catalogue", Study::Catalogue)]
        {
            let mut all = vec![];
            for kind in NoEdge::ALL {
                let there = found(study(kind));
                no_edge.extend(no_edge_row(searched, kind.as_str(), &there));
                all.extend(there);
            }
            no_edge.extend(no_edge_row(searched, "all", &all));
        }
        let alarms = no_edge.iter().find(|row| row.searched == "a concept" && row.market == "all");
        let measured = alarms.map(|row| row.plausible.share).filter(|rate| *rate > 0.0);
        let mut rows = vec![];
        for mechanism in Mechanism::ALL {
            for (at, strength) in STRENGTHS.into_iter().enumerate() {
                let records = found(Study::Planted(mechanism, at));
                let cell = Cell::of(records.iter().copied());
                let Some(planted) = planted(mechanism, at).filter(|_| cell.plausible.of > 0) else { continue };
                let trials = cell.mean_trials();
                let looks = looks(&records, mechanism.archetype());
                let power = |level| {
                    let share = theory::shared(level, looks);
                    let Scatter { mean, deviation } = planted.timing;
                    Theory {
                        sharpe: theory::power(planted.sharpe, planted.deviation, level, trials, YEARS),
                        timing: theory::timing_power(mean, deviation, theory::line(level, trials)),
                        search: theory::timing_power(mean, deviation, planted.luck.line(share)),
                        trials: planted.luck.trials(share) * looks,
                    }
                };
                rows.push(PlantedRow {
                    mechanism: mechanism.as_str(),
                    archetype: mechanism.archetype(),
                    strength,
                    plausible: cell.plausible.into(),
                    plausible_or_weak: cell.weak.into(),
                    trials,
                    theory_at_bound: power(PLAUSIBLE_MAX),
                    theory_at_measured: measured.map(power),
                    planted,
                });
            }
        }
        Report {
            seed: terms.seed,
            fingerprint: terms.fingerprint.clone(),
            no_edge,
            planted: rows,
            checks: checks(&found),
        }
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        let share = |m: &Measured| format!("{:.1} % ({:.1}-{:.1})", 100.0 * m.share, 100.0 * m.low, 100.0 * m.high);
        out.push_str("Markets without an edge, ten years of daily bars each, with drift:\n\n");
        out.push_str("| searched | market | markets | plausible | plausible or weak | effective trials |\n");
        out.push_str("|---|---|---|---|---|---|\n");
        for row in &self.no_edge {
            let (plausible, weak) = (share(&row.plausible), share(&row.plausible_or_weak));
            let (searched, market, of, trials) = (row.searched, row.market, row.plausible.of, row.trials);
            writeln!(out, "| {searched} | {market} | {of} | {plausible} | {weak} | {trials:.0} |").expect("text");
        }
        writeln!(
            out,
            "\nAsked for: at most {:.0} % plausible, {:.0} % plausible or weak. In brackets 95 % intervals (Wilson).\n",
            100.0 * PLAUSIBLE_MAX,
            100.0 * WEAK_MAX
        )
        .expect("text");
        out.push_str("Planted edges, by what is to be known and the true annual Sharpe ratio, net of costs, of the strategy that knows:\n\n");
        out.push_str("| mechanism | Sharpe | markets | found plausible | plausible or weak | effective trials, theory | trials at the line, theory | theory, Sharpe ratio alone |\n");
        out.push_str("|---|---|---|---|---|---|---|---|\n");
        for row in &self.planted {
            let theory = |of: fn(&Theory) -> f64| {
                let at_measured =
                    row.theory_at_measured.as_ref().map_or("-".to_owned(), |t| format!("{:.0} %", 100.0 * of(t)));
                format!("{at_measured} ({:.0} %)", 100.0 * of(&row.theory_at_bound))
            };
            writeln!(
                out,
                "| {} | {:.1} | {} | {} | {} | {} | {} | {} |",
                row.mechanism,
                row.strength,
                row.plausible.of,
                share(&row.plausible),
                share(&row.plausible_or_weak),
                format_args!("{:.0}: {}", row.trials, theory(|t| t.timing)),
                row.theory_at_measured.as_ref().map_or("-".to_owned(), |t| format!(
                    "{:.0}: {}",
                    t.trials,
                    theory(|t| t.search)
                )),
                theory(|t| t.sharpe),
            )
            .expect("text");
        }
        out.push_str(
            "\nTheory is the power of a test at the measured rate of false alarms, in brackets at 1 %. Of the timing of the \
             strategy that knows, the market's own move held fixed, which is what the permutation test sees: once over the \
             effective trials, which count how good the best of luck is on average, once at the line that luck draws in that \
             search at this rate, where a grid is worth more trials. And of its Sharpe ratio against zero, over the effective \
             trials.\n",
        );
        out.push_str("\nChecks that a concept's best strategy failed:\n\n| check | no edge |");
        STRENGTHS.iter().for_each(|s| write!(out, " Sharpe {s:.1} |").expect("text"));
        out.push_str("\n|---|---|---|---|---|\n");
        for row in &self.checks {
            write!(out, "| {} | {:.0} % |", row.check, 100.0 * row.no_edge.share).expect("text");
            for planted in &row.planted {
                let text = if planted.of == 0 { "-".to_owned() } else { format!("{:.0} %", 100.0 * planted.share) };
                write!(out, " {text} |").expect("text");
            }
            out.push('\n');
        }
        out
    }
}

fn no_edge_row(searched: &'static str, market: &'static str, records: &[&Record]) -> Option<NoEdgeRow> {
    let cell = Cell::of(records.iter().copied());
    (cell.plausible.of > 0).then(|| NoEdgeRow {
        searched,
        market,
        plausible: cell.plausible.into(),
        plausible_or_weak: cell.weak.into(),
        trials: cell.mean_trials(),
    })
}

/// For each check, how often the best strategy of a concept failed it.
fn checks<'a>(found: &dyn Fn(Study) -> Vec<&'a Record>) -> Vec<CheckRow> {
    let mut groups: Vec<Vec<&'a Record>> =
        vec![NoEdge::ALL.into_iter().flat_map(|k| found(Study::Concepts(k))).collect()];
    for strength in 0..STRENGTHS.len() {
        groups.push(Mechanism::ALL.into_iter().flat_map(|m| found(Study::Planted(m, strength))).collect());
    }
    let mut shares: BTreeMap<String, Vec<Share>> = BTreeMap::new();
    let mut totals = vec![0; groups.len()];
    for (at, group) in groups.iter().enumerate() {
        for record in group {
            totals[at] += 1;
            for code in best_item_failures(record) {
                shares.entry(code.clone()).or_insert_with(|| vec![Share::default(); groups.len()])[at].hits += 1;
            }
        }
    }
    let measured = |share: &Share, of: u64| Measured::from(Share { of, ..*share });
    shares
        .into_iter()
        .map(|(check, row)| CheckRow {
            check,
            no_edge: measured(&row[0], totals[0]),
            planted: row[1..].iter().zip(&totals[1..]).map(|(share, of)| measured(share, *of)).collect(),
        })
        .collect()
}

/// What the strategy that speaks for the concept failed.
fn best_item_failures(record: &Record) -> &[String] {
    record.best.and_then(|best| record.items.get(best)).map_or(&[], |item| &item.failed)
}
