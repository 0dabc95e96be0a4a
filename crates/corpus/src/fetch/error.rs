//! Why a page could not be fetched, and whether asking again can help.

use assay_storage::DatabaseError;
use assay_units::Timestamp;
use assay_world::NetworkError;
use http::StatusCode;
use url::Url;

use super::REDIRECTS_MAX;
use super::get::GetError;

/// What a queue should do with a page that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The answer will be the same.
    Never,
    /// Perhaps, after the queue's own delay.
    Later,
    /// Not before this instant.
    At(Timestamp),
}

/// Why a page could not be fetched. `url` is the hop that failed, which after a redirect is not the one asked for; it is kept
/// as text, which is small.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is not an address that pages may be fetched from. Nothing was sent.
    #[error("{url}: refused: {reason}")]
    Refused {
        /// The page.
        url: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// robots.txt closes the page to us.
    #[error("{url}: robots.txt does not allow it")]
    Disallowed {
        /// The page.
        url: String,
    },
    /// robots.txt could not be read, so every page of the host is closed for now.
    #[error("{url}: its host's robots.txt cannot be read, so nothing is fetched from there until {until}")]
    RobotsUnreachable {
        /// The page.
        url: String,
        /// When robots.txt will be asked for again.
        until: Timestamp,
    },
    /// It redirects to where we do not follow.
    #[error("{url}: redirects to {to:?}, which is not followed: {reason}")]
    Redirect {
        /// The page.
        url: String,
        /// As the page spells it, cut at 200 characters.
        to: String,
        /// Why not.
        reason: String,
    },
    /// It redirects again and again.
    #[error("{url}: more than {REDIRECTS_MAX} redirects")]
    TooManyRedirects {
        /// The last hop.
        url: String,
    },
    /// The budget does not allow it. Nothing was sent.
    #[error("{url}: {message}")]
    Denied {
        /// The page.
        url: String,
        /// What is short.
        message: String,
        /// When there is more, if that is known.
        until: Option<Timestamp>,
    },
    /// The host asks for time (429 or 503).
    #[error("{url}: answered {status}, come back later")]
    Busy {
        /// The page.
        url: String,
        /// 429 or 503.
        status: StatusCode,
        /// When the host wants to be asked again, if it says so.
        until: Option<Timestamp>,
    },
    /// An answer that is no page.
    #[error("{url}: answered {status}")]
    Status {
        /// The page.
        url: String,
        /// The status.
        status: StatusCode,
    },
    /// The page is not a text that we read.
    #[error("{url}: is of type {found}, not HTML, Markdown or plain text")]
    ContentType {
        /// The page.
        url: String,
        /// The type that it names; `none` when it names none.
        found: String,
    },
    /// The page asks not to be indexed, by a header.
    #[error("{url}: its X-Robots-Tag says noindex")]
    NoIndex {
        /// The page.
        url: String,
    },
    /// The page is too long.
    #[error("{url}: larger than {bytes_max} bytes")]
    TooLarge {
        /// The page.
        url: String,
        /// The bound, in decoded bytes.
        bytes_max: usize,
    },
    /// There was no answer.
    #[error("{url}: no answer")]
    Unreachable {
        /// The page.
        url: String,
        /// Why.
        #[source]
        cause: NetworkError,
    },
    /// Our own cache of robots.txt could not be read or written.
    #[error("{url}: the cache of robots.txt failed")]
    Cache {
        /// The page.
        url: String,
        /// Why.
        #[source]
        cause: DatabaseError,
    },
    /// The request could not be made, for a reason on our side.
    #[error("{url}: the request could not be made")]
    Unsent {
        /// The page.
        url: String,
        /// Why.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
        /// Whether that may pass.
        retry: bool,
    },
}

impl FetchError {
    /// The one question that a queue asks of an error.
    pub fn retry(&self) -> Retry {
        let later = |yes| if yes { Retry::Later } else { Retry::Never };
        match self {
            FetchError::Refused { .. }
            | FetchError::Disallowed { .. }
            | FetchError::Redirect { .. }
            | FetchError::TooManyRedirects { .. }
            | FetchError::ContentType { .. }
            | FetchError::NoIndex { .. }
            | FetchError::TooLarge { .. } => Retry::Never,
            FetchError::RobotsUnreachable { until, .. } => Retry::At(*until),
            FetchError::Denied { until, .. } | FetchError::Busy { until, .. } => until.map_or(Retry::Later, Retry::At),
            FetchError::Status { status, .. } => later(may_pass(*status)),
            FetchError::Unreachable { cause, .. } => later(cause.retry()),
            FetchError::Cache { cause, .. } => later(cause.retry()),
            FetchError::Unsent { retry, .. } => later(*retry),
        }
    }

    /// What a failed request says of the page it was for.
    pub(super) fn of(url: &Url, error: GetError) -> FetchError {
        let url = url.to_string();
        match error {
            GetError::Denied { message, until } => FetchError::Denied { url, message, until },
            GetError::Network(NetworkError::TooLarge { bytes_max, .. }) => FetchError::TooLarge { url, bytes_max },
            GetError::Network(NetworkError::Refused { reason, .. }) => FetchError::Refused { url, reason },
            GetError::Network(cause) => FetchError::Unreachable { url, cause },
            GetError::Other { cause, retry } => FetchError::Unsent { url, cause, retry },
        }
    }
}

/// Statuses that speak of the moment rather than of the page.
fn may_pass(status: StatusCode) -> bool {
    let lasting = [StatusCode::NOT_IMPLEMENTED, StatusCode::HTTP_VERSION_NOT_SUPPORTED];
    matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS)
        || status.is_server_error() && !lasting.contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_will_not_is_left() {
        let url = || "https://example.org/a".to_owned();
        let status = |code| FetchError::Status { url: url(), status: StatusCode::from_u16(code).unwrap() };
        let until = Timestamp::from_seconds(9);
        for (error, expected) in [
            (status(404), Retry::Never),
            (status(403), Retry::Never),
            (status(501), Retry::Never),
            (status(408), Retry::Later),
            (status(502), Retry::Later),
            (FetchError::Disallowed { url: url() }, Retry::Never),
            (FetchError::RobotsUnreachable { url: url(), until }, Retry::At(until)),
            (FetchError::Denied { url: url(), message: "m".into(), until: Some(until) }, Retry::At(until)),
            (FetchError::Denied { url: url(), message: "m".into(), until: None }, Retry::Later),
            (FetchError::TooLarge { url: url(), bytes_max: 1 }, Retry::Never),
        ] {
            assert_eq!(error.retry(), expected, "{error}");
            assert!(error.to_string().starts_with("https://example.org/a: "), "{error}");
        }
    }
}
