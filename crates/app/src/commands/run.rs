//! `assay run`: one concept in the foreground. With an `assay serve` on the same directory, that one does the work and this
//! one watches; otherwise a service runs for as long as the concept needs, on a port of its own.

use std::process::ExitCode;
use std::time::Duration;

use assay_research::Submitted;
use assay_research::views::ConceptRow;
use assay_storage::{InstanceLock, LockError};

use super::{runtime, start_log, verdicts};
use crate::app::App;
use crate::cli::Submit;
use crate::config::{Config, Source};
use crate::error::{AppError, Exit};
use crate::output;
use crate::progress::{Progress, is_over};
use crate::service::Service;

/// Judges one concept.
pub fn run(mut config: Config, given: Submit, json: bool) -> Result<ExitCode, AppError> {
    if config.sources.get("ASSAY_LISTEN").is_some_and(|(_, source)| *source == Source::Default) {
        // Nobody else needs to know where the engine of a short run listens.
        config.listen.set_port(0);
    }
    let app = App::open(config)?;
    start_log(&app.config, &app.metrics, true)?;
    runtime()?.block_on(judge(app, given, json))
}

async fn judge(app: App, given: Submit, json: bool) -> Result<ExitCode, AppError> {
    // Whoever holds the lock does the work.
    let served = match InstanceLock::take(&app.config.dir) {
        Ok(lock) => {
            drop(lock);
            false
        }
        Err(LockError::Held { .. }) => true,
        Err(error) => return Err(error.into()),
    };
    let submitted = super::submit::submit(&app, given)?;
    let id = submitted.id().to_string();
    if let Submitted::Known(_) = submitted {
        if is_over(&row(&app, &id)?) {
            eprintln!(
                "this concept was given before: its verdict is shown again; `assay concept retry {id}` judges it anew"
            );
        } else {
            eprintln!("this concept was given before: it goes on where it stopped");
        }
    }
    let service = if served { None } else { Some(Service::start(&app).await?) };
    let pipeline = service.as_ref().map(|service| service.pipeline.clone());
    let mut progress = Progress::new(1);
    let row = loop {
        let row = row(&app, &id)?;
        progress.show(std::slice::from_ref(&row), pipeline.as_ref());
        if is_over(&row) {
            break row;
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(150)) => {}
            _ = tokio::signal::ctrl_c() => {
                progress.end();
                if let Some(service) = service {
                    service.stop().await;
                }
                eprintln!("stopped; the work goes on at the next start (concept {id})");
                return Ok(ExitCode::from(130));
            }
        }
    };
    progress.end();
    if let Some(service) = service {
        service.stop().await;
    }
    let paths = verdicts::write_reports(&app, &id)?;
    let page = app.views.page(&id)?.ok_or_else(|| AppError::text(Exit::NotFound, format!("no concept {id}")))?;
    if json {
        output::json(&page);
    } else {
        output::print(&assay_console::report::markdown(&page));
        for path in paths {
            eprintln!("{}", path.display());
        }
    }
    Ok(if row.state == "failed" { ExitCode::from(Exit::Failed as u8) } else { ExitCode::SUCCESS })
}

fn row(app: &App, id: &str) -> Result<ConceptRow, AppError> {
    app.views.concept(id)?.ok_or_else(|| AppError::text(Exit::NotFound, format!("no concept {id}")))
}
