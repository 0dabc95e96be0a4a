//! The Sharpe ratio of a return series, its higher moments and its standard error.
//!
//! Standard error: Mertens (2002), "Comments on variance of the IID estimator in Lo (2002)";
//! se^2 = (1 - g3*SR + (g4-1)/4*SR^2)/(n-1), g3 skew, g4 Pearson kurtosis. Lo (2002) is g3 = 0, g4 = 3.

/// What the statistics need to know of one return series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharpeSample {
    /// Number of returns.
    pub observations: usize,
    /// Mean over sample deviation (ddof 1), per observation.
    pub sharpe: f64,
    /// Population skew.
    pub skew: f64,
    /// Population kurtosis after Pearson: 3 for a normal.
    pub kurtosis: f64,
}

impl SharpeSample {
    /// A sample with normal moments.
    pub fn normal(observations: usize, sharpe: f64) -> SharpeSample {
        SharpeSample { observations, sharpe, skew: 0.0, kurtosis: 3.0 }
    }
}

/// Measures a return series; `None` with fewer than two returns, a return that is no number, or no variation.
pub fn sharpe_sample(returns: &[f64]) -> Option<SharpeSample> {
    let n = returns.len() as f64;
    if returns.len() < 2 {
        return None;
    }
    let mean = returns.iter().sum::<f64>() / n;
    let (mut m2, mut m3, mut m4) = (0.0, 0.0, 0.0);
    for r in returns {
        let d = r - mean;
        let square = d * d;
        m2 += square;
        m3 += square * d;
        m4 += square * square;
    }
    let deviation = (m2 / (n - 1.0)).sqrt();
    // A constant series leaves only rounding behind: relative to its mean that is no variation.
    if !deviation.is_finite() || deviation <= mean.abs() * 1e-12 || deviation == 0.0 {
        return None;
    }
    let variance = m2 / n;
    Some(SharpeSample {
        observations: returns.len(),
        sharpe: mean / deviation,
        skew: (m3 / n) / variance.powf(1.5),
        kurtosis: (m4 / n) / (variance * variance),
    })
}

/// The bracket of Mertens' formula: the variance of sqrt(n-1) * SR. `None` where the moments contradict each other.
pub(super) fn variance_factor(s: &SharpeSample) -> Option<f64> {
    let factor = 1.0 - s.skew * s.sharpe + (s.kurtosis - 1.0) / 4.0 * s.sharpe * s.sharpe;
    (factor > 0.0 && factor.is_finite()).then_some(factor)
}

/// Mertens' standard error of a Sharpe ratio, per observation.
pub fn sharpe_standard_error(s: &SharpeSample) -> Option<f64> {
    if s.observations < 2 {
        return None;
    }
    Some((variance_factor(s)? / (s.observations as f64 - 1.0)).sqrt())
}

/// How far Sharpe ratios of independent strategies without any skill scatter over `observations` returns:
/// Mertens' formula at SR = 0.
pub fn sharpe_null_deviation(observations: usize) -> Option<f64> {
    (observations >= 2).then(|| (1.0 / (observations as f64 - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_a_hand_computed_series() {
        // 1, 2, 3, 6: mean 3, squares 4+1+0+9 = 14, cubes -8-1+0+27 = 18, fourths 16+1+0+81 = 98.
        let s = sharpe_sample(&[1.0, 2.0, 3.0, 6.0]).unwrap();
        assert!((s.sharpe - 3.0 / (14.0f64 / 3.0).sqrt()).abs() < 1e-15);
        assert!((s.skew - 4.5 / 3.5f64.powf(1.5)).abs() < 1e-15);
        assert!((s.kurtosis - 24.5 / 12.25).abs() < 1e-15);
    }

    #[test]
    fn a_series_without_variation_or_with_gaps_has_no_sharpe() {
        assert_eq!(sharpe_sample(&[0.0; 50]), None);
        assert_eq!(sharpe_sample(&[0.1; 50]), None);
        assert_eq!(sharpe_sample(&[0.1]), None);
        assert_eq!(sharpe_sample(&[0.1, f64::NAN, 0.2]), None);
        assert_eq!(sharpe_sample(&[0.1, f64::INFINITY]), None);
    }

    #[test]
    fn five_years_of_daily_data_know_a_sharpe_of_one_to_about_plus_or_minus_045() {
        let se = sharpe_standard_error(&SharpeSample::normal(5 * 252, 1.0 / 252f64.sqrt())).unwrap();
        assert!((se * 252f64.sqrt() - 0.45).abs() < 0.005);
    }
}
