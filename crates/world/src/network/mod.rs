//! How requests leave: one request, one answer, both bounded; no redirects followed, no retries.
//!
//! Engines: [`RealNetwork`] (reqwest, with an address filter in its resolver) and [`SimulatedNetwork`].
//! Whoever fetches follows redirects itself, so that each hop is checked and paid for.

mod address;
mod real;
mod simulated;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub use address::{check_url, is_public};
pub use real::RealNetwork;
pub use simulated::SimulatedNetwork;

/// Which addresses a request may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses on ports 80 and 443, and the host:port pairs listed (tests name their loopback servers here).
    Public {
        /// Exceptions, as `host:port` exactly as the URL spells them.
        also: Vec<String>,
    },
    /// Anything: for addresses that the operator configured (the message engine, our own webhook).
    Configured,
}

/// Bounds on one exchange. Every one of them is enforced while streaming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first byte sent to the last byte read.
    pub time_max: Duration,
    /// Decoded bytes of the answer's body.
    pub body_bytes_max: usize,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET, POST, ...
    pub method: Method,
    /// http or https.
    pub url: Url,
    /// As sent; `Host` and `Content-Length` are added.
    pub headers: HeaderMap,
    /// May be empty.
    pub body: Bytes,
    /// Bounds.
    pub limits: Limits,
    /// Where it may go.
    pub reach: Reach,
}

/// One answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded (gzip, brotli).
    pub body: Bytes,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// The address is not one that this request may reach. Nothing was sent.
    #[error("{url}: refused: {reason}")]
    Refused {
        /// The request's URL.
        url: String,
        /// Which rule.
        reason: String,
    },
    /// No connection could be made. Nothing was sent.
    #[error("{url}: no connection")]
    Connect {
        /// The request's URL.
        url: String,
        /// What the operating system said.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Time ran out. The request may have been acted on.
    #[error("{url}: no answer within {} s", time_max.as_secs_f64())]
    Timeout {
        /// The request's URL.
        url: String,
        /// The bound.
        time_max: Duration,
    },
    /// The answer's body is longer than allowed.
    #[error("{url}: the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The request's URL.
        url: String,
        /// The bound.
        bytes_max: usize,
    },
    /// The exchange broke off. The request may have been acted on.
    #[error("{url}: the exchange broke off")]
    Broken {
        /// The request's URL.
        url: String,
        /// What went wrong.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl NetworkError {
    /// Whether it is certain that the other side never saw the request: the only proof that a reservation may be released on.
    pub fn proves_unsent(&self) -> bool {
        matches!(self, NetworkError::Refused { .. } | NetworkError::Connect { .. })
    }
    /// Whether trying again later could help.
    pub fn retry(&self) -> bool {
        !matches!(self, NetworkError::Refused { .. } | NetworkError::TooLarge { .. })
    }
}

/// The port.
#[async_trait]
pub trait Network: Send + Sync {
    /// Sends `request` once and reads the whole answer within its limits.
    async fn send(&self, request: Request) -> Result<Response, NetworkError>;
}
