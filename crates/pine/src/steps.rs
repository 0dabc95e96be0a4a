//! A checked strategy with state: what is computed on each bar, what is remembered, which orders are given.
//!
//! One bar of a run: the broker works the resting orders; every node takes its value ([`Op::Register`] reads the bar before,
//! [`Op::Broker`] the state after the fills); the orders whose `when` holds are placed, in their order; every register takes
//! the value of its `next`. Nothing else happens, so many parameter sets can go through the bars in lock step.
//!
//! [`Op::Register`]: crate::graph::Op::Register
//! [`Op::Broker`]: crate::graph::Op::Broker

use crate::graph::{Graph, Kind, NodeId};
use crate::{Diagnostic, Direction, Input, Settings};

/// What `compile_steps` gives.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProgram {
    /// The title given to `strategy(...)`.
    pub title: String,
    /// Pine version of the text (4, 5, 6).
    pub version: u8,
    /// Parameters in the order of their declaration; at most 64.
    pub inputs: Vec<Input>,
    /// What `strategy(...)` says of execution.
    pub settings: Settings,
    /// Things a reader should know that do not stop the run.
    pub warnings: Vec<Diagnostic>,
    /// All expressions.
    pub graph: Graph,
    /// What is remembered from bar to bar; [`Op::Register`](crate::graph::Op::Register) counts into it.
    pub registers: Vec<Register>,
    /// The orders, in the order in which a bar places them.
    pub orders: Vec<OrderCommand>,
    /// The names of orders; [`OrderId`] counts into it.
    pub ids: Vec<String>,
}

/// One value that is carried from bar to bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// The variable that it holds, or what it was made for.
    pub name: String,
    /// Its value before the first bar: `na` is NaN, truths are 1 and 0.
    pub initial: f64,
    /// What it takes at the end of each bar; a node of the same kind.
    pub next: NodeId,
    /// Number or truth.
    pub kind: Kind,
    /// Line in the source.
    pub line: u32,
}

/// The name of an order, as an index into [`StepProgram::ids`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u16);

/// An order that is given on each bar on which `when` holds.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderCommand {
    /// Truth.
    pub when: NodeId,
    /// What is ordered.
    pub kind: OrderKind,
    /// Line in the source.
    pub line: u32,
}

/// The order functions of Pine. Quantities, prices and distances are numbers of the graph; `None`, and `na` at the bar of the
/// call, mean "not given". Distances are in ticks.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderKind {
    /// `strategy.entry`: reverses, and obeys pyramiding.
    Entry {
        /// Its name.
        id: OrderId,
        /// Buy or sell.
        direction: Direction,
        /// Contracts.
        qty: Option<NodeId>,
        /// Limit price.
        limit: Option<NodeId>,
        /// Stop price.
        stop: Option<NodeId>,
    },
    /// `strategy.order`: nets with the position.
    Order {
        /// Its name.
        id: OrderId,
        /// Buy or sell.
        direction: Direction,
        /// Contracts.
        qty: Option<NodeId>,
        /// Limit price.
        limit: Option<NodeId>,
        /// Stop price.
        stop: Option<NodeId>,
    },
    /// `strategy.close`: a market order against what the entry of that name opened.
    Close {
        /// The entry's name.
        id: OrderId,
        /// Contracts; goes before `qty_percent`.
        qty: Option<NodeId>,
        /// Percent of the position.
        qty_percent: Option<NodeId>,
        /// At this very close, not at the next open.
        immediately: bool,
    },
    /// `strategy.close_all`.
    CloseAll {
        /// At this very close, not at the next open.
        immediately: bool,
    },
    /// `strategy.exit`: a bracket of target, stop and trailing stop, of which one fill reduces the others. Where a leg has a
    /// price and a distance, version 6 takes the level that price reaches first, versions before it the price.
    Exit {
        /// Its name.
        id: OrderId,
        /// The entry that it guards; `None`: every entry.
        from_entry: Option<OrderId>,
        /// Contracts; goes before `qty_percent`.
        qty: Option<NodeId>,
        /// Percent of the entry.
        qty_percent: Option<NodeId>,
        /// Target, ticks from the entry price.
        profit: Option<NodeId>,
        /// Target price.
        limit: Option<NodeId>,
        /// Stop, ticks from the entry price.
        loss: Option<NodeId>,
        /// Stop price.
        stop: Option<NodeId>,
        /// Price at which trailing starts.
        trail_price: Option<NodeId>,
        /// Ticks from the entry price at which trailing starts.
        trail_points: Option<NodeId>,
        /// Ticks that the trailing stop keeps from the best price.
        trail_offset: Option<NodeId>,
    },
    /// `strategy.cancel`.
    Cancel {
        /// The order's name.
        id: OrderId,
    },
    /// `strategy.cancel_all`.
    CancelAll,
}

impl OrderKind {
    fn all(&self) -> [Option<NodeId>; 9] {
        let none = None;
        match *self {
            OrderKind::Entry { qty, limit, stop, .. } | OrderKind::Order { qty, limit, stop, .. } => {
                [qty, limit, stop, none, none, none, none, none, none]
            }
            OrderKind::Close { qty, qty_percent, .. } => [qty, qty_percent, none, none, none, none, none, none, none],
            OrderKind::Exit {
                qty,
                qty_percent,
                profit,
                limit,
                loss,
                stop,
                trail_price,
                trail_points,
                trail_offset,
                ..
            } => [qty, qty_percent, profit, limit, loss, stop, trail_price, trail_points, trail_offset],
            OrderKind::CloseAll { .. } | OrderKind::Cancel { .. } | OrderKind::CancelAll => [none; 9],
        }
    }

    /// The nodes that the order reads beside its condition.
    pub fn reads(&self) -> impl Iterator<Item = NodeId> {
        self.all().into_iter().flatten()
    }

    /// The places of the nodes that the order reads beside its condition.
    pub(crate) fn reads_mut(&mut self) -> Vec<&mut Option<NodeId>> {
        match self {
            OrderKind::Entry { qty, limit, stop, .. } | OrderKind::Order { qty, limit, stop, .. } => {
                vec![qty, limit, stop]
            }
            OrderKind::Close { qty, qty_percent, .. } => vec![qty, qty_percent],
            OrderKind::Exit {
                qty,
                qty_percent,
                profit,
                limit,
                loss,
                stop,
                trail_price,
                trail_points,
                trail_offset,
                ..
            } => {
                vec![qty, qty_percent, profit, limit, loss, stop, trail_price, trail_points, trail_offset]
            }
            OrderKind::CloseAll { .. } | OrderKind::Cancel { .. } | OrderKind::CancelAll => vec![],
        }
    }
}
