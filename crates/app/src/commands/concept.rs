//! `assay concept`: add, list, show, retry. Writes rows only; whoever runs the pipeline finds them.

use std::process::ExitCode;

use assay_console::report;
use assay_research::{Submitted, retry};
use serde_json::json;

use super::verdicts;
use crate::app::App;
use crate::cli::{Concept, ReportFormat};
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Does one of them.
pub fn concept(config: Config, command: Concept, json: bool) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    match command {
        Concept::Add(given) => {
            let submitted = super::submit::submit(&app, given)?;
            said(&submitted, json);
        }
        Concept::List => {
            let rows = app.views.concepts()?;
            if json {
                output::json(&rows);
            } else if rows.is_empty() {
                eprintln!("no concepts yet: assay concept add \"RSI mean reversion\"");
            } else {
                output::print(&verdicts::listing(&rows));
            }
        }
        Concept::Show { id, report } => show(&app, &id, report, json)?,
        Concept::Retry { id } => {
            let submitted = retry(&app.database, &app.ledger, &id, app.world.clock.now())?;
            said(&submitted, json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(app: &App, id: &str, format: Option<ReportFormat>, json: bool) -> Result<(), AppError> {
    let unknown =
        || AppError::text(Exit::NotFound, format!("no concept {id}")).hint("`assay concept list` shows the ids");
    let page = app.views.page(id)?.ok_or_else(unknown)?;
    match (format, json) {
        (Some(ReportFormat::Html), _) => output::print(&report::html(&page)),
        (None, true) => output::json(&page),
        (Some(ReportFormat::Markdown), _) | (None, false) => output::print(&report::markdown(&page)),
    }
    Ok(())
}

fn said(submitted: &Submitted, json: bool) {
    let (outcome, runs_at) = match submitted {
        Submitted::Queued(_) => ("queued", None),
        Submitted::Deferred(_, at) => ("deferred", Some(at.to_string())),
        Submitted::Known(_) => ("known", None),
    };
    let id = submitted.id().as_str();
    if json {
        output::json(&json!({ "id": id, "outcome": outcome, "runs_at": runs_at }));
        return;
    }
    output::print(&format!("{id}\n"));
    match (outcome, runs_at) {
        ("known", _) => eprintln!("given before; `assay concept show {id}` shows it"),
        (_, Some(at)) => eprintln!("today's concepts are used up: it runs at {at}"),
        _ => eprintln!("queued; `assay serve` works on it, `assay concept show {id}` shows it"),
    }
}
