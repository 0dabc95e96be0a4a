//! What a script becomes, for a reader: the path it takes and why, its grid, what needs bars before it exists, and where each
//! expression is computed.

use crate::graph::{Graph, NodeId, Op, Shape};
use crate::{Compiled, Diagnostic, Input, Refusal, compile_any};

/// Longest text of one expression, in characters.
pub const SHOWN_MAX: usize = 160;
/// Deepest part of an expression that is spelt out.
const SHOWN_DEPTH: u32 = 8;

/// Where a node is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Once a parameter set.
    Scalar,
    /// A column at a time, shared by all sets that agree on its inputs.
    Column,
    /// Bar by bar in the lanes: it hangs on registers, though not on the account.
    Register,
    /// Bar by bar in the lanes: it hangs on the account.
    Account,
}

/// One expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The node.
    pub node: NodeId,
    /// Line that it came from.
    pub line: u32,
    /// The expression, inputs by name; cut with `...` where it grows long.
    pub text: String,
    /// Where it is computed.
    pub place: Place,
    /// Names of the inputs that its value depends on.
    pub inputs: Vec<String>,
}

/// What `explain` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The strategy on its path, with the grid in its inputs.
    pub compiled: Compiled,
    /// Why it goes stepwise; `None` for pure signals.
    pub reason: Option<Diagnostic>,
    /// Expressions that look back, so that the first bars have no value: the longest of them is the warm-up.
    pub warm_up: Vec<Explained>,
    /// Every expression that the orders hang on.
    pub nodes: Vec<Explained>,
}

/// Compiles a script and says what became of it.
///
/// # Errors
/// As [`compile_any`].
pub fn explain(text: &str) -> Result<Explanation, Refusal> {
    let compiled = compile_any(text)?;
    let (graph, inputs, places, reason) = match &compiled {
        Compiled::Signals(program) => (&program.graph, &program.inputs, None, None),
        Compiled::Steps(steps, reason) => (&steps.graph, &steps.inputs, Some(steps.places()), Some(reason.clone())),
    };
    let place = |i: usize| match (&places, graph.nodes[i].shape) {
        (Some(places), _) => places[i],
        (None, Shape::Scalar) => Place::Scalar,
        (None, Shape::Series) => Place::Column,
    };
    let nodes: Vec<Explained> = (0..graph.nodes.len())
        .map(|i| {
            let node = &graph.nodes[i];
            Explained {
                node: NodeId(i as u32),
                line: node.line,
                text: shown(graph, inputs, NodeId(i as u32)),
                place: place(i),
                inputs: inputs
                    .iter()
                    .enumerate()
                    .filter(|(input, _)| node.inputs >> input & 1 == 1)
                    .map(|(_, input)| input.name.clone())
                    .collect(),
            }
        })
        .collect();
    let looks_back = |op: &Op| matches!(op, Op::History(..) | Op::Indicator(..));
    let warm_up = nodes.iter().filter(|n| looks_back(&graph.node(n.node).op)).cloned().collect();
    Ok(Explanation { reason, warm_up, nodes, compiled })
}

impl crate::StepProgram {
    /// Where each node is computed.
    pub fn places(&self) -> Vec<Place> {
        let mut account = vec![false; self.registers.len()];
        loop {
            let places = self.places_with(&account);
            let mut more = false;
            for (known, register) in account.iter_mut().zip(&self.registers) {
                if !*known && places[register.next.0 as usize] == Place::Account {
                    *known = true;
                    more = true;
                }
            }
            if !more {
                return places;
            }
        }
    }

    fn places_with(&self, account: &[bool]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::with_capacity(self.graph.nodes.len());
        for node in &self.graph.nodes {
            let own = match node.op {
                Op::Broker(_) => Place::Account,
                Op::Register(register, _) if account[register as usize] => Place::Account,
                Op::Register(..) => Place::Register,
                _ if node.shape == Shape::Scalar => Place::Scalar,
                _ => Place::Column,
            };
            let highest = Graph::operands(&node.op).iter().map(|id| places[id.0 as usize]).max().unwrap_or(own);
            places.push(own.max(highest));
        }
        places
    }
}

/// An expression as text.
fn shown(graph: &Graph, inputs: &[Input], id: NodeId) -> String {
    let mut text = String::new();
    show(graph, inputs, id, SHOWN_DEPTH, &mut text);
    if text.chars().count() > SHOWN_MAX {
        text = text.chars().take(SHOWN_MAX - 3).collect::<String>() + "...";
    }
    text
}

fn show(graph: &Graph, inputs: &[Input], id: NodeId, depth: u32, text: &mut String) {
    let op = &graph.node(id).op;
    let leaf = Graph::operands(op).is_empty() && !matches!(op, Op::Indicator(..));
    // Long texts are cut anyway: a graph written out as a tree may be exponentially large.
    if text.len() > 4 * SHOWN_MAX || (depth == 0 && !leaf) {
        text.push_str("...");
        return;
    }
    let list = |name: &str, between: &str, ids: &[NodeId], text: &mut String| {
        text.push_str(name);
        text.push('(');
        for (i, operand) in ids.iter().enumerate() {
            if i > 0 {
                text.push_str(between);
            }
            show(graph, inputs, *operand, depth - 1, text);
        }
        text.push(')');
    };
    let lower = |shown: String| shown.to_lowercase();
    match op {
        Op::Number(x) if x.is_nan() => text.push_str("na"),
        Op::Number(x) => text.push_str(&x.to_string()),
        Op::Truth(b) => text.push_str(&b.to_string()),
        Op::Input(i) => text.push_str(&inputs[*i as usize].name),
        Op::Symbol(fact) => text.push_str(&lower(format!("{fact:?}"))),
        Op::Price(price) => text.push_str(&lower(format!("{price:?}"))),
        Op::Time(part) => text.push_str(&lower(format!("{part:?}"))),
        Op::Register(i, _) => text.push_str(&format!("register {i}")),
        Op::Broker(read) => text.push_str(crate::signals::spelt(*read)),
        Op::Unary(f, a) => list(&lower(format!("{f:?}")), ", ", &[*a], text),
        Op::Binary(f, a, b) => list("", sign(&lower(format!("{f:?}"))), &[*a, *b], text),
        Op::Compare(f, a, b) => list("", sign(&lower(format!("{f:?}"))), &[*a, *b], text),
        Op::And(a, b) => list("", " and ", &[*a, *b], text),
        Op::Or(a, b) => list("", " or ", &[*a, *b], text),
        Op::Not(a) => list("not ", ", ", &[*a], text),
        Op::Select(a, b, c) => list("choose", ", ", &[*a, *b, *c], text),
        Op::IsNa(a) => list("na", ", ", &[*a], text),
        Op::History(a, n) => list("past", ", ", &[*a, *n], text),
        Op::Indicator(crate::graph::Indicator::TrueRangeHandlingNa, _) => text.push_str("truerange(true)"),
        Op::Indicator(which, args) => list(&lower(format!("{which:?}")), ", ", args, text),
        Op::BarsSince(a) => list("barssince", ", ", &[*a], text),
        Op::ValueWhen(a, b, c) => list("valuewhen", ", ", &[*a, *b, *c], text),
    }
}

/// Between two operands.
fn sign(name: &str) -> &'static str {
    match name {
        "add" => " + ",
        "sub" => " - ",
        "mul" => " * ",
        "div" => " / ",
        "mod" => " % ",
        "pow" => " ^ ",
        "min" => " min ",
        "max" => " max ",
        "lt" => " < ",
        "le" => " <= ",
        "gt" => " > ",
        "ge" => " >= ",
        "eq" => " == ",
        _ => " != ",
    }
}
