//! Parses the scripts named on the command line and prints what is wrong with each: `cargo run --example syntax *.pine`.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let (mut read, mut refused) = (0, 0);
    for path in std::env::args().skip(1) {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let _ = writeln!(out, "{path}: {error}");
                return ExitCode::FAILURE;
            }
        };
        read += 1;
        let text = String::from_utf8_lossy(&bytes);
        let checked = assay_pine::version(&text).and_then(|_| assay_pine::parser::parse(&text));
        if let Err(finding) = checked {
            refused += 1;
            let _ = writeln!(out, "{path}:{finding}");
        }
    }
    let _ = writeln!(out, "{read} scripts, {refused} refused");
    if refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
