//! What the states of series functions are made of: windows, running sums, recursive averages.
//!
//! Fed with the same values they give, to the bit, what the columns of `indicators` give.

/// Values kept at least, so that a length that grows finds its past.
const KEEP_MIN: usize = 1_024;

/// The last values, oldest first, in one slice.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    values: Vec<f64>,
    /// Consecutive values that are not `na`, up to now.
    run: usize,
}

impl Window {
    pub(super) fn push(&mut self, x: f64, n: usize) {
        let keep = n.saturating_add(1).max(KEEP_MIN);
        if self.values.len() >= keep.saturating_mul(2) {
            self.values.drain(..self.values.len() - keep);
        }
        self.values.push(x);
        self.run = if x.is_nan() { 0 } else { self.run + 1 };
    }

    /// The last n, if there are so many and none is `na`.
    pub(super) fn full(&self, n: usize) -> Option<&[f64]> {
        (self.run >= n && n <= self.values.len()).then(|| &self.values[self.values.len() - n..])
    }

    /// The value before the last by `back`; `na` where there is none.
    pub(super) fn back(&self, back: usize) -> f64 {
        self.values.len().checked_sub(back + 1).map_or(f64::NAN, |at| self.values[at])
    }
}

/// Sums of the last n by differences of running sums.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    prefix: Window,
    total: f64,
    run: usize,
}

impl Sum {
    pub(super) fn next(&mut self, x: f64, n: usize) -> f64 {
        if self.prefix.values.is_empty() {
            self.prefix.push(0.0, n);
        }
        self.run = if x.is_nan() { 0 } else { self.run + 1 };
        self.total += if x.is_nan() { 0.0 } else { x };
        self.prefix.push(self.total, n);
        if self.run >= n { self.total - self.prefix.back(n) } else { f64::NAN }
    }
}

/// An average that is seeded with the mean of its first n consecutive values.
#[derive(Clone, Debug)]
pub(super) struct Recursive {
    e: f64,
    seeded: bool,
    run: usize,
    sum: f64,
}

impl Default for Recursive {
    fn default() -> Recursive {
        // Sums of floats begin with minus zero.
        Recursive { e: f64::NAN, seeded: false, run: 0, sum: -0.0 }
    }
}

impl Recursive {
    fn next(&mut self, x: f64, n: usize, step: impl Fn(f64, f64) -> f64) -> f64 {
        if x.is_nan() {
            if !self.seeded {
                (self.run, self.sum) = (0, -0.0);
            }
            return f64::NAN;
        }
        if self.seeded {
            self.e = step(self.e, x);
            return self.e;
        }
        self.run += 1;
        self.sum += x;
        if self.run < n {
            return f64::NAN;
        }
        (self.e, self.seeded) = (self.sum / n as f64, true);
        self.e
    }

    pub(super) fn ema(&mut self, x: f64, n: usize) -> f64 {
        let a = 2.0 / (n as f64 + 1.0);
        self.next(x, n, |e, x| e + a * (x - e))
    }

    pub(super) fn rma(&mut self, x: f64, n: usize) -> f64 {
        let n_f = n as f64;
        self.next(x, n, |e, x| (e * (n_f - 1.0) + x) / n_f)
    }
}
