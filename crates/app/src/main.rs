//! `assay`: trading concepts in, honest verdicts out. The only composition root: arguments, configuration, wiring, loops.
//!
//! `cli` (what may be typed) -> `commands` (one file each) -> `app` (what is opened) -> `service` (what runs and listens).

mod app;
mod cli;
mod commands;
mod config;
mod error;
mod output;
mod progress;
mod secrets;
mod server;
mod service;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::dispatch(cli) {
        Ok(code) => code,
        Err(error) => error.report(),
    }
}
