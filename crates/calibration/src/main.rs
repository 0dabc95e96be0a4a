//! The calibration as a command.
fn main() {}
