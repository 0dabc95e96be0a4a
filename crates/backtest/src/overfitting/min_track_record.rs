//! Minimum track record length: how many observations until a Sharpe ratio is significantly above a benchmark?
//!
//! Bailey and Lopez de Prado (2012), eq. 11: 1 + (1 - g3*SR + (g4-1)/4*SR^2) * (Z(1-alpha)/(SR - b))^2.

use super::normal;
use super::sharpe::{SharpeSample, variance_factor};

/// Observations needed at `confidence` (0.95, say); `None` when the Sharpe ratio does not exceed the benchmark, because
/// then no record is long enough.
pub fn min_track_record(s: &SharpeSample, benchmark: f64, confidence: f64) -> Option<f64> {
    if s.sharpe.is_nan() || s.sharpe <= benchmark {
        return None;
    }
    let ratio = normal::quantile(confidence) / (s.sharpe - benchmark);
    let length = 1.0 + variance_factor(s)? * ratio * ratio;
    length.is_finite().then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_table_for_an_annual_sharpe_of_two_against_one() {
        for (per_year, skew, kurtosis, observations, years) in [
            (250.0f64, 0.0, 3.0, 682.796_950_432, 2.731),
            (52.0, 0.0, 3.0, 147.099_346_552, 2.829),
            (12.0, 0.0, 3.0, 38.877_608_336, 3.240),
            (12.0, -0.72, 5.78, 59.895_098_687, 4.991),
        ] {
            let root = per_year.sqrt();
            let s = SharpeSample { observations: 0, sharpe: 2.0 / root, skew, kurtosis };
            let length = min_track_record(&s, 1.0 / root, 0.95).unwrap();
            assert!((length - observations).abs() < 1e-7, "{length} observations, not {observations}");
            assert!((length / per_year - years).abs() < 6e-4, "{} years, not {years}", length / per_year);
        }
    }

    #[test]
    fn no_record_is_long_enough_for_a_sharpe_below_its_benchmark() {
        assert_eq!(min_track_record(&SharpeSample::normal(100, 0.1), 0.1, 0.95), None);
        assert_eq!(min_track_record(&SharpeSample::normal(100, f64::NAN), 0.0, 0.95), None);
    }
}
