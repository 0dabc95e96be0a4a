//! Reads the views out of the database. Never writes.

use assay_budget::Ledger;
use assay_storage::{Database, DatabaseError, Row, Tx, Value};
use assay_units::Timestamp;

use crate::propose::{self, Proposal};
use crate::views::{
    ConceptPage, ConceptRow, ExaminationView, InputView, SourceView, StrategyView, TimelineView, VerdictView,
};

/// Most concepts in a list.
pub const LIST_MAX: i64 = 10_000;

/// Everything that can be asked. Cheap to clone.
#[derive(Clone)]
pub struct Views {
    database: Database,
    ledger: Ledger,
}

const ROW: &str = "SELECT c.id, c.text, c.state, c.generation, v.verdict, v.statistic, c.why, c.created_at, c.runs_at,
    c.started_at, c.finished_at
    FROM research_concepts c LEFT JOIN research_verdicts v ON v.concept = c.id AND v.generation = c.generation";

impl Views {
    /// Over a database with its ledger.
    pub fn new(database: Database, ledger: Ledger) -> Views {
        Views { database, ledger }
    }

    /// All concepts, newest first.
    pub fn concepts(&self) -> Result<Vec<ConceptRow>, DatabaseError> {
        let sql = format!("{ROW} ORDER BY c.created_at DESC, c.rowid DESC LIMIT ?1");
        let rows = self.database.read(|tx| tx.rows(&sql, &[LIST_MAX.into()], concept_row))?;
        rows.into_iter().map(|row| self.with_cost(row)).collect()
    }

    fn with_cost(&self, mut row: ConceptRow) -> Result<ConceptRow, DatabaseError> {
        let spent = self.ledger.spent_on(&row.id)?;
        row.messages = spent.iter().filter(|(r, _)| *r == assay_budget::Resource::QstashMessages).map(|(_, n)| n).sum();
        Ok(row)
    }

    /// One concept in one row.
    pub fn concept(&self, id: &str) -> Result<Option<ConceptRow>, DatabaseError> {
        let sql = format!("{ROW} WHERE c.id = ?1");
        let row = self.database.read(|tx| tx.row(&sql, &[id.into()], concept_row))?;
        row.map(|row| self.with_cost(row)).transpose()
    }

    /// Everything about one concept's present generation.
    pub fn page(&self, id: &str) -> Result<Option<ConceptPage>, DatabaseError> {
        let Some(concept) = self.concept(id)? else { return Ok(None) };
        let spent = self.ledger.spent_on(id)?.into_iter().map(|(r, n)| (r.as_str().to_owned(), n)).collect();
        self.database.read(|tx| {
            let key: [Value; 2] = [id.into(), concept.generation.into()];
            let given =
                tx.row("SELECT note, urls, symbols FROM research_concepts WHERE id = ?1", &[id.into()], |row| {
                    Ok((row.opt_text(0)?, list(&row.text(1)?), list(&row.text(2)?)))
                })?;
            let (note, urls, symbols) = given.unwrap_or_default();
            Ok(Some(ConceptPage {
                sources: sources(tx, &key)?,
                strategies: strategies(tx, &key)?,
                examinations: bodies(tx, "research_examinations", "ordinal, symbol", &key)?
                    .iter()
                    .filter_map(|body| serde_json::from_str::<ExaminationView>(body).ok())
                    .collect(),
                verdict: bodies(tx, "research_verdicts", "at", &key)?
                    .first()
                    .and_then(|body| serde_json::from_str::<VerdictView>(body).ok()),
                timeline: timeline(tx, id)?,
                note,
                urls,
                symbols,
                concept,
                spent,
            }))
        })
    }

    /// How many concepts stand in each state.
    pub fn states(&self) -> Result<Vec<(String, u64)>, DatabaseError> {
        self.database.read(|tx| {
            tx.rows("SELECT state, count(*) FROM research_concepts GROUP BY state ORDER BY state", &[], |row| {
                Ok((row.text(0)?, u64::try_from(row.int(1)?).unwrap_or(0)))
            })
        })
    }
}

fn list(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

fn concept_row(row: &Row<'_>) -> Result<ConceptRow, DatabaseError> {
    let (started, finished) = (row.opt_time(9)?, row.opt_time(10)?);
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    Ok(ConceptRow {
        id: row.text(0)?,
        text: row.text(1)?,
        state: row.text(2)?,
        generation: row.int(3)?,
        verdict: row.opt_text(4)?,
        deflated_sharpe: row.opt_real(5)?,
        why: row.text(6)?,
        messages: 0,
        seconds: started.zip(finished).map(|(from, to)| to.since(from).as_secs_f64()),
        created_at: row.time(7)?.to_string(),
        runs_at: text(row.opt_time(8)?),
        finished_at: text(finished),
    })
}

fn sources(tx: &Tx<'_>, key: &[Value]) -> Result<Vec<SourceView>, DatabaseError> {
    tx.rows(
        "SELECT origin, kind, title, status, detail, quotes FROM research_sources
         WHERE concept = ?1 AND generation = ?2 ORDER BY rowid",
        key,
        |row| {
            Ok(SourceView {
                origin: row.text(0)?,
                kind: row.text(1)?,
                title: row.text(2)?,
                status: row.text(3)?,
                detail: row.text(4)?,
                quotes: list(&row.text(5)?),
            })
        },
    )
}

fn strategies(tx: &Tx<'_>, key: &[Value]) -> Result<Vec<StrategyView>, DatabaseError> {
    let stored = tx.rows(
        "SELECT ordinal, body FROM research_strategies WHERE concept = ?1 AND generation = ?2 ORDER BY ordinal",
        key,
        |row| Ok((row.int(0)?, row.text(1)?)),
    )?;
    let view = |(ordinal, body): (i64, String)| {
        let proposal: Proposal = serde_json::from_str(&body).ok()?;
        let strategy = propose::strategy(&proposal).ok();
        Some(StrategyView {
            ordinal,
            inputs: strategy.as_ref().map(InputView::of).unwrap_or_default(),
            grid: strategy.as_ref().and_then(assay_pine::Strategy::grid_size).unwrap_or(0),
            proposal,
        })
    };
    Ok(stored.into_iter().filter_map(view).collect())
}

fn bodies(tx: &Tx<'_>, table: &str, order: &str, key: &[Value]) -> Result<Vec<String>, DatabaseError> {
    let sql = format!("SELECT body FROM {table} WHERE concept = ?1 AND generation = ?2 ORDER BY {order}");
    tx.rows(&sql, key, |row| row.text(0))
}

fn timeline(tx: &Tx<'_>, id: &str) -> Result<Vec<TimelineView>, DatabaseError> {
    tx.rows(
        "SELECT at, what, detail, message_id FROM research_timeline WHERE concept = ?1 ORDER BY at, id",
        &[id.into()],
        |row| {
            Ok(TimelineView {
                at: row.time(0)?.to_string(),
                what: row.text(1)?,
                detail: row.text(2)?,
                message_id: row.opt_text(3)?,
            })
        },
    )
}
