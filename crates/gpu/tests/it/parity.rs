//! The screen against the processor's sweep, point by point.

use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, WarmUp, sweep};
use assay_gpu::{Device, GpuError, Precision, Wanted, screen};
use assay_pine::Program;
use assay_units::{Seed, SplitMix64};

fn device(test: &str, single: bool) -> Option<Device> {
    match Device::open(Wanted { software: true, single }) {
        Ok(device) => Some(device),
        Err(GpuError::NoDevice { .. }) => {
            eprintln!("NOT RUN: {test}: no Vulkan driver; scripts/lavapipe installs one");
            None
        }
        Err(other) => panic!("{other}"),
    }
}

/// A seeded walk with a little of everything: gaps, ranges, volume.
fn market(seed: u64, bars: usize) -> Bars {
    let mut draw = SplitMix64::new(Seed(seed));
    let mut market = Bars::default();
    let mut before = 100.0;
    for day in 0..bars as i64 {
        let u: [f64; 4] = std::array::from_fn(|_| draw.next_unit());
        let open = before * (1.0 + 0.004 * (u[3] - 0.5));
        let close = open * (1.0 + 0.03 * (u[0] + u[1] - 1.0) + 0.0003);
        market.time.push(1_420_070_400_000 + day * 86_400_000);
        market.open.push(open);
        market.high.push(open.max(close) * (1.0 + 0.01 * u[2]));
        market.low.push(open.min(close) * (1.0 - 0.01 * u[3]));
        market.close.push(close);
        market.volume.push((1e6 * u[2]).floor());
        before = close;
    }
    market
}

fn script(head: &str, entry: &str, exit: &str) -> Program {
    let text = format!(
        "//@version=6\nstrategy(\"t\")\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
    );
    assay_pine::compile(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn plan<'a>(program: &'a Program, bars: &'a Bars, fill: Fill) -> Sweep<'a> {
    Sweep {
        program,
        bars,
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill,
        train: 0..bars.len(),
        warm_up: WarmUp::Longest,
        engine: Engine::Simd,
        threads: 2,
        grid_max: 1_000_000,
    }
}

/// Kernels of every shape: compared columns, columns of signals, arithmetic, history, `na`, choices, parameters alone.
fn programs() -> Vec<Program> {
    [
        ("f = input.int(5, minval=2, maxval=21)\ns = input.int(30, minval=10, maxval=60, step=2)", "ta.sma(close, f) > ta.sma(close, s)", "ta.sma(close, f) < ta.sma(close, s)"),
        ("n = input.int(5, minval=2, maxval=12)\nlo = input.int(30, minval=20, maxval=40, step=5)\nhi = input.int(60, minval=50, maxval=80, step=5)", "ta.rsi(close, n) < lo", "ta.rsi(close, n) > hi"),
        ("f = input.int(5, minval=2, maxval=21)\ns = input.int(30, minval=10, maxval=60, step=2)\nk = input.float(0.5, minval=0, maxval=1, step=0.25)", "ta.crossover(ta.ema(close, f) * (1 + k / 100), ta.ema(close, s))", "ta.crossunder(ta.ema(close, f), ta.ema(close, s) - k)"),
        ("n = input.int(5, minval=2, maxval=15)\nm = input.int(9, minval=3, maxval=15)\nr = ta.roc(close, m)\nbefore = r[1]\nmissing = na(ta.stoch(close, high, low, n) + ta.valuewhen(close > open, high, m))\nmoved = ta.change(close, n)\nfarther = ta.change(close, m)", "ta.roc(close, n) / (r - before) > 0.1 or missing", "(bar_index % 7 == 0 ? math.max(moved, farther) : -moved) < 0"),
        ("n = input.int(0, minval=-2, maxval=6)\nk = input.int(2, minval=1, maxval=5)\nover = close > close[nz(n)]", "n > k or over", "dayofweek == k"),
    ]
    .map(|(head, entry, exit)| script(head, entry, exit))
    .into()
}

#[test]
fn in_f64_the_screen_is_the_sweep() {
    let Some(device) = device("in_f64_the_screen_is_the_sweep", false) else { return };
    if device.info().precision != Precision::Double {
        eprintln!("NOT RUN: in_f64_the_screen_is_the_sweep: {} has no f64", device.info().name);
        return;
    }
    for (i, program) in programs().iter().enumerate() {
        for (bars, fill) in [(700, Fill::NextOpen), (9_001, Fill::Close)] {
            let bars = market(i as u64, bars);
            let plan = plan(program, &bars, fill);
            let exact = sweep(&plan, &|_, _| true).unwrap();
            let (screened, report) = screen(&device, &plan, &|_, _| true).unwrap();
            assert_eq!(screened.len(), exact.trials.len());
            assert_eq!((report.batches, report.halved), (1, 0));
            for (point, (s, t)) in screened.iter().zip(&exact.trials).enumerate() {
                assert_eq!(s.valid, t.valid, "program {i}, point {point}");
                if !t.valid {
                    continue;
                }
                assert_eq!((s.entries, s.exits), (t.entries, t.exits), "program {i}, point {point}");
                let close = |a: f64, b: f64| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs().max(1.0);
                assert!(close(s.equity, t.equity), "program {i}, point {point}: {} {}", s.equity, t.equity);
                assert!(close(s.sharpe, t.sharpe()), "program {i}, point {point}: {} {}", s.sharpe, t.sharpe());
                assert!(close(s.max_drawdown, t.max_drawdown), "program {i}, point {point}");
            }
        }
    }
}

#[test]
fn in_f32_almost_every_point_is_close_and_the_best_is_among_the_first() {
    let Some(device) = device("in_f32_almost_every_point_is_close_and_the_best_is_among_the_first", true) else {
        return;
    };
    assert_eq!(device.info().precision, Precision::Single);
    for (i, program) in programs().iter().enumerate() {
        let bars = market(100 + i as u64, 2_520);
        let plan = plan(program, &bars, Fill::NextOpen);
        let exact = sweep(&plan, &|_, _| true).unwrap();
        let (screened, _) = screen(&device, &plan, &|_, _| true).unwrap();
        let differs = |(s, t): &(&assay_gpu::Screened, &assay_backtest::Trial)| {
            t.valid && (s.entries != t.entries || (s.equity / t.equity - 1.0).abs() > 1e-4)
        };
        let different = screened.iter().zip(&exact.trials).filter(differs).count();
        assert!(different * 100 <= screened.len(), "program {i}: {different} of {} differ", screened.len());
        let best = |sharpe: &dyn Fn(usize) -> f64| {
            let mut order: Vec<usize> =
                (0..screened.len()).filter(|p| !sharpe(*p).is_nan() && screened[*p].valid).collect();
            order.sort_by(|a, b| sharpe(*b).total_cmp(&sharpe(*a)).then(a.cmp(b)));
            order
        };
        let truly = best(&|p| exact.trials[p].sharpe());
        let by_screen = best(&|p| screened[p].sharpe);
        let first: Vec<f64> = by_screen.iter().take(16).map(|p| exact.trials[*p].sharpe()).collect();
        assert!(first.contains(&exact.trials[truly[0]].sharpe()), "program {i}: the best is not among the first 16");
    }
}

#[test]
fn a_screen_can_be_cancelled_and_refuses_what_the_sweep_refuses() {
    let Some(device) = device("a_screen_can_be_cancelled_and_refuses_what_the_sweep_refuses", false) else { return };
    let program = &programs()[0];
    let bars = market(3, 700);
    let cancelled = screen(&device, &plan(program, &bars, Fill::Close), &|_, _| false).unwrap_err();
    assert!(matches!(cancelled, GpuError::Sweep(assay_backtest::SweepError::Cancelled)), "{cancelled}");
    let short = market(3, 40);
    let refused = screen(&device, &plan(program, &short, Fill::Close), &|_, _| true).unwrap_err();
    assert!(matches!(refused, GpuError::Sweep(assay_backtest::SweepError::TooFewBars { .. })), "{refused}");
}
