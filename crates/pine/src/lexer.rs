//! Text to tokens. Pine's blocks are made by indentation: four spaces or a tab a level; a line whose indentation is no
//! multiple of four, or that starts or ends with an operator, goes on the line before it.

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
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or keyword.
    Word(String),
    /// A number; true when written without point and exponent.
    Number(f64, bool),
    /// A text.
    Text(String),
    /// `#RRGGBB`.
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

/// Longest first, so that `:=` is not read as `:` and `=`.
const SIGNS: [&str; 31] = [
    "=>", ":=", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "+", "-", "*", "/", "%", "<", ">", "=", "(", ")",
    "[", "]", ",", ".", "?", ":", "{", "}", ";", "@",
];

/// Signs and words after or before which a line cannot end or begin a statement.
fn joins(token: &Token, at_start: bool) -> bool {
    match token {
        Token::Sign(s) => match *s {
            "+" | "-" | "[" | "(" => !at_start,
            "*" | "/" | "%" | "<" | ">" | "==" | "!=" | "<=" | ">=" | "?" | ":" => true,
            "," | "=" | ":=" | "+=" | "-=" | "*=" | "/=" | "%=" => !at_start,
            "." => at_start,
            _ => false,
        },
        Token::Word(w) => w == "and" || w == "or" || (w == "not" && !at_start),
        _ => false,
    }
}

/// All tokens with their places; the last is [`Token::End`]. A finding stops at the first bad character.
pub fn lex(text: &str) -> Result<Vec<(Token, Span)>, Diagnostic> {
    let mut all: Vec<(Token, Span)> = Vec::new();
    let mut levels = vec![0usize];
    let mut open = 0i64;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line_number = at as u32 + 1;
        let tokens = lex_line(line, line_number)?;
        let Some((first, span)) = tokens.first() else { continue };
        let width = indentation(line);
        let after = all.last().is_some_and(|(token, _)| joins(token, false));
        let inside =
            open > 0 || after || joins(first, true) || (!width.is_multiple_of(4) && width > 0 && !all.is_empty());
        if !inside {
            let span = *span;
            if !all.is_empty() {
                all.push((Token::Newline, span));
            }
            let level = width / 4;
            let current = *levels.last().expect("never empty");
            if level > current {
                levels.push(level);
                all.push((Token::Indent, span));
            }
            while level < *levels.last().expect("never empty") {
                levels.pop();
                all.push((Token::Dedent, span));
            }
        }
        for (token, _) in &tokens {
            match token {
                Token::Sign("(" | "[") => open += 1,
                Token::Sign(")" | "]") => open = (open - 1).max(0),
                _ => {}
            }
        }
        all.extend(tokens);
    }
    let end = all.last().map_or(Span { line: 1, column: 1 }, |(_, span)| *span);
    all.push((Token::Newline, end));
    all.extend(levels.iter().skip(1).map(|_| (Token::Dedent, end)));
    all.push((Token::End, end));
    Ok(all)
}

fn indentation(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
}

fn lex_line(line: &str, line_number: u32) -> Result<Vec<(Token, Span)>, Diagnostic> {
    let chars: Vec<char> = line.chars().collect();
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let span = Span { line: line_number, column: i as u32 + 1 };
        let c = chars[i];
        if c == '/' && chars.get(i + 1) == Some(&'/') {
            break;
        }
        let (token, next) = match c {
            c if c.is_whitespace() => {
                i += 1;
                continue;
            }
            '"' | '\'' => text_literal(&chars, i, span)?,
            '#' => {
                let next = (i + 1..chars.len()).find(|&k| !chars[k].is_ascii_hexdigit()).unwrap_or(chars.len());
                if !matches!(next - i, 7 | 9) {
                    return Err(span.says("a colour is # and six or eight hexadecimal digits"));
                }
                (Token::Colour, next)
            }
            c if c.is_ascii_digit() || (c == '.' && chars.get(i + 1).is_some_and(char::is_ascii_digit)) => {
                number(&chars, i, span)?
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let next = (i..chars.len()).find(|&k| !(chars[k].is_ascii_alphanumeric() || chars[k] == '_'));
                let next = next.unwrap_or(chars.len());
                (Token::Word(chars[i..next].iter().collect()), next)
            }
            _ => {
                let starts = |sign: &&&str| sign.chars().enumerate().all(|(k, s)| chars.get(i + k) == Some(&s));
                let sign = SIGNS.iter().find(starts).ok_or_else(|| {
                    let shown = if c.is_control() {
                        format!("U+{:04X}", c as u32)
                    } else {
                        format!("{c} (U+{:04X})", c as u32)
                    };
                    span.advises(
                        format!("the character {shown} has no meaning here"),
                        "names are made of a-z, A-Z, 0-9 and _",
                    )
                })?;
                (Token::Sign(sign), i + sign.len())
            }
        };
        tokens.push((token, span));
        i = next;
    }
    Ok(tokens)
}

fn text_literal(chars: &[char], start: usize, span: Span) -> Result<(Token, usize), Diagnostic> {
    let quote = chars[start];
    let mut text = String::new();
    let mut i = start + 1;
    while i < chars.len() {
        match chars[i] {
            '\\' if i + 1 < chars.len() => {
                text.push(if chars[i + 1] == 'n' { '\n' } else { chars[i + 1] });
                i += 2;
            }
            c if c == quote => return Ok((Token::Text(text), i + 1)),
            c => {
                text.push(c);
                i += 1;
            }
        }
    }
    Err(span.advises("this text never ends", format!("close it with {quote} on the same line")))
}

fn number(chars: &[char], start: usize, span: Span) -> Result<(Token, usize), Diagnostic> {
    let mut i = start;
    let digits = |from: usize| (from..chars.len()).find(|&k| !chars[k].is_ascii_digit()).unwrap_or(chars.len());
    i = digits(i);
    let mut whole = true;
    if chars.get(i) == Some(&'.') {
        whole = false;
        i = digits(i + 1);
    }
    if matches!(chars.get(i), Some('e' | 'E')) {
        let sign = usize::from(matches!(chars.get(i + 1), Some('+' | '-')));
        let end = digits(i + 1 + sign);
        if end > i + 1 + sign {
            whole = false;
            i = end;
        }
    }
    let text: String = chars[start..i].iter().collect();
    let value = text.parse::<f64>().ok().filter(|x| x.is_finite());
    value.map(|x| (Token::Number(x, whole), i)).ok_or_else(|| span.says(format!("{text} is no number")))
}
