//! How many independent trials is a grid of look-alikes worth?
//!
//! Neighbouring parameter sets trade almost alike, so N of them are fewer than N trials. From the correlations of a sample
//! of return series: (a) the participation ratio (sum of eigenvalues)^2/(sum of their squares), which for a correlation
//! matrix is N^2/(sum of rho^2) and needs no eigenvalues; (b) Bailey and Lopez de Prado (2014), appendix A.3:
//! 1 + (N-1)*(1 - mean rho), an upper bound; (c) the number of independent trials whose expected best is as large as that
//! of this very sample without skill, by Gaussian multipliers on the returns (Chernozhukov, Chetverikov and Kato 2013).

use assay_units::{Seed, SplitMix64};

use super::expected_maximum::independent_trials;

/// Return series in a sample at most.
pub const SERIES_MAX: usize = 64;

/// Observations of a series that are looked at, at most: a longer one is summed over equal stretches first.
pub const POINTS_MAX: usize = 4096;

/// Skill-free histories drawn for figure (c). The expected maximum is then known to about 3 %.
const DRAWS: usize = 400;

/// One grid's worth of independent trials, by three measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EffectiveTrials {
    /// The figure to deflate by: the larger of `participation` and `luck`, between 1 and the raw count.
    pub effective: f64,
    /// (a), carried from the sample to the whole grid.
    pub participation: f64,
    /// (b).
    pub mean_correlation_bound: f64,
    /// (c).
    pub luck: f64,
    /// Series that varied and so could be compared.
    pub sampled: usize,
}

/// Measures a grid of `raw` trials by a sample of its return series, all over the same bars. `None` when no series of the
/// sample varies. `seed` makes the draws of (c) repeatable.
pub fn effective_trials(sample: &[Vec<f64>], raw: u64, seed: Seed) -> Option<EffectiveTrials> {
    let units: Vec<Vec<f64>> = sample.iter().take(SERIES_MAX).filter_map(|series| unit_vector(series)).collect();
    let n = units.len();
    if n == 0 || raw == 0 || units.iter().any(|u| u.len() != units[0].len()) {
        return None;
    }
    let all = raw as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for i in 0..n {
        for j in 0..i {
            let rho = dot(&units[i], &units[j]);
            sum += rho;
            squares += rho * rho;
        }
    }
    let pairs = (n * (n - 1) / 2) as f64;
    let (mean, mean_square) = if n > 1 { (sum / pairs, squares / pairs) } else { (0.0, 0.0) };
    let participation = participation_ratio(all, without_noise(mean_square, units[0].len()));
    let luck = independent_trials(expected_best(&units, seed));
    Some(EffectiveTrials {
        effective: participation.max(luck).clamp(1.0, all),
        participation,
        mean_correlation_bound: (1.0 + (all - 1.0) * (1.0 - mean)).clamp(1.0, all),
        luck,
        sampled: n,
    })
}

/// N^2/(sum of rho^2) of N series whose correlations off the diagonal have this mean square.
pub fn participation_ratio(n: f64, mean_square_correlation: f64) -> f64 {
    n / (1.0 + (n - 1.0) * mean_square_correlation)
}

/// Unrelated series of T points still show a mean square correlation of 1/(T-1): takes that away (adjusted R^2).
fn without_noise(mean_square: f64, points: usize) -> f64 {
    let noise = 1.0 / (points as f64 - 1.0);
    ((mean_square - noise) / (1.0 - noise)).clamp(0.0, 1.0)
}

/// Centred and scaled to length 1, so that correlations are dot products; `None` when nothing varies.
fn unit_vector(series: &[f64]) -> Option<Vec<f64>> {
    let stretch = series.len().div_ceil(POINTS_MAX).max(1);
    let mut points: Vec<f64> = series.chunks(stretch).map(|part| part.iter().sum()).collect();
    let mean = points.iter().sum::<f64>() / points.len() as f64;
    points.iter_mut().for_each(|x| *x -= mean);
    let length = dot(&points, &points).sqrt();
    if points.len() < 3 || !length.is_finite() || length <= 1e-12 * (mean.abs() + f64::MIN_POSITIVE) {
        return None;
    }
    points.iter_mut().for_each(|x| *x /= length);
    Some(points)
}

/// The expected best, in standard deviations, of normal numbers that are correlated as these series are: each draw weighs
/// the bars with independent normal numbers, the same for every series, and keeps the largest total.
fn expected_best(units: &[Vec<f64>], seed: Seed) -> f64 {
    if units.len() < 2 {
        return 0.0;
    }
    let mut stream = SplitMix64::new(seed);
    let mut weights = vec![0.0; units[0].len()];
    let mut total = 0.0;
    for _ in 0..DRAWS / 2 {
        weights.iter_mut().for_each(|w| *w = normal_number(&mut stream));
        // A draw and its mirror image (all weights negated) are equally likely; using both removes the drift of the mean.
        let (mut most, mut least) = (f64::NEG_INFINITY, f64::INFINITY);
        for unit in units {
            let z = dot(unit, &weights);
            most = most.max(z);
            least = least.min(z);
        }
        total += most - least;
    }
    total / DRAWS as f64
}

/// A standard normal number after Box and Muller.
fn normal_number(stream: &mut SplitMix64) -> f64 {
    let radius = (-2.0 * (1.0 - stream.next_unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * stream.next_unit()).cos()
}

/// Sum of products in eight lanes, which the compiler turns into vector instructions.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Series that share a part: correlation is `rho` between any two of one cluster, 0 between clusters.
    fn family(clusters: usize, members: usize, rho: f64, bars: usize) -> Vec<Vec<f64>> {
        let mut stream = SplitMix64::new(Seed(3));
        let mut family = vec![];
        for _ in 0..clusters {
            let shared: Vec<f64> = (0..bars).map(|_| normal_number(&mut stream)).collect();
            for _ in 0..members {
                let own = |s: &f64| rho.sqrt() * s + (1.0 - rho).sqrt() * normal_number(&mut stream);
                family.push(shared.iter().map(own).collect());
            }
        }
        family
    }

    #[test]
    fn identical_trials_are_one_trial() {
        let e = effective_trials(&family(1, 20, 1.0, 500), 10_000, Seed(1)).unwrap();
        assert!((e.effective - 1.0).abs() < 1e-6, "{e:?}");
        assert!((e.mean_correlation_bound - 1.0).abs() < 1e-6, "{e:?}");
    }

    #[test]
    fn unrelated_trials_all_count() {
        let e = effective_trials(&family(1, 40, 0.0, 4000), 40, Seed(1)).unwrap();
        assert!((36.0..=40.0).contains(&e.effective), "{e:?}");
        assert!((38.0..=40.0).contains(&e.mean_correlation_bound), "{e:?}");
    }

    #[test]
    fn eight_families_of_near_copies_are_about_eight_trials() {
        let e = effective_trials(&family(8, 8, 0.98, 3000), 64, Seed(1)).unwrap();
        assert!((7.0..10.5).contains(&e.effective), "{e:?}");
    }

    #[test]
    fn a_common_part_hides_luck_from_the_participation_ratio_but_not_from_the_draws() {
        // Best of 64 with correlation 0.6: sqrt(0.4) times the best of 64 unrelated ones, as good as about nine.
        let e = effective_trials(&family(1, 64, 0.6, 3000), 64, Seed(1)).unwrap();
        assert!((2.2..3.3).contains(&e.participation), "{e:?}");
        assert!((6.5..12.0).contains(&e.luck), "{e:?}");
        assert_eq!(e.effective, e.luck);
    }

    #[test]
    fn the_participation_ratio_needs_no_eigenvalues() {
        // Two series with correlation r have eigenvalues 1 + r and 1 - r.
        for r in [0.0, 0.3, 0.9, 1.0f64] {
            let by_eigenvalues = 4.0 / ((1.0 + r).powi(2) + (1.0 - r).powi(2));
            assert!((participation_ratio(2.0, r * r) - by_eigenvalues).abs() < 1e-15);
        }
    }

    #[test]
    fn one_trial_is_one_trial_and_none_is_none() {
        let one = effective_trials(&family(1, 1, 0.0, 100), 1, Seed(1)).unwrap();
        assert_eq!((one.effective, one.sampled), (1.0, 1));
        assert_eq!(effective_trials(&[], 5, Seed(1)), None);
        assert_eq!(effective_trials(&[vec![0.0; 100]], 5, Seed(1)), None);
        assert_eq!(effective_trials(&[vec![0.1, f64::NAN, 0.0]], 5, Seed(1)), None);
    }

    #[test]
    fn long_series_are_summed_before_they_are_compared() {
        let family = family(2, 2, 0.9, 20_000);
        assert!(unit_vector(&family[0]).unwrap().len() <= POINTS_MAX);
        let e = effective_trials(&family, 4, Seed(1)).unwrap();
        assert!((1.8..2.6).contains(&e.effective), "{e:?}");
    }
}
