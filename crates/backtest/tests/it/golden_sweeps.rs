//! vectorbt's figures on the golden market: all 10,000 points of two grids. Fill at close, 0.1 % a side, 365 bars a year.

use assay_backtest::{BLOCKS, Bars, Costs, Engine, Fill, Sweep, SweepResult, WarmUp, run, sweep};
use assay_pine::Program;

use crate::{market, strategy};

pub const COSTS: Costs = Costs { fee: 0.001, slippage: 0.0 };

/// vectorbt enters at the first bar above after one below; equality keeps the state.
pub fn sma_cross() -> Program {
    strategy(
        "fast = input.int(10, minval=2, maxval=101)\nslow = input.int(50, minval=10, maxval=208, step=2)\na = ta.sma(close, fast)\nb = ta.sma(close, slow)\nseen = not na(ta.barssince(a < b))",
        "a > b and seen",
        "a < b",
    )
}

pub fn rsi_bands() -> Program {
    strategy(
        "n = input.int(14, minval=2, maxval=26)\nlower = input.int(30, minval=10, maxval=48, step=2)\nupper = input.int(70, minval=52, maxval=90, step=2)\nr = ta.rsi(close, n)",
        "r < lower",
        "r > upper",
    )
}

pub fn swept(program: &Program, bars: &Bars, engine: Engine, threads: usize) -> SweepResult {
    let plan = Sweep {
        program,
        bars,
        costs: COSTS,
        fill: Fill::Close,
        train: 0..bars.len(),
        warm_up: WarmUp::Own,
        engine,
        threads,
        grid_max: 10_000,
    };
    sweep(&plan, &|_, _| true).unwrap()
}

fn index(program: &Program, wanted: &[f64]) -> usize {
    (0..10_000).find(|i| program.point(*i) == wanted).unwrap() as usize
}

/// Final equity of 100, annual Sharpe ratio, deepest drawdown.
fn check(program: &Program, result: &SweepResult, values: &[f64], golden: (f64, f64, f64)) {
    let trial = &result.trials[index(program, values)];
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{values:?}: {a} {b}");
    near(trial.equity * 100.0, golden.0);
    near(trial.sharpe() * 365f64.sqrt(), golden.1);
    near(trial.max_drawdown, golden.2);
}

#[test]
fn the_sma_grid_is_vectorbts() {
    let (program, bars) = (sma_cross(), market::golden());
    let result = swept(&program, &bars, Engine::Simd, 2);
    for (fast, slow, equity, sharpe, drawdown) in [
        (10.0, 50.0, 161.49698797553268, 0.4986881501208035, -0.379900388914293),
        (14.0, 22.0, 246.00800035874704, 0.846314998821567, -0.2076970457603996),
        (20.0, 100.0, 154.28776422708702, 0.4562688336593304, -0.44383162770690865),
        (50.0, 200.0, 162.26007836566603, 0.4847758813406875, -0.35776574563999186),
        (5.0, 20.0, 105.54945929535833, 0.13178537886952912, -0.5409153480347642),
    ] {
        check(&program, &result, &[fast, slow], (equity, sharpe, drawdown));
    }
    let equity: Vec<f64> = result.trials.iter().map(|t| t.equity * 100.0).collect();
    let mean = equity.iter().sum::<f64>() / 10_000.0;
    assert!((mean / 159.10988585454385 - 1.0).abs() < 1e-6, "{mean}");
    assert!((equity.iter().copied().fold(f64::MAX, f64::min) / 71.71560437242954 - 1.0).abs() < 1e-12);
    let best = equity.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert_eq!(program.point(best.0 as u64), [14.0, 22.0]);
    // vectorbt's own two engines differ on 9/12, where the averages tie to the last bit.
    let orders: u64 = result.trials.iter().map(|t| u64::from(t.entries + t.exits)).sum();
    let closed: u64 = result.trials.iter().map(|t| u64::from(t.exits)).sum();
    assert!(orders.abs_diff(382_734) <= 2 && closed.abs_diff(187_449) <= 1, "{orders} {closed}");
}

#[test]
fn the_rsi_grid_is_vectorbts() {
    let (program, bars) = (rsi_bands(), market::golden());
    let result = swept(&program, &bars, Engine::Simd, 2);
    check(&program, &result, &[14.0, 30.0, 70.0], (111.44100210963201, 0.18085659033246837, -0.3131626931556535));
    check(&program, &result, &[2.0, 10.0, 90.0], (127.67392043524478, 0.30546413597985006, -0.3172121800770127));
    check(&program, &result, &[10.0, 48.0, 84.0], (303.345894712196, 0.8158457765798958, -0.3659655759836645));
    let equity: Vec<f64> = result.trials.iter().map(|t| t.equity * 100.0).collect();
    assert!((equity.iter().sum::<f64>() / 10_000.0 / 148.66768188838714 - 1.0).abs() < 1e-12);
    assert!((equity.iter().copied().fold(f64::MAX, f64::min) / 83.608078398704 - 1.0).abs() < 1e-12);
    let orders: u64 = result.trials.iter().map(|t| u64::from(t.entries + t.exits)).sum();
    assert_eq!(orders, 529_826);
}

#[test]
fn the_engines_agree_to_the_bit_on_any_number_of_threads() {
    let bars = market::golden();
    for program in [sma_cross(), rsi_bands()] {
        let oracle = swept(&program, &bars, Engine::Scalar, 1);
        for threads in [1, 2, 3] {
            assert!(oracle == swept(&program, &bars, Engine::Simd, threads), "{threads} threads");
        }
        assert_eq!(oracle.block_bars.len(), BLOCKS);
        assert_eq!(oracle.block_bars.iter().sum::<u32>() as usize, bars.len() - oracle.first_bar);
    }
}

#[test]
fn a_run_and_its_trial_tell_the_same_story() {
    let (program, bars) = (sma_cross(), market::golden());
    let result = swept(&program, &bars, Engine::Simd, 1);
    for point in [0u64, 812, 4_321, 9_999] {
        let values = program.point(point);
        let one = run(&program, &values, &bars, COSTS, Fill::Close, 0..bars.len()).unwrap();
        let trial = &result.trials[point as usize];
        assert_eq!(*one.equity.last().unwrap(), trial.equity, "{values:?}");
        assert_eq!(one.trades.len() as u32, trial.entries);
        assert_eq!(one.trades.iter().filter(|t| t.exit_bar.is_some()).count() as u32, trial.exits);
        let product: f64 = one.trades.iter().map(|t| 1.0 + t.gain).product();
        assert!((product / trial.equity - 1.0).abs() < 1e-12);
    }
}
