//! Any text that is taken as a strategy runs, or stops with an error, and all executions of it are one.
//!
//! Loops are bounded far lower here than in the program (`cfg(fuzzing)`), so that a long run is a hang.
#![no_main]

#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../crates/backtest/tests/it/agreement.rs"]
mod agreement;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../crates/backtest/tests/it/script_maker.rs"]
mod script_maker;

use std::sync::LazyLock;

use assay_backtest::Bars;
use assay_backtest::stepwise::broker::Intrabar;
use libfuzzer_sys::fuzz_target;

/// Sixty bars with a hostile one among them, and as many without.
static MARKETS: LazyLock<[Bars; 2]> = LazyLock::new(|| {
    [3, 11].map(|seed| {
        let bars = script_maker::bars(&mut script_maker::Dice::of_seed(seed));
        bars.suffix(60)
    })
});

fuzz_target!(|text: &str| {
    let _ = assay_pine::strategy(text);
    for bars in MARKETS.iter() {
        if let Err(why) = agreement::agreement(text, bars, Intrabar::Pessimistic) {
            panic!("{why}\n{text}");
        }
    }
});
