//! Runs every Pine script of a folder on a file of bars and says what became of each:
//! `cargo run --release -p assay-backtest --example scripts -- FOLDER BARS.csv`.
//!
//! The file is CSV with a header: time (ISO 8601), open, high, low, close, volume. One line a script: its name, `ran` with the
//! trades or the first refusal; at the end the share that ran, in all and of versions 5 and 6 without imports.

use std::path::PathBuf;

use assay_backtest::stepwise::House;
use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::{Bars, Costs, Fill};
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, file] = args.as_slice() else { return Err("usage: scripts FOLDER BARS.csv".into()) };
    let bars = bars(file)?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    files.sort();
    let (mut all, mut ran, mut traded) = (0, 0, 0);
    let (mut modern, mut modern_ran) = (0, 0);
    for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "pine")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
        let plain = assay_pine::version(&text).is_ok_and(|version| version >= 5)
            && !text.lines().any(|line| line.trim_start().starts_with("import "));
        all += 1;
        modern += usize::from(plain);
        let outcome =
            assay_pine::check(&text).map_err(|refusal| format!("refused {}", refusal.0[0])).and_then(|script| {
                let house = House {
                    costs: Costs { fee: 0.0, slippage: 0.0 },
                    fill: if script.settings.process_orders_on_close { Fill::Close } else { Fill::NextOpen },
                    intrabar: Intrabar::Pessimistic,
                };
                let values: Vec<f64> = script.inputs.iter().map(|input| input.default).collect();
                interpret(&script, &values, &bars, house, 0..bars.len())
                    .map(|run| {
                        let run = run.run;
                        let ahead = script.look_ahead.first().map_or(String::new(), |f| format!(", looks ahead: {f}"));
                        traded += usize::from(!run.trades.is_empty());
                        let equity = run.equity.last().copied().unwrap_or(1.0);
                        format!("ran, {} trades, equity {equity:.3}{ahead}", run.trades.len())
                    })
                    .map_err(|error| format!("stopped {error}"))
            });
        match outcome {
            Ok(what) => {
                ran += 1;
                modern_ran += usize::from(plain);
                println!("{name}: {what}");
            }
            Err(why) => println!("{name}: {why}"),
        }
    }
    println!("{ran} of {all} ran ({traded} traded); {modern_ran} of {modern} in version 5 or 6 without imports");
    Ok(())
}
