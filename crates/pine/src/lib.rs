//! Pine Script: text -> checked [`Program`] -> expression graph with a parameter grid.
//!
//! No I/O, no clock. `lexer` -> [`parser`] -> [`ast`] -> `lower` (names, types, refusals, inlining) -> [`graph`]. [`fold`]
//! holds the meaning of arithmetic, which constants and every engine share. [`signatures`] knows Pine's own functions,
//! [`format`](mod@format) lays a script out.

pub mod ast;
mod calls;
pub mod check;
mod dates;
mod diagnostic;
mod draft;
mod explain;
pub mod fold;
pub mod format;
pub mod graph;
mod lexer;
mod lower;
pub mod parser;
mod program;
mod reduce;
mod signals;
pub mod signatures;
mod steps;
mod strategy;
mod walk;

pub use check::check;
pub use diagnostic::{Diagnostic, Refusal};
pub use explain::{Explained, Explanation, Place, explain};
pub use program::{Direction, Input, InputKind, Program, Settings, Sizing};
pub use steps::{OrderCommand, OrderId, OrderKind, Register, StepProgram};
pub use strategy::{Strategy, strategy};

/// Largest script, in bytes.
pub const SCRIPT_BYTES_MAX: usize = 1 << 20;

/// The version of a script that does not state one. TradingView takes 1; nobody has written that for years.
const VERSION_UNSTATED: u8 = 4;

/// A checked strategy on the path that suits it.
#[derive(Clone, Debug, PartialEq)]
pub enum Compiled {
    /// Pure signals: entry and exit are columns.
    Signals(Program),
    /// State, stops, shorts, sizing or feedback: walked bar by bar. With it, the first reason why.
    Steps(StepProgram, Diagnostic),
}

/// Compiles a script for the path that suits it. Never panics and never hangs, whatever the text.
///
/// # Errors
/// Everything that neither path holds, with line, column, name and, where there is one, the way round.
pub fn compile_any(text: &str) -> Result<Compiled, Refusal> {
    let steps = compile_steps(text)?;
    Ok(match signals::signals(&steps) {
        Ok(program) => Compiled::Signals(program),
        Err(reason) => Compiled::Steps(steps, reason),
    })
}

/// Compiles a script of pure signals: long only, all in, no state. Never panics and never hangs, whatever the text.
///
/// # Errors
/// Everything that the subset does not hold, with line, column, name and, where there is one, the way round.
pub fn compile(text: &str) -> Result<Program, Refusal> {
    match compile_any(text)? {
        Compiled::Signals(program) => Ok(program),
        Compiled::Steps(_, reason) => Err(Refusal(vec![Diagnostic {
            message: format!("the strategy is no pair of signals: {}", reason.message),
            help: Some("it runs on the stepwise path".to_owned()),
            ..reason
        }])),
    }
}

/// Compiles a script as a walk from bar to bar, pure signals too. Never panics and never hangs, whatever the text.
///
/// # Errors
/// Everything that the stepwise path does not hold, with line, column, name and, where there is one, the way round.
pub fn compile_steps(text: &str) -> Result<StepProgram, Refusal> {
    let refuse = |diagnostic: Diagnostic| Refusal(vec![diagnostic]);
    bounded(text).map_err(refuse)?;
    let version = version(text).map_err(refuse)?;
    let script = parsed(text, version)?;
    lower::lower(&script, version)
}

/// The syntax tree, unless it calls what cannot be called like this.
fn parsed(text: &str, version: u8) -> Result<ast::Block, Refusal> {
    let script = parser::parse(text).map_err(|diagnostic| Refusal(vec![diagnostic]))?;
    let mut faults = calls::faults(&script, version);
    faults.truncate(lower::FINDINGS_MAX);
    if faults.is_empty() { Ok(script) } else { Err(Refusal(faults)) }
}

/// Refuses a script that is too long.
fn bounded(text: &str) -> Result<(), Diagnostic> {
    if text.len() <= SCRIPT_BYTES_MAX {
        return Ok(());
    }
    let start = lexer::Span { line: 1, column: 1 };
    Err(start.says(format!("the script has {} bytes, at most {SCRIPT_BYTES_MAX} are taken", text.len())))
}

/// Reads `//@version=N`, in whatever comment it stands; the first counts.
///
/// # Errors
/// Where the number is none that Pine has had.
pub fn version(text: &str) -> Result<u8, Diagnostic> {
    for (at, line) in text.lines().enumerate() {
        let Some(number) = line.find("//").and_then(|start| stated_version(&line[start..])) else { continue };
        let span = lexer::Span { line: at as u32 + 1, column: 1 };
        let digits: String = number.chars().take_while(char::is_ascii_digit).take(4).collect();
        return match digits.parse::<u8>() {
            Ok(version @ 1..=6) => Ok(version),
            _ => {
                let shown: String = number.chars().take_while(|c| c.is_alphanumeric()).take(20).collect();
                Err(span.says(format!("the version {shown:?} is not known; 1 to 6 are")))
            }
        };
    }
    Ok(VERSION_UNSTATED)
}

/// What stands behind `@version=` in a comment that says nothing before it.
fn stated_version(comment: &str) -> Option<&str> {
    let rest = comment.trim_start_matches('/').trim_start().strip_prefix("@version")?;
    Some(rest.trim_start().strip_prefix('=')?.trim_start())
}
