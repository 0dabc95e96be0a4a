//! How the fetcher's requests leave: through the budget door, one unit of web requests each.

use std::future::Future;
use std::pin::Pin;

use assay_budget::{Cost, Denied, Door, DoorError, Resource};
use assay_units::{ConceptId, Timestamp};
use assay_world::{NetworkError, Request, Response};

/// A future on the heap, so that [`Get`] can be a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum GetError {
    /// The budget does not allow it. Nothing was sent.
    #[error("the budget does not allow it: {message}")]
    Denied {
        /// What is short.
        message: String,
        /// When there is more; `None` when that is for a person to decide.
        until: Option<Timestamp>,
    },
    /// The network gave no answer.
    #[error("the request failed")]
    Network(#[source] NetworkError),
    /// Something on our side failed, such as the ledger.
    #[error("the request could not be made")]
    Other {
        /// What.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
        /// Whether the same request may succeed later.
        retry: bool,
    },
}

/// Sends one request and says on whose account. Redirects are not followed, limits are the request's.
/// Engines: the budget door; in tests, a network of any kind.
pub trait Get: Send + Sync {
    /// Sends `request`. `purpose` is for people and reports.
    fn get<'a>(
        &'a self,
        request: Request,
        purpose: &'a str,
        concept: Option<&'a ConceptId>,
    ) -> BoxFuture<'a, Result<Response, GetError>>;
}

impl Get for Door {
    fn get<'a>(
        &'a self,
        request: Request,
        purpose: &'a str,
        concept: Option<&'a ConceptId>,
    ) -> BoxFuture<'a, Result<Response, GetError>> {
        let cost = Cost { resource: Resource::WebRequests, units: 1, purpose, concept: concept.map(ConceptId::as_str) };
        Box::pin(async move { self.send(cost, request).await.map_err(GetError::from) })
    }
}

impl From<DoorError> for GetError {
    fn from(error: DoorError) -> GetError {
        match error {
            DoorError::Denied(denied) => {
                let until = match &denied {
                    Denied::CapReached { resets_at, .. } => Some(*resets_at),
                    Denied::Stopped { .. } => None,
                };
                GetError::Denied { message: denied.to_string(), until }
            }
            DoorError::Network(cause) => GetError::Network(cause),
            other => GetError::Other { retry: other.retry(), cause: Box::new(other) },
        }
    }
}
