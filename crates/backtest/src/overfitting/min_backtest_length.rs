//! Minimum back-test length: how many years until luck alone is no longer expected to show a given annual Sharpe ratio?
//!
//! Bailey, Borwein, Lopez de Prado and Zhu (2014), "Pseudo-mathematics and financial charlatanism", theorem 1:
//! MinBTL = (E[max of N]/E*)^2 years, which lies below 2*ln(N)/E*^2.

use super::expected_maximum::expected_maximum;

/// Years of data below which `trials` independent trials are expected to contain an annual Sharpe ratio of
/// `sharpe_annual` with no skill at all. `None` when that Sharpe ratio is not positive.
pub fn min_backtest_years(trials: f64, sharpe_annual: f64) -> Option<f64> {
    if sharpe_annual.is_nan() || sharpe_annual <= 0.0 {
        return None;
    }
    let years = (expected_maximum(trials, 1.0)? / sharpe_annual).powi(2);
    years.is_finite().then_some(years)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_years_45_trials_rule() {
        for (n, years) in [(10.0, 2.479), (45.0, 4.998), (100.0, 6.404), (1e3, 10.596), (1e4, 14.905)] {
            let got = min_backtest_years(n, 1.0).unwrap();
            assert!((got - years).abs() < 6e-4, "N = {n}: {got}, not {years}");
            assert!(got < 2.0 * n.ln());
        }
        let lucky: f64 = expected_maximum(1e4, 1.0).unwrap() / 10f64.sqrt();
        assert!((lucky - 1.22).abs() < 0.005, "ten years, 10,000 points");
        assert_eq!(min_backtest_years(10.0, 0.0), None);
        assert_eq!(min_backtest_years(10.0, f64::NAN), None);
    }
}
