//! What is put right, and what is only pointed at.

use crate::{check, file};
use assay_market::Flag;
use assay_units::{Seed, SplitMix64, Timestamp};
use expect_test::{Expect, expect};

const DAY_MS: i64 = 86_400_000;

/// A quiet random walk of closes: returns of about one percent.
fn walk(n: usize) -> Vec<f64> {
    let mut chance = SplitMix64::new(Seed(5));
    let mut close = 100.0;
    (0..n)
        .map(|_| {
            close *= 1.0 + 0.02 * (chance.next_unit() - 0.5);
            (close * 1e4).round() / 1e4
        })
        .collect()
}

/// Closes every day, from a Thursday.
fn daily(closes: &[f64]) -> String {
    let row = |(i, close): (usize, &f64)| format!("{},{close}\n", Timestamp::from_millis(i as i64 * DAY_MS).utc_day());
    format!("date,close\n{}", closes.iter().enumerate().map(row).collect::<String>())
}

fn check_flags(text: &str, expected: Expect) {
    let file = file(text);
    let flags = file.flags.iter().filter(|flag| !matches!(flag, Flag::CloseOnly | Flag::NoVolume));
    expected.assert_eq(&flags.map(|flag| format!("{flag}\n")).collect::<String>());
}

#[test]
fn what_is_put_right_is_said() {
    check(
        "date,open,high,low,close,volume\n\
         2024-01-08,5,6,4,5,10\n\
         2024-01-05,4,4.5,3.5,5,10\n\
         2024-01-04,4,5,4.5,4.5,10\n\
         2024-01-04,4,5,3.5,4.5,10\n\
         2024-01-04,4,5,4.5,4.5,10\n\
         2024-01-03,4,5,-1,4,10\n\
         2024-01-02,4,5,3,4,\n\
         2024-01-01,4,5,3,4,8\n",
        expect![[r#"
            5 bars of 2d, ohlc, volume
            ! the file began with its newest bar and was turned round
            ! 1 row with a price of zero or less left out, first at line 7
            ! 2 rows with a time already seen left out, first at line 5; 1 had other numbers, and the one that came first was kept
            ! the high of 1 bar was below the open or close and was raised, first at line 3
            ! the low of 1 bar was above the open or close and was lowered, first at line 4
            2024-01-01 4 5 3 4 8
            2024-01-02 4 5 3 4 0
            2024-01-04 4 5 4 4.5 10
            2024-01-05 4 5 3.5 5 10
        "#]],
    );
}

#[test]
fn a_quiet_walk_raises_no_flag() {
    check_flags(&daily(&walk(2000)), expect![[r#""#]]);
}

#[test]
fn spikes_splits_and_stale_runs_are_pointed_at() {
    let mut closes = walk(1000);
    closes[300] *= 3.0;
    check_flags(
        &daily(&closes),
        expect![[r#"
        1 spike that the next bar takes back, first at line 302 (1970-10-28)
    "#]],
    );
    let mut closes = walk(1000);
    closes[700..].iter_mut().for_each(|close| *close /= 4.0);
    check_flags(
        &daily(&closes),
        expect![[r#"
        1 likely split not adjusted for, first at line 702 (1971-12-02, about 4 to 1)
    "#]],
    );
    let mut closes = walk(1000);
    closes[200..].iter_mut().for_each(|close| *close *= 10.0);
    check_flags(
        &daily(&closes),
        expect![[r#"
        1 likely split not adjusted for, first at line 202 (1970-07-20, about 10 to 1)
    "#]],
    );
    let mut closes = walk(1000);
    let held = closes[50];
    closes[50..63].fill(held);
    check_flags(
        &daily(&closes),
        expect![[r#"
        1 run of 10 or more equal closes, first at line 52; the longest has 13
    "#]],
    );
}

#[test]
fn a_crash_is_no_split_and_no_spike() {
    let mut closes = walk(1000);
    closes[500..].iter_mut().for_each(|close| *close *= 0.78);
    check_flags(&daily(&closes), expect![[r#""#]]);
}

#[test]
fn gaps_leave_out_weekends_and_nights() {
    let closes = walk(4000);
    let weekdays = |t: &i64| !matches!(t.div_euclid(DAY_MS).rem_euclid(7), 2 | 3);
    let table = |times: &[i64]| {
        let rows = times.iter().zip(&closes).map(|(t, close)| format!("{},{close}\n", t / 1000));
        format!("time,close\n{}", rows.collect::<String>())
    };
    // Weekdays only; then a fortnight without a bar.
    let days: Vec<i64> = (4000..4400).map(|d| d * DAY_MS).filter(weekdays).collect();
    check_flags(&table(&days), expect![[r#""#]]);
    let holed: Vec<i64> = days.iter().copied().filter(|t| !(4100..4114).contains(&(t / DAY_MS))).collect();
    check_flags(
        &table(&holed),
        expect![[r#"
        1 gap of more than 5 intervals, first at line 73; the longest, 15 days, ends on 1981-04-07
    "#]],
    );
    // Half-hours from 14:30 to 21:00 on weekdays; then without two hours of one day.
    let session = |d: &i64| (0..13).map(move |k| d + (29 + k) * 1_800_000).collect::<Vec<i64>>();
    let sessions: Vec<i64> = days[..200].iter().flat_map(session).collect();
    check_flags(&table(&sessions), expect![[r#""#]]);
    let late: Vec<i64> =
        sessions.iter().copied().enumerate().filter(|(i, _)| !(134..140).contains(i)).map(|x| x.1).collect();
    check_flags(
        &table(&late),
        expect![[r#"
        1 gap of more than 5 intervals, first at line 136; the longest, 3.5 hours, ends on 1980-12-29
    "#]],
    );
}

#[test]
fn copied_opens_matter_where_the_market_closes() {
    let closes = walk(400);
    let rows: String = (1..400)
        .filter(|d| !matches!(d % 7, 2 | 3))
        .scan(100.0, |last, d| {
            let (open, close) = (*last, closes[d]);
            *last = close;
            let (high, low) = (open.max(close) + 1.0, open.min(close) - 1.0);
            Some(format!("{},{open},{high},{low},{close},1\n", Timestamp::from_millis(d as i64 * DAY_MS).utc_day()))
        })
        .collect();
    check_flags(
        &format!("date,open,high,low,close,volume\n{rows}"),
        expect![[r#"
        the open of 284 of 285 bars equals the close before, first at line 3: gaps and fills at the open mean little there
    "#]],
    );
}
