//! One bar as logarithms: what a market is dealt from, simulated or real.
//!
//! A path that is built from shapes is consistent by construction (low <= open, close <= high, all above 0), whatever the
//! order of the shapes.

use assay_backtest::Bars;

use crate::chance::Chance;

/// Where every simulated path begins.
const START_PRICE: f64 = 100.0;

/// Typical volume of a simulated bar.
const VOLUME: f64 = 1e6;

/// Share of a day's variance that falls between close and open. The Nasdaq index of `data/` has 0.25 (its opening prices are
/// real ones; those of the S&P 500 mostly repeat the last close).
pub const OVERNIGHT_SHARE: f64 = 0.25;

/// One bar, in logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    /// Open over the close before.
    pub gap: f64,
    /// High over open; not negative.
    pub up: f64,
    /// Low over open; not positive.
    pub down: f64,
    /// Close over open.
    pub body: f64,
    /// Traded amount; 0 where unknown.
    pub volume: f64,
}

impl Shape {
    /// Close over the close before, in logarithms.
    pub fn total(&self) -> f64 {
        self.gap + self.body
    }
}

/// Simulated bars: a Brownian path from open to close, and a volume that follows the size of the moves.
#[derive(Debug)]
pub struct Shaper {
    chance: Chance,
    /// Deviation of a usual bar: volume is measured against it.
    usual: f64,
    /// The part of the log volume that remembers yesterday.
    activity: f64,
}

/// Log volume about its own level in the S&P 500 of `data/`, as a regression: 0.06 for each deviation of today's move, 0.20
/// for the log of volatility, and a rest of deviation 0.18 whose autocorrelation is 0.49 after a day.
const VOLUME_PER_MOVE: f64 = 0.06;
const VOLUME_PER_VOLATILITY: f64 = 0.20;
const VOLUME_REST: f64 = 0.18;
const VOLUME_MEMORY: f64 = 0.49;

impl Shaper {
    /// Draws from `chance`; `usual` is the long-run deviation of a bar's log return.
    pub fn new(chance: Chance, usual: f64) -> Shaper {
        Shaper { chance, usual, activity: 0.0 }
    }

    /// A bar whose log return has the deviation `deviation` about `mean`. The mean is earned while the market is open.
    pub fn draw(&mut self, mean: f64, deviation: f64) -> Shape {
        let gap = deviation * OVERNIGHT_SHARE.sqrt() * self.chance.normal();
        let open_deviation = deviation * (1.0 - OVERNIGHT_SHARE).sqrt();
        let body = mean + open_deviation * self.chance.normal();
        self.around(gap, body, open_deviation)
    }

    /// The stream itself, for what a market needs besides.
    pub fn chance(&mut self) -> &mut Chance {
        &mut self.chance
    }

    /// A bar with this gap and body. The extremes are those of a Brownian bridge from 0 to `body`: the highest point has
    /// the distribution function 1 - exp(-2 h (h - body) / deviation^2), the lowest is its mirror image. Drawn apart, so
    /// their dependence is lost; each alone is exact.
    pub fn around(&mut self, gap: f64, body: f64, deviation: f64) -> Shape {
        let reach = |u: f64| (body * body - 2.0 * deviation * deviation * u.ln()).sqrt();
        let up = (body + reach(self.chance.positive_unit())) / 2.0;
        let down = (body - reach(self.chance.positive_unit())) / 2.0;
        let move_size = if deviation > 0.0 { (gap + body).abs() / deviation } else { 0.0 };
        let fresh = VOLUME_REST * (1.0 - VOLUME_MEMORY * VOLUME_MEMORY).sqrt();
        self.activity = VOLUME_MEMORY * self.activity + fresh * self.chance.normal();
        let log_volume = VOLUME_PER_MOVE * move_size
            + VOLUME_PER_VOLATILITY * (deviation.max(self.usual * 1e-3) / self.usual).ln()
            + self.activity;
        // Rounding must not put an extreme inside the body.
        Shape { gap, up: up.max(body).max(0.0), down: down.min(body).min(0.0), body, volume: VOLUME * log_volume.exp() }
    }
}

/// The path that `shapes` make, one bar at each of `time`.
pub fn path(shapes: &[Shape], time: Vec<i64>) -> Bars {
    assert_eq!(shapes.len(), time.len(), "a time for each bar");
    let mut bars = Bars { time, ..Bars::default() };
    let mut close = START_PRICE.ln();
    for shape in shapes {
        let open = close + shape.gap;
        close = open + shape.body;
        let (open_price, close_price) = (open.exp(), close.exp());
        bars.open.push(open_price);
        bars.high.push((open + shape.up).exp().max(open_price).max(close_price));
        bars.low.push((open + shape.down).exp().min(open_price).min(close_price));
        bars.close.push(close_price);
        bars.volume.push(shape.volume.round());
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_units::Seed;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_path_is_consistent(seed in any::<u64>(), deviation in 0.0..0.2f64, mean in -0.05..0.05f64) {
            let mut shaper = Shaper::new(Chance::new(Seed(seed)), 0.01);
            let shapes: Vec<Shape> = (0..50).map(|_| shaper.draw(mean, deviation)).collect();
            let bars = path(&shapes, (0..50).collect());
            for t in 0..50 {
                let (open, high, low, close) = (bars.open[t], bars.high[t], bars.low[t], bars.close[t]);
                prop_assert!(low > 0.0 && low <= open.min(close) && high >= open.max(close) && high.is_finite());
                prop_assert!(bars.volume[t] > 0.0);
            }
        }
    }

    #[test]
    fn the_range_of_a_bar_is_that_of_brownian_motion() {
        // Feller (1951): the expected range of a Brownian path is sqrt(8/pi) deviations.
        let mut shaper = Shaper::new(Chance::new(Seed(3)), 0.01);
        let n = 100_000;
        let range = (0..n).map(|_| shaper.draw(0.0, 0.01)).map(|s| s.up - s.down).sum::<f64>() / f64::from(n);
        let expected = (8.0 / std::f64::consts::PI * (1.0 - OVERNIGHT_SHARE)).sqrt() * 0.01;
        assert!((range / expected - 1.0).abs() < 0.01, "{range}, not {expected}");
    }
}
