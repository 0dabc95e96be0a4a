//! The books of a screen, in whole numbers: what the returns of a bar add to the sum and to the sum of squares.
//!
//! A bar has three returns (held, bought, sold), so each is turned into a whole number once, by the processor, in units fine
//! enough for 31 bits; a kernel then only adds. Whole numbers are not rounded, reordered or fused, so every device gives the
//! same sums, and what the units lose is known: half a unit a bar. That makes [`Books::ratio`] a Sharpe ratio with a ceiling which
//! the exact one never exceeds.

use crate::GpuError;

/// Largest whole number of a return, and of its square.
const GAIN_MAX: f64 = i32::MAX as f64;
const SQUARE_MAX: f64 = u32::MAX as f64;

/// Half a unit, and the rounding of the division by it.
const HALF: f64 = 0.5 + 1e-6;

/// Returns of the bars as a kernel adds them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Books {
    /// Bar by bar, for held, bought, sold and out: the return in gain units (two's complement), its square in square units.
    pub words: Vec<u32>,
    gain_unit: f64,
    square_unit: f64,
}

/// A Sharpe ratio per bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    /// As the whole numbers have it; NaN when no return varies.
    pub near: f64,
    /// The exact one is at most this; plus infinity where the sums say nothing.
    pub ceiling: f64,
}

impl Books {
    /// Of the growth of equity on each bar, by what happens on it.
    pub fn of(growth: &[[f64; 3]]) -> Result<Books, GpuError> {
        let gains = || growth.iter().flatten().map(|g| g - 1.0);
        let largest = gains().fold(0.0f64, |largest, gain| largest.max(gain.abs()));
        if !gains().all(f64::is_finite) || !(largest * largest).is_finite() {
            return Err(GpuError::Unsuitable("a bar multiplies the price by more than can be counted".into()));
        }
        let largest = largest.max(1e-100);
        let (gain_unit, square_unit) = (largest / GAIN_MAX, largest * largest / SQUARE_MAX);
        let word = |gain: f64| {
            let square = (gain * gain / square_unit).round().min(SQUARE_MAX);
            [((gain / gain_unit).round() as i32).cast_unsigned(), square as u32]
        };
        let words = growth.iter().flat_map(|bar| [word(bar[0] - 1.0), word(bar[1] - 1.0), word(bar[2] - 1.0), [0, 0]]);
        Ok(Books { words: words.flatten().collect(), gain_unit, square_unit })
    }

    /// The Sharpe ratio of `bars` returns whose whole numbers add up to these, ddof 1 as `Trial::sharpe` has it.
    pub fn ratio(&self, sum: i64, square: u64, bars: usize) -> Ratio {
        let n = bars as f64;
        let (sum, square) = (sum as f64 * self.gain_unit, square as f64 * self.square_unit);
        let of = |sum: f64, square: f64, least: f64| {
            let mean = sum / n;
            let variance = (square - sum * mean) / (n - 1.0);
            if variance > least { mean / variance.sqrt() } else { f64::NAN }
        };
        let near = of(sum, square, square * 1e-14);
        // Units lose half a unit a bar; adding n numbers in f64, as the exact sums are made, loses at most n roundings of all.
        let rounding = n * f64::EPSILON;
        let square_off = n * self.square_unit * HALF + square * rounding;
        let sum_off = n * self.gain_unit * HALF + ((square + square_off) * n).sqrt() * rounding;
        let highest = sum + sum_off;
        let (widest, narrowest) = (sum.abs() + sum_off, (sum.abs() - sum_off).max(0.0));
        let least = square - square_off - widest * widest / n;
        let most = square + square_off - narrowest * narrowest / n;
        // The exact variance is a difference: of less than a thousandth of what it is taken from, it may be anything.
        if least <= (square + square_off) * 1e-3 {
            return Ratio { near, ceiling: f64::INFINITY };
        }
        // A gain is worth most with the least variance, a loss with the most.
        let deviation = (if highest > 0.0 { least } else { most } / (n - 1.0)).sqrt();
        let ceiling = highest / n / deviation;
        // What the exact figure's own arithmetic rounds.
        Ratio { near, ceiling: ceiling + ceiling.abs() * 2e-12 + 1e-15 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What `Trial::sharpe` makes of returns, summed in order.
    fn exact(returns: &[f64]) -> f64 {
        let n = returns.len() as f64;
        let (sum, square) = returns.iter().fold((0.0, 0.0), |(s, q), r| (s + r, q + r * r));
        let mean = sum / n;
        let variance = (square - sum * mean) / (n - 1.0);
        if variance > square * 1e-14 { mean / variance.sqrt() } else { f64::NAN }
    }

    fn added(books: &Books, events: &[usize]) -> (i64, u64) {
        let mut sums = (0i64, 0u64);
        for (t, event) in events.iter().enumerate() {
            let at = (t * 4 + event) * 2;
            sums.0 += i64::from(books.words[at].cast_signed());
            sums.1 += u64::from(books.words[at + 1]);
        }
        sums
    }

    proptest! {
        #[test]
        fn the_exact_ratio_is_never_above_its_ceiling_and_seldom_far_below(
            seed in any::<u64>(), bars in 32usize..3_000, spread in prop::sample::select(vec![1e-7, 1e-4, 0.02, 0.5, 40.0]),
            drift in -1.0f64..1.0, held in 0.0f64..1.0,
        ) {
            let mut draw = assay_units::SplitMix64::new(assay_units::Seed(seed));
            let growth: Vec<[f64; 3]> = (0..bars)
                .map(|_| [0; 3].map(|_| (1.0 + spread * (draw.next_unit() - 0.5 + drift * 0.1)).max(0.01)))
                .collect();
            let events: Vec<usize> =
                (0..bars).map(|_| if draw.next_unit() < held { draw.below(3) as usize } else { 3 }).collect();
            let returns: Vec<f64> =
                growth.iter().zip(&events).map(|(bar, event)| bar.get(*event).map_or(0.0, |g| g - 1.0)).collect();
            let books = Books::of(&growth).unwrap();
            let (sum, square) = added(&books, &events);
            let (ratio, exact) = (books.ratio(sum, square, bars), exact(&returns));
            if exact.is_finite() {
                prop_assert!(exact <= ratio.ceiling, "{exact} {ratio:?}");
                // Where positions are held on a fair share of the bars the units are finer than anybody needs.
                if held > 0.3 && drift.abs() < 0.5 && bars > 200 {
                    prop_assert!(ratio.ceiling - exact < 1e-7, "{exact} {ratio:?}");
                    prop_assert!((ratio.near - exact).abs() < 1e-7, "{exact} {ratio:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_counted_is_refused_and_idle_books_are_empty() {
        assert!(Books::of(&[[f64::INFINITY, 1.0, 1.0]]).is_err());
        assert!(Books::of(&[[1.0, f64::NAN, 1.0]]).is_err());
        let still = Books::of(&[[1.0; 3]; 40]).unwrap();
        assert_eq!(added(&still, &[0; 40]), (0, 0));
        let ratio = still.ratio(0, 0, 40);
        assert!(ratio.near.is_nan() && ratio.ceiling == f64::INFINITY);
        assert!(still.words.iter().all(|word| *word == 0));
        let falls = Books::of(&[[0.9, 1.0, 1.1]; 2]).unwrap();
        assert_eq!(falls.words[..6], [(-i32::MAX).cast_unsigned(), u32::MAX, 0, 0, i32::MAX.cast_unsigned(), u32::MAX]);
    }
}
