//! The nodes of a strategy as straight-line code over lanes: one instruction works on [`WIDTH`] parameter sets.
//!
//! A slot holds one value of every lane; truths are masks, all bits or none. What does not vary within a batch of lanes is a
//! leaf: it is computed a column at a time, outside, and only spread here. The instructions give the very bits of
//! `assay_pine::fold`.

use assay_pine::StepProgram;
use assay_pine::fold;
use assay_pine::graph::{Binary, Broker as Read, Compare, Kind, NodeId, Op, Shape, Unary};
use wide::f64x8;

/// Vectors that go through one instruction together, so that its dispatch is paid once.
pub(super) const GROUPS: usize = 4;
/// Lanes of one vector.
pub(super) const LANES: usize = 8;
/// Lanes of one batch.
pub(in crate::stepwise) const WIDTH: usize = LANES * GROUPS;

/// One value of every lane.
pub(super) type Slot = [f64x8; GROUPS];

/// All bits.
pub(super) fn ones() -> f64x8 {
    f64x8::splat(f64::from_bits(u64::MAX))
}

/// No bits.
pub(super) fn zero() -> f64x8 {
    f64x8::splat(0.0)
}

/// A truth as a mask.
pub(super) fn mask(truth: bool) -> f64x8 {
    if truth { ones() } else { zero() }
}

/// Lanes in which a and not b.
#[inline(always)]
pub(super) fn and_not(a: f64x8, b: f64x8) -> f64x8 {
    a & !b
}

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
    Select,
    IsNa,
    Neg,
    Abs,
    /// Lane by lane.
    Unary(Unary),
    /// Lane by lane.
    Binary(Binary),
    Copy,
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
    /// Registers: (slot, value before the first bar as it lies in the slot).
    pub registers: Vec<(u32, f64)>,
    /// At the end of a bar: (slot of the value, slot of the register).
    nexts: Vec<(u32, u32)>,
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
                    let initial = match kind {
                        Kind::Truth if initial != 0.0 => f64::from_bits(u64::MAX),
                        Kind::Truth => 0.0,
                        Kind::Number => initial,
                    };
                    register_slots[register] = Some(slot);
                    code.registers.push((slot, initial));
                }
                Op::Broker(what) => code.reads.push((slot, *what)),
                op => {
                    let instruction = code.instruction(op, slot)?;
                    code.instructions.push(instruction);
                }
            }
        }
        for (register, slot) in register_slots.iter().enumerate() {
            let Some(slot) = *slot else { continue };
            let next = code.slot_of[program.registers[register].next.0 as usize]?;
            // Another register's slot is overwritten on the way: its value goes through a slot of its own.
            let is_register = register_slots.contains(&Some(next));
            let from = if is_register && next != slot {
                code.slots += 1;
                let copy = code.slots as u32 - 1;
                code.instructions.push(Instruction { step: Step::Copy, a: next, b: next, c: next, out: copy });
                copy
            } else {
                next
            };
            if from != slot {
                code.nexts.push((from, slot));
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

    fn instruction(&self, op: &Op, out: u32) -> Option<Instruction> {
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
            Op::Select(c, a, b) => Some(Instruction { step: Step::Select, a: of(a)?, b: of(b)?, c: of(c)?, out }),
            _ => None,
        }
    }

    /// Computes one bar.
    #[inline]
    pub fn execute(&self, slots: &mut [Slot]) {
        for i in &self.instructions {
            let (a, b) = (slots[i.a as usize], slots[i.b as usize]);
            let out: Slot = match i.step {
                Step::Add => zip(a, b, |x, y| x + y),
                Step::Sub => zip(a, b, |x, y| x - y),
                Step::Mul => zip(a, b, |x, y| x * y),
                Step::Div => zip(a, b, |x, y| y.simd_eq(zero()).bitselect(f64x8::splat(f64::NAN), x / y)),
                Step::Lt => zip(a, b, |x, y| x.simd_lt(y)),
                Step::Le => zip(a, b, |x, y| x.simd_le(y)),
                Step::Gt => zip(a, b, |x, y| x.simd_gt(y)),
                Step::Ge => zip(a, b, |x, y| x.simd_ge(y)),
                Step::Eq => zip(a, b, |x, y| x.simd_eq(y)),
                Step::Ne => zip(a, b, |x, y| x.simd_lt(y) | x.simd_gt(y)),
                Step::And => zip(a, b, |x, y| x & y),
                Step::Or => zip(a, b, |x, y| x | y),
                Step::Not => zip(a, b, |x, _| !x),
                Step::Neg => zip(a, b, |x, _| -x),
                Step::Abs => zip(a, b, |x, _| x.abs()),
                Step::IsNa => zip(a, b, |x, _| !x.simd_eq(x)),
                Step::Copy => a,
                Step::Select => {
                    let c = slots[i.c as usize];
                    std::array::from_fn(|g| c[g].bitselect(a[g], b[g]))
                }
                Step::Unary(f) => zip(a, b, |x, _| f64x8::new(x.to_array().map(|x| fold::unary(f, x)))),
                Step::Binary(f) => zip(a, b, |x, y| {
                    let (x, y) = (x.to_array(), y.to_array());
                    f64x8::new(std::array::from_fn(|lane| fold::binary(f, x[lane], y[lane])))
                }),
            };
            slots[i.out as usize] = out;
        }
    }

    /// Ends the bar: registers take their next values.
    #[inline]
    pub fn advance(&self, slots: &mut [Slot]) {
        for (from, to) in &self.nexts {
            slots[*to as usize] = slots[*from as usize];
        }
    }
}

#[inline(always)]
fn zip(a: Slot, b: Slot, f: impl Fn(f64x8, f64x8) -> f64x8) -> Slot {
    std::array::from_fn(|g| f(a[g], b[g]))
}
