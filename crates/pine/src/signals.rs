//! The scripts that are pure signals: one condition to buy, one to sell, all in and long only.
//!
//! Such a script's orders hang on the market alone, once the position that it asks for is known: it is read once as flat, for
//! its entries, and once as long, for its exits. Everything else needs the stepwise path, and the first reason is given.

use crate::graph::{Broker, Graph, NodeId, Op};
use crate::{Diagnostic, Direction, OrderCommand, OrderKind, Program, StepProgram, fold};

/// What the position is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Flat,
    Long,
}

/// The same strategy as signals.
///
/// # Errors
/// The line that needs the stepwise path, and why.
pub(crate) fn signals(steps: &StepProgram) -> Result<Program, Diagnostic> {
    settings(steps)?;
    let mut entries: Vec<&OrderCommand> = Vec::new();
    let mut exits: Vec<&OrderCommand> = Vec::new();
    for order in &steps.orders {
        let plain = order.kind.reads().next().is_none();
        match order.kind {
            OrderKind::Entry { direction: Direction::Long, .. } if plain => entries.push(order),
            OrderKind::Entry { direction: Direction::Long, .. } => {
                return Err(why(order.line, "an entry states its quantity or a price"));
            }
            OrderKind::Close { immediately: false, .. } | OrderKind::CloseAll { immediately: false } if plain => {
                exits.push(order);
            }
            OrderKind::Close { .. } | OrderKind::CloseAll { .. } => {
                return Err(why(order.line, "a close is partial or immediate"));
            }
            OrderKind::Entry { .. } => return Err(why(order.line, "it sells short")),
            OrderKind::Order { .. } => return Err(why(order.line, "strategy.order nets with the position")),
            OrderKind::Exit { .. } => return Err(why(order.line, "strategy.exit works stops and targets")),
            // Market orders do not rest from bar to bar, so only what was placed on this very bar can be taken back.
            OrderKind::Cancel { id: taken } => {
                if entries.iter().any(|entry| matches!(entry.kind, OrderKind::Entry { id, .. } if id == taken)) {
                    return Err(why(order.line, "an order of the same bar is taken back"));
                }
            }
            OrderKind::CancelAll if entries.is_empty() && exits.is_empty() => {}
            OrderKind::CancelAll => return Err(why(order.line, "orders of the same bar are taken back")),
        }
    }
    let mut names: Vec<_> = entries
        .iter()
        .filter_map(|order| if let OrderKind::Entry { id, .. } = order.kind { Some(id) } else { None })
        .collect();
    names.sort();
    names.dedup();
    exits.retain(|order| if let OrderKind::Close { id, .. } = &order.kind { names.contains(id) } else { true });
    if names.len() > 1
        && let Some(own) = exits.iter().find(|order| matches!(order.kind, OrderKind::Close { .. }))
    {
        return Err(why(own.line, "several entries have closes of their own"));
    }
    let mut graph = Graph::default();
    let entry = reading(steps, &entries, Position::Flat, &mut graph)?;
    let exit = reading(steps, &exits, Position::Long, &mut graph)?;
    let used = graph.node(entry).inputs | graph.node(exit).inputs;
    let mut inputs = steps.inputs.clone();
    let mut warnings = steps.warnings.clone();
    for (i, input) in inputs.iter_mut().enumerate() {
        if used >> i & 1 == 0 {
            input.grid = vec![input.default];
            input.derived = false;
            let start = format!("`{}` states no range", input.name);
            warnings.retain(|warning| !(warning.line == input.line && warning.message.starts_with(&start)));
        }
    }
    Ok(Program {
        title: steps.title.clone(),
        version: steps.version,
        inputs,
        graph,
        entry,
        exit,
        settings: steps.settings,
        warnings,
    })
}

fn settings(steps: &StepProgram) -> Result<(), Diagnostic> {
    let settings = &steps.settings;
    let stated = [
        (settings.sizing.is_some(), "the script sizes its positions itself"),
        (settings.pyramiding > 1, "pyramiding allows several entries"),
        (settings.slippage_ticks > 0, "slippage is stated in ticks"),
        (settings.commission_per_order.is_some(), "a commission is charged by order"),
        (settings.commission_per_contract.is_some(), "a commission is charged by contract"),
        (settings.only == Some(Direction::Short), "only short entries are allowed"),
    ];
    match stated.iter().find(|(found, _)| *found) {
        Some((_, what)) => Err(why(1, what)),
        None => Ok(()),
    }
}

/// Any of the orders, with the position as given.
fn reading(
    steps: &StepProgram,
    orders: &[&OrderCommand],
    position: Position,
    graph: &mut Graph,
) -> Result<NodeId, Diagnostic> {
    let mut needed = vec![false; steps.graph.nodes.len()];
    for order in orders {
        needed[order.when.0 as usize] = true;
    }
    for (i, node) in steps.graph.nodes.iter().enumerate().rev() {
        if needed[i] {
            for operand in Graph::operands(&node.op) {
                needed[operand.0 as usize] = true;
            }
        }
    }
    // What depends on more than the position's sign is only trouble where it survives.
    let mut known: Vec<Option<Result<NodeId, Diagnostic>>> = vec![None; needed.len()];
    for (i, node) in steps.graph.nodes.iter().enumerate().filter(|(i, _)| needed[*i]) {
        let line = node.line;
        let mut add = |op| {
            let op = fold::folded(graph, op);
            graph.add(op, line)
        };
        if let Some(op) = with_position(&steps.graph, &node.op, position) {
            known[i] = Some(Ok(add(op)));
            continue;
        }
        let operands: Vec<NodeId> = Graph::operands(&node.op);
        let of = |id: NodeId| known[id.0 as usize].clone().expect("operands stand before their node");
        let decided = decided(&node.op, &of, graph);
        known[i] = Some(match (decided, operands.iter().find_map(|id| of(*id).err())) {
            (Some(node), _) => Ok(node),
            (None, Some(trouble)) => Err(trouble),
            (None, None) => match &node.op {
                Op::Register(register, _) => {
                    let held = &steps.registers[*register as usize];
                    Err(why(held.line, &format!("`{}` is carried from bar to bar", held.name)))
                }
                Op::Broker(read) => Err(why(line, &format!("it reads {}", spelt(*read)))),
                op => {
                    let op = op.clone().map(|id| of(id).expect("asked above"));
                    let op = fold::folded(graph, op);
                    Ok(graph.add(op, line))
                }
            },
        });
    }
    let mut all = graph.add(Op::Truth(false), 1);
    for order in orders {
        let when = known[order.when.0 as usize].clone().expect("marked as needed")?;
        let op = fold::folded(graph, Op::Or(all, when));
        all = graph.add(op, order.line);
    }
    Ok(all)
}

/// Choices whose other side does not matter.
fn decided(op: &Op, of: &impl Fn(NodeId) -> Result<NodeId, Diagnostic>, graph: &Graph) -> Option<NodeId> {
    let truth = |id: NodeId| match of(id) {
        Ok(node) => match graph.node(node).op {
            Op::Truth(known) => Some((node, known)),
            _ => None,
        },
        Err(_) => None,
    };
    match *op {
        Op::And(a, b) => [a, b].into_iter().filter_map(truth).find(|(_, known)| !known).map(|(node, _)| node),
        Op::Or(a, b) => [a, b].into_iter().filter_map(truth).find(|(_, known)| *known).map(|(node, _)| node),
        Op::Select(c, a, b) => truth(c).and_then(|(_, known)| of(if known { a } else { b }).ok()),
        _ => None,
    }
}

/// What an op is once the position is known.
fn with_position(graph: &Graph, op: &Op, position: Position) -> Option<Op> {
    let number = |id: NodeId| match graph.node(id).op {
        Op::Number(x) => Some(x),
        _ => None,
    };
    match (op, position) {
        (Op::Broker(Broker::PositionSize | Broker::OpenTrades | Broker::OpenProfit), Position::Flat) => {
            Some(Op::Number(0.0))
        }
        (
            Op::Broker(
                Broker::AveragePrice
                | Broker::OldestOpenBar
                | Broker::OldestOpenPrice
                | Broker::OldestOpenSize
                | Broker::OldestOpenProfit
                | Broker::NewestOpenBar
                | Broker::NewestOpenPrice
                | Broker::NewestOpenSize
                | Broker::NewestOpenProfit,
            ),
            Position::Flat,
        ) => Some(Op::Number(f64::NAN)),
        (Op::Broker(Broker::OpenTrades), Position::Long) => Some(Op::Number(1.0)),
        (Op::IsNa(x), Position::Long)
            if matches!(graph.node(*x).op, Op::Broker(Broker::AveragePrice | Broker::PositionSize)) =>
        {
            Some(Op::Truth(false))
        }
        (Op::Compare(f, a, b), Position::Long) => {
            let size = |id: NodeId| graph.node(id).op == Op::Broker(Broker::PositionSize);
            // Above 0, however much: against numbers up to 0 the answer is known.
            match (number(*a), number(*b)) {
                (_, Some(y)) if size(*a) && y <= 0.0 => Some(Op::Truth(fold::compare(*f, 1.0, y))),
                (Some(x), _) if size(*b) && x <= 0.0 => Some(Op::Truth(fold::compare(*f, x, 1.0))),
                _ => None,
            }
        }
        _ => None,
    }
}

fn why(line: u32, what: &str) -> Diagnostic {
    Diagnostic { line, column: 1, message: what.to_owned(), help: None }
}

/// As Pine spells it.
pub(crate) fn spelt(read: Broker) -> &'static str {
    match read {
        Broker::PositionSize => "strategy.position_size",
        Broker::AveragePrice => "strategy.position_avg_price",
        Broker::Equity => "strategy.equity",
        Broker::OpenProfit => "strategy.openprofit",
        Broker::NetProfit => "strategy.netprofit",
        Broker::GrossProfit => "strategy.grossprofit",
        Broker::GrossLoss => "strategy.grossloss",
        Broker::OpenTrades => "strategy.opentrades",
        Broker::ClosedTrades => "strategy.closedtrades",
        Broker::WinTrades => "strategy.wintrades",
        Broker::LossTrades => "strategy.losstrades",
        Broker::EvenTrades => "strategy.eventrades",
        Broker::InitialCapital => "strategy.initial_capital",
        Broker::OldestOpenBar | Broker::NewestOpenBar => "strategy.opentrades.entry_bar_index",
        Broker::OldestOpenPrice | Broker::NewestOpenPrice => "strategy.opentrades.entry_price",
        Broker::OldestOpenSize | Broker::NewestOpenSize => "strategy.opentrades.size",
        Broker::OldestOpenProfit | Broker::NewestOpenProfit => "strategy.opentrades.profit",
        Broker::LastClosedEntryBar => "strategy.closedtrades.entry_bar_index",
        Broker::LastClosedExitBar => "strategy.closedtrades.exit_bar_index",
        Broker::LastClosedEntryPrice => "strategy.closedtrades.entry_price",
        Broker::LastClosedExitPrice => "strategy.closedtrades.exit_price",
        Broker::LastClosedSize => "strategy.closedtrades.size",
        Broker::LastClosedProfit => "strategy.closedtrades.profit",
    }
}
