//! StepM: *which* rules beat the benchmark, with at most a given chance that even one of them is named wrongly.
//!
//! Romano and Wolf (2005), "Stepwise multiple testing as formalized data snooping", Econometrica 73, studentised (section 4).
//! The critical value is the quantile of the maximum over all rules; rules above it are named and removed, and the maximum of
//! the rest gives the next, lower value, until nobody is named.

use assay_units::{Seed, SplitMix64};

use super::bootstrap::Bootstrap;
use super::spa::Studentised;
use crate::permutation::quantile;

/// The columns of `excess` that beat the benchmark at family-wise level `level`, ascending; by a stationary bootstrap of mean
/// block length `block`. Empty where nothing can be tested.
pub fn step_m(excess: &[Vec<f64>], block: f64, level: f64, draws: u32, seed: Seed) -> Vec<usize> {
    let Some(table) = Studentised::new(excess, block) else { return vec![] };
    let mut draw = SplitMix64::new(seed);
    let histories: Vec<Vec<f64>> = (0..draws.max(1))
        .map(|_| {
            let drawn = table.sums.means(&Bootstrap::Stationary(block).stretches(table.sums.rows(), &mut draw));
            (0..drawn.len()).map(|k| (drawn[k] - table.means[k]) / table.errors[k]).collect()
        })
        .collect();
    let mut left: Vec<usize> = (0..table.means.len()).collect();
    let mut named = vec![];
    loop {
        let mut maxima: Vec<f64> =
            histories.iter().map(|t| left.iter().map(|k| t[*k]).fold(f64::NEG_INFINITY, f64::max)).collect();
        maxima.sort_by(f64::total_cmp);
        let critical = quantile(&maxima, (1.0 - level).clamp(0.0, 1.0));
        let (above, rest): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|k| table.means[**k] / table.errors[**k] > critical);
        if above.is_empty() {
            named.sort_unstable();
            return named;
        }
        named.extend(above.into_iter().map(|k| table.kept[k]));
        left = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise_matrix;
    use super::*;

    #[test]
    fn it_names_the_planted_column_and_no_other() {
        assert!(step_m(&noise_matrix(0.0), 10.0, 0.05, 1_000, Seed(1)).is_empty());
        assert_eq!(step_m(&noise_matrix(0.0015), 10.0, 0.05, 1_000, Seed(1)), [3]);
    }

    #[test]
    fn a_second_step_names_what_the_first_could_not() {
        // Three giants raise the bar of the first step by being many; once they are named, fewer are left to be lucky.
        let mut columns = noise_matrix(0.0);
        for column in columns.iter_mut().take(7) {
            column.iter_mut().for_each(|x| *x += 0.003);
        }
        let all = step_m(&columns, 10.0, 0.05, 1_000, Seed(1));
        assert_eq!(all, [0, 1, 2, 3, 4, 5, 6]);
        // Shift the last column until the first step alone would miss it.
        let t = |shift: f64| {
            let mut columns = columns.clone();
            columns[7].iter_mut().for_each(|x| *x += shift);
            step_m(&columns, 10.0, 0.05, 1_000, Seed(1)).contains(&7)
        };
        let enough = (0..100).map(|i| f64::from(i) * 2e-5).find(|shift| t(*shift)).unwrap();
        let alone = {
            let mut lone = noise_matrix(0.0);
            (0..100).map(|i| f64::from(i) * 2e-5).find(|shift| {
                lone = noise_matrix(0.0);
                lone[7].iter_mut().for_each(|x| *x += shift);
                step_m(&lone, 10.0, 0.05, 1_000, Seed(1)).contains(&7)
            })
        };
        assert!(enough < alone.unwrap(), "{enough} {alone:?}");
    }

    #[test]
    fn nothing_to_test_names_nobody() {
        assert!(step_m(&[], 10.0, 0.05, 10, Seed(1)).is_empty());
        assert!(step_m(&[vec![0.0; 50]], 10.0, 0.05, 10, Seed(1)).is_empty());
    }
}
