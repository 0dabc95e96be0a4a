//! Tokens to syntax tree, by recursive descent. Stops at the first syntax error: what follows one is guesswork.

use crate::Diagnostic;
use crate::ast::{Arg, Block, Expr, ExprKind, If, Persistence, Stmt, StmtKind};
use crate::lexer::{Span, Token, lex};

/// Deepest nesting of expressions and blocks.
pub const DEPTH_MAX: u32 = 120;

/// Most operators of one statement: a chain of them is a tree of that height.
pub const OPERATORS_MAX: u32 = 400;

/// Parses a whole script.
pub fn parse(text: &str) -> Result<Block, Diagnostic> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0, operators: 0 };
    let mut all = Vec::new();
    while *parser.peek() != Token::End {
        if parser.take_newline() {
            continue;
        }
        if matches!(parser.peek(), Token::Indent) {
            return Err(parser.span().advises(
                "this line is indented, but nothing above it opens a block",
                "remove the blanks before it, or indent a continued line by a number that is no multiple of four",
            ));
        }
        if matches!(parser.peek(), Token::Dedent) {
            parser.at += 1;
            continue;
        }
        all.extend(parser.statement_line()?);
    }
    Ok(all)
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: u32,
    /// Of the statements around this place.
    operators: u32,
}

type Parsed<T> = Result<T, Diagnostic>;

/// Binary operators, loosest first.
const LEVELS: [&[&str]; 6] = [&["or"], &["and"], &["==", "!="], &["<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

const TYPES: [&str; 17] = [
    "int",
    "float",
    "bool",
    "string",
    "color",
    "line",
    "label",
    "box",
    "table",
    "linefill",
    "polyline",
    "const",
    "input",
    "simple",
    "series",
    "array",
    "chart.point",
];

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }
    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].0
    }
    fn span(&self) -> Span {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }
    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if self.at < self.tokens.len() - 1 {
            self.at += 1;
        }
        token
    }
    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(s) if *s == sign)
    }
    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w == word)
    }
    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.at += 1;
        }
        found
    }
    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.at += 1;
        }
        found
    }
    fn take_newline(&mut self) -> bool {
        let found = matches!(self.peek(), Token::Newline);
        if found {
            self.at += 1;
        }
        found
    }
    fn need(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) {
            return Ok(());
        }
        Err(self.span().says(format!("expected {sign}, found {}", self.shown())))
    }
    fn shown(&self) -> String {
        match self.peek() {
            Token::Word(w) => format!("`{w}`"),
            Token::Number(x, _) => format!("{x}"),
            Token::Text(t) => format!("\"{t}\""),
            Token::Colour => "a colour".into(),
            Token::Sign(s) => format!("`{s}`"),
            Token::Newline => "the end of the line".into(),
            Token::Indent => "an indented block".into(),
            Token::Dedent => "the end of a block".into(),
            Token::End => "the end of the script".into(),
        }
    }
    fn word(&mut self, what: &str) -> Parsed<String> {
        match self.next() {
            Token::Word(w) => Ok(w),
            _ => {
                self.at = self.at.saturating_sub(1);
                Err(self.span().says(format!("expected {what}, found {}", self.shown())))
            }
        }
    }
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Parser) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self
                .span()
                .advises(format!("nested more than {DEPTH_MAX} deep"), "split the expression into variables"));
        }
        self.depth += 1;
        let value = f(self);
        self.depth -= 1;
        value
    }

    /// One line: statements separated by commas, ended by a newline unless the last one ended in a block.
    fn statement_line(&mut self) -> Parsed<Block> {
        let mut all = vec![self.statement()?];
        while self.take(",") || self.take(";") {
            all.push(self.statement()?);
        }
        if !self.ended_by_block() && !self.take_newline() && *self.peek() != Token::End && *self.peek() != Token::Dedent
        {
            return Err(self.span().says(format!("expected the end of the line, found {}", self.shown())));
        }
        Ok(all)
    }

    /// Whether a block was just closed: what follows is another statement, not more of the expression that held the block.
    fn ended_by_block(&self) -> bool {
        self.at > 0 && matches!(self.tokens[self.at - 1].0, Token::Dedent)
    }

    fn block(&mut self) -> Parsed<Block> {
        self.deeper(|p| {
            if !p.take_newline() {
                return p.statement().map(|one| vec![one]);
            }
            if !matches!(p.next(), Token::Indent) {
                p.at -= 1;
                return Err(p
                    .span()
                    .advises("expected an indented block", "indent the lines of the block by four spaces"));
            }
            let mut all = Vec::new();
            loop {
                match p.peek() {
                    Token::Dedent => {
                        p.at += 1;
                        return Ok(all);
                    }
                    Token::End => return Ok(all),
                    Token::Newline => p.at += 1,
                    Token::Indent => return Err(p.span().says("this line is indented deeper than its block")),
                    _ => all.extend(p.statement_line()?),
                }
            }
        })
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        let span = self.span();
        let around = self.operators;
        let kind = self.deeper(Parser::statement_kind)?;
        self.operators = around;
        Ok(Stmt { kind, span })
    }

    fn statement_kind(&mut self) -> Parsed<StmtKind> {
        if let Token::Word(word) = self.peek() {
            for other in ["import", "type", "enum", "method", "break", "continue", "export"] {
                let declares = matches!(self.peek_at(1), Token::Word(_) | Token::Newline);
                if word == other && declares {
                    self.skip_statement();
                    return Ok(StmtKind::Other(other));
                }
            }
        }
        if self.is("[")
            && let Some(names) = self.tuple_names()
        {
            let value = self.expr()?;
            return Ok(StmtKind::Declare { persistence: Persistence::None, names, tuple: true, value });
        }
        if self.is_function() {
            return self.function();
        }
        let persistence = match () {
            () if self.take_word("var") => Persistence::Var,
            () if self.take_word("varip") => Persistence::Varip,
            () => Persistence::None,
        };
        self.skip_types();
        if let (Token::Word(name), Token::Sign(sign)) = (self.peek().clone(), self.peek_at(1).clone()) {
            let assign = match sign {
                ":=" => Some(None),
                "+=" => Some(Some("+")),
                "-=" => Some(Some("-")),
                "*=" => Some(Some("*")),
                "/=" => Some(Some("/")),
                "%=" => Some(Some("%")),
                _ => None,
            };
            if let Some(sign) = assign {
                self.at += 2;
                return Ok(StmtKind::Assign { name, sign, value: self.expr()? });
            }
            if sign == "=" {
                self.at += 2;
                return Ok(StmtKind::Declare { persistence, names: vec![name], tuple: false, value: self.expr()? });
            }
        }
        if persistence != Persistence::None {
            return Err(self.span().says(format!("expected a variable after var, found {}", self.shown())));
        }
        self.expr().map(StmtKind::Expr)
    }

    /// Skips to the end of a construct that will be refused, its block included.
    fn skip_statement(&mut self) {
        let mut depth = 0;
        loop {
            match self.peek() {
                Token::End => return,
                Token::Newline if depth == 0 && !matches!(self.peek_at(1), Token::Indent) => return,
                Token::Indent => depth += 1,
                Token::Dedent if depth == 0 => return,
                Token::Dedent => {
                    depth -= 1;
                    if depth == 0 {
                        // The line ends with the block.
                        self.at += 1;
                        return;
                    }
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn tuple_names(&mut self) -> Option<Vec<String>> {
        let start = self.at;
        let mut names = Vec::new();
        self.at += 1;
        while let Token::Word(name) = self.peek().clone() {
            names.push(name);
            self.at += 1;
            if !self.take(",") {
                break;
            }
        }
        if self.take("]") && self.take("=") {
            return Some(names);
        }
        self.at = start;
        None
    }

    /// `name(a, b = 1) =>`, seen by looking for the arrow behind the closing bracket.
    fn is_function(&self) -> bool {
        if !matches!((self.peek(), self.peek_at(1)), (Token::Word(_), Token::Sign("("))) {
            return false;
        }
        let mut depth = 0;
        for ahead in 1.. {
            match self.peek_at(ahead) {
                Token::Sign("(") => depth += 1,
                Token::Sign(")") => {
                    depth -= 1;
                    if depth == 0 {
                        return matches!(self.peek_at(ahead + 1), Token::Sign("=>"));
                    }
                }
                Token::Newline | Token::End => return false,
                _ => {}
            }
        }
        false
    }

    fn function(&mut self) -> Parsed<StmtKind> {
        let name = self.word("a function's name")?;
        self.need("(")?;
        let mut parameters = Vec::new();
        while !self.is(")") {
            self.skip_types();
            let parameter = self.word("a parameter")?;
            let default = if self.take("=") { Some(self.expr()?) } else { None };
            parameters.push((parameter, default));
            if !self.take(",") {
                break;
            }
        }
        self.need(")")?;
        self.need("=>")?;
        Ok(StmtKind::Function { name, parameters, body: self.block()? })
    }

    /// Skips type words before a name: `float x`, `series int n`, `array<float> a`.
    fn skip_types(&mut self) {
        loop {
            let Token::Word(word) = self.peek() else { return };
            let typed = TYPES.contains(&word.as_str());
            match self.peek_at(1) {
                Token::Word(next) if typed && !matches!(next.as_str(), "and" | "or" | "in" | "to" | "by") => {
                    self.at += 1
                }
                Token::Sign("<") if word == "array" || word == "matrix" || word == "map" => {
                    let Some(end) = (2..12).find(|&k| matches!(self.peek_at(k), Token::Sign(">"))) else { return };
                    self.at += end + 1;
                }
                _ => return,
            }
        }
    }

    fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Parser::ternary)
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let span = self.span();
        let condition = self.binary(0)?;
        if self.ended_by_block() || !self.take("?") {
            return Ok(condition);
        }
        let then = self.expr()?;
        self.need(":")?;
        let otherwise = self.expr()?;
        Ok(Expr { kind: ExprKind::Ternary(condition.into(), then.into(), otherwise.into()), span })
    }

    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let span = self.span();
        let mut left = self.binary(level + 1)?;
        loop {
            let sign = signs.iter().find(|sign| self.is(sign) || self.is_word(sign));
            let Some(sign) = sign.filter(|_| !self.ended_by_block()) else { return Ok(left) };
            self.operators += 1;
            if self.operators > OPERATORS_MAX {
                return Err(self.span().advises(
                    format!("more than {OPERATORS_MAX} operators in one statement"),
                    "split the expression into variables",
                ));
            }
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expr { kind: ExprKind::Binary(sign, left.into(), right.into()), span };
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let span = self.span();
        for sign in ["-", "+", "not"] {
            if self.take(sign) || self.take_word(sign) {
                let inner = self.deeper(Parser::unary)?;
                return Ok(Expr { kind: ExprKind::Unary(sign, inner.into()), span });
            }
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let span = self.span();
        let mut value = self.primary()?;
        loop {
            if self.ended_by_block() {
                return Ok(value);
            }
            if self.take("[") {
                let offset = self.expr()?;
                self.need("]")?;
                value = Expr { kind: ExprKind::History(value.into(), offset.into()), span };
            } else if self.is(".") && matches!(self.peek_at(1), Token::Word(_)) {
                self.at += 1;
                let name = self.word("a name")?;
                let args = if self.take("(") { self.args()? } else { Vec::new() };
                value = Expr { kind: ExprKind::Method { on: value.into(), name, args }, span };
            } else {
                return Ok(value);
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let span = self.span();
        let kind = match self.next() {
            Token::Number(x, whole) => ExprKind::Number(x, whole),
            Token::Text(text) => ExprKind::Text(text),
            Token::Colour => ExprKind::Colour,
            Token::Word(word) => match word.as_str() {
                "true" => ExprKind::Bool(true),
                "false" => ExprKind::Bool(false),
                "if" => self.if_tail()?,
                "switch" => self.switch_tail()?,
                "for" | "while" => self.loop_tail(if word == "for" { "for" } else { "while" })?,
                _ => self.name_tail(word)?,
            },
            Token::Sign("(") => {
                let inner = self.expr();
                return match inner {
                    Ok(inner) if self.take(")") => Ok(inner),
                    // What stands where a bracket should close says less than where it was opened.
                    Ok(_) => {
                        Err(span
                            .advises("this bracket is never closed", format!("a ) is missing before {}", self.shown())))
                    }
                    Err(finding) => Err(finding),
                };
            }
            Token::Sign("[") => {
                let mut items = Vec::new();
                while !self.is("]") {
                    items.push(self.expr()?);
                    if !self.take(",") {
                        break;
                    }
                }
                self.need("]")?;
                ExprKind::Tuple(items)
            }
            _ => {
                self.at = self.at.saturating_sub(usize::from(!matches!(self.peek(), Token::End)));
                return Err(span.says(format!("expected an expression, found {}", self.shown())));
            }
        };
        Ok(Expr { kind, span })
    }

    fn name_tail(&mut self, first: String) -> Parsed<ExprKind> {
        let mut name = first;
        while self.is(".") && matches!(self.peek_at(1), Token::Word(_)) {
            self.at += 1;
            name.push('.');
            name.push_str(&self.word("a name")?);
        }
        // Type arguments: `array.new<float>(...)`.
        if self.is("<")
            && matches!(self.peek_at(1), Token::Word(_))
            && matches!(self.peek_at(2), Token::Sign(">"))
            && matches!(self.peek_at(3), Token::Sign("("))
        {
            self.at += 3;
        }
        if self.take("(") {
            return Ok(ExprKind::Call { name, args: self.args()? });
        }
        Ok(ExprKind::Name(name))
    }

    fn args(&mut self) -> Parsed<Vec<Arg>> {
        let open = self.tokens[self.at.saturating_sub(1)].1;
        let mut args = Vec::new();
        while !self.is(")") {
            let name = match (self.peek().clone(), self.peek_at(1)) {
                (Token::Word(word), Token::Sign("=")) => {
                    self.at += 2;
                    Some(word)
                }
                _ => None,
            };
            args.push(Arg { name, value: self.expr()? });
            if !self.take(",") {
                break;
            }
        }
        if !self.take(")") {
            let help = format!("a ) or a comma is missing before {}", self.shown());
            return Err(open.advises("this bracket is never closed", help));
        }
        Ok(args)
    }

    fn if_tail(&mut self) -> Parsed<ExprKind> {
        let condition = self.expr()?;
        let then = self.block()?;
        let start = self.at;
        while self.take_newline() {}
        if !self.take_word("else") {
            self.at = start;
            return Ok(ExprKind::If(Box::new(If { condition, then, otherwise: None })));
        }
        let span = self.span();
        let otherwise = if self.take_word("if") {
            let kind = self.deeper(Parser::if_tail)?;
            vec![Stmt { kind: StmtKind::Expr(Expr { kind, span }), span }]
        } else {
            self.block()?
        };
        Ok(ExprKind::If(Box::new(If { condition, then, otherwise: Some(otherwise) })))
    }

    fn switch_tail(&mut self) -> Parsed<ExprKind> {
        let subject = if matches!(self.peek(), Token::Newline) { None } else { Some(Box::new(self.expr()?)) };
        self.take_newline();
        if !matches!(self.next(), Token::Indent) {
            self.at -= 1;
            return Err(self.span().says("expected the indented arms of the switch"));
        }
        let mut arms = Vec::new();
        loop {
            match self.peek() {
                Token::Newline => self.at += 1,
                Token::Dedent => {
                    self.at += 1;
                    return Ok(ExprKind::Switch { subject, arms });
                }
                Token::End => return Ok(ExprKind::Switch { subject, arms }),
                _ => {
                    let case = if self.is("=>") { None } else { Some(self.expr()?) };
                    self.need("=>")?;
                    arms.push((case, self.block()?));
                }
            }
        }
    }

    fn loop_tail(&mut self, word: &'static str) -> Parsed<ExprKind> {
        // The head is skipped: loops are refused by name, whatever they count.
        while !matches!(self.peek(), Token::Newline | Token::End) {
            self.at += 1;
        }
        Ok(ExprKind::Loop { word, body: self.block()? })
    }
}
