//! Superior predictive ability: the Reality Check without the rules that make it timid.
//!
//! Hansen (2005), "A test for superior predictive ability", JBES 23. Each d_k is studentised, T = max_k sqrt(n)*mean_k/w_k,
//! and a rule that is clearly bad is not recentred, so that adding bad rules does not raise the p-value. w_k^2 is the
//! long-run variance that the stationary bootstrap implies (its kernel: Politis and Romano 1994). Three p-values by what is
//! recentred: lower (only rules with a positive mean), consistent (those above -w_k/sqrt(n)*sqrt(2 ln ln n)), upper (all). arch 8.0.0
//! decides by the same thresholds but compares plain means, whatever its option says: [`Scale::Plain`] is for comparing with it.

use assay_units::{Seed, SplitMix64};

use super::bootstrap::{Bootstrap, ColumnSums};

/// In which unit rules are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Standard errors, as Hansen does: a calm rule counts for as much as a wild one.
    Studentised,
    /// As they are.
    Plain,
}

/// What the test said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spa {
    /// T.
    pub statistic: f64,
    /// p-value with only the positive means recentred: too bold.
    pub lower: f64,
    /// p-value with the clearly bad left out: the figure to use.
    pub consistent: f64,
    /// p-value with all recentred: White's, studentised; too timid.
    pub upper: f64,
}

/// Tests `excess`, one column a rule, each row what it earned above the benchmark, with a stationary bootstrap of mean block
/// length `block`. Columns that do not vary are left out. `None` when none is left, with fewer than 16 rows, columns of
/// different lengths, or a figure that is no number.
pub fn superior_predictive_ability(
    excess: &[Vec<f64>],
    scale: Scale,
    block: f64,
    draws: u32,
    seed: Seed,
) -> Option<Spa> {
    let table = Studentised::new(excess, block)?.scaled(scale);
    let recentred = [table.centres(|mean, _| mean > 0.0), table.centres(|m, low| m >= low), table.centres(|_, _| true)];
    let statistic = table.largest(&vec![0.0; table.means.len()], &table.means);
    let mut draw = SplitMix64::new(seed);
    let draws = draws.max(1);
    let mut above = [0u32; 3];
    for _ in 0..draws {
        let drawn = table.sums.means(&Bootstrap::Stationary(block).stretches(table.sums.rows(), &mut draw));
        for (above, centres) in above.iter_mut().zip(&recentred) {
            *above += u32::from(table.largest(centres, &drawn) > statistic);
        }
    }
    let [lower, consistent, upper] = above.map(|n| f64::from(n) / f64::from(draws));
    Some(Spa { statistic, lower, consistent, upper })
}

/// Fewest rows: ln ln n must be positive and a variance worth something.
const ROWS_MIN: usize = 16;

/// Columns with their means and long-run deviations.
pub(super) struct Studentised {
    pub sums: ColumnSums,
    pub means: Vec<f64>,
    /// w_k / sqrt(n).
    pub errors: Vec<f64>,
    /// What means are divided by.
    pub units: Vec<f64>,
    /// Which columns of the input these are.
    pub kept: Vec<usize>,
}

impl Studentised {
    pub fn new(excess: &[Vec<f64>], block: f64) -> Option<Studentised> {
        let n = excess.first()?.len();
        if n < ROWS_MIN || excess.iter().any(|d| d.len() != n) || excess.iter().flatten().any(|x| !x.is_finite()) {
            return None;
        }
        let errors: Vec<Option<f64>> = excess.iter().map(|d| long_run_error(d, block)).collect();
        let kept: Vec<usize> = (0..excess.len()).filter(|k| errors[*k].is_some()).collect();
        let columns: Vec<Vec<f64>> = kept.iter().map(|k| excess[*k].clone()).collect();
        let errors: Vec<f64> = kept.iter().filter_map(|k| errors[*k]).collect();
        Some(Studentised {
            sums: ColumnSums::new(&columns)?,
            means: columns.iter().map(|d| d.iter().sum::<f64>() / n as f64).collect(),
            units: errors.clone(),
            errors,
            kept,
        })
    }

    fn scaled(self, scale: Scale) -> Studentised {
        match scale {
            Scale::Studentised => self,
            // sqrt(n)*mean.
            Scale::Plain => {
                let unit = 1.0 / (self.sums.rows() as f64).sqrt();
                Studentised { units: vec![unit; self.units.len()], ..self }
            }
        }
    }

    /// What is taken off a bootstrapped mean: the mean of those columns that `keep(mean, threshold)` says.
    fn centres(&self, keep: impl Fn(f64, f64) -> bool) -> Vec<f64> {
        let n = self.sums.rows() as f64;
        let allowance = (2.0 * n.ln().ln()).sqrt();
        let centre = |(mean, error): (&f64, &f64)| if keep(*mean, -error * allowance) { *mean } else { 0.0 };
        self.means.iter().zip(&self.errors).map(centre).collect()
    }

    fn largest(&self, centres: &[f64], drawn: &[f64]) -> f64 {
        let t = |k: usize| (drawn[k] - centres[k]) / self.units[k];
        (0..drawn.len()).map(t).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Standard error of the mean under the stationary bootstrap: sqrt of (1/n) * (c0 + 2 * sum of kappa(i) * c_i) with
/// kappa(i) = (1 - i/n)(1-p)^i + (i/n)(1-p)^(n-i), p = 1/block. `None` when nothing varies.
fn long_run_error(d: &[f64], block: f64) -> Option<f64> {
    let n = d.len();
    let mean = d.iter().sum::<f64>() / n as f64;
    let e: Vec<f64> = d.iter().map(|x| x - mean).collect();
    let stay = 1.0 - 1.0 / block.max(1.0);
    let mut variance = e.iter().map(|x| x * x).sum::<f64>() / n as f64;
    if variance <= mean * mean * 1e-24 || variance == 0.0 {
        return None;
    }
    let weight = |i: usize| {
        let share = i as f64 / n as f64;
        (1.0 - share) * stay.powf(i as f64) + share * stay.powf((n - i) as f64)
    };
    for i in 1..n {
        let kappa = weight(i);
        // The kernel is symmetric and falls geometrically: nothing is lost in its middle.
        if kappa < 1e-10 {
            continue;
        }
        let c = e[i..].iter().zip(&e).map(|(a, b)| a * b).sum::<f64>() / n as f64;
        variance += 2.0 * kappa * c;
    }
    (variance > 0.0 && variance.is_finite()).then(|| (variance / n as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::noise_matrix;
    use super::*;

    #[test]
    fn the_noise_matrices_give_the_recorded_p_values() {
        // arch 8.0.0: SPA(zeros, -X, block_size=10, reps=5000, seed=1).
        let noise = superior_predictive_ability(&noise_matrix(0.0), Scale::Plain, 10.0, 5_000, Seed(1)).unwrap();
        assert!((noise.statistic - 0.008_309_014_012_856_553).abs() < 1e-12, "{noise:?}");
        assert!((noise.lower - 0.226).abs() < 0.02, "{noise:?}");
        assert!((noise.consistent - 0.4306).abs() < 0.02, "{noise:?}");
        assert!((noise.upper - 0.4306).abs() < 0.02, "{noise:?}");
        let edge = superior_predictive_ability(&noise_matrix(0.0015), Scale::Plain, 10.0, 5_000, Seed(1)).unwrap();
        assert_eq!((edge.lower, edge.consistent, edge.upper), (0.0, 0.0, 0.0));
    }

    #[test]
    fn bad_rules_do_not_hide_a_good_one() {
        let mut columns = noise_matrix(0.0006);
        columns.truncate(4);
        let few = superior_predictive_ability(&columns, Scale::Studentised, 5.0, 1_000, Seed(2)).unwrap();
        for bad in noise_matrix(0.0) {
            columns.push(bad.iter().map(|x| x * 3.0 - 0.02).collect());
        }
        let many = superior_predictive_ability(&columns, Scale::Studentised, 5.0, 1_000, Seed(2)).unwrap();
        assert!(
            many.upper > many.consistent + 0.005 && (many.consistent - few.consistent).abs() < 0.02,
            "{few:?} {many:?}"
        );
        assert!(many.lower <= many.consistent && many.consistent <= many.upper);
    }

    #[test]
    fn what_cannot_be_tested_has_no_figure() {
        let test = |columns: &[Vec<f64>]| superior_predictive_ability(columns, Scale::Studentised, 5.0, 50, Seed(1));
        assert_eq!(test(&[]), None);
        assert_eq!(test(&[vec![0.0; 100]]), None);
        assert_eq!(test(&[vec![0.1; 5]]), None);
        assert_eq!(test(&[vec![f64::NAN; 100]]), None);
    }
}
