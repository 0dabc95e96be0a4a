//! Bytes -> text: which encoding they are in, by what they say of themselves and, failing that, by what they look like.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes at the head of a page in which its `meta` may name the encoding (HTML standard, 13.2.3.2).
const META_WITHIN: usize = 1024;

/// What is known of some bytes besides themselves.
#[derive(Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The charset that a header names.
    pub declared: Option<&'a str>,
    /// Whether a `meta` tag may name one.
    pub html: bool,
    /// The last label of the host's name: pages of one country tend to share an encoding.
    pub top_level_domain: Option<&'a str>,
}

/// Decodes; a byte-order mark outranks the header, the header outranks `meta`. Bytes that fit nothing become U+FFFD.
pub fn decode(bytes: &[u8], hints: Hints<'_>) -> String {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let declared = || hints.declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    let meta = || hints.html.then(|| from_meta(bytes)).flatten();
    let encoding = marked.or_else(declared).or_else(meta).unwrap_or_else(|| guess(bytes, hints.top_level_domain));
    encoding.decode_with_bom_removal(bytes).0.into_owned()
}

fn guess(bytes: &[u8], top_level_domain: Option<&str>) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    // The detector panics on a label that is not in lower-case ASCII.
    let label = top_level_domain.map(str::as_bytes).filter(|label| {
        !label.is_empty() && label.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    });
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(label, Utf8Detection::Allow)
}

fn from_meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(META_WITHIN)].to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let mut rest = &*head;
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = rest.split_once('>')?;
        if tag.starts_with("<meta")
            && let Some(encoding) = named_in(tag)
        {
            // A page whose tags could be read as bytes is not in UTF-16, whatever it says.
            return Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding });
        }
        rest = after;
    }
    None
}

fn named_in(tag: &str) -> Option<&'static Encoding> {
    let (_, after) = tag.split_once("charset")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | ';' | '/')).unwrap_or(value.len());
    Encoding::for_label(&value.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_outranks_the_header_and_the_header_outranks_the_page() {
        let html = Hints { html: true, ..Hints::default() };
        let said = |label| Hints { declared: Some(label), html: true, top_level_domain: None };
        let cases: &[(&[u8], Hints<'_>, &str)] = &[
            (b"\xef\xbb\xbfcaf\xc3\xa9", said("windows-1252"), "café"),
            (b"\xff\xfeh\0i\0", html, "hi"),
            (b"caf\xe9", said("ISO-8859-1"), "café"),
            (b"caf\xc3\xa9", said("utf-8"), "café"),
            (b"caf\xc3\xa9", said("no-such-charset"), "café"),
            (b"<meta charset=\"koi8-r\">\xd2\xd5", html, "<meta charset=\"koi8-r\">ру"),
            (b"<meta charset=koi8-r>\xc3\xa9", said("utf-8"), "<meta charset=koi8-r>é"),
            (
                b"<META http-equiv=content-type content='text/html; Charset = windows-1251'>\xef",
                html,
                "<META http-equiv=content-type content='text/html; Charset = windows-1251'>п",
            ),
            (b"<!-- <meta charset=koi8-r> -->caf\xc3\xa9", html, "<!-- <meta charset=koi8-r> -->café"),
            (b"<meta charset=utf-16>\xc3\xa9", html, "<meta charset=utf-16>é"),
            (b"<meta charset=koi8-r>\xc3\xa9", Hints::default(), "<meta charset=koi8-r>é"),
        ];
        for (bytes, hints, expected) in cases {
            assert_eq!(decode(bytes, *hints), *expected);
        }
    }

    #[test]
    fn unlabelled_bytes_are_guessed_and_never_fail() {
        let russian = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xf0\xfb\xed\xee\xea \xef\xe0\xe4\xe0\xe5\xf2 \xf2\xf0\xe5\xf2\xe8\xe9 \xe4\xe5\xed\xfc";
        let hints = Hints { top_level_domain: Some("ru"), ..Hints::default() };
        assert_eq!(decode(russian, hints), "Привет, рынок падает третий день");
        for label in ["", "RU", "é", "xn--p1ai", "1"] {
            decode(&[0xff, 0, 0xc3, 0x28], Hints { top_level_domain: Some(label), ..Hints::default() });
        }
    }
}
