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
    /// Numbers that were pushed, without those that stand for a gap.
    numbers: usize,
}

impl Window {
    pub(super) fn push(&mut self, x: f64, n: usize) {
        self.keep(x, n);
        self.numbers += usize::from(!x.is_nan());
    }

    /// Passes an `na` over: the window stays as it is.
    pub(super) fn push_number(&mut self, x: f64, n: usize) {
        if !x.is_nan() {
            self.push(x, n);
        }
    }

    /// In place of an `na` the number before it stands once more.
    pub(super) fn push_filled(&mut self, x: f64, n: usize) {
        match self.values.last() {
            Some(last) if x.is_nan() => self.keep(*last, n),
            None if x.is_nan() => {}
            _ => self.push(x, n),
        }
    }

    fn keep(&mut self, x: f64, n: usize) {
        let keep = n.saturating_add(1).max(KEEP_MIN);
        if self.values.len() >= keep.saturating_mul(2) {
            self.values.drain(..self.values.len() - keep);
        }
        self.values.push(x);
        self.run = if x.is_nan() { 0 } else { self.run + 1 };
    }

    /// The last n, if there are so many numbers and none is `na`.
    pub(super) fn full(&self, n: usize) -> Option<&[f64]> {
        (self.run.min(self.numbers) >= n && n <= self.values.len()).then(|| &self.values[self.values.len() - n..])
    }

    /// The last n at most, back to the last `na`.
    pub(super) fn since_na(&self, n: usize) -> &[f64] {
        &self.values[self.values.len() - n.min(self.run).min(self.values.len())..]
    }

    /// The value before the last by `back`; `na` where there is none.
    pub(super) fn back(&self, back: usize) -> f64 {
        self.values.len().checked_sub(back + 1).map_or(f64::NAN, |at| self.values[at])
    }
}

/// Sums of the last n numbers by differences of running sums. An `na` changes nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    prefix: Window,
    total: f64,
    numbers: usize,
}

impl Sum {
    pub(super) fn next(&mut self, x: f64, n: usize) -> f64 {
        if self.prefix.values.is_empty() {
            self.prefix.push(0.0, n);
        }
        if !x.is_nan() {
            self.numbers += 1;
            self.total += x;
            self.prefix.push(self.total, n);
        }
        if self.numbers >= n { self.total - self.prefix.back(n) } else { f64::NAN }
    }
}

/// An average that is seeded with the mean of its first n numbers. A gap shows as one.
#[derive(Clone, Debug)]
pub(super) struct Recursive {
    e: f64,
    seeded: bool,
    numbers: usize,
    sum: f64,
}

impl Default for Recursive {
    fn default() -> Recursive {
        // Sums of floats begin with minus zero.
        Recursive { e: f64::NAN, seeded: false, numbers: 0, sum: -0.0 }
    }
}

impl Recursive {
    fn next(&mut self, x: f64, n: usize, step: impl Fn(f64, f64) -> f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if self.seeded {
            self.e = step(self.e, x);
            return self.e;
        }
        self.numbers += 1;
        self.sum += x;
        if self.numbers < n {
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
