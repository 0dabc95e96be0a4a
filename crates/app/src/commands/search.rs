//! `assay search`: passages that answer, with quotes.

use std::process::ExitCode;

use serde_json::json;

use crate::app::App;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Most passages, whatever is asked for.
const LIMIT_MAX: usize = 100;

/// Searches everything that was read.
pub fn search(config: Config, query: &str, limit: usize, json: bool) -> Result<ExitCode, AppError> {
    if query.trim().is_empty() {
        return Err(AppError::text(Exit::Input, "nothing to search for").hint("assay search \"oversold bounce\""));
    }
    let app = App::open(config)?;
    // The catalogue can be searched before anything has run.
    assay_research::index_catalogue(&app.database, &app.corpus, app.world.clock.now())?;
    let hits = app.corpus.search(query, limit.clamp(1, LIMIT_MAX))?;
    if json {
        let views: Vec<_> = hits
            .iter()
            .map(|hit| json!({ "title": hit.title, "origin": hit.origin, "quote": hit.quote, "passage": hit.passage, "score": hit.score }))
            .collect();
        output::json(&views);
    } else if hits.is_empty() {
        eprintln!("nothing found for {query:?}");
    } else {
        for hit in &hits {
            output::print(&format!("{}  ({})\n", hit.title, hit.origin));
            for line in output::wrapped(&hit.quote, 96) {
                output::print(&format!("    {line}\n"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
