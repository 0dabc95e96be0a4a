//! Takes secrets out of text. The last line of defence: nothing should print one in the first place.

use std::fmt;

/// What stands where a secret stood.
pub const REPLACEMENT: &str = "[secret]";

/// Shorter "secrets" would tear holes into ordinary words; such a setting is refused elsewhere, and ignored here.
pub const SECRET_CHARS_MIN: usize = 4;

/// Replaces planted secrets, as they are, as `{:?}` and JSON would escape them, and as an address would encode them.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret within another one does not leave the rest behind.
    needles: Vec<String>,
}

impl Redactor {
    /// A redactor for these secrets.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Redactor {
        let mut needles: Vec<String> = vec![];
        for secret in secrets.into_iter().filter(|secret| secret.chars().count() >= SECRET_CHARS_MIN) {
            needles.extend([secret.escape_debug().to_string(), percent_encoded(&secret), secret]);
        }
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Redactor { needles }
    }

    /// `text` without any secret.
    pub fn clean(&self, text: &str) -> String {
        self.needles
            .iter()
            .filter(|needle| text.contains(*needle))
            .collect::<Vec<_>>()
            .into_iter()
            .fold(text.to_owned(), |clean, needle| clean.replace(needle.as_str(), REPLACEMENT))
    }
}

fn percent_encoded(secret: &str) -> String {
    let mut out = String::new();
    for byte in secret.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// Says how many, never which.
impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} patterns)", self.needles.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_disappears_in_every_dress() {
        let redactor = Redactor::new(["qs+/tok\"en=".to_owned(), "abc".to_owned()]);
        for (text, clean) in [
            ("bearer qs+/tok\"en= sent", "bearer [secret] sent".to_owned()),
            ("twice qs+/tok\"en=qs+/tok\"en=", "twice [secret][secret]".to_owned()),
            ("debug \"qs+/tok\\\"en=\"", "debug \"[secret]\"".to_owned()),
            ("?token=qs%2B%2Ftok%22en%3D&x", "?token=[secret]&x".to_owned()),
            ("abcdef stays: three letters are no secret", "abcdef stays: three letters are no secret".to_owned()),
        ] {
            assert_eq!(redactor.clean(text), clean);
        }
        assert!(!format!("{redactor:?}").contains("tok"));
    }

    #[test]
    fn a_secret_inside_a_longer_one_leaves_no_rest() {
        let redactor = Redactor::new(["key1".to_owned(), "key1-and-more".to_owned()]);
        assert_eq!(redactor.clean("key1-and-more key1"), "[secret] [secret]");
    }
}
