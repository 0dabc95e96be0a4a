//! What went wrong, as a status and a page that says what to do.

use std::error::Error;

use assay_messages::{EngineError, PublishError};
use assay_storage::DatabaseError;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::pages;

/// Why there is no page.
#[derive(Debug)]
pub(super) enum Problem {
    /// No such thing.
    NotFound(String),
    /// The request itself is at fault.
    Bad(String),
    /// Not now, in this state.
    Conflict(String),
    /// Not from a page of ours.
    Forbidden,
    /// Not a name of ours.
    Misdirected,
    /// Not that method.
    Method,
    /// Too much.
    TooLarge,
    /// The database failed.
    Unavailable(String),
    /// A bug of ours.
    Broken(String),
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Problem {
        Problem::Unavailable(chain(&error))
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Problem {
        Problem::Unavailable(chain(&error))
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Problem {
        match &error {
            PublishError::Database(_) => Problem::Unavailable(chain(&error)),
            _ => Problem::Conflict(chain(&error)),
        }
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        use Problem::*;
        let (status, title, what, hint) = match self {
            NotFound(what) => (StatusCode::NOT_FOUND, "Not found", what, "The list of concepts shows everything there is."),
            Bad(what) => (StatusCode::BAD_REQUEST, "That cannot be done", what, "Go back, change it and send it again."),
            Conflict(what) => (StatusCode::CONFLICT, "Not now", what, "Nothing was changed."),
            Forbidden => (
                StatusCode::FORBIDDEN,
                "Refused",
                "Only a form on a page of this console may change anything, and this request does not show that it is one.".into(),
                "Open the page here and use its button. Programs use the command line instead.",
            ),
            Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "Not this host",
                "This console does not answer to the name in the address.".into(),
                "Open it by the address that it printed at its start, or add the name to its allowed hosts.",
            ),
            Method => (StatusCode::METHOD_NOT_ALLOWED, "Not that way", "This address does not answer to that method.".into(), ""),
            TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too large",
                "A form may hold 1.2 MB.".into(),
                "Give a large script as a file on the command line.",
            ),
            Unavailable(what) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The database does not answer",
                what,
                "Nothing was lost. Check that the disk has room and is writable, then load the page again.",
            ),
            Broken(what) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "A bug",
                what,
                "Load the page again. If it stays, the log says more.",
            ),
        };
        let page = pages::problem::render(status.as_u16(), title, &what, hint);
        let mut response = (status, Html(page.into_string())).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
