//! The order of the grid in which batches are cut, so that the lanes of a batch read the same columns.

use assay_pine::StepProgram;
use assay_pine::graph::{Graph, Op, Shape};

/// The order of the grid in which batches are cut: column inputs change slowest.
pub(super) struct Order {
    /// (input, its grid length), the first changing slowest.
    radix: Vec<(usize, u64)>,
    /// By input: how far a step in it moves the grid point.
    stride: Vec<u64>,
}

impl Order {
    pub fn new(program: &StepProgram, column_inputs: u64) -> Order {
        let inputs = &program.inputs;
        let mut stride = vec![1u64; inputs.len()];
        for i in (0..inputs.len().saturating_sub(1)).rev() {
            stride[i] = stride[i + 1].saturating_mul(inputs[i + 1].grid.len() as u64);
        }
        let of = |wanted: u64| {
            (0..inputs.len())
                .filter(move |i| column_inputs >> i & 1 == wanted)
                .map(|i| (i, inputs[i].grid.len() as u64))
        };
        Order { radix: of(1).chain(of(0)).collect(), stride }
    }

    /// The grid point at a place of the lanes' order.
    pub fn point(&self, mut place: u64) -> u64 {
        let mut point = 0;
        for (input, length) in self.radix.iter().rev() {
            point += place % length * self.stride[*input];
            place /= length;
        }
        point
    }
}

/// Inputs on which a series function depends: what varies with them is a column of its own.
pub(super) fn column_inputs(graph: &Graph, live: &[bool]) -> u64 {
    let mut bits = 0;
    for (node, _) in graph.nodes.iter().zip(live).filter(|(_, live)| **live) {
        if node.shape == Shape::Series
            && matches!(node.op, Op::History(..) | Op::Indicator(..) | Op::BarsSince(_) | Op::ValueWhen(..))
        {
            bits |= node.inputs;
        }
    }
    bits
}
