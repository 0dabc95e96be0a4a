//! What can be seen of a script before it is lowered: which names are assigned again after their declaration, and which
//! are read by it.

use std::collections::BTreeSet;

use crate::ast::{Block, Expr, ExprKind, StmtKind};

/// Names that stand left of `:=` (or `+=`, ...) anywhere. By name alone: a stranger of the same name costs speed, not truth.
pub(super) fn reassigned(script: &Block) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    block(script, &mut names);
    names
}

fn block(of: &Block, names: &mut BTreeSet<String>) {
    for statement in of {
        match &statement.kind {
            StmtKind::Declare { value, .. } | StmtKind::Expr(value) => expr(value, names),
            StmtKind::Assign { target, value, .. } => {
                if let ExprKind::Name(name) = &target.kind {
                    names.insert(name.clone());
                }
                expr(value, names);
            }
            StmtKind::Function { body, .. } => block(body, names),
            _ => {}
        }
    }
}

/// Blocks only stand where a statement's value does.
fn expr(of: &Expr, names: &mut BTreeSet<String>) {
    match &of.kind {
        ExprKind::If(branches) => {
            block(&branches.then, names);
            branches.otherwise.iter().for_each(|otherwise| block(otherwise, names));
        }
        ExprKind::Switch { arms, .. } => arms.iter().for_each(|(_, body)| block(body, names)),
        ExprKind::For { body, .. } | ExprKind::ForIn { body, .. } | ExprKind::While { body, .. } => block(body, names),
        _ => {}
    }
}

/// Whether an expression reads a variable. Blocks inside are not looked into: version 2 has none in an expression.
pub(super) fn mentions(of: &Expr, name: &str) -> bool {
    let any = |of: &[&Expr]| of.iter().any(|inner| mentions(inner, name));
    match &of.kind {
        ExprKind::Name(found) => found == name,
        ExprKind::Call { args, .. } => args.iter().any(|arg| mentions(&arg.value, name)),
        ExprKind::Method { on, args, .. } => mentions(on, name) || args.iter().any(|arg| mentions(&arg.value, name)),
        ExprKind::Unary(_, a) | ExprKind::Field { on: a, .. } => mentions(a, name),
        ExprKind::Binary(_, a, b) | ExprKind::History(a, b) => any(&[a, b]),
        ExprKind::Ternary(a, b, c) => any(&[a, b, c]),
        ExprKind::Tuple(items) => items.iter().any(|item| mentions(item, name)),
        _ => false,
    }
}
