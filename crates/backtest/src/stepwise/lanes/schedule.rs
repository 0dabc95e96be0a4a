//! The order in which a bar's nodes are computed: what no lane asks for on a bar is left out.
//!
//! A value that is only read where a condition holds (the branch of an `if`, the leg of an order, the other half of an `and`
//! with a column) is *guarded* by it: nodes with one guard stand together in a section, and a section is skipped on bars on
//! which its condition holds in no lane. What it would have computed is stale then, and nobody looks. A register that only
//! changes under a condition is written in place, so that it costs nothing on the other bars.

use std::collections::BTreeSet;

use assay_pine::StepProgram;
use assay_pine::graph::{Graph, NodeId, Op, Shape};

/// A node is read only in lanes in which the condition is as wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guard {
    pub condition: NodeId,
    pub wanted: bool,
}

/// Nodes that stand together.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// `None`: computed on every bar.
    pub guard: Option<Guard>,
    pub nodes: Vec<NodeId>,
}

/// What [`schedule`] gives.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// In the order of computation; operands and conditions stand before what reads them.
    pub parts: Vec<Part>,
    /// By register: the guard under which its next value is written into its own slot.
    pub in_place: Vec<Option<Guard>>,
}

/// What the code computes or loads each bar: `own` by an instruction, `leaf` from a column.
pub(super) struct Nodes<'a> {
    pub own: &'a [bool],
    pub leaf: &'a [bool],
}

/// Puts the nodes in order.
pub(super) fn schedule(program: &StepProgram, nodes: &Nodes<'_>) -> Schedule {
    let graph = &program.graph;
    let count = graph.nodes.len();
    let guards = guards(program, nodes);
    let item = |id: NodeId| nodes.own[id.0 as usize] || nodes.leaf[id.0 as usize];
    // By node: what must stand before it.
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
    for i in 0..count {
        let operands = if nodes.own[i] { Graph::operands(&graph.nodes[i].op) } else { Vec::new() };
        let condition = guards[i].map(|guard| guard.condition);
        if item(NodeId(i as u32)) {
            before[i].extend(operands.into_iter().chain(condition).filter(|id| item(*id)).map(|id| id.0 as usize));
        }
    }
    let in_place = in_place(program, nodes, &mut before);
    let guards: Vec<Option<Guard>> = (0..count)
        .map(|i| {
            let own =
                program.registers.iter().zip(&in_place).find(|(r, place)| r.next.0 as usize == i && place.is_some());
            own.map_or(guards[i], |(_, place)| *place)
        })
        .collect();
    Schedule { parts: parts(nodes, &before, &guards), in_place }
}

/// By node: a guard that all its readers agree on.
fn guards(program: &StepProgram, nodes: &Nodes<'_>) -> Vec<Option<Guard>> {
    let graph = &program.graph;
    // `None`: nobody has read it yet.
    let mut all: Vec<Option<Vec<Guard>>> = vec![None; graph.nodes.len()];
    let read = |all: &mut Vec<Option<Vec<Guard>>>, id: NodeId, by: Vec<Guard>| {
        let known = &mut all[id.0 as usize];
        match known {
            None => *known = Some(by),
            Some(known) => known.retain(|guard| by.contains(guard)),
        }
    };
    for register in &program.registers {
        read(&mut all, register.next, Vec::new());
    }
    for order in &program.orders {
        read(&mut all, order.when, Vec::new());
        for id in order.kind.reads() {
            let guard = Guard { condition: order.when, wanted: true };
            read(&mut all, id, if id == order.when { Vec::new() } else { vec![guard] });
        }
    }
    let uniform = |id: NodeId| nodes.leaf[id.0 as usize] || graph.node(id).shape == Shape::Scalar;
    for i in (0..graph.nodes.len()).rev().filter(|i| nodes.own[*i]) {
        let own = all[i].clone().unwrap_or_default();
        // The nearest condition first.
        let under = |condition: NodeId, wanted: bool| {
            let mut guards = vec![Guard { condition, wanted }];
            guards.extend(own.iter().copied());
            guards
        };
        match graph.nodes[i].op {
            Op::Select(c, a, b) if c != a && c != b && a != b => {
                read(&mut all, c, own.clone());
                read(&mut all, a, under(c, true));
                read(&mut all, b, under(c, false));
            }
            Op::And(a, b) if uniform(a) && a != b => {
                read(&mut all, a, own.clone());
                read(&mut all, b, under(a, true));
            }
            Op::And(a, b) if uniform(b) && a != b => {
                read(&mut all, b, own.clone());
                read(&mut all, a, under(b, true));
            }
            ref op => Graph::operands(op).into_iter().for_each(|id| read(&mut all, id, own.clone())),
        }
    }
    all.into_iter().map(|guards| guards.and_then(|guards| guards.first().copied())).collect()
}

/// Which registers are written in place, with the orders of computation that this asks for.
fn in_place(program: &StepProgram, nodes: &Nodes<'_>, before: &mut [BTreeSet<usize>]) -> Vec<Option<Guard>> {
    let graph = &program.graph;
    let direct: BTreeSet<NodeId> =
        program.orders.iter().flat_map(|order| std::iter::once(order.when).chain(order.kind.reads())).collect();
    let mut taken: BTreeSet<NodeId> = BTreeSet::new();
    let mut found = vec![None; program.registers.len()];
    for (i, node) in graph.nodes.iter().enumerate() {
        let Op::Register(register, _) = node.op else { continue };
        let (own, next) = (NodeId(i as u32), program.registers[register as usize].next);
        let guard = match graph.node(next).op {
            Op::Select(condition, a, b) if b == own && a != own => Guard { condition, wanted: true },
            Op::Select(condition, a, b) if a == own && b != own => Guard { condition, wanted: false },
            _ => continue,
        };
        let carried = program.registers.iter().any(|other| other.next == own);
        if !nodes.own[next.0 as usize] || guard.condition == own || direct.contains(&own) || carried {
            continue;
        }
        // Whoever reads the old value must have done so before.
        let readers: Vec<usize> = (0..graph.nodes.len())
            .filter(|at| {
                nodes.own[*at] && *at != next.0 as usize && Graph::operands(&graph.nodes[*at].op).contains(&own)
            })
            .collect();
        if readers.iter().any(|reader| stands_before(before, next.0 as usize, *reader)) || !taken.insert(next) {
            continue;
        }
        before[next.0 as usize].extend(readers);
        found[register as usize] = Some(guard);
    }
    found
}

/// Whether `first` must be computed before `last`.
fn stands_before(before: &[BTreeSet<usize>], first: usize, last: usize) -> bool {
    let (mut open, mut seen) = (vec![last], BTreeSet::new());
    while let Some(at) = open.pop() {
        if at == first {
            return true;
        }
        open.extend(before[at].iter().copied().filter(|at| seen.insert(*at)));
    }
    false
}

/// Nodes in an order that keeps those of one guard together.
fn parts(nodes: &Nodes<'_>, before: &[BTreeSet<usize>], guards: &[Option<Guard>]) -> Vec<Part> {
    let items: Vec<usize> = (0..before.len()).filter(|i| nodes.own[*i] || nodes.leaf[*i]).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    let mut waits: Vec<usize> = vec![0; before.len()];
    for i in &items {
        waits[*i] = before[*i].len();
        before[*i].iter().for_each(|first| after[*first].push(*i));
    }
    // What could be computed now, by guard; the first is no guard.
    let mut ready: Vec<(Option<Guard>, BTreeSet<usize>)> = vec![(None, BTreeSet::new())];
    let offer = |ready: &mut Vec<(Option<Guard>, BTreeSet<usize>)>, i: usize| match ready
        .iter_mut()
        .find(|(guard, _)| *guard == guards[i])
    {
        Some((_, waiting)) => drop(waiting.insert(i)),
        None => ready.push((guards[i], BTreeSet::from([i]))),
    };
    items.iter().filter(|i| waits[**i] == 0).for_each(|i| offer(&mut ready, *i));
    let mut parts: Vec<Part> = Vec::new();
    let mut current = 0;
    loop {
        if ready[current].1.is_empty() {
            let most = (0..ready.len()).rev().max_by_key(|at| ready[*at].1.len()).unwrap_or(0);
            current = if ready[0].1.is_empty() { most } else { 0 };
        }
        let Some(i) = ready[current].1.pop_first() else { return parts };
        let guard = ready[current].0;
        match parts.last_mut() {
            Some(part) if part.guard == guard => part.nodes.push(NodeId(i as u32)),
            _ => parts.push(Part { guard, nodes: vec![NodeId(i as u32)] }),
        }
        for next in &after[i] {
            waits[*next] -= 1;
            if waits[*next] == 0 {
                offer(&mut ready, *next);
            }
        }
    }
}
