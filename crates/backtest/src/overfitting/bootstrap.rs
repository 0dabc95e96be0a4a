//! Bootstraps that keep neighbours together: which rows a resampled history is made of.
//!
//! Stationary: Politis and Romano (1994), "The stationary bootstrap", JASA 89: blocks of geometric length with mean L, each
//! starting anywhere, wrapped around the end. Circular: Politis and Romano (1992): blocks of fixed length L, wrapped around.
//! Both are drawn as stretches, so that sums over a resampled history cost as many steps as it has blocks.

use assay_units::SplitMix64;

/// Which bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bootstrap {
    /// Geometric lengths with this mean, at least 1.
    Stationary(f64),
    /// This fixed length, at least 1.
    Circular(usize),
}

/// One stretch of rows: `length` rows from `start`, wrapped around the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First row.
    pub start: usize,
    /// Rows.
    pub length: usize,
}

impl Bootstrap {
    /// Stretches that add up to `rows` rows out of 0..`rows`.
    pub fn stretches(self, rows: usize, draw: &mut SplitMix64) -> Vec<Stretch> {
        let mut all = vec![];
        let mut left = rows;
        while left > 0 {
            let start = draw.below(rows as u64) as usize;
            let length = match self {
                Bootstrap::Stationary(mean) => geometric(1.0 / mean.max(1.0), draw),
                Bootstrap::Circular(length) => length.max(1),
            };
            let length = length.min(left);
            all.push(Stretch { start, length });
            left -= length;
        }
        all
    }

    /// The same as row numbers.
    pub fn rows(self, rows: usize, draw: &mut SplitMix64) -> Vec<usize> {
        let stretches = self.stretches(rows, draw);
        stretches.into_iter().flat_map(|s| (s.start..s.start + s.length).map(move |row| row % rows)).collect()
    }
}

/// 1, 2, 3, ... with chances p, (1-p)p, (1-p)^2 p, ...
fn geometric(p: f64, draw: &mut SplitMix64) -> usize {
    if p >= 1.0 {
        return 1;
    }
    // By inversion; capped where a usize ends.
    1 + ((1.0 - draw.next_unit()).ln() / (1.0 - p).ln()).floor().min(1e15) as usize
}

/// Sums of some columns over resampled rows, through running totals.
#[derive(Clone, Debug)]
pub struct ColumnSums {
    columns: usize,
    rows: usize,
    /// Row-major, one row more than there are: totals of the rows before.
    totals: Vec<f64>,
}

impl ColumnSums {
    /// From columns of one length; `None` without columns or rows, or with lengths that differ.
    pub fn new(columns: &[Vec<f64>]) -> Option<ColumnSums> {
        let rows = columns.first()?.len();
        if rows == 0 || columns.iter().any(|c| c.len() != rows) {
            return None;
        }
        let k = columns.len();
        let mut totals = vec![0.0; (rows + 1) * k];
        for t in 0..rows {
            for (c, column) in columns.iter().enumerate() {
                totals[(t + 1) * k + c] = totals[t * k + c] + column[t];
            }
        }
        Some(ColumnSums { columns: k, rows, totals })
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The mean of each column over `stretches`, which add up to all rows.
    pub fn means(&self, stretches: &[Stretch]) -> Vec<f64> {
        let mut sums = vec![0.0; self.columns];
        let mut add = |from: usize, to: usize| {
            let row = |t: usize| &self.totals[t * self.columns..(t + 1) * self.columns];
            for ((sum, high), low) in sums.iter_mut().zip(row(to)).zip(row(from)) {
                *sum += high - low;
            }
        };
        for s in stretches {
            let (mut start, mut left) = (s.start, s.length);
            while left > 0 {
                let here = left.min(self.rows - start);
                add(start, start + here);
                (start, left) = (0, left - here);
            }
        }
        sums.iter().map(|sum| sum / self.rows as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::Seed;

    #[test]
    fn stretches_have_the_promised_length() {
        let mut draw = SplitMix64::new(Seed(1));
        let (mut blocks, mut rows) = (0usize, 0usize);
        for _ in 0..400 {
            let all = Bootstrap::Stationary(10.0).stretches(500, &mut draw);
            assert_eq!(all.iter().map(|s| s.length).sum::<usize>(), 500);
            (blocks, rows) = (blocks + all.len() - 1, rows + 500 - all.last().unwrap().length);
        }
        let mean = rows as f64 / blocks as f64;
        assert!((mean - 10.0).abs() < 0.4, "{mean}");
        assert_eq!(Bootstrap::Circular(7).stretches(20, &mut draw).len(), 3);
        assert_eq!(Bootstrap::Stationary(1.0).stretches(20, &mut draw).len(), 20);
        assert!(Bootstrap::Circular(7).stretches(0, &mut draw).is_empty());
    }

    #[test]
    fn sums_over_stretches_are_sums_over_rows() {
        let mut draw = SplitMix64::new(Seed(2));
        let columns: Vec<Vec<f64>> = (0..3).map(|_| (0..40).map(|_| draw.next_unit()).collect()).collect();
        let sums = ColumnSums::new(&columns).unwrap();
        for kind in [Bootstrap::Stationary(6.0), Bootstrap::Circular(9), Bootstrap::Circular(95)] {
            let mut same = draw.clone();
            let means = sums.means(&kind.stretches(40, &mut draw));
            let rows = kind.rows(40, &mut same);
            for (mean, column) in means.iter().zip(&columns) {
                let plain = rows.iter().map(|row| column[*row]).sum::<f64>() / 40.0;
                assert!((mean - plain).abs() < 1e-12, "{kind:?}");
            }
        }
        assert!(ColumnSums::new(&[]).is_none() && ColumnSums::new(&[vec![1.0], vec![]]).is_none());
    }
}
