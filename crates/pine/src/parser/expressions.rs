//! Expressions, loosest operator first: `?:`, `or`, `and`, equality, order, sums, products, signs, history and calls.
//!
//! `if`, `switch` and loops are expressions too; the block that ends them ends the expression around them.

use super::{Parsed, Parser, RESERVED};
use crate::ast::{Arg, Block, Expr, ExprKind, If, Stmt, StmtKind, TypeName};
use crate::lexer::{Kind, unescaped};

/// Binary operators, loosest first.
const LEVELS: [&[&str]; 6] = [&["or"], &["and"], &["==", "!="], &["<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"]];

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.deeper(Parser::ternary)
    }

    /// Whether a block was just closed: what follows is another statement, not more of the expression that held the
    /// block.
    pub(super) fn ended_by_block(&self) -> bool {
        self.at > 0 && self.tokens[self.at - 1].kind == Kind::Dedent
    }

    /// A chain `a ? b : c ? d : e` is read in a loop and folded from its end.
    fn ternary(&mut self) -> Parsed<Expr> {
        let mut chain = Vec::new();
        let mut last = loop {
            let span = self.span();
            let condition = self.binary(0)?;
            if self.ended_by_block() || !self.take("?") {
                break condition;
            }
            self.operator()?;
            let then = self.expr()?;
            self.need(":")?;
            chain.push((condition, then, span));
        };
        for (condition, then, span) in chain.into_iter().rev() {
            last = Expr { kind: ExprKind::Ternary(condition.into(), then.into(), last.into()), span };
        }
        Ok(last)
    }

    fn binary(&mut self, level: usize) -> Parsed<Expr> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let span = self.span();
        let mut left = self.binary(level + 1)?;
        loop {
            let sign = match self.peek() {
                Kind::Sign(word) | Kind::Word(word) => signs.iter().find(|sign| **sign == word),
                _ => None,
            };
            let Some(sign) = sign.filter(|_| !self.ended_by_block()) else { return Ok(left) };
            self.operator()?;
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expr { kind: ExprKind::Binary(sign, left.into(), right.into()), span };
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let span = self.span();
        for sign in ["-", "+", "not"] {
            if self.take(sign) || self.take_word(sign) {
                if sign != "not" {
                    self.clinging.push(self.at);
                }
                let inner = self.deeper(Parser::unary)?;
                return Ok(Expr { kind: ExprKind::Unary(sign, inner.into()), span });
            }
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let span = self.span();
        let mut value = self.primary()?;
        // `x[1][2]` and `f().g().h()` are trees as high as they are long.
        while !self.ended_by_block() {
            let kind = if self.take("[") {
                let offset = self.bracketed(Parser::expr)?;
                self.need("]")?;
                ExprKind::History(value.into(), offset.into())
            } else if self.is(".") && matches!(self.peek_at(1), Kind::Word(_)) {
                self.at += 1;
                let (on, name) = (Box::new(value), self.word("a name")?);
                let types = self.call_types();
                if self.take("(") {
                    ExprKind::Method { on, name, types, args: self.args()? }
                } else {
                    ExprKind::Field { on, name }
                }
            } else {
                break;
            };
            self.operator()?;
            value = Expr { kind, span };
        }
        Ok(value)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let span = self.span();
        let kind = self.peek();
        let known = match kind {
            Kind::Number(..) | Kind::Text(_) | Kind::Colour | Kind::Sign("(" | "[") => true,
            Kind::Word(word) => matches!(word, "if" | "switch" | "for" | "while") || !RESERVED.contains(&word),
            _ => false,
        };
        if !known {
            return Err(self.expected("an expression"));
        }
        self.at += 1;
        let kind = match kind {
            Kind::Number(x, whole) => ExprKind::Number(x, whole),
            Kind::Text(raw) => ExprKind::Text(unescaped(raw)),
            Kind::Colour => ExprKind::Colour,
            Kind::Sign("(") => {
                let inner = self.bracketed(Parser::expr)?;
                if self.take(")") {
                    return Ok(inner);
                }
                // What stands where a bracket should close says less than where it was opened.
                let help = format!("a ) is missing before {}", self.shown());
                return Err(span.advises("this bracket is never closed", help));
            }
            Kind::Sign(_) => self.bracketed(Parser::tuple_tail)?,
            Kind::Word("true") => ExprKind::Bool(true),
            Kind::Word("false") => ExprKind::Bool(false),
            Kind::Word("if") => self.if_tail()?,
            Kind::Word("switch") => self.switch_tail()?,
            Kind::Word("for") => self.for_tail()?,
            Kind::Word("while") => {
                let condition = self.expr()?.into();
                ExprKind::While { condition, body: self.block()? }
            }
            Kind::Word(word) => self.name_tail(word.to_owned())?,
            Kind::Newline | Kind::Indent | Kind::Dedent | Kind::End => unreachable!("none of these is known"),
        };
        Ok(Expr { kind, span })
    }

    fn tuple_tail(&mut self) -> Parsed<ExprKind> {
        let mut items = Vec::new();
        while !self.is("]") {
            items.push(self.expr()?);
            if !self.take(",") {
                break;
            }
        }
        self.need("]")?;
        Ok(ExprKind::Tuple(items))
    }

    fn name_tail(&mut self, first: String) -> Parsed<ExprKind> {
        let mut name = first;
        self.path(&mut name)?;
        let types: Vec<TypeName> = self.call_types();
        if self.take("(") {
            return Ok(ExprKind::Call { name, types, args: self.args()? });
        }
        Ok(ExprKind::Name(name))
    }

    /// Arguments behind an opening bracket.
    fn args(&mut self) -> Parsed<Vec<Arg>> {
        let open = self.tokens[self.at - 1].span;
        let args = self.bracketed(|p| {
            let mut args = Vec::new();
            while !p.is(")") {
                let name = match p.peek() {
                    Kind::Word(word) if p.is_at(1, "=") => {
                        p.at += 2;
                        Some(word.to_owned())
                    }
                    _ => None,
                };
                args.push(Arg { name, value: p.expr()? });
                if !p.take(",") {
                    break;
                }
            }
            Ok(args)
        })?;
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
        let otherwise: Block = if self.take_word("if") {
            let kind = self.deeper(Parser::if_tail)?;
            vec![Stmt { kind: StmtKind::Expr(Expr { kind, span }), span }]
        } else {
            self.block()?
        };
        Ok(ExprKind::If(Box::new(If { condition, then, otherwise: Some(otherwise) })))
    }

    fn switch_tail(&mut self) -> Parsed<ExprKind> {
        let subject = if self.peek() == Kind::Newline { None } else { Some(Box::new(self.expr()?)) };
        self.take_newline();
        if self.peek() != Kind::Indent {
            return Err(self.expected("the indented arms of the switch"));
        }
        self.at += 1;
        let mut arms = Vec::new();
        loop {
            match self.peek() {
                Kind::Newline => self.at += 1,
                Kind::Dedent => {
                    self.at += 1;
                    return Ok(ExprKind::Switch { subject, arms });
                }
                Kind::End => return Ok(ExprKind::Switch { subject, arms }),
                _ => {
                    let case = if self.is("=>") { None } else { Some(self.expr()?) };
                    self.need("=>")?;
                    arms.push((case, self.block()?));
                }
            }
        }
    }

    fn for_tail(&mut self) -> Parsed<ExprKind> {
        if self.take("[") {
            let index = Some(self.word("the name of the index")?);
            self.need(",")?;
            let item = self.word("the name of the item")?;
            self.need("]")?;
            return self.for_in(index, item);
        }
        self.declared_type();
        let counter = self.word("the loop's variable")?;
        if !self.take("=") {
            return self.for_in(None, counter);
        }
        let from = self.expr()?.into();
        if !self.take_word("to") {
            return Err(self.expected("`to` and the counter's last value"));
        }
        let to = self.expr()?.into();
        let by = if self.take_word("by") { Some(self.expr()?.into()) } else { None };
        Ok(ExprKind::For { counter, from, to, by, body: self.block()? })
    }

    fn for_in(&mut self, index: Option<String>, item: String) -> Parsed<ExprKind> {
        if !self.take_word("in") {
            return Err(self.expected("`=` or `in` of the loop"));
        }
        let of = self.expr()?.into();
        Ok(ExprKind::ForIn { index, item, of, body: self.block()? })
    }
}
