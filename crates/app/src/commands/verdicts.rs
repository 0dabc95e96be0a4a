//! Verdicts as a table, and reports as files.

use std::fs;
use std::path::PathBuf;

use assay_console::report;
use assay_research::views::ConceptRow;

use crate::app::App;
use crate::error::AppError;
use crate::output;

const HEAD: [&str; 6] = ["CONCEPT", "VERDICT", "DSR", "MESSAGES", "SECONDS", "WHY"];

/// A table of concepts, with the best honest statistic of each.
pub fn table(rows: &[ConceptRow]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    output::table(&HEAD, &cells)
}

/// The same with the ids that other commands ask for.
pub fn listing(rows: &[ConceptRow]) -> String {
    let with_id = |row: &ConceptRow| std::iter::once(row.id.clone()).chain(cells(row)).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(with_id).collect();
    let head: Vec<&str> = std::iter::once("ID").chain(HEAD).collect();
    output::table(&head, &cells)
}

fn cells(row: &ConceptRow) -> Vec<String> {
    let verdict = match (&row.verdict, row.state.as_str()) {
        (Some(verdict), _) => verdict.replace('_', " "),
        (None, state) => state.to_owned(),
    };
    vec![
        row.text.clone(),
        verdict,
        row.deflated_sharpe.map_or("-".into(), |dsr| format!("{dsr:.3}")),
        row.messages.to_string(),
        row.seconds.map_or("-".into(), |s| format!("{s:.1}")),
        row.why.clone(),
    ]
}

/// Writes the reports of a concept below the data directory. Returns their paths.
pub fn write_reports(app: &App, id: &str) -> Result<Vec<PathBuf>, AppError> {
    let Some(page) = app.views.page(id)? else { return Ok(vec![]) };
    let dir = app.config.dir.join("reports");
    fs::create_dir_all(&dir)?;
    let stem = report::file_stem(&page);
    let json = serde_json::to_string_pretty(&page).expect("views are plain fields");
    let mut paths = Vec::new();
    for (ending, text) in [("html", report::html(&page)), ("md", report::markdown(&page)), ("json", json)] {
        let path = dir.join(format!("{stem}.{ending}"));
        super::write_whole(&path, &text)?;
        paths.push(path);
    }
    Ok(paths)
}
