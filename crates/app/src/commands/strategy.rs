//! `assay strategy`: does a script compile, and what does the catalogue hold?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use assay_pine::{Explained, Place};
use assay_research::propose::{self, catalogue};
use assay_research::views::InputView;
use serde_json::json;

use crate::cli::Strategy;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Does one of them.
pub fn strategy(config: &Config, command: Strategy, json: bool) -> Result<ExitCode, AppError> {
    match command {
        Strategy::Check { file } => return check(config, &file, json),
        Strategy::Explain { file } => return explain(&file, json),
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

/// A script on its path, or its findings as an error that names file and place.
fn read(file: &Path, json: bool) -> Result<(assay_pine::Strategy, String), AppError> {
    let text = super::read_text(file)?;
    let refusal = match assay_pine::strategy(&text) {
        Ok(strategy) => return Ok((strategy, text)),
        Err(refusal) => refusal,
    };
    if json {
        let finding = |d: &assay_pine::Diagnostic| json!({ "line": d.line, "column": d.column, "message": d.message, "help": d.help });
        output::json(&json!({ "ok": false, "findings": refusal.0.iter().map(finding).collect::<Vec<_>>() }));
    }
    let lines: Vec<String> = refusal.0.iter().map(|d| format!("{}:{d}", file.display())).collect();
    Err(AppError::text(Exit::Input, format!("the script cannot be tested\n{}", lines.join("\n"))))
}

/// Its grid and what a reader should know; an error when it cannot be swept.
fn check(config: &Config, file: &Path, json: bool) -> Result<ExitCode, AppError> {
    let (mut strategy, _) = read(file, json)?;
    let coarsened = propose::fit(&mut strategy);
    let points = strategy.grid_size();
    let too_large = points.is_none_or(|points| points > config.grid_max);
    let ahead = strategy.looks_ahead().map(ToString::to_string);
    let shown = match points {
        None => "more than 2^64 parameter sets".to_owned(),
        Some(1) => "1 parameter set".to_owned(),
        Some(n) => format!("{n} parameter sets"),
    };
    let warnings: Vec<String> = strategy.warnings().iter().chain(&coarsened).map(ToString::to_string).collect();
    if json {
        output::json(&json!({
            "ok": !too_large && ahead.is_none(), "title": strategy.title(), "version": strategy.version(), "path": strategy.path(),
            "grid": points, "inputs": InputView::of(&strategy), "warnings": warnings, "looks_ahead": ahead,
        }));
    } else {
        let (title, version, path) = (strategy.title(), strategy.version(), strategy.path());
        output::print(&format!("{title} (Pine v{version}): {shown}, path {path}\n"));
        print_inputs(&strategy);
        for warning in &warnings {
            output::print(&format!("warning: {}:{warning}\n", file.display()));
        }
    }
    if let Some(ahead) = ahead {
        return Err(AppError::text(Exit::Input, format!("{}:{ahead}", file.display())));
    }
    if too_large {
        let message = format!("the grid has {shown}, at most {} are swept", config.grid_max);
        return Err(AppError::text(Exit::Input, message).hint(
            "narrow minval and maxval or raise step of the inputs with the most values; ASSAY_GRID_MAX sets the bound",
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn print_inputs(strategy: &assay_pine::Strategy) {
    let row = |input: &assay_pine::Input| {
        let (first, last) = (input.grid[0], input.grid[input.grid.len() - 1]);
        let values = match input.grid.len() {
            1 => format!("{first}"),
            n => format!("{first} to {last}, {n} values"),
        };
        let ours = if input.derived { "derived from the default" } else { "" };
        vec![input.name.clone(), input.default.to_string(), values, ours.to_owned()]
    };
    let rows: Vec<Vec<String>> = strategy.inputs().iter().map(row).collect();
    if !rows.is_empty() {
        output::print(&output::table(&["INPUT", "DEFAULT", "GRID", ""], &rows));
    }
}

/// The path, the grid, the warm-up and every expression that the orders hang on.
fn explain(file: &Path, json: bool) -> Result<ExitCode, AppError> {
    let (strategy, text) = read(file, json)?;
    let explanation = assay_pine::explain(&text).ok();
    let place = |place: Place| match place {
        Place::Scalar => "once a parameter set",
        Place::Column => "a column, shared over the grid",
        Place::Register => "bar by bar, from what was remembered",
        Place::Account => "bar by bar, from the account",
    };
    if json {
        let nodes = |nodes: &[Explained]| -> Vec<_> {
            nodes
                .iter()
                .map(|n| json!({ "line": n.line, "text": n.text, "place": place(n.place), "inputs": n.inputs }))
                .collect()
        };
        output::json(&json!({
            "title": strategy.title(), "path": strategy.path(), "because": strategy.because().map(ToString::to_string),
            "grid": strategy.grid_size(), "inputs": InputView::of(&strategy),
            "warm_up": explanation.as_ref().map(|e| nodes(&e.warm_up)),
            "expressions": explanation.as_ref().map(|e| nodes(&e.nodes)),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let (means, because) = (
        match strategy.path() {
            "signals" => "entry and exit are columns; whole grids are swept a word of bars at a time",
            "steps" => "orders and state, walked bar by bar for many parameter sets in lock step",
            _ => "interpreted bar by bar, one parameter set at a time",
        },
        strategy.because().map(|d| format!("because of {}:{d}\n", file.display())).unwrap_or_default(),
    );
    output::print(&format!("{}: path {}: {means}\n{because}", strategy.title(), strategy.path()));
    print_inputs(&strategy);
    if let Some(explanation) = explanation {
        let rows = |nodes: &[Explained]| -> Vec<Vec<String>> {
            let row =
                |n: &Explained| vec![n.line.to_string(), n.inputs.join(" "), place(n.place).to_owned(), n.text.clone()];
            nodes.iter().filter(|n| n.place != Place::Scalar).map(row).collect()
        };
        let head = ["LINE", "INPUTS", "COMPUTED", "EXPRESSION"];
        if !explanation.warm_up.is_empty() {
            output::print(
                "\nWarm-up: these look back, and no point of the grid trades before all of them have a value.\n",
            );
            output::print(&output::table(&head, &rows(&explanation.warm_up)));
        }
        output::print("\nAll expressions:\n");
        output::print(&output::table(&head, &rows(&explanation.nodes)));
    }
    Ok(ExitCode::SUCCESS)
}
