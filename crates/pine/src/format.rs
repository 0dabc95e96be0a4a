//! The canonical layout of a script: four blanks a block, six more for a line that goes on, one around operators.
//!
//! The layout is made from tokens, not from the tree: lines break where they did and comments stay in place, so only
//! blanks change. The tokens of the result are those of the text, and its layout is itself.

use crate::lexer::{Kind, Line, Place, Token, scan};
use crate::parser::parse_tokens;
use crate::{Diagnostic, Refusal, SCRIPT_BYTES_MAX};

/// Blanks a block is indented by.
const BLOCK: usize = 4;

/// Further blanks of a line that goes on the one before: no multiple of four, and deeper than a block below it.
const CONTINUATION: usize = 6;

/// Lays a script out. At most one empty line stands between others, none at the end of a line or of the text.
///
/// # Errors
/// What is no script: the first syntax error, or more than [`SCRIPT_BYTES_MAX`] bytes.
pub fn format(text: &str) -> Result<String, Refusal> {
    laid_out(text).map_err(|finding| Refusal(vec![finding]))
}

fn laid_out(text: &str) -> Result<String, Diagnostic> {
    crate::bounded(text)?;
    let scan = scan(text)?;
    let clinging = parse_tokens(text, &scan.tokens)?.clinging;
    let next_places = next_places(&scan.lines);
    let mut out = String::with_capacity(text.len().min(SCRIPT_BYTES_MAX) + text.len() / 8);
    let mut blank = false;
    // How far the blocks around this place are indented in the text, outermost first.
    let mut widths: Vec<usize> = Vec::new();
    for (line, next) in scan.lines.iter().zip(next_places) {
        let indentation = match (line.place, line.comment) {
            (Place::Empty, None) => {
                blank = !out.is_empty();
                continue;
            }
            (Place::Empty, Some(_)) => comment_indentation(line.width, next, &widths),
            (Place::Begins(depth), _) => {
                widths.truncate(depth);
                widths.resize(depth + 1, line.width);
                depth * BLOCK
            }
            (Place::Continues(depth), _) => depth * BLOCK + CONTINUATION,
        };
        if std::mem::take(&mut blank) {
            out.push('\n');
        }
        out.extend(std::iter::repeat_n(' ', indentation));
        write_tokens(text, &scan.tokens, line, &clinging, &mut out);
        if let Some(comment) = line.comment {
            if !line.tokens.is_empty() {
                out.push(' ');
            }
            out.push_str(comment);
        }
        out.push('\n');
    }
    Ok(out)
}

/// For each line the place of the next one with tokens; the end is a statement in no block.
fn next_places(lines: &[Line]) -> Vec<Place> {
    let mut next = Place::Begins(0);
    let mut places: Vec<Place> = lines
        .iter()
        .rev()
        .map(|line| {
            let below = next;
            if line.place != Place::Empty {
                next = line.place;
            }
            below
        })
        .collect();
    places.reverse();
    places
}

/// A comment that stands alone is indented like what follows; at the end of a block it may also belong to the block, if
/// it was indented like it.
fn comment_indentation(width: usize, next: Place, widths: &[usize]) -> usize {
    match next {
        Place::Continues(depth) => depth * BLOCK + CONTINUATION,
        Place::Begins(depth) => {
            let inner = (depth + 1..widths.len()).rev().find(|&inner| widths[inner] <= width);
            inner.unwrap_or(depth) * BLOCK
        }
        Place::Empty => unreachable!("only lines with tokens are next"),
    }
}

fn write_tokens(text: &str, tokens: &[Token], line: &Line, clinging: &[usize], out: &mut String) {
    for at in line.tokens.clone() {
        let token = &tokens[at];
        if at > line.tokens.start && blank_between(tokens[at - 1].kind, token.kind, clinging, at) {
            out.push(' ');
        }
        out.push_str(&text[token.start..token.end]);
    }
}

/// Words before which and after which brackets hold an expression of its own, not arguments.
const KEYWORDS: [&str; 14] =
    ["and", "or", "not", "if", "else", "for", "while", "switch", "in", "to", "by", "var", "varip", "as"];

fn blank_between(before: Kind, after: Kind, clinging: &[usize], at: usize) -> bool {
    if clinging.binary_search(&at).is_ok() {
        return false;
    }
    let called = match before {
        Kind::Word(word) => !KEYWORDS.contains(&word),
        Kind::Sign(")" | "]") => true,
        // The end of `array.new<float>` clings to what stands before it; a comparison does not.
        Kind::Sign(">") => clinging.binary_search(&(at - 1)).is_ok(),
        _ => false,
    };
    match (before, after) {
        // `1 .x` would become the number 1. before x.
        (Kind::Number(..), Kind::Sign(".")) => true,
        (_, Kind::Sign("." | "," | ";" | ")" | "]")) | (Kind::Sign("." | "(" | "["), _) => false,
        (_, Kind::Sign("(")) => !called,
        (_, Kind::Sign("[")) => !(called || matches!(before, Kind::Text(_) | Kind::Number(..) | Kind::Colour)),
        _ => true,
    }
}
