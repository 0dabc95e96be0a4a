//! Plain text: lines that were wrapped at a margin are joined again, so that a sentence is one line.

use super::Found;
use crate::document::Extractor;

/// A line this long was ended by the margin rather than by its author.
const MARGIN_MIN: usize = 50;

/// Reads a text. Its first line is its title when it is short and stands alone.
pub fn read(source: &str) -> Found {
    let mut lines = source.trim_start().lines();
    let first = lines.next().unwrap_or("").trim();
    let alone =
        lines.next().is_none_or(|second| second.trim().is_empty() || second.trim().chars().all(|c| "=-".contains(c)));
    let title = (!first.is_empty() && first.len() <= 120 && alone).then(|| first.to_owned());
    Found {
        title,
        text: unwrap(source, |line| line.chars().count() >= MARGIN_MIN),
        code: Vec::new(),
        extractor: Extractor::Plain,
        link_density: 0.0,
        noindex: false,
    }
}

/// Joins a line to the one before it when `wrapped` says so of that one, and neither looks like a list or a table.
pub fn unwrap(source: &str, wrapped: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(source.len());
    let mut previous = "";
    for line in source.lines() {
        let line = line.trim_end();
        let joins = !previous.is_empty()
            && !line.is_empty()
            && wrapped(previous)
            && !line.starts_with([' ', '\t', '|'])
            && !is_item(line)
            && !previous.starts_with('|');
        if joins {
            out.push(' ');
        } else if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
        previous = line;
    }
    out.truncate(out.trim_end().len());
    out
}

/// A list item, a heading or a quotation.
pub fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let after_number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ")
        || line.starts_with("* ")
        || line.starts_with("+ ")
        || line.starts_with("• ")
        || line.starts_with(['#', '>'])
        || (after_number.len() < line.len() && (after_number.starts_with(". ") || after_number.starts_with(") ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_wrapped_at_a_margin_is_one_line_again() {
        let source = "Title\n\nBuy when the two-period relative strength index closes\nbelow ten.\n- one\n- two\n\nEnd";
        let found = read(source);
        assert_eq!(found.title.as_deref(), Some("Title"));
        assert_eq!(
            found.text,
            "Title\n\nBuy when the two-period relative strength index closes below ten.\n- one\n- two\n\nEnd"
        );
    }
}
