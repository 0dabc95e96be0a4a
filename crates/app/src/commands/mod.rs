//! One file a command. A command reads, does one thing, prints one view.

mod budget;
mod concept;
mod config;
mod data;
mod demo;
mod gpu;
mod run;
mod search;
mod serve;
mod strategy;
mod submit;
mod trials;
mod verdicts;

use std::process::ExitCode;

use assay_telemetry::Metrics;
use assay_telemetry::log::{self, LogSettings};
use assay_world::{Clock, RealClock};
use clap::CommandFactory;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::Arc;

use crate::app::configuration;
use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Largest file that a command reads whole.
const FILE_BYTES_MAX: u64 = 2 << 20;

/// Does what was typed.
pub fn dispatch(cli: Cli) -> Result<ExitCode, AppError> {
    if let Command::Completions { shell } = cli.command {
        let mut script = vec![];
        clap_complete::generate(shell, &mut Cli::command(), "assay", &mut script);
        output::print(&String::from_utf8_lossy(&script));
        return Ok(ExitCode::SUCCESS);
    }
    let config = configuration(&cli.global)?;
    let json = cli.global.json;
    match cli.command {
        Command::Demo(demo) => demo::demo(config, &demo, json),
        Command::Serve => serve::serve(config),
        Command::Run(submission) => run::run(config, submission, json),
        Command::Concept(command) => concept::concept(config, command, json),
        Command::Data(command) => data::data(config, command, json),
        Command::Strategy(command) => strategy::strategy(&config, command, json),
        Command::Gpu(command) => gpu::gpu(&config, &command, json),
        Command::Trials { symbol, limit } => trials::trials(config, symbol.as_deref(), limit, json),
        Command::Search { query, limit } => search::search(config, &query, limit, json),
        Command::Budget => budget::show(config, json),
        Command::Stop { part } => budget::switch(config, part, false, json),
        Command::Resume { part } => budget::switch(config, part, true, json),
        Command::Config(command) => config::config(&config, &command, json),
        Command::Completions { .. } => unreachable!("answered above"),
    }
}

/// Starts logging: JSON lines, or text on a terminal. `quiet` keeps all but warnings from a progress display.
fn start_log(config: &Config, metrics: &Metrics, quiet: bool) -> Result<(), AppError> {
    let chosen = config.sources.get("ASSAY_LOG").is_some_and(|(_, source)| *source != crate::config::Source::Default);
    let level = if quiet && !chosen { "warn" } else { &config.log_level };
    // Other people's crates are heard when something is wrong.
    let level = format!("warn,assay={level},{}", PARTS.map(|part| format!("assay_{part}={level}")).join(","));
    let mut redact = config.secrets();
    redact.extend(
        std::fs::read_to_string(config.dir.join("engine.keys")).iter().flat_map(|t| t.lines()).map(str::to_owned),
    );
    log::init(LogSettings {
        service: "assay",
        json: !std::io::stderr().is_terminal(),
        level,
        redact,
        now: Arc::new(|| RealClock.now()),
        metrics: metrics.clone(),
    })?;
    Ok(())
}

const PARTS: [&str; 6] = ["world", "storage", "budget", "messages", "corpus", "research"];

/// A runtime for what runs and listens.
fn runtime() -> Result<tokio::runtime::Runtime, AppError> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// A file, or standard input for `-`.
fn read_text(path: &Path) -> Result<String, AppError> {
    let failed = |e: std::io::Error| AppError::text(Exit::Input, format!("{}: cannot be read: {e}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).map_err(failed)?.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let message = format!("{}: larger than {FILE_BYTES_MAX} bytes", path.display());
        return Err(AppError::text(Exit::Input, message).hint("is it the right file?"));
    }
    String::from_utf8(bytes).map_err(|e| {
        AppError::text(
            Exit::Input,
            format!("{}: is no UTF-8 text (byte {})", path.display(), e.utf8_error().valid_up_to()),
        )
    })
}

/// Writes beside the file and renames: a reader never sees half of it, and a full disk leaves the old text.
fn write_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    std::fs::write(&part, text)?;
    std::fs::rename(&part, path)
}
