//! Whether all executions of a script mean the same on some bars: signals, steps one set at a time, steps in lanes, and the
//! plain interpreter. To the bit; NaN is equal to NaN. Shared by the tests and the fuzzer.

use std::fmt::Debug;

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::interpreter::{ScriptSweep, interpret, sweep_script};
use assay_backtest::stepwise::{House, StepRun, StepSweep, run_steps, sweep_steps};
use assay_backtest::{Bars, Costs, Engine, Fill, Run, Sweep, WarmUp, run, sweep};
use assay_pine::check::tree::Script;
use assay_pine::{Compiled, Input, Program, Settings, StepProgram};

/// Largest grid that is swept here: more than one batch of lanes.
const GRID_MAX: u64 = 90;

/// What all executions came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Trades of the default parameter set.
    pub trades: usize,
    /// How many executions were compared with the interpreter.
    pub compared: usize,
}

/// Runs `text` in every way that takes it. `Ok(None)` where it is refused.
///
/// # Errors
/// What differs, in words.
pub fn agreement(text: &str, bars: &Bars, intrabar: Intrabar) -> Result<Option<Agreed>, String> {
    let script = assay_pine::check(text);
    let steps = assay_pine::compile_steps(text);
    let house = |closes: bool| House {
        costs: Costs { fee: 0.001, slippage: 0.0005 },
        fill: if closes { Fill::Close } else { Fill::NextOpen },
        intrabar,
    };
    match (&script, steps) {
        (Ok(script), Err(_)) => {
            interpreted(script, bars, house(script.settings.process_orders_on_close))?;
            Ok(None)
        }
        (script, Ok(steps)) => {
            let house = house(steps.settings.process_orders_on_close);
            let mut agreed = lanes_and_scalar(&steps, bars, house)?;
            if let Ok(Compiled::Signals(program)) = assay_pine::compile_any(text) {
                agreed.compared += signals(&program, &steps, bars, house)?;
            }
            if let Ok(script) = script {
                let (trades, compared) = plain_and_steps(script, &steps, bars, house)?;
                agreed.trades = trades;
                agreed.compared += compared;
            }
            Ok(Some(agreed))
        }
        (Err(_), Err(_)) => Ok(None),
    }
}

/// Equal to the last bit but for the kind of NaN: what is printed is exact.
fn same(what: &str, a: &dyn Debug, b: &dyn Debug) -> Result<(), String> {
    let (a, b) = (format!("{a:?}"), format!("{b:?}"));
    if a == b {
        return Ok(());
    }
    let at = a.bytes().zip(b.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let near = |text: &str| text.get(at.saturating_sub(200)..(at + 120).min(text.len())).unwrap_or(text).to_owned();
    Err(format!("{what} differ:\n  {}\n  {}", near(&a), near(&b)))
}

/// Narrows a grid to three values an input, the default among them, and [`GRID_MAX`] points.
fn narrow(inputs: &mut [Input]) {
    let mut points = 1;
    for input in inputs {
        let ends = [input.grid.first(), input.grid.last()].into_iter().flatten().copied();
        let mut grid: Vec<f64> = ends.chain([input.default]).collect();
        grid.sort_by(f64::total_cmp);
        grid.dedup();
        if points * grid.len() as u64 > GRID_MAX {
            grid = vec![input.default];
        }
        points *= grid.len() as u64;
        input.grid = grid;
    }
}

fn lanes_and_scalar(steps: &StepProgram, bars: &Bars, house: House) -> Result<Agreed, String> {
    let mut program = steps.clone();
    narrow(&mut program.inputs);
    let swept = |engine, warm_up| {
        let train = 0..bars.len();
        let (program, threads, grid_max) = (&program, 1, GRID_MAX);
        sweep_steps(&StepSweep { program, bars, house, train, warm_up, engine, threads, grid_max }, &|_, _| true)
    };
    for warm_up in [WarmUp::Longest, WarmUp::Own] {
        same("lanes and scalar", &swept(Engine::Simd, warm_up), &swept(Engine::Scalar, warm_up))?;
    }
    Ok(Agreed { trades: 0, compared: 2 })
}

fn signals(program: &Program, steps: &StepProgram, bars: &Bars, house: House) -> Result<usize, String> {
    let values: Vec<f64> = program.inputs.iter().map(|input| input.default).collect();
    let fast = |from| run(program, &values, bars, house.costs, house.fill, from..bars.len());
    let slow = |from| run_steps(steps, &values, bars, house, from..bars.len()).map(|run| run.run);
    if let (Ok(fastest), Ok(slowest)) = (fast(0), slow(0)) {
        // Steps may still hold what the signals have no need of, and so warm up longer.
        let first = fastest.first_bar.max(slowest.first_bar);
        if let (Ok(fast), Ok(slow)) = (fast(first), slow(first)) {
            same_run("signals and steps", &fast, &slow)?;
        }
    }
    let mut program = program.clone();
    narrow(&mut program.inputs);
    let swept = |engine| {
        let (costs, fill, train, warm_up) = (house.costs, house.fill, 0..bars.len(), WarmUp::Longest);
        let (program, threads, grid_max) = (&program, 1, GRID_MAX);
        sweep(&Sweep { program, bars, costs, fill, train, warm_up, engine, threads, grid_max }, &|_, _| true)
    };
    same("signals in lock step and one by one", &swept(Engine::Simd), &swept(Engine::Scalar))?;
    Ok(2)
}

fn same_run(what: &str, a: &Run, b: &Run) -> Result<(), String> {
    same(&format!("{what}: first bars"), &a.first_bar, &b.first_bar)?;
    for (t, pair) in a.returns.iter().zip(&b.returns).enumerate() {
        same(
            &format!("{what}: bar {}, of {} and {} trades,", t + a.first_bar, a.trades.len(), b.trades.len()),
            pair.0,
            pair.1,
        )?;
    }
    same(&format!("{what}: lengths"), &a.returns.len(), &b.returns.len())?;
    same(&format!("{what}: trades"), &a.trades, &b.trades)?;
    same(&format!("{what}: equity"), &a.equity, &b.equity)
}

/// Trades of the default parameter set, and how many sets were compared.
fn plain_and_steps(script: &Script, steps: &StepProgram, bars: &Bars, house: House) -> Result<(usize, usize), String> {
    // Which directions are allowed is a setting of the one and an order of the other.
    let header = |settings: &Settings| Settings { only: None, ..*settings };
    same("the headers", &header(&script.settings), &header(&steps.settings))?;
    let of = |inputs: &[Input], pick: fn(&Input) -> f64| -> Vec<f64> { inputs.iter().map(pick).collect() };
    let picks: [fn(&Input) -> f64; 2] = [|input| input.default, |input| input.grid[input.grid.len() / 2]];
    let names = |inputs: &[Input]| -> Vec<(u32, usize)> { inputs.iter().map(|i| (i.line, i.grid.len())).collect() };
    let (mut trades, mut compared) = (0, 0);
    for (at, pick) in picks.into_iter().enumerate() {
        if at > 0 && names(&script.inputs) != names(&steps.inputs) {
            break;
        }
        let lowered = run_steps(steps, &of(&steps.inputs, pick), bars, house, 0..bars.len());
        let first = lowered.as_ref().map_or(0, |run| run.run.first_bar);
        let plain = interpret(script, &of(&script.inputs, pick), bars, house, first..bars.len());
        let Ok(lowered) = lowered else { continue };
        let plain = plain.map_err(|error| format!("steps run, the interpreter stops: {error}"))?;
        same_run("steps and interpreter", &lowered.run, &plain.run)?;
        let rest = |run: &StepRun| (run.ruined, run.ambiguous_bars);
        same("steps and interpreter: ruin and ambiguous bars", &rest(&lowered), &rest(&plain))?;
        trades = if at == 0 { plain.run.trades.len() } else { trades };
        compared += 1;
    }
    Ok((trades, compared))
}

/// What the interpreter alone holds must not panic, and must do the same twice.
fn interpreted(script: &Script, bars: &Bars, house: House) -> Result<(), String> {
    let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
    let once = interpret(script, &values, bars, house, 0..bars.len()).map(|run| run.run);
    let again = interpret(script, &values, bars, house, 0..bars.len()).map(|run| run.run);
    same("two runs of the interpreter", &once, &again)?;
    let mut script = script.clone();
    for input in &mut script.inputs {
        input.grid = vec![input.default];
    }
    let (train, threads, grid_max) = (0..bars.len(), 1, 1);
    let plan = ScriptSweep { script: &script, bars, house, train, threads, grid_max };
    // It may stop where the other does not: orders placed from the first bar on lead elsewhere.
    let _ = sweep_script(&plan, &|_, _| true);
    Ok(())
}
