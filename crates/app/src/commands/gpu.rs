//! `assay gpu`: which device there is, and a benchmark of it beside the processor that compares every figure.

use std::process::ExitCode;

use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, WarmUp, sweep};
use assay_gpu::{Device, DeviceInfo, GpuError, Precision, Prepared, Wanted, gauges};
use assay_pine::Program;
use assay_units::{Seed, SplitMix64};
use assay_world::{Clock, RealClock};
use serde_json::{Value, json};

use crate::cli::Gpu;
use crate::config::Config;
use crate::error::{AppError, Exit};
use crate::output;

/// Does one of them.
pub fn gpu(config: &Config, command: &Gpu, json: bool) -> Result<ExitCode, AppError> {
    match *command {
        Gpu::Info { software } => info(&open(Wanted { software, single: false })?, json),
        Gpu::Bench { sets, bars, rounds, single, software } => {
            let device = open(Wanted { software, single })?;
            bench(&device, sets, bars as usize, rounds, threads(config), json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(wanted: Wanted) -> Result<Device, AppError> {
    Device::open(wanted).map_err(|error| match &error {
        GpuError::NoDevice { .. } => AppError::new(Exit::NotFound, &error)
            .hint("sweeps run on the processor, with the same verdict; --software takes Mesa's renderer"),
        _ => AppError::new(Exit::Failed, &error),
    })
}

fn threads(config: &Config) -> usize {
    match config.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        n => n,
    }
}

fn precision(info: &DeviceInfo) -> &'static str {
    match info.precision {
        Precision::Single => "f32",
        Precision::Double => "f64",
    }
}

fn described(info: &DeviceInfo) -> Value {
    json!({
        "name": info.name, "backend": info.backend, "driver": info.driver, "software": info.software,
        "precision": precision(info), "buffer_bytes_max": info.buffer_bytes_max,
    })
}

fn info(device: &Device, json: bool) {
    let info = device.info();
    let cards = gauges();
    if json {
        let cards: Vec<Value> = cards
            .iter()
            .map(|c| {
                json!({
                    "name": c.name, "load_percent": c.load_percent, "memory_used": c.memory_used,
                    "memory_total": c.memory_total, "temperature": c.temperature, "power": c.power,
                })
            })
            .collect();
        return output::json(&json!({ "device": described(info), "nvidia": cards }));
    }
    let kind = if info.software { ", a software renderer" } else { "" };
    output::print(&format!("{} ({}{kind})\n", info.name, info.backend));
    output::print(&format!("driver {}; computes in {}\n", info.driver, precision(info)));
    for card in cards {
        let figure = |x: Option<String>, unit: &str| x.map_or_else(|| format!("- {unit}"), |x| format!("{x} {unit}"));
        output::print(&format!(
            "{}: load {}, memory {} of {}, {}, {}\n",
            card.name,
            figure(card.load_percent.map(|x| x.to_string()), "%"),
            figure(card.memory_used.map(|x| (x >> 20).to_string()), "MiB"),
            figure(card.memory_total.map(|x| (x >> 20).to_string()), "MiB"),
            figure(card.temperature.map(|x| x.to_string()), "C"),
            figure(card.power.map(|x| format!("{x:.0}")), "W"),
        ));
    }
}

/// The golden recipe's kind of market: four uniform numbers a bar make a return that is close to normal.
fn market(bars: usize) -> Bars {
    let mut draw = SplitMix64::new(Seed(20_261_124));
    let mut market = Bars::default();
    let mut close = 100.0f64;
    for day in 0..bars as i64 {
        let u: [f64; 4] = std::array::from_fn(|_| draw.next_unit());
        let open = close;
        close *= (0.0003 + 0.0125 * 3f64.sqrt() * (u.iter().sum::<f64>() - 2.0)).exp();
        market.time.push(1_420_070_400_000 + day * 86_400_000);
        market.open.push(open);
        market.high.push(open.max(close) * (1.0 + 0.006 * u[0]));
        market.low.push(open.min(close) * (1.0 - 0.006 * u[1]));
        market.close.push(close);
        market.volume.push((1e3 + 9e3 * u[2]).floor());
    }
    market
}

/// A moving-average cross with about `sets` parameter sets.
fn cross(sets: u64) -> Result<Program, AppError> {
    // fast x slow as 1 : 2, like the golden grid's lengths.
    let fast = ((sets as f64 / 2.0).sqrt().round() as u64).clamp(7, 400);
    let slow = (sets / fast).clamp(2, 250_000);
    let step = if slow <= 490 { 1.0 } else { 490.0 / slow as f64 };
    let text = format!(
        "//@version=6\nstrategy(\"cross\")\nf = input.int(10, minval=2, maxval={})\nk = input.float(10, minval=10, maxval={}, step={step})\n\
         if ta.sma(close, f) > ta.sma(close, math.round(k))\n    strategy.entry(\"L\", strategy.long)\n\
         if ta.sma(close, f) < ta.sma(close, math.round(k))\n    strategy.close(\"L\")\n",
        fast.max(10) + 1,
        10.0 + step * (slow - 1) as f64,
    );
    assay_pine::compile(&text).map_err(|refusal| AppError::text(Exit::Failed, refusal.to_string()))
}

fn bench(device: &Device, sets: u64, bars: usize, rounds: u32, threads: usize, json: bool) -> Result<(), AppError> {
    let (program, bars) = (cross(sets)?, market(bars));
    let plan = Sweep {
        program: &program,
        bars: &bars,
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill: Fill::NextOpen,
        train: 0..bars.len(),
        warm_up: WarmUp::Longest,
        engine: Engine::Simd,
        threads,
        grid_max: u64::MAX,
    };
    let failed = |error: &dyn std::error::Error| AppError::new(Exit::Failed, error);
    let timed = |from| (RealClock.now().millis() - from) as f64 / 1e3;
    // Once a search, however many markets follow.
    let from = RealClock.now().millis();
    let prepared = Prepared::new(device, &plan).map_err(|e| failed(&e))?;
    let compilation = timed(from);
    let (mut on_device, mut on_processor, mut preparation) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut last = None;
    // In turn, so that what else the machine does weighs on both.
    for round in 0..rounds {
        eprintln!("round {} of {rounds}: device, then processor", round + 1);
        let from = RealClock.now().millis();
        let screened = prepared.screen(&bars, threads, &RealClock, &|_, _| true).map_err(|e| failed(&e))?;
        let whole = timed(from);
        on_device = on_device.min(whole);
        preparation = preparation.min(whole - screened.1.computation_time.as_secs_f64());
        let from = RealClock.now().millis();
        let swept = sweep(&plan, &|_, _| true).map_err(|e| failed(&e))?;
        on_processor = on_processor.min(timed(from));
        last = Some((screened, swept));
    }
    let ((screened, report), swept) = last.expect("at least one round");
    let (mut other_trades, mut worst, mut valid, mut unsure) = (0u64, 0.0f64, 0u64, 0u64);
    for (s, t) in screened.iter().zip(&swept.trials).filter(|(_, t)| t.valid) {
        valid += 1;
        unsure += u64::from(!s.sure);
        if (s.entries, s.exits) == (t.entries, t.exits) {
            worst = worst.max((s.equity / t.equity - 1.0).abs());
        } else {
            other_trades += 1;
        }
    }
    let evaluations = screened.len() as f64 * (bars.len() - swept.first_bar) as f64;
    let (device_rate, processor_rate) = (evaluations / on_device, evaluations / on_processor);
    if json {
        output::json(&json!({
            "device": described(device.info()), "sets": screened.len(), "bars": bars.len(), "rounds": rounds,
            "batch": report.batch, "batches": report.batches, "batch_fill_percent": report.fill_percent, "halved": report.halved,
            "device_s": on_device, "computation_time_s": report.computation_time.as_secs_f64(), "preparation_s": preparation,
            "compilation_s": compilation,
            "processor_s": on_processor, "processor_threads": threads,
            "bar_evaluations_per_s": device_rate, "processor_bar_evaluations_per_s": processor_rate,
            "ratio": on_processor / on_device,
            "parity": { "valid": valid, "unsure": unsure, "other_trades": other_trades, "equity_error_max": worst },
        }));
        return Ok(());
    }
    let side =
        |name: &str, seconds: f64, rate: f64| vec![name.to_owned(), format!("{seconds:.3}"), format!("{rate:.2e}")];
    output::print(&output::table(
        &["WHO", "SECONDS", "BAR EVALUATIONS A SECOND"],
        &[
            side(
                &format!(
                    "{} ({}), columns made by the processor among it",
                    device.info().name,
                    precision(device.info())
                ),
                on_device,
                device_rate,
            ),
            side(&format!("processor, {threads} threads (f64)"), on_processor, processor_rate),
        ],
    ));
    output::print(&format!(
        "\n{} sets x {} bars in {} batches of {}, {} % full; device over processor: {:.2} times as fast.\nOf {valid} valid sets {other_trades} trade \
         differently (ties that rounding decides); among the others the equity differs by at most {worst:.1e}.\n",
        screened.len(),
        bars.len(),
        report.batches,
        report.batch,
        report.fill_percent,
        on_processor / on_device,
    ));
    Ok(())
}
