//! What the markets promise: consistent prices, repeatable, and no memory where none may be.

use assay_backtest::Bars;
use assay_calibration::market::{BARS, NoEdge, RealPrices};
use assay_calibration::planted::Mechanism;
use assay_units::{Seed, Timestamp};

fn consistent(bars: &Bars, what: &str) {
    assert_eq!(bars.len(), BARS, "{what}");
    assert!(bars.time.windows(2).all(|pair| pair[0] < pair[1]), "{what}: time ascends");
    for t in 0..bars.len() {
        let (open, high, low, close) = (bars.open[t], bars.high[t], bars.low[t], bars.close[t]);
        assert!(low > 0.0 && low <= open.min(close) && high >= open.max(close) && high.is_finite(), "{what}: bar {t}");
        assert!(bars.volume[t] >= 0.0, "{what}: bar {t}");
    }
    assert_eq!(bars.periods_per_year(), 252.0, "{what}");
}

fn log_returns(bars: &Bars) -> Vec<f64> {
    bars.close.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect()
}

/// Correlation of `x` with itself `lag` steps later.
fn memory(x: &[f64], lag: usize) -> f64 {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let square: f64 = x.iter().map(|v| (v - mean).powi(2)).sum();
    x.windows(lag + 1).map(|w| (w[0] - mean) * (w[lag] - mean)).sum::<f64>() / square
}

#[test]
fn every_market_is_consistent_and_repeats() {
    let real = RealPrices::bundled();
    for seed in 0..6 {
        for kind in NoEdge::ALL {
            let bars = kind.market(Seed(seed), &real);
            consistent(&bars, kind.as_str());
            assert_eq!(bars, kind.market(Seed(seed), &real));
            assert_ne!(bars.close, kind.market(Seed(seed + 100), &real).close);
        }
        for mechanism in Mechanism::ALL {
            let strongest = mechanism.amplitude_max();
            let bars = mechanism.market(strongest, Seed(seed), &real);
            consistent(&bars, mechanism.as_str());
            assert_eq!(bars, mechanism.market(strongest, Seed(seed), &real));
        }
    }
}

#[test]
fn without_an_edge_no_past_move_tells_of_the_next() {
    let real = RealPrices::bundled();
    let markets = 60;
    for kind in NoEdge::ALL {
        let (mut directions, mut sizes, mut drift) = ([0.0; 5], 0.0, 0.0);
        for seed in 0..markets {
            let returns = log_returns(&kind.market(Seed(seed), &real));
            let size: Vec<f64> = returns.iter().map(|r| r.abs()).collect();
            (1..=5).for_each(|lag| directions[lag - 1] += memory(&returns, lag) / markets as f64);
            sizes += memory(&size, 5) / markets as f64;
            drift += returns.iter().sum::<f64>() / 10.0 / markets as f64;
        }
        // One correlation over 2,519 returns deviates by 0.02, by 0.04 where volatility clusters; the mean of 60 by an eighth.
        assert!(directions.iter().all(|c| c.abs() < 0.02), "{}: {directions:?}", kind.as_str());
        // 2 to 10 % a year, less half the variance, known to 0.21/sqrt(600) a year.
        assert!((0.0..0.075).contains(&drift), "{}: {drift}", kind.as_str());
        match kind {
            NoEdge::RandomWalk => assert!(sizes.abs() < 0.01, "{sizes}"),
            NoEdge::Garch | NoEdge::Shuffled => assert!(sizes > 0.1, "{}: {sizes}", kind.as_str()),
        }
    }
}

#[test]
fn a_planted_mechanism_shows_where_it_should_and_adds_no_drift() {
    let real = RealPrices::bundled();
    let markets = 40;
    for mechanism in Mechanism::ALL {
        let mean = |amplitude: f64, of: &dyn Fn(&[f64]) -> f64| {
            let one = |seed| of(&log_returns(&mechanism.market(amplitude, Seed(seed), &real)));
            (0..markets).map(one).sum::<f64>() / markets as f64
        };
        let strong = mechanism.amplitude_max() / 2.0;
        let annual = mean(strong, &|returns| returns.iter().sum::<f64>() / 10.0);
        assert!(annual.abs() < 0.12, "{}: drifts by {annual} a year", mechanism.as_str());
        // The variance of monthly moves over that of daily ones: 1 for a walk, more for trends, less for reversals.
        let ratio = |returns: &[f64]| {
            let square = |x: &[f64]| x.iter().map(|r| r * r).sum::<f64>();
            let monthly: Vec<f64> = returns.chunks_exact(21).map(|month| month.iter().sum()).collect();
            square(&monthly) / square(&returns[..monthly.len() * 21])
        };
        let (none, some) = (mean(0.0, &ratio), mean(strong, &ratio));
        assert!((none - 1.0).abs() < 0.08, "{}: {none} at amplitude 0", mechanism.as_str());
        match mechanism {
            Mechanism::Reversion | Mechanism::GapReversion => assert!(some < none - 0.1, "{}", mechanism.as_str()),
            Mechanism::Trend | Mechanism::Breakout => assert!(some > none + 0.2, "{}", mechanism.as_str()),
            // The turn takes place within every month: it cancels out over one.
            Mechanism::TurnOfMonth => assert!((some - none).abs() < 0.05, "{none} {some}"),
        }
    }
}

#[test]
fn the_days_around_the_turn_of_the_month_earn_what_the_others_lose() {
    let real = RealPrices::bundled();
    let (mut late, mut middle) = (vec![], vec![]);
    for seed in 0..10 {
        let bars = Mechanism::TurnOfMonth.market(0.2, Seed(seed), &real);
        for (r, ms) in log_returns(&bars).iter().zip(&bars.time[1..]) {
            let (_, _, day, ..) = Timestamp::from_millis(*ms).civil();
            match day {
                26.. => late.push(*r),
                8..=24 => middle.push(*r),
                _ => (),
            }
        }
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    // A fifth of a deviation of 1 % a day; some 4,000 days know their mean to 0.016 %.
    assert!((mean(&late) - 0.002).abs() < 0.0005, "{}", mean(&late));
    assert!((-0.0015..-0.0005).contains(&mean(&middle)), "{}", mean(&middle));
}
