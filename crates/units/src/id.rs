//! Who a concept is.

use std::fmt;

/// The name of a concept in tables, messages and addresses: `c_` and twelve hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConceptId(String);

/// A text that is not a concept's id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no concept id such as c_0123456789ab")]
pub struct InvalidId {
    /// What was given.
    pub text: String,
}

impl ConceptId {
    /// From six random bytes.
    pub fn from_random(bytes: [u8; 6]) -> ConceptId {
        let mut text = String::from("c_");
        for byte in bytes {
            text.push_str(&format!("{byte:02x}"));
        }
        ConceptId(text)
    }
    /// Reads an id; anything else is refused, so that ids need no escaping anywhere.
    pub fn parse(text: &str) -> Result<ConceptId, InvalidId> {
        let digits = text.strip_prefix("c_").unwrap_or("");
        let good = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        good.then(|| ConceptId(text.to_owned())).ok_or_else(|| InvalidId { text: text.to_owned() })
    }
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ConceptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_written_and_read() {
        let id = ConceptId::from_random([0, 1, 2, 0xab, 0xcd, 0xff]);
        assert_eq!(id.as_str(), "c_000102abcdff");
        assert_eq!(ConceptId::parse(id.as_str()), Ok(id));
        for bad in ["", "c_", "c_000102ABCDFF", "x_000102abcdff", "c_000102abcdff0", "../etc"] {
            assert!(ConceptId::parse(bad).is_err(), "{bad}");
        }
    }
}
