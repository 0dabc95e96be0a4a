//! Why a price file cannot be used: the line, the column, the text that stands there, and the way round.

use std::fmt;

use assay_units::Timestamp;

/// Longest piece of a file that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 40;

/// A price file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    /// The stream itself failed.
    #[error("line {line}: the file could not be read")]
    Read {
        /// The line that was being read.
        line: u64,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// Nothing in it.
    #[error("the file is empty; it needs a line of column names such as date,open,high,low,close,volume and rows")]
    Empty,
    /// Something else than text in columns.
    #[error("the file is {found}; {fix}")]
    NotCsv {
        /// What it seems to be.
        found: &'static str,
        /// The way round.
        fix: &'static str,
    },
    /// A line without end.
    #[error("line {line}: longer than {bytes_max} bytes; a price file has one short line a bar")]
    LineTooLong {
        /// Which.
        line: u64,
        /// The limit.
        bytes_max: usize,
    },
    /// More lines than are taken.
    #[error("line {line}: more than {rows_max} rows; split the file or use a longer interval")]
    TooManyRows {
        /// The first line too many.
        line: u64,
        /// The limit.
        rows_max: usize,
    },
    /// The columns cannot be told.
    #[error("line {line}: {problem}; found {found}; {fix}")]
    Columns {
        /// The line with the column names, or the first row.
        line: u64,
        /// What is missing.
        problem: &'static str,
        /// What stands there.
        found: String,
        /// The way round.
        fix: &'static str,
    },
    /// Rows that cannot be used.
    #[error("{}", shown_rows(problems, *more, *stopped))]
    Rows {
        /// The first ones, in the order of the file.
        problems: Vec<RowProblem>,
        /// How many more were counted.
        more: u64,
        /// Whether reading was given up, so that there may be still more.
        stopped: bool,
    },
    /// Dates such as 3/4/2020 in every row.
    #[error(
        "line {line}, column {column:?}: {text:?} and every other date may be month/day or day/month; write dates as 2020-12-31"
    )]
    AmbiguousDates {
        /// The first row.
        line: u64,
        /// The column's name.
        column: String,
        /// The first date.
        text: String,
    },
    /// Neither oldest first nor newest first.
    #[error("line {line}: {time} comes after {before}, but the rows before are {}; {}sort the file by time",
        if *ascending { "oldest first" } else { "newest first" }, shown_breaks(*more))]
    Unsorted {
        /// The first row out of order.
        line: u64,
        /// Its time.
        time: Timestamp,
        /// The time of the row before.
        before: Timestamp,
        /// The order so far.
        ascending: bool,
        /// How many more rows break it.
        more: u64,
    },
    /// Most rows contradict themselves.
    #[error(
        "line {line}: the high is not the highest or the low not the lowest price in {count} of {rows} rows; are the columns in the order open, high, low, close? name them in a first line"
    )]
    Swapped {
        /// The first such row.
        line: u64,
        /// How many.
        count: u64,
        /// Of how many.
        rows: u64,
    },
    /// Nothing left to test on.
    #[error("{usable} of {rows} rows can be used, at least 2 are needed")]
    TooFewRows {
        /// Rows with distinct times and positive prices.
        usable: u64,
        /// Rows in the file.
        rows: u64,
    },
}

/// One row that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column's name; empty when the row as a whole is meant.
    pub column: String,
    /// What stands there, shortened.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
    /// The way round.
    pub fix: &'static str,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if !self.column.is_empty() {
            write!(f, ", column {:?}", self.column)?;
        }
        write!(f, ": {:?} {}; {}", self.text, self.problem, self.fix)
    }
}

fn shown_rows(problems: &[RowProblem], more: u64, stopped: bool) -> String {
    let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let least = if stopped { "at least " } else { "" };
    match more {
        0 => {}
        1 => lines.push(format!("and {least}1 more row")),
        n => lines.push(format!("and {least}{n} more rows")),
    }
    lines.join("\n")
}

fn shown_breaks(more: u64) -> String {
    match more {
        0 => String::new(),
        1 => "1 more row breaks the order; ".to_owned(),
        n => format!("{n} more rows break the order; "),
    }
}

/// A piece of the file, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    let mut kept: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if kept.len() < text.len() {
        kept.push('…');
    }
    kept
}
