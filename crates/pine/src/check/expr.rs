//! Expressions: names, operators, history, choices, loops.

use super::tree::{Code, Depth, ForIn, ForLoop};
use super::types::Type;
use super::{ARMS_MAX, Binding, Checked, Checker, DEPTH_MAX, Known, NODES_MAX, Typed};
use crate::ast::{Block, Expr, ExprKind};
use crate::fold;
use crate::graph::{Binary, Compare, Unary};
use crate::lexer::Span;

impl<'a> Checker<'a> {
    /// Checks an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Checked<Typed> {
        let span = expr.span;
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(span.advises(
                "the script grows too large when its functions are written out",
                "call fewer functions inside functions",
            ));
        }
        if self.depth >= DEPTH_MAX {
            return Err(
                span.advises(format!("nested more than {DEPTH_MAX} deep"), "split the expression into variables")
            );
        }
        self.depth += 1;
        let typed = self.expr_kind(expr);
        self.depth -= 1;
        typed
    }

    fn expr_kind(&mut self, expr: &'a Expr) -> Checked<Typed> {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Number(x, whole) => Ok(Typed::number(*x, if *whole { Type::Int } else { Type::Float })),
            ExprKind::Bool(b) => Ok(Typed::truth(*b)),
            ExprKind::Text(text) => Ok(Typed::text(text)),
            ExprKind::Colour => Ok(Typed::inert(Type::Colour)),
            ExprKind::Name(name) => self.name(name, span),
            ExprKind::Call { name, types, args } => self.call(name, types, args, span),
            ExprKind::Method { on, name, args, .. } => {
                let object = self.expr(on)?;
                self.method(object, Some(on), name, args, span)
            }
            ExprKind::Field { on, name } => {
                let object = self.expr(on)?;
                self.field(object, name, span)
            }
            ExprKind::Unary(sign, inner) => {
                let typed = self.expr(inner)?;
                self.unary(sign, typed, span)
            }
            ExprKind::Binary(sign, left, right) => {
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.binary(sign, left, right, span)
            }
            ExprKind::Ternary(condition, a, b) => {
                let condition = self.expr(condition)?;
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.choose(condition, a, b, span)
            }
            ExprKind::History(inner, offset) => self.history(inner, offset),
            ExprKind::Tuple(items) => {
                let items: Vec<Typed> = items.iter().map(|item| self.expr(item)).collect::<Checked<_>>()?;
                let types = items.iter().map(|item| item.ty.clone()).collect();
                Ok(Typed::new(Code::Tuple(items.into_iter().map(|item| item.code).collect()), Type::Tuple(types)))
            }
            ExprKind::If(branches) => {
                let condition = self.expr(&branches.condition)?;
                let then = self.block(&branches.then)?;
                let otherwise = match &branches.otherwise {
                    Some(block) => self.block(block)?,
                    None => Typed::void(),
                };
                self.choose(condition, then, otherwise, span)
            }
            ExprKind::Switch { subject, arms } => self.switch(subject.as_deref(), arms, span),
            ExprKind::For { counter, from, to, by, body } => {
                let (from, to) = (self.number(from)?, self.number(to)?);
                let by = match by {
                    Some(by) => Some(self.number(by)?.code),
                    None => None,
                };
                self.scopes.push(Default::default());
                let slot = self.slot(&Type::Int, false);
                self.declare(counter, Binding { slot, ty: Type::Int, known: None, literal: false });
                let body = self.loop_body(body);
                self.scopes.pop();
                let body = body?;
                let ty = body.ty;
                let (from, to, body) = (from.code, to.code, body.code);
                Ok(Typed::new(Code::For(ForLoop { counter: slot, from, to, by, body, line: span.line }.into()), ty))
            }
            ExprKind::ForIn { index, item, of, body } => {
                let mut of = self.expr(of)?;
                let class = self.class(&of.ty);
                of.code = Code::Uses(class, false, of.code.into());
                let (key, element) = match &of.ty {
                    Type::Array(element) => (Type::Int, (**element).clone()),
                    Type::Map(pair) => pair.as_ref().clone(),
                    Type::Matrix(element) => (Type::Int, Type::Array(element.clone())),
                    Type::Any => (Type::Any, Type::Any),
                    other => return Err(span.says(format!("`for ... in` goes over an array, found {}", other.shown()))),
                };
                self.scopes.push(Default::default());
                let index = index.as_deref().map(|name| {
                    let slot = self.slot(&key, false);
                    self.declare(name, Binding { slot, ty: key, known: None, literal: false });
                    slot
                });
                let slot = self.slot(&element, false);
                self.declare(item, Binding { slot, ty: element, known: None, literal: false });
                let body = self.loop_body(body);
                self.scopes.pop();
                let body = body?;
                let (ty, line) = (body.ty, span.line);
                Ok(Typed::new(Code::ForIn(ForIn { index, item: slot, of: of.code, body: body.code, line }.into()), ty))
            }
            ExprKind::While { condition, body } => {
                let condition = self.expr(condition)?;
                let condition = self.condition(condition, span)?;
                let body = self.loop_body(body)?;
                Ok(Typed::new(Code::While(condition.code.into(), body.code.into(), span.line), body.ty))
            }
        }
    }

    fn loop_body(&mut self, body: &'a Block) -> Checked<Typed> {
        self.loops += 1;
        let body = self.block(body);
        self.loops -= 1;
        body
    }

    fn number(&mut self, expr: &'a Expr) -> Checked<Typed> {
        let typed = self.expr(expr)?;
        self.as_number(typed, expr.span)
    }

    /// As a number.
    pub(super) fn as_number(&mut self, typed: Typed, span: Span) -> Checked<Typed> {
        match typed.ty {
            Type::Int | Type::Float | Type::Any => Ok(typed),
            // Versions 1 to 3 count with conditions.
            Type::Bool if self.version <= 4 => Ok(typed),
            _ => Err(span.says(format!("expected a number, found {}", typed.ty.shown()))),
        }
    }

    /// As a condition; numbers are cast as versions before 6 do: `na` and 0 are false.
    pub(super) fn condition(&mut self, typed: Typed, span: Span) -> Checked<Typed> {
        match typed.ty {
            Type::Bool | Type::Any => Ok(typed),
            Type::Int | Type::Float if self.version < 6 => {
                let known = match typed.known {
                    Some(Known::Number(x)) => Some(Known::Truth(x != 0.0 && !x.is_nan())),
                    _ => None,
                };
                let code = Code::Compare(Compare::Ne, typed.code.into(), Code::Number(0.0).into());
                Ok(Typed { code, ty: Type::Bool, known, literal: typed.literal })
            }
            _ => Err(span.says(format!("expected a condition, found {}", typed.ty.shown()))),
        }
    }

    /// One of two values; a condition that is known decides now.
    pub(super) fn choose(&mut self, condition: Typed, a: Typed, b: Typed, span: Span) -> Checked<Typed> {
        let condition = self.condition(condition, span)?;
        let ty = a.ty.join(&b.ty);
        if let Some(Known::Truth(truth)) = condition.known {
            let chosen = if truth { a } else { b };
            // What was chosen is no constant of the text: see `arithmetic`.
            return Ok(Typed { ty, literal: false, ..chosen });
        }
        Ok(Typed::new(Code::If(condition.code.into(), a.code.into(), b.code.into()), ty))
    }

    fn switch(&mut self, subject: Option<&'a Expr>, arms: &'a [(Option<Expr>, Block)], span: Span) -> Checked<Typed> {
        if arms.len() > ARMS_MAX {
            return Err(span.says(format!("a switch of more than {ARMS_MAX} arms")));
        }
        let mut head = None;
        let subject = match subject {
            None => None,
            Some(subject) => {
                let typed = self.expr(subject)?;
                let known = typed.known.clone();
                let slot = self.slot(&typed.ty, false);
                head = Some(Code::Set(slot, typed.code.into()));
                Some(Typed { code: Code::Slot(slot), ty: typed.ty, known, literal: false })
            }
        };
        let mut checked = Vec::new();
        let mut last = Typed::void();
        for (case, body) in arms {
            let condition = match (case, &subject) {
                (None, _) => {
                    last = self.block(body)?;
                    continue;
                }
                (Some(case), None) => {
                    let typed = self.expr(case)?;
                    self.condition(typed, case.span)?
                }
                (Some(case), Some(subject)) => {
                    let typed = self.expr(case)?;
                    self.binary("==", subject.clone(), typed, case.span)?
                }
            };
            checked.push((condition, self.block(body)?));
        }
        for (condition, body) in checked.into_iter().rev() {
            last = self.choose(condition, body, last, span)?;
        }
        Ok(match head {
            Some(head) => Typed { code: Code::Block(vec![head, last.code]), ..last },
            None => last,
        })
    }

    pub(super) fn unary(&mut self, sign: &str, typed: Typed, span: Span) -> Checked<Typed> {
        if sign == "not" {
            let typed = self.condition(typed, span)?;
            let known = match typed.known {
                Some(Known::Truth(b)) => Some(Known::Truth(!b)),
                _ => None,
            };
            return Ok(Typed { code: Code::Not(typed.code.into()), ty: Type::Bool, known, literal: typed.literal });
        }
        let typed = self.as_number(typed, span)?;
        if sign == "+" {
            return Ok(typed);
        }
        let ty = if typed.ty == Type::Int { Type::Int } else { Type::Float };
        if let Some(Known::Number(x)) = typed.known {
            let x = fold::unary(Unary::Neg, x);
            return Ok(Typed { code: Code::Number(x), ty, known: Some(Known::Number(x)), literal: typed.literal });
        }
        Ok(Typed::new(Code::Unary(Unary::Neg, typed.code.into()), ty))
    }

    pub(super) fn binary(&mut self, sign: &str, left: Typed, right: Typed, span: Span) -> Checked<Typed> {
        let literal = left.literal && right.literal;
        match sign {
            "and" | "or" => {
                let (left, right) = (self.condition(left, span)?, self.condition(right, span)?);
                let known = match (sign, &left.known, &right.known) {
                    ("and", Some(Known::Truth(false)), _) | ("and", _, Some(Known::Truth(false))) => Some(false),
                    ("and", Some(Known::Truth(true)), Some(Known::Truth(true))) => Some(true),
                    ("or", Some(Known::Truth(true)), _) | ("or", _, Some(Known::Truth(true))) => Some(true),
                    ("or", Some(Known::Truth(false)), Some(Known::Truth(false))) => Some(false),
                    _ => None,
                };
                if let Some(known) = known {
                    return Ok(Typed { literal, ..Typed::truth(known) });
                }
                // A side that is known to change nothing is dropped.
                let neutral = Some(Known::Truth(sign == "and"));
                if left.known == neutral {
                    return Ok(Typed { known: None, literal: false, ..right });
                }
                if right.known == neutral {
                    return Ok(Typed { known: None, literal: false, ..left });
                }
                let (a, b) = (left.code.into(), right.code.into());
                let code = match (sign, self.version >= 6) {
                    ("and", true) => Code::And(a, b),
                    ("and", false) => Code::AndBoth(a, b),
                    (_, true) => Code::Or(a, b),
                    (_, false) => Code::OrBoth(a, b),
                };
                Ok(Typed::new(code, Type::Bool))
            }
            "==" | "!=" => Ok(self.equality(sign == "!=", left, right)),
            "<" | "<=" | ">" | ">=" => {
                let (left, right) = (self.as_number(left, span)?, self.as_number(right, span)?);
                let which = match sign {
                    "<" => Compare::Lt,
                    "<=" => Compare::Le,
                    ">" => Compare::Gt,
                    _ => Compare::Ge,
                };
                let known = match (&left.known, &right.known) {
                    (Some(Known::Number(a)), Some(Known::Number(b))) => {
                        Some(Known::Truth(fold::compare(which, *a, *b)))
                    }
                    _ => None,
                };
                let code = Code::Compare(which, left.code.into(), right.code.into());
                Ok(Typed { code, ty: Type::Bool, known, literal })
            }
            "+" if left.ty == Type::Text || right.ty == Type::Text => {
                let known = match (&left.known, &right.known) {
                    (Some(Known::Text(a)), Some(Known::Text(b))) => Some(Known::Text(format!("{a}{b}"))),
                    _ => None,
                };
                let code = Code::Join(left.code.into(), right.code.into());
                Ok(Typed { code, ty: Type::Text, known, literal })
            }
            _ => self.arithmetic(sign, left, right, span),
        }
    }

    fn equality(&mut self, differs: bool, left: Typed, right: Typed) -> Typed {
        let literal = left.literal && right.literal;
        let which = if differs { Compare::Ne } else { Compare::Eq };
        let known = match (&left.known, &right.known) {
            (Some(Known::Number(a)), Some(Known::Number(b))) => Some(fold::compare(which, *a, *b)),
            (Some(Known::Text(a)), Some(Known::Text(b))) => Some((a == b) != differs),
            (Some(Known::Truth(a)), Some(Known::Truth(b))) => Some((a == b) != differs),
            _ => None,
        };
        let numbers = matches!(left.ty, Type::Int | Type::Float) && matches!(right.ty, Type::Int | Type::Float);
        let (a, b) = (left.code.into(), right.code.into());
        let code = if numbers { Code::Compare(which, a, b) } else { Code::Equal(differs, a, b) };
        Typed { code, ty: Type::Bool, known: known.map(Known::Truth), literal }
    }

    fn arithmetic(&mut self, sign: &str, left: Typed, right: Typed, span: Span) -> Checked<Typed> {
        let literal = left.literal && right.literal;
        let (left, right) = (self.as_number(left, span)?, self.as_number(right, span)?);
        let which = match sign {
            "+" => Binary::Add,
            "-" => Binary::Sub,
            "*" => Binary::Mul,
            "/" => Binary::Div,
            "%" => Binary::Mod,
            _ => return Err(span.says(format!("the operator {sign} is not known"))),
        };
        let whole = left.ty == Type::Int && right.ty == Type::Int;
        // Before version 6 the quotient of two `const int` drops its fraction; one of an input or a series keeps it
        // (TradingView's migration guide to version 6, "Dividing two const int values can return a fractional value").
        let dropped = whole && which == Binary::Div && literal && self.version < 6;
        let ty = if whole && (which != Binary::Div || dropped) { Type::Int } else { Type::Float };
        if let (Some(Known::Number(a)), Some(Known::Number(b))) = (&left.known, &right.known) {
            let x = fold::binary(which, *a, *b);
            let x = if dropped { x.trunc() } else { x };
            return Ok(Typed { code: Code::Number(x), ty, known: Some(Known::Number(x)), literal });
        }
        Ok(Typed::new(Code::Binary(which, left.code.into(), right.code.into()), ty))
    }

    fn history(&mut self, inner: &'a Expr, offset: &'a Expr) -> Checked<Typed> {
        let back = self.number(offset)?;
        let depth = match back.known {
            Some(Known::Number(x)) if x < 0.0 => {
                return Err(offset.span.says("a negative offset looks into the future"));
            }
            Some(Known::Number(x)) if x <= f64::from(u32::MAX) => Depth::Bars(x.floor() as u32),
            _ => Depth::Any,
        };
        let typed = self.expr(inner)?;
        if depth == Depth::Bars(0) {
            return Ok(Typed { literal: false, ..typed });
        }
        // Only a name has the past of its variable; `(x)[1]` is the past of what was computed here.
        if !matches!(inner.kind, ExprKind::Name(_)) && matches!(typed.code, Code::Slot(_) | Code::Bar(_)) {
            return Ok(self.past_of(typed, back, depth));
        }
        // The past of a named constant counts the bars of the chart, wherever it is read, as that of any other name.
        if let ExprKind::Name(name) = &inner.kind
            && matches!(typed.code, Code::Number(_) | Code::Truth(_))
        {
            let typed = self.advancing(&format!("{name} = {:?}", typed.code), typed.code, typed.ty);
            return Ok(self.past(typed, back, depth));
        }
        Ok(self.past(typed, back, depth))
    }

    /// What `typed` was some bars ago.
    pub(super) fn past(&mut self, typed: Typed, back: Typed, depth: Depth) -> Typed {
        let ty = typed.ty.clone();
        let back: Box<Code> = back.code.into();
        let code = match typed.code {
            Code::Inert => return typed,
            Code::Refused(_) => return typed,
            Code::Na => return Typed { ty, ..Typed::na() },
            Code::Bar(fact) => Code::BarPast(fact, back),
            Code::Slot(slot) => {
                Checker::deepen(&mut self.body.slots[slot as usize].depth, depth);
                Code::Past(slot, back)
            }
            code => Code::PastOf(self.series(depth, &ty), code.into(), back),
        };
        Typed::new(code, ty)
    }

    /// What an expression came to when it was computed so many times before.
    fn past_of(&mut self, typed: Typed, back: Typed, depth: Depth) -> Typed {
        let series = self.series(depth, &typed.ty);
        Typed::new(Code::PastOf(series, typed.code.into(), back.code.into()), typed.ty)
    }
}
