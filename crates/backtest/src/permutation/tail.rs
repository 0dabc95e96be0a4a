//! How small is a p-value that no draw has reached?
//!
//! A thousand permuted markets cannot say less than 0.001, yet whoever has taken many looks needs smaller p-values to tell a
//! large edge from the luckiest look. After Knijnenburg, Wessels, Reinders and Shmulevich (2009), "Fewer permutations, more
//! accurate P-values", Bioinformatics 25: a tail is fitted to the largest draws and the p-value is read there. What is drawn
//! here are best Sharpe ratios. Each is close to normal, so the tail of their maximum falls like exp(-x^2/2s^2): the squares
//! have an exponential tail, whose one parameter is the mean excess over a threshold. (A plain exponential tail, which
//! presumes less, is some ten times too high at one in ten thousand.)

/// Share of the draws that count as the tail.
const TAIL_SHARE: f64 = 0.1;
/// Fewest draws in the tail: below, no tail is fitted.
const TAIL_MIN: usize = 25;
/// Exceedances from which on the plain p-value is good enough.
const EXCEEDED_ENOUGH: usize = 10;
/// No tail is believed further out than this.
const P_MIN: f64 = 1e-12;

/// The p-value of `observed` among `draws` of the null. With ten exceedances or more, or too few draws for a tail, it is
/// (1 + k)/(1 + m); else what the exponential tail of the squares of the largest tenth says, never below 1e-12. (Not the smaller of the
/// two: that would err to the bold side wherever they differ by chance.)
pub fn tail_p(observed: f64, draws: &[f64]) -> f64 {
    let m = draws.len();
    let exceeded = draws.iter().filter(|d| d.is_nan() || **d >= observed).count();
    let plain = (1.0 + exceeded as f64) / (1.0 + m as f64);
    let mut sorted: Vec<f64> = draws.iter().copied().filter(|d| d.is_finite()).collect();
    let in_tail = (m as f64 * TAIL_SHARE) as usize;
    if observed.is_nan() || exceeded >= EXCEEDED_ENOUGH || in_tail < TAIL_MIN || sorted.len() <= in_tail {
        return plain;
    }
    sorted.sort_by(|a, b| b.total_cmp(a));
    // The threshold lies midway between the last draw of the tail and the next.
    let threshold = (sorted[in_tail - 1] + sorted[in_tail]) / 2.0;
    let excess = |x: f64| x * x - threshold * threshold;
    let mean_excess = sorted[..in_tail].iter().map(|d| excess(*d)).sum::<f64>() / in_tail as f64;
    if !(threshold > 0.0 && mean_excess > 0.0 && observed > threshold) {
        return plain;
    }
    // The fit knows its scale to 1/sqrt(n): one standard error is added, so that luck in the fit does not flatter.
    let scale = mean_excess * (1.0 + 1.0 / (in_tail as f64).sqrt());
    let tail = in_tail as f64 / m as f64 * (-excess(observed) / scale).exp();
    tail.clamp(P_MIN, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overfitting::normal;
    use assay_units::{Seed, SplitMix64};

    /// Best of 30 independent normal numbers, drawn by inversion.
    fn best_of_thirty(stream: &mut SplitMix64) -> f64 {
        normal::quantile((stream.next_unit() + 1e-12).powf(1.0 / 30.0))
    }

    #[test]
    fn it_is_on_the_safe_side_of_the_truth_but_not_far() {
        let mut stream = SplitMix64::new(Seed(1));
        // 1e-4 and 4e-6.
        for z in [4.5f64, 5.2] {
            let truth = 30.0 * normal::cdf(-z);
            let (mut low, mut log_sum, rounds) = (0u32, 0.0, 200u32);
            for _ in 0..rounds {
                let draws: Vec<f64> = (0..1_000).map(|_| best_of_thirty(&mut stream)).collect();
                let p = tail_p(z, &draws);
                low += u32::from(p < truth);
                log_sum += (p / truth).ln();
            }
            let typical = (log_sum / f64::from(rounds)).exp();
            assert!(low < rounds / 4, "{z}: {low} of {rounds} flatter");
            assert!((1.0..6.0).contains(&typical), "{z}: {typical} times the truth");
        }
    }

    #[test]
    fn where_draws_suffice_it_is_the_plain_figure() {
        let draws: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert_eq!(tail_p(990.0, &draws), 11.0 / 1001.0);
        assert_eq!(tail_p(f64::NAN, &draws), 1.0 / 1001.0);
        assert_eq!(tail_p(50.0, &draws[..40]), 1.0 / 41.0);
        assert_eq!(tail_p(3.0, &[2.0; 1_000]), 1.0 / 1001.0, "no tail where nothing varies");
        assert_eq!(tail_p(1.0, &[]), 1.0);
        assert!(tail_p(1e6, &draws) >= P_MIN);
    }
}
