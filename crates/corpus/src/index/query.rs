//! What a reader typed, as an expression that the keyword index accepts whatever was typed.

use super::features::{is_content_word, words};

/// Words taken from a query; the rest of a longer one is left out.
const WORDS_MAX: usize = 32;

/// Any of the query's words, each quoted so that none is read as an operator; `None` when there is no word.
pub fn keywords(query: &str) -> Option<String> {
    let words = words(query);
    let mut chosen: Vec<&str> = words.iter().map(String::as_str).filter(|word| is_content_word(word)).collect();
    if chosen.is_empty() {
        chosen = words.iter().map(String::as_str).collect();
    }
    chosen.truncate(WORDS_MAX);
    let quoted: Vec<String> = chosen.iter().map(|word| format!("\"{word}\"")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_typed_is_an_operator() {
        for (query, expected) in [
            ("RSI mean reversion", Some("\"rsi\" OR \"mean\" OR \"reversion\"")),
            ("NEAR(a b) AND \"x\" OR -title:*", Some("\"near\" OR \"b\" OR \"x\" OR \"title\"")),
            ("the", Some("\"the\"")),
            ("\"*^(){}\0", None),
            ("", None),
        ] {
            assert_eq!(keywords(query).as_deref(), expected, "{query:?}");
        }
    }
}
