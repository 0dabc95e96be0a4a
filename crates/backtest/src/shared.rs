//! Series that several grid points have in common: computed once for each combination of the inputs that they depend on.

use std::sync::Mutex;

use assay_pine::Program;
use assay_pine::graph::{Graph, Indicator, Kind, NodeId, Op, Shape};

use crate::compute::Lane;
use crate::evaluate::{Column, Columns, Evaluator, Invalid, View};
use crate::grid::{Grid, Scalars};
use crate::indicators::Prefix;

/// Bytes of series that are kept to be shared.
pub const SHARED_BYTES_MAX: usize = 1 << 30;

/// Which series are worth sharing: at least two points read each, their operands are shared too, and all fit.
pub(crate) fn shareable(program: &Program, grid: &Grid, live: &[bool], bars: usize) -> Vec<bool> {
    let nodes = &program.graph.nodes;
    let mut left = SHARED_BYTES_MAX;
    let mut chosen = vec![false; nodes.len()];
    for (i, node) in nodes.iter().enumerate().filter(|(i, node)| live[*i] && node.shape == Shape::Series) {
        let combinations = grid.combinations(i);
        let bytes = if node.kind == Kind::Number { bars * 8 } else { bars.div_ceil(8) };
        let all = usize::try_from(combinations).ok().and_then(|c| c.checked_mul(bytes));
        let ready = |id: &NodeId| nodes[id.0 as usize].shape == Shape::Scalar || chosen[id.0 as usize];
        let worth = combinations == 1 || combinations.saturating_mul(2) <= grid.size;
        if let Some(all) = all.filter(|all| worth && *all <= left)
            && Graph::operands(&node.op).iter().all(ready)
        {
            left -= all;
            chosen[i] = true;
        }
    }
    chosen
}

/// `wanted` shared series and all shared series that they are made from.
pub(crate) fn needed(program: &Program, shareable: &[bool], wanted: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; shareable.len()];
    wanted.iter().for_each(|i| needed[*i] = shareable[*i]);
    for (i, node) in program.graph.nodes.iter().enumerate().rev() {
        if needed[i] {
            for id in Graph::operands(&node.op) {
                needed[id.0 as usize] |= shareable[id.0 as usize];
            }
        }
    }
    needed
}

/// The columns. What is computed anew goes into the memory that is there.
#[derive(Default)]
pub(crate) struct Shared {
    /// By node; empty where it is not shared.
    tables: Vec<Table>,
    /// Nodes some of whose combinations are unusable.
    flawed: Vec<usize>,
}

/// The columns of one node, one a combination of its key.
#[derive(Default)]
struct Table {
    numbers: Rows<f64>,
    truths: Rows<u64>,
    /// By combination.
    usable: Vec<bool>,
}

/// Rows of one length that begin on cache lines: a vector that straddles two lines costs two reads.
#[derive(Default)]
struct Rows<T> {
    memory: Vec<T>,
    /// Where the first row begins, and how far apart rows are.
    first: usize,
    stride: usize,
    length: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl<T: Copy + Default> Rows<T> {
    fn resize(&mut self, rows: usize, length: usize) {
        let in_line = LINE / size_of::<T>();
        self.length = length;
        self.stride = length.next_multiple_of(in_line);
        let need = rows * self.stride + if rows == 0 { 0 } else { in_line };
        if self.memory.len() != need {
            self.memory = vec![T::default(); need];
        }
        self.first = (self.memory.as_ptr() as usize).next_multiple_of(LINE).wrapping_sub(self.memory.as_ptr() as usize)
            / size_of::<T>();
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[T] {
        let start = self.first + i * self.stride;
        &self.memory[start..start + self.length]
    }

    fn each(&mut self) -> impl Iterator<Item = &mut [T]> {
        let length = self.length;
        self.memory[self.first..].chunks_exact_mut(self.stride.max(1)).map(move |row| &mut row[..length])
    }
}

/// Columns of one grid point: shared ones by their combination, the rest its own.
struct PointColumns<'a> {
    shared: &'a Shared,
    grid: &'a Grid,
    at: &'a [usize],
    own: &'a [Option<Column>],
}

impl Columns for PointColumns<'_> {
    fn get(&self, id: NodeId) -> View<'_> {
        let i = id.0 as usize;
        self.own[i].as_ref().map_or_else(|| self.shared.view(i, self.at[self.grid.key_of[i]]), Column::view)
    }
}

impl Shared {
    /// Computes the `needed` series on the evaluator's bars.
    pub fn compute(
        &mut self,
        program: &Program,
        evaluator: Evaluator<'_>,
        grid: &Grid,
        scalars: &Scalars,
        needed: &[bool],
        threads: usize,
    ) {
        self.tables.resize_with(needed.len(), Table::default);
        self.flawed.clear();
        for (i, needed) in needed.iter().enumerate() {
            if !needed {
                // The memory may come from another program.
                self.tables[i] = Table::default();
                continue;
            }
            let mut table = std::mem::take(&mut self.tables[i]);
            self.fill(&mut table, program, evaluator, grid, scalars, i, threads);
            if table.usable.contains(&false) {
                self.flawed.push(i);
            }
            self.tables[i] = table;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of the surroundings, once")]
    fn fill(
        &self,
        table: &mut Table,
        program: &Program,
        evaluator: Evaluator<'_>,
        grid: &Grid,
        scalars: &Scalars,
        node: usize,
        threads: usize,
    ) {
        let (combinations, bars) = (grid.combinations(node) as usize, evaluator.bars.len());
        let number = evaluator.graph.nodes[node].kind == Kind::Number;
        table.numbers.resize(if number { combinations } else { 0 }, bars);
        table.truths.resize(if number { 0 } else { combinations }, bars.div_ceil(64));
        table.usable.clear();
        table.usable.resize(combinations, true);
        let rows: Box<dyn Iterator<Item = Row<'_>> + Send> = if number {
            Box::new(table.numbers.each().map(Row::Numbers))
        } else {
            Box::new(table.truths.each().map(Row::Truths))
        };
        let rows = Mutex::new(rows.zip(&mut table.usable).enumerate());
        let work = || {
            let mut worker = Worker::new(self, program, evaluator, grid, scalars, node);
            loop {
                let next = rows.lock().expect("no thread panics with the lock").next();
                let Some((combination, (row, usable))) = next else { return };
                *usable = worker.column(combination as u64, row).is_ok();
            }
        };
        if combinations == 1 || threads == 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(work);
                }
            });
        }
    }

    /// A number column; its combination must be usable.
    #[inline(always)]
    pub fn numbers(&self, node: usize, combination: usize) -> &[f64] {
        self.tables[node].numbers.row(combination)
    }

    /// A truth column; its combination must be usable.
    #[inline(always)]
    pub fn truths(&self, node: usize, combination: usize) -> &[u64] {
        self.tables[node].truths.row(combination)
    }

    fn view(&self, node: usize, combination: usize) -> View<'_> {
        match self.tables[node].numbers.memory.is_empty() {
            true => View::Truth(self.truths(node, combination)),
            false => View::Number(self.numbers(node, combination)),
        }
    }

    /// The numbers of a shared node's combination; `None` for truths and where a length is unusable.
    pub fn numbers_of(&self, node: usize, combination: usize) -> Option<&[f64]> {
        let table = self.tables.get(node)?;
        let there = !table.numbers.memory.is_empty() && *table.usable.get(combination)?;
        there.then(|| table.numbers.row(combination))
    }

    /// The same for truths.
    pub fn truths_of(&self, node: usize, combination: usize) -> Option<&[u64]> {
        let table = self.tables.get(node)?;
        let there = !table.truths.memory.is_empty() && *table.usable.get(combination)?;
        there.then(|| table.truths.row(combination))
    }

    /// Whether all shared series of the point that `at` stands on are usable.
    pub fn usable(&self, grid: &Grid, at: &[usize]) -> bool {
        self.flawed.iter().all(|i| self.tables[*i].usable[at[grid.key_of[*i]]])
    }

    /// Entry and exit bits of one grid point, evaluated node by node; `None` when a length is unusable.
    pub fn lane(
        &self,
        program: &Program,
        evaluator: Evaluator<'_>,
        grid: &Grid,
        live: &[bool],
        point: u64,
    ) -> Option<Lane> {
        let scalars = evaluator.scalars(&program.point(point));
        let at = &grid.cursor(point).at;
        if !self.usable(grid, at) {
            return None;
        }
        let nodes = &evaluator.graph.nodes;
        let mut own: Vec<Option<Column>> = vec![None; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            if live[i] && node.shape == Shape::Series && self.tables[i].usable.is_empty() {
                let columns = PointColumns { shared: self, grid, at, own: &own };
                own[i] = Some(evaluator.column(node, &scalars, &columns).ok()?);
            }
        }
        let columns = PointColumns { shared: self, grid, at, own: &own };
        let bits = |id| evaluator.bits(id, &scalars, &columns);
        Some(Lane { entry: bits(program.entry), exit: bits(program.exit) })
    }
}

/// Series of one group of points that are not shared by more: one column for each combination that the group meets.
#[derive(Default)]
pub(crate) struct OwnColumns {
    /// By node.
    columns: Vec<Vec<(usize, Result<Column, Invalid>)>>,
}

/// Shared series and those of a group, at one point.
struct GroupColumns<'a> {
    shared: &'a Shared,
    own: &'a OwnColumns,
    grid: &'a Grid,
    at: &'a [usize],
}

impl Columns for GroupColumns<'_> {
    fn get(&self, id: NodeId) -> View<'_> {
        let i = id.0 as usize;
        let combination = self.at[self.grid.key_of[i]];
        match self.own.find(i, combination) {
            Some(column) => column.as_ref().expect("operands were looked at before").view(),
            None => self.shared.view(i, combination),
        }
    }
}

impl OwnColumns {
    fn find(&self, node: usize, combination: usize) -> Option<&Result<Column, Invalid>> {
        let of_node = self.columns.get(node)?;
        of_node.iter().find(|(known, _)| *known == combination).map(|(_, column)| column)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Vec::clear);
    }

    /// Makes the columns `nodes`, in order, for the point that `at` stands on, as far as they are not there. False when one
    /// of them is unusable.
    pub fn make(
        &mut self,
        nodes: &[usize],
        evaluator: Evaluator<'_>,
        shared: &Shared,
        grid: &Grid,
        at: &[usize],
        scalars: impl FnOnce() -> Vec<f64>,
    ) -> bool {
        self.columns.resize_with(evaluator.graph.nodes.len(), Vec::new);
        let missing = |own: &OwnColumns, i: usize| own.find(i, at[grid.key_of[i]]).is_none();
        if nodes.iter().any(|i| missing(self, *i)) {
            let scalars = scalars();
            for i in nodes {
                if !missing(self, *i) {
                    continue;
                }
                let node = &evaluator.graph.nodes[*i];
                let sound = Graph::operands(&node.op).iter().all(|id| {
                    let i = id.0 as usize;
                    self.find(i, at[grid.key_of[i]]).is_none_or(Result::is_ok)
                });
                let columns = GroupColumns { shared, own: self, grid, at };
                let column = if sound { evaluator.column(node, &scalars, &columns) } else { Err(Invalid) };
                self.columns[*i].push((at[grid.key_of[*i]], column));
            }
        }
        nodes.iter().all(|i| self.find(*i, at[grid.key_of[*i]]).is_some_and(Result::is_ok))
    }

    /// A number column that was made and is usable.
    #[inline]
    pub fn numbers(&self, node: usize, combination: usize) -> &[f64] {
        match self.find(node, combination) {
            Some(Ok(Column::Number(x))) => x,
            _ => unreachable!("made before it is read"),
        }
    }
}

/// Where a column goes.
enum Row<'a> {
    Numbers(&'a mut [f64]),
    Truths(&'a mut [u64]),
}

/// Computes the columns of one node, one after another.
struct Worker<'a> {
    shared: &'a Shared,
    program: &'a Program,
    evaluator: Evaluator<'a>,
    grid: &'a Grid,
    table: &'a Scalars,
    node: usize,
    scalars: Vec<f64>,
    own: Vec<Option<Column>>,
    /// Running sums of the operand, with its combination: moving averages of all lengths are differences of them.
    prefix: Option<(usize, Prefix)>,
}

impl<'a> Worker<'a> {
    fn new(
        shared: &'a Shared,
        program: &'a Program,
        evaluator: Evaluator<'a>,
        grid: &'a Grid,
        table: &'a Scalars,
        node: usize,
    ) -> Worker<'a> {
        let nodes = evaluator.graph.nodes.len();
        let (scalars, own) = (vec![f64::NAN; nodes], vec![None; nodes]);
        Worker { shared, program, evaluator, grid, table, node, scalars, own, prefix: None }
    }

    fn column(&mut self, combination: u64, row: Row<'_>) -> Result<(), Invalid> {
        let (grid, graph) = (self.grid, self.evaluator.graph);
        let node = &graph.nodes[self.node];
        let (values, at) = grid.representative(self.program, grid.key_of[self.node], combination);
        let operands = Graph::operands(&node.op);
        for id in &operands {
            let i = id.0 as usize;
            if graph.nodes[i].shape == Shape::Scalar {
                match self.table.table(i).get(at[grid.key_of[i]]) {
                    Some(scalar) => self.scalars[i] = *scalar,
                    None => self.scalars = self.evaluator.scalars(&values),
                }
            } else if !self.shared.tables[i].usable[at[grid.key_of[i]]] {
                return Err(Invalid);
            }
        }
        let columns = PointColumns { shared: self.shared, grid, at: &at, own: &self.own };
        match row {
            Row::Numbers(out) => {
                if let Op::Indicator(which @ (Indicator::Sma | Indicator::Sum), args) = &node.op
                    && graph.nodes[args[0].0 as usize].shape == Shape::Series
                    && let View::Number(x) = columns.get(args[0])
                {
                    let n = crate::evaluate::length(self.scalars[args[1].0 as usize])?;
                    let x_at = at[grid.key_of[args[0].0 as usize]];
                    if self.prefix.as_ref().is_none_or(|(known, _)| *known != x_at) {
                        self.prefix = Some((x_at, Prefix::new(x)));
                    }
                    let (_, prefix) = self.prefix.as_ref().expect("made above");
                    if *which == Indicator::Sma { prefix.means(n, out) } else { prefix.sums(n, out) }
                } else if let Column::Number(x) = self.evaluator.column(node, &self.scalars, &columns)? {
                    out.copy_from_slice(&x);
                }
            }
            Row::Truths(out) => {
                if let Column::Truth(words) = self.evaluator.column(node, &self.scalars, &columns)? {
                    out.copy_from_slice(&words);
                }
            }
        }
        Ok(())
    }
}
