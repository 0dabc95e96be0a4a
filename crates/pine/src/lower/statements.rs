//! Statements: declarations, assignments under conditions, blocks.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Function, Lower, Lowered, Value, hard, soft};
use crate::ast::{Block, Expr, ExprKind, If, Persistence, Stmt, StmtKind, TypeName};
use crate::graph::{Compare, Kind, NodeId, Op, Time};
use crate::lexer::Span;

/// Types whose values have no effect on results.
const DRAWN: [&str; 9] = ["line", "label", "box", "table", "linefill", "polyline", "color", "plot", "hline"];

impl Lower {
    /// Lowers one statement, and keeps going where it can: what it could not express poisons the variables it declares or
    /// assigns. Gives its value.
    pub(super) fn step(&mut self, statement: &Stmt) -> Value {
        match self.statement(statement) {
            Ok(value) => value,
            Err(trouble) => {
                let lost = Value::Lost(Box::new(trouble.clone()));
                match &statement.kind {
                    StmtKind::Declare { names, .. } => {
                        for name in names {
                            self.declare(name, lost.clone(), statement.span);
                        }
                    }
                    StmtKind::Assign { target: Expr { kind: ExprKind::Name(name), .. }, .. } => {
                        if let Some(id) = self.find(name) {
                            self.set(id, lost.clone());
                        }
                    }
                    _ => {}
                }
                // What could not be followed to its end may have held an order.
                if trouble.hard || self.statement_orders(statement) {
                    self.findings.push(trouble.diagnostic);
                }
                lost
            }
        }
    }

    fn statement_orders(&self, statement: &Stmt) -> bool {
        match &statement.kind {
            StmtKind::Declare { value, .. } | StmtKind::Assign { value, .. } | StmtKind::Expr(value) => {
                crate::calls::orders(value, &self.ordering)
            }
            _ => false,
        }
    }

    fn statement(&mut self, statement: &Stmt) -> Lowered<Value> {
        let span = statement.span;
        match &statement.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Declare { persistence: Persistence::None, ty, names, tuple, value } => {
                let constant = !tuple && self.is_constant(&names[0], ty.as_ref(), value);
                let value = self.declaration(names, *tuple, value, span)?;
                self.note_constant(&names[0], constant);
                Ok(value)
            }
            StmtKind::Declare { persistence, ty, names, tuple, value } => {
                if *tuple {
                    return Err(soft(span.says("several `var` variables at once are not supported here")));
                }
                if *persistence == Persistence::Varip {
                    self.warnings.push(span.says("`varip` is read as `var`: there are no ticks in a back-test"));
                }
                let constant = self.is_constant(&names[0], ty.as_ref(), value);
                let value = self.kept(&names[0], ty.as_ref(), value, span)?;
                self.note_constant(&names[0], constant);
                Ok(value)
            }
            StmtKind::Assign { target, sign, value } => match &target.kind {
                ExprKind::Name(name) => self.assignment(name, *sign, value, span),
                _ => Err(soft(span.says("fields of objects run in the interpreter alone"))),
            },
            StmtKind::Function { name, parameters, body, .. } => {
                let function = Function { parameters: parameters.clone(), body: body.clone() };
                self.functions.entry(name.clone()).or_default().push(Rc::new(function));
                Ok(Value::Inert)
            }
            StmtKind::Type { name, .. } => {
                self.types.insert(name.clone());
                Ok(Value::Inert)
            }
            StmtKind::Enum { name, .. } => {
                self.enums.insert(name.clone());
                Ok(Value::Inert)
            }
            StmtKind::Import { .. } => {
                Err(hard(span.advises(
                    "imported libraries are not available",
                    "copy the functions that you need into the script",
                )))
            }
            StmtKind::Break => self.leave_loop(span, true),
            StmtKind::Continue => self.leave_loop(span, false),
        }
    }

    /// Whether a declaration makes a `const int`.
    fn is_constant(&self, name: &str, ty: Option<&TypeName>, value: &Expr) -> bool {
        let whole = ty.is_none_or(|ty| ty.name == "int" || ty.name.is_empty());
        whole && !self.reassigned.contains(name) && self.const_int(value)
    }

    fn note_constant(&mut self, name: &str, constant: bool) {
        if let Some(id) = self.scopes.last().and_then(|scope| scope.get(name)) {
            self.variables[*id].const_int = constant;
        }
    }

    fn declaration(&mut self, names: &[String], tuple: bool, value: &Expr, span: Span) -> Lowered<Value> {
        if self.version <= 2 && !tuple && super::scan::mentions(value, &names[0]) {
            // Versions 1 and 2 let a variable read its own past in its declaration.
            self.hide(&names[0]);
            let id = self.declare(&names[0], Value::Na, span);
            self.variables[id].mutable = true;
            let value = self.expr(value)?;
            self.set(id, value.clone());
            return Ok(value);
        }
        self.assigned_to = if tuple { None } else { names.first().cloned() };
        let lowered = self.expr(value);
        self.assigned_to = None;
        let lowered = lowered?;
        if !tuple {
            self.hide(&names[0]);
            self.declare(&names[0], lowered.clone(), span);
            return Ok(lowered);
        }
        match lowered {
            Value::Tuple(items) if items.len() == names.len() => {
                for (name, item) in names.iter().zip(&items) {
                    self.hide(name);
                    self.declare(name, item.clone(), span);
                }
                Ok(Value::Tuple(items))
            }
            Value::Tuple(items) => Err(hard(span.says(format!("{} names for {} values", names.len(), items.len())))),
            Value::Lost(why) => Err(*why),
            other => Err(soft(span.says(format!("expected several values, found {}", other.shown(self.graph()))))),
        }
    }

    /// A second declaration of a name in one scope: the first variable ends here.
    fn hide(&mut self, name: &str) {
        if let Some(id) = self.scopes.last().and_then(|scope| scope.get(name)).copied() {
            self.end_variable(id);
        }
    }

    /// `var`: a register, unless nothing ever changes it.
    fn kept(&mut self, name: &str, ty: Option<&TypeName>, value: &Expr, span: Span) -> Lowered<Value> {
        if self.looped > 0 {
            return Err(soft(span.says("`var` inside a loop runs in the interpreter alone")));
        }
        let always = self.gate().is_none();
        let bar = self.add(Op::Time(Time::BarIndex), span)?;
        let zero = self.constant(0.0, span)?;
        let first_bar = self.add(Op::Compare(Compare::Eq, bar, zero), span)?;
        // The first value is computed once; what it calls advances on that bar alone.
        let outer = self.path;
        let literal = matches!(value.kind, ExprKind::Number(..) | ExprKind::Bool(_) | ExprKind::Name(_));
        if !literal {
            self.path = self.add(Op::And(outer, first_bar), span)?;
        }
        self.assigned_to = Some(name.to_owned());
        let lowered = self.expr(value);
        self.assigned_to = None;
        self.path = outer;
        let mut first = lowered?;
        self.hide(name);
        let drawn = ty.is_some_and(|ty| DRAWN.contains(&ty.name.as_str()));
        if drawn || matches!(first, Value::Inert) {
            self.declare(name, Value::Inert, span);
            return Ok(Value::Inert);
        }
        let unchanged = !self.reassigned.contains(name);
        let same_on_each_bar = match &first {
            Value::Node(node) => self.graph().node(*node).shape == crate::graph::Shape::Scalar,
            Value::Text(_) | Value::Na => true,
            _ => false,
        };
        if unchanged && same_on_each_bar {
            self.declare(name, first.clone(), span);
            return Ok(first);
        }
        let text = matches!(first, Value::Text(_) | Value::Coded(_)) || ty.is_some_and(|ty| ty.name == "string");
        if text {
            first = self.coded(first, span)?;
        }
        let truth = matches!(&first, Value::Node(node) if self.graph().node(*node).kind == Kind::Truth)
            || ty.is_some_and(|ty| ty.name == "bool");
        let kind = if truth { Kind::Truth } else { Kind::Number };
        let first = match kind {
            Kind::Truth => self.truth(first, span)?,
            Kind::Number => self.number(first, span)?,
        };
        let known = self.known(first);
        let initial = known.unwrap_or(if truth { 0.0 } else { f64::NAN });
        let (register, old) = self.register(name, initial, kind, span)?;
        let now = if known.is_some() {
            old
        } else if always {
            self.add(Op::Select(first_bar, first, old), span)?
        } else {
            let (begun, was) = self.register(name, 0.0, Kind::Truth, span)?;
            let next = self.add(Op::Or(was, self.path), span)?;
            self.draft.registers[begun].next = Some(Ok(next));
            self.add(Op::Select(was, old, first), span)?
        };
        let value = if text { Value::Coded(now) } else { Value::Node(now) };
        let id = self.declare(name, value.clone(), span);
        self.variables[id].carried = Some(register);
        self.variables[id].coded = text;
        self.variables[id].mutable = true;
        Ok(value)
    }

    fn assignment(&mut self, name: &str, sign: Option<&'static str>, value: &Expr, span: Span) -> Lowered<Value> {
        let Some(id) = self.find(name) else {
            if name.contains('.') {
                return Err(soft(span.says("fields of objects run in the interpreter alone")));
            }
            return Err(hard(span.advises(
                format!("`{name}` is assigned before it is declared"),
                format!("declare it first: {name} = ..."),
            )));
        };
        let inner = (self.call_floor..self.scopes.len()).any(|i| self.scopes[i].get(name) == Some(&id));
        if !inner {
            return Err(hard(span.says(format!("a function may not assign the script's variable `{name}`"))));
        }
        let new = match sign {
            None => self.expr(value)?,
            Some(sign) => {
                let target = Expr { kind: ExprKind::Name(name.to_owned()), span };
                let whole = ExprKind::Binary(sign, target.into(), value.clone().into());
                self.expr(&Expr { kind: whole, span })?
            }
        };
        // A variable for drawings stays one, whatever it is given.
        let new = if matches!(self.variables[id].value, Value::Inert) && matches!(new, Value::Na) {
            Value::Inert
        } else {
            new
        };
        self.set(id, new.clone());
        Ok(new)
    }

    /// Lowers a block in a scope of its own.
    pub(super) fn block(&mut self, block: &Block) -> Lowered<Value> {
        self.scopes.push(BTreeMap::new());
        let value = self.statements(block);
        self.close_scope();
        self.scopes.pop();
        value
    }

    /// Statements in order; what follows a possible `break` or `continue` runs when none was met.
    pub(super) fn statements(&mut self, block: &[Stmt]) -> Lowered<Value> {
        let mut last = Value::Na;
        for (at, statement) in block.iter().enumerate() {
            let flags = self.loops.last().map(|turn| (turn.broken, turn.continued));
            last = self.step(statement);
            if self.findings.len() >= super::FINDINGS_MAX {
                break;
            }
            let Some((broken, continued)) = self.loops.last().map(|turn| (turn.broken, turn.continued)) else {
                continue;
            };
            if flags == Some((broken, continued)) {
                continue;
            }
            let rest = &block[at + 1..];
            let left = self.add(Op::Or(broken, continued), statement.span)?;
            let stays = self.add(Op::Not(left), statement.span)?;
            match self.known(stays) {
                Some(0.0) => return Ok(last),
                Some(_) => continue,
                None => {}
            }
            let before = self.variables.len();
            let (value, changes) = self.branch(stays, statement.span, |lower| lower.statements(rest))?;
            self.merge(stays, changes, BTreeMap::new(), before, statement.span)?;
            return value;
        }
        Ok(last)
    }

    /// `if`: both branches are lowered; what they assign is chosen by the condition.
    pub(super) fn if_else(&mut self, branches: &If, span: Span) -> Lowered<Value> {
        let condition = self.expr(&branches.condition);
        let condition = condition.and_then(|condition| self.truth(condition, branches.condition.span));
        self.choose(
            condition,
            |lower| lower.block(&branches.then),
            |lower| branches.otherwise.as_ref().map_or(Ok(Value::Na), |block| lower.block(block)),
            span,
        )
    }

    /// Lowers two branches, of which `condition` chooses one.
    pub(super) fn choose(
        &mut self,
        condition: Lowered<NodeId>,
        then: impl FnOnce(&mut Lower) -> Lowered<Value>,
        otherwise: impl FnOnce(&mut Lower) -> Lowered<Value>,
        span: Span,
    ) -> Lowered<Value> {
        let condition = match condition {
            Ok(condition) => condition,
            Err(why) if why.hard => return Err(why),
            Err(why) => {
                self.doubted(why.clone(), then)?;
                self.doubted(why.clone(), otherwise)?;
                return Ok(Value::Lost(Box::new(why)));
            }
        };
        match self.known(condition) {
            Some(0.0) => return otherwise(self),
            Some(_) => return then(self),
            None => {}
        }
        let before = self.variables.len();
        let (a, then) = self.branch(condition, span, then)?;
        let not = self.add(Op::Not(condition), span)?;
        let (b, otherwise) = self.branch(not, span, otherwise)?;
        self.merge(condition, then, otherwise, before, span)?;
        // A statement's value need not fit: `if` with two calls of different kinds is fine when nobody reads it. What is wrong in
        // itself stays so.
        let unless_hard = |value: Lowered<Value>| match value {
            Err(trouble) if !trouble.hard => Ok(Value::Lost(Box::new(trouble))),
            other => other,
        };
        let (a, b) = (unless_hard(a)?, unless_hard(b)?);
        unless_hard(self.select(condition, a, b, span))
    }

    /// One of two values of one kind.
    pub(super) fn select(&mut self, condition: NodeId, a: Value, b: Value, span: Span) -> Lowered<Value> {
        if a == b {
            return Ok(a);
        }
        match self.known(condition) {
            Some(0.0) => return Ok(b),
            Some(_) => return Ok(a),
            None => {}
        }
        match (a, b) {
            (Value::Lost(why), _) | (_, Value::Lost(why)) => Ok(Value::Lost(why)),
            (Value::Inert, _) | (_, Value::Inert) => Ok(Value::Inert),
            (a, b) if [&a, &b].iter().any(|v| matches!(v, Value::Text(_) | Value::Coded(_))) => {
                let (a, b) = (self.coded(a, span)?, self.coded(b, span)?);
                let (a, b) = (self.number(a, span)?, self.number(b, span)?);
                Ok(Value::Coded(self.add(Op::Select(condition, a, b), span)?))
            }
            (Value::Tuple(xs), Value::Tuple(ys)) if xs.len() == ys.len() => {
                let items: Lowered<Vec<Value>> =
                    xs.into_iter().zip(ys).map(|(x, y)| self.select(condition, x, y, span)).collect();
                items.map(Value::Tuple)
            }
            (Value::Tuple(xs), Value::Na) => {
                let items: Lowered<Vec<Value>> =
                    xs.into_iter().map(|x| self.select(condition, x, Value::Na, span)).collect();
                items.map(Value::Tuple)
            }
            (a, b) => {
                let is_truth = |v: &Value| matches!(v, Value::Node(n) if self.graph().node(*n).kind == Kind::Truth);
                let (a, b) = if is_truth(&a) || is_truth(&b) {
                    (self.truth(a, span)?, self.truth(b, span)?)
                } else {
                    (self.number(a, span)?, self.number(b, span)?)
                };
                Ok(Value::Node(self.add(Op::Select(condition, a, b), span)?))
            }
        }
    }
}
