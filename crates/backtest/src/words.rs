//! Entry and exit as a short program on bit words, run for [`LANES`] grid points and one stretch of bars at a time.
//!
//! What many points share (indicators, prices, comparisons with few combinations) stands ready in columns; the program
//! reads it and does what only one point needs: comparisons and logic, 64 bars to a word. Stretches follow one another, so
//! what reaches back (`x[1]`, "ever since") carries a word to the next. Number series that few points share are made for each
//! group of points. A strategy that reaches further back with a truth than a word has no such program, and is evaluated a
//! point at a time.

use std::collections::BTreeMap;

use assay_pine::Program;
use assay_pine::graph::{Compare, Graph, Kind, NodeId, Op, Shape};

use crate::compute::compare::{self, Operand};
use crate::compute::isa::Words;
use crate::compute::{LANES, LaneWords};
use crate::grid::{Grid, Scalars};
use crate::shared::{OwnColumns, Shared};

/// One step.
#[derive(Clone, Debug)]
enum Step {
    /// A truth that stands in a shared column.
    Read {
        node: usize,
        out: usize,
    },
    /// A truth that is the same on every bar.
    Constant {
        node: usize,
        out: usize,
    },
    /// A comparison of two operands, until it is joined with the others of them.
    Compare {
        compare: Compare,
        a: Side,
        b: Side,
        out: usize,
    },
    /// Less, greater and equal of two operands, those that are needed, in one pass over them.
    Relate {
        a: Side,
        b: Side,
        need: [bool; 3],
        out: [usize; 3],
    },
    And {
        a: usize,
        b: usize,
        out: usize,
    },
    Or {
        a: usize,
        b: usize,
        out: usize,
    },
    Not {
        a: usize,
        out: usize,
    },
    Choose {
        which: usize,
        yes: usize,
        no: usize,
        out: usize,
    },
    /// A truth some bars ago, at most 64.
    Back {
        a: usize,
        bars: usize,
        carry: usize,
        out: usize,
    },
    /// Whether a truth has held on any bar so far.
    Ever {
        a: usize,
        carry: usize,
        out: usize,
    },
}

/// Operand of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    /// A shared number column.
    Column(usize),
    /// A tabled scalar.
    Scalar(usize),
    /// A number column of the group's own.
    Own(usize),
}

/// The program.
#[derive(Clone, Debug)]
pub(crate) struct WordProgram {
    steps: Vec<Step>,
    /// Buffers of words that a run needs.
    pub slots: usize,
    /// Words that each lane carries from stretch to stretch.
    pub carries: usize,
    /// Slot of the entry, and of the exit.
    pub entry: usize,
    pub exit: usize,
    /// Shared series that are read.
    pub reads: Vec<usize>,
    /// Series that are not shared but too much for words, and all they are made from that is not shared either, in order.
    pub own: Vec<usize>,
    /// Shared series that `own` is made from.
    pub beneath: Vec<usize>,
}

struct Builder<'a> {
    program: &'a Program,
    grid: &'a Grid,
    scalars: &'a Scalars,
    /// By node: whether it stands, or will stand, in shared columns.
    shareable: &'a [bool],
    slot_of: BTreeMap<usize, usize>,
    made: WordProgram,
}

impl WordProgram {
    /// The program of `program`, or `None` when it needs more than words. `shareable` says which series are shared.
    pub fn new(program: &Program, grid: &Grid, scalars: &Scalars, shareable: &[bool]) -> Option<WordProgram> {
        let made = WordProgram {
            steps: vec![],
            slots: 0,
            carries: 0,
            entry: 0,
            exit: 0,
            reads: vec![],
            own: vec![],
            beneath: vec![],
        };
        let mut builder = Builder { program, grid, scalars, shareable, slot_of: BTreeMap::new(), made };
        builder.made.entry = builder.truth(program.entry)?;
        builder.made.exit = builder.truth(program.exit)?;
        let mut made = builder.made;
        join_comparisons(&mut made);
        gather_own(program, shareable, &mut made);
        made.reads.sort_unstable();
        made.reads.dedup();
        Some(made)
    }
}

impl Builder<'_> {
    fn slot(&mut self) -> usize {
        self.made.slots += 1;
        self.made.slots - 1
    }

    fn carry(&mut self) -> usize {
        self.made.carries += 1;
        self.made.carries - 1
    }

    fn truth(&mut self, id: NodeId) -> Option<usize> {
        let i = id.0 as usize;
        if let Some(slot) = self.slot_of.get(&i) {
            return Some(*slot);
        }
        let node = &self.program.graph.nodes[i];
        let out = if node.shape == Shape::Scalar {
            self.tabled(i)?;
            let out = self.slot();
            self.made.steps.push(Step::Constant { node: i, out });
            out
        } else if self.shareable[i] {
            let out = self.slot();
            self.made.reads.push(i);
            self.made.steps.push(Step::Read { node: i, out });
            out
        } else {
            self.step(node.op.clone())?
        };
        self.slot_of.insert(i, out);
        Some(out)
    }

    fn step(&mut self, op: Op) -> Option<usize> {
        match op {
            Op::Compare(compare, a, b) => {
                // `a[1] <= b[1]`, as in every crossing, is `a <= b` one bar ago.
                if let (Op::History(x, bars), Op::History(y, other)) =
                    (&self.program.graph.node(a).op, &self.program.graph.node(b).op)
                    && bars == other
                {
                    let (x, y, bars) = (*x, *y, *bars);
                    let now = self.comparison(compare, x, y)?;
                    return self.back(now, bars);
                }
                self.comparison(compare, a, b)
            }
            Op::IsNa(a) => {
                // "Has it ever been so": bars since are `na` before the first time.
                if let Op::BarsSince(condition) = self.program.graph.node(a).op
                    && !self.shareable[a.0 as usize]
                {
                    let a = self.truth(condition)?;
                    let (carry, ever, out) = (self.carry(), self.slot(), self.slot());
                    self.made.steps.push(Step::Ever { a, carry, out: ever });
                    self.made.steps.push(Step::Not { a: ever, out });
                    return Some(out);
                }
                // A number is equal to itself, `na` is not.
                let same = self.comparison(Compare::Eq, a, a)?;
                let out = self.slot();
                self.made.steps.push(Step::Not { a: same, out });
                Some(out)
            }
            Op::And(a, b) => {
                let (a, b) = (self.truth(a)?, self.truth(b)?);
                let out = self.slot();
                self.made.steps.push(Step::And { a, b, out });
                Some(out)
            }
            Op::Or(a, b) => {
                let (a, b) = (self.truth(a)?, self.truth(b)?);
                let out = self.slot();
                self.made.steps.push(Step::Or { a, b, out });
                Some(out)
            }
            Op::Not(a) => {
                let a = self.truth(a)?;
                let out = self.slot();
                self.made.steps.push(Step::Not { a, out });
                Some(out)
            }
            Op::Select(which, yes, no) if self.program.graph.node(yes).kind == Kind::Truth => {
                let (which, yes, no) = (self.truth(which)?, self.truth(yes)?, self.truth(no)?);
                let out = self.slot();
                self.made.steps.push(Step::Choose { which, yes, no, out });
                Some(out)
            }
            Op::History(a, bars) if self.program.graph.node(a).kind == Kind::Truth => {
                let a = self.truth(a)?;
                self.back(a, bars)
            }
            _ => None,
        }
    }

    fn comparison(&mut self, compare: Compare, a: NodeId, b: NodeId) -> Option<usize> {
        let (a, b) = (self.side(a)?, self.side(b)?);
        let out = self.slot();
        self.made.steps.push(Step::Compare { compare, a, b, out });
        Some(out)
    }

    fn back(&mut self, a: usize, bars: NodeId) -> Option<usize> {
        let bars = bars.0 as usize;
        if !self.tabled(bars)?.iter().all(|back| (0.0..65.0).contains(back)) {
            return None;
        }
        let (carry, out) = (self.carry(), self.slot());
        self.made.steps.push(Step::Back { a, bars, carry, out });
        Some(out)
    }

    fn side(&mut self, id: NodeId) -> Option<Side> {
        let i = id.0 as usize;
        match self.program.graph.nodes[i].shape {
            Shape::Scalar => self.tabled(i).map(|_| Side::Scalar(i)),
            Shape::Series if self.shareable[i] => {
                self.made.reads.push(i);
                Some(Side::Column(i))
            }
            Shape::Series => {
                self.made.own.push(i);
                Some(Side::Own(i))
            }
        }
    }

    fn tabled(&self, node: usize) -> Option<&[f64]> {
        let table = self.scalars.table(node);
        (table.len() as u64 == self.grid.combinations(node)).then_some(table)
    }
}

/// All comparisons of two operands, whichever way round they are written, become one pass over them.
fn join_comparisons(program: &mut WordProgram) {
    let mut pairs: BTreeMap<(Side, Side), Vec<(Compare, usize)>> = BTreeMap::new();
    for step in &program.steps {
        if let Step::Compare { compare, a, b, out } = step {
            let (pair, compare) = if a <= b { ((*a, *b), *compare) } else { ((*b, *a), mirrored(*compare)) };
            pairs.entry(pair).or_default().push((compare, *out));
        }
    }
    program.steps.retain(|step| !matches!(step, Step::Compare { .. }));
    let mut first = vec![];
    for ((a, b), outs) in pairs {
        let mut need = [false; 3];
        let mut base: [Option<usize>; 3] = [None; 3];
        for (compare, out) in &outs {
            let wanted = compare::needs(&[*compare]);
            for (need, wanted) in need.iter_mut().zip(wanted) {
                *need |= wanted;
            }
            // A relation that is asked for by itself stands where it is read.
            if let Some(place) = [Compare::Lt, Compare::Gt, Compare::Eq].iter().position(|plain| plain == compare) {
                base[place].get_or_insert(*out);
            }
        }
        let out = base.map(|slot| {
            slot.unwrap_or_else(|| {
                program.slots += 1;
                program.slots - 1
            })
        });
        let [less, greater, equal] = out;
        first.push(Step::Relate { a, b, need, out });
        for (compare, out) in outs.into_iter().filter(|(_, out)| ![less, greater, equal].contains(out)) {
            let (a, b) = match compare {
                Compare::Lt => (less, less),
                Compare::Gt => (greater, greater),
                Compare::Eq => (equal, equal),
                Compare::Le => (less, equal),
                Compare::Ge => (greater, equal),
                Compare::Ne => (less, greater),
            };
            first.push(Step::Or { a, b, out });
        }
    }
    first.append(&mut program.steps);
    program.steps = first;
}

/// Completes `own` downwards, as far as nothing is shared.
fn gather_own(program: &Program, shareable: &[bool], made: &mut WordProgram) {
    let nodes = &program.graph.nodes;
    let mut wanted = vec![false; nodes.len()];
    made.own.iter().for_each(|i| wanted[*i] = true);
    for i in (0..nodes.len()).rev().filter(|i| nodes[*i].shape == Shape::Series) {
        if wanted[i] && !shareable[i] {
            Graph::operands(&nodes[i].op).iter().for_each(|id| wanted[id.0 as usize] = true);
        }
    }
    let series = |i: &usize| wanted[*i] && nodes[*i].shape == Shape::Series;
    (made.beneath, made.own) = (0..nodes.len()).filter(series).partition(|i| shareable[*i]);
}

fn mirrored(compare: Compare) -> Compare {
    match compare {
        Compare::Lt => Compare::Gt,
        Compare::Le => Compare::Ge,
        Compare::Gt => Compare::Lt,
        Compare::Ge => Compare::Le,
        Compare::Eq | Compare::Ne => compare,
    }
}

/// What a run reads of its surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    pub grid: &'a Grid,
    pub scalars: &'a Scalars,
    pub shared: &'a Shared,
    pub own: &'a OwnColumns,
    /// By lane and key: the combination that its point selects; as many entries a lane as there are keys.
    pub at: &'a [usize],
    /// Lanes in use.
    pub lanes: usize,
}

impl Surroundings<'_> {
    #[inline(always)]
    fn combination(&self, lane: usize, node: usize) -> usize {
        self.at[lane * self.grid.keys.len() + self.grid.key_of[node]]
    }

    #[inline(always)]
    fn number(&self, lane: usize, node: usize) -> f64 {
        self.scalars.table(node)[self.combination(lane, node)]
    }

    #[inline(always)]
    fn operand(&self, lane: usize, side: Side, bars: &std::ops::Range<usize>) -> Operand<'_> {
        match side {
            Side::Scalar(node) => Operand::Number(self.number(lane, node)),
            Side::Column(node) => {
                Operand::Column(&self.shared.numbers(node, self.combination(lane, node))[bars.clone()])
            }
            Side::Own(node) => Operand::Column(&self.own.numbers(node, self.combination(lane, node))[bars.clone()]),
        }
    }
}

impl WordProgram {
    /// Fills the slots for the bars `bars`, which begin at a multiple of 64. `carries` are those of the stretch before.
    /// Lanes past those in use keep what they hold.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "several buffers are walked by one index")]
    pub fn run<S: Words>(
        &self,
        simd: S,
        around: Surroundings<'_>,
        bars: &std::ops::Range<usize>,
        slots: &mut [Vec<LaneWords>],
        carries: &mut [LaneWords],
    ) {
        let words = bars.len().div_ceil(64);
        let (lanes, first_word) = (around.lanes, bars.start / 64);
        for step in &self.steps {
            match step {
                Step::Read { node, out } => {
                    let out = &mut slots[*out][..words];
                    for lane in 0..lanes {
                        let x = around.shared.truths(*node, around.combination(lane, *node));
                        for (out, x) in out.iter_mut().zip(&x[first_word..]) {
                            out[lane] = *x;
                        }
                    }
                }
                Step::Constant { node, out } => {
                    for lane in 0..lanes {
                        let all = if around.number(lane, *node) != 0.0 { !0 } else { 0 };
                        slots[*out][..words].iter_mut().for_each(|word| word[lane] = all);
                    }
                }
                Step::Compare { .. } => unreachable!("joined when the program was made"),
                Step::Relate { a, b, need, out } => {
                    let [less, greater, equal] = slots.get_disjoint_mut(*out).expect("three slots of its own");
                    for lane in 0..lanes {
                        let (a, b) = (around.operand(lane, *a, bars), around.operand(lane, *b, bars));
                        compare::relate(simd, a, b, bars.len(), *need, |word, found| {
                            if need[0] {
                                less[word][lane] = found.less;
                            }
                            if need[1] {
                                greater[word][lane] = found.greater;
                            }
                            if need[2] {
                                equal[word][lane] = found.equal;
                            }
                        });
                    }
                }
                Step::And { a, b, out } => two(slots, words, *a, *b, *out, |a, b| a & b),
                Step::Or { a, b, out } => two(slots, words, *a, *b, *out, |a, b| a | b),
                Step::Not { a, out } => two(slots, words, *a, *a, *out, |a, _| !a),
                Step::Choose { which, yes, no, out } => {
                    let (before, from) = slots.split_at_mut(*out);
                    let (which, yes, no) = (&before[*which][..words], &before[*yes][..words], &before[*no][..words]);
                    for (((out, which), yes), no) in from[0][..words].iter_mut().zip(which).zip(yes).zip(no) {
                        for lane in 0..LANES {
                            out[lane] = (which[lane] & yes[lane]) | (!which[lane] & no[lane]);
                        }
                    }
                }
                Step::Back { a, bars, carry, out } => {
                    for lane in 0..lanes {
                        let back = around.number(lane, *bars) as u32;
                        let mut before = carries[*carry][lane];
                        for word in 0..words {
                            let x = slots[*a][word][lane];
                            slots[*out][word][lane] = match back {
                                0 => x,
                                64 => before,
                                _ => x << back | before >> (64 - back),
                            };
                            before = x;
                        }
                        carries[*carry][lane] = before;
                    }
                }
                Step::Ever { a, carry, out } => {
                    let (before, from) = slots.split_at_mut(*out);
                    let carry = &mut carries[*carry];
                    for (out, x) in from[0][..words].iter_mut().zip(&before[*a][..words]) {
                        for lane in 0..LANES {
                            // The lowest set bit and all above it: -x | x.
                            out[lane] = carry[lane] | x[lane].wrapping_neg() | x[lane];
                            // All ones once it has been so.
                            carry[lane] |= 0u64.wrapping_sub(u64::from(x[lane] != 0));
                        }
                    }
                }
            }
        }
    }
}

/// `out` = f(`a`, `b`), word by word.
#[inline(always)]
fn two(slots: &mut [Vec<LaneWords>], words: usize, a: usize, b: usize, out: usize, f: impl Fn(u64, u64) -> u64) {
    let mut made = std::mem::take(&mut slots[out]);
    for ((out, a), b) in made[..words].iter_mut().zip(&slots[a][..words]).zip(&slots[b][..words]) {
        for lane in 0..LANES {
            out[lane] = f(a[lane], b[lane]);
        }
    }
    slots[out] = made;
}
