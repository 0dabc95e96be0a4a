//! White's Reality Check: is the best of many rules better than the benchmark, given that it was picked as the best?
//!
//! White (2000), "A reality check for data snooping", Econometrica 68. V = max_k sqrt(n)*mean(d_k), d_k what rule k earned
//! above the benchmark; under the null V is distributed as max_k sqrt(n)*(mean*_k - mean_k) over bootstrapped rows, the same
//! rows for every k. p is the share of bootstrap figures above V.

use assay_units::{Seed, SplitMix64};

use super::bootstrap::{Bootstrap, ColumnSums};

/// What the check said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealityCheck {
    /// V.
    pub statistic: f64,
    /// Share of bootstrapped maxima above it.
    pub p: f64,
}

/// Checks `excess`, one column a rule, each row what it earned above the benchmark. `None` without rows or columns, with
/// columns of different lengths, or with a figure that is no number.
pub fn reality_check(excess: &[Vec<f64>], bootstrap: Bootstrap, draws: u32, seed: Seed) -> Option<RealityCheck> {
    let sums = ColumnSums::new(excess)?;
    let n = sums.rows() as f64;
    let means: Vec<f64> = excess.iter().map(|d| d.iter().sum::<f64>() / n).collect();
    if means.iter().any(|m| !m.is_finite()) {
        return None;
    }
    let largest = |values: &mut dyn Iterator<Item = f64>| n.sqrt() * values.fold(f64::NEG_INFINITY, f64::max);
    let statistic = largest(&mut means.iter().copied());
    let mut draw = SplitMix64::new(seed);
    let draws = draws.max(1);
    let above = (0..draws)
        .filter(|_| {
            let drawn = sums.means(&bootstrap.stretches(sums.rows(), &mut draw));
            largest(&mut drawn.iter().zip(&means).map(|(star, mean)| star - mean)) > statistic
        })
        .count();
    Some(RealityCheck { statistic, p: above as f64 / f64::from(draws) })
}

#[cfg(test)]
mod tests {
    use super::super::noise_matrix;
    use super::*;

    #[test]
    fn the_noise_matrices_give_the_recorded_statistics() {
        for (edge, statistic) in [(0.0, 0.008_309_014_012_856_553), (0.0015, 0.037_316_086_665_062_06)] {
            let found = reality_check(&noise_matrix(edge), Bootstrap::Stationary(10.0), 2_000, Seed(1)).unwrap();
            assert!((found.statistic - statistic).abs() < 1e-12, "{found:?}");
            // Unstudentised columns of one variance: close to the SPA figures of arch 8.0.0.
            assert!(if edge == 0.0 { (0.38..0.48).contains(&found.p) } else { found.p == 0.0 }, "{found:?}");
        }
    }

    #[test]
    fn what_cannot_be_checked_has_no_figure() {
        let check = |columns: &[Vec<f64>]| reality_check(columns, Bootstrap::Circular(3), 10, Seed(1));
        assert_eq!(check(&[]), None);
        assert_eq!(check(&[vec![]]), None);
        assert_eq!(check(&[vec![f64::NAN; 9]]), None);
    }
}
