//! Comparisons that rounding decides.
//!
//! Two averages that are equal but for their last bits are above or below each other by the order in which they were summed:
//! vectorbt's own two engines differ on such a bar. Equality is defined (a strict comparison is false), but a strategy with
//! many near ties rests on rounding, and a report should say so.

use assay_pine::graph::Op;

use crate::evaluate::Column;
use crate::family::Strategy;
use crate::look_ahead::columns;
use crate::{Bars, SweepError};

/// Gap, relative to the larger of the two, under which a comparison is a near tie.
pub const NEAR: f64 = 1e-12;

/// How many comparisons of two series (bar by bar, over all bars and all comparisons that orders rest on and that do not hang
/// on the position) are nearer than [`NEAR`] without being equal. `None` for an interpreted script, which has no columns.
///
/// # Errors
/// [`SweepError::InvalidPoint`] for a length below 1.
pub fn near_ties<'a>(
    strategy: impl Into<Strategy<'a>>,
    values: &[f64],
    bars: &Bars,
) -> Result<Option<u64>, SweepError> {
    let strategy = strategy.into();
    let Some(graph) = strategy.graph() else { return Ok(None) };
    let columns = columns(strategy, values, bars)?;
    let number = |at: u32| match columns[at as usize].as_deref() {
        Some(Column::Number(x)) => Some(x),
        _ => None,
    };
    let mut found = 0;
    for (node, column) in graph.nodes.iter().zip(&columns) {
        if let (Op::Compare(_, a, b), Some(_)) = (&node.op, column)
            && let (Some(a), Some(b)) = (number(a.0), number(b.0))
        {
            found += a.iter().zip(b).filter(|(a, b)| near(**a, **b)).count() as u64;
        }
    }
    Ok(Some(found))
}

fn near(a: f64, b: f64) -> bool {
    let gap = (a - b).abs();
    gap > 0.0 && gap <= NEAR * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stepwise::broker::Intrabar;

    #[test]
    fn a_gap_of_the_last_bits_is_a_near_tie_and_equality_is_none() {
        let text = "//@version=6\nstrategy(\"T\")\nif close > open\n    strategy.entry(\"L\", strategy.long)\nif close < 1\n    strategy.close(\"L\")\n";
        let program = assay_pine::compile(text).unwrap();
        let close = vec![100.0, 100.0 + 1e-11, 100.0 + 1e-9, 101.0, f64::NAN];
        let open = vec![100.0; 5];
        let bars = Bars {
            time: (0..5).collect(),
            high: close.clone(),
            low: close.clone(),
            volume: vec![0.0; 5],
            open,
            close,
            mintick: None,
        };
        assert_eq!(near_ties(&program, &[], &bars), Ok(Some(1)));
        // The same by orders; interpreted, nobody sees them.
        let steps = assay_pine::compile_steps(text).unwrap();
        assert_eq!(near_ties(&steps, &[], &bars), Ok(Some(1)));
        let script = assay_pine::check(text).unwrap();
        assert_eq!(near_ties(Strategy::Script(&script, Intrabar::Pessimistic), &[], &bars), Ok(None));
    }
}
