//! How fast a sweep is: one JSON line a case, by process CPU time, which other work on the machine disturbs least.
//!
//! `cargo bench -p assay-backtest --bench sweep -- CASE... [--repeat N] [--threads N] [--date TEXT] [--results FILE]`; cases
//! are listed by `--list`. `scripts/bench` runs them beside vectorbt and keeps the results.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(missing_docs, reason = "a program")]

use std::time::Instant;

use assay_backtest::{Bars, Costs, Engine, Fill, Search, SearchScratch, Sweep, Trial, WarmUp, sweep, sweep_range};
use assay_pine::Program;
use assay_units::{Seed, SplitMix64};
use rustix::time::{ClockId, clock_gettime};

#[path = "../tests/it/market.rs"]
mod market;

const CASES: [&str; 9] = ["closes", "sma", "rsi", "cross", "minute", "permutation", "sets", "bars", "oracle"];

fn strategy(head: &str, entry: &str, exit: &str) -> Program {
    let text = format!(
        "//@version=6\nstrategy(\"T\")\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
    );
    assay_pine::compile(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}

/// vectorbt's crossing: equality keeps the state, and a first "below" must have been seen.
fn sma(fast: &str, slow: &str) -> Program {
    let head = format!(
        "fast = input.int(10, {fast})\nslow = input.int(50, {slow})\na = ta.sma(close, fast)\nb = ta.sma(close, slow)\n\
         since = ta.barssince(a < b)"
    );
    strategy(&head, "a > b and not na(since)", "a < b")
}

fn golden_sma() -> Program {
    sma("minval=2, maxval=101", "minval=10, maxval=208, step=2")
}

fn rsi() -> Program {
    strategy(
        "n = input.int(14, minval=2, maxval=26)\nlower = input.int(30, minval=10, maxval=48, step=2)\nupper = input.int(70, minval=52, maxval=90, step=2)\nr = ta.rsi(close, n)",
        "r < lower",
        "r > upper",
    )
}

/// As most scripts write it.
fn cross() -> Program {
    strategy(
        "fast = input.int(10, minval=2, maxval=101)\nslow = input.int(50, minval=10, maxval=208, step=2)\na = ta.sma(close, fast)\nb = ta.sma(close, slow)",
        "ta.crossover(a, b)",
        "ta.crossunder(a, b)",
    )
}

fn plan<'a>(program: &'a Program, bars: &'a Bars, threads: usize) -> Sweep<'a> {
    Sweep {
        program,
        bars,
        costs: Costs { fee: 0.001, slippage: 0.0 },
        fill: Fill::Close,
        train: 0..bars.len(),
        warm_up: WarmUp::Own,
        engine: Engine::Simd,
        threads,
        grid_max: 1 << 32,
    }
}

struct Options {
    repeat: usize,
    threads: usize,
    date: String,
    results: Option<String>,
}

fn main() {
    let mut cases = vec![];
    let mut options = Options { repeat: 5, threads: 1, date: String::new(), results: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            "--bench" => {}
            "--list" => return println!("{}", CASES.join(" ")),
            "--repeat" => options.repeat = value().parse().expect("a number"),
            "--threads" => options.threads = value().parse().expect("a number"),
            "--date" => options.date = value(),
            "--results" => options.results = Some(value()),
            case if CASES.contains(&case) => cases.push(case.to_owned()),
            other => panic!("{other}: not a case; cases are {}", CASES.join(" ")),
        }
    }
    for case in &cases {
        match case.as_str() {
            "closes" => {
                let path = options.results.as_deref().expect("--results FILE");
                std::fs::write(path, serde_json::json!(market::golden().close).to_string()).expect("a file to write");
            }
            "sma" => grid(case, &golden_sma(), &market::golden(), &options),
            "rsi" => grid(case, &rsi(), &market::golden(), &options),
            "cross" => grid(case, &cross(), &market::golden(), &options),
            "oracle" => oracle(&options),
            "minute" => {
                let program = sma("minval=2, maxval=101", "minval=10, maxval=190, step=20");
                grid(case, &program, &market::minutes(20_261_124, 500_000), &options);
            }
            "permutation" => permutation(&options),
            "sets" => sets(&options),
            "bars" => lengths(&options),
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

/// Peak resident memory of this process in MiB, where /proc tells.
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown").to_owned()
}

fn report(case: &str, sets: u64, bars: usize, markets: u64, (cpu_s, wall_s): (f64, f64), options: &Options) {
    let evaluations = sets as f64 * bars as f64 * markets as f64;
    println!(
        "{}",
        serde_json::json!({
            "case": case, "sets": sets, "bars": bars, "markets": markets, "threads": options.threads,
            "cpu_s": cpu_s, "wall_s": wall_s, "bar_evals_per_cpu_s": (evaluations / cpu_s).round(),
            "peak_rss_mib": peak_rss_mib(), "cpu": processor(), "date": options.date,
        })
    );
}

fn grid(case: &str, program: &Program, bars: &Bars, options: &Options) {
    let mut trials = vec![];
    let figures = timed(options.repeat, || {
        trials = sweep(&plan(program, bars, options.threads), &|_, _| true).expect("a sweep").trials;
    });
    report(case, trials.len() as u64, bars.len(), 1, figures, options);
    if let Some(path) = &options.results {
        write_results(path, program, &trials, bars.periods_per_year());
    }
}

/// Final equity of 100, annual Sharpe ratio and deepest drawdown of every set, for the parity check.
fn write_results(path: &str, program: &Program, trials: &[Trial], periods: f64) {
    let all = |f: &dyn Fn(&Trial) -> f64| trials.iter().map(f).collect::<Vec<f64>>();
    let parameters: Vec<Vec<f64>> = (0..trials.len() as u64).map(|point| program.point(point)).collect();
    let results = serde_json::json!({
        "params": parameters,
        "final": all(&|t| t.equity * 100.0),
        "sharpe": all(&|t| t.sharpe() * periods.sqrt()),
        "max_drawdown": all(&|t| t.max_drawdown),
    });
    std::fs::write(path, results.to_string()).unwrap_or_else(|error| panic!("{path}: {error}"));
}

/// The plain engine on the same work: what lock step is worth.
fn oracle(options: &Options) {
    let (program, bars) = (golden_sma(), market::golden());
    let plan = Sweep { engine: Engine::Scalar, ..plan(&program, &bars, options.threads) };
    let figures = timed(options.repeat, || drop(sweep(&plan, &|_, _| true).expect("a sweep")));
    report("oracle", 10_000, bars.len(), 1, figures, options);
}

/// The whole search on permuted markets: the day's returns in another order, the indicators built anew each time.
fn permutation(options: &Options) {
    const MARKETS: u64 = 1_000;
    let (program, bars) = (golden_sma(), market::golden());
    let plan = plan(&program, &bars, 1);
    let search = Search::new(&plan).expect("a search");
    let figures = timed(1, || {
        let next = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..options.threads.max(1) {
                scope.spawn(|| {
                    let mut scratch = SearchScratch::default();
                    loop {
                        let market = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if market >= MARKETS {
                            return;
                        }
                        let bars = permuted(&bars, market);
                        let best = search.best(&bars, 30, &mut scratch, &|| true).expect("not cancelled");
                        assert!(best.is_some(), "some set can be traded");
                    }
                });
            }
        });
    });
    report("permutation", search.points(), bars.len(), MARKETS, figures, options);
}

fn permuted(bars: &Bars, seed: u64) -> Bars {
    let mut returns: Vec<f64> = bars.close.windows(2).map(|pair| pair[1] / pair[0]).collect();
    let mut draw = SplitMix64::new(Seed(seed));
    for i in (1..returns.len()).rev() {
        returns.swap(i, draw.below(i as u64 + 1) as usize);
    }
    let mut close = vec![bars.close[0]];
    returns.iter().for_each(|r| close.push(close[close.len() - 1] * r));
    Bars { open: close.clone(), high: close.clone(), low: close.clone(), close, ..bars.clone() }
}

/// Cost against the number of sets, read range by range where they are many.
fn sets(options: &Options) {
    let bars = market::golden();
    for (width, bands) in [(2, 1), (2, 10), (10, 20), (100, 20), (100, 200), (1000, 200)] {
        // 50 lengths, `width` lower and `bands` upper thresholds.
        let program = strategy(
            &format!(
                "n = input.int(14, minval=2, maxval=51)\nlower = input.float(30, minval=10, maxval={}, step={})\nupper = input.float(70, minval=52, maxval={}, step={})\nr = ta.rsi(close, n)",
                10.0 + 39.0,
                39.0 / f64::from(width - 1),
                52.0 + 39.0,
                39.0 / f64::from((bands - 1).max(1))
            ),
            "r < lower",
            "r > upper",
        );
        let points = program.grid_size().expect("a grid");
        let plan = plan(&program, &bars, options.threads);
        const RANGE: u64 = 1 << 20;
        let figures = timed(if points > 1_000_000 { 1 } else { options.repeat }, || {
            let best = (0..points).step_by(RANGE as usize).map(|from| {
                let part = sweep_range(&plan, from..from + RANGE, &|_, _| true).expect("a sweep");
                part.trials.iter().map(Trial::sharpe).fold(f64::MIN, f64::max)
            });
            assert!(best.fold(f64::MIN, f64::max).is_finite());
        });
        report("sets", points, bars.len(), 1, figures, options);
    }
}

/// Cost against the number of bars.
fn lengths(options: &Options) {
    let program = sma("minval=10, maxval=19", "minval=20, maxval=110, step=10");
    let all = market::minutes(20_261_124, 5_000_000);
    for count in [1_000, 10_000, 100_000, 1_000_000, 5_000_000] {
        let bars = all.prefix(count);
        let plan = plan(&program, &bars, options.threads);
        let figures = timed(if count > 500_000 { 1 } else { options.repeat }, || {
            drop(sweep(&plan, &|_, _| true).expect("a sweep"));
        });
        report("bars", 100, count, 1, figures, options);
    }
}
