//! skfolio and purgedcv: how sure a Sharpe ratio is, after how many looks, and how long a record must be to say so.

use assay_backtest::overfitting::{
    SharpeSample, deflated_sharpe, expected_maximum, min_backtest_years, min_track_record, probabilistic_sharpe,
    sharpe_sample,
};
use assay_units::{Seed, SplitMix64};
use serde_json::json;

use super::{Table, ask, numbers, ready};
use crate::market;

/// Returns with all that moments can be: of a market, with a long left tail, with a long right one, few of them.
fn histories() -> Vec<Vec<f64>> {
    let mut words = SplitMix64::new(Seed(9));
    let mut drawn = |n: usize, of: fn(f64) -> f64| (0..n).map(|_| of(words.next_unit())).collect::<Vec<f64>>();
    let mut histories: Vec<Vec<f64>> = [20_261_124, 1, 2, 3]
        .map(|seed| market::daily(seed, 2_520).close.windows(2).map(|c| c[1] / c[0] - 1.0).collect())
        .into();
    histories.push(drawn(1_250, |u| 0.011 - 0.02 * u.powi(6)));
    histories.push(drawn(1_250, |u| 0.03 * u.powi(8) - 0.003));
    histories.push(drawn(24, |u| (u - 0.4) * 0.05));
    histories.push(drawn(5, |u| u - 0.3));
    histories
}

#[test]
fn probabilistic_and_deflated_sharpe_ratios_are_skfolios() {
    if !ready(&["skfolio"]) {
        return;
    }
    const TRIALS: [f64; 8] = [1.0, 1.7, 2.0, 10.0, 46.0, 312.5, 1e4, 1e7];
    const DEVIATIONS: [f64; 3] = [0.01, 0.045, 1.0];
    const BENCHMARKS: [f64; 3] = [0.0, 0.02, -0.01];
    let histories = histories();
    let expected: Vec<[f64; 2]> = TRIALS.iter().flat_map(|n| DEVIATIONS.map(|deviation| [*n, deviation])).collect();
    let theirs = ask("searches.py", &json!({"skfolio": {"expected": expected}}));
    let expected_theirs = numbers(&theirs["skfolio"]["expected"]);
    let expected_ours: Vec<f64> = expected.iter().map(|[n, d]| expected_maximum(*n, *d).unwrap()).collect();

    // The deflated ratio is the probabilistic one against what skfolio itself expects of the trials.
    let mut asked = vec![];
    let (mut plain, mut deflated) = (vec![], vec![]);
    for returns in &histories {
        let sample = sharpe_sample(returns).unwrap();
        for benchmark in BENCHMARKS {
            asked.push(json!({"returns": returns, "benchmark": benchmark}));
            plain.push(probabilistic_sharpe(&sample, benchmark).unwrap());
        }
    }
    for returns in &histories {
        let sample = sharpe_sample(returns).unwrap();
        for ([n, deviation], benchmark) in expected.iter().zip(&expected_theirs) {
            asked.push(json!({"returns": returns, "benchmark": benchmark}));
            deflated.push(deflated_sharpe(&sample, *n, *deviation).unwrap());
        }
    }
    let theirs =
        numbers(&ask("searches.py", &json!({"skfolio": {"probabilistic": asked}}))["skfolio"]["probabilistic"]);
    let (plain_theirs, deflated_theirs) = theirs.split_at(plain.len());
    let mut table = Table::new("skfolio 1.12.2, Sharpe ratios and luck, eight histories");
    table.compare("PSR against three benchmarks", &plain, plain_theirs, 1.0, 1e-12, "");
    table.compare("expected best of 1 to 1e7 trials", &expected_ours, &expected_theirs, 1.0, 1e-9, "");
    table.compare("DSR", &deflated, deflated_theirs, 1.0, 1e-9, "");
    table.finish();
}

#[test]
fn lengths_that_a_record_must_have_are_purgedcvs() {
    if !ready(&["purgedcv"]) {
        return;
    }
    let mut records = vec![];
    for sharpe in [0.03, 0.063, 0.2, 0.5] {
        for benchmark in [0.0, 0.02] {
            for alpha in [0.05, 0.01] {
                for (skew, kurtosis) in [(0.0, 3.0), (-2.448, 10.164), (0.75, 11.95)] {
                    records.push([sharpe, benchmark, alpha, skew, kurtosis]);
                }
            }
        }
    }
    let searches: Vec<(u64, f64)> =
        [1, 2, 10, 45, 1_000, 1_000_000].iter().flat_map(|n| [0.5, 1.0, 2.0].map(|sharpe| (*n, sharpe))).collect();
    let theirs = &ask("searches.py", &json!({"purgedcv": {"track_record": records, "backtest": searches}}))["purgedcv"];
    let ours: Vec<f64> = records
        .iter()
        .map(|[sharpe, benchmark, alpha, skew, kurtosis]| {
            let sample = SharpeSample { observations: 0, sharpe: *sharpe, skew: *skew, kurtosis: *kurtosis };
            // They count whole observations.
            min_track_record(&sample, *benchmark, 1.0 - alpha).unwrap().ceil()
        })
        .collect();
    let mut table = Table::new("purgedcv 0.1.11, lengths");
    table.compare("MinTRL, whole observations", &ours, &numbers(&theirs["track_record"]), 1.0, 0.0, "");
    let years: Vec<f64> = searches.iter().map(|(n, s)| min_backtest_years(*n as f64, *s).unwrap()).collect();
    table.compare("MinBTL, years", &years, &numbers(&theirs["backtest"]), 1.0, 1e-9, "");
    table.finish();
}
