//! Fat tails with volatility clustering: Bollerslev (1986), GARCH(1,1), with Student's t as innovations (Bollerslev 1987).
//!
//! v[t+1] = w + a e[t]^2 + b v[t], e = sqrt(v) z, z of Student's t with 8 degrees of freedom and variance 1. a = 0.08 and
//! b = 0.90 are usual for daily stock indices; with them returns have a kurtosis of 10.4
//! (K (1 - (a+b)^2) / (1 - b^2 - 2ab - K a^2), K = 4.5 that of z), the S&P 500 of `data/` has 11.2.

use assay_backtest::Bars;

use super::{BARS, RealPrices, YEAR};
use crate::chance::Chance;
use crate::shape::{Shaper, path};

/// Weight of the last squared return.
const SHOCK: f64 = 0.08;
/// Weight of the last variance.
const MEMORY: f64 = 0.90;
/// Half the degrees of freedom of the innovations.
const FREEDOM_PAIRS: u32 = 4;
/// Bars before the first that is shown, so that the variance starts anywhere: its half-life is 35 bars.
const BURN_IN: usize = 400;

/// `drift` and `volatility` are annual.
pub(super) fn market(mut chance: Chance, drift: f64, volatility: f64, real: &RealPrices) -> Bars {
    let time = real.trading_days(&mut chance);
    let usual = volatility * volatility / YEAR;
    let freedom = f64::from(2 * FREEDOM_PAIRS);
    let mut shaper = Shaper::new(chance, usual.sqrt());
    let mut variance = usual;
    let mut shapes = Vec::with_capacity(BARS);
    for t in 0..BURN_IN + BARS {
        // Student's t is a normal number of random deviation; gap and body share that deviation, as one piece of news does.
        let stretch = ((freedom - 2.0) / shaper.chance().chi_squared(FREEDOM_PAIRS)).sqrt();
        let mean = drift / YEAR - variance / 2.0;
        let shape = shaper.draw(mean, variance.sqrt() * stretch);
        let shock = shape.total() - mean;
        variance = usual * (1.0 - SHOCK - MEMORY) + SHOCK * shock * shock + MEMORY * variance;
        if t >= BURN_IN {
            shapes.push(shape);
        }
    }
    path(&shapes, time)
}
