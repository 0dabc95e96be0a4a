//! When to stop drawing: sequential Monte Carlo p-values.
//!
//! Besag and Clifford (1991), "Sequential Monte Carlo p-values", Biometrika 78: draw until `h` draws are at least as extreme
//! as what was observed, at most `m`. Stopped after l draws, p = h/l; else p = (1 + k)/(1 + m) with k < h exceedances.
//! Both are exact: under the null, P(p <= a) <= a. A hopeless search costs about 2h draws, and E[draws] = h(1 + ln(m/h)) under
//! the null. With h = 10 and m = 1,000 nothing is lost up to p = 0.01: there h is reached at the very end.

/// Counts draws against an observed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequential {
    observed: f64,
    stop_at: u32,
    draws_max: u32,
    draws: u32,
    exceeded: u32,
}

impl Sequential {
    /// Draws are compared with `observed`; NaN counts as minus infinity. `stop_at` (h) and `draws_max` (m) are at least 1.
    pub fn new(observed: f64, stop_at: u32, draws_max: u32) -> Sequential {
        let observed = if observed.is_nan() { f64::NEG_INFINITY } else { observed };
        Sequential { observed, stop_at: stop_at.max(1), draws_max: draws_max.max(1), draws: 0, exceeded: 0 }
    }

    /// Takes one draw, unless it is over already.
    pub fn add(&mut self, draw: f64) {
        if !self.is_over() {
            self.draws += 1;
            // A draw that is no number counts as extreme: what cannot be compared never helps.
            self.exceeded += u32::from(draw.is_nan() || draw >= self.observed);
        }
    }

    /// Whether enough is known.
    pub fn is_over(&self) -> bool {
        self.exceeded >= self.stop_at || self.draws >= self.draws_max
    }

    /// Draws taken.
    pub fn draws(&self) -> u32 {
        self.draws
    }

    /// Draws at least as large as the observed value.
    pub fn exceeded(&self) -> u32 {
        self.exceeded
    }

    /// Whether the `h`-th exceedance came before the last draw.
    pub fn stopped_early(&self) -> bool {
        self.exceeded >= self.stop_at && self.draws < self.draws_max
    }

    /// The p-value so far; 1 before the first draw.
    pub fn p(&self) -> f64 {
        if self.exceeded >= self.stop_at {
            f64::from(self.exceeded) / f64::from(self.draws)
        } else {
            (1.0 + f64::from(self.exceeded)) / (1.0 + f64::from(self.draws))
        }
    }
}

/// The p-value of `draws` taken in order: a plain function over [`Sequential`].
pub fn sequential_p(observed: f64, draws: &[f64], stop_at: u32, draws_max: u32) -> f64 {
    let mut test = Sequential::new(observed, stop_at, draws_max);
    draws.iter().for_each(|draw| test.add(*draw));
    test.p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::{Seed, SplitMix64};

    #[test]
    fn by_hand() {
        assert_eq!(sequential_p(5.0, &[1.0, 5.0, 7.0, 0.0], 2, 100), 2.0 / 3.0);
        assert_eq!(sequential_p(5.0, &[1.0, 5.0, 2.0, 0.0], 2, 4), 2.0 / 5.0);
        assert_eq!(sequential_p(5.0, &[1.0; 999], 10, 999), 1.0 / 1000.0);
        assert_eq!(sequential_p(f64::NAN, &[1.0; 20], 10, 999), 1.0);
        assert_eq!(sequential_p(1.0, &[f64::NAN; 20], 10, 999), 1.0);
        assert_eq!(sequential_p(1.0, &[], 10, 999), 1.0);
    }

    #[test]
    fn under_the_null_it_is_exact_and_cheap() {
        let mut stream = SplitMix64::new(Seed(5));
        let (rounds, mut draws, mut at_five, mut at_one) = (4_000, 0u64, 0u32, 0u32);
        for _ in 0..rounds {
            let mut test = Sequential::new(stream.next_unit(), 10, 1_000);
            while !test.is_over() {
                test.add(stream.next_unit());
            }
            draws += u64::from(test.draws());
            at_five += u32::from(test.p() <= 0.05);
            at_one += u32::from(test.p() <= 0.01);
        }
        // 200 +- 14 and 40 +- 6.3 are expected: three standard errors.
        assert!((158..=242).contains(&at_five), "{at_five}");
        assert!((21..=59).contains(&at_one), "{at_one}");
        let expected = 10.0 * (1.0 + 100f64.ln());
        assert!((draws as f64 / f64::from(rounds) - expected).abs() < 4.0, "{draws}");
    }
}
