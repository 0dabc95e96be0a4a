//! Text to tokens. Pine's blocks are made by indentation: four spaces or a tab a level. A line goes on the one before it
//! if its indentation is no multiple of four, if it stands inside brackets, if an operator ends the line before or begins
//! it, or if it stands deeper and nothing opens a block.
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

/// Longest name, in characters.
pub(crate) const NAME_LENGTH_MAX: usize = 255;

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

/// Whether a statement with this token in it may take a block.
fn opens(kind: Kind) -> bool {
    matches!(kind, Kind::Word("if" | "else" | "for" | "while" | "switch" | "type" | "enum"))
}

/// Takes a text apart. A finding stops at the first bad character.
pub(crate) fn scan(text: &str) -> Result<Scan<'_>, Diagnostic> {
    let mut scan = Scan { tokens: Vec::new(), lines: Vec::new() };
    let mut levels = vec![0usize];
    let mut open = 0usize;
    // Whether the statement so far may take a block.
    let mut opener = false;
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut number = 1;
    while at < text.len() {
        let before = scan.tokens.last().map(|token| token.kind);
        let first = scan.tokens.len();
        let width = indentation(&text[at..]);
        let comment = scan_line(text, &mut at, &mut number, &mut scan.tokens)?;
        at += if text[at..].starts_with("\r\n") { 2 } else { 1 };
        number += 1;
        let mut line = Line { width, place: Place::Empty, tokens: first..scan.tokens.len(), comment };
        if line.tokens.is_empty() {
            scan.lines.push(line);
            continue;
        }
        let level = width / 4;
        let deeper = level > *levels.last().expect("never empty");
        let inside = open > 0
            || before.is_some_and(|kind| joins(kind, false))
            || before.is_some() && (joins(scan.tokens[first].kind, true) || !width.is_multiple_of(4))
            || before.is_some_and(|kind| deeper && !opener && kind != Kind::Sign("=>"));
        line.place = if inside {
            Place::Continues(levels.len() - 1)
        } else {
            opener = false;
            let added = layout(&mut levels, level, before.is_some());
            let place = scan.tokens[first];
            scan.tokens.splice(first..first, added.iter().map(|kind| Token { kind: *kind, end: place.start, ..place }));
            line.tokens = first + added.len()..scan.tokens.len();
            Place::Begins(levels.len() - 1)
        };
        for token in &scan.tokens[line.tokens.clone()] {
            match token.kind {
                Kind::Sign("(" | "[") => open += 1,
                Kind::Sign(")" | "]") => open = open.saturating_sub(1),
                kind => opener |= open == 0 && opens(kind),
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

/// Appends the tokens from byte `at` to the end of the line, where it leaves `at`; gives the line's comment, if it has
/// one. A text in triple quotes may take the line, and `number` with it, further down.
fn scan_line<'a>(
    text: &'a str,
    at: &mut usize,
    number: &mut u32,
    tokens: &mut Vec<Token<'a>>,
) -> Result<Option<&'a str>, Diagnostic> {
    let bytes = text.as_bytes();
    let mut column = 1;
    while let Some(c) = text[*at..].chars().next() {
        let (i, span) = (*at, Span { line: *number, column });
        let (kind, next) = match c {
            '\n' | '\r' => return Ok(None),
            '/' if bytes.get(i + 1) == Some(&b'/') => {
                *at = i + text[i..].find(['\n', '\r']).unwrap_or(text.len() - i);
                return Ok(Some(text[i..*at].trim_end()));
            }
            c if c.is_whitespace() => {
                *at += c.len_utf8();
                column += 1;
                continue;
            }
            '"' | '\'' => text_literal(text, i, span)?,
            '#' => {
                let next = run(bytes, i + 1, |b| b.is_ascii_hexdigit());
                if !matches!(next - i, 7 | 9) {
                    return Err(span.says("a colour is # and six or eight hexadecimal digits"));
                }
                (Kind::Colour, next)
            }
            c if c.is_ascii_digit() || (c == '.' && bytes.get(i + 1).is_some_and(u8::is_ascii_digit)) => {
                number_literal(text, i, span)?
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let next = run(bytes, i, |b| b.is_ascii_alphanumeric() || b == b'_');
                if next - i > NAME_LENGTH_MAX {
                    return Err(
                        span.says(format!("a name of {} characters: at most {NAME_LENGTH_MAX} are taken", next - i))
                    );
                }
                (Kind::Word(&text[i..next]), next)
            }
            _ => match SIGNS.iter().find(|sign| text[i..].starts_with(**sign)) {
                Some(sign) => (Kind::Sign(sign), i + sign.len()),
                None => return Err(meaningless(c, span)),
            },
        };
        tokens.push(Token { kind, span, start: i, end: next });
        *at = next;
        if let Kind::Text(raw) = kind {
            let broken = line_breaks(raw);
            *number += broken;
            let last = if broken > 0 { raw.rsplit(['\n', '\r']).next().unwrap_or_default() } else { &text[i..next] };
            column = if broken > 0 { 4 } else { column } + last.chars().count() as u32;
        } else {
            column += (next - i) as u32;
        }
    }
    Ok(None)
}

/// Ends of lines within a text.
fn line_breaks(raw: &str) -> u32 {
    raw.matches(['\n', '\r']).count() as u32 - raw.matches("\r\n").count() as u32
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

/// A text on one line, or in triple quotes over as many as it likes.
fn text_literal(text: &str, start: usize, span: Span) -> Result<(Kind<'_>, usize), Diagnostic> {
    let bytes = text.as_bytes();
    let quote = bytes[start];
    let long = bytes[start..].starts_with(&[quote; 3]);
    let length = if long { 3 } else { 1 };
    let mut i = start + length;
    while i < bytes.len() {
        match bytes[i] {
            b'\n' | b'\r' if !long => break,
            // What follows may be several bytes; none of them is a quote or a backslash.
            b'\\' if !matches!(bytes.get(i + 1), Some(b'\n' | b'\r')) => i += 2,
            b if b == quote && (!long || bytes[i..].starts_with(&[quote; 3])) => {
                return Ok((Kind::Text(&text[start + length..i]), i + length));
            }
            _ => i += 1,
        }
    }
    let quote = quote as char;
    let help = if long {
        format!("close it with {quote}{quote}{quote}")
    } else {
        format!("close it with {quote} on the same line")
    };
    Err(span.advises("this text never ends", help))
}

/// A text with its escapes resolved: `\n` and `\t` are a new line and a tab, anything else stands for itself, and lines
/// end in `\n` whatever ends them in the script.
pub(crate) fn unescaped(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {}
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

fn number_literal(text: &str, start: usize, span: Span) -> Result<(Kind<'_>, usize), Diagnostic> {
    let bytes = text.as_bytes();
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
    let value = text[start..i].parse::<f64>().ok().filter(|x| x.is_finite());
    // Only a number with hundreds of digits fails, and nobody wants to read it again.
    value.map(|x| (Kind::Number(x, whole), i)).ok_or_else(|| span.says("this number is too large"))
}
