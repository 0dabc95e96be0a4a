//! How long must the blocks of a bootstrap be for this series?
//!
//! Politis and White (2004), "Automatic block-length selection for the dependent bootstrap", Econometric Reviews 23, with the
//! correction of Patton, Politis and White (2009). Autocovariances count up to twice the lag behind which kn autocorrelations
//! in a row are small, weighted by a flat-top window; L = (2 G^2 / D)^(1/3) n^(1/3), D = 2 g(0)^2 for the stationary and
//! 4/3 g(0)^2 for the circular bootstrap.

/// The best block lengths of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockLength {
    /// Mean length for the stationary bootstrap.
    pub stationary: f64,
    /// Length for the circular bootstrap.
    pub circular: f64,
}

/// Fewest observations that a length can be read from.
const OBSERVATIONS_MIN: usize = 16;

/// Measures `series`; `None` when it is too short, holds something that is no number, or does not vary. Lengths may be below
/// 1 where nothing depends on anything: use at least 1.
pub fn block_length(series: &[f64]) -> Option<BlockLength> {
    let n = series.len();
    if n < OBSERVATIONS_MIN {
        return None;
    }
    let mean = series.iter().sum::<f64>() / n as f64;
    let e: Vec<f64> = series.iter().map(|x| x - mean).collect();
    let small_in_a_row = 5.max((n as f64).log10() as usize);
    let lags = ((n as f64).sqrt().ceil() as usize + small_in_a_row).min(n - 2);
    let bound = 2.0 * ((n as f64).log10() / n as f64).sqrt();

    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let covariance: Vec<f64> = (0..=lags).map(|k| product(&e[k..], &e[..n - k]) / n as f64).collect();
    if !(covariance[0] > 0.0 && covariance[0].is_finite()) {
        return None;
    }
    let is_small = |k: usize| {
        let (late, early) = (&e[k + 1..], &e[..n - k - 1]);
        let scale = (product(late, late) * product(early, early)).sqrt();
        covariance[k].abs() * (n as f64) < bound * scale
    };
    // The lag behind which `small_in_a_row` autocorrelations in a row are small.
    let quiet = (0..=lags.saturating_sub(small_in_a_row)).find(|lag| (*lag..lag + small_in_a_row).all(is_small));
    let m = quiet.map_or(lags, |lag| (2 * lag.max(1)).min(lags));

    let (mut g, mut spectrum) = (0.0, covariance[0]);
    for (k, c) in covariance.iter().enumerate().take(m + 1).skip(1) {
        let share = k as f64 / m as f64;
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        g += 2.0 * weight * k as f64 * c;
        spectrum += 2.0 * weight * c;
    }
    let longest = (3.0 * (n as f64).sqrt()).min(n as f64 / 3.0).ceil();
    let length = |d: f64| (2.0 * g * g / d * n as f64).cbrt().min(longest);
    let found = BlockLength {
        stationary: length(2.0 * spectrum * spectrum),
        circular: length(4.0 / 3.0 * spectrum * spectrum),
    };
    (found.stationary.is_finite() && found.circular.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::super::noise_matrix;
    use super::*;
    use assay_units::{Seed, SplitMix64};

    #[test]
    fn the_recorded_lengths_of_a_noise_column() {
        // arch 8.0.0 optimal_block_length on M2, column 3.
        let found = block_length(&noise_matrix(0.0015)[3]).unwrap();
        assert!((found.stationary - 2.0021).abs() < 5e-5, "{found:?}");
        assert!((found.circular - 2.2918).abs() < 5e-5, "{found:?}");
    }

    #[test]
    fn memory_makes_blocks_long() {
        let mut draw = SplitMix64::new(Seed(3));
        let (mut x, mut series) = (0.0, vec![]);
        for _ in 0..2_000 {
            x = 0.9 * x + draw.next_unit() - 0.5;
            series.push(x);
        }
        let long = block_length(&series).unwrap();
        assert!(long.stationary > 20.0 && long.circular > long.stationary, "{long:?}");
        assert_eq!(block_length(&[1.0; 100]), None);
        assert_eq!(block_length(&[f64::NAN; 100]), None);
        assert_eq!(block_length(&series[..10]), None);
    }
}
