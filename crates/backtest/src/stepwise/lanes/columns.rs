//! Columns that lanes read: each combination of the inputs that it depends on is computed once, within a bound.
//!
//! What many grid points share is kept for the whole sweep, up to [`SHARED_BYTES_MAX`]; the rest lives as long as a thread
//! works on the points that need it.

use std::collections::HashMap;
use std::sync::Arc;

use assay_pine::graph::{Graph, Kind, NodeId, Shape};
use assay_pine::{Input, StepProgram};

use crate::Bars;
use crate::evaluate::{Column, Evaluator, Invalid};
use crate::shared::SHARED_BYTES_MAX;

type Known = HashMap<(u32, u64), Result<Arc<Column>, Invalid>>;

/// Columns of a whole sweep.
pub(super) struct Shared<'a> {
    program: &'a StepProgram,
    bars: &'a Bars,
    /// By node: kept for the whole sweep.
    kept: Vec<bool>,
    columns: Known,
}

/// Columns of one thread, for the points that it works on.
#[derive(Default)]
pub(super) struct Local {
    columns: Known,
}

impl Local {
    /// Forgets what other points needed.
    pub fn clear(&mut self) {
        self.columns.clear();
    }
}

impl<'a> Shared<'a> {
    /// Computes what is worth keeping of `leaves` and all they rest on.
    pub fn new(program: &'a StepProgram, bars: &'a Bars, leaves: &[NodeId], grid: u64) -> Shared<'a> {
        let graph = &program.graph;
        let mut needed = vec![false; graph.nodes.len()];
        leaves.iter().for_each(|id| needed[id.0 as usize] = true);
        for i in (0..graph.nodes.len()).rev() {
            if needed[i] {
                Graph::operands(&graph.nodes[i].op).iter().for_each(|id| needed[id.0 as usize] = true);
            }
        }
        let mut shared = Shared { program, bars, kept: vec![false; graph.nodes.len()], columns: HashMap::new() };
        let mut left = SHARED_BYTES_MAX;
        for (i, node) in graph.nodes.iter().enumerate() {
            if !needed[i] || node.shape != Shape::Series {
                continue;
            }
            let combinations = combinations(&program.inputs, node.inputs);
            let bytes = if node.kind == Kind::Number { bars.len() * 8 } else { bars.len().div_ceil(8) };
            let all = combinations.and_then(|c| usize::try_from(c).ok()).and_then(|c| c.checked_mul(bytes));
            let worth = combinations.is_some_and(|c| c == 1 || c.saturating_mul(2) <= grid);
            let Some(all) = all.filter(|all| worth && *all <= left) else { continue };
            left -= all;
            shared.kept[i] = true;
        }
        let mut local = Local::default();
        for i in 0..graph.nodes.len() {
            if shared.kept[i] {
                for at in 0..combinations(&program.inputs, graph.nodes[i].inputs).unwrap_or(0) {
                    let digits = digits_of(&program.inputs, graph.nodes[i].inputs, at);
                    let column = shared.compute(&mut local, NodeId(i as u32), &digits);
                    shared.columns.insert((i as u32, at), column);
                }
            }
            local.clear();
        }
        shared
    }

    /// The column of a node for the grid point with these digits.
    pub fn get(&self, local: &mut Local, node: NodeId, digits: &[usize]) -> Result<Arc<Column>, Invalid> {
        let key = (node.0, combination(&self.program.inputs, self.program.graph.node(node).inputs, digits));
        if let Some(known) = self.columns.get(&key).or_else(|| local.columns.get(&key)) {
            return known.clone();
        }
        let column = self.compute(local, node, digits);
        local.columns.insert(key, column.clone());
        column
    }

    /// Which combination of the node's inputs the digits are: equal numbers mean equal columns.
    pub fn combination(&self, node: NodeId, digits: &[usize]) -> u64 {
        combination(&self.program.inputs, self.program.graph.node(node).inputs, digits)
    }

    fn compute(&self, local: &mut Local, node: NodeId, digits: &[usize]) -> Result<Arc<Column>, Invalid> {
        let graph = &self.program.graph;
        let values: Vec<f64> =
            self.program.inputs.iter().zip(digits).map(|(input, digit)| input.grid[*digit]).collect();
        let evaluator = Evaluator { graph, bars: self.bars };
        let scalars = evaluator.scalars(&values);
        // Nodes stand behind their operands: those that are not at hand are computed from the first to the last.
        let mut columns: Vec<Option<Arc<Column>>> = vec![None; graph.nodes.len()];
        let mut needed = vec![false; node.0 as usize + 1];
        needed[node.0 as usize] = true;
        for i in (0..=node.0).rev() {
            if !needed[i as usize] || graph.node(NodeId(i)).shape == Shape::Scalar {
                continue;
            }
            let key = (i, self.combination(NodeId(i), digits));
            match self.columns.get(&key).or_else(|| local.columns.get(&key)) {
                Some(known) => columns[i as usize] = Some(known.clone()?),
                None => Graph::operands(&graph.node(NodeId(i)).op).iter().for_each(|id| needed[id.0 as usize] = true),
            }
        }
        for i in 0..=node.0 {
            if !needed[i as usize] || columns[i as usize].is_some() || graph.node(NodeId(i)).shape == Shape::Scalar {
                continue;
            }
            let column = evaluator.column(graph.node(NodeId(i)), &scalars, columns.as_slice()).map(Arc::new);
            if i != node.0 {
                local.columns.insert((i, self.combination(NodeId(i), digits)), column.clone());
            }
            columns[i as usize] = Some(column?);
        }
        columns[node.0 as usize].clone().ok_or(Invalid)
    }
}

/// How many combinations of the inputs in `bits` there are; `None` past 2^64.
fn combinations(inputs: &[Input], bits: u64) -> Option<u64> {
    let used = inputs.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
    used.map(|(_, input)| input.grid.len() as u64).try_fold(1u64, u64::checked_mul)
}

fn combination(inputs: &[Input], bits: u64, digits: &[usize]) -> u64 {
    let used = inputs.iter().zip(digits).enumerate().filter(|(i, _)| bits >> i & 1 == 1);
    used.fold(0u64, |at, (_, (input, digit))| at.wrapping_mul(input.grid.len() as u64).wrapping_add(*digit as u64))
}

/// Digits of a combination; inputs that do not matter stand at 0.
fn digits_of(inputs: &[Input], bits: u64, mut at: u64) -> Vec<usize> {
    let mut digits = vec![0; inputs.len()];
    for (i, input) in inputs.iter().enumerate().rev() {
        if bits >> i & 1 == 1 {
            digits[i] = (at % input.grid.len() as u64) as usize;
            at /= input.grid.len() as u64;
        }
    }
    digits
}
