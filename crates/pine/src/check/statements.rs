//! Statements: declarations, assignments, blocks, functions and types.

use std::collections::BTreeSet;

use super::types::{Type, of_name};
use super::{Binding, Checked, Checker, Function, Typed, UserType};
use crate::ast::{Block, Expr, ExprKind, Persistence, Stmt, StmtKind, TypeName};
use crate::lexer::Span;

use super::tree::Code;

impl<'a> Checker<'a> {
    /// Checks one statement; its value is that of a block it ends.
    pub(super) fn statement(&mut self, statement: &'a Stmt) -> Checked<Typed> {
        let span = statement.span;
        match &statement.kind {
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Declare { persistence, ty, names, tuple, value } => {
                if *tuple {
                    self.unpack(names, value, span)
                } else {
                    self.declaration(*persistence, ty.as_ref(), &names[0], value, span)
                }
            }
            StmtKind::Assign { target, sign, value } => self.assignment(target, *sign, value, span),
            StmtKind::Function { name, method, parameters, body, .. } => {
                self.functions.push(Function { name, method: *method, parameters, body });
                Ok(Typed::void())
            }
            StmtKind::Type { name, fields, .. } => {
                self.type_names.insert(name, self.types.len());
                self.types.push(UserType { fields });
                Ok(Typed::void())
            }
            StmtKind::Enum { name, fields, .. } => {
                self.enums.insert(name, fields);
                Ok(Typed::void())
            }
            StmtKind::Import { path, alias } => {
                let name = alias.clone().unwrap_or_else(|| path.split('/').nth(1).unwrap_or(path).to_owned());
                self.imports.insert(name);
                Ok(Typed::void())
            }
            StmtKind::Break | StmtKind::Continue if self.loops == 0 => {
                Err(span.says("`break` and `continue` are only understood inside a loop"))
            }
            StmtKind::Break => Ok(Typed::new(Code::Break, Type::Void)),
            StmtKind::Continue => Ok(Typed::new(Code::Continue, Type::Void)),
        }
    }

    pub(super) fn written_type(&mut self, ty: Option<&TypeName>, span: Span) -> Checked<Option<Type>> {
        let Some(ty) = ty else { return Ok(None) };
        let user = |name: &str| {
            if let Some(at) = self.type_names.get(name) {
                return Some(Type::Object(*at));
            }
            if self.enums.contains_key(name) {
                return Some(Type::Enum(name.to_owned()));
            }
            let library = name.split('.').next().is_some_and(|head| self.imports.contains(head));
            library.then_some(Type::Any)
        };
        match of_name(ty, user) {
            Some(Type::Any) => Ok(None),
            Some(ty) => Ok(Some(ty)),
            None => Err(span.says(format!("the type `{}` is not known", ty.name))),
        }
    }

    fn declaration(
        &mut self,
        persistence: Persistence,
        ty: Option<&'a TypeName>,
        name: &'a str,
        value: &'a Expr,
        span: Span,
    ) -> Checked<Typed> {
        let written = self.written_type(ty, span)?;
        let global = self.is_global();
        // Versions 1 and 2 let a variable refer to its own past while it is declared; many such scripts state no version.
        let itself = self.version <= 4 && self.find(name).is_none() && mentions(value, name);
        let early = if itself {
            let ty = written.clone().unwrap_or(Type::Float);
            let slot = self.slot(&ty, global);
            self.declare(name, Binding { slot, ty, known: None, literal: false });
            Some(slot)
        } else {
            None
        };
        self.assigned_to = Some(name);
        let typed = self.expr(value);
        self.assigned_to = None;
        let typed = typed?;
        if typed.ty == Type::Void && !matches!(typed.code, Code::Inert) && !matches!(value.kind, ExprKind::Call { .. })
        {
            return Err(span.says(format!("`{name}` is given no value")));
        }
        let ty = match (written, &typed.ty) {
            (Some(written), _) => written,
            (None, Type::Void) => Type::Any,
            (None, ty) => ty.clone(),
        };
        if !typed.ty.is_number() && ty.is_number() && ty != Type::Any && matches!(typed.ty, Type::Text | Type::Array(_))
        {
            return Err(span.says(format!("`{name}` is a number, but is given {}", typed.ty.shown())));
        }
        let slot = match early {
            Some(slot) => slot,
            None => self.slot(&ty, global),
        };
        let changes = self.assigned.contains(name);
        let known = if changes { None } else { typed.known.clone() };
        self.declare(name, Binding { slot, ty: ty.clone(), literal: typed.literal && known.is_some(), known });
        let code = match persistence {
            Persistence::None => Code::Set(slot, typed.code.into()),
            Persistence::Var | Persistence::Varip => {
                if persistence == Persistence::Varip {
                    self.warn(span.says(format!(
                        "`varip {name}` is kept from bar to bar only: there are no ticks within a bar here"
                    )));
                }
                self.body.once += 1;
                Code::Once(self.body.once - 1, slot, typed.code.into())
            }
        };
        Ok(Typed { code, ty, known: None, literal: false })
    }

    fn unpack(&mut self, names: &'a [String], value: &'a Expr, span: Span) -> Checked<Typed> {
        let typed = self.expr(value)?;
        let types = match &typed.ty {
            Type::Tuple(types) if types.len() == names.len() => types.clone(),
            Type::Tuple(types) => return Err(span.says(format!("{} names for {} values", names.len(), types.len()))),
            Type::Any => vec![Type::Any; names.len()],
            other => return Err(span.says(format!("expected several values, found {}", other.shown()))),
        };
        let global = self.is_global();
        let mut slots = Vec::new();
        for (name, ty) in names.iter().zip(types) {
            if name == "_" {
                slots.push(None);
                continue;
            }
            let slot = self.slot(&ty, global);
            self.declare(name, Binding { slot, ty, known: None, literal: false });
            slots.push(Some(slot));
        }
        Ok(Typed::new(Code::Unpack(slots, typed.code.into()), typed.ty))
    }

    fn assignment(
        &mut self,
        target: &'a Expr,
        sign: Option<&'static str>,
        value: &'a Expr,
        span: Span,
    ) -> Checked<Typed> {
        let path: &'a str = match &target.kind {
            ExprKind::Name(path) => path,
            ExprKind::Field { on, name } => {
                let object = self.expr(on)?;
                return self.assign_field(object, name, sign, value, span);
            }
            _ => return Err(span.says("only a variable or a field can be assigned")),
        };
        if let Some((object, field)) = path.rsplit_once('.') {
            let Some(object) = self.variable_path(object, span)? else {
                return Err(span.says(format!("`{path}` cannot be assigned")));
            };
            return self.assign_field(object, field, sign, value, span);
        }
        if self.find(path).is_none() {
            return Err(span.advises(
                format!("`{path}` is assigned before it is declared"),
                format!("declare it first: {path} = ..."),
            ));
        }
        self.assigned_to = Some(path);
        let new = self.expr(value);
        self.assigned_to = None;
        let mut new = new?;
        if new.ty == Type::Void && !matches!(value.kind, ExprKind::Call { .. }) {
            new.ty = Type::Any;
        }
        let new = match sign {
            None => new,
            Some(sign) => {
                let old = self.name(path, span)?;
                self.binary(sign, old, new, span)?
            }
        };
        let inside = !self.calls.is_empty() && self.scopes[self.floor..].iter().all(|scope| !scope.contains_key(path));
        if inside {
            return Err(span.says(format!("a function may not assign the script's variable `{path}`")));
        }
        let Some(binding) = self.find_mut(path) else { return Err(span.says("")) };
        binding.ty = match (&binding.ty, &new.ty) {
            (Type::Any | Type::Int, _) => binding.ty.join(&new.ty),
            (ty, _) => ty.clone(),
        };
        let (slot, ty) = (binding.slot, binding.ty.clone());
        Ok(Typed::new(Code::Set(slot, new.code.into()), ty))
    }

    fn assign_field(
        &mut self,
        object: Typed,
        field: &str,
        sign: Option<&'static str>,
        value: &'a Expr,
        span: Span,
    ) -> Checked<Typed> {
        let new = self.expr(value)?;
        let (of, at, ty) = match object.ty {
            Type::Object(of) => match self.field_of(of, field) {
                Some((at, _)) => {
                    let ty = self.field_type(of, at, span)?;
                    (of, at, ty)
                }
                None => return Err(span.says(format!("there is no field `{field}`"))),
            },
            Type::Drawing(_) => return Ok(Typed::void()),
            Type::Any => return Ok(object),
            ref other => return Err(span.says(format!("{} has no fields", other.shown()))),
        };
        let new = match sign {
            None => new,
            Some(sign) => {
                let class = self.class(&Type::Object(of));
                let old = Code::Field(object.code.clone().into(), at, span.line);
                let old = Typed::new(Code::Uses(class, false, old.into()), ty.clone());
                self.binary(sign, old, new, span)?
            }
        };
        let class = self.class(&Type::Object(of));
        let code = Code::SetField(object.code.into(), at, new.code.into(), span.line);
        Ok(Typed::new(Code::Uses(class, true, code.into()), ty))
    }

    /// Checks a block in a scope of its own.
    pub(super) fn block(&mut self, block: &'a Block) -> Checked<Typed> {
        self.scopes.push(Default::default());
        let depth = self.scopes.len();
        let done = self.frames.last().map_or(0, |frame| frame.done.len());
        let result = self.open_block(block);
        self.scopes.truncate(depth - 1);
        if let Some(frame) = self.frames.last_mut() {
            frame.done.truncate(done);
        }
        result
    }

    /// Checks statements in the scope that is open.
    pub(super) fn open_block(&mut self, block: &'a Block) -> Checked<Typed> {
        let mut codes = Vec::with_capacity(block.len());
        let mut ty = Type::Void;
        let (mut known, mut literal) = (None, false);
        for statement in block {
            let typed = self.statement(statement)?;
            let simple = matches!(statement.kind, StmtKind::Declare { .. });
            let own =
                self.frames.last().is_some_and(|frame| frame.function.is_some()) && self.scopes.len() == self.floor + 1;
            if (simple || own)
                && let Some(frame) = self.frames.last_mut()
            {
                frame.done.push(statement);
            }
            ty = typed.ty;
            (known, literal) = (typed.known, typed.literal);
            codes.push(typed.code);
        }
        if codes.len() == 1 {
            let code = codes.pop().unwrap_or(Code::Na);
            return Ok(Typed { code, ty, known, literal });
        }
        Ok(Typed::new(Code::Block(codes), ty))
    }

    /// After a finding: what the statement would have declared is unknown from here on, and not worth a finding each.
    pub(super) fn declare_unknown(&mut self, statement: &'a Stmt) {
        if let StmtKind::Declare { names, .. } = &statement.kind {
            for name in names {
                let slot = self.slot(&Type::Any, true);
                self.declare(name, Binding { slot, ty: Type::Any, known: None, literal: false });
            }
        }
    }
}

/// Collects the names that are assigned anywhere in a block.
pub(super) fn assigned_names<'a>(block: &'a Block, names: &mut BTreeSet<&'a str>) {
    for statement in block {
        match &statement.kind {
            StmtKind::Assign { target, value, .. } => {
                if let ExprKind::Name(name) = &target.kind {
                    names.insert(name);
                }
                assigned_in(value, names);
            }
            StmtKind::Declare { value, .. } | StmtKind::Expr(value) => assigned_in(value, names),
            StmtKind::Function { body, .. } => assigned_names(body, names),
            _ => {}
        }
    }
}

fn assigned_in<'a>(expr: &'a Expr, names: &mut BTreeSet<&'a str>) {
    match &expr.kind {
        ExprKind::If(branches) => {
            assigned_names(&branches.then, names);
            if let Some(block) = &branches.otherwise {
                assigned_names(block, names);
            }
        }
        ExprKind::Switch { arms, .. } => arms.iter().for_each(|(_, block)| assigned_names(block, names)),
        ExprKind::For { body, .. } | ExprKind::ForIn { body, .. } | ExprKind::While { body, .. } => {
            assigned_names(body, names);
        }
        _ => {}
    }
}

/// Whether `name` stands anywhere in an expression without blocks.
fn mentions(expr: &Expr, name: &str) -> bool {
    let any = |args: &[crate::ast::Arg]| args.iter().any(|arg| mentions(&arg.value, name));
    match &expr.kind {
        ExprKind::Name(found) => found == name,
        ExprKind::Call { args, .. } => any(args),
        ExprKind::Method { on, args, .. } => mentions(on, name) || any(args),
        ExprKind::Field { on, .. } | ExprKind::Unary(_, on) => mentions(on, name),
        ExprKind::Binary(_, a, b) | ExprKind::History(a, b) => mentions(a, name) || mentions(b, name),
        ExprKind::Ternary(a, b, c) => mentions(a, name) || mentions(b, name) || mentions(c, name),
        ExprKind::Tuple(items) => items.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}
