//! The power that theory allows: how often could any test find an edge of known worth?
//!
//! A search of N independent trials without skill shows a best Sharpe ratio above c with probability 1 - Phi(c/s0)^N, where
//! s0 = 1/sqrt(T) is the standard error of an annual Sharpe ratio without skill over T years (Lo 2002 at SR = 0, for daily
//! bars). A test that is wrong with probability a therefore draws its line at c = s0 * Z((1 - a)^(1/N)): Sidak (1967). The
//! strategy that knows the mechanism has a Sharpe ratio S on average, and from market to market it is normal about that with
//! the deviation d. It crosses the line with probability
//!
//! power = Phi((S - s0 * Z((1 - a)^(1/N))) / d).
//!
//! With d = s0 * sqrt(1 + S^2/(2*252)) that is Lo's standard error. Where the mechanism itself gives more in some decades than
//! in others, d is larger, and is measured on the markets that calibrated the amplitude.
//!
//! That is what a test of the Sharpe ratio against zero could do. A permutation test asks another question: did the positions
//! know when to be in, *given* how the market moved? It holds the market's own move fixed, which is most of the noise of a
//! strategy that is long half of the time, and so sees more. What it sees of the strategy that knows is the randomisation
//! statistic z of [`crate::planted::amplitude::Planted::timing`], standard normal without skill. The same line, in the
//! same units, and z's mean m and deviation d over the markets give
//!
//! power = Phi((m - line) / d).
//!
//! Where is the line? N is counted by how good the best of a grid without skill is on average, and Z((1 - a)^(1/N)) is then the
//! least that the line can be: one in a thousand of those bests is better than N independent trials allow, because correlated
//! figures part in their tails. So the line of that very search is drawn as well ([`crate::planted::luck`]): exceeded with
//! probability a over the concept, which leaves 1 - (1 - a)^(1/L) to the search, L the looks of the whole concept in those of
//! the search, as `judge` shares them out.
//!
//! All are yardsticks, not bounds: the best of a grid, or another strategy of the concept, can beat the one set that knows.

use assay_backtest::overfitting::normal;

/// Standard error of an annual Sharpe ratio over `years`, daily bars: Lo (2002), (1 + SR^2/2)/n with SR a bar.
pub fn standard_error(sharpe: f64, years: f64) -> f64 {
    ((1.0 + sharpe * sharpe / (2.0 * crate::market::YEAR)) / years).sqrt()
}

/// The annual Sharpe ratio that the best of `trials` independent trials without skill exceeds with probability `level`.
pub fn critical_sharpe(level: f64, trials: f64, years: f64) -> f64 {
    // The upper tail 1 - (1 - a)^(1/N), by logarithms: it keeps its digits where a is small and N large.
    let tail = -(f64::ln_1p(-level) / trials.max(1.0)).exp_m1();
    -normal::quantile(tail) * standard_error(0.0, years)
}

/// Probability that a strategy of mean annual Sharpe ratio `sharpe`, whose ten-year figures deviate by `deviation`, exceeds
/// the line that keeps the best of `trials` at `level`.
pub fn power(sharpe: f64, deviation: f64, level: f64, trials: f64, years: f64) -> f64 {
    normal::cdf((sharpe - critical_sharpe(level, trials, years)) / deviation)
}

/// The line, in standard errors, that the best of `trials` independent trials without skill exceeds with probability `level`.
pub fn line(level: f64, trials: f64) -> f64 {
    critical_sharpe(level, trials, 1.0)
}

/// Probability that the randomisation statistic of the strategy that knows, `mean` and `deviation` over the markets, exceeds
/// `line`.
pub fn timing_power(mean: f64, deviation: f64, line: f64) -> f64 {
    normal::cdf((mean - line) / deviation)
}

/// The share of an error of `level` over a concept that one of its searches has, with `looks` times its own looks in all.
pub fn shared(level: f64, looks: f64) -> f64 {
    -(f64::ln_1p(-level) / looks.max(1.0)).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trial_is_the_textbook_test() {
        // Ten years, one-sided at 1 %: Z = 2.326, and a Sharpe ratio of 1 is 3.162 standard errors.
        assert!((critical_sharpe(0.01, 1.0, 10.0) * 10f64.sqrt() - 2.326_347_874).abs() < 1e-8);
        let expected = normal::cdf(10f64.sqrt() - 2.326_347_874);
        assert!((power(1.0, 0.1f64.sqrt(), 0.01, 1.0, 10.0) - expected).abs() < 1e-8);
        assert!((power(0.0, 0.1f64.sqrt(), 0.01, 1.0, 10.0) - 0.01).abs() < 1e-12, "without an edge it is the level");
    }

    #[test]
    fn more_trials_raise_the_line_as_sidak_says() {
        for trials in [2.0, 20.0, 400.0f64] {
            let line = critical_sharpe(0.05, trials, 1.0);
            let all_below = normal::cdf(line).powf(trials);
            assert!((all_below - 0.95).abs() < 1e-9, "{trials}: {all_below}");
        }
    }

    #[test]
    fn timing_without_skill_is_found_as_often_as_chance_allows() {
        assert!((timing_power(0.0, 1.0, line(0.01, 1.0)) - 0.01).abs() < 1e-12);
        assert_eq!(timing_power(2.5, 0.9, 2.5), 0.5, "a mean on the line");
        // Of ten equal searches at 1 % in all, each has 1 - 0.99^(1/10).
        assert!((shared(0.01, 10.0) - (1.0 - 0.99f64.powf(0.1))).abs() < 1e-15);
        assert_eq!(shared(0.01, 0.5), shared(0.01, 1.0));
    }
}
