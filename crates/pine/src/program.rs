//! A checked strategy: its inputs with their grid, its graph, and when it enters and leaves.

use crate::Diagnostic;
use crate::graph::{Graph, NodeId};

/// What `compile` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The title given to `strategy(...)`.
    pub title: String,
    /// Pine version of the text (4, 5, 6).
    pub version: u8,
    /// Parameters in the order of their declaration; at most 64.
    pub inputs: Vec<Input>,
    /// All expressions.
    pub graph: Graph,
    /// Truth: buy (all in, long) at the next fill when flat.
    pub entry: NodeId,
    /// Truth: sell everything at the next fill when long. Read only while a position is held.
    pub exit: NodeId,
    /// What `strategy(...)` says of execution.
    pub settings: Settings,
    /// Things a reader should know that do not stop the run (a derived range, an ignored argument).
    pub warnings: Vec<Diagnostic>,
}

/// The part of the `strategy(...)` header that changes results. Absent means not stated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Settings {
    /// Orders fill at the close that decided them.
    pub process_orders_on_close: bool,
    /// Percent of traded value per side.
    pub commission_percent: Option<f64>,
    /// Cash for each order that fills.
    pub commission_per_order: Option<f64>,
    /// Cash for each contract that changes hands.
    pub commission_per_contract: Option<f64>,
    /// Starting cash.
    pub initial_capital: Option<f64>,
    /// How large an entry is when it names no quantity. Absent: all in, the house's own.
    pub sizing: Option<Sizing>,
    /// Most entries in one direction; 0 and 1 both mean one.
    pub pyramiding: u32,
    /// Ticks against the trader on market and stop fills.
    pub slippage_ticks: u32,
    /// `strategy.close` and `strategy.exit` take the trades of their own entry, not the oldest first.
    pub close_any: bool,
    /// `strategy.risk.allow_entry_in`: entries the other way only close what is open.
    pub only: Option<Direction>,
}

/// `default_qty_type` with `default_qty_value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sizing {
    /// Contracts.
    Fixed(f64),
    /// Cash, turned into contracts at the close of the bar that places the order.
    Cash(f64),
    /// Percent of the equity at the close of the bar that places the order.
    PercentOfEquity(f64),
}

/// Side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Buys.
    Long,
    /// Sells.
    Short,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The variable it is assigned to.
    pub name: String,
    /// The title argument, or the name.
    pub title: String,
    /// How it is written.
    pub kind: InputKind,
    /// The default.
    pub default: f64,
    /// The values to sweep, ascending and without duplicates; one value means fixed. Always holds the default.
    pub grid: Vec<f64>,
    /// True when the text gave no range and ours was derived from the default.
    pub derived: bool,
    /// Line of the declaration.
    pub line: u32,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Whole number.
    Int,
    /// Any number.
    Float,
    /// 0 or 1.
    Bool,
}

impl Program {
    /// Points in the grid; `None` past 2^64.
    pub fn grid_size(&self) -> Option<u64> {
        self.inputs.iter().try_fold(1u64, |n, input| n.checked_mul(input.grid.len() as u64))
    }

    /// The values of grid point `index`: the first input changes slowest. Panics if `index` is past the grid.
    pub fn point(&self, mut index: u64) -> Vec<f64> {
        let mut values = vec![0.0; self.inputs.len()];
        for (value, input) in values.iter_mut().zip(&self.inputs).rev() {
            let n = input.grid.len() as u64;
            *value = input.grid[(index % n) as usize];
            index /= n;
        }
        assert_eq!(index, 0, "the index lies in the grid");
        values
    }

    /// The default of every input.
    pub fn defaults(&self) -> Vec<f64> {
        self.inputs.iter().map(|input| input.default).collect()
    }
}
