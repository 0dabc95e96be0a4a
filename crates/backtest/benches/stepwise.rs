//! How fast the stepwise path is: one JSON line a case, by process CPU time.
//!
//! `cargo bench -p assay-backtest --bench stepwise -- CASE... [--repeat N] [--threads N] [--date TEXT] [--plain]`; cases are
//! listed by `--list`. `atr` and its kin are 10,000 parameter sets on 2,520 daily bars; `stops` enters by stop orders,
//! `pyramid` in several parts; `--plain` takes the plain executor on the same work, `oracle` is that of `atr`; `compile` is
//! the time from the text of a 60-line strategy to its first result.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(missing_docs, reason = "a program")]

use std::time::Instant;

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::{House, StepSweep, run_steps, sweep_steps};
use assay_backtest::{Bars, Costs, Engine, Fill, WarmUp};
use assay_pine::{StepProgram, compile_steps};
use rustix::time::{ClockId, clock_gettime};

#[path = "../tests/it/market.rs"]
mod market;

const CASES: [&str; 8] = ["atr", "both", "lengths", "minute", "stops", "pyramid", "oracle", "compile"];

/// Breakout entry, stop and target in ATR frozen at the entry, trailing stop in ticks of ATR.
fn atr(inputs: [&str; 5]) -> StepProgram {
    let [length, atr, stop, target, trail] = inputs;
    program(&format!(
        r#"//@version=6
strategy("ATR bracket")
n = input.int(20, {length})
m = input.int(13, {atr})
k = input.float(2.0, {stop})
r = input.float(3.0, {target})
d = input.float(2.0, {trail})
a = ta.atr(m)
var float stop = na
var float target = na
var float ticks = na
if close > ta.highest(high, n)[1] and strategy.position_size == 0
    strategy.entry("L", strategy.long)
    stop := close - k * a
    target := close + r * a
    ticks := d * a / syminfo.mintick
if strategy.position_size > 0
    strategy.exit("X", "L", stop=stop, limit=target, trail_points=ticks, trail_offset=ticks)
"#
    ))
}

/// The grid of 10,000 that differs in lengths and in factors.
fn ten_thousand() -> StepProgram {
    atr([
        "minval=5, maxval=50, step=5",
        "minval=5, maxval=23, step=2",
        "minval=1.0, maxval=5.5, step=0.5",
        "minval=1.0, maxval=5.0, step=1.0",
        "minval=2.0, maxval=3.0, step=1.0",
    ])
}

/// As many sets, nearly all of which differ in lengths: every lane reads columns of its own.
fn lengths() -> StepProgram {
    atr([
        "minval=5, maxval=104",
        "minval=5, maxval=104",
        "minval=2.0, maxval=2.0",
        "minval=3.0, maxval=3.0",
        "minval=2.0, maxval=2.0",
    ])
}

/// Long and short, reversing, with stop and target from the average price.
fn both() -> StepProgram {
    program(
        r#"//@version=6
strategy("Both sides")
n = input.int(20, minval=5, maxval=50, step=5)
m = input.int(60, minval=60, maxval=105, step=5)
k = input.float(2.0, minval=1.0, maxval=10.0, step=1.0)
r = input.float(4.0, minval=1.0, maxval=10.0, step=1.0)
fast = ta.ema(close, n)
slow = ta.ema(close, m)
if ta.crossover(fast, slow)
    strategy.entry("L", strategy.long)
if ta.crossunder(fast, slow)
    strategy.entry("S", strategy.short)
p = strategy.position_avg_price
strategy.exit("XL", "L", stop=p * (1 - k / 100), limit=p * (1 + r / 100))
strategy.exit("XS", "S", stop=p * (1 + k / 100), limit=p * (1 - r / 100))
"#,
    )
}

/// Entries by stop at the channel, given again on every bar while flat and taken back otherwise; the exit's stop follows.
fn stops() -> StepProgram {
    program(
        r#"//@version=6
strategy("Channel by stop orders")
n = input.int(20, minval=5, maxval=50, step=5)
m = input.int(11, minval=5, maxval=23, step=2)
k = input.float(2.0, minval=1.0, maxval=5.5, step=0.5)
r = input.float(3.0, minval=1.0, maxval=10.0, step=1.0)
a = ta.atr(m)
top = ta.highest(high, n)
bottom = ta.lowest(low, n)
if strategy.position_size == 0
    strategy.entry("L", strategy.long, stop=top + k * syminfo.mintick)
    strategy.entry("S", strategy.short, stop=bottom - k * syminfo.mintick)
else
    strategy.cancel("L")
    strategy.cancel("S")
if strategy.position_size > 0
    strategy.exit("XL", "L", stop=close - k * a, limit=strategy.position_avg_price + r * a)
if strategy.position_size < 0
    strategy.exit("XS", "S", stop=close + k * a, limit=strategy.position_avg_price - r * a)
"#,
    )
}

/// Up to three entries a position, each taken off in two parts.
fn pyramid() -> StepProgram {
    program(
        r#"//@version=6
strategy("Pyramid", pyramiding=3)
n = input.int(20, minval=5, maxval=50, step=5)
m = input.int(60, minval=60, maxval=105, step=5)
k = input.float(2.0, minval=1.0, maxval=10.0, step=1.0)
r = input.float(4.0, minval=1.0, maxval=10.0, step=1.0)
slow = ta.sma(close, m)
if ta.crossover(close, ta.sma(close, n)) and close > slow
    strategy.entry("L", strategy.long)
p = strategy.position_avg_price
strategy.exit("Half", "L", qty_percent=50, stop=p * (1 - k / 100), limit=p * (1 + r / 100))
strategy.exit("Rest", "L", stop=p * (1 - k / 100), limit=p * (1 + 2 * r / 100))
if close < slow
    strategy.close("L")
"#,
    )
}

fn program(text: &str) -> StepProgram {
    compile_steps(text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}

fn house() -> House {
    House { costs: Costs { fee: 0.0005, slippage: 0.0002 }, fill: Fill::NextOpen, intrabar: Intrabar::Pessimistic }
}

fn plan<'a>(program: &'a StepProgram, bars: &'a Bars, threads: usize, engine: Engine) -> StepSweep<'a> {
    StepSweep {
        program,
        bars,
        house: house(),
        train: 0..bars.len(),
        warm_up: WarmUp::Longest,
        engine,
        threads,
        grid_max: 1 << 32,
    }
}

struct Options {
    repeat: usize,
    threads: usize,
    date: String,
    plain: bool,
}

fn main() {
    let mut cases = vec![];
    let mut options = Options { repeat: 5, threads: 1, date: String::new(), plain: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {}
            "--list" => return println!("{}", CASES.join(" ")),
            "--repeat" => options.repeat = value().parse().expect("a number"),
            "--threads" => options.threads = value().parse().expect("a number"),
            "--plain" => options.plain = true,
            "--date" => options.date = value(),
            case if CASES.contains(&case) => cases.push(case.to_owned()),
            other => panic!("{other}: not a case; cases are {}", CASES.join(" ")),
        }
    }
    for case in &cases {
        match case.as_str() {
            "atr" => grid(case, &ten_thousand(), &market::golden(), Engine::Simd, &options),
            "both" => grid(case, &both(), &market::golden(), Engine::Simd, &options),
            "lengths" => grid(case, &lengths(), &market::golden(), Engine::Simd, &options),
            "minute" => grid(case, &ten_thousand(), &market::minutes(20_261_124, 50_000), Engine::Simd, &options),
            "stops" => grid(case, &stops(), &market::golden(), Engine::Simd, &options),
            "pyramid" => grid(case, &pyramid(), &market::golden(), Engine::Simd, &options),
            "oracle" => grid(case, &ten_thousand(), &market::golden(), Engine::Scalar, &options),
            "compile" => compile(&options),
            _ => unreachable!("checked above"),
        }
    }
}

/// CPU seconds of this process so far.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// Runs `work` as often as asked; least CPU seconds and least wall seconds.
fn timed(repeat: usize, mut work: impl FnMut()) -> (f64, f64) {
    (0..repeat.max(1)).fold((f64::MAX, f64::MAX), |(least_cpu, least_wall), _| {
        let (cpu_before, wall_before) = (cpu(), Instant::now());
        work();
        (least_cpu.min(cpu() - cpu_before), least_wall.min(wall_before.elapsed().as_secs_f64()))
    })
}

fn grid(case: &str, program: &StepProgram, bars: &Bars, engine: Engine, options: &Options) {
    let engine = if options.plain { Engine::Scalar } else { engine };
    let plan = plan(program, bars, options.threads, engine);
    let mut trials = vec![];
    let (cpu_s, wall_s) = timed(options.repeat, || {
        trials = sweep_steps(&plan, &|_, _| true).expect("a sweep").result.trials;
    });
    let evaluations = trials.len() as f64 * bars.len() as f64;
    let trades: u64 = trials.iter().map(|trial| u64::from(trial.entries)).sum();
    println!(
        "{}",
        serde_json::json!({
            "case": case, "plain": engine == Engine::Scalar, "sets": trials.len(), "bars": bars.len(), "threads": options.threads,
            "cpu_s": cpu_s, "wall_s": wall_s, "bar_evals_per_cpu_s": (evaluations / cpu_s).round(),
            "trades_per_set": trades as f64 / trials.len() as f64, "date": options.date,
        })
    );
}

/// From the text to the first result, of a strategy of 60 lines.
fn compile(options: &Options) {
    let text = include_str!("sixty_lines.pine");
    let bars = market::golden();
    let mut trades = 0;
    let (cpu_s, wall_s) = timed(options.repeat.max(20), || {
        let program = program(text);
        let values: Vec<f64> = program.inputs.iter().map(|input| input.default).collect();
        let run = run_steps(&program, &values, &bars, house(), 0..bars.len()).expect("a run");
        trades = run.closed.len();
    });
    println!(
        "{}",
        serde_json::json!({
            "case": "compile", "lines": text.lines().count(), "bars": bars.len(), "closed_trades": trades,
            "cpu_s": cpu_s, "wall_s": wall_s, "date": options.date,
        })
    );
}
