//! Entry and exit as a short program on bit words, run for [`LANES`] grid points and one stretch of bars at a time.
//!
//! What many points share (indicators, prices, comparisons with few combinations) stands ready in columns; the program
//! reads it and does what only one point needs: comparisons and logic, 64 bars to a word. Stretches follow one another, so
//! what reaches back (`x[1]`, "ever since") carries a word to the next. A strategy that needs more than words for a single
//! point (a number series of its own) has no such program, and is evaluated a point at a time.

use std::collections::BTreeMap;

use assay_pine::Program;
use assay_pine::graph::{Compare, Kind, NodeId, Op, Shape};

use crate::compute::compare::{self, Operand};
use crate::compute::isa::Words;
use crate::compute::{LANES, LaneWords};
use crate::evaluate::Column;
use crate::grid::{Grid, Scalars};
use crate::shared::Shared;

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
    /// Comparisons of two operands.
    Relate {
        a: Side,
        b: Side,
        out: Vec<(Compare, usize)>,
    },
    /// Where a shared number is `na`.
    Na {
        node: usize,
        out: usize,
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
        let made = WordProgram { steps: vec![], slots: 0, carries: 0, entry: 0, exit: 0, reads: vec![] };
        let mut builder = Builder { program, grid, scalars, shareable, slot_of: BTreeMap::new(), made };
        builder.made.entry = builder.truth(program.entry)?;
        builder.made.exit = builder.truth(program.exit)?;
        let mut made = builder.made;
        made.steps = joined(made.steps);
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
                let (a, b) = (self.side(a)?, self.side(b)?);
                let out = self.slot();
                self.made.steps.push(Step::Relate { a, b, out: vec![(compare, out)] });
                Some(out)
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
                let Side::Column(node) = self.side(a)? else { return None };
                let out = self.slot();
                self.made.steps.push(Step::Na { node, out });
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
                let bars = bars.0 as usize;
                let reach = |back: &f64| (0.0..65.0).contains(back);
                if !self.tabled(bars)?.iter().all(reach) {
                    return None;
                }
                let a = self.truth(a)?;
                let (carry, out) = (self.carry(), self.slot());
                self.made.steps.push(Step::Back { a, bars, carry, out });
                Some(out)
            }
            _ => None,
        }
    }

    fn side(&mut self, id: NodeId) -> Option<Side> {
        let i = id.0 as usize;
        match self.program.graph.nodes[i].shape {
            Shape::Scalar => self.tabled(i).map(|_| Side::Scalar(i)),
            Shape::Series if self.shareable[i] => {
                self.made.reads.push(i);
                Some(Side::Column(i))
            }
            Shape::Series => None,
        }
    }

    fn tabled(&self, node: usize) -> Option<&[f64]> {
        let table = self.scalars.table(node);
        (table.len() as u64 == self.grid.combinations(node)).then_some(table)
    }
}

/// Comparisons of the same two operands are one step, whichever way round they are written.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut done: Vec<Step> = vec![];
    for step in steps {
        let Step::Relate { a, b, out } = step else {
            done.push(step);
            continue;
        };
        let (a, b, out) = if a <= b {
            (a, b, out)
        } else {
            (b, a, out.into_iter().map(|(compare, slot)| (mirrored(compare), slot)).collect())
        };
        let known = done.iter_mut().find_map(|step| match step {
            Step::Relate { a: x, b: y, out } if (*x, *y) == (a, b) => Some(out),
            _ => None,
        });
        match known {
            Some(known) => known.extend(out),
            None => done.push(Step::Relate { a, b, out }),
        }
    }
    done
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
            Side::Column(node) => match self.shared.column(node, self.combination(lane, node)) {
                Column::Number(x) => Operand::Column(&x[bars.clone()]),
                Column::Truth(_) => unreachable!("only numbers are compared"),
            },
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
                        let Column::Truth(x) = around.shared.column(*node, around.combination(lane, *node)) else {
                            unreachable!("a truth stands in a truth column")
                        };
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
                Step::Relate { a, b, out } => relate(simd, around, *a, *b, out, bars, slots),
                Step::Na { node, out } => {
                    for lane in 0..lanes {
                        let x = around.operand(lane, Side::Column(*node), bars);
                        let out = &mut slots[*out];
                        // A number is equal to itself, `na` is not.
                        compare::relate(simd, x, x, bars.len(), [false, false, true], |word, found| {
                            out[word][lane] = !found.equal;
                        });
                    }
                }
                Step::And { a, b, out } => each(slots, words, *out, |slots, w, l| slots[*a][w][l] & slots[*b][w][l]),
                Step::Or { a, b, out } => each(slots, words, *out, |slots, w, l| slots[*a][w][l] | slots[*b][w][l]),
                Step::Not { a, out } => each(slots, words, *out, |slots, w, l| !slots[*a][w][l]),
                Step::Choose { which, yes, no, out } => each(slots, words, *out, |slots, w, l| {
                    let which = slots[*which][w][l];
                    (which & slots[*yes][w][l]) | (!which & slots[*no][w][l])
                }),
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
                    for word in 0..words {
                        for lane in 0..LANES {
                            let x = slots[*a][word][lane];
                            let (so_far, first) = (carries[*carry][lane], x & x.wrapping_neg());
                            // From the first set bit on, all are.
                            slots[*out][word][lane] = so_far | if x == 0 { 0 } else { !(first - 1) };
                            carries[*carry][lane] = so_far | if x == 0 { 0 } else { !0 };
                        }
                    }
                }
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "several buffers are walked by one index")]
fn each(slots: &mut [Vec<LaneWords>], words: usize, out: usize, f: impl Fn(&[Vec<LaneWords>], usize, usize) -> u64) {
    // Slots are written once, and only after those they are made from: the later one can be split off.
    let (before, from) = slots.split_at_mut(out);
    for word in 0..words {
        for lane in 0..LANES {
            from[0][word][lane] = f(before, word, lane);
        }
    }
}

#[inline(always)]
fn relate<S: Words>(
    simd: S,
    around: Surroundings<'_>,
    a: Side,
    b: Side,
    out: &[(Compare, usize)],
    bars: &std::ops::Range<usize>,
    slots: &mut [Vec<LaneWords>],
) {
    let wanted: [bool; 3] = needs(out);
    for lane in 0..around.lanes {
        let (a, b) = (around.operand(lane, a, bars), around.operand(lane, b, bars));
        match out {
            [(compare, slot)] => {
                let slot = &mut slots[*slot];
                compare::relate(simd, a, b, bars.len(), wanted, |word, found| slot[word][lane] = found.word(*compare));
            }
            [(Compare::Gt, more), (Compare::Lt, less)] | [(Compare::Lt, less), (Compare::Gt, more)] => {
                let [less, more] = slots.get_disjoint_mut([*less, *more]).expect("slots differ");
                compare::relate(simd, a, b, bars.len(), wanted, |word, found| {
                    less[word][lane] = found.less;
                    more[word][lane] = found.greater;
                });
            }
            _ => compare::relate(simd, a, b, bars.len(), wanted, |word, found| {
                for (compare, slot) in out {
                    slots[*slot][word][lane] = found.word(*compare);
                }
            }),
        }
    }
}

#[inline(always)]
fn needs(out: &[(Compare, usize)]) -> [bool; 3] {
    out.iter().fold([false; 3], |all, (compare, _)| {
        let one = compare::needs(&[*compare]);
        [all[0] | one[0], all[1] | one[1], all[2] | one[2]]
    })
}
