//! The courses that some nodes of a program take over a grid: one for each combination of the inputs that a node depends on.
//! What an engine outside this crate reads, made by the very code that the sweep reads from, shared operands and all.

use std::collections::BTreeMap;
use std::sync::Mutex;

use assay_pine::Program;
use assay_pine::graph::{NodeId, Shape};

use crate::Bars;
use crate::evaluate::{Column, Evaluator, alone, live};
use crate::grid::{Grid, Scalars};
use crate::shared::{Shared, needed, shareable};

/// Prepared for one program and any bars of one number.
pub struct Courses<'a> {
    program: &'a Program,
    bars: &'a Bars,
    grid: Grid,
    scalars: Scalars,
    needed: Vec<bool>,
    /// Nodes that cannot be shared: each combination is evaluated by itself.
    alone: Vec<NodeId>,
    /// Memory of markets that are done.
    spare: Mutex<Vec<Shared>>,
}

/// The courses on one set of bars. Combinations go as the inputs are declared, the first changing slowest.
pub struct CoursesMade<'a> {
    courses: &'a Courses<'a>,
    shared: Shared,
    own: BTreeMap<u32, Vec<Option<Column>>>,
}

impl<'a> Courses<'a> {
    /// For `nodes` of a program whose grid has `size` points, on as many bars as `bars` are.
    pub fn new(program: &'a Program, size: u64, nodes: &[NodeId], bars: &'a Bars) -> Courses<'a> {
        let grid = Grid::new(program, size);
        let live = live(&program.graph, nodes);
        let scalars = Scalars::new(program, Evaluator { graph: &program.graph, bars }, &grid, &live);
        let shareable = shareable(program, &grid, &live, bars.len());
        let wanted: Vec<usize> = nodes.iter().map(|node| node.0 as usize).collect();
        let is_alone =
            |node: &&NodeId| program.graph.node(**node).shape == Shape::Series && !shareable[node.0 as usize];
        let alone = nodes.iter().filter(is_alone).copied().collect();
        let needed = needed(program, &shareable, &wanted);
        Courses { program, bars, grid, scalars, needed, alone, spare: Mutex::default() }
    }

    /// Computes them on `bars`.
    pub fn on(&'a self, bars: &Bars, threads: usize) -> CoursesMade<'a> {
        let mut shared = self.spare.lock().expect("no panic while lending memory").pop().unwrap_or_default();
        let evaluator = Evaluator { graph: &self.program.graph, bars };
        shared.compute(self.program, evaluator, &self.grid, &self.scalars, &self.needed, threads);
        let own = self.alone.iter().map(|node| {
            let key = self.grid.key_of[node.0 as usize];
            let course = |k| alone(self.program, *node, &self.grid.representative(self.program, key, k).0, bars);
            (node.0, (0..self.grid.keys[key].combinations).map(course).collect())
        });
        CoursesMade { courses: self, shared, own: own.collect() }
    }
}

impl CoursesMade<'_> {
    /// Numbers of a series node, bar by bar; `None` for truths and where a length is unusable.
    pub fn numbers(&self, node: NodeId, combination: usize) -> Option<&[f64]> {
        match self.own.get(&node.0) {
            Some(own) => match own[combination].as_ref()? {
                Column::Number(x) => Some(x),
                Column::Truth(_) => None,
            },
            None => self.shared.numbers_of(node.0 as usize, combination),
        }
    }

    /// Truths of a series node, 64 bars to a word from the lowest bit; `None` for numbers and where a length is unusable.
    pub fn truths(&self, node: NodeId, combination: usize) -> Option<&[u64]> {
        match self.own.get(&node.0) {
            Some(own) => match own[combination].as_ref()? {
                Column::Truth(words) => Some(words),
                Column::Number(_) => None,
            },
            None => self.shared.truths_of(node.0 as usize, combination),
        }
    }

    /// What a scalar node is; truths are 1 and 0.
    pub fn scalar(&self, node: NodeId, combination: usize) -> f64 {
        let Courses { program, bars, grid, scalars, .. } = self.courses;
        match scalars.table(node.0 as usize).get(combination) {
            Some(x) => *x,
            None => {
                let key = grid.key_of[node.0 as usize];
                let (values, _) = grid.representative(program, key, combination as u64);
                // What a scalar knows of the market, its interval and the like, no permutation changes.
                let evaluator = Evaluator { graph: &program.graph, bars };
                evaluator.scalars(&values)[node.0 as usize]
            }
        }
    }
}

impl Drop for CoursesMade<'_> {
    fn drop(&mut self) {
        let shared = std::mem::take(&mut self.shared);
        if let Ok(mut spare) = self.courses.spare.lock() {
            spare.push(shared);
        }
    }
}
