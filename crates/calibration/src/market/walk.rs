//! The random walk: independent normal log returns about a drift.

use assay_backtest::Bars;

use super::{BARS, RealPrices, YEAR};
use crate::chance::Chance;
use crate::shape::{Shaper, path};

/// `drift` and `volatility` are annual.
pub(super) fn market(mut chance: Chance, drift: f64, volatility: f64, real: &RealPrices) -> Bars {
    let time = real.trading_days(&mut chance);
    let deviation = volatility / YEAR.sqrt();
    let mut shaper = Shaper::new(chance, deviation);
    let mean = drift / YEAR - deviation * deviation / 2.0;
    let shapes: Vec<_> = (0..BARS).map(|_| shaper.draw(mean, deviation)).collect();
    path(&shapes, time)
}
