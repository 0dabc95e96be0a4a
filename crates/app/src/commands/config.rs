//! `assay config`: every key with its value and where it came from. A configuration that is wrong never gets this far: any
//! command refuses it with place, key and fix.

use std::process::ExitCode;

use serde_json::json;

use crate::cli::ConfigCommand;
use crate::config::{Config, KEYS};
use crate::error::AppError;
use crate::output;

/// Does one of them.
pub fn config(config: &Config, command: &ConfigCommand, json: bool) -> Result<ExitCode, AppError> {
    let dir = config.dir.display().to_string();
    let value = |name: &str| {
        let (value, source) = &config.sources[name];
        let value = if name == "ASSAY_DIR" { dir.clone() } else { value.clone() };
        (value, source.to_string())
    };
    match command {
        ConfigCommand::Show if json => {
            let views: Vec<_> = KEYS
                .iter()
                .map(|key| {
                    let (value, source) = value(key.name);
                    json!({ "key": key.name, "value": value, "source": source, "what": key.what })
                })
                .collect();
            output::json(&views);
        }
        ConfigCommand::Show => {
            let rows: Vec<Vec<String>> = KEYS
                .iter()
                .map(|key| {
                    let (value, source) = value(key.name);
                    vec![
                        key.name.to_owned(),
                        if value.is_empty() { "-".into() } else { value },
                        source,
                        key.what.to_owned(),
                    ]
                })
                .collect();
            output::print(&output::table(&["KEY", "VALUE", "FROM", "WHAT"], &rows));
        }
        ConfigCommand::Check if json => output::json(&json!({ "ok": true })),
        ConfigCommand::Check => eprintln!("the configuration is right"),
    }
    Ok(ExitCode::SUCCESS)
}
