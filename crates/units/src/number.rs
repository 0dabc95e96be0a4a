//! Numbers with a meaning, checked where they are built.

/// A value between 0 and 1. Once built, nobody needs to check it again.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// `None` outside 0 to 1, and for NaN.
    pub fn new(value: f64) -> Option<Probability> {
        (0.0..=1.0).contains(&value).then_some(Probability(value))
    }
    /// The number itself.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// Hundredths of a percent: how fees and slippage are quoted.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct BasisPoints(pub f64);

impl BasisPoints {
    /// As a plain rate: 5 basis points are 0.0005.
    pub fn rate(self) -> f64 {
        self.0 / 10_000.0
    }
}
