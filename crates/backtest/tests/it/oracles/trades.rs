//! backtesting: which bars are bought and sold, and at what price, for SMA crosses filled at the next open and at the close.

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::{Costs, Fill, run};
use serde_json::json;

use super::{Table, ask, columns, house, numbers, ready};
use crate::market;
use crate::strategy;

const COSTS: Costs = Costs { fee: 0.001, slippage: 0.0 };

#[test]
fn crosses_buy_and_sell_where_backtesting_does() {
    if !ready(&["backtesting"]) {
        return;
    }
    let points = [(10, 20), (5, 30), (20, 100)];
    let fills = [(Fill::NextOpen, false), (Fill::Close, true)];
    let mut table = Table::new("backtesting 0.6.6, SMA crosses, long only, trade by trade");
    for seed in [20_261_124, 1] {
        let bars = market::daily(seed, 2_520);
        let wanted = points.iter().flat_map(|(fast, slow)| fills.map(|(_, on_close)| (fast, slow, on_close)));
        let cases: Vec<_> = wanted
            .map(|(fast, slow, on_close)| json!({"fast": fast, "slow": slow, "on_close": on_close, "fee": COSTS.fee}))
            .collect();
        let answer = ask("trades.py", &json!({"bars": columns(&bars), "cases": cases}));
        let mut theirs = answer["cases"].as_array().unwrap().iter();
        for (fast, slow) in points {
            let head = format!("a = ta.sma(close, {fast})\nb = ta.sma(close, {slow})");
            let program = strategy(&head, "ta.crossover(a, b)", "ta.crossunder(a, b)");
            for (fill, _) in fills {
                let theirs = theirs.next().unwrap();
                let ours = run(&program, &program.defaults(), &bars, COSTS, fill, 0..bars.len()).unwrap();
                let closed: Vec<_> = ours.trades.iter().filter(|t| t.exit_bar.is_some()).collect();
                let how = fill.as_str();
                let mut compare = |what: &str, key: &str, allowed: f64, ours: Vec<f64>| {
                    table.compare(&format!("{how}: {what}"), &ours, &numbers(&theirs[key]), 1.0, allowed, "");
                };
                compare("entry bar", "entry_bar", 0.0, closed.iter().map(|t| t.entry_bar as f64).collect());
                compare("exit bar", "exit_bar", 0.0, closed.iter().map(|t| t.exit_bar.unwrap() as f64).collect());
                compare("entry price", "entry_price", 1e-12, closed.iter().map(|t| t.entry_price).collect());
                compare("exit price", "exit_price", 1e-12, closed.iter().map(|t| t.exit_price).collect());
            }
        }
    }
    table.finish();
}

#[test]
fn stops_and_targets_sell_where_backtesting_sells() {
    if !ready(&["backtesting"]) {
        return;
    }
    let legs = [(0.02, 0.03), (0.01, 0.05), (0.04, 0.01)];
    let mut table =
        Table::new("backtesting 0.6.6, SMA 10/20 with stop and target, filled at the next open, trade by trade");
    for seed in [20_261_124, 1] {
        let bars = market::daily(seed, 2_520);
        let cases: Vec<_> = legs
            .iter()
            .map(|(stop, target)| json!({"fast": 10, "slow": 20, "on_close": false, "fee": 0.0, "stop": stop, "target": target}))
            .collect();
        let answer = ask("trades.py", &json!({"bars": columns(&bars), "cases": cases}));
        for ((stop, target), theirs) in legs.iter().zip(answer["cases"].as_array().unwrap()) {
            let text = format!(
                "//@version=6\nstrategy(\"T\")\na = ta.sma(close, 10)\nb = ta.sma(close, 20)\nif ta.crossover(a, b)\n    strategy.entry(\"L\", strategy.long)\n    strategy.exit(\"X\", \"L\", stop=close * (1 - {stop}), limit=close * (1 + {target}))\nif ta.crossunder(a, b)\n    strategy.close(\"L\")\n"
            );
            let script = assay_pine::check(&text).unwrap();
            let house = house(Fill::NextOpen, Intrabar::Pessimistic);
            let closed = interpret(&script, &[], &bars, house, 0..bars.len()).unwrap().closed;
            let mut compare = |what: &str, key: &str, allowed: f64, ours: Vec<f64>| {
                table.compare(what, &ours, &numbers(&theirs[key]), 1.0, allowed, "");
            };
            compare("entry bar", "entry_bar", 0.0, closed.iter().map(|t| t.entry_bar as f64).collect());
            compare("exit bar", "exit_bar", 0.0, closed.iter().map(|t| t.exit_bar as f64).collect());
            compare("entry price", "entry_price", 1e-12, closed.iter().map(|t| t.entry_price).collect());
            compare("exit price", "exit_price", 1e-12, closed.iter().map(|t| t.exit_price).collect());
        }
    }
    table.finish();
}
