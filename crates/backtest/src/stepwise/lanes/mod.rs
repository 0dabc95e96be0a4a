//! Many parameter sets in lock step: the fast executor of a `StepProgram`.
//!
//! Inputs fall in two kinds. *Column inputs* reach a series function (a length); what rests on them alone is a column, computed
//! once and shared. *Lane inputs* (a factor, a threshold, a distance) only enter element by element. Grid points are ordered
//! so that a batch of lanes differs in lane inputs and reads the same columns; what varies within a batch, and what feeds
//! back from registers and the account, is straight-line code over [`code::WIDTH`] lanes. Columns are read once a bar and
//! batch, in the order of time, so the working set is a few cache lines a column whatever the number of bars.

mod code;
mod columns;
mod group;
mod subset;

use std::sync::Arc;

use assay_pine::StepProgram;
use assay_pine::graph::{Broker as Read, Graph, NodeId, Op, Shape};
use wide::f64x8;

pub(super) use self::code::WIDTH;
use self::code::{Code, GROUPS, LANES, Slot, and_not, mask, zero};
use self::columns::{Local, Shared};
use self::group::{Group, Terms, Tick};
use self::subset::{Command, LEGS, Orders, pessimistic, roots};
use super::broker::{Bar, BrokerSettings, Rates};
use super::plan::digits;
use super::sweep::Outcome;
use crate::evaluate::{Column, Evaluator, Invalid};
use crate::sweep::BLOCKS;
use crate::{Bars, Trial};

/// Everything that the batches of a sweep share.
pub(super) struct Lanes<'a> {
    program: &'a StepProgram,
    bars: &'a Bars,
    code: Code,
    terms: Terms,
    commands: Vec<Placed>,
    shared: Shared<'a>,
    ticks: Vec<Tick>,
    blocks: [usize; BLOCKS + 1],
    /// Orders are placed from this bar on.
    from: usize,
    at_close: bool,
    /// By place in the order of the lanes: the grid point.
    order: Order,
}

/// The order of the grid in which batches are cut: column inputs change slowest.
struct Order {
    /// (input, its grid length), the first changing slowest.
    radix: Vec<(usize, u64)>,
    /// By input: how far a step in it moves the grid point.
    stride: Vec<u64>,
}

/// A command with its slots.
enum Placed {
    Market { when: u32, market: usize, qty: Option<u32> },
    Bracket { when: u32, bracket: usize, legs: [Option<u32>; LEGS] },
}

/// One thread's memory.
pub(super) struct Scratch {
    local: Local,
    slots: Vec<Slot>,
}

/// A column as one group of lanes sees it.
enum Leaf {
    Same(Arc<Column>),
    Each(Vec<Arc<Column>>),
}

impl<'a> Lanes<'a> {
    /// Prepares the lanes; `None` when they do not hold the strategy, or when a bar has a price that is no price.
    pub fn new(
        program: &'a StepProgram,
        bars: &'a Bars,
        live: &[bool],
        settings: &BrokerSettings,
        blocks: [usize; BLOCKS + 1],
        from: usize,
        grid: u64,
    ) -> Option<Lanes<'a>> {
        let orders = Orders::of(program, settings)?;
        let ticks = ticks(bars)?;
        let graph = &program.graph;
        let column_inputs = column_inputs(graph, live);
        let varies: Vec<bool> =
            graph.nodes.iter().map(|node| node.feedback || node.inputs & !column_inputs != 0).collect();
        let code = Code::new(program, live, &varies, &roots(program))?;
        let commands = orders.commands.iter().map(|command| placed(&code, command)).collect::<Option<Vec<_>>>()?;
        let leaves: Vec<NodeId> = code.leaves.iter().map(|(_, node)| *node).collect();
        let shared = Shared::new(program, bars, &leaves, grid);
        let at_close = orders.fill_at_close(settings);
        let terms =
            Terms { orders, settings: *settings, rates: Rates::new(settings), pessimistic: pessimistic(settings) };
        let order = Order::new(program, column_inputs);
        Some(Lanes { program, bars, code, terms, commands, shared, ticks, blocks, from, at_close, order })
    }

    /// Memory for one thread.
    pub fn scratch(&self) -> Scratch {
        Scratch { local: Local::default(), slots: vec![[zero(); GROUPS]; self.code.slots] }
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
        self.load_scalars(&mut scratch.slots, &all_digits);
        for (slot, initial) in &self.code.registers {
            scratch.slots[*slot as usize] = [f64x8::splat(*initial); GROUPS];
        }
        let dead: Slot = std::array::from_fn(|g| {
            let lane = |l: usize| valid.get(g * LANES + l).copied().unwrap_or(false);
            f64x8::new(std::array::from_fn(|l| mask(!lane(l)).to_array()[0]))
        });
        let books = self.run(&mut scratch.slots, &leaves, &dead);
        let outcome = |at: usize| {
            if !valid[at] {
                return Outcome::invalid();
            }
            books[at / LANES].outcome(at % LANES, self.blocks[BLOCKS] - self.blocks[0])
        };
        points.iter().enumerate().map(|(at, point)| (*point, outcome(at))).collect()
    }

    /// Lanes whose lengths cannot be used become invalid.
    fn check(&self, local: &mut Local, digits: &[Vec<usize>], valid: &mut [bool]) {
        for (valid, digits) in valid.iter_mut().zip(digits) {
            let usable = |(_, node): &(u32, NodeId)| self.shared.get(local, *node, digits).is_ok();
            *valid = *valid && self.code.leaves.iter().all(usable);
        }
    }

    /// The columns of a batch, by leaf and group.
    fn leaves(&self, local: &mut Local, digits: &[Vec<usize>], valid: &[bool]) -> Result<Vec<[Leaf; GROUPS]>, Invalid> {
        let first_valid = valid.iter().position(|valid| *valid).ok_or(Invalid)?;
        let mut all = Vec::with_capacity(self.code.leaves.len());
        for (_, node) in &self.code.leaves {
            let mut groups: [Leaf; GROUPS] = std::array::from_fn(|_| Leaf::Each(Vec::new()));
            for (g, leaf) in groups.iter_mut().enumerate() {
                // Lanes that do not count read what a lane that counts reads.
                let reads = (g * LANES..(g + 1) * LANES)
                    .map(|at| if valid.get(at).copied().unwrap_or(false) { at } else { first_valid });
                let mut keys: Vec<u64> = Vec::with_capacity(LANES);
                let mut columns: Vec<Arc<Column>> = Vec::with_capacity(LANES);
                for at in reads {
                    keys.push(self.shared.combination(*node, &digits[at]));
                    columns.push(self.shared.get(local, *node, &digits[at])?);
                }
                let same = keys.iter().all(|key| *key == keys[0]);
                *leaf = if same { Leaf::Same(columns.swap_remove(0)) } else { Leaf::Each(columns) };
            }
            all.push(groups);
        }
        Ok(all)
    }

    fn load_scalars(&self, slots: &mut [Slot], digits: &[Vec<usize>]) {
        let evaluator = Evaluator { graph: &self.program.graph, bars: self.bars };
        for at in 0..WIDTH {
            // The last lane stands in for those past the grid.
            let digits = &digits[at.min(digits.len() - 1)];
            let values: Vec<f64> =
                self.program.inputs.iter().zip(digits).map(|(input, digit)| input.grid[*digit]).collect();
            let scalars = evaluator.scalars(&values);
            for (slot, node) in &self.code.scalars {
                let value = scalars[node.0 as usize];
                let is_truth = self.program.graph.node(*node).kind == assay_pine::graph::Kind::Truth;
                let value = if is_truth { mask(value != 0.0).to_array()[0] } else { value };
                let vector = &mut slots[*slot as usize][at / LANES];
                let mut lanes = vector.to_array();
                lanes[at % LANES] = value;
                *vector = f64x8::new(lanes);
            }
        }
    }

    /// All bars of one batch.
    fn run(&self, slots: &mut [Slot], leaves: &[[Leaf; GROUPS]], dead: &Slot) -> [Book; GROUPS] {
        let mut groups: [Group; GROUPS] = std::array::from_fn(|g| Group::new(&self.terms.settings, dead[g]));
        let mut books: [Book; GROUPS] = std::array::from_fn(|_| Book::new());
        let mut block = 0;
        for (t, tick) in self.ticks.iter().enumerate() {
            for group in &mut groups {
                group.begin(&self.terms, tick);
            }
            for ((slot, _), leaf) in self.code.leaves.iter().zip(leaves) {
                for (vector, leaf) in slots[*slot as usize].iter_mut().zip(leaf) {
                    *vector = leaf.at(t);
                }
            }
            for (slot, what) in &self.code.reads {
                for (vector, group) in slots[*slot as usize].iter_mut().zip(&groups) {
                    *vector = read(*what, group, tick, &self.terms);
                }
            }
            self.code.execute(slots);
            if t >= self.from {
                self.place(slots, &mut groups, tick);
            }
            self.code.advance(slots);
            while t >= self.blocks[block + 1] {
                books.iter_mut().for_each(Book::next_block);
                block += 1;
            }
            let counts = t >= self.blocks[0];
            for (group, book) in groups.iter_mut().zip(&mut books) {
                let growth = group.end(&self.terms, tick.close);
                if counts {
                    book.add(growth);
                }
            }
        }
        for (book, group) in books.iter_mut().zip(groups) {
            book.next_block();
            book.group = Some(group);
        }
        books
    }

    fn place(&self, slots: &[Slot], groups: &mut [Group; GROUPS], tick: &Tick) {
        let na = f64x8::splat(f64::NAN);
        for command in &self.commands {
            match command {
                Placed::Market { when, market, qty } => {
                    for (g, group) in groups.iter_mut().enumerate() {
                        let asked = qty.map_or(na, |slot| slots[slot as usize][g]);
                        group.place_market(&self.terms, *market, slots[*when as usize][g], asked, tick.close);
                    }
                }
                Placed::Bracket { when, bracket, legs } => {
                    for (g, group) in groups.iter_mut().enumerate() {
                        let when = slots[*when as usize][g];
                        if !and_not(when, group.dead).any() {
                            continue;
                        }
                        let mut values = legs.map(|slot| slot.map_or(na, |slot| slots[slot as usize][g]));
                        subset::beside(self.terms.orders.version, &mut values);
                        group.place_bracket(&self.terms, *bracket, when, &values);
                    }
                }
            }
        }
        if self.at_close {
            for group in groups.iter_mut() {
                group.settle_at_close(&self.terms, tick);
            }
        }
    }
}

impl Leaf {
    #[inline(always)]
    fn at(&self, t: usize) -> f64x8 {
        match self {
            Leaf::Same(column) => match column.as_ref() {
                Column::Number(x) => f64x8::splat(x[t]),
                Column::Truth(bits) => f64x8::splat(f64::from_bits(0u64.wrapping_sub(bits[t / 64] >> (t % 64) & 1))),
            },
            Leaf::Each(columns) => f64x8::new(std::array::from_fn(|l| match columns.get(l).map(Arc::as_ref) {
                Some(Column::Number(x)) => x[t],
                Some(Column::Truth(bits)) => f64::from_bits(0u64.wrapping_sub(bits[t / 64] >> (t % 64) & 1)),
                None => f64::NAN,
            })),
        }
    }
}

/// Sums of eight trials.
struct Book {
    block: (f64x8, f64x8),
    total: (f64x8, f64x8),
    equity: f64x8,
    below: f64x8,
    deepest: f64x8,
    group: Option<Group>,
}

impl Book {
    fn new() -> Book {
        let one = f64x8::splat(1.0);
        Book { block: (zero(), zero()), total: (zero(), zero()), equity: one, below: one, deepest: one, group: None }
    }

    #[inline(always)]
    fn add(&mut self, growth: f64x8) {
        let one = f64x8::splat(1.0);
        let r = growth - one;
        self.block.0 += r;
        self.block.1 += r * r;
        self.equity *= growth;
        self.below = (self.below * growth).fast_min(one);
        self.deepest = self.deepest.fast_min(self.below);
    }

    fn next_block(&mut self) {
        self.total = (self.total.0 + self.block.0, self.total.1 + self.block.1);
        self.block = (zero(), zero());
    }

    fn outcome(&self, lane: usize, observations: usize) -> Outcome {
        let of = |x: f64x8| x.to_array()[lane];
        let group = self.group.as_ref().expect("the run has ended");
        Outcome {
            trial: Trial {
                valid: true,
                entries: of(group.entries) as u32,
                exits: of(group.exits) as u32,
                equity: of(self.equity),
                max_drawdown: of(self.deepest) - 1.0,
                sum: of(self.total.0),
                sum_sq: of(self.total.1),
                observations: observations as u32,
            },
            ambiguous_bars: of(group.ambiguous) as u32,
        }
    }
}

impl Order {
    fn new(program: &StepProgram, column_inputs: u64) -> Order {
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
    fn point(&self, mut place: u64) -> u64 {
        let mut point = 0;
        for (input, length) in self.radix.iter().rev() {
            point += place % length * self.stride[*input];
            place /= length;
        }
        point
    }
}

/// Inputs on which a series function depends: what varies with them is a column of its own.
fn column_inputs(graph: &Graph, live: &[bool]) -> u64 {
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

fn placed(code: &Code, command: &Command) -> Option<Placed> {
    let of = |id: &Option<NodeId>| match id {
        None => Some(None),
        Some(id) => code.slot_of(*id).map(Some),
    };
    Some(match command {
        Command::Market { when, market, qty } => {
            Placed::Market { when: code.slot_of(*when)?, market: *market, qty: of(qty)? }
        }
        Command::Bracket { when, bracket, legs } => {
            let mut slots = [None; LEGS];
            for (slot, leg) in slots.iter_mut().zip(legs) {
                *slot = of(leg)?;
            }
            Placed::Bracket { when: code.slot_of(*when)?, bracket: *bracket, legs: slots }
        }
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

/// What a script reads of the account, after the bar's fills.
#[inline]
fn read(what: Read, group: &Group, tick: &Tick, terms: &Terms) -> f64x8 {
    let na = f64x8::splat(f64::NAN);
    let held = group.held();
    let while_held = |x: f64x8| held.bitselect(x, na);
    match what {
        Read::PositionSize => group.contracts,
        Read::AveragePrice | Read::OldestOpenPrice | Read::NewestOpenPrice => group.entry_price,
        Read::Equity => group.money(tick.close),
        Read::OpenProfit => group.open_profit(tick.close),
        Read::NetProfit => group.net_profit,
        Read::GrossProfit => group.gross_profit,
        Read::GrossLoss => group.gross_loss,
        Read::OpenTrades => held & f64x8::splat(1.0),
        Read::ClosedTrades => group.exits,
        Read::WinTrades => group.wins,
        Read::LossTrades => group.losses,
        Read::EvenTrades => group.exits - group.wins - group.losses,
        Read::InitialCapital => f64x8::splat(terms.settings.initial_capital),
        Read::OldestOpenBar | Read::NewestOpenBar => group.entry_bar,
        Read::OldestOpenSize | Read::NewestOpenSize => while_held(group.contracts),
        Read::OldestOpenProfit | Read::NewestOpenProfit => while_held(group.open_profit(tick.close)),
        Read::LastClosedEntryBar => group.last_entry_bar,
        Read::LastClosedExitBar => group.last_exit_bar,
        Read::LastClosedEntryPrice => group.last_entry_price,
        Read::LastClosedExitPrice => group.last_exit_price,
        Read::LastClosedSize => group.last_size,
        Read::LastClosedProfit => group.last_profit,
    }
}
