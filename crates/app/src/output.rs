//! Tables and JSON on standard output.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// Prints one value as JSON.
pub fn json(value: &impl Serialize) {
    let text = serde_json::to_string_pretty(value).expect("views are plain fields");
    print(&format!("{text}\n"));
}

/// Prints text; a reader that has gone away (`| head`) is no error.
pub fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Columns wide enough for their content; the last one is wrapped under itself to the terminal's width.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let columns = head.len();
    let width = |i: usize| {
        let longest = rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
        longest.max(head[i].chars().count())
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let before: usize = widths[..columns - 1].iter().map(|w| w + 2).sum();
    let last = terminal_width().saturating_sub(before).max(24);
    let mut text = String::new();
    let mut line = |cells: &[&str]| {
        for (cell, width) in cells[..columns - 1].iter().zip(&widths) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        for (i, part) in wrapped(cells[columns - 1], last).iter().enumerate() {
            if i > 0 {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', before));
            }
            text.push_str(part);
        }
        let end = text.trim_end_matches(' ').len();
        text.truncate(end);
        text.push('\n');
    };
    line(head);
    for row in rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        line(&cells);
    }
    text
}

/// Breaks at blanks.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("never empty");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Of standard output; wide when it is a file.
fn terminal_width() -> usize {
    if !std::io::stdout().is_terminal() {
        return 160;
    }
    usize::from(console::Term::stdout().size().1).clamp(60, 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_wraps_under_itself() {
        assert_eq!(wrapped("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrapped("", 9), [""]);
        let text = table(&["a", "why"], &[vec!["long cell".into(), "because".into()]]);
        assert_eq!(text, "a          why\nlong cell  because\n");
    }
}
