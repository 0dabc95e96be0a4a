//! Which column is what: from the names in the first line, or from the shape of the first row where there are no names.

use std::io::Read;
use std::ops::Range;

use super::error::{CsvError, shown};
use super::lines::{Lines, split};
use super::moment::moment;
use super::number::number;

/// Most lines before the column names that may be blank, comments or addresses.
const PREAMBLE_LINES_MAX: u64 = 100;
/// Most columns listed in a message.
const FOUND_SHOWN_MAX: usize = 12;

/// Names of the time column, the surest first.
const TIMES: [&str; 16] = [
    "timestamp",
    "datetime",
    "opentime",
    "ts",
    "date",
    "dtyyyymmdd",
    "time",
    "observationdate",
    "timeperiod",
    "gmttime",
    "localtime",
    "unix",
    "unixtimestamp",
    "month",
    "day",
    "t",
];
const OPENS: [&str; 5] = ["open", "o", "opening", "openprice", "1open"];
const HIGHS: [&str; 5] = ["high", "h", "max", "highprice", "2high"];
const LOWS: [&str; 5] = ["low", "l", "min", "lowprice", "3low"];
const CLOSES: [&str; 11] =
    ["close", "c", "closelast", "closeprice", "4close", "last", "price", "settle", "value", "obsvalue", "rate"];
const ADJUSTED: [&str; 4] = ["adjclose", "adjustedclose", "adjcloseprice", "5adjustedclose"];
/// A terminal's tick count comes first: its real volume is 0 for whatever has no exchange.
const VOLUMES: [&str; 7] = ["tickvol", "tickvolume", "volume", "vol", "v", "5volume", "6volume"];
const SYMBOLS: [&str; 4] = ["symbol", "ticker", "pair", "instrument"];

/// Which column is what.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) separator: u8,
    /// As the file calls them, for messages.
    pub(super) names: Vec<String>,
    pub(super) time: usize,
    /// Time of day, where it has a column of its own.
    pub(super) clock: Option<usize>,
    /// Open, high and low, if all three are there.
    pub(super) others: Option<[usize; 3]>,
    pub(super) close: usize,
    pub(super) adjusted: Option<usize>,
    pub(super) volume: Option<usize>,
    pub(super) symbol: Option<usize>,
    /// Whether the line that the layout was found on is a row.
    pub(super) first_line_is_row: bool,
}

impl Layout {
    /// Reads up to the first line that says something.
    pub(super) fn find<R: Read>(lines: &mut Lines<R>) -> Result<Layout, CsvError> {
        let mut fields = Vec::new();
        while lines.number() < PREAMBLE_LINES_MAX && lines.advance()? {
            let line = lines.line().trim_ascii();
            let aside = line.is_empty() || line.starts_with(b"#") || line.starts_with(b"http");
            if aside {
                continue;
            }
            let separator = separator(line);
            split(lines.line(), separator, &mut fields);
            let texts: Vec<String> = texts(lines.line(), &fields);
            return Layout::of(separator, &texts).map_err(|(problem, fix)| CsvError::Columns {
                line: lines.number(),
                problem,
                found: listed(&texts),
                fix,
            });
        }
        Err(CsvError::Empty)
    }

    fn of(separator: u8, texts: &[String]) -> Result<Layout, (&'static str, &'static str)> {
        if moment(&texts[0], None).is_ok() || texts[0].bytes().all(|b| b.is_ascii_digit()) && !texts[0].is_empty() {
            return Layout::of_row(separator, texts);
        }
        let names: Vec<String> = texts.iter().map(|text| plain(text)).collect();
        let column = |known: &[&str]| known.iter().find_map(|known| names.iter().position(|name| name == known));
        let adjusted = column(&ADJUSTED);
        let mut time = column(&TIMES);
        let mut close = column(&CLOSES);
        // Tables with an unnamed index, and those of a library that calls it "Price".
        if time.is_none() && matches!(names[0].as_str(), "" | "price" | "index" | "unnamed0") {
            time = Some(0);
            close = CLOSES.iter().find_map(|known| (1..names.len()).find(|at| names[*at] == *known));
        }
        let Some(time) = time else {
            return if texts[1..].iter().any(|text| number(text).is_ok()) {
                Err(("the first field is neither a column name nor a time", "write times as 2020-12-31"))
            } else {
                Err(("there is no time column", "name one of the columns date, time or timestamp"))
            };
        };
        // A date and one series, named after itself: what statistical offices publish.
        if close.is_none() && adjusted.is_none() && names.len() == 2 {
            close = Some(1 - time);
        }
        let Some(close) = close.or(adjusted) else {
            return Err(("there is no close column", "name the column of prices close"));
        };
        let clock = column(&["time"]).filter(|_| matches!(names[time].as_str(), "date" | "dtyyyymmdd"));
        let others = (|| Some([column(&OPENS)?, column(&HIGHS)?, column(&LOWS)?]))();
        let volume = column(&VOLUMES).or_else(|| names.iter().position(|name| name.starts_with("volume")));
        Ok(Layout {
            separator,
            names: texts
                .iter()
                .enumerate()
                .map(|(i, text)| if text.is_empty() { format!("column {}", i + 1) } else { shown(text) })
                .collect(),
            time,
            clock,
            others,
            close,
            adjusted: adjusted.filter(|adjusted| *adjusted != close),
            volume,
            symbol: column(&SYMBOLS),
            first_line_is_row: false,
        })
    }

    /// Without names: time, maybe a time of day, then close alone or open, high, low, close and maybe volume and whatever
    /// else exchanges add.
    fn of_row(separator: u8, texts: &[String]) -> Result<Layout, (&'static str, &'static str)> {
        let clocked = texts.len() > 2 && texts[1].contains(':');
        let from = if clocked { 2 } else { 1 };
        let (others, close, volume) = match texts.len() - from {
            1 => (None, from, None),
            4 => (Some([from, from + 1, from + 2]), from + 3, None),
            5.. => (Some([from, from + 1, from + 2]), from + 3, Some(from + 4)),
            _ => {
                return Err((
                    "there are no column names, and the number of columns does not tell what they are",
                    "put a line such as date,open,high,low,close,volume before the rows",
                ));
            }
        };
        let roles = ["open", "high", "low", "close", "volume"];
        let names = (0..texts.len()).map(|i| match i {
            0 => "time".to_owned(),
            1 if clocked => "time of day".to_owned(),
            i if texts.len() - from == 1 && i == from => "close".to_owned(),
            i => roles.get(i - from).map_or_else(|| format!("column {}", i + 1), |role| (*role).to_owned()),
        });
        Ok(Layout {
            separator,
            names: names.collect(),
            time: 0,
            clock: clocked.then_some(1),
            others,
            close,
            adjusted: None,
            volume,
            symbol: None,
            first_line_is_row: true,
        })
    }

    /// The last column that a row must have.
    pub(super) fn last_needed(&self) -> usize {
        let others = self.others.unwrap_or([0; 3]);
        let optional = [self.clock, self.adjusted, self.volume, self.symbol].map(|at| at.unwrap_or(0));
        others.into_iter().chain(optional).chain([self.time, self.close]).max().unwrap_or(0)
    }
}

/// Tab, semicolon or comma, whichever of these comes first in this list and in the line outside quotes.
fn separator(line: &[u8]) -> u8 {
    let mut quoted = false;
    let mut seen = [false; 2];
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b'\t' if !quoted => seen[0] = true,
            b';' if !quoted => seen[1] = true,
            _ => {}
        }
    }
    match seen {
        [true, _] => b'\t',
        [_, true] => b';',
        _ => b',',
    }
}

/// A column's name without case, marks and blanks: "<DATE>", "Adj Close**" and "open_time" are date, adjclose and opentime.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn texts(line: &[u8], fields: &[Range<usize>]) -> Vec<String> {
    fields.iter().map(|range| String::from_utf8_lossy(&line[range.clone()]).into_owned()).collect()
}

fn listed(texts: &[String]) -> String {
    let mut list: Vec<String> = texts.iter().take(FOUND_SHOWN_MAX).map(|text| format!("{:?}", shown(text))).collect();
    if texts.len() > FOUND_SHOWN_MAX {
        list.push(format!("and {} more", texts.len() - FOUND_SHOWN_MAX));
    }
    list.join(", ")
}
