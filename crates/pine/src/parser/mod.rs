//! Tokens to syntax tree, by recursive descent. Stops at the first syntax error: what follows one is guesswork.
//!
//! `statements` and `expressions` follow the grammar, `types` reads type names and decides where a declaration begins.
//! Looking ahead is bounded or done once a statement, so time is linear in the text.

mod expressions;
mod statements;
mod types;

use crate::Diagnostic;
use crate::ast::Block;
use crate::lexer::{Kind, Span, Token, scan};

/// Deepest nesting of expressions and blocks.
pub const DEPTH_MAX: u32 = 120;

/// Most operators of one statement: a chain of them is a tree of that height.
pub const OPERATORS_MAX: u32 = 400;

/// Most names joined by points: `a.b.c`.
pub const PATH_MAX: usize = 32;

/// Parses a whole script.
///
/// # Errors
/// The first place that is not Pine, in any version.
pub fn parse(text: &str) -> Result<Block, Diagnostic> {
    let tokens = scan(text)?.tokens;
    Ok(parse_tokens(text, &tokens)?.script)
}

/// A script, and which of its tokens cling to the one before: an eye alone would take their signs for operators.
pub(crate) struct Parse {
    pub script: Block,
    /// What follows a unary sign, types in `array<float>`, paths of imports. By index, ascending.
    pub clinging: Vec<usize>,
}

/// Parses tokens that were scanned from `text`.
pub(crate) fn parse_tokens(text: &str, tokens: &[Token]) -> Result<Parse, Diagnostic> {
    let mut parser = Parser { text, tokens, at: 0, depth: 0, operators: 0, brackets: 0, clinging: Vec::new() };
    let script = parser.script()?;
    Ok(Parse { script, clinging: parser.clinging })
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token<'a>],
    at: usize,
    depth: u32,
    /// Of the statements around this place.
    operators: u32,
    /// Open around this place: inside them a comma separates arguments, not statements.
    brackets: u32,
    clinging: Vec<usize>,
}

type Parsed<T> = Result<T, Diagnostic>;

/// Words that cannot stand for a value.
const RESERVED: [&str; 10] = ["and", "or", "not", "else", "if", "switch", "for", "while", "var", "varip"];

impl<'a> Parser<'a> {
    fn token(&self, ahead: usize) -> &Token<'a> {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)]
    }
    fn peek(&self) -> Kind<'a> {
        self.token(0).kind
    }
    fn peek_at(&self, ahead: usize) -> Kind<'a> {
        self.token(ahead).kind
    }
    fn span(&self) -> Span {
        self.token(0).span
    }
    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Kind::Sign(s) if s == sign)
    }
    fn is_at(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek_at(ahead), Kind::Sign(s) if s == sign)
    }
    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(w) if w == word)
    }
    fn step_if(&mut self, found: bool) -> bool {
        self.at += usize::from(found);
        found
    }
    fn take(&mut self, sign: &str) -> bool {
        self.step_if(self.is(sign))
    }
    fn take_word(&mut self, word: &str) -> bool {
        self.step_if(self.is_word(word))
    }
    fn take_newline(&mut self) -> bool {
        self.step_if(self.peek() == Kind::Newline)
    }
    fn need(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) { Ok(()) } else { Err(self.expected(sign)) }
    }
    fn word(&mut self, what: &str) -> Parsed<String> {
        match self.peek() {
            Kind::Word(word) => {
                self.at += 1;
                Ok(word.to_owned())
            }
            _ => Err(self.expected(what)),
        }
    }

    /// What stands here, for a message.
    fn shown(&self) -> String {
        let token = self.token(0);
        match token.kind {
            Kind::Word(w) => format!("`{}`", clipped(w)),
            Kind::Number(..) => clipped(&self.text[token.start..token.end]),
            Kind::Text(t) => format!("\"{}\"", clipped(t)),
            Kind::Colour => "a colour".into(),
            Kind::Sign(s) => format!("`{s}`"),
            Kind::Newline if token.start == self.text.len() => "the end of the script".into(),
            Kind::Newline => "the end of the line".into(),
            Kind::Indent => "an indented block".into(),
            Kind::Dedent => "the end of a block".into(),
            Kind::End => "the end of the script".into(),
        }
    }

    fn expected(&self, what: &str) -> Diagnostic {
        let finding = self.span().says(format!("expected {what}, found {}", self.shown()));
        let help = self.continues().then(|| CONTINUES.to_owned());
        Diagnostic { help, ..finding }
    }

    /// Whether the token here is the first of its line, and yet not of its statement.
    fn continues(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        let content = |kind| !matches!(kind, Kind::Newline | Kind::Indent | Kind::Dedent | Kind::End);
        before.is_some_and(|b| content(b.kind) && content(self.peek()) && b.span.line < self.span().line)
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Parser<'a>) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            let says = format!("nested more than {DEPTH_MAX} deep");
            return Err(self.span().advises(says, "split the expression into variables"));
        }
        self.depth += 1;
        let value = f(self);
        self.depth -= 1;
        value
    }

    /// Counts an operator of the statement.
    fn operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            let says = format!("more than {OPERATORS_MAX} operators in one statement");
            return Err(self.span().advises(says, "split the expression into variables"));
        }
        Ok(())
    }

    /// The rest of `a.b.c`, of which `name` is what stands before the first point.
    fn path(&mut self, name: &mut String) -> Parsed<()> {
        for _ in 1..PATH_MAX {
            let (true, Kind::Word(part)) = (self.is("."), self.peek_at(1)) else { return Ok(()) };
            self.at += 2;
            name.push('.');
            name.push_str(part);
        }
        if self.is(".") {
            Err(self.span().says(format!("more than {PATH_MAX} names joined by points")))
        } else {
            Ok(())
        }
    }

    /// Inside brackets that have just been opened.
    fn bracketed<T>(&mut self, f: impl FnOnce(&mut Parser<'a>) -> Parsed<T>) -> Parsed<T> {
        self.brackets += 1;
        let value = f(self);
        self.brackets -= 1;
        value
    }
}

const CONTINUES: &str = "this line goes on the one above it: it stands deeper though nothing opens a block, or is indented by a number that is no multiple of four";

/// At most forty characters.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
