//! The nodes of a strategy as straight-line code over lanes: one instruction works on [`WIDTH`] parameter sets.
//!
//! A slot holds one value of every lane; truths are masks, all bits or none. What does not vary within a batch of lanes is a
//! leaf: it is computed a column at a time, outside, and only spread here. The instructions give the very bits of
//! `assay_pine::fold`.

use assay_pine::StepProgram;
use assay_pine::fold;
use assay_pine::graph::{Binary, Broker as Read, Compare, Kind, NodeId, Op, Shape, Unary};

use super::vector::{Mask, Num};
use crate::compute::isa::Words;

/// Lanes of one batch: so many that the dispatch of an instruction is paid by several vectors.
pub(in crate::stepwise) const WIDTH: usize = 64;

#[derive(Clone, Copy, Debug)]
enum Step {
    Add,
    Sub,
    Mul,
    Div,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    And,
    Or,
    Not,
    /// Between numbers, between truths.
    Select,
    Choose,
    IsNa,
    Neg,
    Abs,
    /// Lane by lane.
    Unary(Unary),
    /// Lane by lane.
    Binary(Binary),
    CopyNumber,
    CopyTruth,
}

#[derive(Clone, Copy, Debug)]
struct Instruction {
    step: Step,
    a: u32,
    b: u32,
    c: u32,
    out: u32,
}

/// The code of a strategy.
#[derive(Clone, Debug)]
pub(super) struct Code {
    instructions: Vec<Instruction>,
    /// Slots in all.
    pub slots: usize,
    /// The same on every bar: (slot, node).
    pub scalars: Vec<(u32, NodeId)>,
    /// Columns: (slot, node).
    pub leaves: Vec<(u32, NodeId)>,
    /// What is read of the broker: (slot, what).
    pub reads: Vec<(u32, Read)>,
    /// Registers: (slot, kind, value before the first bar).
    pub registers: Vec<(u32, Kind, f64)>,
    /// At the end of a bar: (slot of the value, slot of the register, kind).
    nexts: Vec<(u32, u32, Kind)>,
    slot_of: Vec<Option<u32>>,
}

impl Code {
    /// Code for the live nodes; `varies(node)`: the value differs within a batch, or on feedback. `None` when a node that
    /// varies has no element-wise meaning.
    pub fn new(program: &StepProgram, live: &[bool], varies: &[bool], roots: &[NodeId]) -> Option<Code> {
        let graph = &program.graph;
        let mut code = Code {
            instructions: Vec::new(),
            slots: 0,
            scalars: Vec::new(),
            leaves: Vec::new(),
            reads: Vec::new(),
            registers: Vec::new(),
            nexts: Vec::new(),
            slot_of: vec![None; graph.nodes.len()],
        };
        let mut register_slots: Vec<Option<u32>> = vec![None; program.registers.len()];
        let mut read_directly: Vec<NodeId> = roots.to_vec();
        for (i, node) in graph.nodes.iter().enumerate() {
            if live[i] && varies[i] && node.shape == Shape::Series {
                read_directly.extend(assay_pine::graph::Graph::operands(&node.op));
                if let Op::Register(register, _) = node.op {
                    read_directly.push(program.registers[register as usize].next);
                }
            }
        }
        let mut direct = vec![false; graph.nodes.len()];
        read_directly.iter().for_each(|id| direct[id.0 as usize] = true);
        for (i, node) in graph.nodes.iter().enumerate() {
            let id = NodeId(i as u32);
            if node.shape == Shape::Scalar || !varies[i] {
                if direct[i] {
                    let slot = code.slot(i);
                    let list = if node.shape == Shape::Scalar { &mut code.scalars } else { &mut code.leaves };
                    list.push((slot, id));
                }
                continue;
            }
            if !live[i] {
                continue;
            }
            let slot = code.slot(i);
            match &node.op {
                Op::Register(register, kind) => {
                    let register = *register as usize;
                    let initial = program.registers[register].initial;
                    register_slots[register] = Some(slot);
                    code.registers.push((slot, *kind, initial));
                }
                Op::Broker(what) => code.reads.push((slot, *what)),
                op => {
                    let instruction = code.instruction(op, node.kind, slot)?;
                    code.instructions.push(instruction);
                }
            }
        }
        for (register, slot) in register_slots.iter().enumerate() {
            let Some(slot) = *slot else { continue };
            let next = program.registers[register].next;
            let kind = graph.node(next).kind;
            let next = code.slot_of[next.0 as usize]?;
            // Another register's slot is overwritten on the way: its value goes through a slot of its own.
            let from = if register_slots.contains(&Some(next)) && next != slot {
                code.slots += 1;
                let out = code.slots as u32 - 1;
                let step = if kind == Kind::Truth { Step::CopyTruth } else { Step::CopyNumber };
                code.instructions.push(Instruction { step, a: next, b: next, c: next, out });
                out
            } else {
                next
            };
            if from != slot {
                code.nexts.push((from, slot, kind));
            }
        }
        Some(code)
    }

    /// The slot of a node that an order reads.
    pub fn slot_of(&self, node: NodeId) -> Option<u32> {
        self.slot_of[node.0 as usize]
    }

    fn slot(&mut self, node: usize) -> u32 {
        self.slots += 1;
        self.slot_of[node] = Some(self.slots as u32 - 1);
        self.slots as u32 - 1
    }

    fn instruction(&self, op: &Op, kind: Kind, out: u32) -> Option<Instruction> {
        let of = |id: &NodeId| self.slot_of[id.0 as usize];
        let one = |step, a: &NodeId| Some(Instruction { step, a: of(a)?, b: of(a)?, c: of(a)?, out });
        let two = |step, a: &NodeId, b: &NodeId| Some(Instruction { step, a: of(a)?, b: of(b)?, c: of(a)?, out });
        match op {
            Op::Unary(Unary::Neg, a) => one(Step::Neg, a),
            Op::Unary(Unary::Abs, a) => one(Step::Abs, a),
            Op::Unary(f, a) => one(Step::Unary(*f), a),
            Op::Binary(f, a, b) => {
                let step = match f {
                    Binary::Add => Step::Add,
                    Binary::Sub => Step::Sub,
                    Binary::Mul => Step::Mul,
                    Binary::Div => Step::Div,
                    other => Step::Binary(*other),
                };
                two(step, a, b)
            }
            Op::Compare(f, a, b) => {
                let step = match f {
                    Compare::Lt => Step::Lt,
                    Compare::Le => Step::Le,
                    Compare::Gt => Step::Gt,
                    Compare::Ge => Step::Ge,
                    Compare::Eq => Step::Eq,
                    Compare::Ne => Step::Ne,
                };
                two(step, a, b)
            }
            Op::And(a, b) => two(Step::And, a, b),
            Op::Or(a, b) => two(Step::Or, a, b),
            Op::Not(a) => one(Step::Not, a),
            Op::IsNa(a) => one(Step::IsNa, a),
            Op::Select(c, a, b) => {
                let step = if kind == Kind::Truth { Step::Choose } else { Step::Select };
                Some(Instruction { step, a: of(a)?, b: of(b)?, c: of(c)?, out })
            }
            _ => None,
        }
    }

    /// Computes one bar.
    #[inline(always)]
    pub fn execute<S: Words>(&self, simd: S, slots: &mut Slots<S>) {
        let zero = Num::splat(simd, 0.0);
        let na = Num::splat(simd, f64::NAN);
        for i in &self.instructions {
            match i.step {
                Step::Add => slots.numbers2(i, |x, y| x + y),
                Step::Sub => slots.numbers2(i, |x, y| x - y),
                Step::Mul => slots.numbers2(i, |x, y| x * y),
                Step::Div => slots.numbers2(i, |x, y| y.equal(zero).pick(na, x / y)),
                Step::Neg => slots.numbers2(i, |x, _| -x),
                Step::Abs => slots.numbers2(i, |x, _| x.abs()),
                Step::Unary(f) => slots.numbers2(i, |x, _| x.map(|x| fold::unary(f, x))),
                Step::Binary(f) => slots.numbers2(i, |x, y| x.zip(y, |x, y| fold::binary(f, x, y))),
                Step::CopyNumber => slots.numbers2(i, |x, _| x),
                Step::Lt => slots.comparison(i, |x, y| x.lt(y)),
                Step::Le => slots.comparison(i, |x, y| x.le(y)),
                Step::Gt => slots.comparison(i, |x, y| x.gt(y)),
                Step::Ge => slots.comparison(i, |x, y| x.ge(y)),
                Step::Eq => slots.comparison(i, |x, y| x.equal(y)),
                Step::Ne => slots.comparison(i, |x, y| x.lt(y) | x.gt(y)),
                Step::IsNa => slots.comparison(i, |x, _| !x.is_number()),
                Step::And => slots.truths3(i, |x, y, _| x & y),
                Step::Or => slots.truths3(i, |x, y, _| x | y),
                Step::Not => slots.truths3(i, |x, _, _| !x),
                Step::CopyTruth => slots.truths3(i, |x, _, _| x),
                Step::Choose => slots.truths3(i, |x, y, c| c.choose(x, y)),
                Step::Select => slots.select(i),
            }
        }
    }

    /// Ends the bar: registers take their next values.
    #[inline(always)]
    pub fn advance<S: Words>(&self, slots: &mut Slots<S>) {
        for (from, to, kind) in &self.nexts {
            let (from, to) = (Slots::<S>::range(*from), Slots::<S>::range(*to));
            match kind {
                Kind::Number => slots.numbers.copy_within(from, to.start),
                Kind::Truth => slots.truths.copy_within(from, to.start),
            }
        }
    }
}

/// The values of one batch: [`WIDTH`] lanes a slot, in vectors. A slot holds numbers or truths, never both.
pub(super) struct Slots<S: Words> {
    pub numbers: Vec<Num<S>>,
    pub truths: Vec<Mask<S>>,
}

impl<S: Words> Slots<S> {
    /// Vectors of one slot.
    pub const GROUPS: usize = WIDTH / S::F64_LANES;

    #[inline(always)]
    pub fn new(simd: S, slots: usize) -> Slots<S> {
        Slots {
            numbers: vec![Num::splat(simd, f64::NAN); slots * Self::GROUPS],
            truths: vec![Mask::splat(simd, false); slots * Self::GROUPS],
        }
    }

    /// Where a slot's vectors lie.
    #[inline(always)]
    pub fn range(slot: u32) -> std::ops::Range<usize> {
        slot as usize * Self::GROUPS..(slot as usize + 1) * Self::GROUPS
    }

    // An operand's slot is smaller than that of the result.
    #[inline(always)]
    fn numbers2(&mut self, i: &Instruction, f: impl Fn(Num<S>, Num<S>) -> Num<S>) {
        let (before, out) = self.numbers.split_at_mut(Self::range(i.out).start);
        let (a, b, out) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &mut out[..Self::GROUPS]);
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g]);
        }
    }

    #[inline(always)]
    fn comparison(&mut self, i: &Instruction, f: impl Fn(Num<S>, Num<S>) -> Mask<S>) {
        let (a, b) = (&self.numbers[Self::range(i.a)], &self.numbers[Self::range(i.b)]);
        let out = &mut self.truths[Self::range(i.out)];
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g]);
        }
    }

    #[inline(always)]
    fn truths3(&mut self, i: &Instruction, f: impl Fn(Mask<S>, Mask<S>, Mask<S>) -> Mask<S>) {
        let (before, out) = self.truths.split_at_mut(Self::range(i.out).start);
        let (a, b, c) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &before[Self::range(i.c)]);
        let out = &mut out[..Self::GROUPS];
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g], c[g]);
        }
    }

    #[inline(always)]
    fn select(&mut self, i: &Instruction) {
        let (before, out) = self.numbers.split_at_mut(Self::range(i.out).start);
        let (a, b, out) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &mut out[..Self::GROUPS]);
        let c = &self.truths[Self::range(i.c)];
        for g in 0..Self::GROUPS {
            out[g] = c[g].pick(a[g], b[g]);
        }
    }
}
