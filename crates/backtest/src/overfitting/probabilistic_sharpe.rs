//! Probabilistic Sharpe ratio: how sure is it that the true Sharpe ratio exceeds a benchmark?
//!
//! Bailey and Lopez de Prado (2012), "The Sharpe ratio efficient frontier", eq. 9: PSR(b) = Phi((SR - b)/se).

use super::normal;
use super::sharpe::{SharpeSample, sharpe_standard_error};

/// PSR against `benchmark` (per observation), between 0 and 1.
pub fn probabilistic_sharpe(s: &SharpeSample, benchmark: f64) -> Option<f64> {
    let psr = normal::cdf((s.sharpe - benchmark) / sharpe_standard_error(s)?);
    (!psr.is_nan()).then_some(psr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_hedge_fund_of_24_months() {
        let fund = SharpeSample { observations: 24, sharpe: 0.458, skew: -2.448, kurtosis: 10.164 };
        let psr = probabilistic_sharpe(&fund, 0.0).unwrap();
        assert!((psr - 0.913_361_083_860_933).abs() < 1e-13, "{psr}");
        let as_normal = probabilistic_sharpe(&SharpeSample::normal(24, 0.458), 0.0).unwrap();
        assert!((as_normal - 0.981_674_919_091_077_1).abs() < 1e-13, "{as_normal}");
    }

    #[test]
    fn a_google_holder_from_2004_to_2013() {
        let k = 252f64.sqrt();
        let s = SharpeSample {
            observations: 2147,
            sharpe: 0.881_518_569_912_9 / k,
            skew: 0.750_404_447,
            kurtosis: 11.954_196_826,
        };
        let psr = probabilistic_sharpe(&s, 0.0).unwrap();
        assert!((psr - 0.995_555_261_065_5).abs() < 1e-9, "{psr}");
    }

    #[test]
    fn it_is_one_half_against_itself_and_absent_without_data() {
        assert_eq!(probabilistic_sharpe(&SharpeSample::normal(100, 0.2), 0.2), Some(0.5));
        assert_eq!(probabilistic_sharpe(&SharpeSample::normal(1, 0.2), 0.0), None);
        assert_eq!(probabilistic_sharpe(&SharpeSample::normal(100, f64::NAN), 0.0), None);
    }
}
