//! Syntax tree to graph: names, types, refusals, inlining.
//!
//! The script is lowered twice over one graph, once as it reads while flat (its entries are kept) and once as it reads
//! while long (its exits are kept). So `strategy.position_size` is a known sign in each pass, and no feedback is left.
//! What cannot be expressed is refused where it stands; nothing is dropped in silence.

mod builtins;
mod calls;
mod expr;
mod inputs;
mod statements;
mod strategy;
mod value;

pub(crate) use calls::days_from_civil;
pub(crate) use inputs::{Stated, grid};

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Block, ExprKind, Parameter, Stmt, StmtKind};
use crate::graph::{Graph, Kind, NodeId, Op};
use crate::lexer::Span;
use crate::{Diagnostic, Input, Program, Refusal, Settings};
use value::Value;

/// Largest number of nodes of one strategy.
pub const NODES_MAX: usize = 20_000;
/// Largest number of inputs.
pub const INPUTS_MAX: usize = 64;
/// Deepest call of user functions.
pub const CALL_DEPTH_MAX: usize = 50;
/// Deepest expression, copies of functions included.
pub const DEPTH_MAX: u32 = 500;
/// Most expressions lowered, copies of functions included: functions that call each other twice double with each level.
pub const STEPS_MAX: u64 = 1_000_000;
/// Most findings reported at once.
pub const FINDINGS_MAX: usize = 20;

/// What the script reads as the state of its position.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Flat,
    Long,
}

/// A user function.
#[derive(Clone)]
struct Function {
    parameters: Vec<Parameter>,
    body: Block,
}

struct Lower {
    version: u8,
    graph: Graph,
    inputs: Vec<Input>,
    /// Which input a call at this place declared: both passes and every inlining find the same one.
    input_at: BTreeMap<(u32, u32), usize>,
    functions: BTreeMap<String, Function>,
    /// Innermost last.
    scopes: Vec<BTreeMap<String, Value>>,
    /// Where user functions may not look past: the scope that the innermost call began with.
    call_floor: usize,
    call_depth: usize,
    position: Position,
    /// Under which condition the current statement runs.
    path: NodeId,
    entry: Option<NodeId>,
    exit: Option<NodeId>,
    title: Option<String>,
    settings: Settings,
    warnings: Vec<Diagnostic>,
    /// The variable that the expression being lowered will be assigned to.
    assigned_to: Option<String>,
    /// Names given to entries.
    entry_ids: BTreeSet<String>,
    /// Lines already warned of for a series function inside a branch.
    inside_branch_warned: BTreeSet<u32>,
    /// Expressions lowered so far, copies of functions included.
    steps: u64,
    /// Of the expression being lowered.
    depth: u32,
}

type Lowered<T> = Result<T, Diagnostic>;

/// Lowers a parsed script of the given version.
pub(crate) fn lower(script: &Block, version: u8) -> Result<Program, Refusal> {
    let mut graph = Graph::default();
    let always = graph.add(Op::Truth(true), 1);
    let mut lower = Lower {
        version,
        graph,
        inputs: Vec::new(),
        input_at: BTreeMap::new(),
        functions: BTreeMap::new(),
        scopes: Vec::new(),
        call_floor: 0,
        call_depth: 0,
        position: Position::Flat,
        path: always,
        entry: None,
        exit: None,
        title: None,
        settings: Settings::default(),
        warnings: Vec::new(),
        assigned_to: None,
        entry_ids: BTreeSet::new(),
        inside_branch_warned: BTreeSet::new(),
        steps: 0,
        depth: 0,
    };
    for position in [Position::Flat, Position::Long] {
        lower.position = position;
        lower.pass(script)?;
    }
    lower.finish()
}

impl Lower {
    /// One reading of the whole script. Collects as many findings as it can.
    fn pass(&mut self, script: &Block) -> Result<(), Refusal> {
        self.scopes = vec![BTreeMap::new()];
        self.functions.clear();
        let mut findings: Vec<Diagnostic> = Vec::new();
        for statement in script {
            if let Err(finding) = self.statement(statement) {
                // What the failed statement would have declared is unknown from here on, and not worth a finding each.
                for name in declared(statement) {
                    self.declare(&name, Value::Unknown);
                }
                findings.push(finding);
            }
            if findings.len() >= FINDINGS_MAX {
                break;
            }
        }
        findings.retain(|finding| !finding.message.is_empty());
        if findings.is_empty() { Ok(()) } else { Err(Refusal(findings)) }
    }

    fn finish(mut self) -> Result<Program, Refusal> {
        let start = Span { line: 1, column: 1 };
        let Some(title) = self.title else {
            return Err(Refusal(vec![start.advises("there is no strategy(...) call", "an indicator has nothing to back-test: give it strategy(\"name\") and strategy.entry / strategy.close calls")]));
        };
        let Some(entry) = self.entry else {
            return Err(Refusal(vec![start.advises(
                "the script never enters a long position",
                "call strategy.entry(\"Long\", strategy.long) under the condition to buy",
            )]));
        };
        let Some(exit) = self.exit else {
            return Err(Refusal(vec![start.advises("the script never leaves its position", "call strategy.close(\"Long\") under the condition to sell; stops and targets of strategy.exit are not supported yet")]));
        };
        let used = self.graph.node(entry).inputs | self.graph.node(exit).inputs;
        for (i, input) in self.inputs.iter_mut().enumerate() {
            if used >> i & 1 == 0 {
                input.grid = vec![input.default];
                input.derived = false;
            } else if input.derived {
                let (from, to) = (input.grid[0], input.grid[input.grid.len() - 1]);
                let message = format!(
                    "`{}` states no range: {from} to {to} is derived from its default {}",
                    input.name, input.default
                );
                self.warnings
                    .push(Span { line: input.line, column: 1 }.advises(message, "give it minval, maxval and step"));
            }
        }
        self.warnings.sort_by_key(|warning| (warning.line, warning.column));
        self.warnings.dedup();
        Ok(Program {
            title,
            version: self.version,
            inputs: self.inputs,
            graph: self.graph,
            entry,
            exit,
            settings: self.settings,
            warnings: self.warnings,
        })
    }

    fn add(&mut self, op: Op, span: Span) -> Lowered<NodeId> {
        if self.graph.nodes.len() >= NODES_MAX {
            return Err(span.says(format!("the script needs more than {NODES_MAX} expressions")));
        }
        Ok(self.graph.add(crate::fold::folded(&self.graph, op), span.line))
    }

    fn declare(&mut self, name: &str, value: Value) {
        self.scopes.last_mut().expect("a scope is open").insert(name.to_owned(), value);
    }

    fn find(&self, name: &str) -> Option<&Value> {
        // A function sees its own scopes and the script's, not those of its callers.
        let own = self.scopes[self.call_floor..].iter().rev().find_map(|scope| scope.get(name));
        own.or_else(|| self.scopes[0].get(name))
    }

    /// As a truth: numbers are cast as versions before 6 do (`na` and 0 are false).
    fn truth(&mut self, value: Value, span: Span) -> Lowered<(NodeId, bool)> {
        match value {
            Value::Node(node, position) if self.graph.node(node).kind == Kind::Truth => Ok((node, position)),
            Value::Node(node, position) if self.version < 6 => {
                let zero = self.add(Op::Number(0.0), span)?;
                Ok((self.add(Op::Compare(crate::graph::Compare::Ne, node, zero), span)?, position))
            }
            Value::Na => Ok((self.add(Op::Truth(false), span)?, false)),
            Value::Unknown => Err(silent(span)),
            other => Err(span.says(format!("expected a condition, found {}", other.shown(&self.graph)))),
        }
    }

    /// As a number.
    fn number(&mut self, value: Value, span: Span) -> Lowered<(NodeId, bool)> {
        match value {
            Value::Node(node, position) if self.graph.node(node).kind == Kind::Number => Ok((node, position)),
            Value::Na => Ok((self.add(Op::Number(f64::NAN), span)?, false)),
            Value::Unknown => Err(silent(span)),
            Value::PositionSize => Err(span.advises(
                "strategy.position_size is only supported in a comparison with 0",
                "write strategy.position_size > 0 or == 0",
            )),
            other => Err(span.says(format!("expected a number, found {}", other.shown(&self.graph)))),
        }
    }
}

/// A finding that only says that an earlier one made this place unknowable; not shown.
fn silent(span: Span) -> Diagnostic {
    span.says("")
}

fn declared(statement: &Stmt) -> Vec<String> {
    match &statement.kind {
        StmtKind::Declare { names, .. } => names.clone(),
        StmtKind::Assign { target, .. } => match &target.kind {
            ExprKind::Name(name) => vec![name.clone()],
            _ => Vec::new(),
        },
        StmtKind::Function { name, .. } => vec![name.clone()],
        _ => Vec::new(),
    }
}
