//! Golden figures of peers, and properties that hold for every market.

mod agreement;
mod broker;
mod engines;
mod examining;
mod golden_indicators;
mod golden_sweeps;
mod interpreting;
mod market;
mod oracles;
mod paths;
mod permuting;
mod proving;
mod random_scripts;
mod script_maker;
mod searching;
mod stepwise;

use assay_backtest::{Costs, Engine, Family, Fill};
use assay_pine::{Program, compile};

/// A family under mild costs, filled at the next open.
fn family(program: &Program) -> Family<'_> {
    Family {
        strategy: program.into(),
        costs: Costs { fee: 0.0005, slippage: 0.0 },
        fill: Fill::NextOpen,
        engine: Engine::Simd,
        grid_max: 1_000,
        trades_min: 30,
    }
}

/// A strategy that enters on `entry` and leaves on `exit`, behind `head`.
fn strategy(head: &str, entry: &str, exit: &str) -> Program {
    let text = format!(
        "//@version=6\nstrategy(\"T\")\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
    );
    compile(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"))
}
