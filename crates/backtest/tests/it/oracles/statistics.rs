//! arch, ffn, statsmodels and empyrical: tests of the whole search, the probability of overfitting, adjusted p-values and plain performance figures.

use assay_backtest::metrics;
use assay_backtest::overfitting::{
    Scale, benjamini_hochberg_yekutieli, block_length, bonferroni, holm, probability_of_overfitting, step_m,
    superior_predictive_ability,
};
use assay_units::{Seed, SplitMix64};
use serde_json::json;

use super::{Table, ask, number, numbers, ready};
use crate::golden_sweeps::{COSTS, sma_cross};
use crate::market;

/// Noise by rows: (u - 0.5) * 0.02, with `edge` added to column 3. Seed 7 with 480 x 8 is the reference's matrix.
pub fn noise(seed: u64, rows: usize, columns: usize, edge: f64) -> Vec<Vec<f64>> {
    let mut words = SplitMix64::new(Seed(seed));
    let mut entry = |c: usize| (words.next_unit() - 0.5) * 0.02 + if c == 3 { edge } else { 0.0 };
    (0..rows).map(|_| (0..columns).map(&mut entry).collect()).collect()
}

#[test]
fn tests_of_the_whole_search_are_archs() {
    if !ready(&["arch"]) {
        return;
    }
    const DRAWS: u32 = 2_000;
    const BLOCK: f64 = 10.0;
    const LEVEL: f64 = 0.05;
    let cases = [(7, 480, 8, 0.0), (7, 480, 8, 0.0015), (11, 500, 20, 0.0007), (12, 1_000, 40, 0.0)]
        .map(|(seed, rows, columns, edge)| noise(seed, rows, columns, edge));
    let asked = cases.each_ref().map(|matrix| {
        json!({"matrix": matrix, "block": BLOCK as u32, "reps": DRAWS, "seed": 1, "size": LEVEL, "studentize": true})
    });
    let theirs = ask("searches.py", &json!({"arch": asked}));
    let mut table = Table::new("arch 8.0.0, SPA and StepM by 2,000 bootstraps of each side's own seed, block lengths");
    for (matrix, theirs) in cases.iter().zip(theirs["arch"].as_array().unwrap()) {
        let columns: Vec<Vec<f64>> = (0..matrix[0].len()).map(|c| matrix.iter().map(|row| row[c]).collect()).collect();
        let spa = superior_predictive_ability(&columns, Scale::Plain, BLOCK, DRAWS, Seed(2)).unwrap();
        for (name, ours, key) in [
            ("SPA p, lower", spa.lower, "lower"),
            ("SPA p, consistent", spa.consistent, "consistent"),
            ("SPA p, upper", spa.upper, "upper"),
        ] {
            // Two shares of 2,000: their difference has a deviation of 0.016 at most.
            table.compare(name, &[ours], &[number(&theirs[key])], 1.0, 0.05, "chance on both sides");
        }
        let named: Vec<f64> = step_m(&columns, BLOCK, LEVEL, DRAWS, Seed(3)).iter().map(|c| *c as f64).collect();
        let superior = numbers(&theirs["superior"]);
        let apart = if named == superior { 0.0 } else { 1.0 };
        table.row("StepM, rules named", named.len().max(1), apart, 0.0, "");
        let lengths: Vec<_> = columns.iter().map(|c| block_length(c).unwrap()).collect();
        let stationary: Vec<f64> = lengths.iter().map(|l| l.stationary).collect();
        let circular: Vec<f64> = lengths.iter().map(|l| l.circular).collect();
        table.compare("block length, stationary", &stationary, &numbers(&theirs["block_stationary"]), 1.0, 1e-9, "");
        table.compare("block length, circular", &circular, &numbers(&theirs["block_circular"]), 1.0, 1e-9, "");
    }
    table.finish();
}

#[test]
fn the_probability_of_overfitting_is_ffns() {
    if !ready(&["ffn"]) {
        return;
    }
    let mut table = Table::new("ffn 1.4.1, probability of back-test overfitting");
    let cases: Vec<_> = [(7, 480, 8, 0.0), (7, 480, 8, 0.0015), (11, 500, 20, 0.0), (12, 333, 5, 0.0005)]
        .into_iter()
        .flat_map(|(seed, rows, columns, edge)| [4, 6, 8, 10].map(|blocks| (noise(seed, rows, columns, edge), blocks)))
        .collect();
    let asked: Vec<_> = cases.iter().map(|(matrix, blocks)| json!({"matrix": matrix, "blocks": blocks})).collect();
    let theirs = numbers(&ask("searches.py", &json!({"ffn": asked}))["ffn"]);
    let ours: Vec<f64> = cases
        .iter()
        .map(|(matrix, blocks)| {
            // ffn leaves out the rows that do not fill a block.
            let rows = matrix.len() / blocks;
            let moments = |column: usize, block: usize| {
                matrix[block * rows..(block + 1) * rows]
                    .iter()
                    .fold((0.0, 0.0), |(s, q), row| (s + row[column], q + row[column] * row[column]))
            };
            probability_of_overfitting(&vec![rows as u32; *blocks], matrix[0].len(), moments).unwrap().pbo
        })
        .collect();
    table.compare("PBO, 16 matrices and block counts", &ours, &theirs, 1.0, 1e-12, "");
    table.finish();
}

#[test]
fn adjusted_p_values_are_statsmodels() {
    if !ready(&["statsmodels"]) {
        return;
    }
    let mut words = SplitMix64::new(Seed(3));
    let mut families = vec![vec![0.005, 0.009, 0.0128, 0.0135, 0.045, 0.06]];
    for n in [1, 2, 10, 100, 1_000] {
        // Cubes crowd towards zero, where adjusting matters.
        families.push((0..n).map(|_| words.next_unit().powi(3)).collect::<Vec<f64>>());
    }
    let theirs = ask("searches.py", &json!({"statsmodels": families}));
    let mut table = Table::new("statsmodels 0.15.0, adjusted p-values, six families");
    for (p, theirs) in families.iter().zip(theirs["statsmodels"].as_array().unwrap()) {
        for (name, key, ours) in [
            ("Bonferroni", "bonferroni", bonferroni(p)),
            ("Holm", "holm", holm(p)),
            ("Benjamini, Hochberg and Yekutieli", "fdr_by", benjamini_hochberg_yekutieli(p)),
        ] {
            table.compare(name, &ours, &numbers(&theirs[key]), 1e-300, 1e-12, "");
        }
    }
    table.finish();
}

#[test]
fn performance_figures_are_empyricals() {
    if !ready(&["empyrical"]) {
        return;
    }
    let mut cases = vec![];
    for seed in [20_261_124, 1, 2, 3, 5, 8] {
        let bars = market::daily(seed, 2_520);
        let buy_and_hold: Vec<f64> = bars.close.windows(2).map(|c| c[1] / c[0] - 1.0).collect();
        cases.push((buy_and_hold, 252.0));
        let program = sma_cross();
        let run =
            assay_backtest::run(&program, &[10.0, 50.0], &bars, COSTS, assay_backtest::Fill::Close, 0..bars.len());
        cases.push((run.unwrap().returns, 365.0));
    }
    let asked: Vec<_> = cases.iter().map(|(returns, k)| json!({"returns": returns, "periods": k})).collect();
    let theirs = ask("searches.py", &json!({"empyrical": asked}));
    let mut table = Table::new("empyrical 0.7.1, performance figures, buy-and-hold and SMA 10/50 on six markets");
    for ((returns, k), theirs) in cases.iter().zip(theirs["empyrical"].as_array().unwrap()) {
        let mut equity = 1.0;
        let equity: Vec<f64> = returns
            .iter()
            .map(|r| {
                equity *= 1.0 + r;
                equity
            })
            .collect();
        let ours = metrics(returns, &equity, *k);
        for (name, key, value) in [
            ("total return", "total_return", Some(ours.total_return)),
            ("CAGR", "cagr", ours.cagr),
            ("volatility", "volatility", ours.volatility),
            ("Sharpe ratio", "sharpe", ours.sharpe),
            ("Sortino ratio", "sortino", ours.sortino),
            ("max drawdown", "max_drawdown", Some(ours.max_drawdown)),
            ("Calmar ratio", "calmar", ours.calmar),
        ] {
            table.compare(name, &[value.unwrap_or(f64::NAN)], &[number(&theirs[key])], 1.0, 1e-11, "relative above 1");
        }
    }
    table.finish();
}
