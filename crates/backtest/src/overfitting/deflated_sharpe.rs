//! Deflated Sharpe ratio: the probability that the true Sharpe ratio exceeds what the best of N lucky trials would show.
//!
//! Bailey and Lopez de Prado (2014), eq. 9: DSR = PSR(b = E), E the expected maximum of N trials.

use super::expected_maximum::expected_maximum;
use super::probabilistic_sharpe::probabilistic_sharpe;
use super::sharpe::SharpeSample;

/// DSR of the best of `trials` independent trials whose Sharpe ratios scatter by `deviation` (per observation).
pub fn deflated_sharpe(s: &SharpeSample, trials: f64, deviation: f64) -> Option<f64> {
    probabilistic_sharpe(s, expected_maximum(trials, deviation)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_strategy_of_1250_days() {
        let s = SharpeSample { observations: 1250, sharpe: 2.5 / 250f64.sqrt(), skew: -3.0, kurtosis: 10.0 };
        let deviation = (0.5f64 / 250.0).sqrt();
        for (n, e, dsr) in [
            (100.0, 0.113_172_001_865_132_14, 0.900_396_834_449_390_3),
            (46.0, 0.100_362_370_617_653_57, 0.950_501_706_875_578_7),
        ] {
            assert!((expected_maximum(n, deviation).unwrap() - e).abs() < 1e-13);
            let got = deflated_sharpe(&s, n, deviation).unwrap();
            assert!((got - dsr).abs() < 1e-12, "N = {n}: {got}, not {dsr}");
        }
        let as_normal = deflated_sharpe(&SharpeSample::normal(1250, s.sharpe), 88.0, deviation).unwrap();
        assert!((as_normal - 0.950_490_816_676_014).abs() < 1e-12, "{as_normal}");
    }

    #[test]
    fn one_trial_is_deflated_by_nothing() {
        let s = SharpeSample::normal(500, 0.05);
        assert_eq!(deflated_sharpe(&s, 1.0, 0.1), probabilistic_sharpe(&s, 0.0));
    }
}
