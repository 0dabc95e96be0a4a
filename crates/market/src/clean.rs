//! Rows to bars: order, duplicates, bars that contradict themselves. What is put right here is flagged here.

use assay_backtest::Bars;
use assay_units::Timestamp;

use crate::csv::{CsvError, Rows, Tally};
use crate::flag::Flag;
use crate::mintick::with_mintick;
use crate::suspicion::suspicions;
use crate::{Interval, PriceFile};

/// Relative excess below which a high under the close is rounding, put right without a word.
const ROUNDING: f64 = 1e-9;

/// Makes bars of the rows of a file.
pub(crate) fn bars_of(mut rows: Rows) -> Result<PriceFile, CsvError> {
    let mut flags = Vec::new();
    let read = rows.time.len() as u64 + rows.missing.count + rows.not_positive.count;
    let ascending = ordered(&rows)?;
    let duplicates = drop_duplicates(&mut rows);
    if rows.time.len() < 2 {
        return Err(CsvError::TooFewRows { usable: rows.time.len() as u64, rows: read });
    }
    if !ascending {
        reverse(&mut rows);
        flags.push(Flag::NewestFirst);
    }
    let Tally { count, first_line } = rows.missing;
    flags.extend((count > 0).then_some(Flag::MissingValues { count, first_line }));
    let Tally { count, first_line } = rows.not_positive;
    flags.extend((count > 0).then_some(Flag::NotPositive { count, first_line }));
    flags.extend(duplicates);
    let Tally { count, first_line } = rows.adjusted;
    flags.extend((count > 0).then_some(Flag::Adjusted { count, first_line }));
    let has_ohlc = own_ranges(&rows);
    if has_ohlc {
        flags.extend(hold_together(&mut rows)?);
    } else {
        for column in [&mut rows.open, &mut rows.high, &mut rows.low] {
            column.clone_from(&rows.close);
        }
        flags.push(Flag::CloseOnly);
    }
    let has_volume = rows.volume.iter().any(|volume| *volume > 0.0);
    flags.extend((!has_volume).then_some(Flag::NoVolume));
    flags.extend(rows.zone_assumed.then_some(Flag::ZoneAssumed));
    let Rows { time, line, open, high, low, close, volume, symbol, .. } = rows;
    let bars = with_mintick(Bars { time, open, high, low, close, volume, mintick: None });
    let interval = Interval::of(&bars.time);
    flags.extend(suspicions(&bars, &line, interval, has_ohlc));
    Ok(PriceFile { bars, flags, interval, has_ohlc, has_volume, symbol })
}

/// Whether the rows are oldest first; refuses those that are neither that nor newest first.
fn ordered(rows: &Rows) -> Result<bool, CsvError> {
    let time = &rows.time;
    let ascending = time.windows(2).find(|pair| pair[0] != pair[1]).is_none_or(|pair| pair[0] < pair[1]);
    let wrong = |pair: &[i64]| if ascending { pair[1] < pair[0] } else { pair[1] > pair[0] };
    let mut breaks = time.windows(2).enumerate().filter(|(_, pair)| wrong(pair));
    match breaks.next() {
        None => Ok(ascending),
        Some((i, pair)) => Err(CsvError::Unsorted {
            line: u64::from(rows.line[i + 1]),
            time: Timestamp::from_millis(pair[1]),
            before: Timestamp::from_millis(pair[0]),
            ascending,
            more: breaks.count() as u64,
        }),
    }
}

/// Keeps the row that comes first in the file for each time; the rows are in order, so equal times are neighbours.
fn drop_duplicates(rows: &mut Rows) -> Option<Flag> {
    let mut tally = Tally::default();
    let mut differing = 0;
    let mut keep = vec![true; rows.time.len()];
    let mut first = 0;
    for i in 1..rows.time.len() {
        if rows.time[i] != rows.time[first] {
            first = i;
            continue;
        }
        keep[i] = false;
        tally.add(u64::from(rows.line[i]));
        let columns = [&rows.open, &rows.high, &rows.low, &rows.close, &rows.volume];
        differing += u64::from(columns.iter().any(|column| !column.is_empty() && column[i] != column[first]));
    }
    if tally.count == 0 {
        return None;
    }
    retain(&mut rows.time, &keep);
    retain(&mut rows.line, &keep);
    for column in [&mut rows.open, &mut rows.high, &mut rows.low, &mut rows.close, &mut rows.volume] {
        retain(column, &keep);
    }
    Some(Flag::Duplicates { count: tally.count, first_line: tally.first_line, differing })
}

fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
    let mut kept = keep.iter();
    column.retain(|_| *kept.next().expect("a column is as long as the rows, or empty"));
}

fn reverse(rows: &mut Rows) {
    rows.time.reverse();
    rows.line.reverse();
    for column in [&mut rows.open, &mut rows.high, &mut rows.low, &mut rows.close, &mut rows.volume] {
        column.reverse();
    }
}

/// Whether open, high and low are there and say more than the close does.
fn own_ranges(rows: &Rows) -> bool {
    let columns = [&rows.open, &rows.high, &rows.low];
    columns.iter().all(|column| !column.is_empty()) && columns.iter().any(|column| **column != rows.close)
}

/// Raises highs and lowers lows until each bar holds its own open and close; refuses a file in which most bars need it.
fn hold_together(rows: &mut Rows) -> Result<Vec<Flag>, CsvError> {
    let (mut raised, mut lowered, mut swapped) = (Tally::default(), Tally::default(), Tally::default());
    for i in 0..rows.close.len() {
        let line = u64::from(rows.line[i]);
        let top = rows.open[i].max(rows.close[i]);
        let bottom = rows.open[i].min(rows.close[i]);
        let too_low = top - rows.high[i] > ROUNDING * top;
        let too_high = rows.low[i] - bottom > ROUNDING * bottom;
        for (tally, wrong) in [(&mut raised, too_low), (&mut lowered, too_high), (&mut swapped, too_low || too_high)] {
            if wrong {
                tally.add(line);
            }
        }
        rows.high[i] = rows.high[i].max(top);
        rows.low[i] = rows.low[i].min(bottom);
    }
    let count = rows.close.len() as u64;
    if swapped.count * 2 > count {
        return Err(CsvError::Swapped { line: swapped.first_line, count: swapped.count, rows: count });
    }
    let raised = (raised.count > 0).then_some(Flag::HighRaised { count: raised.count, first_line: raised.first_line });
    let lowered =
        (lowered.count > 0).then_some(Flag::LowLowered { count: lowered.count, first_line: lowered.first_line });
    Ok(raised.into_iter().chain(lowered).collect())
}
