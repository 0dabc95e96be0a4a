//! Pine Script: text -> checked [`Program`] -> expression graph with a parameter grid.
//!
//! No I/O, no clock. `lexer` -> `parser` -> `lower` (names, types, refusals, inlining) -> [`graph`]. [`fold`] holds the meaning
//! of arithmetic, which constants and every engine share.

mod ast;
mod diagnostic;
pub mod fold;
pub mod graph;
mod lexer;
mod lower;
mod parser;
mod program;
mod steps;

pub use diagnostic::{Diagnostic, Refusal};
pub use program::{Direction, Input, InputKind, Program, Settings, Sizing};
pub use steps::{OrderCommand, OrderId, OrderKind, Register, StepProgram};

/// Largest script, in bytes.
pub const SCRIPT_BYTES_MAX: usize = 1 << 20;

/// The version of a script that does not state one. TradingView takes 1; nobody has written that for years.
const VERSION_UNSTATED: u8 = 4;

/// Compiles a script. Never panics and never hangs, whatever the text.
///
/// # Errors
/// Everything that the subset does not hold, with line, column, name and, where there is one, the way round.
pub fn compile(text: &str) -> Result<Program, Refusal> {
    let start = lexer::Span { line: 1, column: 1 };
    let refuse = |diagnostic: Diagnostic| Refusal(vec![diagnostic]);
    if text.len() > SCRIPT_BYTES_MAX {
        return Err(refuse(
            start.says(format!("the script has {} bytes, at most {SCRIPT_BYTES_MAX} are taken", text.len())),
        ));
    }
    let version = version(text).map_err(refuse)?;
    let script = parser::parse(text).map_err(refuse)?;
    lower::lower(&script, version)
}

/// Reads `//@version=N`, wherever it stands.
fn version(text: &str) -> Result<u8, Diagnostic> {
    for (at, line) in text.lines().enumerate() {
        let Some(rest) = line.trim().trim_start_matches('\u{feff}').strip_prefix("//") else { continue };
        let Some(number) = rest.trim_start().strip_prefix("@version") else { continue };
        let number = number.trim_start().trim_start_matches('=').trim();
        let span = lexer::Span { line: at as u32 + 1, column: 1 };
        return match number.parse::<u8>() {
            Ok(version @ 4..=6) => Ok(version),
            Ok(version @ 1..=3) => Err(span.advises(
                format!("version {version} is not supported"),
                "convert it to version 5 or 6 in TradingView's editor",
            )),
            _ => Err(span.says(format!("the version {number:?} is not known; 4, 5 and 6 are"))),
        };
    }
    Ok(VERSION_UNSTATED)
}
