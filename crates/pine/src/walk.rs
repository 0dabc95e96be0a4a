//! Goes through a syntax tree: every statement and every expression, those inside of blocks and of functions too.

use crate::ast::{Block, Expr, ExprKind, Stmt, StmtKind};

/// What is met on the way.
#[derive(Clone, Copy)]
pub(crate) enum Met<'a> {
    Statement(&'a Stmt),
    Expression(&'a Expr),
}

/// Shows everything in a block to `see`, what stands outside before what stands inside.
pub(crate) fn block<'a>(of: &'a Block, see: &mut dyn FnMut(Met<'a>)) {
    for statement in of {
        see(Met::Statement(statement));
        match &statement.kind {
            StmtKind::Declare { value, .. } | StmtKind::Expr(value) => expression(value, see),
            StmtKind::Assign { target, value, .. } => {
                expression(target, see);
                expression(value, see);
            }
            StmtKind::Function { parameters, body, .. } => {
                parameters.iter().filter_map(|parameter| parameter.default.as_ref()).for_each(|e| expression(e, see));
                block(body, see);
            }
            StmtKind::Type { fields, .. } => {
                fields.iter().filter_map(|field| field.default.as_ref()).for_each(|e| expression(e, see));
            }
            StmtKind::Enum { fields, .. } => {
                fields.iter().filter_map(|(_, title)| title.as_ref()).for_each(|e| expression(e, see));
            }
            StmtKind::Import { .. } | StmtKind::Break | StmtKind::Continue => {}
        }
    }
}

/// Shows an expression and everything in it to `see`.
pub(crate) fn expression<'a>(of: &'a Expr, see: &mut dyn FnMut(Met<'a>)) {
    see(Met::Expression(of));
    match &of.kind {
        ExprKind::Number(..) | ExprKind::Text(_) | ExprKind::Bool(_) | ExprKind::Colour | ExprKind::Name(_) => {}
        ExprKind::Call { args, .. } => args.iter().for_each(|arg| expression(&arg.value, see)),
        ExprKind::Method { on, args, .. } => {
            expression(on, see);
            args.iter().for_each(|arg| expression(&arg.value, see));
        }
        ExprKind::Field { on: a, .. } | ExprKind::Unary(_, a) => expression(a, see),
        ExprKind::Binary(_, a, b) | ExprKind::History(a, b) => {
            expression(a, see);
            expression(b, see);
        }
        ExprKind::Ternary(a, b, c) => [a, b, c].into_iter().for_each(|e| expression(e, see)),
        ExprKind::Tuple(items) => items.iter().for_each(|item| expression(item, see)),
        ExprKind::If(branches) => {
            expression(&branches.condition, see);
            block(&branches.then, see);
            branches.otherwise.iter().for_each(|otherwise| block(otherwise, see));
        }
        ExprKind::Switch { subject, arms } => {
            subject.iter().for_each(|subject| expression(subject, see));
            for (case, body) in arms {
                case.iter().for_each(|case| expression(case, see));
                block(body, see);
            }
        }
        ExprKind::For { from, to, by, body, .. } => {
            [Some(from), Some(to), by.as_ref()].into_iter().flatten().for_each(|e| expression(e, see));
            block(body, see);
        }
        ExprKind::ForIn { of, body, .. } => {
            expression(of, see);
            block(body, see);
        }
        ExprKind::While { condition, body } => {
            expression(condition, see);
            block(body, see);
        }
    }
}
