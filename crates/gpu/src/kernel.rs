//! The strategy's expression graph as a compute kernel in WGSL.
//!
//! What few inputs decide is a *column*, made by the processor in f64 and read by all points that share it: every indicator, and
//! every expression with far fewer combinations than the grid has points. What is left, at the top of the graph, is emitted as
//! straight-line code that one invocation runs for one grid point, bar by bar. Truth columns are 32 bars to a word, so that
//! signals over them are exact whatever the device computes in. WGSL has no dependable NaN: `na` is a number larger than any
//! price, and code that may meet it asks.

use std::collections::BTreeMap;
use std::fmt::Write;

use assay_pine::Program;
use assay_pine::graph::{Binary, Compare, Graph, Kind, Node, NodeId, Op, Shape, Unary};

use crate::{GpuError, Precision};

/// Invocations in a workgroup.
pub(crate) const WORKGROUP: u32 = 64;

/// A node is a column when it has at most one combination for this many grid points: reading is then cheaper than computing.
const POINTS_A_COLUMN: u64 = 8;

/// Most columns of one kernel; more would not be shared by enough points to pay for making them.
const COLUMNS_MAX: u64 = 200_000;

/// `na`, as columns and kernels write it.
pub(crate) const NA: f64 = 1e30;

/// Columns of one node: one for each combination of the inputs that it depends on, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Whose values.
    pub node: NodeId,
    /// Number or truth.
    pub kind: Kind,
    /// The same on every bar.
    pub scalar: bool,
    /// The inputs that it depends on, the first changing slowest.
    pub inputs: Vec<usize>,
    /// How many columns.
    pub count: u64,
    /// Place of the first among all columns of its sort.
    pub first: u64,
}

/// A kernel, and the columns that it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    /// WGSL.
    pub source: String,
    pub(crate) columns: Vec<Columns>,
    /// Columns of numbers that change from bar to bar.
    pub(crate) numbers: u64,
    /// Columns of truths that change from bar to bar.
    pub(crate) truths: u64,
    /// Numbers and truths (0 or 1) that do not.
    pub(crate) scalars: u64,
    /// Most bars that it looks back behind the decision.
    pub(crate) back: usize,
}

impl Kernel {
    /// Emits the kernel for a program; `lag` is the number of bars between decision and fill.
    ///
    /// # Errors
    /// [`GpuError::Unsuitable`] when an indicator depends on so many inputs that nearly each grid point has its own.
    pub fn of(program: &Program, lag: usize, precision: Precision) -> Result<Kernel, GpuError> {
        let grid = program.grid_size().filter(|points| *points <= u64::from(u32::MAX));
        let Some(grid) = grid else { return Err(GpuError::Unsuitable("the grid has more than 2^32 points".into())) };
        let mut emit = Emit {
            program,
            grid,
            precision,
            columns: Vec::new(),
            before: String::new(),
            body: String::new(),
            known: BTreeMap::new(),
            counts: [0; 3],
            back: 0,
        };
        let entry = emit.value(program.entry, 0)?;
        let exit = emit.value(program.exit, 0)?;
        let source = emit.source(&entry, &exit, lag);
        let [numbers, truths, scalars] = emit.counts;
        Ok(Kernel { source, columns: emit.columns, numbers, truths, scalars, back: emit.back })
    }
}

struct Emit<'a> {
    program: &'a Program,
    grid: u64,
    precision: Precision,
    columns: Vec<Columns>,
    /// Code that a point runs once.
    before: String,
    /// Code that it runs on each bar.
    body: String,
    /// What a node is called, by how many bars ago.
    known: BTreeMap<(NodeId, usize), String>,
    /// Columns so far: numbers, truths, scalars.
    counts: [u64; 3],
    back: usize,
}

impl Emit<'_> {
    fn graph(&self) -> &Graph {
        &self.program.graph
    }

    fn inputs(&self, node: &Node) -> Vec<usize> {
        (0..self.program.inputs.len())
            .filter(|i| node.inputs >> i & 1 == 1 && self.program.inputs[*i].grid.len() > 1)
            .collect()
    }

    fn combinations(&self, node: &Node) -> Option<u64> {
        let lengths = self.inputs(node).into_iter().map(|i| self.program.inputs[i].grid.len() as u64);
        lengths.into_iter().try_fold(1u64, |n, length| n.checked_mul(length))
    }

    /// The name of a node's value `ago` bars before the decision.
    fn value(&mut self, id: NodeId, ago: usize) -> Result<String, GpuError> {
        let node = self.graph().node(id).clone();
        let ago = if node.shape == Shape::Scalar { 0 } else { ago };
        if let Some(name) = self.known.get(&(id, ago)) {
            return Ok(name.clone());
        }
        self.back = self.back.max(ago);
        let few = self.combinations(&node).is_some_and(|n| n.saturating_mul(POINTS_A_COLUMN) <= self.grid || n == 1);
        let name = match self.operands(&node.op) {
            Some(operands) if !few && node.shape == Shape::Series => {
                let back = match &node.op {
                    Op::History(_, back) => self.constant(*back).expect("only constant offsets are computed"),
                    _ => 0,
                };
                let names = operands.iter().map(|o| self.value(*o, ago + back)).collect::<Result<Vec<_>, _>>()?;
                if matches!(node.op, Op::History(..)) {
                    names[0].clone()
                } else {
                    let name = format!("v{}_{ago}", id.0);
                    let text = self.expression(&node.op, &names);
                    writeln!(self.body, "        let {name} = {text};").expect("a string grows");
                    name
                }
            }
            _ => self.column(id, &node, ago)?,
        };
        self.known.insert((id, ago), name.clone());
        Ok(name)
    }

    /// The operands of an op that a kernel can compute exactly as the processor does; `None` for all others.
    fn operands(&self, op: &Op) -> Option<Vec<NodeId>> {
        match op {
            Op::History(x, back) if self.constant(*back).is_some() && self.graph().node(*x).shape == Shape::Series => {
                Some(vec![*x])
            }
            Op::Unary(Unary::Neg | Unary::Abs, _)
            | Op::Binary(Binary::Add | Binary::Sub | Binary::Mul | Binary::Div | Binary::Min | Binary::Max, ..)
            | Op::Compare(..)
            | Op::And(..)
            | Op::Or(..)
            | Op::Not(_)
            | Op::Select(..)
            | Op::IsNa(_) => Some(Graph::operands(op)),
            _ => None,
        }
    }

    fn constant(&self, id: NodeId) -> Option<usize> {
        match self.graph().node(id).op {
            Op::Number(x) if x >= 0.0 && x.fract() == 0.0 && x < 1e4 => Some(x as usize),
            _ => None,
        }
    }

    /// Declares the columns of a node, once, and reads the one of this point.
    fn column(&mut self, id: NodeId, node: &Node, ago: usize) -> Result<String, GpuError> {
        let scalar = node.shape == Shape::Scalar;
        let index = match self.columns.iter().position(|c| c.node == id) {
            Some(index) => index,
            None => {
                let count = self.combinations(node).filter(|n| *n <= COLUMNS_MAX).ok_or_else(|| {
                    GpuError::Unsuitable(format!(
                        "line {} depends on so many inputs at once that it has more than {COLUMNS_MAX} different courses",
                        node.line
                    ))
                })?;
                let sort = if scalar { 2 } else { usize::from(node.kind == Kind::Truth) };
                let first = self.counts[sort];
                self.counts[sort] += count;
                let inputs = self.inputs(node);
                let place = inputs.iter().fold(String::from("0u"), |at, i| {
                    format!("({at} * {}u + d{i})", self.program.inputs[*i].grid.len())
                });
                writeln!(self.before, "    let c{} = {first}u + {place};", id.0).expect("a string grows");
                self.columns.push(Columns { node: id, kind: node.kind, scalar, inputs, count, first });
                self.columns.len() - 1
            }
        };
        let column = format!("c{}", self.columns[index].node.0);
        let name = format!("v{}_{ago}", id.0);
        let text = match (scalar, node.kind) {
            (true, Kind::Number) => format!("scalars[{column}]"),
            (true, Kind::Truth) => format!("scalars[{column}] != {}", self.number(0.0)),
            (false, Kind::Number) => format!("numbers[(at - {ago}u) * NUMBERS + {column}]"),
            (false, Kind::Truth) => {
                format!("((truths[((at - {ago}u) >> 5u) * TRUTHS + {column}] >> ((at - {ago}u) & 31u)) & 1u) == 1u")
            }
        };
        let place = if scalar { &mut self.before } else { &mut self.body };
        writeln!(place, "        let {name} = {text};").expect("a string grows");
        Ok(name)
    }

    fn expression(&self, op: &Op, names: &[String]) -> String {
        let na = self.number(NA);
        let both = |text: String| format!("select({text}, {na}, {} >= {na} || {} >= {na})", names[0], names[1]);
        match op {
            Op::Unary(Unary::Neg, _) => format!("select(-{0}, {na}, {0} >= {na})", names[0]),
            Op::Unary(_, _) => format!("abs({})", names[0]),
            Op::Binary(Binary::Div, ..) => {
                let (x, y, zero) = (&names[0], &names[1], self.number(0.0));
                format!("select({x} / {y}, {na}, {x} >= {na} || {y} >= {na} || {y} == {zero})")
            }
            Op::Binary(f, ..) => both(match f {
                Binary::Add => format!("{} + {}", names[0], names[1]),
                Binary::Sub => format!("{} - {}", names[0], names[1]),
                Binary::Mul => format!("{} * {}", names[0], names[1]),
                Binary::Min => format!("min({}, {})", names[0], names[1]),
                _ => format!("max({}, {})", names[0], names[1]),
            }),
            Op::Compare(f, ..) => {
                let sign = match f {
                    Compare::Lt => "<",
                    Compare::Le => "<=",
                    Compare::Gt => ">",
                    Compare::Ge => ">=",
                    Compare::Eq => "==",
                    Compare::Ne => "!=",
                };
                format!("{0} {sign} {1} && {0} < {na} && {1} < {na}", names[0], names[1])
            }
            Op::And(..) => format!("{} && {}", names[0], names[1]),
            Op::Or(..) => format!("{} || {}", names[0], names[1]),
            Op::Not(_) => format!("!{}", names[0]),
            Op::Select(..) => format!("select({}, {}, {})", names[2], names[1], names[0]),
            Op::IsNa(_) => format!("{} >= {na}", names[0]),
            _ => unreachable!("`operands` lists what a kernel computes"),
        }
    }

    /// A literal.
    fn number(&self, x: f64) -> String {
        match self.precision {
            Precision::Single => format!("{:e}f", x as f32),
            Precision::Double => format!("{x:e}lf"),
        }
    }

    fn source(&self, entry: &str, exit: &str, lag: usize) -> String {
        let real = match self.precision {
            Precision::Single => "f32",
            Precision::Double => "f64",
        };
        let (zero, one) = (self.number(0.0), self.number(1.0));
        let [numbers, truths, _] = self.counts;
        let mut digits = String::new();
        let mut stride = 1u64;
        for (i, input) in self.program.inputs.iter().enumerate().rev() {
            let length = input.grid.len() as u64;
            if length > 1 {
                writeln!(digits, "    let d{i} = (point / {stride}u) % {length}u;").expect("a string grows");
            }
            stride *= length;
        }
        format!(
            "struct Tile {{ first_bar: u32, end_bar: u32, first_point: u32, points: u32, begins: u32 }}
@group(0) @binding(0) var<uniform> tile: Tile;
@group(0) @binding(1) var<storage, read> numbers: array<{real}>;
@group(0) @binding(2) var<storage, read> truths: array<u32>;
@group(0) @binding(3) var<storage, read> scalars: array<{real}>;
@group(0) @binding(4) var<storage, read> growth: array<{real}>;
@group(0) @binding(5) var<storage, read_write> sums: array<{real}>;
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;
const NUMBERS = {numbers}u;
const TRUTHS = {truths}u;

@compute @workgroup_size({WORKGROUP})
fn trade(@builtin(global_invocation_id) id: vec3<u32>) {{
    let i = id.x;
    let n = tile.points;
    if (i >= n) {{ return; }}
    let point = tile.first_point + i;
{digits}{before}    // Carried from tile to tile: equity and the two sums in two parts, so that f32 loses nothing that f64 would keep.
    var equity = {one}; var equity_rest = {zero}; var below = {one}; var deepest = {one};
    var sum = {zero}; var sum_rest = {zero}; var square = {zero}; var square_rest = {zero};
    var held = false; var entries = 0u; var exits = 0u;
    if (tile.begins == 0u) {{
        equity = sums[i]; equity_rest = sums[n + i]; below = sums[2u * n + i]; deepest = sums[3u * n + i];
        sum = sums[4u * n + i]; sum_rest = sums[5u * n + i]; square = sums[6u * n + i]; square_rest = sums[7u * n + i];
        held = counts[i] == 1u; entries = counts[n + i]; exits = counts[2u * n + i];
    }}
    var grown = {one}; var tile_sum = {zero}; var tile_square = {zero};
    for (var t = tile.first_bar; t < tile.end_bar; t++) {{
        let at = t - {lag}u;
{body}        let buy = !held && {entry};
        let sell = held && {exit};
        var g = select({one}, growth[t * 3u], held);
        g = select(g, growth[t * 3u + 1u], buy);
        g = select(g, growth[t * 3u + 2u], sell);
        held = (held || buy) && !sell;
        entries += u32(buy);
        exits += u32(sell);
        let r = g - {one};
        tile_sum += r;
        tile_square += r * r;
        grown *= g;
        below = min(below * g, {one});
        deepest = min(deepest, below);
    }}
    let whole = equity * grown;
    equity_rest = equity_rest * grown + fma(equity, grown, -whole);
    equity = whole;
    let s = sum + tile_sum;
    sum_rest += select((tile_sum - s) + sum, (sum - s) + tile_sum, abs(sum) >= abs(tile_sum));
    let q = square + tile_square;
    square_rest += select((tile_square - q) + square, (square - q) + tile_square, abs(square) >= abs(tile_square));
    sums[i] = equity; sums[n + i] = equity_rest; sums[2u * n + i] = below; sums[3u * n + i] = deepest;
    sums[4u * n + i] = s; sums[5u * n + i] = sum_rest; sums[6u * n + i] = q; sums[7u * n + i] = square_rest;
    counts[i] = u32(held); counts[n + i] = entries; counts[2u * n + i] = exits;
}}
",
            before = self.before,
            body = self.body,
        )
    }
}
