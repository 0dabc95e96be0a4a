//! What is wrong with a script, where, and what to do about it.

use std::fmt;

/// One finding. Lines and columns count from 1; columns count characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// What the trouble is, naming the thing: "`ta.vwap` is not supported".
    pub message: String,
    /// What to do, where there is something.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, " ({help})"))
    }
}

/// Why a script was refused: one or more findings, in order of place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Refusal(pub Vec<Diagnostic>);
