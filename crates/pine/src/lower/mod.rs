//! Syntax tree to graph: names, types, refusals, inlining, state.
//!
//! The script is read once. What it computes becomes nodes; what it carries from bar to bar becomes registers; its orders
//! become commands under the condition of the branches they stand in. [`crate::reduce`] then drops what no order hangs on and
//! writes series functions of feedback out as registers, and [`crate::signals`] finds the scripts that are pure signals.
//!
//! What cannot be expressed poisons the variable that would hold it, and is refused where an order hangs on it; nothing that
//! matters is dropped in silence. What is wrong in itself (an unknown name, a missing argument) is refused at once.

mod builtins;
mod calls;
mod clock;
mod expr;
pub(crate) mod inputs;
mod loops;
mod names;
mod orders;
mod scan;
mod scopes;
mod statements;
mod strategy;
mod trades;
mod value;

pub(crate) use inputs::{Stated, grid, is_date};

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::ast::{Block, Parameter};
use crate::draft::Draft;
use crate::graph::{Graph, Kind, NodeId, Op, Shape};
use crate::lexer::Span;
use crate::{Diagnostic, Input, OrderKind, Refusal, Settings, StepProgram};
use scopes::{Loop, Variable};
use value::Value;

/// Largest number of nodes of one strategy.
pub const NODES_MAX: usize = 20_000;
/// Largest number of inputs.
pub const INPUTS_MAX: usize = 64;
/// Deepest call of user functions.
pub const CALL_DEPTH_MAX: usize = 50;
/// Deepest expression, copies of functions included.
pub const DEPTH_MAX: u32 = 500;
/// Most expressions lowered, copies of functions and turns of loops included: functions that call each other twice double
/// with each level.
pub const STEPS_MAX: u64 = 1_000_000;
/// Most findings reported at once.
pub const FINDINGS_MAX: usize = 20;
/// Most orders of one strategy, turns of loops included.
pub const ORDERS_MAX: usize = 1_000;

/// Why something has no value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trouble {
    /// In words.
    pub diagnostic: Diagnostic,
    /// Wrong in itself, whatever hangs on it.
    pub hard: bool,
}

/// Not supported here: refused if an order hangs on it.
pub(crate) fn soft(diagnostic: Diagnostic) -> Trouble {
    Trouble { diagnostic, hard: false }
}

/// Wrong in itself.
pub(crate) fn hard(diagnostic: Diagnostic) -> Trouble {
    Trouble { diagnostic, hard: true }
}

type Lowered<T> = Result<T, Trouble>;

/// A user function.
struct Function {
    parameters: Vec<Parameter>,
    body: Block,
}

struct Lower {
    version: u8,
    /// Nodes, registers and orders so far.
    draft: Draft,
    inputs: Vec<Input>,
    /// Which input a call at this place declared: every inlining finds the same one.
    input_at: BTreeMap<(u32, u32), usize>,
    functions: BTreeMap<String, Vec<Rc<Function>>>,
    enums: BTreeSet<String>,
    types: BTreeSet<String>,
    /// All variables ever declared.
    variables: Vec<Variable>,
    /// Names to variables, innermost last.
    scopes: Vec<BTreeMap<String, usize>>,
    /// Old values of variables that were assigned, so that branches can be undone.
    log: Vec<(usize, Value)>,
    /// Names that are assigned somewhere after their declaration.
    reassigned: BTreeSet<String>,
    /// The script's functions that place orders.
    ordering: BTreeSet<String>,
    /// Texts that variables may hold; a number stands for each.
    texts: Vec<String>,
    /// Where user functions may not look past: the scope that the innermost call began with.
    call_floor: usize,
    call_depth: usize,
    /// Under which condition the current statement runs.
    path: NodeId,
    /// Why it is not known whether the current statement runs.
    doubt: Option<Trouble>,
    /// Of the function being lowered, innermost last.
    loops: Vec<Loop>,
    /// How many loops are around, those of callers included.
    looped: usize,
    title: Option<String>,
    settings: Settings,
    warnings: Vec<Diagnostic>,
    findings: Vec<Diagnostic>,
    /// The variable that the expression being lowered will be assigned to.
    assigned_to: Option<String>,
    /// Expressions lowered so far, copies of functions included.
    steps: u64,
    /// Of the expression being lowered.
    depth: u32,
}

/// Lowers a parsed script of the given version.
pub(crate) fn lower(script: &Block, version: u8) -> Result<StepProgram, Refusal> {
    let mut draft = Draft::default();
    let always = draft.add(Op::Truth(true), 1);
    let mut lower = Lower {
        version,
        draft,
        inputs: Vec::new(),
        input_at: BTreeMap::new(),
        functions: BTreeMap::new(),
        enums: BTreeSet::new(),
        types: BTreeSet::new(),
        variables: Vec::new(),
        scopes: vec![BTreeMap::new()],
        log: Vec::new(),
        reassigned: scan::reassigned(script),
        ordering: crate::calls::ordering(script),
        texts: Vec::new(),
        call_floor: 0,
        call_depth: 0,
        path: always,
        doubt: None,
        loops: Vec::new(),
        looped: 0,
        title: None,
        settings: Settings::default(),
        warnings: Vec::new(),
        findings: Vec::new(),
        assigned_to: None,
        steps: 0,
        depth: 0,
    };
    lower.script(script);
    lower.finish()
}

impl Lower {
    /// Reads the whole script. Collects as many findings as it can.
    fn script(&mut self, script: &Block) {
        for statement in script {
            // A finding inside may have left branches open.
            (self.path, self.doubt, self.depth, self.call_depth, self.call_floor) = (self.always(), None, 0, 0, 0);
            self.loops.clear();
            self.looped = 0;
            self.scopes.truncate(1);
            self.log.clear();
            self.step(statement);
            if self.findings.len() >= FINDINGS_MAX {
                break;
            }
        }
        self.close_scope();
    }

    fn always(&self) -> NodeId {
        NodeId(0)
    }

    fn finish(mut self) -> Result<StepProgram, Refusal> {
        if !self.findings.is_empty() {
            self.findings.sort_by_key(|finding| (finding.line, finding.column));
            self.findings.dedup();
            return Err(Refusal(self.findings));
        }
        let start = Span { line: 1, column: 1 };
        let Some(title) = self.title else {
            return Err(Refusal(vec![start.advises("there is no strategy(...) call", "an indicator has nothing to back-test: give it strategy(\"name\") and strategy.entry / strategy.close calls")]));
        };
        let (mut enters, mut leaves) = ([false; 2], false);
        for order in &self.draft.orders {
            match order.kind {
                OrderKind::Entry { direction, .. } => enters[direction as usize] = true,
                // It may do both.
                OrderKind::Order { .. } => (enters[0], leaves) = (true, true),
                OrderKind::Close { .. } | OrderKind::CloseAll { .. } | OrderKind::Exit { .. } => leaves = true,
                OrderKind::Cancel { .. } | OrderKind::CancelAll => {}
            }
        }
        if enters == [false; 2] {
            return Err(Refusal(vec![start.advises(
                "the script never enters a position",
                "call strategy.entry(\"Long\", strategy.long) under the condition to buy",
            )]));
        }
        if !leaves && enters != [true; 2] {
            return Err(Refusal(vec![start.advises(
                "the script never leaves its position",
                "call strategy.close(\"Long\") under the condition to sell, or strategy.exit with a stop",
            )]));
        }
        let reduced = self.draft.reduce()?;
        let mut used = 0;
        for node in &reduced.graph.nodes {
            used |= node.inputs;
        }
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
        Ok(StepProgram {
            title,
            version: self.version,
            inputs: self.inputs,
            settings: self.settings,
            warnings: self.warnings,
            graph: reduced.graph,
            registers: reduced.registers,
            orders: reduced.orders,
            ids: reduced.ids,
        })
    }

    fn add(&mut self, op: Op, span: Span) -> Lowered<NodeId> {
        if self.draft.graph.nodes.len() >= NODES_MAX {
            return Err(hard(span.says(format!("the script needs more than {NODES_MAX} expressions"))));
        }
        Ok(self.draft.add(op, span.line))
    }

    fn constant(&mut self, x: f64, span: Span) -> Lowered<NodeId> {
        self.add(Op::Number(x), span)
    }

    /// The number that a node stands for on every bar, where it is known.
    fn known(&self, node: NodeId) -> Option<f64> {
        match self.graph().node(node).op {
            Op::Number(x) => Some(x),
            Op::Truth(b) => Some(f64::from(u8::from(b))),
            _ => None,
        }
    }

    fn graph(&self) -> &Graph {
        &self.draft.graph
    }

    /// The condition under which what stands here advances: `None` when it does so on every bar, or on none.
    fn gate(&self) -> Option<NodeId> {
        (self.graph().node(self.path).shape == Shape::Series).then_some(self.path)
    }

    /// As a truth: numbers are cast as versions before 6 do (`na` and 0 are false).
    fn truth(&mut self, value: Value, span: Span) -> Lowered<NodeId> {
        match value {
            Value::Node(node) if self.graph().node(node).kind == Kind::Truth => Ok(node),
            Value::Node(node) if self.version < 6 => {
                let zero = self.constant(0.0, span)?;
                self.add(Op::Compare(crate::graph::Compare::Ne, node, zero), span)
            }
            Value::Na => self.add(Op::Truth(false), span),
            Value::Lost(why) => Err(*why),
            other => Err(soft(span.says(format!("expected a condition, found {}", other.shown(self.graph()))))),
        }
    }

    /// As a number.
    fn number(&mut self, value: Value, span: Span) -> Lowered<NodeId> {
        match value {
            Value::Node(node) if self.graph().node(node).kind == Kind::Number => Ok(node),
            // Sums of conditions are read as 1 and 0 by the versions that allowed them.
            Value::Node(node) if self.version < 5 => {
                let (one, zero) = (self.constant(1.0, span)?, self.constant(0.0, span)?);
                self.add(Op::Select(node, one, zero), span)
            }
            Value::Na => self.constant(f64::NAN, span),
            Value::Lost(why) => Err(*why),
            other => Err(soft(span.says(format!("expected a number, found {}", other.shown(self.graph()))))),
        }
    }
}
