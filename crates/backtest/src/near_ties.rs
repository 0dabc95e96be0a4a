//! Comparisons that rounding decides.
//!
//! Two averages that are equal but for their last bits are above or below each other by the order in which they were summed:
//! vectorbt's own two engines differ on such a bar. Equality is defined (a strict comparison is false), but a strategy with
//! many near ties rests on rounding, and a report should say so.

use std::sync::Arc;

use assay_pine::Program;
use assay_pine::graph::{Op, Shape};

use crate::evaluate::{Column, Evaluator, live};
use crate::{Bars, SweepError};

/// Gap, relative to the larger of the two, under which a comparison is a near tie.
pub const NEAR: f64 = 1e-12;

/// How many comparisons of two series (bar by bar, over all bars and all comparisons that entry and exit rest on) are nearer
/// than [`NEAR`] without being equal.
///
/// # Errors
/// [`SweepError::InvalidPoint`] for a length below 1.
pub fn near_ties(program: &Program, values: &[f64], bars: &Bars) -> Result<usize, SweepError> {
    let evaluator = Evaluator { graph: &program.graph, bars };
    let live = live(&program.graph, &[program.entry, program.exit]);
    let scalars = evaluator.scalars(values);
    let nodes = &program.graph.nodes;
    let mut columns: Vec<Option<Arc<Column>>> = vec![None; nodes.len()];
    let mut found = 0;
    for (i, node) in nodes.iter().enumerate().filter(|(i, node)| live[*i] && node.shape == Shape::Series) {
        let column = evaluator
            .column(node, &scalars, columns.as_slice())
            .map_err(|_| SweepError::InvalidPoint { values: values.to_vec() })?;
        columns[i] = Some(Arc::new(column));
        if let Op::Compare(_, a, b) = node.op
            && let (Some(a), Some(b)) = (&columns[a.0 as usize], &columns[b.0 as usize])
            && let (Column::Number(a), Column::Number(b)) = (&**a, &**b)
        {
            found += a.iter().zip(b).filter(|(a, b)| near(**a, **b)).count();
        }
    }
    Ok(found)
}

fn near(a: f64, b: f64) -> bool {
    let gap = (a - b).abs();
    gap > 0.0 && gap <= NEAR * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_of_the_last_bits_is_a_near_tie_and_equality_is_none() {
        let text = "//@version=6\nstrategy(\"T\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\nif close < 1\n    strategy.close(\"L\")\n";
        let program = assay_pine::compile(text).unwrap();
        let close = vec![100.0, 100.0 + 1e-11, 100.0 + 1e-9, 101.0, f64::NAN];
        let open = vec![100.0; 5];
        let bars =
            Bars { time: (0..5).collect(), high: close.clone(), low: close.clone(), volume: vec![0.0; 5], open, close };
        assert_eq!(near_ties(&program, &[], &bars), Ok(1));
    }
}
