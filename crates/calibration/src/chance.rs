//! Random numbers of the shapes that markets need, from one seeded stream.

use assay_units::{ContentHash, Seed, SplitMix64};

/// A seed for one part of a larger draw: the same `seed`, `label` and `index` give the same part, and no two parts share a
/// stream.
pub fn branch(seed: Seed, label: &str, index: u64) -> Seed {
    let hash = ContentHash::of(format!("{}/{label}/{index}", seed.0).as_bytes());
    Seed(u64::from_le_bytes(hash.0[..8].try_into().expect("eight bytes")))
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Chance {
    words: SplitMix64,
    /// The second number of the last Box-Muller pair.
    spare: Option<f64>,
}

impl Chance {
    /// The stream of `seed`.
    pub fn new(seed: Seed) -> Chance {
        Chance { words: SplitMix64::new(seed), spare: None }
    }

    /// In [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.words.next_unit()
    }

    /// In (0, 1]: a number whose logarithm is finite.
    pub fn positive_unit(&mut self) -> f64 {
        1.0 - self.words.next_unit()
    }

    /// In [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `bound`, which must not be zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.words.below(bound as u64) as usize
    }

    /// A standard normal number. Box and Muller (1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let radius = (-2.0 * self.positive_unit().ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * self.unit()).sin_cos();
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// A chi-squared number with `2 * pairs` degrees of freedom: twice a sum of `pairs` exponential numbers.
    pub fn chi_squared(&mut self, pairs: u32) -> f64 {
        -2.0 * (0..pairs).map(|_| self.positive_unit().ln()).sum::<f64>()
    }

    /// Puts `items` in random order. Fisher and Yates, after Durstenfeld (1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(draw: impl FnMut() -> f64) -> (f64, f64) {
        let numbers: Vec<f64> = std::iter::repeat_with(draw).take(200_000).collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        (mean, numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n)
    }

    #[test]
    fn the_first_two_moments_are_those_of_the_distribution() {
        let mut chance = Chance::new(Seed(1));
        let (mean, variance) = moments(|| chance.normal());
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "normal: {mean} {variance}");
        let (mean, variance) = moments(|| chance.chi_squared(4));
        assert!((mean - 8.0).abs() < 0.05 && (variance - 16.0).abs() < 0.5, "chi-squared of 8: {mean} {variance}");
    }

    #[test]
    fn branches_differ_and_repeat() {
        let at = |label, index| branch(Seed(7), label, index);
        assert_eq!(at("garch", 3), at("garch", 3));
        assert!(at("garch", 3) != at("garch", 4) && at("garch", 3) != at("walk", 3));
        assert_ne!(branch(Seed(8), "garch", 3), at("garch", 3));
    }
}
