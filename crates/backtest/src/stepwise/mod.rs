//! The stepwise path: strategies whose orders, stops and reads of the position feed back into themselves.
//!
//! [`broker`] is the emulator that gives orders their meaning.

pub mod broker;
pub mod interpreter;
