//! Haircut Sharpe ratio: what is left of a Sharpe ratio once its p-value is adjusted for M tests.
//!
//! Harvey and Liu (2015), "Backtesting", eqs. 4-8: t = SR*sqrt(years), p = 2*(1-Phi(|t|)), adjusted p, back to a Sharpe.
//! The adjustments: Bonferroni; Holm (1979); Benjamini and Yekutieli (2001), valid under dependence.

use super::normal;

/// A Sharpe ratio before and after Bonferroni's adjustment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Haircut {
    /// t statistic of the annual Sharpe ratio.
    pub t: f64,
    /// Two-sided p-value of one test.
    pub p: f64,
    /// p-value adjusted for all tests.
    pub p_adjusted: f64,
    /// Annual Sharpe ratio that one test with the adjusted p-value would have.
    pub sharpe_annual: f64,
    /// Share of the Sharpe ratio that was cut away, 0 to 1.
    pub cut: f64,
}

/// Cuts an annual Sharpe ratio measured over `years` for `tests` tests. `None` unless both numbers are positive.
pub fn haircut_sharpe(sharpe_annual: f64, years: f64, tests: f64) -> Option<Haircut> {
    let usable = |x: f64| x.is_finite() && x > 0.0;
    if !usable(sharpe_annual) || !usable(years) || !usable(tests) {
        return None;
    }
    let t = sharpe_annual * years.sqrt();
    let p = 2.0 * normal::cdf(-t);
    let p_adjusted = (p * tests.max(1.0)).min(1.0);
    let left = (-normal::quantile(p_adjusted / 2.0) / years.sqrt()).max(0.0);
    Some(Haircut { t, p, p_adjusted, sharpe_annual: left, cut: 1.0 - left / sharpe_annual })
}

/// The best of a family cut three ways, by the p-values that its members really show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyHaircuts {
    /// Bonferroni, over all members.
    pub bonferroni: Haircut,
    /// Holm.
    pub holm: Haircut,
    /// Benjamini, Hochberg and Yekutieli.
    pub bhy: Haircut,
}

/// Cuts the highest of `sharpes_annual`, the annual Sharpe ratios of all members of a family over `years`. Members that never
/// traded (NaN) count with p = 1. `None` without a positive one.
pub fn family_haircuts(sharpes_annual: &[f64], years: f64) -> Option<FamilyHaircuts> {
    let best = (0..sharpes_annual.len()).filter(|i| sharpes_annual[*i] > 0.0).max_by(|a, b| {
        // The first of equals.
        sharpes_annual[*a].total_cmp(&sharpes_annual[*b]).then(b.cmp(a))
    })?;
    let sharpe = sharpes_annual[best];
    let one = haircut_sharpe(sharpe, years, 1.0)?;
    let p_of = |sharpe: &f64| if sharpe.is_nan() { 1.0 } else { 2.0 * normal::cdf(-(sharpe * years.sqrt()).abs()) };
    let p: Vec<f64> = sharpes_annual.iter().map(p_of).collect();
    let cut = |adjusted: f64| {
        let left = (-normal::quantile(adjusted / 2.0) / years.sqrt()).max(0.0);
        Haircut { p_adjusted: adjusted, sharpe_annual: left, cut: 1.0 - left / sharpe, ..one }
    };
    Some(FamilyHaircuts {
        bonferroni: cut(bonferroni(&p)[best]),
        holm: cut(holm(&p)[best]),
        bhy: cut(benjamini_hochberg_yekutieli(&p)[best]),
    })
}

/// Bonferroni: min(1, M*p), in the order given.
pub fn bonferroni(p: &[f64]) -> Vec<f64> {
    p.iter().map(|one| (one * p.len() as f64).min(1.0)).collect()
}

/// Holm: max over i <= k of (M-i+1)*p_(i), in the order given.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut worst = 0.0f64;
    for (rank, at) in ascending(p).into_iter().enumerate() {
        worst = worst.max((p.len() - rank) as f64 * p[at]).min(1.0);
        adjusted[at] = worst;
    }
    adjusted
}

/// Benjamini, Hochberg and Yekutieli: p_(k)*M*c(M)/k with c(M) = sum of 1/i, cumulative minimum from the top.
pub fn benjamini_hochberg_yekutieli(p: &[f64]) -> Vec<f64> {
    let m = p.len() as f64;
    let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
    let mut adjusted = vec![f64::NAN; p.len()];
    let mut best = 1.0f64;
    for (rank, at) in ascending(p).into_iter().enumerate().rev() {
        best = best.min(p[at] * m * harmonic / (rank + 1) as f64);
        adjusted[at] = best;
    }
    adjusted
}

/// Positions from the smallest value to the largest.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: [f64; 6] = [0.005, 0.009, 0.0128, 0.0135, 0.045, 0.06];

    fn check(adjusted: &[f64], expected: [f64; 6], discoveries: usize) {
        for (a, e) in adjusted.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(adjusted.iter().filter(|p| **p <= 0.05).count(), discoveries);
    }

    #[test]
    fn six_tests_adjusted_three_ways() {
        check(&bonferroni(&P), [0.03, 0.054, 0.0768, 0.081, 0.27, 0.36], 1);
        check(&holm(&P), [0.03, 0.045, 0.0512, 0.0512, 0.09, 0.09], 2);
        let f: f64 = 0.0135 * 6.0 * 2.45 / 4.0;
        assert!((f - 0.04961).abs() < 1e-5);
        check(&benjamini_hochberg_yekutieli(&P), [f, f, f, f, 0.1323, 0.147], 4);
    }

    #[test]
    fn the_order_of_the_tests_does_not_matter() {
        let shuffled = [P[3], P[0], P[5], P[1], P[4], P[2]];
        assert_eq!(holm(&shuffled)[1], holm(&P)[0]);
        assert_eq!(benjamini_hochberg_yekutieli(&shuffled)[2], benjamini_hochberg_yekutieli(&P)[5]);
        assert!(holm(&[]).is_empty() && bonferroni(&[]).is_empty());
    }

    #[test]
    fn harvey_and_lius_strategy_of_twenty_years_among_200() {
        let h = haircut_sharpe(0.75, 20.0, 200.0).unwrap();
        assert!((h.t - 3.354_102).abs() < 1e-6);
        assert!((h.p - 0.000_796_230).abs() < 1e-9);
        assert!((h.p_adjusted - 0.159_246_032).abs() < 1e-7);
        assert!((h.sharpe_annual - 0.314_751_582).abs() < 1e-7);
        assert!((h.cut - 0.58).abs() < 5e-4);
    }

    #[test]
    fn the_best_of_a_family_is_cut_three_ways() {
        // Sharpe ratios whose two-sided p-values over 20 years are those of the table above.
        let sharpes: Vec<f64> = P.iter().rev().map(|p| -normal::quantile(p / 2.0) / 20f64.sqrt()).collect();
        let cut = family_haircuts(&sharpes, 20.0).unwrap();
        assert!((cut.bonferroni.p - 0.005).abs() < 1e-12 && (cut.bonferroni.p_adjusted - 0.03).abs() < 1e-12);
        assert!((cut.holm.p_adjusted - 0.03).abs() < 1e-12);
        assert!((cut.bhy.p_adjusted - 0.0135 * 6.0 * 2.45 / 4.0).abs() < 1e-12);
        assert!(cut.bhy.sharpe_annual < cut.holm.sharpe_annual && cut.holm.sharpe_annual < sharpes[5]);
        assert_eq!(family_haircuts(&[-0.3, f64::NAN], 20.0), None);
        assert_eq!(family_haircuts(&[], 20.0), None);
        assert_eq!(family_haircuts(&[0.75, f64::NAN], 20.0).unwrap().bonferroni.p_adjusted, 2.0 * one_p());
    }

    fn one_p() -> f64 {
        haircut_sharpe(0.75, 20.0, 1.0).unwrap().p
    }

    #[test]
    fn a_hopeless_sharpe_is_cut_to_nothing() {
        let h = haircut_sharpe(0.1, 1.0, 1000.0).unwrap();
        assert!(h.sharpe_annual < 1e-12 && h.cut > 1.0 - 1e-12);
        assert_eq!(haircut_sharpe(-0.1, 1.0, 10.0), None);
        assert_eq!(haircut_sharpe(f64::NAN, 1.0, 10.0), None);
    }
}
