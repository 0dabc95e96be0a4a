//! The smallest step of a price, read off the prices: what scripts call a tick, and count slippage, stops and targets in.

use assay_backtest::Bars;

/// Fewer moves of the price say nothing: a few round prices are chance.
const MOVES_MIN: usize = 64;

/// Prices that went through a 32-bit number are off by some 6e-8 of themselves.
const SINGLE: f64 = 1e-7;

/// Digits after the point at most.
const DECIMALS_MAX: i32 = 10;

/// `bars` with [`Bars::mintick`] set: the largest of 1, 0.5, 0.25, 0.1, 0.05, 0.025, 0.01, ... of which every price is a
/// multiple, as far as a 32-bit number tells. Unknown where there is no such step, as with prices that were adjusted for
/// dividends, where nothing can be told from rounding, and with fewer than 64 moves of the close.
pub fn with_mintick(mut bars: Bars) -> Bars {
    let moves = bars.close.windows(2).filter(|pair| pair[0] != pair[1]).count();
    bars.mintick = if moves < MOVES_MIN { None } else { step(&bars) };
    bars
}

fn step(bars: &Bars) -> Option<f64> {
    let prices = || [&bars.open, &bars.high, &bars.low, &bars.close].into_iter().flatten();
    let highest = prices().fold(0.0f64, |a, b| a.max(*b));
    let candidates = (0..=DECIMALS_MAX).flat_map(|digits| {
        // Division by a power of ten gives the very number that a script writes: 0.01, not 0.010000000000000002.
        [1.0, 0.5, 0.25].map(|part| part / 10f64.powi(digits))
    });
    candidates
        // From there on everything looks like a multiple.
        .take_while(|step| highest * SINGLE < step / 4.0)
        .find(|step| prices().all(|price| (price - (price / step).round() * step).abs() <= price * SINGLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prices that wander from `from` on, written with a step by a venue.
    fn market(from: f64, step: f64, write: fn(f64) -> f64) -> Bars {
        let mut price = from;
        let closes: Vec<f64> = (0..200)
            .map(|t| {
                price *= 1.0 + 0.01 * f64::sin(f64::from(t * t));
                write((price / step).round() * step)
            })
            .collect();
        let bars = Bars {
            time: (0..200).collect(),
            open: closes.clone(),
            high: closes.clone(),
            low: closes.clone(),
            volume: vec![0.0; 200],
            close: closes,
            mintick: None,
        };
        with_mintick(bars)
    }

    #[test]
    fn the_tick_is_read_off_the_prices() {
        let exact = |price| price;
        for (from, step) in [
            (1_300.0, 0.01),
            (1.1, 1e-5),
            (150.0, 0.001),
            (4_500.0, 0.25),
            (900.0, 0.05),
            (39_000.0, 1.0),
            (0.000_02, 1e-8),
            (61_000.0, 0.1),
        ] {
            assert_eq!(market(from, step, exact).mintick, Some(step), "{from}");
        }
        let single = |price| f64::from(price as f32);
        assert_eq!(market(1_229.0, 0.01, single).mintick, Some(0.01));
        assert_eq!(market(1.1, 1e-4, single).mintick, Some(1e-4));
    }

    #[test]
    fn what_prices_do_not_tell_is_unknown() {
        // Adjusted for dividends.
        assert_eq!(market(27.0, 0.01, |price| price * 0.983_172_64).mintick, None);
        // A step that rounding hides.
        assert_eq!(market(600_000.0, 0.01, |price| f64::from(price as f32)).mintick, None);
        let short = market(1.1, 1e-5, |price| price).prefix(60);
        assert_eq!(with_mintick(short).mintick(), 0.01);
        // A price that stands still.
        assert_eq!(market(10.0, 1.0, |_| 10.0).mintick, None);
    }
}
