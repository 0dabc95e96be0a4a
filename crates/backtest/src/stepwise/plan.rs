//! What the executors of a [`StepProgram`] share: its live nodes, its grid, its warm-up, the account's settings.

use std::ops::Range;

use assay_pine::graph::{Graph, NodeId, Shape, SymbolFact};
use assay_pine::{Direction, Input, Settings, Sizing as HeaderSizing, StepProgram};

use super::broker::{Allow, BrokerSettings, CloseRule, Commission, Intrabar, Sizing};
use crate::evaluate::Evaluator;
use crate::sweep::BLOCKS;
use crate::warm_up::{first_bar, too_few, warm_up_of};
use crate::{Bars, Costs, Engine, Fill, SweepError, WarmUp};

/// What the house says of execution, whatever the script says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct House {
    /// What trading costs.
    pub costs: Costs,
    /// When market orders fill; [`Fill::Close`] is the header's `process_orders_on_close`.
    pub fill: Fill,
    /// What is assumed within a bar.
    pub intrabar: Intrabar,
}

/// What to sweep.
#[derive(Clone, Debug)]
pub struct StepSweep<'a> {
    /// The strategy with its grid.
    pub program: &'a StepProgram,
    /// The prices. Bars past `train` are not looked at.
    pub bars: &'a Bars,
    /// Costs and fill rules.
    pub house: House,
    /// The bars to trade on. Those before it only warm indicators and registers up.
    pub train: Range<usize>,
    /// From which bar on a trial may trade.
    pub warm_up: WarmUp,
    /// Who computes.
    pub engine: Engine,
    /// Threads; 0 counts as 1.
    pub threads: usize,
    /// Largest grid that is taken.
    pub grid_max: u64,
}

impl House {
    /// The account's settings for a strategy; the size of a tick is what the bars tell scripts.
    pub fn settings(&self, program: &StepProgram, bars: &Bars) -> BrokerSettings {
        self.with(&program.settings, bars)
    }

    /// The account's settings for a strategy with this header.
    pub fn with(&self, header: &Settings, bars: &Bars) -> BrokerSettings {
        let commission = match (header.commission_percent, header.commission_per_order, header.commission_per_contract)
        {
            (Some(percent), ..) => Commission::Percent(percent),
            (_, Some(money), _) => Commission::PerOrder(money),
            (_, _, Some(money)) => Commission::PerContract(money),
            _ => Commission::None,
        };
        BrokerSettings {
            initial_capital: header.initial_capital.unwrap_or(100_000.0),
            sizing: match header.sizing {
                None => Sizing::AllIn,
                Some(HeaderSizing::Fixed(contracts)) => Sizing::Fixed(contracts),
                Some(HeaderSizing::Cash(money)) => Sizing::Cash(money),
                Some(HeaderSizing::PercentOfEquity(percent)) => Sizing::PercentOfEquity(percent),
            },
            pyramiding: header.pyramiding,
            commission,
            slippage_ticks: f64::from(header.slippage_ticks),
            mintick: bars.fact(SymbolFact::MinTick),
            fee: self.costs.fee,
            slippage: self.costs.slippage,
            process_orders_on_close: self.fill == Fill::Close,
            close_rule: if header.close_any { CloseRule::Any } else { CloseRule::Fifo },
            intrabar: self.intrabar,
            allow: match header.only {
                None => Allow::Both,
                Some(Direction::Long) => Allow::Long,
                Some(Direction::Short) => Allow::Short,
            },
        }
    }
}

/// Nodes that orders need, directly or through registers.
pub(crate) fn live(program: &StepProgram) -> Vec<bool> {
    let graph = &program.graph;
    let mut live = vec![false; graph.nodes.len()];
    let mut open: Vec<NodeId> = Vec::new();
    for order in &program.orders {
        open.push(order.when);
        open.extend(order.kind.reads());
    }
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut live[id.0 as usize], true) {
            continue;
        }
        let op = &graph.node(id).op;
        open.extend(Graph::operands(op));
        if let assay_pine::graph::Op::Register(register, _) = op {
            open.push(program.registers[*register as usize].next);
        }
    }
    live
}

/// The digits of a grid point, the first input slowest.
pub(super) fn digits(inputs: &[Input], mut point: u64) -> Vec<usize> {
    let mut digits = vec![0; inputs.len()];
    for (digit, input) in digits.iter_mut().zip(inputs).rev() {
        let n = input.grid.len() as u64;
        *digit = (point % n) as usize;
        point /= n;
    }
    digits
}

/// The values of a grid point.
pub(super) fn point(inputs: &[Input], point: u64) -> Vec<f64> {
    digits(inputs, point).into_iter().zip(inputs).map(|(digit, input)| input.grid[digit]).collect()
}

/// Bars before the first decision of one parameter set; `None` when a length is not usable.
pub(crate) fn warm_up(program: &StepProgram, live: &[bool], scalars: &[f64]) -> Option<usize> {
    warm_up_of(&program.graph, live, scalars).map(|bars| bars.into_iter().max().unwrap_or(0))
}

/// Which points can be traded, and the bar of the first return.
pub(super) fn usable(plan: &StepSweep<'_>, live: &[bool], grid: u64) -> Result<(Vec<bool>, usize), SweepError> {
    let have = plan.train.end.saturating_sub(plan.train.start);
    let evaluator = Evaluator { graph: &plan.program.graph, bars: plan.bars };
    let relevant = length_inputs(&plan.program.graph, live);
    let inputs = &plan.program.inputs;
    let (mut longest, mut shortest) = (0, usize::MAX);
    let mut usable = vec![false; grid as usize];
    // Only inputs that a length depends on matter: the answer repeats over all others.
    let mut known: std::collections::HashMap<Vec<usize>, Option<usize>> = std::collections::HashMap::new();
    for (at, usable) in usable.iter_mut().enumerate() {
        let key: Vec<usize> = digits(inputs, at as u64)
            .into_iter()
            .enumerate()
            .map(|(i, digit)| if relevant >> i & 1 == 1 { digit } else { 0 })
            .collect();
        let warm = *known
            .entry(key)
            .or_insert_with(|| warm_up(plan.program, live, &evaluator.scalars(&point(inputs, at as u64))));
        let Some(warm) = warm else { continue };
        shortest = shortest.min(warm);
        // Bars before the range warm up too.
        if warm.saturating_sub(plan.train.start) <= have / 2 {
            *usable = true;
            longest = longest.max(warm);
        }
    }
    if shortest != usize::MAX && !usable.contains(&true) {
        return Err(too_few(&plan.train, shortest));
    }
    let warm = match plan.warm_up {
        WarmUp::Longest => longest,
        WarmUp::Own => 0,
    };
    Ok((usable, first_bar(&plan.train, warm, plan.house.fill.lag())?))
}

/// Inputs on which a scalar argument of a series function depends.
fn length_inputs(graph: &Graph, live: &[bool]) -> u64 {
    use assay_pine::graph::Op;
    let mut bits = 0;
    for (node, _) in graph.nodes.iter().zip(live).filter(|(_, live)| **live) {
        if matches!(node.op, Op::History(..) | Op::Indicator(..) | Op::ValueWhen(..)) {
            for id in Graph::operands(&node.op) {
                if graph.node(id).shape == Shape::Scalar {
                    bits |= graph.node(id).inputs;
                }
            }
        }
    }
    bits
}

/// Splits first..end into [`BLOCKS`] parts, the longer ones first.
pub(super) fn block_bounds(first: usize, end: usize) -> [usize; BLOCKS + 1] {
    let (size, more) = ((end - first) / BLOCKS, (end - first) % BLOCKS);
    std::array::from_fn(|block| first + block * size + block.min(more))
}
