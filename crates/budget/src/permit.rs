//! Proof that a cost is reserved.

use std::fmt;

use crate::Resource;

/// Names a reservation in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(pub(crate) i64);

impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Proof of a durable reservation. Only the ledger makes one, it cannot be copied, and sending a request consumes it:
/// one reservation pays for one request.
///
/// ```compile_fail
/// fn twice(permit: assay_budget::Permit) -> (assay_budget::Permit, assay_budget::Permit) {
///     (permit.clone(), permit)
/// }
/// ```
///
/// A permit that is dropped unused stays reserved until the next start, and then counts as spent: nobody can prove that
/// nothing was sent on it. [`crate::Ledger::release`] gives it back instead.
#[derive(Debug)]
#[must_use = "a permit that is neither sent on nor released counts as spent"]
pub struct Permit {
    pub(crate) id: ReservationId,
    pub(crate) resource: Resource,
    pub(crate) units: u64,
}

impl Permit {
    /// The reservation.
    pub fn id(&self) -> ReservationId {
        self.id
    }
    /// Of what.
    pub fn resource(&self) -> Resource {
        self.resource
    }
    /// How much.
    pub fn units(&self) -> u64 {
        self.units
    }
}
