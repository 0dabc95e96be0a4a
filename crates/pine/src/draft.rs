//! A strategy while it is being written: nodes, registers and orders so far, and the past of values as registers.

mod windows;
mod written_out;

use std::collections::{BTreeMap, HashMap};

use crate::graph::{Binary, Compare, Graph, Kind, NodeId, Op, Shape, Unary};
use crate::{Diagnostic, OrderCommand, OrderId, fold};

/// Most values carried from bar to bar.
pub const REGISTERS_MAX: usize = 2_048;
/// Longest past of a value with feedback, in bars.
pub const DELAY_MAX: usize = 500;
/// Longest window over a value with feedback, in bars.
pub const WINDOW_MAX: usize = 300;
/// Most occurrences that `ta.valuewhen` looks back over a value with feedback.
const OCCURRENCES_MAX: usize = 32;
/// Most lengths that a swept window over a value with feedback may have.
const LENGTHS_MAX: usize = 16;
/// Most parameter sets tried to find the values of a scalar.
const SETS_MAX: usize = 10_000;
/// Most nodes that such a scalar is made of.
const SCALAR_NODES_MAX: usize = 100;

/// A register whose next value may not be known yet.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub name: String,
    pub initial: f64,
    /// What it takes at the end of a bar, or why that is unknown.
    pub next: Option<Result<NodeId, Diagnostic>>,
    pub kind: Kind,
    pub line: u32,
}

/// Nodes, registers and orders so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub graph: Graph,
    pub registers: Vec<Pending>,
    pub orders: Vec<OrderCommand>,
    pub ids: Vec<String>,
    /// The values of each input.
    pub grids: Vec<Vec<f64>>,
    /// Registers that hold what a node was 1, 2, ... bars ago, by the node, the condition that they advance on, and the bits of
    /// their first value.
    delays: HashMap<(NodeId, Option<NodeId>, u64), Vec<usize>>,
}

/// Where a copied function advances, and where it came from.
#[derive(Clone, Copy)]
struct At {
    gate: Option<NodeId>,
    line: u32,
}

type Written = Result<NodeId, Diagnostic>;

impl Draft {
    /// An empty one over the same inputs.
    pub fn of(grids: Vec<Vec<f64>>) -> Draft {
        Draft { grids, ..Draft::default() }
    }

    /// Adds `op`, or what it amounts to.
    pub fn add(&mut self, op: Op, line: u32) -> NodeId {
        let op = fold::folded(&self.graph, op);
        self.graph.add(op, line)
    }

    /// The number of an order's name; `None` past 2^16.
    pub fn id(&mut self, name: &str) -> Option<OrderId> {
        let known = self.ids.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.ids.push(name.to_owned());
            self.ids.len() - 1
        });
        u16::try_from(index).ok().map(OrderId)
    }

    /// A new register; `None` past the limit.
    pub fn register(&mut self, name: &str, initial: f64, kind: Kind, line: u32) -> Option<usize> {
        if self.registers.len() >= REGISTERS_MAX {
            return None;
        }
        self.registers.push(Pending { name: name.to_owned(), initial, next: None, kind, line });
        Some(self.registers.len() - 1)
    }

    /// `node` n bars ago, or n of the bars ago on which `gate` held; `na` (or false) before.
    pub fn delayed(&mut self, node: NodeId, n: f64, gate: Option<NodeId>, line: u32) -> Written {
        let initial = if self.graph.node(node).kind == Kind::Truth { 0.0 } else { f64::NAN };
        self.delayed_from(node, n, initial, At { gate, line })
    }

    fn delayed_from(&mut self, node: NodeId, n: f64, initial: f64, at: At) -> Written {
        let n = n.floor();
        if !(0.0..=DELAY_MAX as f64).contains(&n) {
            return Err(says(
                at.line,
                format!("the past of a value with feedback reaches back at most {DELAY_MAX} bars here"),
            ));
        }
        let kind = self.graph.node(node).kind;
        let key = (node, at.gate, initial.to_bits());
        let mut chain = self.delays.get(&key).cloned().unwrap_or_default();
        let mut newest = match chain.last() {
            Some(register) => self.add(Op::Register(*register as u32, kind), at.line),
            None => node,
        };
        while chain.len() < n as usize {
            let (register, read) = self.cell("past", initial, kind, at)?;
            self.hold(register, newest, at);
            chain.push(register);
            newest = read;
        }
        let wanted = (n as usize).checked_sub(1).map(|last| chain[last]);
        self.delays.insert(key, chain);
        Ok(match wanted {
            None => node,
            Some(register) => self.add(Op::Register(register as u32, kind), at.line),
        })
    }

    /// A register and the node that reads it.
    fn cell(&mut self, name: &str, initial: f64, kind: Kind, at: At) -> Result<(usize, NodeId), Diagnostic> {
        let register = self
            .register(name, initial, kind, at.line)
            .ok_or_else(|| says(at.line, format!("more than {REGISTERS_MAX} values are carried from bar to bar")))?;
        Ok((register, self.add(Op::Register(register as u32, kind), at.line)))
    }

    /// What a register takes to the next bar: `next` where it advances, what it holds elsewhere.
    fn hold(&mut self, register: usize, next: NodeId, at: At) {
        let next = match at.gate {
            None => next,
            Some(gate) => {
                let old = self.add(Op::Register(register as u32, self.registers[register].kind), at.line);
                self.add(Op::Select(gate, next, old), at.line)
            }
        };
        self.registers[register].next = Some(Ok(next));
    }

    /// The values of scalar nodes for every set of the inputs that they hang on; `None` when there are too many.
    pub fn sets(&self, nodes: &[NodeId]) -> Option<Vec<Vec<f64>>> {
        let mut needed: Vec<NodeId> = nodes.to_vec();
        let mut at = 0;
        while at < needed.len() && needed.len() <= SCALAR_NODES_MAX {
            for operand in Graph::operands(&self.graph.node(needed[at]).op) {
                if !needed.contains(&operand) {
                    needed.push(operand);
                }
            }
            at += 1;
        }
        needed.sort();
        needed.dedup();
        let fact = needed.iter().any(|id| matches!(self.graph.node(*id).op, Op::Symbol(_)));
        if needed.len() > SCALAR_NODES_MAX || fact {
            return None;
        }
        let mask = nodes.iter().fold(0, |mask, node| mask | self.graph.node(*node).inputs);
        let free: Vec<usize> = (0..self.grids.len()).filter(|i| mask >> i & 1 == 1).collect();
        let count = free.iter().try_fold(1usize, |n, i| n.checked_mul(self.grids[*i].len()))?;
        if count > SETS_MAX {
            return None;
        }
        let mut known: BTreeMap<NodeId, f64> = BTreeMap::new();
        let mut values: Vec<f64> = self.grids.iter().map(|grid| grid.first().copied().unwrap_or(f64::NAN)).collect();
        let each = |mut set: usize| {
            for i in &free {
                values[*i] = self.grids[*i][set % self.grids[*i].len()];
                set /= self.grids[*i].len();
            }
            for node in &needed {
                let value = fold::scalar(&self.graph.node(*node).op, &values, |id| known[&id]);
                known.insert(*node, value);
            }
            nodes.iter().map(|node| known[node]).collect()
        };
        Some((0..count).map(each).collect())
    }

    /// For a scalar that is swept: what it is for each of its values, chosen by the value.
    fn by_value(
        &mut self,
        scalar: NodeId,
        line: u32,
        mut of: impl FnMut(&mut Draft, NodeId) -> Written,
    ) -> Option<Written> {
        if matches!(self.graph.node(scalar).op, Op::Number(_)) || self.graph.node(scalar).shape == Shape::Series {
            return None;
        }
        let mut values: Vec<f64> = self.sets(&[scalar])?.into_iter().map(|set| set[0]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup_by(|a, b| a == b || a.is_nan() && b.is_nan());
        if values.len() > LENGTHS_MAX {
            return None;
        }
        let mut chosen: Option<NodeId> = None;
        for value in values {
            let constant = self.number(value, line);
            let result = match of(self, constant) {
                Ok(result) => result,
                Err(finding) => return Some(Err(finding)),
            };
            chosen = Some(match chosen {
                None => result,
                Some(others) => {
                    // `na` is equal to nothing.
                    let is = if value.is_nan() { Op::IsNa(scalar) } else { Op::Compare(Compare::Eq, scalar, constant) };
                    let is = self.add(is, line);
                    self.add(Op::Select(is, result, others), line)
                }
            });
        }
        chosen.map(Ok)
    }

    /// A value n bars ago, or n of the bars ago on which `gate` held.
    pub fn written_out_past(&mut self, x: NodeId, n: NodeId, gate: Option<NodeId>, line: u32) -> Written {
        if let Some(written) = self.by_value(n, line, |draft, n| draft.written_out_past(x, n, gate, line)) {
            return written;
        }
        match self.graph.node(n).op {
            Op::Number(n) => self.delayed(x, n, gate, line),
            _ => Err(says(line, "the past of a value with feedback needs a constant number of bars here".to_owned())),
        }
    }

    fn number(&mut self, x: f64, line: u32) -> NodeId {
        self.add(Op::Number(x), line)
    }
    fn math(&mut self, f: Binary, a: NodeId, b: NodeId, line: u32) -> NodeId {
        self.add(Op::Binary(f, a, b), line)
    }
    fn whole(&mut self, n: NodeId, line: u32) -> NodeId {
        self.add(Op::Unary(Unary::Floor, n), line)
    }
}

fn says(line: u32, message: String) -> Diagnostic {
    Diagnostic { line, column: 1, message, help: None }
}
