//! Engines, fills and refusals on arbitrary markets.

use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, SweepError, WarmUp, run, sweep};
use proptest::prelude::*;

use crate::{market, strategy};

fn plan<'a>(program: &'a assay_pine::Program, bars: &'a Bars, engine: Engine) -> Sweep<'a> {
    Sweep {
        program,
        bars,
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill: Fill::NextOpen,
        train: 0..bars.len(),
        warm_up: WarmUp::Longest,
        engine,
        threads: 2,
        grid_max: 1_000_000,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn simd_is_the_oracle_on_any_market(seed: u64, bars in 120usize..400, which in 0..9usize) {
        let (head, entry, exit) = [
            ("n = input.int(5, minval=0, maxval=12)\nk = input.float(1, minval=0.5, maxval=2, step=0.5)\n[m, u, l] = ta.bb(close, n, k)", "close < l", "close > m"),
            ("n = input.int(5, minval=2, maxval=30)\nc = ta.highest(high, n)[1]", "close > c", "close < ta.lowest(low, 5)[1]"),
            ("n = input.int(3, minval=1, maxval=9)\nk = input.float(2, minval=1, maxval=3, step=0.25)\n[s, d] = ta.supertrend(k, n)", "d < 0", "d > 0"),
            ("n = input.int(0, minval=-2, maxval=6)", "close > close[nz(n)]", "dayofweek == 6"),
            // Crossings, history of comparisons at three distances, and every comparison of one pair.
            ("n = input.int(3, minval=2, maxval=9)\nm = input.int(9, minval=5, maxval=40, step=5)\na = ta.sma(close, n)\nb = ta.sma(close, m)\nlong = (a > b)[64]\nshort = (a <= b)[1]\nlonger = (a >= b)[70]\nup = ta.crossover(a, b)\ndown = ta.crossunder(b, a)", "up or long and short", "down or a != b and longer"),
            ("n = input.int(3, minval=1, maxval=9)\nk = input.int(0, minval=0, maxval=3)\nx = ta.rsi(close, n)", "(x < 50)[k] and not (x == 100)", "x > 50 ? x[1] <= 60 : na(x[k]) or x >= 100"),
            // Ever since; a truth that is chosen by an input; a scalar that depends on two inputs.
            ("n = input.int(3, minval=2, maxval=9)\nm = input.int(2, minval=2, maxval=9)\nq = input.bool(true)\na = ta.ema(close, n)\nb = ta.sma(close, m)\nsince = ta.barssince(a < b)", "a > b and not na(since) and q", "a < b or (q ? b > a + n * m : close < a)"),
            ("n = input.int(3, minval=2, maxval=9)\nm = input.float(1, minval=0.5, maxval=2, step=0.5)\nsince = ta.barssince(close > open)", "close < ta.sma(close, n) - m * ta.stdev(close, n) and since > n", "close > ta.sma(close, n) + m"),
            ("n = input.int(3, minval=2, maxval=4)", "true", "ta.sma(close, n) < close"),
        ][which];
        let program = strategy(head, entry, exit);
        let bars = market::daily(seed, bars);
        let oracle = sweep(&plan(&program, &bars, Engine::Scalar), &|_, _| true);
        let fast = sweep(&plan(&program, &bars, Engine::Simd), &|_, _| true);
        // NaN in invalid trials is equal to nothing, so compare their text.
        prop_assert_eq!(format!("{oracle:?}"), format!("{fast:?}"));
    }

    #[test]
    fn a_run_is_its_trial_when_both_start_together(seed: u64) {
        let program = strategy("n = input.int(5, minval=5, maxval=5)", "ta.rsi(close, n) < 40", "ta.rsi(close, n) > 60");
        let bars = market::daily(seed, 300);
        let swept = sweep(&plan(&program, &bars, Engine::Simd), &|_, _| true).unwrap();
        let one = run(&program, &[5.0], &bars, Costs { fee: 0.0005, slippage: 0.0002 }, Fill::NextOpen, 0..300).unwrap();
        prop_assert_eq!(one.first_bar, swept.first_bar);
        prop_assert_eq!(one.equity.last().copied(), Some(swept.trials[0].equity));
        prop_assert_eq!(one.trades.len() as u32, swept.trials[0].entries);
    }
}

#[test]
fn next_open_fills_at_the_next_open_and_pays_both_sides() {
    let mut bars = market::daily(9, 64);
    // Gaps, so that open and previous close differ.
    for t in 0..64 {
        bars.open[t] *= 1.01;
    }
    let program = strategy("", "bar_index == 40", "bar_index == 50");
    let (fee, slippage) = (0.001, 0.002);
    let one = run(&program, &[], &bars, Costs { fee, slippage }, Fill::NextOpen, 0..64).unwrap();
    let trade = one.trades[0];
    assert_eq!((trade.entry_bar, trade.exit_bar), (41, Some(51)));
    assert_eq!((trade.entry_price, trade.exit_price), (bars.open[41], bars.open[51]));
    let gain =
        (bars.open[51] * (1.0 - slippage) * (1.0 - fee)) / (bars.open[41] * (1.0 + slippage) * (1.0 + fee)) - 1.0;
    assert!((trade.gain - gain).abs() < 1e-12);
    assert_eq!(one.bars_held, 10);
}

#[test]
fn a_position_still_open_is_marked_at_the_last_close_without_a_fee() {
    let bars = market::daily(9, 64);
    let program = strategy("", "bar_index == 40", "close < 0");
    let one = run(&program, &[], &bars, Costs { fee: 0.001, slippage: 0.0 }, Fill::Close, 0..64).unwrap();
    assert_eq!(one.trades[0].exit_bar, None);
    assert!((one.trades[0].gain - (bars.close[63] / bars.close[40] / 1.001 - 1.0)).abs() < 1e-12);
}

#[test]
fn too_large_a_grid_is_refused_with_its_size_and_what_to_narrow() {
    let head = "a = input.int(5, minval=1, maxval=1000)\nb = input.int(5, minval=1, maxval=1000)\nc = input.int(5, minval=1, maxval=1000)";
    let program = strategy(head, "close > a + b + c", "close < a");
    let bars = market::daily(1, 100);
    let error = sweep(&plan(&program, &bars, Engine::Simd), &|_, _| true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the grid has 1000000000 parameter sets, at most 1000000 are swept: narrow minval and maxval or raise step; a has 1000 values (line 3), b has 1000 values (line 4), c has 1000 values (line 5)"
    );
}

#[test]
fn too_short_a_history_and_a_cancelled_sweep_are_errors() {
    let program =
        strategy("n = input.int(60, minval=60, maxval=60)", "close > ta.sma(close, n)", "close < ta.sma(close, n)");
    let bars = market::daily(1, 100);
    assert_eq!(
        sweep(&plan(&program, &bars, Engine::Simd), &|_, _| true).unwrap_err(),
        SweepError::TooFewBars { have: 100, warm_up: 59, need: 32 }
    );
    let bars = market::daily(1, 400);
    assert_eq!(sweep(&plan(&program, &bars, Engine::Simd), &|_, _| false).unwrap_err(), SweepError::Cancelled);
}

#[test]
fn lengths_below_one_and_longer_than_half_the_bars_are_invalid_trials() {
    let program = strategy(
        "n = input.int(10, minval=-10, maxval=200, step=10)",
        "close > ta.sma(close, n)",
        "close < ta.sma(close, n)",
    );
    let bars = market::daily(1, 200);
    let result = sweep(&plan(&program, &bars, Engine::Simd), &|_, _| true).unwrap();
    let valid: Vec<f64> = (0..22).filter(|i| result.trials[*i].valid).map(|i| program.point(i as u64)[0]).collect();
    assert_eq!((valid[0], valid[valid.len() - 1]), (10.0, 100.0));
    assert_eq!(result.first_bar, 100);
}
