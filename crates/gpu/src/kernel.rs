//! The strategy's expression graph as a compute kernel in WGSL.
//!
//! What few inputs decide is a *column*, made by the processor in f64 and read by all points that share it: every indicator, and
//! every expression with far fewer combinations than the grid has points. What is left, at the top of the graph, is emitted as
//! straight-line code that one invocation runs for one grid point, bar by bar. Truth columns are 32 bars to a word.
//!
//! A screen must know what it does not know. Comparisons of columns are exact whatever the device computes in: where it has no
//! f64 they compare the bits of the f64 numbers (`tables::key`). Numbers that the kernel computes carry a bound of their error, and
//! a comparison that the error could turn marks its point as unsure. The books that the Sharpe ratio comes from are kept in
//! whole numbers (`books`), which no device rounds. WGSL has no dependable NaN: `na` is a number larger than any price, and
//! code that may meet it asks.

use std::collections::{BTreeMap, BTreeSet};
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

/// Numbers of this size and more are not told from `na`, so columns that hold one are refused and points that compute one are
/// unsure.
pub(crate) const LARGE: f64 = 1e29;

/// Numbers nearer to 0, but not 0, lose digits in f32; columns that hold one are refused there.
pub(crate) const SMALL: f64 = 1e-30;

/// Where a column lies. A node may have several: its numbers, and their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sort {
    /// Numbers that change from bar to bar.
    Number,
    /// The same numbers as two words that order as they do.
    Key,
    /// Truths that change from bar to bar.
    Truth,
    /// Numbers and truths (0 or 1) that do not change.
    Scalar,
}

/// Columns of one node: one for each combination of the inputs that it depends on, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Whose values.
    pub node: NodeId,
    /// Where they lie.
    pub sort: Sort,
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
    /// Columns by [`Sort`].
    pub(crate) counts: [u64; 4],
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
            read: BTreeSet::new(),
            counts: [0; 4],
            back: 0,
        };
        let entry = emit.value(program.entry, 0)?;
        let exit = emit.value(program.exit, 0)?;
        let (entry, exit) = (emit.truth(&entry)?, emit.truth(&exit)?);
        let source = emit.source(&entry, &exit, lag);
        Ok(Kernel { source, columns: emit.columns, counts: emit.counts, back: emit.back })
    }

    /// How many columns of a sort it reads.
    pub(crate) fn count(&self, sort: Sort) -> u64 {
        self.counts[sort as usize]
    }
}

/// A node's value some bars before the decision.
#[derive(Clone, Debug)]
enum Value {
    /// Numbers of a column, read in the form that is asked for.
    Column(NodeId, usize),
    /// A variable, with the variable that bounds its error; without one it is exact.
    Computed(String, Option<String>),
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
    /// A node's value, by how many bars ago.
    known: BTreeMap<(NodeId, usize), Value>,
    /// Variables that are there already.
    read: BTreeSet<String>,
    /// Columns so far, by sort.
    counts: [u64; 4],
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

    /// A node's value `ago` bars before the decision.
    fn value(&mut self, id: NodeId, ago: usize) -> Result<Value, GpuError> {
        let node = self.graph().node(id).clone();
        let ago = if node.shape == Shape::Scalar { 0 } else { ago };
        if let Some(value) = self.known.get(&(id, ago)) {
            return Ok(value.clone());
        }
        self.back = self.back.max(ago);
        let few = self.combinations(&node).is_some_and(|n| n.saturating_mul(POINTS_A_COLUMN) <= self.grid || n == 1);
        let value = match self.operands(&node.op) {
            Some(operands) if !few && node.shape == Shape::Series => {
                let back = match &node.op {
                    Op::History(_, back) => self.constant(*back).expect("only constant offsets are computed"),
                    _ => 0,
                };
                let values = operands.iter().map(|o| self.value(*o, ago + back)).collect::<Result<Vec<_>, _>>()?;
                if matches!(node.op, Op::History(..)) {
                    values[0].clone()
                } else {
                    self.computed(&node, &format!("{}_{ago}", id.0), &values)?
                }
            }
            _ if node.kind == Kind::Truth => {
                let name = format!("v{}_{ago}", id.0);
                if node.shape == Shape::Scalar {
                    let text = format!("{} != {}", self.scalar(id)?, self.number(0.0));
                    self.declare(true, &name, &text);
                } else {
                    let column = self.column(id, Sort::Truth)?;
                    let text = format!(
                        "((truths[((at - {ago}u) >> 5u) * TRUTHS + {column}] >> ((at - {ago}u) & 31u)) & 1u) == 1u"
                    );
                    self.declare(false, &name, &text);
                }
                Value::Computed(name, None)
            }
            _ => Value::Column(id, ago),
        };
        self.known.insert((id, ago), value.clone());
        Ok(value)
    }

    /// The operands of an op that a kernel can compute; `None` for all others.
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

    /// Declares a variable, once: before the bars, or on each.
    fn declare(&mut self, once: bool, name: &str, text: &str) {
        if self.read.insert(name.to_owned()) {
            let (place, indent) = if once { (&mut self.before, "    ") } else { (&mut self.body, "        ") };
            writeln!(place, "{indent}let {name} = {text};").expect("a string grows");
        }
    }

    /// A line on each bar.
    fn line(&mut self, text: &str) {
        writeln!(self.body, "        {text}").expect("a string grows");
    }

    /// Makes columns of a node, once, and gives the name of the place of this point's.
    fn column(&mut self, id: NodeId, sort: Sort) -> Result<String, GpuError> {
        let name = format!("{}{}", ["c", "k", "c", "c"][sort as usize], id.0);
        if self.columns.iter().any(|c| c.node == id && c.sort == sort) {
            return Ok(name);
        }
        let node = self.graph().node(id).clone();
        let count = self.combinations(&node).filter(|n| *n <= COLUMNS_MAX).ok_or_else(|| {
            GpuError::Unsuitable(format!(
                "line {} depends on so many inputs at once that it has more than {COLUMNS_MAX} different courses",
                node.line
            ))
        })?;
        let first = self.counts[sort as usize];
        self.counts[sort as usize] += count;
        let inputs = self.inputs(&node);
        let place = inputs
            .iter()
            .fold(String::from("0u"), |at, i| format!("({at} * {}u + d{i})", self.program.inputs[*i].grid.len()));
        self.declare(true, &name, &format!("{first}u + {place}"));
        self.columns.push(Columns { node: id, sort, inputs, count, first });
        Ok(name)
    }

    /// The number of a scalar node.
    fn scalar(&mut self, id: NodeId) -> Result<String, GpuError> {
        let (column, name) = (self.column(id, Sort::Scalar)?, format!("s{}", id.0));
        let text = match self.precision {
            // With its key behind it.
            Precision::Single => format!("bitcast<f32>(scalars[{column} * 3u])"),
            Precision::Double => format!("scalars[{column}]"),
        };
        self.declare(true, &name, &text);
        Ok(name)
    }

    fn truth(&self, value: &Value) -> Result<String, GpuError> {
        match value {
            Value::Computed(name, _) => Ok(name.clone()),
            Value::Column(..) => Err(GpuError::Unsuitable("a number stands where a truth should".into())),
        }
    }

    /// A value as a number of the device, with the bound of its error.
    fn float(&mut self, value: &Value) -> Result<(String, Option<String>), GpuError> {
        let (id, ago) = match value {
            Value::Computed(name, error) => return Ok((name.clone(), error.clone())),
            Value::Column(id, ago) => (*id, *ago),
        };
        let scalar = self.graph().node(id).shape == Shape::Scalar;
        let name = if scalar {
            self.scalar(id)?
        } else {
            let (column, name) = (self.column(id, Sort::Number)?, format!("v{}_{ago}", id.0));
            self.declare(false, &name, &format!("numbers[(at - {ago}u) * NUMBERS + {column}]"));
            name
        };
        let error = match self.precision {
            Precision::Double => None,
            // Half a unit in the last place.
            Precision::Single => {
                let error = format!("e{name}");
                self.declare(scalar, &error, &format!("abs({name}) * 6e-8f"));
                Some(error)
            }
        };
        Ok((name, error))
    }

    /// A column's number as two words that order as f64 does.
    fn key(&mut self, id: NodeId, ago: usize) -> Result<[String; 2], GpuError> {
        let names = ["h", "l"].map(|word| format!("{word}{}_{ago}", id.0));
        let scalar = self.graph().node(id).shape == Shape::Scalar;
        let column = self.column(id, if scalar { Sort::Scalar } else { Sort::Key })?;
        for (word, name) in names.iter().enumerate() {
            let text = if scalar {
                format!("scalars[{column} * 3u + {}u]", word + 1)
            } else {
                format!("keys[((at - {ago}u) * KEYS + {column}) * 2u + {word}u]")
            };
            self.declare(scalar, name, &text);
        }
        Ok(names)
    }

    /// Emits what a node computes from `values`.
    fn computed(&mut self, node: &Node, place: &str, values: &[Value]) -> Result<Value, GpuError> {
        let name = format!("v{place}");
        let text = match &node.op {
            Op::Compare(compare, ..) => self.compared(*compare, &values[0], &values[1])?,
            Op::And(..) => format!("{} && {}", self.truth(&values[0])?, self.truth(&values[1])?),
            Op::Or(..) => format!("{} || {}", self.truth(&values[0])?, self.truth(&values[1])?),
            Op::Not(_) => format!("!{}", self.truth(&values[0])?),
            Op::IsNa(_) => match (&values[0], self.precision) {
                (Value::Column(id, ago), Precision::Single) => format!("{} == MISSING", self.key(*id, *ago)?[0]),
                (value, _) => format!("{} >= {}", self.float(value)?.0, self.number(NA)),
            },
            Op::Select(..) if node.kind == Kind::Truth => {
                let [test, yes, no] = [0, 1, 2].map(|i| self.truth(&values[i]));
                format!("select({}, {}, {})", no?, yes?, test?)
            }
            _ => return self.arithmetic(&node.op, place, values),
        };
        self.declare(false, &name, &text);
        Ok(Value::Computed(name, None))
    }

    fn compared(&mut self, compare: Compare, x: &Value, y: &Value) -> Result<String, GpuError> {
        if let (Precision::Single, Value::Column(x, x_ago), Value::Column(y, y_ago)) = (self.precision, x, y) {
            let ([hx, lx], [hy, ly]) = (self.key(*x, *x_ago)?, self.key(*y, *y_ago)?);
            let less = format!("({hx} < {hy} || ({hx} == {hy} && {lx} < {ly}))");
            let equal = format!("({hx} == {hy} && {lx} == {ly})");
            let holds = match compare {
                Compare::Lt => less,
                Compare::Le => format!("({less} || {equal})"),
                Compare::Gt => format!("!({less} || {equal})"),
                Compare::Ge => format!("!{less}"),
                Compare::Eq => equal,
                Compare::Ne => format!("!{equal}"),
            };
            return Ok(format!("{holds} && {hx} != MISSING && {hy} != MISSING"));
        }
        let ((x, ex), (y, ey)) = (self.float(x)?, self.float(y)?);
        let (na, zero) = (self.number(NA), self.number(0.0));
        if let Some(error) = self.sum_of(&[ex, ey]) {
            self.line(&format!(
                "unsure = unsure || ({error} > {zero} && {x} < {na} && {y} < {na} && abs({x} - {y}) <= {error});"
            ));
        }
        let sign = match compare {
            Compare::Lt => "<",
            Compare::Le => "<=",
            Compare::Gt => ">",
            Compare::Ge => ">=",
            Compare::Eq => "==",
            Compare::Ne => "!=",
        };
        Ok(format!("{x} {sign} {y} && {x} < {na} && {y} < {na}"))
    }

    /// The sum of error bounds, a little more for the rounding of the bounds themselves.
    fn sum_of(&self, errors: &[Option<String>]) -> Option<String> {
        let known: Vec<&str> = errors.iter().flatten().map(String::as_str).collect();
        (!known.is_empty()).then(|| format!("({}) * {}", known.join(" + "), self.number(1.000_01)))
    }

    /// Numbers from numbers, each with its error.
    fn arithmetic(&mut self, op: &Op, place: &str, values: &[Value]) -> Result<Value, GpuError> {
        let (name, error) = (format!("v{place}"), format!("ev{place}"));
        let (na, zero) = (self.number(NA), self.number(0.0));
        // Of one operation, and of a division, which WGSL rounds less well.
        let (unit, division) = match self.precision {
            Precision::Single => (self.number(1.2e-7), self.number(4e-7)),
            Precision::Double => (self.number(2.3e-16), self.number(1e-15)),
        };
        let widest = |x: &Option<String>, y: &Option<String>| match (x, y) {
            (None, None) => None,
            (Some(x), None) | (None, Some(x)) => Some(x.clone()),
            (Some(x), Some(y)) => Some(format!("max({x}, {y})")),
        };
        let exact = |e: &Option<String>| e.clone().unwrap_or_else(|| zero.clone());
        let (text, error_text) = match op {
            Op::Select(..) => {
                let test = self.truth(&values[0])?;
                let ((x, ex), (y, ey)) = (self.float(&values[1])?, self.float(&values[2])?);
                let error =
                    (ex.is_some() || ey.is_some()).then(|| format!("select({}, {}, {test})", exact(&ey), exact(&ex)));
                (format!("select({y}, {x}, {test})"), error)
            }
            Op::Unary(Unary::Neg, _) => {
                let (x, ex) = self.float(&values[0])?;
                (format!("select(-{x}, {na}, {x} >= {na})"), ex)
            }
            Op::Unary(..) => {
                let (x, ex) = self.float(&values[0])?;
                (format!("abs({x})"), ex)
            }
            Op::Binary(f, ..) => {
                let ((x, ex), (y, ey)) = (self.float(&values[0])?, self.float(&values[1])?);
                let missing = format!("{x} >= {na} || {y} >= {na}");
                if let Binary::Min | Binary::Max = f {
                    let which = if *f == Binary::Min { "min" } else { "max" };
                    (format!("select({which}({x}, {y}), {na}, {missing})"), widest(&ex, &ey))
                } else {
                    let raw = format!("r{place}");
                    let sign = match f {
                        Binary::Add => "+",
                        Binary::Sub => "-",
                        Binary::Mul => "*",
                        _ => "/",
                    };
                    let missing = if *f == Binary::Div { format!("{missing} || {y} == {zero}") } else { missing };
                    self.declare(false, &raw, &format!("{x} {sign} {y}"));
                    let large = self.number(LARGE);
                    self.line(&format!("unsure = unsure || !({missing} || abs({raw}) < {large});"));
                    // What underflows loses its digits.
                    let tiny = self.number(if self.precision == Precision::Single { 1e-37 } else { 1e-300 });
                    let parts = match f {
                        Binary::Add | Binary::Sub => {
                            let inherited = self.sum_of(&[ex, ey]).unwrap_or_else(|| zero.clone());
                            format!("{inherited} + abs({raw}) * {unit}")
                        }
                        Binary::Mul => {
                            let (ex, ey) = (exact(&ex), exact(&ey));
                            let inherited = self
                                .sum_of(&[Some(format!("abs({x}) * {ey} + abs({y}) * {ex} + {ex} * {ey}"))])
                                .expect("one is given");
                            format!("{inherited} + abs({raw}) * {unit} + {tiny}")
                        }
                        _ => {
                            let (ex, ey) = (exact(&ex), exact(&ey));
                            // A divisor that may be 0 says nothing.
                            self.line(&format!(
                                "unsure = unsure || ({ey} > {zero} && {y} < {na} && abs({y}) <= {ey} * {});",
                                self.number(2.0)
                            ));
                            let inherited = self
                                .sum_of(&[Some(format!("({ex} + abs({raw}) * {ey}) / (abs({y}) - {ey})"))])
                                .expect("one is given");
                            format!("{inherited} + abs({raw}) * {division} + {tiny}")
                        }
                    };
                    (format!("select({raw}, {na}, {missing})"), Some(parts))
                }
            }
            _ => unreachable!("`operands` lists what a kernel computes"),
        };
        self.declare(false, &name, &text);
        let error = error_text.map(|text| {
            self.declare(false, &error, &text);
            error
        });
        Ok(Value::Computed(name, error))
    }

    /// A literal.
    fn number(&self, x: f64) -> String {
        match self.precision {
            Precision::Single => format!("{:e}f", x as f32),
            Precision::Double => format!("{x:e}lf"),
        }
    }

    fn source(&self, entry: &str, exit: &str, lag: usize) -> String {
        let (real, scalar) = match self.precision {
            Precision::Single => ("f32", "u32"),
            Precision::Double => ("f64", "f64"),
        };
        let (zero, one) = (self.number(0.0), self.number(1.0));
        let [numbers, keys, truths, _] = self.counts;
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
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> truths: array<u32>;
@group(0) @binding(4) var<storage, read> scalars: array<{scalar}>;
@group(0) @binding(5) var<storage, read> growth: array<{real}>;
@group(0) @binding(6) var<storage, read> gains: array<u32>;
@group(0) @binding(7) var<storage, read_write> sums: array<{real}>;
@group(0) @binding(8) var<storage, read_write> counts: array<u32>;
const NUMBERS = {numbers}u;
const KEYS = {keys}u;
const TRUTHS = {truths}u;
const MISSING = 0xffffffffu;

@compute @workgroup_size({WORKGROUP})
fn trade(@builtin(global_invocation_id) id: vec3<u32>) {{
    let i = id.x;
    let n = tile.points;
    if (i >= n) {{ return; }}
    let point = tile.first_point + i;
{digits}{before}    // Carried from tile to tile: equity in two parts, so that f32 loses nothing that f64 would keep.
    var equity = {one}; var equity_rest = {zero}; var below = {one}; var deepest = {one};
    var held = false; var unsure = false; var entries = 0u; var exits = 0u;
    // Sums of returns and of their squares in whole numbers of 64 bits.
    var sum_low = 0u; var sum_high = 0u; var square_low = 0u; var square_high = 0u;
    if (tile.begins == 0u) {{
        equity = sums[i]; equity_rest = sums[n + i]; below = sums[2u * n + i]; deepest = sums[3u * n + i];
        held = counts[i] == 1u; unsure = counts[n + i] == 1u; entries = counts[2u * n + i]; exits = counts[3u * n + i];
        sum_low = counts[4u * n + i]; sum_high = counts[5u * n + i];
        square_low = counts[6u * n + i]; square_high = counts[7u * n + i];
    }}
    var grown = {one};
    for (var t = tile.first_bar; t < tile.end_bar; t++) {{
        let at = t - {lag}u;
{body}        let buy = !held && {entry};
        let sell = held && {exit};
        // Held, bought, sold, or out.
        let event = t * 4u + select(select(select(3u, 0u, held), 1u, buy), 2u, sell);
        held = (held || buy) && !sell;
        entries += u32(buy);
        exits += u32(sell);
        let g = growth[event];
        grown *= g;
        below = min(below * g, {one});
        deepest = min(deepest, below);
        let gain = gains[event * 2u];
        sum_low += gain;
        sum_high += select(0u, MISSING, gain >= 0x80000000u) + u32(sum_low < gain);
        let square = gains[event * 2u + 1u];
        square_low += square;
        square_high += u32(square_low < square);
    }}
    let whole = equity * grown;
    equity_rest = equity_rest * grown + fma(equity, grown, -whole);
    equity = whole;
    sums[i] = equity; sums[n + i] = equity_rest; sums[2u * n + i] = below; sums[3u * n + i] = deepest;
    counts[i] = u32(held); counts[n + i] = u32(unsure); counts[2u * n + i] = entries; counts[3u * n + i] = exits;
    counts[4u * n + i] = sum_low; counts[5u * n + i] = sum_high;
    counts[6u * n + i] = square_low; counts[7u * n + i] = square_high;
}}
",
            before = self.before,
            body = self.body,
        )
    }
}
