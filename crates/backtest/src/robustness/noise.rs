//! Noise on the prices: does the result depend on the exact path?
//!
//! Each close is moved by a normal number of a share of the usual bar's move, and open, high and low with it, so that bars
//! stay bars. The best set trades each noisy market; what counts is the middle result.

use assay_units::{Seed, SplitMix64};

use crate::family::Family;
use crate::overfitting::{normal, sharpe_sample};
use crate::permutation::quantile;
use crate::{Bars, SweepError};

/// How much noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseSettings {
    /// Deviation of the noise as a share of the deviation of the market's log returns.
    pub share: f64,
    /// Noisy markets; 0 leaves the question out.
    pub markets: u32,
}

/// A tenth of a usual bar's move, twenty times.
impl Default for NoiseSettings {
    fn default() -> NoiseSettings {
        NoiseSettings { share: 0.1, markets: 20 }
    }
}

/// Sharpe ratios per bar over noisy markets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noisy {
    /// The middle one.
    pub median: f64,
    /// One in ten is below.
    pub low: f64,
}

/// Trades point `index` of the grid on noisy copies of `bars`. `None` without noisy markets.
///
/// # Errors
/// As [`Family::run`].
pub fn noisy(
    family: &Family<'_>,
    index: u64,
    bars: &Bars,
    settings: NoiseSettings,
    seed: Seed,
) -> Result<Option<Noisy>, SweepError> {
    let moves: Vec<f64> = bars.close.windows(2).map(|w| (w[1] / w[0]).ln()).collect();
    let mean = moves.iter().sum::<f64>() / moves.len() as f64;
    let deviation = (moves.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / moves.len() as f64).sqrt();
    let mut draw = SplitMix64::new(seed);
    let mut sharpes = vec![];
    for _ in 0..settings.markets {
        let market = with_noise(bars, deviation * settings.share, &mut draw);
        let run = family.run(index, &market, 0..market.len())?;
        sharpes.push(sharpe_sample(&run.returns).map_or(0.0, |s| s.sharpe));
    }
    sharpes.sort_by(f64::total_cmp);
    Ok((!sharpes.is_empty()).then(|| Noisy { median: quantile(&sharpes, 0.5), low: quantile(&sharpes, 0.1) }))
}

/// Every bar times its own factor.
fn with_noise(bars: &Bars, deviation: f64, draw: &mut SplitMix64) -> Bars {
    let mut market = bars.clone();
    for t in 0..bars.len() {
        // Within (0, 1), so that the quantile is finite.
        let factor = (deviation * normal::quantile(draw.next_unit().max(1e-12))).exp();
        for column in [&mut market.open, &mut market.high, &mut market.low, &mut market.close] {
            column[t] *= factor;
        }
    }
    market
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_moves_whole_bars_a_little() {
        let column = vec![100.0; 500];
        let bars = Bars {
            time: (0..500).collect(),
            open: column.clone(),
            high: vec![101.0; 500],
            low: vec![99.0; 500],
            close: column,
            volume: vec![1.0; 500],
            mintick: None,
        };
        let noisy = with_noise(&bars, 0.01, &mut SplitMix64::new(Seed(1)));
        let moved: Vec<f64> = noisy.close.iter().map(|c| (c / 100.0).ln()).collect();
        let square = moved.iter().map(|x| x * x).sum::<f64>() / 500.0;
        assert!((square.sqrt() - 0.01).abs() < 0.001, "{square}");
        for t in 0..500 {
            assert!((noisy.high[t] / noisy.close[t] - 1.01).abs() < 1e-12 && noisy.low[t] < noisy.open[t]);
        }
        assert_eq!(with_noise(&bars, 0.0, &mut SplitMix64::new(Seed(1))), bars);
    }
}
