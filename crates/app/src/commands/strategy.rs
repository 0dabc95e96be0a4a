//! `assay strategy`: does a script compile, and what does the catalogue hold?

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
