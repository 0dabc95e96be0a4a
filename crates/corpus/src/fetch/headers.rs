//! What an answer's headers say to a fetcher: where to go, when to come back, what the body is, whether it may be kept.
//!
//! Pure.

use std::time::Duration;

use assay_units::{Timestamp, UtcDay};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER};
use url::Url;

use super::robots::PRODUCT;
use crate::extract::Format;

/// A wait longer than this is cut: no header parks a page for ever.
const WAIT_MAX: Duration = Duration::from_secs(7 * 86_400);
/// Characters of a foreign text that an error may repeat.
const QUOTED_CHARS_MAX: usize = 200;

/// Where an answer leads, or what it names and why that is not followed.
pub fn next_hop(from: &Url, headers: &HeaderMap) -> Result<Url, (String, String)> {
    let Some(location) = headers.get(LOCATION) else { return Err((String::new(), "it names no address".into())) };
    let text = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let quoted: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    let mut to = match from.join(&text) {
        Ok(to) => to,
        Err(error) => return Err((quoted, format!("it is no address: {error}"))),
    };
    if from.scheme() == "https" && to.scheme() != "https" {
        return Err((quoted, "it leaves https".into()));
    }
    to.set_fragment(None);
    Ok(to)
}

/// When the host wants to be asked again: seconds, or a date as RFC 9110 has servers write it.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let latest = now + WAIT_MAX;
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let at = text.parse().map_or(latest, |seconds: u64| now + Duration::from_secs(seconds));
        return Some(at.min(latest));
    }
    http_date(text).map(|at| at.clamp(now, latest))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let [day, month, year, time, "GMT"] = rest.split(' ').collect::<Vec<_>>()[..] else { return None };
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let date = UtcDay::from_date(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?)?;
    let [hour, minute, second] = time.split(':').map(|part| part.parse::<u64>().ok()).collect::<Vec<_>>()[..] else {
        return None;
    };
    let (hour, minute, second) = (hour?, minute?, second?);
    // A leap second is written as 60.
    (hour < 24 && minute < 60 && second <= 60)
        .then(|| date.start() + Duration::from_secs(hour * 3600 + minute * 60 + second))
}

/// What a page is written in, and the charset that its header names. The error is the type found.
pub fn format(url: &Url, headers: &HeaderMap) -> Result<(Format, Option<String>), String> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Err("none".into()) };
    let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or("");
    let format = match kind {
        "text/html" | "application/xhtml+xml" => Format::Html,
        "text/markdown" => Format::Markdown,
        // Code hosts serve every raw file as plain text; its name says more.
        "text/plain" => match Format::of_path(std::path::Path::new(url.path())) {
            Some(named @ (Format::Markdown | Format::Pine)) => named,
            _ => Format::Text,
        },
        other => return Err(format!("{:?}", other.chars().take(QUOTED_CHARS_MAX).collect::<String>())),
    };
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    Ok((format, charset.map(|label| label.trim_matches(['"', '\'']).to_owned())))
}

/// Whether `X-Robots-Tag` asks us, or everybody, not to index. A rule after `name:` is for that crawler only, and so are
/// those that follow it in the same header.
pub fn noindex(headers: &HeaderMap) -> bool {
    headers.get_all(HeaderName::from_static("x-robots-tag")).iter().any(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let mut ours = true;
        value.split(',').any(|rule| {
            let mut rule = rule.trim();
            if let Some((name, rest)) = rule.split_once(':')
                && !matches!(name, "unavailable_after" | "max-snippet" | "max-image-preview" | "max-video-preview")
            {
                ours = name.trim() == PRODUCT;
                rule = rest.trim();
            }
            ours && matches!(rule, "noindex" | "none")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_redirect_leads_where_a_browser_would_go_but_never_out_of_https() {
        let from = Url::parse("https://example.org/a/b?c#d").unwrap();
        for (location, expected) in [
            ("/x", Ok("https://example.org/x")),
            ("x#part", Ok("https://example.org/a/x")),
            ("//other.example/", Ok("https://other.example/")),
            ("http://example.org/", Err("it leaves https")),
            ("file:///etc/passwd", Err("it leaves https")),
            ("https://[::1", Err("it is no address: invalid IPv6 address")),
        ] {
            let hop = next_hop(&from, &headers(LOCATION, location));
            let hop = hop.as_ref().map(Url::as_str).map_err(|(_, reason)| reason.as_str());
            assert_eq!(hop, expected, "{location}");
        }
        assert!(next_hop(&from, &HeaderMap::new()).is_err());
        let plain = Url::parse("http://example.org/").unwrap();
        assert!(next_hop(&plain, &headers(LOCATION, "https://example.org/")).is_ok());
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_bounded() {
        let now = Timestamp::parse("2026-03-01T00:00Z").unwrap();
        for (text, expected) in [
            ("120", Some("2026-03-01T00:02:00Z")),
            ("0", Some("2026-03-01T00:00:00Z")),
            ("99999999999999999999999", Some("2026-03-08T00:00:00Z")),
            ("Sun, 01 Mar 2026 01:02:03 GMT", Some("2026-03-01T01:02:03Z")),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some("2026-03-01T00:00:00Z")),
            ("Sun, 06 Nov 2094 08:49:37 GMT", Some("2026-03-08T00:00:00Z")),
            ("Sun, 30 Feb 2026 08:49:37 GMT", None),
            ("Sun, 01 Mar 2026 25:00:00 GMT", None),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            let expected = expected.map(|text| Timestamp::parse(text).unwrap());
            assert_eq!(retry_after(&headers(RETRY_AFTER, text), now), expected, "{text:?}");
        }
    }

    #[test]
    fn only_texts_are_read() {
        let at = |path: &str| Url::parse("https://example.org/").unwrap().join(path).unwrap();
        for (path, kind, expected) in [
            ("a", "text/html", Ok((Format::Html, None))),
            ("a", "Text/HTML; Charset=\"UTF-8\"", Ok((Format::Html, Some("utf-8")))),
            ("a.pdf", "application/xhtml+xml;charset=x", Ok((Format::Html, Some("x")))),
            ("a.pine", "text/plain", Ok((Format::Pine, None))),
            ("a.md", "text/plain", Ok((Format::Markdown, None))),
            ("a.html", "text/plain", Ok((Format::Text, None))),
            ("a", "text/markdown", Ok((Format::Markdown, None))),
            ("a.html", "application/pdf", Err("\"application/pdf\"")),
            ("a", "", Err("\"\"")),
        ] {
            let found = format(&at(path), &headers(CONTENT_TYPE, kind));
            let found = found.as_ref().map(|(f, c)| (*f, c.as_deref())).map_err(String::as_str);
            assert_eq!(found, expected, "{path} {kind}");
        }
        assert_eq!(format(&at("a"), &HeaderMap::new()), Err("none".into()));
    }

    #[test]
    fn noindex_counts_when_it_is_meant_for_us() {
        let name = || HeaderName::from_static("x-robots-tag");
        for (text, expected) in [
            ("noindex", true),
            ("nofollow, NoIndex", true),
            ("none", true),
            ("assay: noindex", true),
            ("googlebot: noindex, none", false),
            ("googlebot: noindex, assay: nofollow, noindex", true),
            ("unavailable_after: 25 Jun 2010 15:00:00 PST, noindex", true),
            ("index, follow", false),
        ] {
            assert_eq!(noindex(&headers(name(), text)), expected, "{text}");
        }
    }
}
