//! The one door through which requests leave. It wraps the network: whoever holds a door and no network cannot send without
//! saying what it costs.
//!
//! [`Door::send`] pays for a request that is over when it is answered. [`Door::send_permitted`] pays for a publish, whose
//! cost is known only later. [`Door::send_unbilled`] names why a request is free, and checks what it can of that.

use std::net::IpAddr;
use std::sync::Arc;

use assay_storage::DatabaseError;
use assay_world::{Clock, Network, NetworkError, Request, Response, World};
use http::{Method, StatusCode};

use crate::ledger::Close;
use crate::{Denied, Ledger, Permit, ReservationId, Resource};

/// What a request costs, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Cost<'a> {
    /// Of what.
    pub resource: Resource,
    /// How much, at worst.
    pub units: u64,
    /// For people: what it is for.
    pub purpose: &'a str,
    /// For reports: on whose account.
    pub concept: Option<&'a str>,
}

/// Why a request may leave without being counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbilled {
    /// It stays on this machine: our own engine. The host must be a loopback address, written as one.
    Loopback,
    /// It reads from the message engine. Providers bill deliveries, not reads of messages, events and keys. Must be a GET.
    EngineRead,
}

/// An answered publish.
#[derive(Debug)]
pub struct Sent {
    /// What the engine said.
    pub response: Response,
    /// Still open after a 2xx, to be marked as sent and settled later; otherwise the door has ended it already.
    pub reservation: Option<ReservationId>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The guard said no; nothing was sent.
    #[error("the budget does not allow it")]
    Denied(#[from] Denied),
    /// The request was said to be free and is not.
    #[error("{url}: cannot be sent uncounted: {reason}")]
    NotFree {
        /// Where it would have gone.
        url: String,
        /// Which condition does not hold.
        reason: &'static str,
    },
    /// The network gave no answer.
    #[error("the request failed")]
    Network(#[source] NetworkError),
    /// The ledger could not be written. Before the send this means that nothing was sent.
    #[error("the budget ledger could not be written")]
    Ledger(#[source] DatabaseError),
}

impl DoorError {
    /// Whether the same request may succeed later.
    pub fn retry(&self) -> bool {
        match self {
            DoorError::Denied(_) => true,
            DoorError::NotFree { .. } => false,
            DoorError::Network(cause) => cause.retry(),
            DoorError::Ledger(cause) => cause.retry(),
        }
    }
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    network: Arc<dyn Network>,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
}

impl Door {
    /// A door before `network`, paid for from `ledger`.
    pub fn new(network: Arc<dyn Network>, ledger: Ledger, clock: Arc<dyn Clock>) -> Door {
        Door { network, ledger, clock }
    }

    /// The same, with the network and the clock of a world.
    pub fn of(world: &World, ledger: Ledger) -> Door {
        Door::new(world.network.clone(), ledger, world.clock.clone())
    }

    /// The ledger that pays.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Reserves, sends, settles. Any answer, and any failure that does not prove the opposite, costs all units.
    pub async fn send(&self, cost: Cost<'_>, request: Request) -> Result<Response, DoorError> {
        let now = self.clock.now();
        let permit = self
            .ledger
            .reserve(cost.resource, cost.units, cost.purpose, cost.concept, now)
            .map_err(DoorError::Ledger)??;
        let units = permit.units();
        let flight = InFlight::start(self, permit);
        match self.network.send(request).await {
            Ok(response) => flight.end(Close::Settled(units)).map(|()| response),
            Err(error) if error.proves_unsent() => flight.end(Close::Released).and(Err(DoorError::Network(error))),
            Err(error) => flight.end(Close::Settled(units)).and(Err(DoorError::Network(error))),
        }
    }

    /// Sends what a permit pays for. After a 2xx the reservation stays open: its attempts are still to come. What other
    /// answers mean is `unaccepted`'s to say.
    pub async fn send_permitted(&self, permit: Permit, request: Request) -> Result<Sent, DoorError> {
        let resource = permit.resource();
        let flight = InFlight::start(self, permit);
        match self.network.send(request).await {
            Ok(response) if response.status.is_success() => {
                Ok(Sent { response, reservation: Some(flight.leave_open()) })
            }
            Ok(response) => {
                let how = unaccepted(resource, response.status);
                flight.end(how.unwrap_or(Close::AssumedSpent)).map(|()| Sent { response, reservation: None })
            }
            Err(error) if error.proves_unsent() => flight.end(Close::Released).and(Err(DoorError::Network(error))),
            // The engine may have taken the message before the connection broke.
            Err(error) => flight.end(Close::AssumedSpent).and(Err(DoorError::Network(error))),
        }
    }

    /// Sends what costs nothing, for a reason that is checked.
    pub async fn send_unbilled(&self, request: Request, why: Unbilled) -> Result<Response, DoorError> {
        let refused = |reason| DoorError::NotFree { url: request.url.to_string(), reason };
        match why {
            Unbilled::Loopback if !request.url.host_str().is_some_and(is_loopback) => {
                return Err(refused("the host is not a loopback address such as 127.0.0.1"));
            }
            Unbilled::EngineRead if request.method != Method::GET => return Err(refused("it is not a GET")),
            Unbilled::Loopback | Unbilled::EngineRead => {}
        }
        self.network.send(request).await.map_err(DoorError::Network)
    }
}

/// What an answer other than 2xx proves. A message engine that answers 4xx says that it made no message, so nothing will be
/// delivered or billed; 408 and 5xx may hide a message that was made. For other resources the request itself was the cost.
fn unaccepted(resource: Resource, status: StatusCode) -> Option<Close> {
    let refused = status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT;
    (resource == Resource::QstashMessages && refused).then_some(Close::Settled(0))
}

/// A name that merely resolves to this machine is not enough: a name can be changed from outside.
fn is_loopback(host: &str) -> bool {
    let literal = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A reservation while its request is on the way. A caller that gives up waiting drops it, and then nobody will ever know
/// what became of the request: it counts as spent, instead of staying open until the next start.
struct InFlight<'a> {
    door: &'a Door,
    id: Option<ReservationId>,
}

impl<'a> InFlight<'a> {
    fn start(door: &'a Door, permit: Permit) -> InFlight<'a> {
        InFlight { door, id: Some(permit.id) }
    }

    fn end(mut self, how: Close) -> Result<(), DoorError> {
        let id = self.leave();
        self.door.ledger.close(id, how, self.door.clock.now()).map_err(DoorError::Ledger)
    }

    fn leave_open(mut self) -> ReservationId {
        self.leave()
    }

    fn leave(&mut self) -> ReservationId {
        self.id.take().expect("a flight ends once")
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            // If this fails too, the reservation stays open and weighs in full until the next start recovers it.
            let _ = self.door.ledger.close(id, Close::AssumedSpent, self.door.clock.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_count_as_loopback() {
        for host in ["127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost", "example.org", "10.0.0.1", "[::2]", "127.0.0.1.example.org", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_refused_publish_is_free_and_a_doubtful_one_is_not() {
        let free = |status| unaccepted(Resource::QstashMessages, status) == Some(Close::Settled(0));
        assert!(free(StatusCode::BAD_REQUEST) && free(StatusCode::TOO_MANY_REQUESTS));
        assert!(!free(StatusCode::REQUEST_TIMEOUT) && !free(StatusCode::BAD_GATEWAY) && !free(StatusCode::FOUND));
        assert!(unaccepted(Resource::WebRequests, StatusCode::NOT_FOUND).is_none());
    }
}
