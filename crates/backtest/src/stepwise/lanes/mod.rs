//! Many parameter sets in lock step: the fast executor of a `StepProgram`.
//!
//! Inputs fall in two kinds. *Column inputs* reach a series function (a length); what rests on them alone is a column, computed
//! once and shared. *Lane inputs* (a factor, a threshold, a distance) only enter element by element. Grid points are ordered
//! so that a batch of lanes differs in lane inputs and reads the same columns; what varies within a batch, and what feeds
//! back from registers and the account, is straight-line code over [`code::WIDTH`] lanes. Columns are read once a bar and
//! batch, in the order of time, so the working set is a few cache lines a column whatever the number of bars.
//!
//! Files: `places` (the order of the grid), `columns` and `leaves` (what is read), `schedule`, `code` and `slots` (what is
//! computed), `batch` (the way through the bars), `accounts` (what is asked of an account), `group` with `subset`, `commands`
//! and `reads` (simple accounts in vectors), `desk` (brokers that sleep), `book` (growths to trials).

mod accounts;
mod batch;
mod book;
mod code;
mod columns;
mod commands;
mod desk;
mod group;
mod leaves;
mod places;
mod reads;
mod schedule;
mod slots;
mod subset;
mod vector;

use std::sync::Arc;

use assay_pine::StepProgram;
use assay_pine::graph::NodeId;

use self::batch::Batch;
use self::code::Code;
pub(super) use self::code::WIDTH;
use self::columns::{Local, Shared};
use self::commands::placed;
use self::desk::DeskTerms;
use self::group::{Terms, Tick};
use self::leaves::{EIGHT, Leaf, Part};
use self::places::{Order, column_inputs};
use self::subset::{Orders, pessimistic, roots};
use super::broker::{Bar, BrokerSettings, Rates};
use super::plan::digits;
use super::sweep::Outcome;
use crate::Bars;
use crate::compute::isa::Isa;
use crate::evaluate::{Column, Evaluator, Invalid};
use crate::sweep::BLOCKS;

/// Everything that the batches of a sweep share.
pub(super) struct Lanes<'a> {
    program: &'a StepProgram,
    bars: &'a Bars,
    code: Code,
    terms: Keeper,
    shared: Shared<'a>,
    ticks: Vec<Tick>,
    blocks: [usize; BLOCKS + 1],
    /// Orders are placed from this bar on.
    from: usize,
    pub(super) isa: Isa,
    /// By place in the order of the lanes: the grid point.
    order: Order,
}

/// Who keeps the accounts.
enum Keeper {
    /// Vectors: one position at a time, market entries, one bracket.
    Groups(Terms),
    /// Brokers that sleep: everything else.
    Desks(DeskTerms),
}

/// One thread's memory.
pub(super) struct Scratch {
    local: Local,
}

impl<'a> Lanes<'a> {
    /// Prepares the lanes; `None` when a bar has a price that is no price, or the account no money.
    pub fn new(
        program: &'a StepProgram,
        bars: &'a Bars,
        live: &[bool],
        settings: &BrokerSettings,
        blocks: [usize; BLOCKS + 1],
        from: usize,
        grid: u64,
    ) -> Option<Lanes<'a>> {
        let ticks = ticks(bars)?;
        let graph = &program.graph;
        let column_inputs = column_inputs(graph, live);
        let varies: Vec<bool> =
            graph.nodes.iter().map(|node| node.feedback || node.inputs & !column_inputs != 0).collect();
        let code = Code::new(program, live, &varies, &roots(program))?;
        let terms = match Orders::of(program, settings) {
            Some(orders) => Keeper::Groups(group_terms(&code, orders, settings)?),
            None => Keeper::Desks(DeskTerms::of(program, settings, &code)?),
        };
        let leaves: Vec<NodeId> = code.leaves.iter().map(|(_, node)| *node).collect();
        let shared = Shared::new(program, bars, &leaves, grid);
        let order = Order::new(program, column_inputs);
        Some(Lanes { program, bars, code, terms, shared, ticks, blocks, from, order, isa: Isa::best() })
    }

    /// Memory for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch { local: Local::default() }
    }

    /// Trades up to [`WIDTH`] places of the lanes' order from `start` on; gives (grid point, outcome).
    pub fn batch(&self, scratch: &mut Scratch, start: u64, end: u64, usable: &[bool]) -> Vec<(u64, Outcome)> {
        let points: Vec<u64> = (start..end).map(|place| self.order.point(place)).collect();
        let all_digits: Vec<Vec<usize>> = points.iter().map(|point| digits(&self.program.inputs, *point)).collect();
        scratch.local.clear();
        let mut valid: Vec<bool> = points.iter().map(|point| usable[*point as usize]).collect();
        self.check(&mut scratch.local, &all_digits, &mut valid);
        let Ok(leaves) = self.leaves(&mut scratch.local, &all_digits, &valid) else {
            return points.into_iter().map(|point| (point, Outcome::invalid())).collect();
        };
        let scalars = self.scalars(&all_digits);
        let batch = Batch { lanes: self, leaves: &leaves, scalars: &scalars, valid: &valid };
        let outcomes = self.isa.dispatch(batch);
        points.into_iter().zip(outcomes).collect()
    }

    /// Lanes whose lengths cannot be used become invalid.
    fn check(&self, local: &mut Local, digits: &[Vec<usize>], valid: &mut [bool]) {
        for (_, node) in &self.code.leaves {
            let mut known: Option<(u64, bool)> = None;
            for (valid, digits) in valid.iter_mut().zip(digits) {
                let key = self.shared.combination(*node, digits);
                let usable = match known {
                    Some((same, usable)) if same == key => usable,
                    _ => self.shared.get(local, *node, digits).is_ok(),
                };
                known = Some((key, usable));
                *valid &= usable;
            }
        }
    }

    /// The columns of a batch, by leaf.
    fn leaves(&self, local: &mut Local, digits: &[Vec<usize>], valid: &[bool]) -> Result<Vec<Leaf>, Invalid> {
        let first_valid = valid.iter().position(|valid| *valid).ok_or(Invalid)?;
        let mut all = Vec::with_capacity(self.code.leaves.len());
        for (_, node) in &self.code.leaves {
            // Lanes that do not count read what a lane that counts reads.
            let reads = (0..WIDTH).map(|at| if valid.get(at).copied().unwrap_or(false) { at } else { first_valid });
            let mut keys: Vec<u64> = Vec::with_capacity(WIDTH);
            let mut columns: Vec<Arc<Column>> = Vec::with_capacity(WIDTH);
            for at in reads {
                let key = self.shared.combination(*node, &digits[at]);
                let column = match (keys.last(), columns.last()) {
                    (Some(last), Some(column)) if *last == key => column.clone(),
                    _ => self.shared.get(local, *node, &digits[at])?,
                };
                keys.push(key);
                columns.push(column);
            }
            let same = |keys: &[u64]| keys.iter().all(|key| *key == keys[0]);
            if same(&keys) {
                all.push(Leaf::Same(columns.swap_remove(0)));
                continue;
            }
            let part = |(keys, columns): (&[u64], &[Arc<Column>])| {
                if same(keys) { Part::Same(columns[0].clone()) } else { Part::Each(columns.to_vec()) }
            };
            all.push(Leaf::Parts(keys.chunks(EIGHT).zip(columns.chunks(EIGHT)).map(part).collect()));
        }
        Ok(all)
    }

    /// By scalar of the code: its value in every lane.
    fn scalars(&self, digits: &[Vec<usize>]) -> Vec<[f64; WIDTH]> {
        let evaluator = Evaluator { graph: &self.program.graph, bars: self.bars };
        let mut all = vec![[f64::NAN; WIDTH]; self.code.scalars.len()];
        for at in 0..WIDTH {
            // The last lane stands in for those past the grid.
            let digits = &digits[at.min(digits.len() - 1)];
            let values: Vec<f64> =
                self.program.inputs.iter().zip(digits).map(|(input, digit)| input.grid[*digit]).collect();
            let scalars = evaluator.scalars(&values);
            for (lanes, (_, node)) in all.iter_mut().zip(&self.code.scalars) {
                lanes[at] = scalars[node.0 as usize];
            }
        }
        all
    }
}

fn group_terms(code: &Code, orders: Orders, settings: &BrokerSettings) -> Option<Terms> {
    let used = orders.used_legs();
    let commands =
        orders.commands.iter().map(|command| placed(code, &orders, &used, command)).collect::<Option<_>>()?;
    Some(Terms {
        commands,
        at_close: orders.fill_at_close(settings),
        orders,
        settings: *settings,
        rates: Rates::new(settings),
        pessimistic: pessimistic(settings),
    })
}

/// The bars as lanes see them; `None` when one has a price that is no price.
fn ticks(bars: &Bars) -> Option<Vec<Tick>> {
    let mut before = bars.close.first().copied()?;
    (0..bars.len())
        .map(|t| {
            let bar =
                Bar { open: bars.open[t], high: bars.high[t], low: bars.low[t], close: bars.close[t] }.usable()?;
            let tick = Tick {
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                before,
                high_first: bar.high - bar.open < bar.open - bar.low,
                index: t as f64,
            };
            before = bar.close;
            Some(tick)
        })
        .collect()
}
