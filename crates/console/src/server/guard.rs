//! What every request passes: its host must be ours, and what changes anything must come from a page of ours.
//!
//! A page of a stranger can make a browser send requests to this machine (DNS rebinding gives it even the answers). The first
//! is told by `Origin` and `Sec-Fetch-Site`, which pages cannot forge; the second by `Host`, which names the stranger.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::Console;

const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// For reports, which carry their style inside.
pub(super) const CSP_REPORT: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses or lets pass, and puts the security headers on whatever is answered.
pub(super) async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let mut response = match check(&console, &request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    let set = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(headers, header::CONTENT_SECURITY_POLICY, CSP);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::REFERRER_POLICY, "no-referrer");
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

fn check(console: &Console, request: &Request) -> Result<(), Problem> {
    let host = only(request.headers(), header::HOST).ok_or(Problem::Misdirected)?;
    let ours = std::iter::once(&console.listen).chain(&console.allowed_hosts);
    // A request line may carry a whole address; it must not name another host than the header.
    let named = request.uri().authority().map(|a| a.as_str());
    let same = |name: &str| named.is_none_or(|authority| authority.eq_ignore_ascii_case(name));
    if !ours.into_iter().any(|name| name.eq_ignore_ascii_case(host)) || !same(host) {
        return Err(Problem::Misdirected);
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if reads || is_same_origin(request.headers(), host) { Ok(()) } else { Err(Problem::Forbidden) }
}

/// Whether a page of `host` sent this. At least one header must say so, and none the opposite.
fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    let site = only(headers, HeaderName::from_static("sec-fetch-site"));
    // A page without referrers sends `null`, which says nothing either way.
    let origin = only(headers, header::ORIGIN).filter(|origin| *origin != "null");
    let is_ours = |origin: &str| {
        let name = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        name.is_some_and(|name| name.eq_ignore_ascii_case(host))
    };
    match (origin, site) {
        (Some(origin), Some(site)) => is_ours(origin) && site == "same-origin",
        (Some(origin), None) => is_ours(origin),
        (None, site) => site == Some("same-origin"),
    }
}

/// A header that must stand once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_must_come_from_a_page_of_ours() {
        for (origin, site, expected) in [
            (None, None, false),
            (Some("http://127.0.0.1:8000"), None, true),
            (Some("https://127.0.0.1:8000"), Some("same-origin"), true),
            (Some("http://127.0.0.1:8001"), None, false),
            (Some("http://evil.test"), Some("same-origin"), false),
            (Some("http://127.0.0.1:8000"), Some("cross-site"), false),
            (Some("http://127.0.0.1:8000.evil.test"), None, false),
            (Some("null"), None, false),
            (Some("null"), Some("same-origin"), true),
            (Some("null"), Some("cross-site"), false),
            (None, Some("same-origin"), true),
            (None, Some("same-site"), false),
            (None, Some("none"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            assert_eq!(is_same_origin(&headers, "127.0.0.1:8000"), expected, "{origin:?} {site:?}");
        }
    }
}
