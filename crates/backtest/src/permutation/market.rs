//! A market with the same bars in another order.
//!
//! Bar permutation after Aronson (2007), "Evidence-based technical analysis", and Masters (2018), "Permutation and
//! randomization tests for trading system development": a bar is taken apart into its gap (open over the close before) and
//! its body (high, low and close over its own open), the parts change places, and prices are built up again from the same
//! first bar. The drift, the last close and the distribution of gaps, bodies and ranges stay to the last bar; what goes is
//! the order in time, and with it all that a timing rule could have known. Volume travels with its body; time stays.

use assay_units::{Seed, SplitMix64};

use crate::Bars;

/// What changes places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Whole bars: each gap stays with its body. Exact when bars are exchangeable; the default.
    Bars,
    /// Gaps and bodies apart: also undoes what a gap says of its own bar.
    Parts,
    /// Stretches of that many whole bars, so that quiet and wild times stay together; the order of stretches goes.
    Blocks(usize),
}

/// What one bar does to the price, all as ratios.
#[derive(Clone, Copy)]
struct Step {
    /// Open over the close before.
    gap: f64,
    /// High, low and close over the open.
    body: [f64; 3],
    volume: f64,
}

/// A market ready to be permuted many times.
#[derive(Clone, Debug)]
pub struct Shuffler<'a> {
    bars: &'a Bars,
    steps: Vec<Step>,
    scheme: Scheme,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Step({}, {:?})", self.gap, self.body)
    }
}

impl<'a> Shuffler<'a> {
    /// Takes `bars` apart.
    pub fn new(bars: &'a Bars, scheme: Scheme) -> Shuffler<'a> {
        let step = |t: usize| Step {
            gap: bars.open[t] / bars.close[t - 1],
            body: [bars.high[t], bars.low[t], bars.close[t]].map(|price| price / bars.open[t]),
            volume: bars.volume[t],
        };
        Shuffler { bars, steps: (1..bars.len()).map(step).collect(), scheme }
    }

    /// The permuted market of that number. The same seed and number give the same market, whatever else is drawn.
    pub fn market(&self, seed: Seed, number: u64) -> Bars {
        let mut draw = SplitMix64::new(Seed(SplitMix64::new(Seed(seed.0 ^ number.rotate_left(32))).next_word()));
        let n = self.steps.len();
        let bodies = match self.scheme {
            Scheme::Bars | Scheme::Parts => shuffled(n, &mut draw),
            Scheme::Blocks(length) => shuffled_blocks(n, length, &mut draw),
        };
        let gaps = if self.scheme == Scheme::Parts { shuffled(n, &mut draw) } else { bodies.clone() };

        let mut market = Bars {
            time: self.bars.time.clone(),
            open: Vec::with_capacity(n + 1),
            high: Vec::with_capacity(n + 1),
            low: Vec::with_capacity(n + 1),
            close: Vec::with_capacity(n + 1),
            volume: Vec::with_capacity(n + 1),
            mintick: self.bars.mintick,
        };
        let mut push = |[open, high, low, close, volume]: [f64; 5]| {
            market.open.push(open);
            market.high.push(high);
            market.low.push(low);
            market.close.push(close);
            market.volume.push(volume);
            close
        };
        if self.bars.is_empty() {
            return market;
        }
        let bars = self.bars;
        let mut before = push([bars.open[0], bars.high[0], bars.low[0], bars.close[0], bars.volume[0]]);
        for (body, gap) in bodies.into_iter().zip(gaps) {
            let Step { body: [high, low, close], volume, .. } = self.steps[body];
            let open = before * self.steps[gap].gap;
            before = push([open, open * high, open * low, open * close, volume]);
        }
        market
    }
}

/// 0..n in a random order (Fisher and Yates).
fn shuffled(n: usize, draw: &mut SplitMix64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, draw.below(i as u64 + 1) as usize);
    }
    order
}

/// 0..n with stretches of `length` in a random order. The seams fall elsewhere in each draw: the circle is cut at a random
/// place first.
fn shuffled_blocks(n: usize, length: usize, draw: &mut SplitMix64) -> Vec<usize> {
    let length = length.clamp(1, n.max(1));
    let cut = draw.below(n.max(1) as u64) as usize;
    let blocks = shuffled(n.div_ceil(length), draw);
    blocks.into_iter().flat_map(|b| (b * length..((b + 1) * length).min(n)).map(move |i| (i + cut) % n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn market(n: usize, seed: u64) -> Bars {
        let mut draw = SplitMix64::new(Seed(seed));
        let mut bars = Bars::default();
        let mut before = 100.0;
        for t in 0..n {
            let mut step = || 1.0 + 0.02 * (draw.next_unit() - 0.5);
            let (open, close) = (before * step(), before * step());
            bars.time.push(t as i64 * 86_400_000);
            bars.open.push(open);
            bars.close.push(close);
            bars.high.push(open.max(close) * 1.001);
            bars.low.push(open.min(close) * 0.999);
            bars.volume.push(t as f64);
            before = close;
        }
        bars
    }

    fn returns(bars: &Bars) -> Vec<f64> {
        let mut r: Vec<f64> = bars.close.windows(2).map(|w| w[1] / w[0]).collect();
        r.sort_by(f64::total_cmp);
        r
    }

    proptest! {
        #[test]
        fn the_same_bars_in_another_order(n in 1usize..80, seed in 0u64..1000, which in 0usize..3, number in 0u64..50) {
            let bars = market(n, seed);
            let scheme = [Scheme::Bars, Scheme::Parts, Scheme::Blocks(7)][which];
            let shuffler = Shuffler::new(&bars, scheme);
            let other = shuffler.market(Seed(seed), number);
            prop_assert_eq!(&other, &shuffler.market(Seed(seed), number));
            prop_assert_eq!(&other.time, &bars.time);
            prop_assert_eq!(other.open[0], bars.open[0]);
            prop_assert_eq!(other.len(), n);
            prop_assert!((other.close[n - 1] / bars.close[n - 1] - 1.0).abs() < 1e-12, "the drift stays");
            for t in 0..n {
                prop_assert!(other.high[t] >= other.open[t].max(other.close[t]));
                prop_assert!(other.low[t] <= other.open[t].min(other.close[t]) && other.low[t] > 0.0);
            }
            let mut volume = other.volume.clone();
            volume.sort_by(f64::total_cmp);
            prop_assert_eq!(&volume, &bars.volume);
            if scheme == Scheme::Bars {
                // Whole bars keep every close-to-close return.
                for (a, b) in returns(&bars).into_iter().zip(returns(&other)) {
                    prop_assert!((a / b - 1.0).abs() < 1e-12);
                }
            }
        }
    }

    #[test]
    fn blocks_keep_their_inside_and_every_order_is_reached() {
        let mut draw = SplitMix64::new(Seed(3));
        let order = shuffled_blocks(100, 10, &mut draw);
        let neighbours = order.windows(2).filter(|w| (w[0] + 1) % 100 == w[1]).count();
        assert!(neighbours >= 90, "{neighbours}");
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            *seen.entry(shuffled(3, &mut draw)).or_insert(0u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|n| (850..1150).contains(n)), "{seen:?}");
        assert!(shuffled_blocks(0, 5, &mut draw).is_empty());
    }

    #[test]
    fn neighbouring_numbers_and_seeds_are_different_markets() {
        let bars = market(50, 1);
        let shuffler = Shuffler::new(&bars, Scheme::Bars);
        let all: Vec<Bars> =
            (0..20).flat_map(|s| (0..20).map(move |n| (s, n))).map(|(s, n)| shuffler.market(Seed(s), n)).collect();
        for i in 0..all.len() {
            assert!(all[..i].iter().all(|other| other != &all[i]));
        }
    }
}
