//! The very kernels that a card runs, on whatever device there is: a software renderer will do.
//!
//! Without any Vulkan driver the tests say by name that they did not run; `scripts/lavapipe` installs Mesa's.

mod memory;
mod parity;
mod verdicts;
