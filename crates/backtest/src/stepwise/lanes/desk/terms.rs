//! The orders of a strategy as desks see them: which of them a sleeping broker need not hear of.

use std::collections::HashMap;

use assay_pine::graph::NodeId;
use assay_pine::{OrderId, OrderKind, StepProgram};

use crate::stepwise::broker::{BrokerSettings, Side};
use crate::stepwise::lanes::code::Code;
use crate::stepwise::scalar::side;

/// How an order is given.
#[derive(Clone, Copy, Debug)]
pub(super) enum How {
    /// Level `.0`: an order with a stop or a limit alone.
    Level(usize),
    /// Bracket `.0`.
    Bracket(usize),
    /// A market or stop-limit entry in a direction; full pyramids ignore it.
    Entry(Side),
    /// `strategy.order` of the same kinds.
    Order,
    /// Closes trades of an entry; `None`: all.
    Close(Option<u32>),
    /// Cancels name number `.0`.
    Cancel(usize),
    CancelAll,
}

#[derive(Clone, Debug)]
pub(super) struct Given {
    pub when: u32,
    pub kind: OrderKind,
    pub how: How,
}

/// An order with a stop or a limit alone, the only one of its name.
#[derive(Clone, Debug)]
pub(super) struct LevelTerms {
    pub id: u32,
    pub entry: bool,
    pub side: Side,
    pub price: u32,
    pub qty: Option<u32>,
    /// Met by a rising price.
    pub up: bool,
}

/// A bracket, the only one of its name for its entry.
#[derive(Clone, Debug)]
pub(super) struct BracketTerms {
    pub id: u32,
    pub from: Option<u32>,
    /// Slots of all that it reads.
    pub legs: Vec<u32>,
    /// It has no other legs than a stop and a limit, so a sleeping broker need not hear of new ones: their slots.
    pub plain: Option<(Option<u32>, Option<u32>)>,
}

/// What all desks know.
#[derive(Clone, Debug)]
pub(in crate::stepwise::lanes) struct DeskTerms {
    pub(super) settings: BrokerSettings,
    pub(super) version: u8,
    pub(super) given: Vec<Given>,
    pub(super) levels: Vec<LevelTerms>,
    pub(super) brackets: Vec<BracketTerms>,
    pub(super) cancels: Vec<u32>,
    pub(super) reads: Vec<assay_pine::graph::Broker>,
    /// A command fills at the close of the bar that places it.
    pub(super) at_close: bool,
    /// By node that an order reads.
    slots: Vec<u32>,
}

impl DeskTerms {
    /// `None` when the account has no money, or a node no slot.
    pub(in crate::stepwise::lanes) fn of(
        program: &StepProgram,
        settings: &BrokerSettings,
        code: &Code,
    ) -> Option<DeskTerms> {
        if !(settings.initial_capital > 0.0 && settings.initial_capital.is_finite()) {
            return None;
        }
        let mut terms = DeskTerms {
            settings: *settings,
            version: program.version,
            given: Vec::new(),
            levels: Vec::new(),
            brackets: Vec::new(),
            cancels: Vec::new(),
            reads: code.reads.iter().map(|(_, what)| *what).collect(),
            at_close: settings.process_orders_on_close,
            slots: vec![0; program.graph.nodes.len()],
        };
        // Orders of one name replace each other: only the only one of its name can be watched beside its broker.
        let mut orders: HashMap<OrderId, usize> = HashMap::new();
        let mut exits: HashMap<(OrderId, Option<OrderId>), usize> = HashMap::new();
        for order in &program.orders {
            match &order.kind {
                OrderKind::Entry { id, .. } | OrderKind::Order { id, .. } => *orders.entry(*id).or_default() += 1,
                OrderKind::Exit { id, from_entry, .. } => *exits.entry((*id, *from_entry)).or_default() += 1,
                _ => {}
            }
        }
        for order in &program.orders {
            let how = match &order.kind {
                OrderKind::Entry { id, direction, qty, limit, stop }
                | OrderKind::Order { id, direction, qty, limit, stop } => {
                    let (entry, side) = (matches!(order.kind, OrderKind::Entry { .. }), side(*direction));
                    match (stop, limit) {
                        (Some(price), None) | (None, Some(price)) if orders[id] == 1 => {
                            terms.levels.push(LevelTerms {
                                id: u32::from(id.0),
                                entry,
                                side,
                                price: code.slot_of(*price)?,
                                qty: slot(code, qty)?,
                                up: stop.is_some() == (side == Side::Long),
                            });
                            How::Level(terms.levels.len() - 1)
                        }
                        _ if entry => How::Entry(side),
                        _ => How::Order,
                    }
                }
                OrderKind::Exit { id, from_entry, limit, stop, .. } => {
                    let plain = order.kind.reads().all(|read| Some(read) == *limit || Some(read) == *stop);
                    let plain = if plain { Some((slot(code, stop)?, slot(code, limit)?)) } else { None };
                    if exits[&(*id, *from_entry)] == 1 {
                        terms.brackets.push(BracketTerms {
                            id: u32::from(id.0),
                            from: from_entry.map(|id| u32::from(id.0)),
                            legs: order.kind.reads().map(|id| code.slot_of(id)).collect::<Option<_>>()?,
                            plain,
                        });
                        How::Bracket(terms.brackets.len() - 1)
                    } else {
                        How::Order
                    }
                }
                OrderKind::Close { id, immediately, .. } => {
                    terms.at_close |= immediately;
                    How::Close(Some(u32::from(id.0)))
                }
                OrderKind::CloseAll { immediately } => {
                    terms.at_close |= immediately;
                    How::Close(None)
                }
                OrderKind::Cancel { id } => {
                    terms.cancels.push(u32::from(id.0));
                    How::Cancel(terms.cancels.len() - 1)
                }
                OrderKind::CancelAll => How::CancelAll,
            };
            for node in order.kind.reads() {
                terms.slots[node.0 as usize] = code.slot_of(node)?;
            }
            terms.given.push(Given { when: code.slot_of(order.when)?, kind: order.kind.clone(), how });
        }
        Some(terms)
    }

    /// The slot of a node that an order reads.
    pub(super) fn slot(&self, node: NodeId) -> u32 {
        self.slots[node.0 as usize]
    }
}

/// The slot of a node that may be absent.
fn slot(code: &Code, node: &Option<NodeId>) -> Option<Option<u32>> {
    match node {
        None => Some(None),
        Some(node) => code.slot_of(*node).map(Some),
    }
}
