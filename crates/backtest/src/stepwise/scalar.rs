//! One parameter set, bar by bar: the plain executor of a [`StepProgram`] over the broker. The oracle of the lanes.

use std::sync::Arc;

use assay_pine::fold;
use assay_pine::graph::{Broker as Read, Kind, NodeId, Op, Shape};
use assay_pine::{Direction, OrderId, OrderKind, StepProgram};

use super::broker::{
    Bar, Broker, BrokerSettings, Close, ClosedTrade, Command, Exit, Late, OpenTrade, Order, Side, TooManyOrders,
};
use crate::Bars;
use crate::evaluate::{Column, Evaluator, Invalid, bit};

/// Everything of one parameter set that does not depend on the run.
pub(super) struct Inputs {
    /// By node; NaN for series.
    pub scalars: Vec<f64>,
    /// By node; the live series without feedback.
    pub columns: Vec<Option<Arc<Column>>>,
}

impl Inputs {
    /// Computes the columns of one parameter set.
    pub fn of(program: &StepProgram, live: &[bool], values: &[f64], bars: &Bars) -> Result<Inputs, Invalid> {
        let evaluator = Evaluator { graph: &program.graph, bars };
        let scalars = evaluator.scalars(values);
        let mut columns: Vec<Option<Arc<Column>>> = vec![None; program.graph.nodes.len()];
        for (i, node) in program.graph.nodes.iter().enumerate() {
            if live[i] && node.shape == Shape::Series && !node.feedback {
                columns[i] = Some(Arc::new(evaluator.column(node, &scalars, columns.as_slice())?));
            }
        }
        Ok(Inputs { scalars, columns })
    }
}

/// From which bar on orders are placed, and how many bars they take to the broker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub from: usize,
    pub late: usize,
}

impl Timing {
    /// At once.
    pub fn from(from: usize) -> Timing {
        Timing { from, late: 0 }
    }
}

/// Goes through all bars; `each(t, growth, broker)` sees the end of each.
pub(super) fn execute(
    program: &StepProgram,
    live: &[bool],
    inputs: &Inputs,
    settings: &BrokerSettings,
    bars: &Bars,
    timing: Timing,
    mut each: impl FnMut(usize, f64, &Broker),
) -> Result<Broker, TooManyOrders> {
    let graph = &program.graph;
    let mut broker = Broker::new(settings);
    let mut way = Late::new(timing.late);
    let mut registers: Vec<f64> = program.registers.iter().map(|register| register.initial).collect();
    let used: Vec<usize> =
        (0..graph.nodes.len()).filter(|i| live[*i] && graph.nodes[*i].shape == Shape::Series).collect();
    // Truths are 1 and 0; scalars are there from the start.
    let mut values = inputs.scalars.clone();
    let mut next: Vec<f64> = registers.clone();
    for t in 0..bars.len() {
        broker.begin(t, Bar { open: bars.open[t], high: bars.high[t], low: bars.low[t], close: bars.close[t] });
        for i in &used {
            values[*i] = match &inputs.columns[*i] {
                Some(column) => match column.as_ref() {
                    Column::Number(x) => x[t],
                    Column::Truth(bits) => truth(bit(bits, t)),
                },
                None => value(&graph.nodes[*i].op, &values, &registers, &broker),
            };
        }
        way.arrive(t, &mut broker)?;
        if t >= timing.from {
            for order in program.orders.iter().filter(|order| values[order.when.0 as usize] != 0.0) {
                way.send(t, command(program.version, &order.kind, |id| values[id.0 as usize]), &mut broker)?;
            }
        }
        for (next, register) in next.iter_mut().zip(&program.registers) {
            *next = values[register.next.0 as usize];
        }
        registers.copy_from_slice(&next);
        let growth = broker.end();
        each(t, growth, &broker);
    }
    Ok(broker)
}

fn truth(b: bool) -> f64 {
    f64::from(u8::from(b))
}

/// The value of a node with feedback. Series functions of feedback are written out as registers by the lowering.
fn value(op: &Op, values: &[f64], registers: &[f64], broker: &Broker) -> f64 {
    let of = |id: &NodeId| values[id.0 as usize];
    match op {
        Op::Unary(f, a) => fold::unary(*f, of(a)),
        Op::Binary(f, a, b) => fold::binary(*f, of(a), of(b)),
        Op::Compare(f, a, b) => truth(fold::compare(*f, of(a), of(b))),
        Op::And(a, b) => truth(of(a) != 0.0 && of(b) != 0.0),
        Op::Or(a, b) => truth(of(a) != 0.0 || of(b) != 0.0),
        Op::Not(a) => truth(of(a) == 0.0),
        Op::Select(c, a, b) => {
            if of(c) != 0.0 {
                of(a)
            } else {
                of(b)
            }
        }
        Op::IsNa(a) => truth(of(a).is_nan()),
        Op::Register(register, Kind::Truth) => truth(registers[*register as usize] != 0.0),
        Op::Register(register, Kind::Number) => registers[*register as usize],
        Op::Broker(what) => read(*what, broker),
        Op::Number(x) => *x,
        Op::Truth(b) => truth(*b),
        Op::Input(_)
        | Op::Symbol(_)
        | Op::Price(_)
        | Op::Time(_)
        | Op::History(..)
        | Op::Indicator(..)
        | Op::BarsSince(_)
        | Op::ValueWhen(..) => f64::NAN,
    }
}

/// What the broker knows, after this bar's fills.
pub(super) fn read(what: Read, broker: &Broker) -> f64 {
    read_at(what, broker, broker.last_price())
}

/// The same with another last price: of a broker that slept through quiet bars. Equity is not among what it knows then.
pub(super) fn read_at(what: Read, broker: &Broker, price: f64) -> f64 {
    let tally = broker.tally();
    let oldest = |f: &dyn Fn(&OpenTrade) -> f64| broker.open_trades().first().map_or(f64::NAN, f);
    let newest = |f: &dyn Fn(&OpenTrade) -> f64| broker.open_trades().last().map_or(f64::NAN, f);
    let last = |f: &dyn Fn(&ClosedTrade) -> f64| broker.closed_trades().last().map_or(f64::NAN, f);
    match what {
        Read::PositionSize => broker.position_size(),
        Read::AveragePrice => broker.position_avg_price(),
        Read::Equity => broker.equity(),
        Read::OpenProfit => broker.open_trades().iter().map(|trade| trade.profit(price)).sum(),
        Read::NetProfit => broker.netprofit(),
        Read::GrossProfit => tally.gross_profit,
        Read::GrossLoss => tally.gross_loss,
        Read::OpenTrades => broker.open_trades().len() as f64,
        Read::ClosedTrades => broker.closed_trades().len() as f64,
        Read::WinTrades => f64::from(tally.wins),
        Read::LossTrades => f64::from(tally.losses),
        Read::EvenTrades => f64::from(tally.evens),
        Read::InitialCapital => broker.initial_capital(),
        Read::OldestOpenBar => oldest(&|t| t.entry_bar as f64),
        Read::OldestOpenPrice => oldest(&|t| t.entry_price),
        Read::OldestOpenSize => oldest(&|t| t.side.sign() * t.qty),
        Read::OldestOpenProfit => oldest(&|t| t.profit(price)),
        Read::NewestOpenBar => newest(&|t| t.entry_bar as f64),
        Read::NewestOpenPrice => newest(&|t| t.entry_price),
        Read::NewestOpenSize => newest(&|t| t.side.sign() * t.qty),
        Read::NewestOpenProfit => newest(&|t| t.profit(price)),
        Read::LastClosedEntryBar => last(&|t| t.entry_bar as f64),
        Read::LastClosedExitBar => last(&|t| t.exit_bar as f64),
        Read::LastClosedEntryPrice => last(&|t| t.entry_price),
        Read::LastClosedExitPrice => last(&|t| t.exit_price),
        Read::LastClosedSize => last(&|t| t.side.sign() * t.qty),
        Read::LastClosedProfit => last(&|t| t.profit),
    }
}

/// Gives one order to the broker.
pub(super) fn place(
    broker: &mut Broker,
    version: u8,
    kind: &OrderKind,
    value: impl Fn(NodeId) -> f64,
) -> Result<(), TooManyOrders> {
    broker.obey(command(version, kind, value))
}

/// What one order says on this bar.
fn command(version: u8, kind: &OrderKind, value: impl Fn(NodeId) -> f64) -> Command {
    let of = |id: &Option<NodeId>| id.map_or(f64::NAN, &value);
    let order = |entry: bool, id: &OrderId, direction: &Direction, qty, limit, stop| Order {
        id: u32::from(id.0),
        entry,
        side: side(*direction),
        qty: of(qty),
        stop: of(stop),
        limit: of(limit),
        oca: None,
    };
    match kind {
        OrderKind::Entry { id, direction, qty, limit, stop } => {
            Command::Order(order(true, id, direction, qty, limit, stop))
        }
        OrderKind::Order { id, direction, qty, limit, stop } => {
            Command::Order(order(false, id, direction, qty, limit, stop))
        }
        OrderKind::Close { id, qty, qty_percent, immediately } => Command::Close(Close {
            entry: Some(u32::from(id.0)),
            qty: of(qty),
            qty_percent: of(qty_percent),
            immediately: *immediately,
        }),
        OrderKind::CloseAll { immediately } => {
            Command::Close(Close { immediately: *immediately, ..Close::all_of(None) })
        }
        OrderKind::Exit {
            id,
            from_entry,
            qty,
            qty_percent,
            profit,
            limit,
            loss,
            stop,
            trail_price,
            trail_points,
            trail_offset,
        } => {
            let beside = |price: f64, ticks: f64| ticks_beside(version, price, ticks);
            Command::Exit(Exit {
                qty: of(qty),
                qty_percent: of(qty_percent),
                limit: of(limit),
                profit: beside(of(limit), of(profit)),
                stop: of(stop),
                loss: beside(of(stop), of(loss)),
                trail_price: of(trail_price),
                trail_points: beside(of(trail_price), of(trail_points)),
                trail_offset: of(trail_offset),
                ..Exit::new(u32::from(id.0), from_entry.map(|id| u32::from(id.0)))
            })
        }
        OrderKind::Cancel { id } => Command::Cancel(u32::from(id.0)),
        OrderKind::CancelAll => Command::CancelAll,
    }
}

/// The distance of a leg that also has a price: before version 6 the price alone counts.
pub(super) fn ticks_beside(version: u8, price: f64, ticks: f64) -> f64 {
    if version < 6 && !price.is_nan() { f64::NAN } else { ticks }
}

/// The broker's word for a direction.
pub(super) fn side(direction: Direction) -> Side {
    match direction {
        Direction::Long => Side::Long,
        Direction::Short => Side::Short,
    }
}
