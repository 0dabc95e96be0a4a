//! Runs every Pine script of a folder on files of bars and says what became of each:
//! `cargo run --release -p assay-backtest --example scripts -- FOLDER BARS.csv [MORE.csv ...]`.
//!
//! Files are CSV with a header: time (ISO 8601), open, high, low, close, volume. A script that asks for shorter bars than those
//! of the first file is tried on the next. One line a script: its name, the fastest path that holds it, its trades or the
//! first refusal; where a faster path exists, whether it agrees with the interpreter to the bit. At the end the share that
//! ran, in all and of versions 5 and 6 without imports.

use std::path::PathBuf;

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::stepwise::{House, StepRun, run_steps};
use assay_backtest::{Bars, Costs, Fill};
use assay_pine::Compiled;
use assay_pine::check::tree::Script;
use assay_units::Timestamp;

fn bars(path: &str) -> Result<Bars, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut bars = Bars::default();
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let mut cells = line.split(',');
        let time = cells.next().unwrap_or_default();
        let mut number = || cells.next().unwrap_or("0").trim().parse::<f64>().unwrap_or(0.0);
        bars.time.push(Timestamp::parse(time)?.millis());
        bars.open.push(number());
        bars.high.push(number());
        bars.low.push(number());
        bars.close.push(number());
        bars.volume.push(number());
    }
    Ok(bars)
}

/// The fastest path that holds a script, and whether it agrees with the interpreter.
fn faster(text: &str, script: &Script, bars: &Bars, house: House) -> String {
    let steps = match assay_pine::compile_any(text) {
        Ok(Compiled::Signals(_)) => "signals",
        Ok(Compiled::Steps(..)) => "lanes",
        Err(refusal) => return format!("interpreter ({})", refusal.0[0]),
    };
    let Ok(program) = assay_pine::compile_steps(text) else { return steps.into() };
    let values: Vec<f64> = program.inputs.iter().map(|input| input.default).collect();
    let Ok(fast) = run_steps(&program, &values, bars, house, 0..bars.len()) else { return format!("{steps}, no run") };
    let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
    match interpret(script, &values, bars, house, fast.run.first_bar..bars.len()) {
        Ok(slow) if slow.run.equity == fast.run.equity && slow.run.trades == fast.run.trades => {
            format!("{steps}, equal")
        }
        Ok(slow) => {
            let differs = slow.run.equity.iter().zip(&fast.run.equity).position(|(a, b)| a != b);
            let bar = differs.map_or(fast.run.first_bar, |at| at + fast.run.first_bar);
            format!("{steps}, DIFFERS from bar {bar}: {} and {} trades", fast.run.trades.len(), slow.run.trades.len())
        }
        Err(error) => format!("{steps}, DIFFERS: {error}"),
    }
}

fn outcome(text: &str, files: &[Bars]) -> Result<(usize, String), String> {
    let script = assay_pine::check(text).map_err(|refusal| format!("refused {}", refusal.0[0]))?;
    let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
    let mut stopped = String::new();
    for bars in files {
        let house = House {
            costs: Costs { fee: 0.0, slippage: 0.0 },
            fill: if script.settings.process_orders_on_close { Fill::Close } else { Fill::NextOpen },
            intrabar: Intrabar::Pessimistic,
        };
        match interpret(&script, &values, bars, house, 0..bars.len()) {
            Ok(StepRun { run, .. }) => {
                let ahead = script.look_ahead.first().map_or(String::new(), |f| format!("; looks ahead: {f}"));
                let equity = run.equity.last().copied().unwrap_or(1.0);
                let path = faster(text, &script, bars, house);
                let trades = run.trades.len();
                return Ok((trades, format!("ran, {trades} trades, equity {equity:.3}{ahead}; {path}")));
            }
            Err(error) if stopped.is_empty() => stopped = format!("stopped {error}"),
            Err(_) => {}
        }
    }
    Err(stopped)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, files @ ..] = args.as_slice() else { return Err("usage: scripts FOLDER BARS.csv ...".into()) };
    let markets = files.iter().map(|file| bars(file)).collect::<Result<Vec<Bars>, _>>()?;
    let mut scripts: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    scripts.sort();
    let (mut all, mut ran, mut traded) = (0, 0, 0);
    let (mut modern, mut modern_ran) = (0, 0);
    for path in scripts.iter().filter(|path| path.extension().is_some_and(|e| e == "pine")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        let plain = assay_pine::version(&text).is_ok_and(|version| version >= 5)
            && !text.lines().any(|line| line.trim_start().starts_with("import "));
        all += 1;
        modern += usize::from(plain);
        match outcome(&text, &markets) {
            Ok((trades, what)) => {
                ran += 1;
                traded += usize::from(trades > 0);
                modern_ran += usize::from(plain);
                println!("{name}: {what}");
            }
            Err(why) => println!("{name}: {why}"),
        }
    }
    println!("{ran} of {all} ran ({traded} traded); {modern_ran} of {modern} in version 5 or 6 without imports");
    Ok(())
}
