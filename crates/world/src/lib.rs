//! All that differs from run to run, behind three ports: [`Clock`], [`Entropy`], [`Network`].
//!
//! Each has a real engine (`real`) and a simulated one (`simulated`). Everything else of ours is a function of its
//! arguments; a shell that needs time, chance or a socket holds a [`World`].

mod clock;
mod entropy;
pub mod network;

use std::sync::Arc;

pub use clock::{Clock, RealClock, SimulatedClock};
pub use entropy::{Entropy, RealEntropy, SimulatedEntropy};
pub use network::{Limits, Network, NetworkError, Reach, Request, Response};

/// The three ports together. Cheap to clone.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where chance comes from.
    pub entropy: Arc<dyn Entropy>,
    /// How requests leave. Only the budget door may call it for anything that a provider could bill.
    pub network: Arc<dyn Network>,
}
