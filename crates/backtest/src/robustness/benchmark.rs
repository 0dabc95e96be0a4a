//! Beside buying and holding: what part of the return is the market's, and what is left?
//!
//! Least squares of the strategy's returns on the market's: r = alpha + beta*m + e. Jensen (1968) for alpha; the information
//! ratio is mean over deviation of r - m (Sharpe 1994). t is alpha over its standard error, homoscedastic.

/// A strategy against its market, per bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Benchmark {
    /// Return that the market does not explain.
    pub alpha: f64,
    /// Share of the market's moves that the strategy makes.
    pub beta: f64,
    /// alpha over its standard error.
    pub alpha_t: f64,
    /// Mean over sample deviation of the difference.
    pub information_ratio: f64,
}

/// Compares returns of one length; `None` with fewer than three, or where the market or the rest does not vary.
pub fn against_benchmark(returns: &[f64], market: &[f64]) -> Option<Benchmark> {
    let n = returns.len() as f64;
    if returns.len() != market.len() || returns.len() < 3 {
        return None;
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
    let (r, m) = (mean(returns), mean(market));
    let (mut mm, mut rm, mut rr) = (0.0, 0.0, 0.0);
    for (a, b) in returns.iter().zip(market) {
        mm += (b - m) * (b - m);
        rm += (a - r) * (b - m);
        rr += (a - r) * (a - r);
    }
    let beta = rm / mm;
    let alpha = r - beta * m;
    let left = (rr - beta * rm).max(0.0) / (n - 2.0);
    let error = (left * (1.0 / n + m * m / mm)).sqrt();
    let spread = ((rr - 2.0 * rm + mm) / (n - 1.0)).max(0.0).sqrt();
    let figures = Benchmark { alpha, beta, alpha_t: alpha / error, information_ratio: (r - m) / spread };
    let finite =
        [figures.alpha, figures.beta, figures.alpha_t, figures.information_ratio].iter().all(|x| x.is_finite());
    finite.then_some(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_bars_by_hand() {
        // scipy.stats.linregress(m, r): slope 0.6, intercept 0.4, intercept_stderr 0.5656854249.
        let found = against_benchmark(&[1.0, 2.0, 1.5, 3.5, 3.0], &[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((found.beta - 0.55).abs() < 1e-12 && (found.alpha - 0.55).abs() < 1e-12, "{found:?}");
        // Residuals -0.1, 0.35, -0.7, 0.75, -0.3: squares 1.275, over 3 = 0.425; error = sqrt(0.425 * (0.2 + 0.9)).
        assert!((found.alpha_t - 0.55 / (0.425f64 * 1.1).sqrt()).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn what_cannot_be_compared_has_no_figure() {
        assert_eq!(against_benchmark(&[0.1, 0.2, 0.3], &[0.0; 3]), None);
        assert_eq!(against_benchmark(&[0.1, 0.2], &[0.1, 0.3]), None);
        assert_eq!(against_benchmark(&[0.1, 0.2, f64::NAN], &[0.1, 0.3, 0.2]), None);
    }
}
