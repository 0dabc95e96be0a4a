//! A publish request, read: destination and headers in, a message to be stored out. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use assay_storage::DatabaseError;
use assay_units::Timestamp;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sha2::{Digest, Sha256};
use url::Url;

use super::EngineSettings;
use crate::duration;

/// Characters of a URL, a label or a de-duplication id that are accepted.
const URL_CHARS_MAX: usize = 8 * 1024;
const NAME_CHARS_MAX: usize = 1024;
/// Forwarded headers together.
const HEADERS_BYTES_MAX: usize = 32 * 1024;

/// Headers of QStash that change what a message means and that this engine does not know. To ignore them would be worse
/// than to say so.
const UNSUPPORTED: [&str; 8] = [
    "upstash-callback",
    "upstash-failure-callback",
    "upstash-retry-delay",
    "upstash-cron",
    "upstash-queue-name",
    "upstash-flow-control-key",
    "upstash-flow-control-value",
    "upstash-redact-fields",
];

/// Never delivered, however they are given: each hop makes its own.
const OF_THE_HOP: [&str; 9] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

/// Not taken along by `Upstash-Header-Forward`: they belong to our caller's account with us.
const OF_THE_CALLER: [&str; 3] = ["authorization", "proxy-authorization", "user-agent"];

/// Why a publish was refused.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The request is at fault.
    #[error("{0}")]
    Invalid(String),
    /// It asks for more than this engine gives.
    #[error("{0}")]
    Quota(String),
    /// The body is too long.
    #[error("message body is larger than {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// Too many messages wait.
    #[error("{messages_max} messages are waiting already, which is the limit of this engine")]
    Full {
        /// The bound.
        messages_max: u64,
    },
    /// It could not be stored.
    #[error("the message could not be stored")]
    Database(#[from] DatabaseError),
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// As given, not normalised: it becomes the `sub` of the signature.
    pub url: String,
    pub method: Method,
    /// Delivered as they are, names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Bytes,
    pub retries: u32,
    pub timeout: Duration,
    pub not_before: Timestamp,
    /// As given: one or more, comma separated.
    pub label: Option<String>,
    pub deduplication_key: Option<String>,
}

/// Reads a publish request.
pub(crate) fn read(
    destination: &str,
    headers: &HeaderMap,
    body: Bytes,
    settings: &EngineSettings,
    now: Timestamp,
) -> Result<Submission, PublishError> {
    check_destination(destination, settings)?;
    if body.len() > settings.body_bytes_max {
        return Err(PublishError::TooLarge { bytes_max: settings.body_bytes_max });
    }
    if let Some(name) = UNSUPPORTED.iter().find(|name| headers.contains_key(**name)) {
        return Err(PublishError::Invalid(format!("{name} is not supported by this engine")));
    }
    let method = text(headers, "upstash-method")?.map_or(Ok(Method::POST), |text| {
        let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text)).ok_or_else(|| bad("upstash-method"))
    })?;
    let retries = match text(headers, "upstash-retries")? {
        None => settings.retries_default,
        Some(text) => text.parse().map_err(|_| bad("upstash-retries"))?,
    };
    if retries > settings.retries_max {
        let limit = settings.retries_max;
        return Err(PublishError::Quota(format!("quota maxRetries exceeded, current limit: {limit}")));
    }
    let timeout = span(headers, "upstash-timeout")?.unwrap_or(settings.timeout_max);
    if timeout.is_zero() {
        return Err(bad("upstash-timeout"));
    }
    let label = name(headers, "upstash-label")?;
    let delivered = delivered_headers(headers)?;
    let deduplication_key = deduplication_key(destination, headers, &delivered, &body)?;
    Ok(Submission {
        url: destination.to_owned(),
        method,
        headers: delivered,
        body,
        retries,
        timeout: timeout.min(settings.timeout_max),
        not_before: not_before(headers, settings, now)?,
        label,
        deduplication_key,
    })
}

fn check_destination(destination: &str, settings: &EngineSettings) -> Result<(), PublishError> {
    let invalid = |why: &str| PublishError::Invalid(format!("invalid destination url: {why}"));
    if !destination.starts_with("http://") && !destination.starts_with("https://") {
        return Err(invalid("endpoint has invalid scheme, add http:// or https://"));
    }
    if destination.len() > URL_CHARS_MAX {
        return Err(invalid("endpoint is too long"));
    }
    let url = Url::parse(destination).map_err(|error| invalid(&error.to_string()))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(invalid("endpoint has no host"));
    }
    if !settings.destinations.allow(&url) {
        return Err(invalid("endpoint is not among the destinations that this engine may reach"));
    }
    Ok(())
}

fn not_before(headers: &HeaderMap, settings: &EngineSettings, now: Timestamp) -> Result<Timestamp, PublishError> {
    let delay = span(headers, "upstash-delay")?;
    let at = match text(headers, "upstash-not-before")? {
        Some(text) => {
            let seconds: i64 = text.parse().map_err(|_| bad("upstash-not-before"))?;
            Timestamp::from_millis(seconds.saturating_mul(1000)).max(now)
        }
        None => now + delay.unwrap_or(Duration::ZERO),
    };
    if at.since(now) > settings.delay_max {
        let limit = settings.delay_max.as_secs();
        return Err(PublishError::Quota(format!("quota maxDelay exceeded, current limit: {limit}")));
    }
    Ok(at)
}

fn delivered_headers(headers: &HeaderMap) -> Result<BTreeMap<String, String>, PublishError> {
    let all = text(headers, "upstash-header-forward")?.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let mut delivered = BTreeMap::<String, String>::new();
    let mut add = |name: &str, value: &HeaderValue| -> Result<(), PublishError> {
        let value = value.to_str().map_err(|_| bad(name))?;
        // Repeated names keep all their values, as one list.
        delivered
            .entry(name.to_owned())
            .and_modify(|held| {
                held.push_str(", ");
                held.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
        Ok(())
    };
    for (name, value) in headers {
        let name = name.as_str();
        match name.strip_prefix("upstash-forward-") {
            Some(forwarded) if OF_THE_HOP.contains(&forwarded) => {}
            Some(forwarded) if HeaderName::from_bytes(forwarded.as_bytes()).is_ok() => add(forwarded, value)?,
            Some(_) => return Err(bad(name)),
            None if name == "content-type" => add(name, value)?,
            None if !all || name.starts_with("upstash-") => {}
            None if OF_THE_HOP.contains(&name) || OF_THE_CALLER.contains(&name) => {}
            None => add(name, value)?,
        }
    }
    if delivered.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > HEADERS_BYTES_MAX {
        return Err(PublishError::Invalid("forwarded headers are too large".to_owned()));
    }
    Ok(delivered)
}

/// By the caller's id, or by content: destination, body, content type and forwarded headers.
fn deduplication_key(
    destination: &str,
    headers: &HeaderMap,
    delivered: &BTreeMap<String, String>,
    body: &[u8],
) -> Result<Option<String>, PublishError> {
    if let Some(id) = name(headers, "upstash-deduplication-id")? {
        if id.contains(':') {
            return Err(PublishError::Invalid("DeduplicationId cannot contain ':'".to_owned()));
        }
        return Ok(Some(format!("id:{id}")));
    }
    let by_content = text(headers, "upstash-content-based-deduplication")?;
    if !by_content.is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let mut hash = Sha256::new();
    // Lengths first, so that no two contents run together into the same bytes.
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    add(destination.as_bytes());
    add(body);
    for (name, value) in delivered {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    let mut key = String::from("content:");
    for byte in hash.finalize() {
        write!(key, "{byte:02x}").expect("a string takes all");
    }
    Ok(Some(key))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, PublishError> {
    headers.get(name).map(|value| value.to_str().map(str::trim).map_err(|_| bad(name))).transpose()
}

fn name(headers: &HeaderMap, name: &str) -> Result<Option<String>, PublishError> {
    match text(headers, name)? {
        Some(text) if text.len() > NAME_CHARS_MAX => Err(PublishError::Invalid(format!("{name} is too long"))),
        found => Ok(found.filter(|text| !text.is_empty()).map(str::to_owned)),
    }
}

fn span(headers: &HeaderMap, name: &str) -> Result<Option<Duration>, PublishError> {
    text(headers, name)?.map(|text| duration::parse(text).ok_or_else(|| bad(name))).transpose()
}

fn bad(name: &str) -> PublishError {
    PublishError::Invalid(format!("invalid value of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn given(destination: &str, headers: &[(&str, &str)]) -> Result<Submission, PublishError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        read(destination, &map, Bytes::from_static(b"{}"), &EngineSettings::local(Secret::new("t")), NOW)
    }

    #[test]
    fn settings_are_read_from_headers() {
        let s = given(
            "https://example.org/a?b=c",
            &[
                ("Content-Type", "application/json"),
                ("Upstash-Method", "put"),
                ("Upstash-Retries", "0"),
                ("Upstash-Delay", "1m30s"),
                ("Upstash-Timeout", "10s"),
                ("Upstash-Label", "a, b"),
                ("Upstash-Forward-Test-Header", "1"),
                ("Upstash-Forward-Test-Header", "2"),
                ("Upstash-Forward-Authorization", "Bearer theirs"),
                ("Upstash-Forward-Content-Length", "1"),
                ("Upstash-Telemetry-Sdk", "any"),
                ("Authorization", "Bearer ours"),
                ("X-Stray", "1"),
            ],
        )
        .unwrap();
        assert_eq!((s.method, s.retries, s.timeout), (Method::PUT, 0, Duration::from_secs(10)));
        assert_eq!((s.not_before, s.label.as_deref()), (NOW + Duration::from_secs(90), Some("a, b")));
        let headers: Vec<(&str, &str)> = s.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected =
            [("authorization", "Bearer theirs"), ("content-type", "application/json"), ("test-header", "1, 2")];
        assert_eq!(headers, expected);
    }

    #[test]
    fn header_forward_takes_all_but_what_is_ours() {
        let s = given(
            "https://example.org/",
            &[("Upstash-Header-Forward", "true"), ("X-Stray", "1"), ("Authorization", "ours"), ("Host", "engine")],
        );
        assert_eq!(s.unwrap().headers.into_iter().collect::<Vec<_>>(), [("x-stray".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn an_absolute_time_wins_over_a_delay() {
        let s = given("https://e.org", &[("Upstash-Delay", "1h"), ("Upstash-Not-Before", "1000060")]).unwrap();
        assert_eq!(s.not_before, Timestamp::from_seconds(1_000_060));
        let s = given("https://e.org", &[("Upstash-Not-Before", "5")]).unwrap();
        assert_eq!(s.not_before, NOW, "what is past is due now");
    }

    #[test]
    fn faults_are_named() {
        for (destination, header, text) in [
            ("example.org", None, "invalid destination url: endpoint has invalid scheme, add http:// or https://"),
            (
                "ftp://example.org",
                None,
                "invalid destination url: endpoint has invalid scheme, add http:// or https://",
            ),
            ("https://", None, "invalid destination url: empty host"),
            ("https://e.org", Some(("upstash-retries", "-1")), "invalid value of upstash-retries"),
            ("https://e.org", Some(("upstash-retries", "11")), "quota maxRetries exceeded, current limit: 10"),
            ("https://e.org", Some(("upstash-delay", "soon")), "invalid value of upstash-delay"),
            ("https://e.org", Some(("upstash-delay", "8d")), "quota maxDelay exceeded, current limit: 604800"),
            ("https://e.org", Some(("upstash-timeout", "0s")), "invalid value of upstash-timeout"),
            ("https://e.org", Some(("upstash-method", "TRACE")), "invalid value of upstash-method"),
            ("https://e.org", Some(("upstash-deduplication-id", "a:b")), "DeduplicationId cannot contain ':'"),
            (
                "https://e.org",
                Some(("upstash-callback", "https://x")),
                "upstash-callback is not supported by this engine",
            ),
        ] {
            let error = given(destination, header.as_slice()).unwrap_err();
            assert_eq!(error.to_string(), text, "{destination} {header:?}");
        }
    }

    #[test]
    fn content_is_told_apart_by_each_of_its_parts() {
        let on = ("Upstash-Content-Based-Deduplication", "True");
        let key = |destination, extra: &[(&str, &str)]| {
            given(destination, &[&[on], extra].concat()).unwrap().deduplication_key.unwrap()
        };
        let first = key("https://e.org", &[]);
        assert_eq!(first, key("https://e.org", &[("Upstash-Label", "other")]));
        assert_ne!(first, key("https://e.org/2", &[]));
        assert_ne!(first, key("https://e.org", &[("Content-Type", "text/plain")]));
        assert_ne!(first, key("https://e.org", &[("Upstash-Forward-A", "1")]));
    }
}
