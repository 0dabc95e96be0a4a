//! Series that several grid points have in common: computed once for each combination of the inputs that they depend on.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use assay_pine::Program;
use assay_pine::graph::{Graph, Indicator, Kind, NodeId, Op, Shape};

use crate::compute::Lane;
use crate::evaluate::{Column, Columns, Evaluator, Invalid};
use crate::grid::{Grid, Scalars};
use crate::indicators::Prefix;

/// Bytes of series that are kept to be shared.
pub const SHARED_BYTES_MAX: usize = 512 << 20;

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

/// The columns.
pub(crate) struct Shared {
    /// By node: one column a combination of its key. Empty when it is not shared.
    columns: Vec<Vec<Result<Column, Invalid>>>,
    /// Nodes some of whose combinations are unusable.
    flawed: Vec<usize>,
}

/// Columns of one grid point: shared ones by their combination, the rest its own.
struct PointColumns<'a> {
    shared: &'a Shared,
    grid: &'a Grid,
    at: &'a [usize],
    own: &'a [Option<Column>],
}

impl Columns for PointColumns<'_> {
    fn get(&self, id: NodeId) -> &Column {
        let i = id.0 as usize;
        self.own[i].as_ref().unwrap_or_else(|| self.shared.column(i, self.at[self.grid.key_of[i]]))
    }
}

impl Shared {
    /// Computes the `needed` series on the evaluator's bars.
    pub fn compute(
        program: &Program,
        evaluator: Evaluator<'_>,
        grid: &Grid,
        scalars: &Scalars,
        needed: &[bool],
        threads: usize,
    ) -> Shared {
        let mut shared = Shared { columns: vec![Vec::new(); needed.len()], flawed: vec![] };
        for i in (0..needed.len()).filter(|i| needed[*i]) {
            shared.columns[i] = shared.all_of(program, evaluator, grid, scalars, i, threads);
            if shared.columns[i].iter().any(Result::is_err) {
                shared.flawed.push(i);
            }
        }
        shared
    }

    fn all_of(
        &self,
        program: &Program,
        evaluator: Evaluator<'_>,
        grid: &Grid,
        scalars: &Scalars,
        node: usize,
        threads: usize,
    ) -> Vec<Result<Column, Invalid>> {
        let combinations = grid.combinations(node);
        if combinations == 1 || threads == 1 {
            let mut worker = Worker::new(self, program, evaluator, grid, scalars, node);
            return (0..combinations).map(|combination| worker.column(combination)).collect();
        }
        let next = AtomicU64::new(0);
        let done: Mutex<BTreeMap<u64, Result<Column, Invalid>>> = Mutex::new(BTreeMap::new());
        let work = || {
            let mut worker = Worker::new(self, program, evaluator, grid, scalars, node);
            loop {
                let combination = next.fetch_add(1, Ordering::Relaxed);
                if combination >= combinations {
                    return;
                }
                let column = worker.column(combination);
                done.lock().expect("no thread panics with the lock").insert(combination, column);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        done.into_inner().expect("no thread panics with the lock").into_values().collect()
    }

    /// The column of a shared node; its combination must be usable.
    #[inline]
    pub fn column(&self, node: usize, combination: usize) -> &Column {
        self.columns[node][combination].as_ref().expect("a point with an unusable operand is not evaluated")
    }

    /// Whether all shared series of the point that `at` stands on are usable.
    pub fn usable(&self, grid: &Grid, at: &[usize]) -> bool {
        self.flawed.iter().all(|i| self.columns[*i][at[grid.key_of[*i]]].is_ok())
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
            if live[i] && node.shape == Shape::Series && self.columns[i].is_empty() {
                let columns = PointColumns { shared: self, grid, at, own: &own };
                own[i] = Some(evaluator.column(node, &scalars, &columns).ok()?);
            }
        }
        let columns = PointColumns { shared: self, grid, at, own: &own };
        let bits = |id| evaluator.bits(id, &scalars, &columns);
        Some(Lane { entry: bits(program.entry), exit: bits(program.exit) })
    }
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

    fn column(&mut self, combination: u64) -> Result<Column, Invalid> {
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
            } else if self.shared.columns[i][at[grid.key_of[i]]].is_err() {
                return Err(Invalid);
            }
        }
        let columns = PointColumns { shared: self.shared, grid, at: &at, own: &self.own };
        if let Op::Indicator(which @ (Indicator::Sma | Indicator::Sum), args) = &node.op
            && graph.nodes[args[0].0 as usize].shape == Shape::Series
            && let Column::Number(x) = columns.get(args[0])
        {
            let n = crate::evaluate::length(self.scalars[args[1].0 as usize])?;
            let x_at = at[grid.key_of[args[0].0 as usize]];
            if self.prefix.as_ref().is_none_or(|(known, _)| *known != x_at) {
                self.prefix = Some((x_at, Prefix::new(x)));
            }
            let (_, prefix) = self.prefix.as_ref().expect("made above");
            return Ok(Column::Number(if *which == Indicator::Sma { prefix.means(n) } else { prefix.sums(n) }));
        }
        self.evaluator.column(node, &self.scalars, &columns)
    }
}
