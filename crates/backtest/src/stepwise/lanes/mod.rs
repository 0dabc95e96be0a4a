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
mod vector;

use std::ops::Range;
use std::sync::Arc;

use assay_pine::StepProgram;
use assay_pine::graph::{Broker as Read, Graph, Kind, NodeId, Op, Shape};

pub(super) use self::code::WIDTH;
use self::code::{Code, Slots};
use self::columns::{Local, Shared};
use self::group::{Group, Terms, Tick};
use self::subset::{Command, LEGS, Orders, pessimistic, price_of, roots};
use self::vector::{Mask, Num};
use super::broker::{Bar, BrokerSettings, Rates};
use super::plan::digits;
use super::sweep::Outcome;
use crate::compute::isa::{Isa, Task, Words};
use crate::evaluate::{Column, Evaluator, Invalid, bit};
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
    isa: Isa,
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
    Market {
        when: u32,
        market: usize,
        qty: Option<u32>,
    },
    /// With every leg that any command of the bracket has.
    Bracket {
        when: u32,
        bracket: usize,
        legs: Vec<PlacedLeg>,
    },
}

/// A leg with its slots.
struct PlacedLeg {
    leg: usize,
    /// `None`: this command does not have it.
    slot: Option<u32>,
    /// The price that it stands back for: before version 6 a leg with a price ignores its distance.
    behind: Option<u32>,
}

/// One thread's memory.
pub(super) struct Scratch {
    local: Local,
}

/// A column as a batch sees it: one for all lanes, or by [`EIGHT`] lanes.
enum Leaf {
    Same(Arc<Column>),
    Parts(Vec<Part>),
}

/// A column as eight lanes see it: one for all, or one a lane.
enum Part {
    Same(Arc<Column>),
    Each(Vec<Arc<Column>>),
}

/// Lanes of a part: as many as the widest vector has.
const EIGHT: usize = 8;
/// Bars of lanes' own columns that are laid out side by side at a time.
const TILE: usize = 32;

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
        let used = orders.used_legs();
        let commands =
            orders.commands.iter().map(|command| placed(&code, &orders, &used, command)).collect::<Option<Vec<_>>>()?;
        let leaves: Vec<NodeId> = code.leaves.iter().map(|(_, node)| *node).collect();
        let shared = Shared::new(program, bars, &leaves, grid);
        let at_close = orders.fill_at_close(settings);
        let terms =
            Terms { orders, settings: *settings, rates: Rates::new(settings), pessimistic: pessimistic(settings) };
        let order = Order::new(program, column_inputs);
        Some(Lanes {
            program,
            bars,
            code,
            terms,
            commands,
            shared,
            ticks,
            blocks,
            from,
            at_close,
            order,
            isa: Isa::best(),
        })
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

/// One batch, ready to go through the bars.
struct Batch<'a> {
    lanes: &'a Lanes<'a>,
    leaves: &'a [Leaf],
    scalars: &'a [[f64; WIDTH]],
    /// By grid point; fewer than lanes at the end of the grid.
    valid: &'a [bool],
}

impl Task for Batch<'_> {
    type Output = Vec<Outcome>;

    #[inline(always)]
    fn run<S: Words>(self, simd: S) -> Vec<Outcome> {
        let lanes = self.lanes;
        let mut slots = self.slots(simd);
        let mut groups: Vec<Group<S>> = (0..Slots::<S>::GROUPS)
            .map(|g| {
                let valid: [f64; 8] = std::array::from_fn(|l| {
                    let at = g * S::F64_LANES + l;
                    f64::from(u8::from(self.valid.get(at).copied().unwrap_or(false)))
                });
                let dead = Num::load(simd, &valid).equal(Num::splat(simd, 0.0));
                Group::new(simd, &lanes.terms.settings, dead)
            })
            .collect();
        let mut books: Vec<Book<S>> = (0..Slots::<S>::GROUPS).map(|_| Book::new(simd)).collect();
        let mut tiles = self.tiles();
        let mut block = 0;
        for (t, tick) in lanes.ticks.iter().enumerate() {
            for group in &mut groups {
                group.begin(&lanes.terms, tick);
            }
            self.read_columns(simd, &mut slots, &mut tiles, t);
            for (slot, what) in &lanes.code.reads {
                for (vector, group) in slots.numbers[Slots::<S>::range(*slot)].iter_mut().zip(&groups) {
                    *vector = read(simd, *what, group, tick, &lanes.terms);
                }
            }
            lanes.code.execute(simd, &mut slots);
            if t >= lanes.from {
                self.place(simd, &slots, &mut groups, tick);
            }
            lanes.code.advance(&mut slots);
            while t >= lanes.blocks[block + 1] {
                books.iter_mut().for_each(|book| book.next_block(simd));
                block += 1;
            }
            let counts = t >= lanes.blocks[0];
            for (group, book) in groups.iter_mut().zip(&mut books) {
                let growth = group.end(&lanes.terms, tick.close);
                if counts {
                    book.add(simd, growth);
                }
            }
        }
        books.iter_mut().for_each(|book| book.next_block(simd));
        let observations = (lanes.blocks[BLOCKS] - lanes.blocks[0]) as u32;
        let outcome = |(at, valid): (usize, &bool)| {
            let (group, lane) = (at / S::F64_LANES, at % S::F64_LANES);
            if *valid { books[group].outcome(&groups[group], lane, observations) } else { Outcome::invalid() }
        };
        self.valid.iter().enumerate().map(outcome).collect()
    }
}

/// Spreads bar `t` of one column over some vectors.
#[inline(always)]
fn read_column<S: Words>(simd: S, slots: &mut Slots<S>, vectors: Range<usize>, column: &Column, t: usize) {
    match column {
        Column::Number(x) => slots.numbers[vectors].fill(Num::splat(simd, x[t])),
        Column::Truth(bits) => slots.truths[vectors].fill(Mask::splat(simd, bit(bits, t))),
    }
}

/// Lays eight columns out bar by bar from bar `from` on; truths are 1 and 0.
#[inline(always)]
fn lay_out(tile: &mut [f64], columns: &[Arc<Column>], from: usize, end: usize) {
    let bars = from..(from + TILE).min(end);
    for (lane, column) in columns.iter().enumerate() {
        let places = tile[lane..].iter_mut().step_by(EIGHT);
        match column.as_ref() {
            Column::Number(x) => places.zip(&x[bars.clone()]).for_each(|(place, x)| *place = *x),
            Column::Truth(bits) => {
                places.zip(bars.clone()).for_each(|(place, t)| *place = f64::from(u8::from(bit(bits, t))));
            }
        }
    }
}

impl Batch<'_> {
    #[inline(always)]
    fn slots<S: Words>(&self, simd: S) -> Slots<S> {
        let (code, graph) = (&self.lanes.code, &self.lanes.program.graph);
        let mut slots = Slots::new(simd, code.slots);
        for ((slot, node), lanes) in code.scalars.iter().zip(self.scalars) {
            for (g, at) in Slots::<S>::range(*slot).enumerate() {
                let vector = Num::load(simd, &lanes[g * S::F64_LANES..]);
                match graph.node(*node).kind {
                    Kind::Number => slots.numbers[at] = vector,
                    Kind::Truth => slots.truths[at] = !vector.equal(Num::splat(simd, 0.0)),
                }
            }
        }
        for (slot, kind, initial) in &code.registers {
            match kind {
                Kind::Number => slots.numbers[Slots::<S>::range(*slot)].fill(Num::splat(simd, *initial)),
                Kind::Truth => slots.truths[Slots::<S>::range(*slot)].fill(Mask::splat(simd, *initial != 0.0)),
            }
        }
        slots
    }

    #[inline(always)]
    fn read_columns<S: Words>(&self, simd: S, slots: &mut Slots<S>, tiles: &mut [f64], t: usize) {
        let mut tiles = tiles.chunks_exact_mut(TILE * EIGHT);
        for ((slot, node), leaf) in self.lanes.code.leaves.iter().zip(self.leaves) {
            let range = Slots::<S>::range(*slot);
            let kind = self.lanes.program.graph.node(*node).kind;
            let parts = match leaf {
                Leaf::Same(column) => {
                    read_column(simd, slots, range, column, t);
                    continue;
                }
                Leaf::Parts(parts) => parts,
            };
            for (part, first) in parts.iter().zip(range.step_by(EIGHT / S::F64_LANES)) {
                let vectors = first..first + EIGHT / S::F64_LANES;
                let columns = match part {
                    Part::Same(column) => {
                        read_column(simd, slots, vectors, column, t);
                        continue;
                    }
                    Part::Each(columns) => columns,
                };
                let Some(tile) = tiles.next() else { return };
                if t.is_multiple_of(TILE) {
                    lay_out(tile, columns, t, self.lanes.bars.len());
                }
                let lanes = &tile[t % TILE * EIGHT..][..EIGHT];
                for (at, lanes) in vectors.zip(lanes.chunks_exact(S::F64_LANES)) {
                    let vector = Num::load(simd, lanes);
                    match kind {
                        Kind::Number => slots.numbers[at] = vector,
                        Kind::Truth => slots.truths[at] = vector.gt(Num::splat(simd, 0.0)),
                    }
                }
            }
        }
    }

    /// Room for the columns that lanes have of their own.
    fn tiles(&self) -> Vec<f64> {
        let parts = self.leaves.iter().map(|leaf| match leaf {
            Leaf::Same(_) => 0,
            Leaf::Parts(parts) => parts.iter().filter(|part| matches!(part, Part::Each(_))).count(),
        });
        vec![0.0; parts.sum::<usize>() * TILE * EIGHT]
    }

    #[inline(always)]
    fn place<S: Words>(&self, simd: S, slots: &Slots<S>, groups: &mut [Group<S>], tick: &Tick) {
        let lanes = self.lanes;
        let na = Num::splat(simd, f64::NAN);
        let at = |slot: u32, g: usize| Slots::<S>::range(slot).start + g;
        for command in &lanes.commands {
            match command {
                Placed::Market { when, market, qty } => {
                    for (g, group) in groups.iter_mut().enumerate() {
                        let asked = qty.map_or(na, |slot| slots.numbers[at(slot, g)]);
                        group.place_market(&lanes.terms, *market, slots.truths[at(*when, g)], asked, tick.close);
                    }
                }
                Placed::Bracket { when, bracket, legs } => {
                    for (g, group) in groups.iter_mut().enumerate() {
                        let when = slots.truths[at(*when, g)];
                        if !when.without(group.dead).any() {
                            continue;
                        }
                        let value = |leg: &PlacedLeg| {
                            let own = leg.slot.map_or(na, |slot| slots.numbers[at(slot, g)]);
                            leg.behind.map_or(own, |slot| slots.numbers[at(slot, g)].is_number().pick(na, own))
                        };
                        group.place_bracket(&lanes.terms, *bracket, when, legs, value);
                    }
                }
            }
        }
        if lanes.at_close {
            for group in groups.iter_mut() {
                group.settle_at_close(&lanes.terms, tick);
            }
        }
    }
}

/// Sums of the trials of one vector.
struct Book<S: Words> {
    block: (Num<S>, Num<S>),
    total: (Num<S>, Num<S>),
    equity: Num<S>,
    below: Num<S>,
    deepest: Num<S>,
}

impl<S: Words> Book<S> {
    #[inline(always)]
    fn new(simd: S) -> Book<S> {
        let (zero, one) = (Num::splat(simd, 0.0), Num::splat(simd, 1.0));
        Book { block: (zero, zero), total: (zero, zero), equity: one, below: one, deepest: one }
    }

    #[inline(always)]
    fn add(&mut self, simd: S, growth: Num<S>) {
        let one = Num::splat(simd, 1.0);
        let r = growth - one;
        self.block.0 += r;
        self.block.1 += r * r;
        self.equity *= growth;
        self.below = (self.below * growth).smaller(one);
        self.deepest = self.deepest.smaller(self.below);
    }

    #[inline(always)]
    fn next_block(&mut self, simd: S) {
        let zero = Num::splat(simd, 0.0);
        self.total = (self.total.0 + self.block.0, self.total.1 + self.block.1);
        self.block = (zero, zero);
    }

    #[inline(always)]
    fn outcome(&self, group: &Group<S>, lane: usize, observations: u32) -> Outcome {
        let of = |x: Num<S>| {
            let mut lanes = [0.0; 8];
            x.store(&mut lanes);
            lanes[lane]
        };
        Outcome {
            trial: Trial {
                valid: true,
                entries: of(group.entries) as u32,
                exits: of(group.exits) as u32,
                equity: of(self.equity),
                max_drawdown: of(self.deepest) - 1.0,
                sum: of(self.total.0),
                sum_sq: of(self.total.1),
                observations,
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

fn placed(code: &Code, orders: &Orders, used: &[[bool; LEGS]], command: &Command) -> Option<Placed> {
    let of = |id: &Option<NodeId>| match id {
        None => Some(None),
        Some(id) => code.slot_of(*id).map(Some),
    };
    Some(match command {
        Command::Market { when, market, qty } => {
            Placed::Market { when: code.slot_of(*when)?, market: *market, qty: of(qty)? }
        }
        Command::Bracket { when, bracket, legs } => {
            let mut slots = Vec::new();
            for (leg, node) in legs.iter().enumerate().filter(|(leg, _)| used[*bracket][*leg]) {
                let behind =
                    if orders.version < 6 { price_of(leg).and_then(|price| legs[price as usize]) } else { None };
                slots.push(PlacedLeg { leg, slot: of(node)?, behind: of(&behind)? });
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
#[inline(always)]
fn read<S: Words>(simd: S, what: Read, group: &Group<S>, tick: &Tick, terms: &Terms) -> Num<S> {
    let na = Num::splat(simd, f64::NAN);
    let held = group.held();
    let while_held = |x: Num<S>| held.pick(x, na);
    match what {
        Read::PositionSize => group.contracts,
        Read::AveragePrice | Read::OldestOpenPrice | Read::NewestOpenPrice => group.entry_price,
        Read::Equity => group.money(tick.close),
        Read::OpenProfit => group.open_profit(tick.close),
        Read::NetProfit => group.net_profit,
        Read::GrossProfit => group.gross_profit,
        Read::GrossLoss => group.gross_loss,
        Read::OpenTrades => held.pick(Num::splat(simd, 1.0), Num::splat(simd, 0.0)),
        Read::ClosedTrades => group.exits,
        Read::WinTrades => group.wins,
        Read::LossTrades => group.losses,
        Read::EvenTrades => group.exits - group.wins - group.losses,
        Read::InitialCapital => Num::splat(simd, terms.settings.initial_capital),
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
