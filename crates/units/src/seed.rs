//! Reproducible chance: a seed, and the stream it stands for.

/// What a random decision is made from. The same seed gives the same decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

/// Sebastiano Vigna's SplitMix64: word k is the mix of `seed + k * 0x9E3779B97F4A7C15`, k from 1.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// The stream of `seed`.
    pub const fn new(seed: Seed) -> SplitMix64 {
        SplitMix64(seed.0)
    }
    /// The next 64 bits.
    pub fn next_word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    /// The next number in [0, 1), with 53 random bits.
    pub fn next_unit(&mut self) -> f64 {
        (self.next_word() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
    /// The next whole number below `bound`, which must not be zero. Unbiased to 2^-64 * bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_word()) * u128::from(bound)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_matrix_of_the_overfitting_tests_starts_as_recorded() {
        let mut stream = SplitMix64::new(Seed(7));
        let first: Vec<f64> = (0..3).map(|_| (stream.next_unit() - 0.5) * 0.02).collect();
        assert_eq!(first, [-0.00220340503217457, -0.009664234109436879, 0.008015213612137669]);
    }

    #[test]
    fn below_stays_below() {
        let mut stream = SplitMix64::new(Seed(1));
        assert!((0..1000).all(|_| stream.below(7) < 7));
    }
}
