//! vectorbt: all 10,000 points of the SMA grid and of the RSI grid on the golden market, final equity, Sharpe ratio, deepest
//! drawdown and orders.

use assay_backtest::{Engine, SweepResult};
use serde_json::{Value, json};

use super::{Table, ask, columns, number, numbers, ready};
use crate::golden_sweeps::{COSTS, rsi_bands, sma_cross, swept};
use crate::market;

/// Compares one grid. Points whose averages tie to the last bit may trade differently; they are counted, named and left out.
fn compare(table: &mut Table, name: &str, ours: &SweepResult, theirs: &Value, ties_allowed: usize) {
    let orders = numbers(&theirs["orders"]);
    let same: Vec<usize> = (0..ours.trials.len())
        .filter(|i| f64::from(ours.trials[*i].entries + ours.trials[*i].exits) == orders[*i])
        .collect();
    let ties = ours.trials.len() - same.len();
    table.row(
        &format!("{name}: sets with other orders"),
        ours.trials.len(),
        ties as f64,
        ties_allowed as f64,
        "ties to the last bit",
    );
    let at = |key: &str| {
        let all = theirs[key].as_array().unwrap();
        same.iter().map(|i| number(&all[*i])).collect::<Vec<_>>()
    };
    let trials = || same.iter().map(|i| &ours.trials[*i]);
    let equity: Vec<f64> = trials().map(|t| t.equity * 100.0).collect();
    table.compare(&format!("{name}: final equity"), &equity, &at("equity"), 1e-300, 1e-12, "");
    let sharpe: Vec<f64> = trials().map(|t| t.sharpe() * 365f64.sqrt()).collect();
    table.compare(
        &format!("{name}: Sharpe ratio"),
        &sharpe,
        &at("sharpe"),
        1.0,
        1e-12,
        "relative above 1; sets that never trade have none here, infinity there",
    );
    let drawdown: Vec<f64> = trials().map(|t| t.max_drawdown).collect();
    table.compare(&format!("{name}: max drawdown"), &drawdown, &at("drawdown"), 1e-300, 1e-12, "");
}

#[test]
fn both_grids_are_vectorbts_at_every_point() {
    if !ready(&["vectorbt"]) {
        return;
    }
    let bars = market::golden();
    let theirs = ask("grids.py", &json!({"bars": columns(&bars), "fee": COSTS.fee}));
    let mut table = Table::new("vectorbt 1.2.0 (numba), 2 x 10,000 sets x 2,520 bars");
    compare(&mut table, "SMA", &swept(&sma_cross(), &bars, Engine::Simd, 2), &theirs["sma"], 1);
    compare(&mut table, "RSI", &swept(&rsi_bands(), &bars, Engine::Simd, 2), &theirs["rsi"], 0);
    table.finish();
}
