//! CSV files to rows: a stream in, columns out, one line in memory at a time.
//!
//! `lines` cuts the stream, `layout` tells the columns, `moment` and `number` read the fields, and this file holds the loop:
//! a row is taken, left out and counted, or a problem. [`crate::clean`] makes bars of the rows.

mod error;
mod layout;
mod lines;
mod moment;
mod number;

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

pub use error::{CsvError, RowProblem};

use crate::PriceFile;
use crate::clean::bars_of;
use error::shown;
use layout::Layout;
use lines::Lines;
use moment::{Style, moment, settle, unsettled};
use number::{missing, number};

/// Bad rows counted before the rest of the file is not worth reading.
const PROBLEMS_COUNTED_MAX: u64 = 10_000;

/// Bounds on what is read, so that no file can fill the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvLimits {
    /// Most rows, blank ones and those left out counted.
    pub rows_max: usize,
    /// Longest line.
    pub line_bytes_max: usize,
    /// Most bad rows that are listed; more are counted.
    pub errors_max: usize,
}

impl CsvLimits {
    /// Forty years of minutes; lines of 64 KiB; twenty problems.
    pub const STANDARD: CsvLimits = CsvLimits { rows_max: 20_000_000, line_bytes_max: 1 << 16, errors_max: 20 };
}

/// Reads a price file.
///
/// Taken: names in any case among date, time, timestamp, open, high, low, close, adj close, volume and their usual forms; or
/// no names and the columns of Binance, Kraken, HistData or MetaTrader; or a date and one value. Separated by commas,
/// semicolons or tabs. Oldest or newest first. Times in ISO 8601, as YYYYMMDD HHMMSS, with slashes where the file shows which
/// number is the month, or as seconds to nanoseconds since 1970. Where a time states no zone it is UTC; daily bars stamped at
/// midnight of a zone keep that zone's date. An adjusted close scales all four prices; volume stays as it is.
///
/// # Errors
/// Whatever leaves a doubt about a number, a time or the order of the rows.
pub fn read_csv(reader: impl Read, limits: CsvLimits) -> Result<PriceFile, CsvError> {
    let mut lines = Lines::new(reader, limits.line_bytes_max);
    let layout = Layout::find(&mut lines)?;
    let mut reading = Reading::new(&layout, limits);
    // The line before the first row.
    let head = lines.number() - u64::from(layout.first_line_is_row);
    let mut fields = Vec::new();
    if layout.first_line_is_row {
        reading.line(lines.line(), lines.number(), &mut fields);
    }
    while !reading.given_up() && lines.advance()? {
        let line = lines.number();
        if line - head > limits.rows_max as u64 {
            // Bad rows say more about such a file than its length.
            reading.refuse_problems()?;
            return Err(CsvError::TooManyRows { line, rows_max: limits.rows_max });
        }
        let heading = line - head <= 2 && !layout.first_line_is_row && second_heading(lines.line());
        if !heading {
            reading.line(lines.line(), line, &mut fields);
        }
    }
    bars_of(reading.finish()?)
}

/// The two more heading lines of a library that writes "Price,Close,...", "Ticker,AAPL,...", "Date,,...".
fn second_heading(line: &[u8]) -> bool {
    line.starts_with(b"Ticker,") || line.starts_with(b"Date,")
}

/// The rows of a file, in its order, one vector a column; `open`, `high` and `low` are empty where only closes are given.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) time: Vec<i64>,
    /// Line of the file.
    pub(crate) line: Vec<u32>,
    pub(crate) open: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) close: Vec<f64>,
    pub(crate) volume: Vec<f64>,
    pub(crate) symbol: Option<String>,
    /// Whether times within the day stated no zone.
    pub(crate) zone_assumed: bool,
    pub(crate) missing: Tally,
    pub(crate) not_positive: Tally,
    pub(crate) adjusted: Tally,
}

/// How often, and where first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) first_line: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.first_line = line;
        }
        self.count += 1;
    }
}

struct Reading<'a> {
    layout: &'a Layout,
    last_needed: usize,
    errors_max: usize,
    rows: Rows,
    /// One a row, in minutes; only filled for a file whose times state their zone.
    offset: Vec<i16>,
    /// How the first row writes its time, and where it stands.
    style: Option<(Style, u64, String)>,
    /// Whether a first and a second number of a date such as 3/14/2020 was past 12.
    past_twelve: [bool; 2],
    problems: Vec<RowProblem>,
    problem_count: u64,
}

impl<'a> Reading<'a> {
    fn new(layout: &'a Layout, limits: CsvLimits) -> Reading<'a> {
        Reading {
            layout,
            last_needed: layout.last_needed(),
            errors_max: limits.errors_max,
            rows: Rows::default(),
            offset: Vec::new(),
            style: None,
            past_twelve: [false; 2],
            problems: Vec::new(),
            problem_count: 0,
        }
    }

    fn given_up(&self) -> bool {
        self.problem_count >= PROBLEMS_COUNTED_MAX
    }

    fn line(&mut self, line: &[u8], number: u64, fields: &mut Vec<Range<usize>>) {
        lines::split(line, self.layout.separator, fields);
        // Spreadsheets end a table with lines of separators.
        if fields.iter().all(Range::is_empty) {
            return;
        }
        if let Err(problem) = self.row(&Fields { line, fields, number, names: &self.layout.names }) {
            self.note(problem);
        }
    }

    fn note(&mut self, problem: RowProblem) {
        self.problem_count += 1;
        if self.problems.len() < self.errors_max {
            self.problems.push(problem);
        }
    }

    fn row(&mut self, fields: &Fields<'_>) -> Result<(), RowProblem> {
        let layout = self.layout;
        if fields.fields.len() <= self.last_needed {
            let problem = format!("has {} of at least {} columns", fields.fields.len(), self.last_needed + 1);
            return Err(fields.whole(problem, "complete the row or take it out"));
        }
        self.one_symbol(fields)?;
        let (time, offset) = self.time(fields)?;
        let price_columns = layout.others.into_iter().flatten().chain([layout.close]).chain(layout.adjusted);
        if price_columns.clone().any(|at| missing(&fields.text(at))) {
            self.rows.missing.add(fields.number);
            return Ok(());
        }
        let mut prices = [0.0; 5];
        let mut count = 0;
        for (price, at) in prices.iter_mut().zip(price_columns) {
            *price = fields.number_at(at)?;
            count += 1;
        }
        let volume = match layout.volume {
            Some(at) if !missing(&fields.text(at)) => {
                let volume = fields.number_at(at)?;
                if volume < 0.0 {
                    return Err(fields.at(at, "is a volume below zero", "write 0 where the volume is not known"));
                }
                volume
            }
            _ => 0.0,
        };
        if prices[..count].iter().any(|price| *price <= 0.0) {
            self.rows.not_positive.add(fields.number);
            return Ok(());
        }
        let factor = match layout.adjusted {
            Some(_) => prices[count - 1] / prices[count - 2],
            None => 1.0,
        };
        if factor != 1.0 {
            self.rows.adjusted.add(fields.number);
        }
        let scaled = [prices[0] * factor, prices[1] * factor, prices[2] * factor];
        if layout.others.is_some() && !scaled.iter().all(|price| price.is_finite() && *price > 0.0) {
            return Err(fields.whole("has an adjusted close out of all proportion".to_owned(), "check the row"));
        }
        let rows = &mut self.rows;
        if layout.others.is_some() {
            rows.open.push(scaled[0]);
            rows.high.push(scaled[1]);
            rows.low.push(scaled[2]);
        }
        // Not close * factor, which may differ from what the file says in the last bit.
        rows.close.push(prices[count - 1]);
        rows.volume.push(volume);
        rows.time.push(time);
        rows.line.push(u32::try_from(fields.number).unwrap_or(u32::MAX));
        if matches!(self.style, Some((Style::Civil { zone: true, .. }, ..))) {
            self.offset.push(offset);
        }
        Ok(())
    }

    /// One file, one market: rows of several would pass for one wild price.
    fn one_symbol(&mut self, fields: &Fields<'_>) -> Result<(), RowProblem> {
        let Some(at) = self.layout.symbol else { return Ok(()) };
        let symbol = fields.text(at);
        match &self.rows.symbol {
            Some(first) if *first != symbol => {
                let problem = format!("is another symbol than {:?} before", shown(first));
                Err(fields.at(at, problem, "give each symbol a file of its own"))
            }
            Some(_) => Ok(()),
            None => {
                self.rows.symbol = Some(symbol.into_owned());
                Ok(())
            }
        }
    }

    /// Milliseconds as the file's clock shows them, and how far that is ahead of UTC.
    fn time(&mut self, fields: &Fields<'_>) -> Result<(i64, i16), RowProblem> {
        let at = self.layout.time;
        let text = fields.text(at);
        let clock = self.layout.clock.map(|at| fields.text(at));
        let read = moment(&text, clock.as_deref()).map_err(|(problem, fix)| fields.at(at, problem, fix))?;
        let (style, line, first) = self.style.get_or_insert_with(|| (read.style, fields.number, shown(&text)));
        if *style != read.style {
            let problem = format!("is written in another way than {first:?} in line {line}");
            return Err(fields.at(at, problem, "write all times in one way"));
        }
        self.past_twelve[0] |= read.pair.0 > 12;
        self.past_twelve[1] |= read.pair.1 > 12;
        Ok((read.local_ms, read.offset_minutes))
    }

    fn refuse_problems(&mut self) -> Result<(), CsvError> {
        if self.problem_count == 0 {
            return Ok(());
        }
        Err(CsvError::Rows {
            more: self.problem_count - self.problems.len() as u64,
            stopped: self.given_up(),
            problems: std::mem::take(&mut self.problems),
        })
    }

    fn finish(mut self) -> Result<Rows, CsvError> {
        self.refuse_problems()?;
        match self.style {
            Some((Style::Slashed { .. }, ..)) => self.settle_dates()?,
            Some((Style::Civil { zone: true, .. }, ..)) => self.settle_zones(),
            _ => {}
        }
        self.rows.zone_assumed = matches!(
            self.style,
            Some((Style::Civil { clock: true, zone: false, .. } | Style::Slashed { clock: true, .. }, ..))
        ) && self.rows.time.iter().any(|t| t.rem_euclid(86_400_000) != 0);
        Ok(self.rows)
    }

    /// 3/14/2020 anywhere shows that the month comes first; 14/3/2020 that the day does.
    fn settle_dates(&mut self) -> Result<(), CsvError> {
        let column = || self.layout.names[self.layout.time].clone();
        let Some((_, line, text)) = self.style.clone() else { return Ok(()) };
        let month_first = match self.past_twelve {
            [false, true] => true,
            [true, false] => false,
            [false, false] => return Err(CsvError::AmbiguousDates { line, column: column(), text }),
            [true, true] => {
                let problem = RowProblem {
                    line,
                    column: column(),
                    text,
                    problem: "and other dates have the month now first, now second".to_owned(),
                    fix: "write dates as 2020-12-31",
                };
                return Err(CsvError::Rows { problems: vec![problem], more: 0, stopped: false });
            }
        };
        for i in 0..self.rows.time.len() {
            match settle(self.rows.time[i], month_first) {
                Some(ms) => self.rows.time[i] = ms,
                None => self.note(RowProblem {
                    line: u64::from(self.rows.line[i]),
                    column: self.layout.names[self.layout.time].clone(),
                    text: unsettled(self.rows.time[i]),
                    problem: "is no date of the calendar".to_owned(),
                    fix: "write dates as 2020-12-31",
                }),
            }
        }
        self.refuse_problems()
    }

    /// Bars that begin at midnight of their zone are days of that zone, not 05:00 or the evening before in UTC.
    fn settle_zones(&mut self) {
        let days = self.rows.time.iter().all(|t| t.rem_euclid(86_400_000) == 0);
        if !days {
            for (time, offset) in self.rows.time.iter_mut().zip(&self.offset) {
                *time -= i64::from(*offset) * 60_000;
            }
        }
    }
}

/// One row, for reading it and for saying where it is wrong.
struct Fields<'a> {
    line: &'a [u8],
    fields: &'a [Range<usize>],
    number: u64,
    names: &'a [String],
}

impl<'a> Fields<'a> {
    fn text(&self, at: usize) -> Cow<'a, str> {
        String::from_utf8_lossy(&self.line[self.fields[at].clone()])
    }

    fn number_at(&self, at: usize) -> Result<f64, RowProblem> {
        number(&self.text(at)).map_err(|(problem, fix)| self.at(at, problem, fix))
    }

    fn at(&self, at: usize, problem: impl Into<String>, fix: &'static str) -> RowProblem {
        RowProblem {
            line: self.number,
            column: self.names[at].clone(),
            text: shown(&self.text(at)),
            problem: problem.into(),
            fix,
        }
    }

    fn whole(&self, problem: String, fix: &'static str) -> RowProblem {
        let text = shown(&String::from_utf8_lossy(self.line));
        RowProblem { line: self.number, column: String::new(), text, problem, fix }
    }
}
