//! From a draft to what a run needs: only what an order hangs on, with as little feedback as there is.
//!
//! 1. A register that merely remembers a column is a column itself: a read of it becomes `x[1]`.
//! 2. Series functions over values with feedback are written out as registers, for the lanes know no others.
//! 3. What is left is numbered anew. Every live order, and nothing else, decides what must be supported.

use crate::draft::{Draft, Pending};
use crate::graph::{Graph, Kind, NodeId, Op};
use crate::lower::NODES_MAX;
use crate::{Diagnostic, OrderCommand, Refusal, Register};

pub(crate) use crate::draft::REGISTERS_MAX;

/// What remains.
pub(crate) struct Reduced {
    pub graph: Graph,
    pub registers: Vec<Register>,
    pub orders: Vec<OrderCommand>,
    pub ids: Vec<String>,
}

impl Draft {
    /// Everything that some order hangs on.
    ///
    /// # Errors
    /// What an order hangs on and could not be expressed.
    pub fn reduce(self) -> Result<Reduced, Refusal> {
        let findings = self.unknown();
        if !findings.is_empty() {
            return Err(Refusal(findings));
        }
        let columns = self.plain_registers();
        let mut rebuild = Rebuild {
            known: vec![None; self.graph.nodes.len()],
            numbers: vec![None; self.registers.len()],
            new: Draft::of(self.grids.clone()),
            old: self,
            columns,
            waiting: Vec::new(),
        };
        rebuild.whole().map_err(|finding| Refusal(vec![finding]))
    }

    /// Orders that may ever be given.
    fn live_orders(&self) -> impl Iterator<Item = &OrderCommand> {
        self.orders.iter().filter(|order| self.graph.node(order.when).op != Op::Truth(false))
    }

    /// Nodes that a live order hangs on, through registers too.
    fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.graph.nodes.len()];
        let mut open: Vec<NodeId> = self.live_orders().flat_map(needs).collect();
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut live[id.0 as usize], true) {
                continue;
            }
            let op = &self.graph.node(id).op;
            open.extend(Graph::operands(op));
            if let Op::Register(register, _) = op
                && let Some(Ok(next)) = self.registers[*register as usize].next
            {
                open.push(next);
            }
        }
        live
    }

    /// Live registers whose next value could not be lowered.
    fn unknown(&self) -> Vec<Diagnostic> {
        let live = self.live();
        let mut findings = Vec::new();
        for (node, _) in self.graph.nodes.iter().zip(live).filter(|(_, live)| *live) {
            let Op::Register(register, _) = node.op else { continue };
            let Pending { next, name, line, .. } = &self.registers[register as usize];
            match next {
                Some(Ok(_)) => {}
                Some(Err(finding)) => findings.push(finding.clone()),
                None => findings.push(Diagnostic {
                    line: *line,
                    column: 1,
                    message: format!("what `{name}` carries to the next bar is not known"),
                    help: None,
                }),
            }
        }
        findings.sort_by_key(|finding| (finding.line, finding.column));
        findings.dedup();
        findings
    }

    /// Registers that hold nothing but a column of the bar before.
    fn plain_registers(&self) -> Vec<bool> {
        let mut plain = vec![false; self.registers.len()];
        loop {
            let mut clean = vec![false; self.graph.nodes.len()];
            for (i, node) in self.graph.nodes.iter().enumerate() {
                clean[i] = match node.op {
                    Op::Broker(_) => false,
                    Op::Register(register, _) => plain[register as usize],
                    ref op => Graph::operands(op).iter().all(|operand| clean[operand.0 as usize]),
                };
            }
            let mut more = false;
            for (register, held) in self.registers.iter().enumerate() {
                let empty = match held.kind {
                    Kind::Number => held.initial.is_nan(),
                    Kind::Truth => held.initial == 0.0,
                };
                let Some(Ok(next)) = held.next else { continue };
                if !plain[register] && empty && clean[next.0 as usize] {
                    plain[register] = true;
                    more = true;
                }
            }
            if !more {
                return plain;
            }
        }
    }
}

/// What an order reads.
pub(crate) fn needs(order: &OrderCommand) -> Vec<NodeId> {
    let mut needed = vec![order.when];
    needed.extend(order.kind.reads());
    needed
}

struct Rebuild {
    old: Draft,
    new: Draft,
    /// Registers of the old draft that are columns.
    columns: Vec<bool>,
    /// Where each old node went.
    known: Vec<Option<NodeId>>,
    /// The new number of each old register.
    numbers: Vec<Option<usize>>,
    /// Old registers that were read and whose next value is still to be carried over.
    waiting: Vec<usize>,
}

impl Rebuild {
    fn whole(&mut self) -> Result<Reduced, Diagnostic> {
        let orders: Vec<OrderCommand> = self.old.live_orders().cloned().collect();
        let mut kept = Vec::new();
        for order in orders {
            let when = self.node(order.when)?;
            if self.new.graph.node(when).op == Op::Truth(false) {
                continue;
            }
            let mut order = OrderCommand { when, ..order };
            for read in order.kind.reads_mut() {
                if let Some(node) = *read {
                    *read = Some(self.node(node)?);
                }
            }
            kept.push(order);
        }
        while let Some(register) = self.waiting.pop() {
            let Some(Ok(next)) = self.old.registers[register].next else {
                unreachable!("live registers without a next value were findings")
            };
            let next = self.node(next)?;
            let number = self.numbers[register].expect("numbered when it was read");
            self.new.registers[number].next = Some(Ok(next));
        }
        let registers = self.new.registers.drain(..).map(|held| {
            let Some(Ok(next)) = held.next else { unreachable!("every register of the new draft has its next value") };
            Register { name: held.name, initial: held.initial, next, kind: held.kind, line: held.line }
        });
        Ok(Reduced {
            registers: registers.collect(),
            graph: std::mem::take(&mut self.new.graph),
            orders: kept,
            ids: std::mem::take(&mut self.old.ids),
        })
    }

    /// Carries a node over, and what it hangs on first.
    fn node(&mut self, wanted: NodeId) -> Result<NodeId, Diagnostic> {
        let mut open = vec![wanted];
        while let Some(id) = open.last().copied() {
            if self.known[id.0 as usize].is_some() {
                open.pop();
                continue;
            }
            let mut needed = Graph::operands(&self.old.graph.node(id).op);
            if let Op::Register(register, _) = self.old.graph.node(id).op
                && self.columns[register as usize]
                && let Some(Ok(next)) = self.old.registers[register as usize].next
            {
                needed.push(next);
            }
            let before = open.len();
            open.extend(needed.into_iter().filter(|needed| self.known[needed.0 as usize].is_none()));
            if open.len() > before {
                continue;
            }
            let new = self.carried(id)?;
            self.known[id.0 as usize] = Some(new);
            open.pop();
        }
        Ok(self.known[wanted.0 as usize].expect("just carried over"))
    }

    fn carried(&mut self, id: NodeId) -> Result<NodeId, Diagnostic> {
        let node = self.old.graph.node(id);
        let (op, line) = (node.op.clone(), node.line);
        if self.new.graph.nodes.len() >= NODES_MAX {
            return Err(Diagnostic {
                line,
                column: 1,
                message: format!("the script needs more than {NODES_MAX} expressions once its state is written out"),
                help: None,
            });
        }
        let at = |id: NodeId| self.known[id.0 as usize].expect("operands are carried over first");
        if let Op::Register(register, kind) = op {
            return self.register(register as usize, kind, line);
        }
        let op = op.map(at);
        let feedback = |id: &NodeId| self.new.graph.node(*id).feedback;
        match &op {
            Op::History(x, n) if feedback(x) || feedback(n) => self.new.written_out_past(*x, *n, None, line),
            Op::Indicator(which, args) if args.iter().any(feedback) => self.new.written_out(*which, args, None, line),
            Op::BarsSince(condition) if feedback(condition) => self.new.written_out_bars_since(*condition, None, line),
            Op::ValueWhen(condition, x, n) if feedback(condition) || feedback(x) => {
                self.new.written_out_value_when((*condition, *x, *n), None, line)
            }
            _ => Ok(self.new.add(op, line)),
        }
    }

    fn register(&mut self, register: usize, kind: Kind, line: u32) -> Result<NodeId, Diagnostic> {
        let Pending { name, initial, next, line: declared, .. } = self.old.registers[register].clone();
        if self.columns[register]
            && let Some(Ok(next)) = next
        {
            let column = self.known[next.0 as usize].expect("carried over first");
            let one = self.new.add(Op::Number(1.0), line);
            return Ok(self.new.add(Op::History(column, one), line));
        }
        let number = match self.numbers[register] {
            Some(number) => number,
            None => {
                let number = self.new.register(&name, initial, kind, declared).ok_or_else(|| Diagnostic {
                    line,
                    column: 1,
                    message: format!("more than {REGISTERS_MAX} values are carried from bar to bar"),
                    help: None,
                })?;
                self.numbers[register] = Some(number);
                self.waiting.push(register);
                number
            }
        };
        Ok(self.new.add(Op::Register(number as u32, kind), line))
    }
}
