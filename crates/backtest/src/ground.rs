//! What an engine outside this crate needs before it can trade a grid: which points are usable, from which bar on, and the
//! growth of equity on each bar. The GPU stands on it, so that no rule of the sweep is written twice.

use crate::fills::Factors;
use crate::layout::Layout;
use crate::{Bars, Costs, Fill, Sweep, SweepError};

/// Everything about a sweep that does not depend on who computes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Ground {
    /// By grid point: whether its lengths are usable and its warm-up short enough.
    pub usable: Vec<bool>,
    /// The bar of the first return; all points start there.
    pub first_bar: usize,
    /// One past the last bar.
    pub end: usize,
    /// Bars between the decision and the fill.
    pub lag: usize,
}

impl Ground {
    /// Of a sweep; refuses what the sweep would refuse.
    pub fn of(plan: &Sweep<'_>) -> Result<Ground, SweepError> {
        let layout = Layout::new(plan)?;
        let mut scratch = vec![];
        let mut cursor = layout.grid.cursor(0);
        let usable = (0..layout.grid.size)
            .map(|point| {
                let usable = layout.usable(&cursor.at, point, &mut scratch);
                cursor.advance();
                usable
            })
            .collect();
        Ok(Ground { usable, first_bar: layout.blocks[0], end: plan.train.end, lag: layout.lag })
    }

    /// Growth of equity over each of `bars`, by what happens on it: held, bought, sold.
    pub fn growth(bars: &Bars, costs: Costs, fill: Fill) -> Vec<[f64; 3]> {
        let factors = Factors::new(bars, costs, fill);
        (0..bars.len()).map(|t| [factors.hold[t], factors.enter[t], factors.exit[t]]).collect()
    }
}
