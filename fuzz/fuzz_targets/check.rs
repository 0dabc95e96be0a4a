//! No text makes the checker or the lowering panic, hang or overflow its stack.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = assay_pine::check(text);
    let _ = assay_pine::compile(text);
});
