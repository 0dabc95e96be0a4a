//! All executions of a made-up script are one, on any bars: signals, steps one set at a time and in lanes, interpreter.
//!
//! The bytes are choices of the generator that the property tests use too; prices may be NaN, infinite, zero or negative.
#![no_main]

#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../crates/backtest/tests/it/agreement.rs"]
mod agreement;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../crates/backtest/tests/it/script_maker.rs"]
mod script_maker;

use assay_backtest::stepwise::broker::Intrabar;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut dice = script_maker::Dice::of_bytes(bytes);
    let intrabar = [Intrabar::Pessimistic, Intrabar::Path][dice.below(2)];
    let bars = script_maker::bars(&mut dice);
    let text = script_maker::script(&mut dice);
    if let Err(why) = agreement::agreement(&text, &bars, intrabar) {
        panic!("{why}\n{text}");
    }
});
