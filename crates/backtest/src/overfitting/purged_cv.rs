//! Combinatorial purged cross-validation: not one out-of-sample history but many.
//!
//! Lopez de Prado (2018), "Advances in financial machine learning", ch. 7 and 12: the bars are cut into N groups; each choice
//! of k of them is tested with the set that the other N-k choose. C(N,k) splits give phi = C(N,k)*k/N whole histories (paths),
//! for each group is tested that often. A position may be open across an edge of a test group, so the train bars that it could
//! reach are purged on either side; an embargo keeps further bars after a test group out of training (snippet 7.3).

use std::ops::Range;

use crate::permutation::quantile;

/// How to split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PurgedCv {
    /// N, 2 to 16.
    pub groups: usize,
    /// k, 1 to N-1.
    pub test_groups: usize,
    /// Bars before and after a test group that are kept out of training: the longest holding time.
    pub purge: usize,
    /// Bars after those that are purged behind a test group, kept out too; about 1 % of all is usual.
    pub embargo: usize,
}

/// One choice of test groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Which groups are tested, ascending.
    pub tested: Vec<usize>,
    /// Bars that choose, ascending and apart.
    pub train: Vec<Range<usize>>,
}

/// Groups at most: C(16, 8) = 12,870 splits.
const GROUPS_MAX: usize = 16;

impl PurgedCv {
    /// The bars of each group: of `bars`, the longer groups first. `None` with numbers out of range or fewer than two bars a
    /// group.
    pub fn group_bars(&self, bars: Range<usize>) -> Option<Vec<Range<usize>>> {
        let n = bars.len();
        if !(2..=GROUPS_MAX).contains(&self.groups)
            || !(1..self.groups).contains(&self.test_groups)
            || n < 2 * self.groups
        {
            return None;
        }
        let edge = |g: usize| bars.start + g * (n / self.groups) + g.min(n % self.groups);
        Some((0..self.groups).map(|g| edge(g)..edge(g + 1)).collect())
    }

    /// All C(N,k) splits of `bars`, in lexical order of their test groups.
    pub fn splits(&self, bars: Range<usize>) -> Option<Vec<Split>> {
        let groups = self.group_bars(bars)?;
        let mut chosen: Vec<usize> = (0..self.test_groups).collect();
        let mut splits = vec![];
        loop {
            splits.push(Split { tested: chosen.clone(), train: self.train(&groups, &chosen) });
            // The next combination: raise the last member that can be raised.
            let Some(at) = (0..chosen.len()).rev().find(|i| chosen[*i] < self.groups - self.test_groups + i) else {
                return Some(splits);
            };
            chosen[at] += 1;
            for i in at + 1..chosen.len() {
                chosen[i] = chosen[i - 1] + 1;
            }
        }
    }

    /// What is left to choose from.
    fn train(&self, groups: &[Range<usize>], tested: &[usize]) -> Vec<Range<usize>> {
        let mut train: Vec<Range<usize>> = vec![];
        let is_tested = |g: usize| tested.contains(&g);
        let mut g = 0;
        while g < groups.len() {
            if is_tested(g) {
                g += 1;
                continue;
            }
            let first = g;
            while g + 1 < groups.len() && !is_tested(g + 1) {
                g += 1;
            }
            let start = groups[first].start + if first > 0 { self.purge + self.embargo } else { 0 };
            let end = groups[g].end.saturating_sub(if g + 1 < groups.len() { self.purge } else { 0 });
            if start < end {
                train.push(start..end);
            }
            g += 1;
        }
        train
    }

    /// Which split tests each group on each path: `paths()[p][g]` is a place in `splits`.
    pub fn paths(&self, splits: &[Split]) -> Vec<Vec<usize>> {
        let by_group: Vec<Vec<usize>> =
            (0..self.groups).map(|g| (0..splits.len()).filter(|s| splits[*s].tested.contains(&g)).collect()).collect();
        let paths = by_group.iter().map(Vec::len).min().unwrap_or(0);
        (0..paths).map(|p| by_group.iter().map(|splits| splits[p]).collect()).collect()
    }
}

/// Out-of-sample Sharpe ratios of whole histories.
#[derive(Clone, Debug, PartialEq)]
pub struct CvPaths {
    /// Per row, one a path; 0 where nothing was traded.
    pub sharpes: Vec<f64>,
    /// The middle one.
    pub median: f64,
    /// Share above 0.
    pub positive: f64,
}

/// On each split the column with the highest train Sharpe ratio is chosen and its test rows go to the paths. `columns` are
/// returns of the candidates over the same rows. `None` where the rows cannot be split, with columns of different lengths or
/// a return that is no number.
pub fn purged_paths(columns: &[Vec<f64>], cv: &PurgedCv) -> Option<CvPaths> {
    let rows = columns.first()?.len();
    if columns.iter().any(|c| c.len() != rows) || columns.iter().flatten().any(|r| !r.is_finite()) {
        return None;
    }
    let groups = cv.group_bars(0..rows)?;
    let splits = cv.splits(0..rows)?;
    let totals: Vec<Vec<[f64; 2]>> = columns.iter().map(|c| running_totals(c)).collect();
    let chosen: Vec<usize> = splits
        .iter()
        .map(|split| {
            let sharpes = totals.iter().map(|t| sharpe_over(t, &split.train));
            let best = sharpes.enumerate().fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
            best.0
        })
        .collect();
    let sharpes: Vec<f64> = cv
        .paths(&splits)
        .iter()
        .map(|path| {
            let parts = path.iter().zip(&groups).map(|(split, bars)| (&totals[chosen[*split]], bars.clone()));
            let mut all = [0.0; 3];
            for (totals, bars) in parts {
                add(&mut all, totals, &bars);
            }
            sharpe_of(all)
        })
        .collect();
    let mut sorted = sharpes.clone();
    sorted.sort_by(f64::total_cmp);
    let positive = sharpes.iter().filter(|s| **s > 0.0).count() as f64 / sharpes.len() as f64;
    Some(CvPaths { median: quantile(&sorted, 0.5), positive, sharpes })
}

/// Sums of returns and of their squares before each row.
fn running_totals(column: &[f64]) -> Vec<[f64; 2]> {
    let mut at = [0.0; 2];
    let mut totals = vec![at];
    for r in column {
        at = [at[0] + r, at[1] + r * r];
        totals.push(at);
    }
    totals
}

/// Adds count, sum and sum of squares of some rows.
fn add(all: &mut [f64; 3], totals: &[[f64; 2]], rows: &Range<usize>) {
    let (high, low) = (totals[rows.end], totals[rows.start]);
    all[0] += rows.len() as f64;
    all[1] += high[0] - low[0];
    all[2] += high[1] - low[1];
}

fn sharpe_over(totals: &[[f64; 2]], ranges: &[Range<usize>]) -> f64 {
    let mut all = [0.0; 3];
    ranges.iter().for_each(|rows| add(&mut all, totals, rows));
    sharpe_of(all)
}

/// Mean over sample deviation; 0 where only rounding is left of the variation.
fn sharpe_of([n, sum, square]: [f64; 3]) -> f64 {
    let variance = (square - sum * sum / n) / (n - 1.0);
    if variance > 1e-24 { sum / n / variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::noise_matrix;
    use super::*;

    #[test]
    fn an_edge_shows_on_every_path_and_noise_on_few() {
        let cv = PurgedCv { groups: 8, test_groups: 2, purge: 5, embargo: 5 };
        let edge = purged_paths(&noise_matrix(0.0015), &cv).unwrap();
        assert_eq!((edge.sharpes.len(), edge.positive), (7, 1.0));
        let noise = purged_paths(&noise_matrix(0.0), &cv).unwrap();
        assert!(noise.median < edge.median / 2.0, "{noise:?}");
        assert_eq!(purged_paths(&[], &cv), None);
        assert_eq!(purged_paths(&[vec![0.1; 3]], &cv), None);
        assert_eq!(purged_paths(&[vec![0.0; 100]], &cv).unwrap().median, 0.0);
    }

    #[test]
    fn six_groups_two_tested_are_fifteen_splits_and_five_paths() {
        let cv = PurgedCv { groups: 6, test_groups: 2, purge: 0, embargo: 0 };
        let splits = cv.splits(0..60).unwrap();
        let paths = cv.paths(&splits);
        assert_eq!((splits.len(), paths.len()), (15, 5));
        assert_eq!(splits[0].tested, [0, 1]);
        assert_eq!(splits[14].tested, [4, 5]);
        // Each (split, tested group) stands on exactly one path.
        let mut used: Vec<(usize, usize)> = paths.iter().flat_map(|p| p.iter().copied().zip(0..6)).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), 30);
        assert!(used.iter().all(|(split, group)| splits[*split].tested.contains(group)));
        let ten = PurgedCv { groups: 10, ..cv };
        let splits = ten.splits(0..100).unwrap();
        assert_eq!((splits.len(), ten.paths(&splits).len()), (45, 9));
    }

    #[test]
    fn purging_cuts_the_train_bars_on_either_side_and_the_embargo_those_behind() {
        let cv = PurgedCv { groups: 5, test_groups: 1, purge: 3, embargo: 2 };
        let splits = cv.splits(10..60).unwrap();
        assert_eq!(splits[0].train, vec![Range { start: 25, end: 60 }]);
        assert_eq!(splits[2].train, [10..27, 45..60]);
        assert_eq!(splits[4].train, vec![Range { start: 10, end: 47 }]);
        let greedy = PurgedCv { purge: 100, ..cv };
        assert_eq!(greedy.splits(10..60).unwrap()[4].train, Vec::<Range<usize>>::new());
    }

    #[test]
    fn uneven_groups_cover_all_bars() {
        let cv = PurgedCv { groups: 4, test_groups: 2, purge: 0, embargo: 0 };
        assert_eq!(cv.group_bars(0..10).unwrap(), [0..3, 3..6, 6..8, 8..10]);
        assert_eq!(cv.group_bars(0..7), None);
        assert_eq!(PurgedCv { test_groups: 4, ..cv }.splits(0..100), None);
    }
}
