//! Text to tokens. Pine's blocks are made by indentation: four spaces or a tab a level. A line whose indentation is no
//! multiple of four, that stands inside brackets, or that starts or ends with an operator, goes on the line before it.
//!
//! Tokens know the bytes they were read from and lines know their comments, so that a layout can be made from them.

use std::ops::Range;

use crate::Diagnostic;

/// Where something stands, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

impl Span {
    /// A finding here.
    pub fn says(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic { line: self.line, column: self.column, message: message.into(), help: None }
    }
    /// A finding here, with what to do about it.
    pub fn advises(self, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self.says(message) }
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// A number; true when written without point and exponent.
    Number(f64, bool),
    /// A text between its quotes, escapes as written.
    Text(&'a str),
    /// `#RRGGBB`, `#RRGGBBAA`.
    Colour,
    /// An operator or bracket.
    Sign(&'static str),
    /// End of a statement's line.
    Newline,
    /// A block begins.
    Indent,
    /// A block ends.
    Dedent,
    /// End of the text.
    End,
}

/// A token, where it stands, and the bytes it was read from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token<'a> {
    pub kind: Kind<'a>,
    pub span: Span,
    pub start: usize,
    pub end: usize,
}

/// What a line is to those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nothing but blanks, or a comment.
    Empty,
    /// It begins a statement, this many blocks deep.
    Begins(usize),
    /// It goes on a statement of this many blocks.
    Continues(usize),
}

/// One line of the text.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "for the layout")]
pub(crate) struct Line<'a> {
    /// Blanks before its first character; a tab counts four.
    pub width: usize,
    pub place: Place,
    /// Which of all tokens stand on it, without those that the layout adds.
    pub tokens: Range<usize>,
    /// From `//` to its end.
    pub comment: Option<&'a str>,
}

/// A text taken apart; the last token is [`Kind::End`].
pub(crate) struct Scan<'a> {
    pub tokens: Vec<Token<'a>>,
    pub lines: Vec<Line<'a>>,
}

/// Longest first, so that `:=` is not read as `:` and `=`.
const SIGNS: [&str; 28] = [
    "=>", ":=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "+", "-", "*", "/", "%", "<", ">", "=", "(", ")",
    "[", "]", ",", ".", "?", ":", ";",
];

/// Signs and words after or before which a line cannot end or begin a statement.
fn joins(kind: Kind, at_start: bool) -> bool {
    match kind {
        Kind::Sign(s) => match s {
            "+" | "-" | "[" | "(" => !at_start,
            "*" | "/" | "%" | "<" | ">" | "==" | "!=" | "<=" | ">=" | "?" | ":" => true,
            "," | "=" | ":=" | "+=" | "-=" | "*=" | "/=" | "%=" => !at_start,
            "." | ")" | "]" => at_start,
            _ => false,
        },
        Kind::Word(w) => w == "and" || w == "or" || (w == "not" && !at_start),
        _ => false,
    }
}

/// Takes a text apart. A finding stops at the first bad character.
pub(crate) fn scan(text: &str) -> Result<Scan<'_>, Diagnostic> {
    let mut scan = Scan { tokens: Vec::new(), lines: Vec::new() };
    let mut levels = vec![0usize];
    let mut open = 0usize;
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut number = 0;
    while at < text.len() {
        number += 1;
        let rest = &text[at..];
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let before = scan.tokens.last().map(|token| token.kind);
        let first = scan.tokens.len();
        let comment = scan_line(&rest[..end], at, number, &mut scan.tokens)?;
        at += end + if rest[end..].starts_with("\r\n") { 2 } else { 1 };
        let width = indentation(rest);
        let mut line = Line { width, place: Place::Empty, tokens: first..scan.tokens.len(), comment };
        if line.tokens.is_empty() {
            scan.lines.push(line);
            continue;
        }
        let inside = open > 0
            || before.is_some_and(|kind| joins(kind, false))
            || joins(scan.tokens[first].kind, true) && before.is_some()
            || !width.is_multiple_of(4) && before.is_some();
        line.place = if inside {
            Place::Continues(levels.len() - 1)
        } else {
            let added = layout(&mut levels, width / 4, before.is_some());
            let place = scan.tokens[first];
            scan.tokens.splice(first..first, added.iter().map(|kind| Token { kind: *kind, end: place.start, ..place }));
            line.tokens = first + added.len()..scan.tokens.len();
            Place::Begins(levels.len() - 1)
        };
        for token in &scan.tokens[line.tokens.clone()] {
            match token.kind {
                Kind::Sign("(" | "[") => open += 1,
                Kind::Sign(")" | "]") => open = open.saturating_sub(1),
                _ => {}
            }
        }
        scan.lines.push(line);
    }
    let span = scan.tokens.last().map_or(Span { line: 1, column: 1 }, |token| token.span);
    let last = |kind| Token { kind, span, start: text.len(), end: text.len() };
    scan.tokens.push(last(Kind::Newline));
    scan.tokens.extend(levels.iter().skip(1).map(|_| last(Kind::Dedent)));
    scan.tokens.push(last(Kind::End));
    Ok(scan)
}

/// What a statement at this level adds before its first token.
fn layout(levels: &mut Vec<usize>, level: usize, newline: bool) -> Vec<Kind<'static>> {
    let mut added = Vec::new();
    if newline {
        added.push(Kind::Newline);
    }
    if level > *levels.last().expect("never empty") {
        levels.push(level);
        added.push(Kind::Indent);
    }
    while level < *levels.last().expect("never empty") {
        levels.pop();
        added.push(Kind::Dedent);
    }
    added
}

fn indentation(line: &str) -> usize {
    let blanks = line.chars().take_while(|c| c.is_whitespace() && !matches!(c, '\n' | '\r'));
    blanks.map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

/// Appends the tokens of one line that starts at byte `base`; its comment, if it has one.
fn scan_line<'a>(
    line: &'a str,
    base: usize,
    number: u32,
    tokens: &mut Vec<Token<'a>>,
) -> Result<Option<&'a str>, Diagnostic> {
    let bytes = line.as_bytes();
    let (mut i, mut column) = (0, 1);
    while i < line.len() {
        let span = Span { line: number, column };
        let c = line[i..].chars().next().expect("i stands before a character");
        let (kind, next) = match c {
            '/' if bytes.get(i + 1) == Some(&b'/') => return Ok(Some(line[i..].trim_end())),
            c if c.is_whitespace() => {
                i += c.len_utf8();
                column += 1;
                continue;
            }
            '"' | '\'' => text_literal(line, i, span)?,
            '#' => {
                let next = run(bytes, i + 1, |b| b.is_ascii_hexdigit());
                if !matches!(next - i, 7 | 9) {
                    return Err(span.says("a colour is # and six or eight hexadecimal digits"));
                }
                (Kind::Colour, next)
            }
            c if c.is_ascii_digit() || (c == '.' && bytes.get(i + 1).is_some_and(u8::is_ascii_digit)) => {
                number_literal(line, i, span)?
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let next = run(bytes, i, |b| b.is_ascii_alphanumeric() || b == b'_');
                (Kind::Word(&line[i..next]), next)
            }
            _ => match SIGNS.iter().find(|sign| line[i..].starts_with(**sign)) {
                Some(sign) => (Kind::Sign(sign), i + sign.len()),
                None => return Err(meaningless(c, span)),
            },
        };
        tokens.push(Token { kind, span, start: base + i, end: base + next });
        column += match kind {
            Kind::Text(_) => line[i..next].chars().count() as u32,
            _ => (next - i) as u32,
        };
        i = next;
    }
    Ok(None)
}

/// The first byte from `from` on that does not belong.
fn run(bytes: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    (from..bytes.len()).find(|&k| !belongs(bytes[k])).unwrap_or(bytes.len())
}

fn meaningless(c: char, span: Span) -> Diagnostic {
    // Controls, joiners and marks of direction would garble the message itself.
    let hidden =
        c.is_control() || matches!(c as u32, 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xE0000..);
    let shown = if hidden { format!("U+{:04X}", c as u32) } else { format!("{c} (U+{:04X})", c as u32) };
    let help = match c {
        '\u{201C}' | '\u{201D}' | '\u{2018}' | '\u{2019}' => "write texts in straight quotes",
        '\u{2212}' | '\u{2013}' | '\u{2014}' => "write the minus sign as -",
        '&' | '|' | '!' => "write and, or, not, !=",
        _ => "names are made of a-z, A-Z, 0-9 and _",
    };
    span.advises(format!("the character {shown} has no meaning here"), help)
}

fn text_literal(line: &str, start: usize, span: Span) -> Result<(Kind<'_>, usize), Diagnostic> {
    let bytes = line.as_bytes();
    let quote = bytes[start];
    let mut i = start + 1;
    while i < bytes.len() {
        match bytes[i] {
            // What follows may be several bytes; none of them is a quote or a backslash.
            b'\\' => i += 2,
            b if b == quote => return Ok((Kind::Text(&line[start + 1..i]), i + 1)),
            _ => i += 1,
        }
    }
    Err(span.advises("this text never ends", format!("close it with {} on the same line", quote as char)))
}

/// A text with its escapes resolved: `\n` and `\t` are a new line and a tab, and anything else stands for itself.
pub(crate) fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

fn number_literal(line: &str, start: usize, span: Span) -> Result<(Kind<'_>, usize), Diagnostic> {
    let bytes = line.as_bytes();
    let digits = |from: usize| run(bytes, from, |b| b.is_ascii_digit());
    let mut i = digits(start);
    let mut whole = true;
    if bytes.get(i) == Some(&b'.') {
        whole = false;
        i = digits(i + 1);
    }
    if matches!(bytes.get(i), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(i + 1), Some(b'+' | b'-')));
        let end = digits(i + 1 + sign);
        if end > i + 1 + sign {
            whole = false;
            i = end;
        }
    }
    let text = &line[start..i];
    let value = text.parse::<f64>().ok().filter(|x| x.is_finite());
    // Only a number with hundreds of digits fails, and nobody wants to read it again.
    value.map(|x| (Kind::Number(x, whole), i)).ok_or_else(|| span.says("this number is too large"))
}
