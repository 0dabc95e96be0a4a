//! The best Sharpe ratio that luck alone is expected to show among N independent trials, and its inverse.
//!
//! Bailey and Lopez de Prado (2014), "The deflated Sharpe ratio", eq. 6 (after Fisher-Tippett-Gnedenko):
//! E = s * ((1-gamma)*Z(1 - 1/N) + gamma*Z(1 - 1/(N*e))). Asymptotic: 2.4 % high at N = 10, 1 % at N = 100.

use super::normal;

/// Euler and Mascheroni's constant.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// More independent trials than anyone will run; the search for [`independent_trials`] ends here.
const TRIALS_MAX: f64 = 1e12;

/// Expected maximum of `trials` numbers with mean 0 and standard deviation `deviation`.
/// `trials` may be fractional (an effective count); one trial or fewer has no choice to be lucky in and gives 0.
pub fn expected_maximum(trials: f64, deviation: f64) -> Option<f64> {
    if trials.is_nan() || !deviation.is_finite() || deviation < 0.0 {
        return None;
    }
    // 1 - 1/N is written as the lower tail, which keeps its digits for large N.
    let unit = -(1.0 - EULER_GAMMA) * normal::quantile((1.0 / trials).min(1.0))
        - EULER_GAMMA * normal::quantile((1.0 / (trials * std::f64::consts::E)).min(1.0));
    // The formula runs to minus infinity as N falls to 1; the expected maximum of one number is its mean.
    Some(if trials > 1.0 { deviation * unit.max(0.0) } else { 0.0 })
}

/// How many independent trials have `maximum` (in standard deviations) as their expected best: the inverse of
/// [`expected_maximum`], at least 1.
pub fn independent_trials(maximum: f64) -> f64 {
    let (mut low, mut high) = (1.0f64, TRIALS_MAX);
    // Bisection on the logarithm; E grows with N. Sixty halvings leave less than 1e-15 of the range.
    for _ in 0..60 {
        let middle = (low * high).sqrt();
        match expected_maximum(middle, 1.0) {
            Some(e) if e < maximum => low = middle,
            _ => high = middle,
        }
    }
    if maximum > 0.0 { low } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_counts_give_their_maxima() {
        for (n, e) in [
            (2.0, 0.519_755),
            (5.0, 1.192_594),
            (10.0, 1.574_598),
            (45.0, 2.235_640),
            (100.0, 2.530_603),
            (1e3, 3.255_122),
            (1e4, 3.860_665),
            (1e6, 4.867_860),
        ] {
            let got = expected_maximum(n, 1.0).unwrap();
            assert!((got - e).abs() < 1e-6, "N = {n}: {got}, not {e}");
            assert!((independent_trials(got) / n - 1.0).abs() < 1e-9, "{n} does not come back");
        }
    }

    #[test]
    fn more_trials_mean_more_luck_and_one_trial_means_none() {
        assert_eq!(expected_maximum(1.0, 1.0), Some(0.0));
        assert_eq!(expected_maximum(0.0, 1.0), Some(0.0));
        assert_eq!(expected_maximum(f64::NAN, 1.0), None);
        assert_eq!(expected_maximum(10.0, f64::NAN), None);
        let mut last = 0.0;
        for i in 0..400 {
            let e = expected_maximum(1.0 + f64::from(i) * 0.1, 1.0).unwrap();
            assert!(e >= last);
            last = e;
        }
        assert_eq!(independent_trials(-1.0), 1.0);
        assert_eq!(independent_trials(f64::NAN), 1.0);
    }
}
