//! No text makes the parser panic, hang or overflow its stack.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = assay_pine::version(text);
    let _ = assay_pine::parser::parse(text);
});
