//! Sums over sliding windows, term by term in the order of time, for many windows at once.
//!
//! Running sums would be O(1) a bar but cancel badly where squares are summed, so each window is summed anew. Windows that
//! end on neighbouring bars are independent of each other: they go side by side through the vector units, and each still
//! adds its own terms from the oldest to the newest, so the bits are those of the plain loop.

use crate::compute::isa::{Isa, Task, Words};

/// Windows that go side by side.
const SIDE_BY_SIDE: usize = 64;

/// What is summed over a window of n values v_0..v_(n-1) with mean m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    /// (v - m)^2.
    Square,
    /// |v - m|.
    Distance,
    /// (i - (n-1)/2) * (v - m).
    Slope,
}

/// The mean of each window of n values, and the sum of `term` over it; NaN before the first full window.
pub(crate) fn around_mean(x: &[f64], n: usize, term: Term) -> (Vec<f64>, Vec<f64>) {
    let (mut means, mut sums) = (vec![f64::NAN; x.len()], vec![f64::NAN; x.len()]);
    Isa::best().dispatch(AroundMean { x, n, term, means: &mut means, sums: &mut sums });
    (means, sums)
}

/// The sum of (i+1) * v_i over each window of n values; NaN before the first full window.
pub(crate) fn weighted(x: &[f64], n: usize) -> Vec<f64> {
    let mut sums = vec![f64::NAN; x.len()];
    Isa::best().dispatch(Weighted { x, n, sums: &mut sums });
    sums
}

/// The sum of each window of n values, term by term; NaN before the first full window.
pub(crate) fn plain(x: &[f64], n: usize) -> Vec<f64> {
    let mut sums = vec![f64::NAN; x.len()];
    Isa::best().dispatch(Plain { x, n, sums: &mut sums });
    sums
}

struct AroundMean<'a> {
    x: &'a [f64],
    n: usize,
    term: Term,
    means: &'a mut [f64],
    sums: &'a mut [f64],
}

impl Task for AroundMean<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, _simd: S) {
        let AroundMean { x, n, term, means, sums } = self;
        let (length, middle) = (n as f64, (n as f64 - 1.0) / 2.0);
        let mut last = n - 1;
        while last < x.len() {
            let count = SIDE_BY_SIDE.min(x.len() - last);
            let first = last + 1 - n;
            // Sums begin with -0, which changes no number that is added to it.
            let (mut mean, mut sum) = ([-0.0; SIDE_BY_SIDE], [-0.0; SIDE_BY_SIDE]);
            let (mean, sum) = (&mut mean[..count], &mut sum[..count]);
            for i in 0..n {
                for (mean, v) in mean.iter_mut().zip(&x[first + i..first + i + count]) {
                    *mean += v;
                }
            }
            mean.iter_mut().for_each(|mean| *mean /= length);
            for i in 0..n {
                let values = &x[first + i..first + i + count];
                let place = i as f64 - middle;
                let each = sum.iter_mut().zip(values).zip(&*mean);
                match term {
                    Term::Square => each.for_each(|((sum, v), m)| *sum += (v - m) * (v - m)),
                    Term::Distance => each.for_each(|((sum, v), m)| *sum += (v - m).abs()),
                    Term::Slope => each.for_each(|((sum, v), m)| *sum += place * (v - m)),
                }
            }
            means[last..last + count].copy_from_slice(mean);
            sums[last..last + count].copy_from_slice(sum);
            last += count;
        }
    }
}

struct Weighted<'a> {
    x: &'a [f64],
    n: usize,
    sums: &'a mut [f64],
}

impl Task for Weighted<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, _simd: S) {
        let mut last = self.n - 1;
        while last < self.x.len() {
            let count = SIDE_BY_SIDE.min(self.x.len() - last);
            let first = last + 1 - self.n;
            let mut sum = [-0.0; SIDE_BY_SIDE];
            let sum = &mut sum[..count];
            for i in 0..self.n {
                let weight = i as f64 + 1.0;
                for (sum, v) in sum.iter_mut().zip(&self.x[first + i..first + i + count]) {
                    *sum += v * weight;
                }
            }
            self.sums[last..last + count].copy_from_slice(sum);
            last += count;
        }
    }
}

struct Plain<'a> {
    x: &'a [f64],
    n: usize,
    sums: &'a mut [f64],
}

impl Task for Plain<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, _simd: S) {
        let mut last = self.n - 1;
        while last < self.x.len() {
            let count = SIDE_BY_SIDE.min(self.x.len() - last);
            let first = last + 1 - self.n;
            let mut sum = [-0.0; SIDE_BY_SIDE];
            let sum = &mut sum[..count];
            for i in 0..self.n {
                for (sum, v) in sum.iter_mut().zip(&self.x[first + i..first + i + count]) {
                    *sum += v;
                }
            }
            self.sums[last..last + count].copy_from_slice(sum);
            last += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use assay_units::{Seed, SplitMix64};

    use super::*;

    #[test]
    fn windows_side_by_side_are_the_plain_loop_to_the_bit() {
        let mut draw = SplitMix64::new(Seed(9));
        let mut x: Vec<f64> = (0..300).map(|_| 100.0 * (draw.next_unit() - 0.3)).collect();
        (x[0], x[7], x[150]) = (f64::NAN, -0.0, f64::NAN);
        for n in [1, 2, 3, 20, 64, 65, 299, 300] {
            let same = |found: &[f64], plain: &dyn Fn(&[f64]) -> f64| {
                for t in 0..300 {
                    let expected = if t + 1 < n { f64::NAN } else { plain(&x[t + 1 - n..=t]) };
                    assert!(
                        found[t].to_bits() == expected.to_bits() || (found[t].is_nan() && expected.is_nan()),
                        "{n} {t}"
                    );
                }
            };
            let mean = |w: &[f64]| w.iter().sum::<f64>() / n as f64;
            same(&around_mean(&x, n, Term::Square).0, &mean);
            same(&around_mean(&x, n, Term::Square).1, &|w| w.iter().map(|v| (v - mean(w)) * (v - mean(w))).sum());
            same(&around_mean(&x, n, Term::Distance).1, &|w| w.iter().map(|v| (v - mean(w)).abs()).sum());
            let middle = (n as f64 - 1.0) / 2.0;
            same(&around_mean(&x, n, Term::Slope).1, &|w| {
                w.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - mean(w))).sum()
            });
            same(&weighted(&x, n), &|w| w.iter().enumerate().map(|(i, v)| v * (i as f64 + 1.0)).sum());
            same(&plain(&x, n), &|w| w.iter().sum());
        }
    }
}
