//! Parameters that a text states: "50/200 golden cross", "RSI(2) below 10". They join the grid and become the default.
//!
//! Numbers are taken in the order in which they are said, each by the first input that is of its size; a number that fits no
//! input is left alone. What was taken is shown in the report.

use assay_corpus::mentions::mentions;
use assay_pine::{Input, InputKind};

/// Numbers looked at.
const NUMBERS_MAX: usize = 8;

/// Values that `text` states for some inputs, by their names.
pub(super) fn read(text: &str, inputs: &[Input]) -> Vec<(String, f64)> {
    let numbers: Vec<f64> = mentions(text).into_iter().flat_map(|mention| mention.numbers).take(NUMBERS_MAX).collect();
    let mut free: Vec<usize> = (0..inputs.len()).filter(|i| inputs[*i].grid.len() > 1).collect();
    let mut stated = Vec::new();
    for number in numbers {
        let fits = |i: &usize| {
            let input = &inputs[*i];
            let (low, high) = (input.grid[0], input.grid[input.grid.len() - 1]);
            let whole = input.kind != InputKind::Int || number.fract() == 0.0;
            // A little beyond the usual range is still the same parameter.
            let room = (high - low) * 0.25;
            whole && number >= low - room && number <= high + room && (number > 0.0) == (high > 0.0)
        };
        if let Some(at) = free.iter().position(fits) {
            let input = &inputs[free.remove(at)];
            stated.push((input.name.clone(), number));
        }
    }
    stated
}

/// Puts the stated values into the grid and makes them the defaults.
pub(super) fn apply(inputs: &mut [Input], stated: &[(String, f64)]) {
    for (name, value) in stated {
        let Some(input) = inputs.iter_mut().find(|input| input.name == *name) else { continue };
        if !input.grid.contains(value) {
            input.grid.push(*value);
            input.grid.sort_by(f64::total_cmp);
        }
        input.default = *value;
    }
}
