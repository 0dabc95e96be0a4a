//! What a concept is, and which texts may become one.
//!
//! Pure. A concept is a short text in a person's words; two texts that differ only in case, spacing or trailing
//! punctuation are the same concept.

use url::Url;

/// Longest concept text, in characters.
pub const TEXT_CHARS_MAX: usize = 300;
/// Longest note, in characters.
pub const NOTE_CHARS_MAX: usize = 4_000;
/// Most source addresses of one concept.
pub const URLS_MAX: usize = 20;
/// Most symbols of one concept.
pub const SYMBOLS_MAX: usize = 20;
/// Largest Pine file, in bytes.
pub const PINE_BYTES_MAX: usize = 1 << 20;

/// What a person asks to have judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Submission {
    /// The concept: "RSI mean reversion".
    pub text: String,
    /// Anything to add; searched for indicators and parameters like the text itself.
    pub note: Option<String>,
    /// Pages to read.
    pub urls: Vec<Url>,
    /// A strategy to try as it stands.
    pub pine: Option<String>,
    /// Data sets to test on; empty means all.
    pub symbols: Vec<String>,
}

/// Why a submission was refused. Nothing was stored.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SubmissionError {
    /// Nothing but blanks.
    #[error("the concept is empty: give it a few words, such as \"RSI mean reversion\"")]
    Empty,
    /// Too long to be a concept.
    #[error("the concept has {chars} characters, at most {TEXT_CHARS_MAX} are taken: put the rest into a note")]
    TooLong {
        /// Its length.
        chars: usize,
    },
    /// A control character, which no one types on purpose.
    #[error("the {part} holds the control character U+{code:04X} at character {at}: remove it")]
    ControlCharacter {
        /// "concept" or "note".
        part: &'static str,
        /// The code point.
        code: u32,
        /// Where, from 1.
        at: usize,
    },
    /// No letter and no digit.
    #[error("the concept {text:?} holds no word: give it a few words, such as \"golden cross\"")]
    NoWord {
        /// What was given.
        text: String,
    },
    /// The note is too long.
    #[error("the note has {chars} characters, at most {NOTE_CHARS_MAX} are taken")]
    NoteTooLong {
        /// Its length.
        chars: usize,
    },
    /// Too many of something.
    #[error("{count} {what} given, at most {max} are taken")]
    TooMany {
        /// "addresses" or "symbols".
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        max: usize,
    },
    /// A Pine file over the bound.
    #[error("the Pine file has {bytes} bytes, at most {PINE_BYTES_MAX} are taken")]
    PineTooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl Submission {
    /// Checks everything and folds blanks. The result may be stored.
    pub fn checked(mut self) -> Result<Submission, SubmissionError> {
        control_free("concept", &self.text, false)?;
        self.text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.text.is_empty() {
            return Err(SubmissionError::Empty);
        }
        let chars = self.text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(SubmissionError::TooLong { chars });
        }
        if !self.text.chars().any(char::is_alphanumeric) {
            return Err(SubmissionError::NoWord { text: self.text });
        }
        if let Some(note) = &self.note {
            control_free("note", note, true)?;
            let chars = note.chars().count();
            if chars > NOTE_CHARS_MAX {
                return Err(SubmissionError::NoteTooLong { chars });
            }
        }
        for (what, count, max) in
            [("addresses", self.urls.len(), URLS_MAX), ("symbols", self.symbols.len(), SYMBOLS_MAX)]
        {
            if count > max {
                return Err(SubmissionError::TooMany { what, count, max });
            }
        }
        match &self.pine {
            Some(pine) if pine.len() > PINE_BYTES_MAX => Err(SubmissionError::PineTooLarge { bytes: pine.len() }),
            _ => Ok(self),
        }
    }

    /// What makes two submissions the same concept: text, code, addresses and symbols, not the note's wording.
    pub fn key(&self) -> String {
        let mut symbols = self.symbols.clone();
        symbols.sort();
        let mut urls: Vec<_> = self.urls.iter().map(Url::as_str).collect();
        urls.sort_unstable();
        let pine = self.pine.as_deref().map(|text| assay_units::ContentHash::of(text.as_bytes()).to_string());
        [same_words(&self.text), symbols.join(","), urls.join(" "), pine.unwrap_or_default()].join("\n")
    }
}

fn same_words(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.trim_end_matches(|c: char| c.is_ascii_punctuation()).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn control_free(part: &'static str, text: &str, lines: bool) -> Result<(), SubmissionError> {
    let bad = |c: &char| {
        let line_break = lines && matches!(c, '\n' | '\r' | '\t');
        // Bidirectional overrides reorder what a reader sees; they have no place in a title.
        let invisible = matches!(*c as u32, 0x200B..=0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0xFEFF);
        (c.is_control() && !line_break) || invisible
    };
    match text.chars().enumerate().find(|(_, c)| bad(c)) {
        Some((at, c)) => Err(SubmissionError::ControlCharacter { part, code: c as u32, at: at + 1 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Submission, SubmissionError> {
        Submission { text: text.into(), ..Submission::default() }.checked()
    }

    #[test]
    fn texts_that_cannot_be_concepts_are_refused_by_name() {
        assert_eq!(of(""), Err(SubmissionError::Empty));
        assert_eq!(of("  "), Err(SubmissionError::Empty));
        assert_eq!(of("?!…"), Err(SubmissionError::NoWord { text: "?!…".into() }));
        assert_eq!(of(&"x".repeat(10_000)), Err(SubmissionError::TooLong { chars: 10_000 }));
        assert_eq!(of("a\u{7}b"), Err(SubmissionError::ControlCharacter { part: "concept", code: 7, at: 2 }));
        assert_eq!(of("a\u{202e}b"), Err(SubmissionError::ControlCharacter { part: "concept", code: 0x202e, at: 2 }));
        assert_eq!(of("  RSI   mean reversion ").unwrap().text, "RSI mean reversion");
    }

    #[test]
    fn case_blanks_and_a_full_stop_do_not_make_another_concept() {
        let key = of("Golden Cross").unwrap().key();
        assert_eq!(of("golden  cross.").unwrap().key(), key);
        assert_ne!(of("golden cross 2").unwrap().key(), key);
        let symbols = Submission { text: "golden cross".into(), symbols: vec!["SPX".into()], ..Submission::default() };
        assert_ne!(symbols.key(), key);
    }
}
