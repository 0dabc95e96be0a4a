//! What looks wrong in clean bars: gaps, stale runs, spikes, splits, copied opens. Nothing is changed here.
//!
//! Thresholds are set so that forty years of ordinary prices raise few flags: each is for a person to look at once.

use assay_backtest::Bars;
use assay_units::Timestamp;

use crate::csv::Tally;
use crate::{Flag, Interval};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// A gap is longer than this many usual intervals.
const GAP_INTERVALS: i64 = 5;
/// A market that closes every night may stay closed this much longer over a holiday.
const HOLIDAY_MS: i64 = 3 * DAY_MS;
/// Equal closes in a row that make a stale run.
const STALE_MIN: usize = 10;
/// A spike or a split is a return beyond this many typical ones. "Typical" is the median absolute return scaled to a standard
/// deviation (times 1.4826, as for the normal distribution), which a few wild bars cannot move.
const OUTLIER_DEVIATIONS: f64 = 10.0;
const MEDIAN_TO_DEVIATION: f64 = 1.4826;
/// A spike is at least this large (2 %), and the next bar takes back at least four fifths of it.
const SPIKE_MIN: f64 = 0.02;
const SPIKE_LEFT_MAX: f64 = 0.2;
/// Splits that are looked for, and how far a day's own return may carry the price from the exact ratio.
const SPLIT_RATIOS: [u32; 5] = [2, 3, 4, 10, 20];
const SPLIT_TOLERANCE: (f64, f64) = (0.02, 0.06);
/// From this share of opens that equal the close before, they are taken for copies.
const COPIED_SHARE: f64 = 0.2;

/// All findings. `line` is each bar's line in the file.
pub(crate) fn suspicions(bars: &Bars, line: &[u32], interval: Interval, has_ohlc: bool) -> Vec<Flag> {
    let weekends_off = rests_at_weekends(&bars.time, interval);
    let returns: Vec<f64> = bars.close.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
    let typical = typical(&returns);
    let mut flags = Vec::new();
    flags.extend(gaps(bars, line, interval, weekends_off));
    flags.extend(stale(bars, line));
    flags.extend(spikes(bars, line, &returns, typical));
    flags.extend(splits(bars, line, &returns, typical));
    // Where trading never stops, an open at the close before is what one expects; so it is within a day.
    if has_ohlc && weekends_off && interval.millis() >= DAY_MS {
        flags.extend(copied_opens(bars, line));
    }
    flags
}

/// Fewer than a tenth of the bars on Saturday and Sunday (UTC): the rule that years are counted by too.
fn rests_at_weekends(time: &[i64], interval: Interval) -> bool {
    let weekend = time.iter().filter(|t| matches!(t.div_euclid(DAY_MS).rem_euclid(7), 2 | 3)).count();
    interval.millis() <= 4 * DAY_MS && weekend * 10 <= time.len()
}

/// Milliseconds of Saturdays and Sundays from 1970 to `t`. 1970-01-03 was a Saturday.
fn weekend_before(t: i64) -> i64 {
    let since = t - 2 * DAY_MS;
    since.div_euclid(7 * DAY_MS) * 2 * DAY_MS + since.rem_euclid(7 * DAY_MS).min(2 * DAY_MS)
}

fn gaps(bars: &Bars, line: &[u32], interval: Interval, weekends_off: bool) -> Option<Flag> {
    let time = &bars.time;
    let open_time = |i: usize| {
        let weekend = if weekends_off { weekend_before(time[i]) - weekend_before(time[i - 1]) } else { 0 };
        time[i] - time[i - 1] - weekend
    };
    let long: Vec<(usize, i64)> = (1..time.len())
        .map(|i| (i, open_time(i)))
        .filter(|(_, length)| *length > GAP_INTERVALS.saturating_mul(interval.millis()))
        .collect();
    let night = usual_night(&long, time, interval);
    let usual = |length: i64| match night {
        Some(night) => length >= night / 10 * 9 && length <= night + HOLIDAY_MS,
        None => false,
    };
    let mut tally = Tally::default();
    let mut longest = (0, 0);
    for (i, _) in long.into_iter().filter(|(_, length)| !usual(*length)) {
        tally.add(u64::from(line[i]));
        longest = longest.max((time[i] - time[i - 1], i));
    }
    (tally.count > 0).then(|| Flag::Gaps {
        count: tally.count,
        first_line: tally.first_line,
        longest_ms: longest.0,
        longest_at: Timestamp::from_millis(time[longest.1]),
    })
}

/// How long an intraday market is usually closed, if it closes on most days.
fn usual_night(long: &[(usize, i64)], time: &[i64], interval: Interval) -> Option<i64> {
    let days = (time[time.len() - 1] - time[0]) / DAY_MS;
    if interval.millis() > 6 * HOUR_MS || long.len() < 3 || (long.len() as i64) < days / 2 {
        return None;
    }
    let mut lengths: Vec<i64> = long.iter().map(|(_, length)| *length).collect();
    let middle = lengths.len() / 2;
    Some(*lengths.select_nth_unstable(middle).1)
}

fn stale(bars: &Bars, line: &[u32]) -> Option<Flag> {
    let mut tally = Tally::default();
    let (mut start, mut longest) = (0, 0);
    for i in 1..=bars.len() {
        if i < bars.len() && bars.close[i] == bars.close[start] {
            continue;
        }
        if i - start >= STALE_MIN {
            tally.add(u64::from(line[start]));
            longest = longest.max(i - start);
        }
        start = i;
    }
    let (runs, first_line) = (tally.count, tally.first_line);
    (runs > 0).then_some(Flag::Stale { runs, first_line, longest: longest as u64 })
}

/// The usual size of a return; 0 when most are 0.
fn typical(returns: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = returns.iter().map(|r| r.abs()).collect();
    let middle = sizes.len() / 2;
    MEDIAN_TO_DEVIATION * *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// Whether the return at `i` is wild and the next one takes it back.
fn reverts(returns: &[f64], i: usize) -> bool {
    returns.get(i + 1).is_some_and(|next| (returns[i] + next).abs() <= SPIKE_LEFT_MAX * returns[i].abs())
}

fn spikes(bars: &Bars, line: &[u32], returns: &[f64], typical: f64) -> Option<Flag> {
    let least = (OUTLIER_DEVIATIONS * typical).max(SPIKE_MIN);
    let mut tally = Tally::default();
    let mut first = 0;
    let mut i = 0;
    while i < returns.len() {
        if returns[i].abs() >= least && reverts(returns, i) {
            first = if tally.count == 0 { i + 1 } else { first };
            tally.add(u64::from(line[i + 1]));
            // The way back is part of this spike, not the start of another.
            i += 1;
        }
        i += 1;
    }
    (tally.count > 0).then(|| Flag::Spikes {
        count: tally.count,
        first_line: tally.first_line,
        first_at: Timestamp::from_millis(bars.time[first]),
    })
}

fn splits(bars: &Bars, line: &[u32], returns: &[f64], typical: f64) -> Option<Flag> {
    let tolerance = (2.0 * typical).clamp(SPLIT_TOLERANCE.0, SPLIT_TOLERANCE.1);
    let ratio_of = |r: f64| SPLIT_RATIOS.into_iter().find(|k| (r.abs() - f64::from(*k).ln()).abs() <= tolerance);
    let mut tally = Tally::default();
    let mut first = (0, 0);
    for (i, r) in returns.iter().enumerate() {
        let back = reverts(returns, i) || i > 0 && reverts(returns, i - 1);
        if let Some(ratio) = ratio_of(*r).filter(|_| r.abs() >= OUTLIER_DEVIATIONS * typical && !back) {
            first = if tally.count == 0 { (i + 1, ratio) } else { first };
            tally.add(u64::from(line[i + 1]));
        }
    }
    (tally.count > 0).then(|| Flag::UnadjustedSplits {
        count: tally.count,
        first_line: tally.first_line,
        first_at: Timestamp::from_millis(bars.time[first.0]),
        ratio: first.1,
    })
}

fn copied_opens(bars: &Bars, line: &[u32]) -> Option<Flag> {
    let mut tally = Tally::default();
    for i in (1..bars.len()).filter(|i| bars.open[*i] == bars.close[*i - 1]) {
        tally.add(u64::from(line[i]));
    }
    let (count, first_line) = (tally.count, tally.first_line);
    (count as f64 > COPIED_SHARE * bars.len() as f64 && count >= STALE_MIN as u64).then_some(Flag::OpensCopied {
        count,
        first_line,
        bars: bars.len() as u64,
    })
}
