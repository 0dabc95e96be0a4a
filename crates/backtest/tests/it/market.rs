//! The golden market: a seeded walk that any language can make again, held to the SHA-256 of its CSV form. Tests and
//! benchmarks share it.

use assay_backtest::Bars;
use assay_units::{Seed, SplitMix64};

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Rounded as the CSV holds it.
fn decimals(x: f64) -> f64 {
    format!("{x:.4}").parse().unwrap()
}

/// `bars` daily bars of the golden recipe.
pub fn daily(seed: u64, bars: usize) -> Bars {
    walk(seed, bars, DAY_MS, 0.0003, 0.0125)
}

/// `bars` minute bars of the golden recipe.
#[allow(dead_code, reason = "the benchmark's")]
pub fn minutes(seed: u64, bars: usize) -> Bars {
    walk(seed, bars, MINUTE_MS, 0.0, 0.0006)
}

/// splitmix64 words, four a bar; log return = mu + sigma * sqrt(3) * (sum - 2).
fn walk(seed: u64, bars: usize, interval_ms: i64, mu: f64, sigma: f64) -> Bars {
    let mut words = SplitMix64::new(Seed(seed));
    let mut market = Bars::default();
    let (mut walked, mut before) = (0.0f64, 100.0);
    for bar in 0..bars as i64 {
        let u: [f64; 4] = std::array::from_fn(|_| words.next_unit());
        walked += mu + sigma * ((u[0] + u[1] + u[2] + u[3] - 2.0) * 3f64.sqrt());
        let close = decimals(100.0 * walked.exp());
        market.time.push(1_420_070_400_000 + bar * interval_ms);
        market.open.push(before);
        market.high.push(decimals(before.max(close) * (1.0 + 0.5 * sigma * u[0])));
        market.low.push(decimals(before.min(close) * (1.0 - 0.5 * sigma * u[1])));
        market.close.push(close);
        market.volume.push((1_000.0 + 9_000.0 * u[2]).floor());
        before = close;
    }
    market
}

/// The 2,520 bars that all golden figures are about.
pub fn golden() -> Bars {
    daily(20_261_124, 2_520)
}

#[test]
fn the_market_is_the_golden_one_to_the_byte() {
    use assay_units::{ContentHash, Timestamp};
    let bars = golden();
    let mut csv = String::from("timestamp,open,high,low,close,volume\n");
    for t in 0..bars.len() {
        let (year, month, day, ..) = Timestamp::from_millis(bars.time[t]).civil();
        csv += &format!(
            "{year:04}-{month:02}-{day:02}T00:00:00Z,{:.4},{:.4},{:.4},{:.4},{}\n",
            bars.open[t], bars.high[t], bars.low[t], bars.close[t], bars.volume[t]
        );
    }
    let hash = ContentHash::of(csv.as_bytes()).to_string();
    assert_eq!(hash, "230a4bad1971797187372e16b6ef0228ee66694e52ef1631660729a2bc3544ac");
    assert_eq!(bars.periods_per_year(), 365.0);
}
