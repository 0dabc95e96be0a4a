//! The turn of the month: the last days of a month and the first of the next earn what the others lose.

use assay_units::Timestamp;

use super::{DEVIATION, Expectation};
use crate::shape::Shape;

/// First day of the month (of the calendar) that belongs to the turn.
const FROM_DAY: i8 = 26;
/// Trading days of the new month that belong to it.
const NEW_DAYS: usize = 3;

pub(super) struct TurnOfMonth {
    expected: Vec<f64>,
}

impl TurnOfMonth {
    pub fn new(amplitude: f64, time: &[i64]) -> TurnOfMonth {
        let mut since_new = NEW_DAYS;
        let mut last_day = 0;
        let turn: Vec<bool> = time
            .iter()
            .map(|ms| {
                let day = day_of_month(*ms);
                since_new = if day < last_day { 0 } else { since_new + 1 };
                last_day = day;
                day >= FROM_DAY || since_new < NEW_DAYS
            })
            .collect();
        let share = turn.iter().filter(|t| **t).count() as f64 / turn.len() as f64;
        let give = |turn: bool| if turn { 1.0 } else { -share / (1.0 - share) };
        TurnOfMonth { expected: turn.into_iter().map(|t| amplitude * DEVIATION * give(t)).collect() }
    }
}

fn day_of_month(ms: i64) -> i8 {
    let (_, _, day, ..) = Timestamp::from_millis(ms).civil();
    day
}

impl Expectation for TurnOfMonth {
    fn next(&mut self, t: usize) -> f64 {
        self.expected[t]
    }

    fn learn(&mut self, _shape: &Shape, _expected: f64) {}
}
