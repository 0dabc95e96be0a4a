//! The screen against the processor's sweep, point by point.

use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, WarmUp, sweep};
use assay_gpu::{Device, GpuError, Precision, Wanted, screen};
use assay_pine::Program;
use assay_units::{Seed, SplitMix64};
use assay_world::RealClock;

pub fn device(test: &str, single: bool) -> Option<Device> {
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
pub fn market(seed: u64, bars: usize) -> Bars {
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

pub fn script(head: &str, entry: &str, exit: &str) -> Program {
    let text = format!(
        "//@version=6\nstrategy(\"t\")\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
    );
    assay_pine::compile(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

pub fn plan<'a>(program: &'a Program, bars: &'a Bars, fill: Fill) -> Sweep<'a> {
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
pub fn programs() -> Vec<Program> {
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
            let (screened, report) = screen(&device, &plan, &RealClock, &|_, _| true).unwrap();
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

/// On the verdict's terms: where the screen is sure its trades are exact, and no exact ratio is above its ceiling.
#[test]
fn what_the_screen_is_sure_of_is_so_in_f32_and_in_f64() {
    const TEST: &str = "what_the_screen_is_sure_of_is_so_in_f32_and_in_f64";
    for (i, program) in programs().iter().enumerate() {
        // The second market has prices in whole steps, where equal averages are common.
        for whole in [false, true] {
            let mut bars = market(100 + i as u64, 2_520);
            if whole {
                let prices = [&mut bars.open, &mut bars.high, &mut bars.low, &mut bars.close];
                prices.into_iter().flatten().for_each(|price| *price = (*price * 4.0).round() / 4.0);
            }
            let plan = plan(program, &bars, Fill::NextOpen);
            let exact = sweep(&plan, &|_, _| true).unwrap();
            let mut ceilings = vec![];
            for single in [true, false] {
                let Some(device) = device(TEST, single) else { return };
                let (screened, _) = screen(&device, &plan, &RealClock, &|_, _| true).unwrap();
                let (mut unsure, mut valid) = (0, 0);
                for (point, (s, t)) in screened.iter().zip(&exact.trials).enumerate() {
                    let told = format!("program {i}, point {point}, single {single}, whole {whole}: {s:?} {t:?}");
                    assert_eq!(s.valid, t.valid, "{told}");
                    if !t.valid {
                        continue;
                    }
                    valid += 1;
                    if !s.sure {
                        unsure += 1;
                        assert_eq!(s.ceiling, f64::INFINITY, "{told}");
                        continue;
                    }
                    assert_eq!((s.entries, s.exits), (t.entries, t.exits), "{told}");
                    let near = |a: f64, b: f64, by: f64| (a / b - 1.0).abs() < by;
                    assert!(near(s.equity, t.equity, if single { 1e-4 } else { 1e-9 }), "{told}");
                    match t.sharpe() {
                        exact if exact.is_nan() => assert!(t.entries > 0 || s.ceiling == f64::NEG_INFINITY, "{told}"),
                        exact => assert!(exact <= s.ceiling && s.ceiling < exact + 1e-6, "{told}"),
                    }
                }
                // Ties of what the kernel itself computes are rare on prices that are no whole steps.
                assert!(whole || unsure * 10 <= valid, "program {i}, single {single}: {unsure} of {valid} are unsure");
                ceilings.push(screened);
            }
            // Books in whole numbers: no device gives other sums.
            for (single, double) in ceilings[0].iter().zip(&ceilings[1]).filter(|(a, b)| a.valid && a.sure && b.sure) {
                assert_eq!(single.ceiling, double.ceiling);
            }
        }
    }
}

#[test]
fn a_screen_can_be_cancelled_and_refuses_what_the_sweep_refuses() {
    let Some(device) = device("a_screen_can_be_cancelled_and_refuses_what_the_sweep_refuses", false) else { return };
    let program = &programs()[0];
    let bars = market(3, 700);
    let cancelled = screen(&device, &plan(program, &bars, Fill::Close), &RealClock, &|_, _| false).unwrap_err();
    assert!(matches!(cancelled, GpuError::Sweep(assay_backtest::SweepError::Cancelled)), "{cancelled}");
    let short = market(3, 40);
    let refused = screen(&device, &plan(program, &short, Fill::Close), &RealClock, &|_, _| true).unwrap_err();
    assert!(matches!(refused, GpuError::Sweep(assay_backtest::SweepError::TooFewBars { .. })), "{refused}");
}
