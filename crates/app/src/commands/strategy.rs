//! `assay strategy`: does a script compile, and what does the catalogue hold?

use std::path::PathBuf;
use std::process::ExitCode;

use assay_research::propose::catalogue;
use assay_research::views::InputView;
use serde_json::json;

use crate::cli::Strategy;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Does one of them.
pub fn strategy(config: &Config, command: Strategy, json: bool) -> Result<ExitCode, AppError> {
    match command {
        Strategy::Check { file } => {
            let text = super::read_text(&file)?;
            let program = match assay_pine::compile(&text) {
                Ok(program) => program,
                Err(refusal) => {
                    if json {
                        let findings: Vec<_> = refusal
                            .0
                            .iter()
                            .map(
                                |d| json!({ "line": d.line, "column": d.column, "message": d.message, "help": d.help }),
                            )
                            .collect();
                        output::json(&json!({ "ok": false, "findings": findings }));
                    }
                    let place = file.display();
                    let lines: Vec<String> = refusal.0.iter().map(|d| format!("{place}:{d}")).collect();
                    return Err(AppError::text(
                        Exit::Input,
                        format!("the script cannot be tested\n{}", lines.join("\n")),
                    ));
                }
            };
            let points = program.grid_size();
            let too_large = points.is_none_or(|points| points > config.grid_max);
            if json {
                let warnings: Vec<String> = program.warnings.iter().map(ToString::to_string).collect();
                output::json(&json!({
                    "ok": !too_large, "title": program.title, "version": program.version, "grid": points,
                    "inputs": InputView::of(&program), "warnings": warnings,
                }));
            } else {
                let shown = points.map_or("more than 2^64".to_owned(), |n| n.to_string());
                output::print(&format!("{} (Pine v{}): {shown} parameter sets\n", program.title, program.version));
                let rows: Vec<Vec<String>> = program
                    .inputs
                    .iter()
                    .map(|input| {
                        let (first, last) = (input.grid[0], input.grid[input.grid.len() - 1]);
                        let values = if input.grid.len() == 1 {
                            format!("{first}")
                        } else {
                            format!("{first} to {last}, {} values", input.grid.len())
                        };
                        let ours = if input.derived { "derived from the default" } else { "" };
                        vec![input.name.clone(), input.default.to_string(), values, ours.into()]
                    })
                    .collect();
                if !rows.is_empty() {
                    output::print(&output::table(&["INPUT", "DEFAULT", "GRID", ""], &rows));
                }
                for warning in &program.warnings {
                    output::print(&format!("warning: {}:{warning}\n", file.display()));
                }
            }
            if too_large {
                let shown = points.map_or("more than 2^64".to_owned(), |n| n.to_string());
                let message = format!("the grid has {shown} points, at most {} are swept", config.grid_max);
                return Err(AppError::text(Exit::Input, message)
                    .hint("narrow minval and maxval or raise step of the inputs with the most values; ASSAY_GRID_MAX sets the bound"));
            }
        }
        Strategy::Fmt { files, write, check } => return fmt(&files, write, check, json),
        Strategy::List => {
            let all = catalogue::all();
            let grid = |pine: &str| assay_pine::compile(pine).ok().and_then(|p| p.grid_size()).unwrap_or(0);
            if json {
                let views: Vec<_> = all
                    .iter()
                    .map(|a| json!({ "id": a.id, "name": a.name, "family": a.family, "aliases": a.aliases, "claim": a.claim, "source": a.source, "grid": grid(&a.pine) }))
                    .collect();
                output::json(&views);
            } else {
                let rows: Vec<Vec<String>> = all
                    .iter()
                    .map(|a| vec![a.id.clone(), a.family.clone(), grid(&a.pine).to_string(), a.claim.clone()])
                    .collect();
                output::print(&output::table(&["ID", "FAMILY", "GRID", "CLAIM"], &rows));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Lays scripts out. Each file is read and laid out before any is written: one that cannot be read changes none.
fn fmt(files: &[PathBuf], write: bool, check: bool, json: bool) -> Result<ExitCode, AppError> {
    let mut laid_out = Vec::new();
    for file in files {
        let text = super::read_text(file)?;
        let new = assay_pine::format::format(&text).map_err(|refusal| {
            let lines: Vec<String> = refusal.0.iter().map(|d| format!("{}:{d}", file.display())).collect();
            AppError::text(Exit::Input, format!("the script cannot be read\n{}", lines.join("\n")))
        })?;
        laid_out.push((file, new != text, new));
    }
    let changed: Vec<String> =
        laid_out.iter().filter(|(_, changed, _)| *changed).map(|(file, ..)| file.display().to_string()).collect();
    if write {
        for (file, _, new) in laid_out.iter().filter(|(file, changed, _)| *changed && file.as_os_str() != "-") {
            super::write_whole(file, new).map_err(|e| {
                AppError::text(Exit::Unavailable, format!("{}: cannot be written: {e}", file.display()))
            })?;
        }
    }
    if json {
        output::json(&json!({ "files": files.len(), "changed": changed }));
    } else if check || write {
        changed.iter().for_each(|file| output::print(&format!("{file}\n")));
    } else {
        laid_out.iter().for_each(|(_, _, new)| output::print(new));
    }
    if check && !changed.is_empty() {
        let scripts =
            if changed.len() == 1 { "1 script is".to_owned() } else { format!("{} scripts are", changed.len()) };
        return Err(AppError::text(Exit::Input, format!("{scripts} not laid out canonically"))
            .hint("`assay strategy fmt --write` does it"));
    }
    Ok(ExitCode::SUCCESS)
}
