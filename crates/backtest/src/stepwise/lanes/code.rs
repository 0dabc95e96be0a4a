//! The nodes of a strategy as straight-line code over lanes: one instruction works on [`WIDTH`] parameter sets.
//!
//! A slot holds one value of every lane; truths are masks, all bits or none. What does not vary within a batch of lanes is a
//! leaf: it is computed a column at a time, outside, and only spread here. The instructions give the very bits of
//! `assay_pine::fold`.

use std::collections::BTreeSet;
use std::ops::Range;

use assay_pine::StepProgram;
use assay_pine::fold;
use assay_pine::graph::{Binary, Broker as Read, Compare, Graph, Kind, NodeId, Op, Shape, Unary};

use super::schedule::{Nodes, Part, Schedule, schedule};
use super::slots::Slots;
use super::vector::Num;
use crate::compute::isa::Words;

/// Lanes of one batch: so many that the dispatch of an instruction is paid by several vectors.
pub(in crate::stepwise) const WIDTH: usize = 64;

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
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
    /// Writes a number, a truth into a register in the lanes in which the condition is as wanted.
    Store(bool),
    StoreTruth(bool),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Instruction {
    pub step: Step,
    pub a: u32,
    pub b: u32,
    pub c: u32,
    pub out: u32,
}

/// Leaves and instructions that are skipped together.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// (slot of a truth, as wanted): some lane must have it so.
    guard: Option<(u32, bool)>,
    leaves: Range<usize>,
    instructions: Range<usize>,
}

/// The code of a strategy.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub sections: Vec<Section>,
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
    /// By node: sections that must have run for its value to change while the position stays; `None`: it may change anyway.
    steady: Vec<Option<BTreeSet<usize>>>,
}

impl Code {
    /// Code for the live nodes; `varies(node)`: the value differs within a batch, or on feedback. `None` when a node that
    /// varies has no element-wise meaning.
    pub fn new(program: &StepProgram, live: &[bool], varies: &[bool], roots: &[NodeId]) -> Option<Code> {
        let graph = &program.graph;
        let count = graph.nodes.len();
        let series = |i: usize| graph.nodes[i].shape == Shape::Series;
        let state = |i: usize| matches!(graph.nodes[i].op, Op::Register(..) | Op::Broker(_));
        let mut direct = vec![false; count];
        roots.iter().for_each(|id| direct[id.0 as usize] = true);
        for i in (0..count).filter(|i| live[*i] && varies[*i] && series(*i)) {
            Graph::operands(&graph.nodes[i].op).iter().for_each(|id| direct[id.0 as usize] = true);
            if let Op::Register(register, _) = graph.nodes[i].op {
                direct[program.registers[register as usize].next.0 as usize] = true;
            }
        }
        let own: Vec<bool> = (0..count).map(|i| live[i] && varies[i] && series(i) && !state(i)).collect();
        let leaf: Vec<bool> = (0..count).map(|i| direct[i] && !varies[i] && series(i)).collect();
        let schedule = schedule(program, &Nodes { own: &own, leaf: &leaf });
        let mut code = Code {
            sections: Vec::new(),
            instructions: Vec::new(),
            slots: 0,
            scalars: Vec::new(),
            leaves: Vec::new(),
            reads: Vec::new(),
            registers: Vec::new(),
            nexts: Vec::new(),
            slot_of: vec![None; count],
            steady: vec![None; count],
        };
        let mut register_slots: Vec<Option<u32>> = vec![None; program.registers.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            match node.op {
                _ if direct[i] && !series(i) => {
                    let slot = code.slot(i);
                    code.scalars.push((slot, NodeId(i as u32)));
                    code.steady[i] = Some(BTreeSet::new());
                }
                Op::Register(register, kind) if live[i] => {
                    let slot = code.slot(i);
                    register_slots[register as usize] = Some(slot);
                    code.registers.push((slot, kind, program.registers[register as usize].initial));
                }
                Op::Broker(what) if live[i] => {
                    let slot = code.slot(i);
                    code.reads.push((slot, what));
                    code.steady[i] = changes_with_the_position(what).then(BTreeSet::new);
                }
                _ => {}
            }
        }
        for part in &schedule.parts {
            code.part(program, &schedule, part, &leaf, &register_slots)?;
        }
        code.turn(program, &schedule, &register_slots)?;
        Some(code)
    }

    /// Appends a section.
    fn part(
        &mut self,
        program: &StepProgram,
        schedule: &Schedule,
        part: &Part,
        leaf: &[bool],
        register_slots: &[Option<u32>],
    ) -> Option<()> {
        let graph = &program.graph;
        let guard = match part.guard {
            Some(guard) => Some((self.slot_of(guard.condition)?, guard.wanted)),
            None => None,
        };
        let (first_leaf, first) = (self.leaves.len(), self.instructions.len());
        for id in &part.nodes {
            let i = id.0 as usize;
            let node = graph.node(*id);
            if leaf[i] {
                let slot = self.slot(i);
                self.leaves.push((slot, *id));
                continue;
            }
            let register = program
                .registers
                .iter()
                .zip(&schedule.in_place)
                .zip(register_slots)
                .find_map(|((register, place), slot)| (*slot).filter(|_| place.is_some() && register.next == *id));
            let instruction = match (&node.op, register) {
                (Op::Select(c, a, b), Some(out)) => {
                    let wanted = part.guard.is_some_and(|guard| guard.wanted);
                    let (c, a) = (self.slot_of(*c)?, self.slot_of(if wanted { *a } else { *b })?);
                    let step = if node.kind == Kind::Truth { Step::StoreTruth(wanted) } else { Step::Store(wanted) };
                    self.slot_of[i] = Some(out);
                    self.steady[i] = Some(BTreeSet::from([self.sections.len()]));
                    Instruction { step, a, b: a, c, out }
                }
                (op, _) => {
                    let operands = Graph::operands(op);
                    let mut sources = operands.iter().map(|id| self.steady[id.0 as usize].clone());
                    self.steady[i] = sources.try_fold(BTreeSet::new(), |mut all, of| {
                        all.extend(of?);
                        Some(all)
                    });
                    let slot = self.slot(i);
                    self.instruction(op, node.kind, slot)?
                }
            };
            self.instructions.push(instruction);
        }
        self.sections.push(Section {
            guard,
            leaves: first_leaf..self.leaves.len(),
            instructions: first..self.instructions.len(),
        });
        Some(())
    }

    /// What the end of a bar does: registers that are not written in place take their next values.
    fn turn(&mut self, program: &StepProgram, schedule: &Schedule, register_slots: &[Option<u32>]) -> Option<()> {
        let first = self.instructions.len();
        for (register, slot) in register_slots.iter().enumerate() {
            let Some(slot) = *slot else { continue };
            if schedule.in_place[register].is_some() {
                continue;
            }
            let next = program.registers[register].next;
            let kind = program.graph.node(next).kind;
            let next = self.slot_of[next.0 as usize]?;
            // Another register's slot is overwritten on the way: its value goes through a slot of its own.
            let from = if register_slots.contains(&Some(next)) && next != slot {
                self.slots += 1;
                let out = self.slots as u32 - 1;
                let step = if kind == Kind::Truth { Step::CopyTruth } else { Step::CopyNumber };
                self.instructions.push(Instruction { step, a: next, b: next, c: next, out });
                out
            } else {
                next
            };
            if from != slot {
                self.nexts.push((from, slot, kind));
            }
        }
        let none = self.leaves.len()..self.leaves.len();
        self.sections.push(Section { guard: None, leaves: none, instructions: first..self.instructions.len() });
        Some(())
    }

    /// Sections without which the node's value stays while the position does; `None`: it may change on any bar.
    pub fn sources(&self, node: NodeId) -> Option<&BTreeSet<usize>> {
        self.steady[node.0 as usize].as_ref()
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

    /// Computes one bar. `load` brings a leaf's values of the bar into its slot.
    #[inline(always)]
    pub fn execute<S: Words>(&self, simd: S, slots: &mut Slots<S>, mut load: impl FnMut(&mut Slots<S>, usize)) {
        for (at, section) in self.sections.iter().enumerate() {
            let runs = section.guard.is_none_or(|(slot, wanted)| slots.some(slot, wanted));
            slots.ran[at] = runs;
            if runs {
                section.leaves.clone().for_each(|leaf| load(slots, leaf));
                self.compute(simd, slots, section);
            }
        }
    }

    #[inline(always)]
    fn compute<S: Words>(&self, simd: S, slots: &mut Slots<S>, section: &Section) {
        let zero = Num::splat(simd, 0.0);
        let na = Num::splat(simd, f64::NAN);
        for i in &self.instructions[section.instructions.clone()] {
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
                Step::Store(wanted) => slots.store(i, wanted),
                Step::StoreTruth(wanted) => slots.store_truth(i, wanted),
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

/// Whether what is read only changes when something is opened or closed.
fn changes_with_the_position(what: Read) -> bool {
    !matches!(what, Read::Equity | Read::OpenProfit | Read::OldestOpenProfit | Read::NewestOpenProfit)
}
