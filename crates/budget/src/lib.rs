//! The budget guard: tariff, ledger, guard, and the one door through which requests leave.
//!
//! `guard` decides (pure) -> `ledger` keeps the answers durably (reserve -> send -> settle) -> `door` wraps the network, so
//! that a request without a cost does not compile. `usage` is what people see. Invariants, per resource and UTC day:
//! settled + reserved never exceeds the cap by an admission, and no reservation returns to the pool without evidence.
//! Never knows what it guards.

mod denied;
mod door;
pub mod guard;
mod ledger;
mod levels;
mod permit;
mod resource;
mod schema;
pub mod tariff;
mod usage;

pub use denied::Denied;
pub use door::{Cost, Door, DoorError, Sent, Unbilled};
pub use ledger::{Ledger, OpenMessage};
pub use permit::{Permit, ReservationId};
pub use resource::{Caps, Resource};
pub use schema::SCHEMA;
pub use usage::{DenialCount, Usage};
