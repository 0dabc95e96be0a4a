//! Real bars, dealt anew: calm and wild stretches stay together, direction loses its memory.
//!
//! A quarter (63 bars) is a block: in the S&P 500 of `data/` the correlation of |r| with itself is 0.24 after a month and
//! still 0.14 after a quarter, so blocks of a few days would lose the clustering. But whole quarters keep what can be known:
//! the same index falls back so often that its monthly moves have only 0.75 of the variance that its daily moves would give
//! a random walk, and its wildest quarters fall. Hence two steps within a block. Its bars are dealt in random order: no move
//! says anything of the next one. And its mean is drawn anew, as chance gives the mean of that many independent bars about
//! one drift for all: without that, the known sum of a block would pull its bars back, and wild blocks would be known to fall.
//! Sizes of moves, skew, gaps, ranges and volumes of a bar stay as they were.

use assay_backtest::Bars;

use super::{BARS, RealPrices, YEAR};
use crate::chance::Chance;
use crate::shape::{Shape, path};

/// Bars of a block.
const BLOCK: usize = 63;

/// `drift` is annual.
pub(super) fn market(mut chance: Chance, drift: f64, real: &RealPrices) -> Bars {
    let time = real.trading_days(&mut chance);
    let set = real.draw(&mut chance);
    // Where the first block begins is drawn as well.
    let phase = chance.below(set.len() % BLOCK + 1);
    let mut blocks: Vec<Vec<Shape>> = set[phase..].chunks_exact(BLOCK).map(<[Shape]>::to_vec).collect();
    chance.shuffle(&mut blocks);
    let mut shapes = Vec::with_capacity(BARS);
    for mut block in blocks {
        chance.shuffle(&mut block);
        let n = BLOCK as f64;
        let mean = block.iter().map(Shape::total).sum::<f64>() / n;
        let variance = block.iter().map(|s| (s.total() - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let target = drift / YEAR - variance / 2.0;
        let shift = target + (variance / n).sqrt() * chance.normal() - mean;
        shapes.extend(block.into_iter().map(|shape| shifted(shape, shift)));
        if shapes.len() >= BARS {
            break;
        }
    }
    shapes.truncate(BARS);
    path(&shapes, time)
}

/// The same bar with another return. A bar that is only a close stays one.
fn shifted(shape: Shape, by: f64) -> Shape {
    if shape.up == 0.0 && shape.down == 0.0 && shape.body == 0.0 {
        return Shape { gap: shape.gap + by, ..shape };
    }
    let body = shape.body + by;
    Shape { body, up: shape.up.max(body), down: shape.down.min(body), ..shape }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::Seed;

    fn log_returns(bars: &Bars) -> Vec<f64> {
        bars.close.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect()
    }

    fn correlation(x: &[f64], lag: usize) -> f64 {
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let variance: f64 = x.iter().map(|v| (v - mean).powi(2)).sum();
        x.windows(lag + 1).map(|w| (w[0] - mean) * (w[lag] - mean)).sum::<f64>() / variance
    }

    #[test]
    fn sizes_keep_their_memory_and_directions_lose_theirs() {
        let real = RealPrices::bundled();
        let (mut sizes, mut directions, mut ratio) = (0.0, 0.0, 0.0);
        let markets = 60;
        for seed in 0..markets {
            let returns = log_returns(&market(Chance::new(Seed(seed)), 0.05, &real));
            let size: Vec<f64> = returns.iter().map(|r| r.abs()).collect();
            sizes += correlation(&size, 5);
            directions += correlation(&returns, 1);
            let variance = |x: &[f64]| {
                let mean = x.iter().sum::<f64>() / x.len() as f64;
                x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64
            };
            let monthly: Vec<f64> = returns.chunks_exact(21).map(|c| c.iter().sum()).collect();
            ratio += variance(&monthly) / (21.0 * variance(&returns));
        }
        let n = markets as f64;
        let (sizes, directions, ratio) = (sizes / n, directions / n, ratio / n);
        assert!(sizes > 0.12, "clusters are gone: {sizes}");
        assert!(directions.abs() < 0.01, "yesterday's move tells of today's: {directions}");
        assert!((ratio - 1.0).abs() < 0.05, "monthly over daily variance is that of a random walk: {ratio}");
    }
}
