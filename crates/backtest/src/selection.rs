//! Which trial of a search is its best: one rule for the search itself and for every permuted market it is compared with.
//!
//! The valid trial with the highest Sharpe ratio among those with at least `trades_min` entries, or among all when none has
//! as many. Ties go to the lowest point; a trial that never traded counts below all others.

use crate::Trial;

/// Finds the best of the trials that it is shown, in any order.
#[derive(Clone, Debug)]
pub struct Selection {
    trades_min: u32,
    /// Among those with enough trades.
    enough: Option<Candidate>,
    /// Among all.
    any: Option<Candidate>,
}

#[derive(Clone, Debug)]
struct Candidate {
    point: u64,
    /// Minus infinity where no return varies.
    sharpe: f64,
    trial: Trial,
}

impl Selection {
    /// Prefers trials with at least `trades_min` entries.
    pub fn new(trades_min: u32) -> Selection {
        Selection { trades_min, enough: None, any: None }
    }

    /// Looks at the trial of grid point `point`.
    pub fn add(&mut self, point: u64, trial: &Trial) {
        if !trial.valid {
            return;
        }
        let sharpe = trial.sharpe();
        let sharpe = if sharpe.is_nan() { f64::NEG_INFINITY } else { sharpe };
        if trial.entries >= self.trades_min {
            improve(&mut self.enough, point, sharpe, trial);
        }
        improve(&mut self.any, point, sharpe, trial);
    }

    /// Looks at all that `other` has seen.
    pub fn merge(&mut self, other: &Selection) {
        for candidate in other.enough.iter().chain(&other.any) {
            self.add(candidate.point, &candidate.trial);
        }
    }

    /// Whether a trial with enough entries was seen.
    pub(crate) fn has_enough(&self) -> bool {
        self.enough.is_some()
    }

    /// The best point so far and its trial; `None` when no trial was valid.
    pub fn best(&self) -> Option<(u64, &Trial)> {
        self.enough.as_ref().or(self.any.as_ref()).map(|best| (best.point, &best.trial))
    }
}

fn improve(best: &mut Option<Candidate>, point: u64, sharpe: f64, trial: &Trial) {
    let better = best.as_ref().is_none_or(|b| sharpe > b.sharpe || (sharpe == b.sharpe && point < b.point));
    if better {
        *best = Some(Candidate { point, sharpe, trial: trial.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(sum: f64, entries: u32) -> Trial {
        Trial { valid: true, entries, sum, sum_sq: 1.0, observations: 100, ..Trial::invalid() }
    }

    #[test]
    fn enough_trades_come_first_then_the_ratio_then_the_lowest_point() {
        let trials = [trial(1.0, 30), trial(2.0, 29), trial(1.0, 31), trial(0.5, 99), Trial::invalid()];
        let chosen = |order: &[usize], trades_min| {
            let mut selection = Selection::new(trades_min);
            order.iter().for_each(|i| selection.add(*i as u64, &trials[*i]));
            selection.best().map(|(point, _)| point)
        };
        assert_eq!(chosen(&[0, 1, 2, 3, 4], 30), Some(0));
        assert_eq!(chosen(&[4, 3, 2, 1, 0], 30), Some(0), "the order does not matter");
        assert_eq!(chosen(&[0, 1, 2, 3, 4], 0), Some(1));
        assert_eq!(chosen(&[0, 1, 2, 3, 4], 100), Some(1), "none has enough, so all count");
        assert_eq!(chosen(&[4], 0), None);
    }

    #[test]
    fn a_trial_that_never_traded_is_the_last_resort_and_parts_merge() {
        let idle = Trial { sum: 0.0, sum_sq: 0.0, ..trial(0.0, 0) };
        let mut left = Selection::new(10);
        left.add(3, &idle);
        assert_eq!(left.best().map(|(point, _)| point), Some(3));
        let mut right = Selection::new(10);
        right.add(7, &trial(-1.0, 2));
        left.merge(&right);
        assert_eq!(left.best().map(|(point, _)| point), Some(7));
    }
}
