//! Probability of back-test overfitting by combinatorially symmetric cross-validation (CSCV).
//!
//! Bailey, Borwein, Lopez de Prado and Zhu (2017), "The probability of backtest overfitting", section 3. Every choice of
//! half the blocks serves once as in-sample: its best column gets a rank r on the other half, w = r/(N+1),
//! logit = ln(w/(1-w)), and PBO is the share of logits <= 0. Block sums suffice, so the returns are read only once.

/// Columns that take part at most. A larger family is thinned to evenly spaced columns: column `i * N / COLUMNS_MAX`.
pub const COLUMNS_MAX: usize = 1024;

/// Blocks at most: C(16, 8) = 12,870 splits.
pub const BLOCKS_MAX: usize = 16;

/// What the splits say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pbo {
    /// Share of splits in which the in-sample best ends in the lower half out of sample.
    pub pbo: f64,
    /// Number of splits.
    pub splits: u32,
    /// Columns that took part.
    pub columns: usize,
    /// Mean of ln(w/(1-w)); positive when the choice carries over.
    pub mean_logit: f64,
    /// Slope of out-of-sample on in-sample Sharpe ratio over the winners; `None` when all won with the same figure.
    pub slope: Option<f64>,
    /// Share of splits whose winner has a negative Sharpe ratio out of sample.
    pub probability_of_loss: f64,
}

/// Runs CSCV. `counts` holds the bars of each block; `moments(column, block)` gives the sum and the sum of squares of that
/// column's returns. A column that does not vary in a half (it never traded there) counts as Sharpe 0.
/// `None` with fewer than two columns, an odd or too large number of blocks, or a moment that is no number.
pub fn probability_of_overfitting(
    counts: &[u32],
    columns: usize,
    moments: impl Fn(usize, usize) -> (f64, f64),
) -> Option<Pbo> {
    let blocks = counts.len();
    if columns < 2 || blocks < 2 || blocks % 2 == 1 || blocks > BLOCKS_MAX || counts.iter().any(|n| *n < 2) {
        return None;
    }
    let used = columns.min(COLUMNS_MAX);
    let table = Table::read(counts, used, |i, block| moments(i * columns / used, block))?;
    let mut tally = Tally::new(used);
    table.each_half(&mut |chosen, rest| {
        tally.add(chosen, rest);
        tally.add(rest, chosen);
    });
    Some(tally.result(used))
}

/// Moments by block, then column, so that adding a block is a walk over contiguous numbers.
struct Table<'a> {
    counts: &'a [u32],
    sum: Vec<Vec<f64>>,
    square: Vec<Vec<f64>>,
    whole: Half,
}

/// Sums over the blocks of one side.
#[derive(Clone)]
struct Half {
    count: f64,
    sum: Vec<f64>,
    square: Vec<f64>,
}

impl<'a> Table<'a> {
    fn read(counts: &'a [u32], columns: usize, moments: impl Fn(usize, usize) -> (f64, f64)) -> Option<Table<'a>> {
        let empty = Half { count: 0.0, sum: vec![0.0; columns], square: vec![0.0; columns] };
        let mut table = Table { counts, sum: vec![], square: vec![], whole: empty.clone() };
        for block in 0..counts.len() {
            let (sum, square): (Vec<f64>, Vec<f64>) = (0..columns).map(|c| moments(c, block)).unzip();
            if sum.iter().chain(&square).any(|x| !x.is_finite()) {
                return None;
            }
            table.sum.push(sum);
            table.square.push(square);
        }
        let mut whole = empty.clone();
        for block in 0..counts.len() {
            let mut next = empty.clone();
            table.join(&whole, block, &mut next);
            whole = next;
        }
        table.whole = whole;
        Some(table)
    }

    /// `into` = `from` + block.
    fn join(&self, from: &Half, block: usize, into: &mut Half) {
        into.count = from.count + f64::from(self.counts[block]);
        for ((to, a), b) in into.sum.iter_mut().zip(&from.sum).zip(&self.sum[block]) {
            *to = a + b;
        }
        for ((to, a), b) in into.square.iter_mut().zip(&from.square).zip(&self.square[block]) {
            *to = a + b;
        }
    }

    /// Calls `visit` with the Sharpe ratios of both sides for each way to cut the blocks into two halves. Block 0 is always
    /// on the first side: the mirror image of a cut has the same two sides.
    fn each_half(&self, visit: &mut impl FnMut(&[f64], &[f64])) {
        let columns = self.whole.sum.len();
        let empty = Half { count: 0.0, sum: vec![0.0; columns], square: vec![0.0; columns] };
        let mut depth = vec![empty; self.counts.len() / 2 + 1];
        let mut sharpes = (vec![0.0; columns], vec![0.0; columns]);
        let first = depth[0].clone();
        self.join(&first, 0, &mut depth[1]);
        self.descend(1, 1, &mut depth, &mut sharpes, visit);
    }

    /// `taken` blocks are summed in `depth[taken]`; the next may be `from` or later.
    fn descend(
        &self,
        taken: usize,
        from: usize,
        depth: &mut [Half],
        sharpes: &mut (Vec<f64>, Vec<f64>),
        visit: &mut impl FnMut(&[f64], &[f64]),
    ) {
        let half = self.counts.len() / 2;
        if taken == half {
            self.sharpes(&depth[taken], sharpes);
            visit(&sharpes.0, &sharpes.1);
            return;
        }
        for block in from..=self.counts.len() - (half - taken) {
            let (before, after) = depth.split_at_mut(taken + 1);
            self.join(&before[taken], block, &mut after[0]);
            self.descend(taken + 1, block + 1, depth, sharpes, visit);
        }
    }

    fn sharpes(&self, chosen: &Half, out: &mut (Vec<f64>, Vec<f64>)) {
        let rest_count = self.whole.count - chosen.count;
        for c in 0..chosen.sum.len() {
            let (sum, square) = (chosen.sum[c], chosen.square[c]);
            out.0[c] = sharpe(chosen.count, sum, square);
            out.1[c] = sharpe(rest_count, self.whole.sum[c] - sum, self.whole.square[c] - square);
        }
    }
}

/// Mean over sample deviation, from sums; 0 where only rounding is left of the variation.
fn sharpe(count: f64, sum: f64, square: f64) -> f64 {
    let variance = (square - sum * sum / count) / (count - 1.0);
    if variance > 1e-24 { sum / count / variance.sqrt() } else { 0.0 }
}

/// Running totals over the splits.
struct Tally {
    columns: f64,
    splits: u32,
    not_carried: u32,
    losses: u32,
    logits: f64,
    inside: f64,
    outside: f64,
    inside_square: f64,
    product: f64,
}

impl Tally {
    fn new(columns: usize) -> Tally {
        Tally {
            columns: columns as f64,
            splits: 0,
            not_carried: 0,
            losses: 0,
            logits: 0.0,
            inside: 0.0,
            outside: 0.0,
            inside_square: 0.0,
            product: 0.0,
        }
    }

    fn add(&mut self, inside: &[f64], outside: &[f64]) {
        // The first of equals wins, as for a reader who sorts a table.
        let best = (1..inside.len()).fold(0, |best, c| if inside[c] > inside[best] { c } else { best });
        let (mut below, mut equal) = (0u32, 0u32);
        for x in outside {
            below += u32::from(*x < outside[best]);
            equal += u32::from(*x == outside[best]);
        }
        // Rank 1 is the worst; ties share the mean of their ranks.
        let rank = f64::from(below) + (f64::from(equal) + 1.0) / 2.0;
        let w = rank / (self.columns + 1.0);
        let logit = (w / (1.0 - w)).ln();
        self.splits += 1;
        self.not_carried += u32::from(logit <= 0.0);
        self.losses += u32::from(outside[best] < 0.0);
        self.logits += logit;
        self.inside += inside[best];
        self.outside += outside[best];
        self.inside_square += inside[best] * inside[best];
        self.product += inside[best] * outside[best];
    }

    fn result(&self, columns: usize) -> Pbo {
        let n = f64::from(self.splits);
        let spread = self.inside_square - self.inside * self.inside / n;
        let slope = (self.product - self.inside * self.outside / n) / spread;
        Pbo {
            pbo: f64::from(self.not_carried) / n,
            splits: self.splits,
            columns,
            mean_logit: self.logits / n,
            slope: (spread > 1e-15 * self.inside_square && slope.is_finite()).then_some(slope),
            probability_of_loss: f64::from(self.losses) / n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::{Seed, SplitMix64};

    /// Noise: 480 rows, 8 columns, row-major; `edge` is added to column 3.
    fn noise(edge: f64) -> Vec<Vec<f64>> {
        let mut stream = SplitMix64::new(Seed(7));
        let mut columns = vec![vec![]; 8];
        for _ in 0..480 {
            for (c, column) in columns.iter_mut().enumerate() {
                column.push((stream.next_unit() - 0.5) * 0.02 + if c == 3 { edge } else { 0.0 });
            }
        }
        columns
    }

    fn cscv(columns: &[Vec<f64>], blocks: usize) -> Pbo {
        let rows = columns[0].len() / blocks;
        probability_of_overfitting(&vec![rows as u32; blocks], columns.len(), |c, b| {
            let part = &columns[c][b * rows..(b + 1) * rows];
            (part.iter().sum(), part.iter().map(|x| x * x).sum())
        })
        .unwrap()
    }

    #[test]
    fn pure_noise_gives_the_recorded_figures() {
        let m = noise(0.0);
        assert!((m.iter().flatten().sum::<f64>() + 0.243_502_454_011_084).abs() < 1e-12);
        let six = cscv(&m, 6);
        assert_eq!((six.splits, six.pbo), (20, 0.2));
        assert!((six.mean_logit - 0.685_549_160_103_843_9).abs() < 1e-12, "{six:?}");
        assert!((six.slope.unwrap() + 0.137_450_433_17).abs() < 1e-9, "{six:?}");
        assert!((six.probability_of_loss - 0.15).abs() < 1e-12);
        let eight = cscv(&m, 8);
        assert_eq!(eight.splits, 70);
        assert!((eight.pbo - 0.228_571_428_571_428_56).abs() < 1e-15);
        assert!((eight.mean_logit - 0.702_259_468_146_622_8).abs() < 1e-12, "{eight:?}");
        assert!((eight.probability_of_loss - 0.342_857).abs() < 1e-6);
    }

    #[test]
    fn one_real_edge_carries_over_in_every_split() {
        for blocks in [6, 8] {
            let found = cscv(&noise(0.0015), blocks);
            assert_eq!(found.pbo, 0.0);
            assert!((found.mean_logit - 8f64.ln()).abs() < 1e-12);
        }
    }

    #[test]
    fn sixteen_blocks_give_all_12870_splits_of_the_thinned_family() {
        let mut stream = SplitMix64::new(Seed(11));
        let table: Vec<f64> = (0..3000 * 16).map(|_| stream.next_unit() - 0.5).collect();
        let found = probability_of_overfitting(&[30; 16], 3000, |c, b| (table[c * 16 + b] * 0.05, 0.003)).unwrap();
        assert_eq!((found.splits, found.columns), (12_870, COLUMNS_MAX));
        assert!((0.0..=1.0).contains(&found.pbo));
        assert!(found.pbo > 0.2, "a choice among noise does not carry over: {found:?}");
    }

    #[test]
    fn what_cannot_be_split_has_no_figure() {
        let flat = |_: usize, _: usize| (0.0, 0.0);
        assert_eq!(probability_of_overfitting(&[30; 16], 1, flat), None);
        assert_eq!(probability_of_overfitting(&[30; 7], 5, flat), None);
        assert_eq!(probability_of_overfitting(&[30; 18], 5, flat), None);
        assert_eq!(probability_of_overfitting(&[1; 4], 5, flat), None);
        assert_eq!(probability_of_overfitting(&[30; 4], 5, |_, _| (f64::NAN, 0.0)), None);
        let never_traded = probability_of_overfitting(&[30; 4], 5, flat).unwrap();
        assert_eq!((never_traded.pbo, never_traded.slope), (1.0, None));
    }
}
