//! Statements: declarations, assignments under conditions, blocks.
//!
//! A variable assigned under `if` becomes a choice between its old and its new value (static single assignment).

use std::collections::BTreeMap;

use super::{Function, Lower, Lowered, Value};
use crate::ast::{Block, Expr, ExprKind, If, Persistence, Stmt, StmtKind};
use crate::graph::{NodeId, Op};
use crate::lexer::Span;

impl Lower {
    /// Lowers one statement; its value is that of a block it ends.
    pub(super) fn statement(&mut self, statement: &Stmt) -> Lowered<Value> {
        let span = statement.span;
        match &statement.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Declare { persistence, names, tuple, value, .. } => {
                self.declaration(*persistence, names, *tuple, value, span)
            }
            StmtKind::Assign { target, sign, value } => match &target.kind {
                ExprKind::Name(name) => self.assignment(name, *sign, value, span),
                _ => Err(span.says("fields are not supported yet")),
            },
            StmtKind::Function { export: true, .. } => Err(refused_word("export", span)),
            StmtKind::Function { method: true, .. } => Err(refused_word("method", span)),
            StmtKind::Function { name, parameters, body, .. } => {
                let function = Function { parameters: parameters.clone(), body: body.clone() };
                self.functions.insert(name.clone(), function);
                Ok(Value::Inert)
            }
            StmtKind::Type { .. } => Err(refused_word("type", span)),
            StmtKind::Enum { .. } => Err(refused_word("enum", span)),
            StmtKind::Import { .. } => Err(refused_word("import", span)),
            StmtKind::Break => Err(refused_word("break", span)),
            StmtKind::Continue => Err(refused_word("continue", span)),
        }
    }

    fn declaration(
        &mut self,
        persistence: Persistence,
        names: &[String],
        tuple: bool,
        value: &Expr,
        span: Span,
    ) -> Lowered<Value> {
        if persistence == Persistence::Varip {
            return Err(span.advises(
                "`varip` keeps state within a bar, and there are no ticks in a back-test",
                "use closed bars",
            ));
        }
        self.assigned_to = if tuple { None } else { names.first().cloned() };
        let lowered = self.expr(value);
        self.assigned_to = None;
        let lowered = lowered?;
        if persistence == Persistence::Var && !matches!(lowered, Value::Inert | Value::Text(_)) {
            let name = &names[0];
            return Err(span.advises(
                format!("state carried from bar to bar by `var {name}` is not supported yet"),
                "express it by series: ta.barssince, ta.valuewhen, x[1]",
            ));
        }
        if !tuple {
            self.declare(&names[0], lowered.clone());
            return Ok(lowered);
        }
        match lowered {
            Value::Tuple(items) if items.len() == names.len() => {
                for (name, item) in names.iter().zip(&items) {
                    self.declare(name, item.clone());
                }
                Ok(Value::Tuple(items))
            }
            Value::Tuple(items) => Err(span.says(format!("{} names for {} values", names.len(), items.len()))),
            Value::Unknown => Err(super::silent(span)),
            other => Err(span.says(format!("expected several values, found {}", other.shown(&self.graph)))),
        }
    }

    fn assignment(&mut self, name: &str, sign: Option<&'static str>, value: &Expr, span: Span) -> Lowered<Value> {
        let Some(old) = self.find(name).cloned() else {
            return Err(span.advises(
                format!("`{name}` is assigned before it is declared"),
                format!("declare it first: {name} = ..."),
            ));
        };
        let new = match sign {
            None => self.expr(value)?,
            Some(sign) => {
                let target = Expr { kind: ExprKind::Name(name.to_owned()), span };
                let whole = ExprKind::Binary(sign, target.into(), value.clone().into());
                self.expr(&Expr { kind: whole, span })?
            }
        };
        if matches!(old, Value::Unknown) {
            return Err(super::silent(span));
        }
        let floor = self.call_floor;
        let scope = (floor..self.scopes.len()).rev().find(|&i| self.scopes[i].contains_key(name)).unwrap_or(0);
        if scope < floor {
            return Err(span.says(format!("a function may not assign the script's variable `{name}`")));
        }
        self.scopes[scope].insert(name.to_owned(), new.clone());
        Ok(new)
    }

    /// Lowers a block in a scope of its own.
    pub(super) fn block(&mut self, block: &Block) -> Lowered<Value> {
        self.scopes.push(BTreeMap::new());
        let mut last = Value::Na;
        for statement in block {
            match self.statement(statement) {
                Ok(value) => last = value,
                Err(finding) => {
                    self.scopes.pop();
                    return Err(finding);
                }
            }
        }
        self.scopes.pop();
        Ok(last)
    }

    /// `if`: both branches are lowered; what they assign is chosen by the condition.
    pub(super) fn if_else(&mut self, branches: &If, span: Span) -> Lowered<Value> {
        let condition = self.expr(&branches.condition)?;
        let (condition, position) = self.truth(condition, branches.condition.span)?;
        self.choose(condition, position, &branches.then, branches.otherwise.as_ref(), span)
    }

    /// Lowers two blocks, of which `condition` chooses one.
    pub(super) fn choose(
        &mut self,
        condition: NodeId,
        position: bool,
        then: &Block,
        otherwise: Option<&Block>,
        span: Span,
    ) -> Lowered<Value> {
        let before = self.scopes.clone();
        let outer_path = self.path;
        self.path = self.add(Op::And(outer_path, condition), span)?;
        let then_value = self.block(then);
        let after_then = std::mem::replace(&mut self.scopes, before.clone());
        let not = self.add(Op::Not(condition), span)?;
        self.path = self.add(Op::And(outer_path, not), span)?;
        let other_value = match otherwise {
            Some(block) => self.block(block),
            None => Ok(Value::Na),
        };
        let after_other = std::mem::replace(&mut self.scopes, before);
        self.path = outer_path;
        let (then_value, other_value) = (then_value?, other_value?);
        for depth in 0..self.scopes.len() {
            let names: Vec<String> = self.scopes[depth].keys().cloned().collect();
            for name in names {
                let (a, b) = (&after_then[depth][&name], &after_other[depth][&name]);
                if a != b {
                    let joined = self.select((condition, position), a.clone(), b.clone(), span)?;
                    self.scopes[depth].insert(name, joined);
                }
            }
        }
        // A statement's value need not fit: `if` with two calls of different kinds is fine when nobody reads it.
        Ok(self.select((condition, position), then_value, other_value, span).unwrap_or(Value::Inert))
    }

    /// One of two values of one kind.
    pub(super) fn select(&mut self, condition: (NodeId, bool), a: Value, b: Value, span: Span) -> Lowered<Value> {
        use crate::graph::Kind;
        if a == b {
            return Ok(a);
        }
        match (&a, &b) {
            (Value::Inert, _) | (_, Value::Inert) => Ok(Value::Inert),
            (Value::Unknown, _) | (_, Value::Unknown) => Err(super::silent(span)),
            (Value::Text(_), _) | (_, Value::Text(_)) => self.select_text(condition.0, a, b, span),
            (Value::Tuple(xs), Value::Tuple(ys)) if xs.len() == ys.len() => {
                let pairs: Vec<(Value, Value)> = xs.iter().cloned().zip(ys.iter().cloned()).collect();
                let items: Lowered<Vec<Value>> =
                    pairs.into_iter().map(|(x, y)| self.select(condition, x, y, span)).collect();
                items.map(Value::Tuple)
            }
            _ => {
                let is_truth = |v: &Value| matches!(v, Value::Node(n, _) if self.graph.node(*n).kind == Kind::Truth);
                let truths = is_truth(&a) || is_truth(&b);
                let ((a, ta), (b, tb)) = if truths {
                    (self.truth(a, span)?, self.truth(b, span)?)
                } else {
                    (self.number(a, span)?, self.number(b, span)?)
                };
                let node = self.add(Op::Select(condition.0, a, b), span)?;
                Ok(Value::Node(node, condition.1 || ta || tb))
            }
        }
    }

    /// Texts are chosen at compile time or not at all; a text that only goes into a label may stay undecided.
    fn select_text(&mut self, condition: NodeId, a: Value, b: Value, _span: Span) -> Lowered<Value> {
        Ok(match self.graph.node(condition).op {
            Op::Truth(true) => a,
            Op::Truth(false) => b,
            _ => Value::Inert,
        })
    }
}

fn refused_word(word: &str, span: Span) -> crate::Diagnostic {
    match word {
        "import" => {
            span.advises("imported libraries are not available", "copy the functions that you need into the script")
        }
        "type" | "enum" | "method" => {
            span.advises(format!("`{word}` declarations are not supported yet"), "use plain variables and functions")
        }
        "export" => span.advises("a library has nothing to back-test", "use a strategy"),
        _ => span.says(format!("`{word}` is only understood inside a loop, and loops are not supported yet")),
    }
}
