//! Shares with what is known of them.

use assay_backtest::overfitting::normal;

/// `hits` of `of`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many were so.
    pub hits: u64,
    /// How many there were.
    pub of: u64,
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, hit: bool) {
        self.hits += u64::from(hit);
        self.of += 1;
    }

    /// Hits over all; NaN of none.
    pub fn value(&self) -> f64 {
        self.hits as f64 / self.of as f64
    }

    /// The interval that covers the true share with probability `confidence`. Wilson (1927): it stays within 0 and 1 and says
    /// something even where nothing was hit. The whole of 0 to 1 of none.
    pub fn wilson(&self, confidence: f64) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (n, p) = (self.of as f64, self.value());
        let z = normal::quantile(0.5 + confidence / 2.0);
        let z2 = z * z;
        let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        ((centre - half).max(0.0), (centre + half).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_statsmodels() {
        // statsmodels.stats.proportion.proportion_confint(hits, of, method="wilson")
        for (hits, of, low, high) in [
            (0, 100, 0.0, 0.036_993_50),
            (5, 100, 0.021_543_68, 0.111_750_47),
            (7, 2000, 0.001_696_43, 0.007_207_20),
            (95, 100, 0.888_249_53, 0.978_456_32),
        ] {
            let (l, h) = Share { hits, of }.wilson(0.95);
            assert!((l - low).abs() < 1e-7 && (h - high).abs() < 1e-7, "{hits}/{of}: {l} {h}");
        }
        assert_eq!(Share::default().wilson(0.95), (0.0, 1.0));
    }
}
