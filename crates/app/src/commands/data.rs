//! `assay data`: price files in, a list of data sets out.

use std::io::BufReader;
use std::process::ExitCode;

use assay_market::{CsvLimits, read_csv};
use assay_research::prices::DataSet;
use serde_json::{Value, json};

use crate::app::App;
use crate::cli::Data;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Does one of them.
pub fn data(config: Config, command: Data, json: bool) -> Result<ExitCode, AppError> {
    let app = App::open(config)?;
    match command {
        Data::Import { file, symbol, name } => {
            let read = if file.as_os_str() == "-" {
                read_csv(std::io::stdin().lock(), CsvLimits::STANDARD)
            } else {
                let failed = |e| AppError::text(Exit::Input, format!("{}: cannot be read: {e}", file.display()));
                read_csv(BufReader::new(std::fs::File::open(&file).map_err(failed)?), CsvLimits::STANDARD)
            };
            let prices = read.map_err(|error| {
                let place = if file.as_os_str() == "-" { "standard input".into() } else { file.display().to_string() };
                AppError::text(Exit::Input, format!("{place}: {error}"))
            })?;
            let symbol = symbol.trim().to_uppercase();
            let origin = match file.file_name() {
                Some(name) => name.to_string_lossy().into_owned(),
                None => "standard input".into(),
            };
            let name = name.unwrap_or_else(|| symbol.clone());
            let set = app.prices.import(&prices, &symbol, &name, &origin, app.world.clock.now())?;
            if json {
                output::json(&view(&set));
            } else {
                output::print(&format!(
                    "{} bars of {} ({}), {} to {}, a tick is {}\n",
                    set.rows,
                    set.symbol,
                    set.interval,
                    day(set.first_at),
                    day(set.last_at),
                    prices.bars.mintick()
                ));
                for flag in &set.flags {
                    output::print(&format!("  note: {flag}\n"));
                }
            }
        }
        Data::List => {
            let sets = app.prices.list()?;
            if json {
                output::json(&sets.iter().map(view).collect::<Vec<_>>());
            } else {
                let rows: Vec<Vec<String>> = sets
                    .iter()
                    .map(|set| {
                        vec![
                            set.symbol.clone(),
                            set.rows.to_string(),
                            set.interval.clone(),
                            day(set.first_at),
                            day(set.last_at),
                            set.flags.len().to_string(),
                            set.name.clone(),
                        ]
                    })
                    .collect();
                output::print(&output::table(&["SYMBOL", "BARS", "EACH", "FROM", "TO", "FLAGS", "NAME"], &rows));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn day(at: assay_units::Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn view(set: &DataSet) -> Value {
    json!({
        "symbol": set.symbol, "name": set.name, "hash": set.hash, "rows": set.rows, "interval": set.interval,
        "first_at": set.first_at.to_string(), "last_at": set.last_at.to_string(), "origin": set.origin, "flags": set.flags,
    })
}
