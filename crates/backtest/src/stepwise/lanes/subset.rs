//! Which strategies the vectors of [`Group`](super::group::Group) hold, and their orders in a form without names.
//!
//! Held: one position at a time, opened by market entries and closed by market orders and at most one bracket for each
//! position. Everything else (pyramiding, entries by stop or limit, parts, `strategy.order`, cancelling, commission in
//! money) is kept by brokers that sleep ([`Desk`](super::desk::Desk)). Within the subset every market order is worked on the
//! bar after it was placed, so the queue is the order of the commands in the text.

use assay_pine::graph::{NodeId, Op};
use assay_pine::{OrderKind, StepProgram};

use crate::stepwise::broker::{Allow, BrokerSettings, Commission, Intrabar, Side, Sizing};
use crate::stepwise::scalar::side;

/// Most market orders and brackets that a strategy of groups may name.
pub(super) const MARKETS_MAX: usize = 8;
pub(super) const BRACKETS_MAX: usize = 4;

/// A market order that a strategy can give.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Market {
    Entry {
        id: u16,
        side: Side,
    },
    /// `None`: everything.
    Close {
        id: Option<u16>,
        immediately: bool,
    },
}

/// Legs of a bracket, in the order of [`Leg`].
pub(super) const LEGS: usize = 7;
/// Indices into the legs of a bracket.
#[derive(Clone, Copy)]
pub(super) enum Leg {
    Profit,
    Limit,
    Loss,
    Stop,
    TrailPrice,
    TrailPoints,
    TrailOffset,
}

/// What is done on a bar on which its condition holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Market { when: NodeId, market: usize, qty: Option<NodeId> },
    Bracket { when: NodeId, bracket: usize, legs: [Option<NodeId>; LEGS] },
}

/// The orders of a strategy that groups hold.
#[derive(Clone, Debug)]
pub(super) struct Orders {
    pub markets: Vec<Market>,
    /// By bracket: the entry that it guards; `None`: whatever is held.
    pub brackets: Vec<Option<u16>>,
    pub commands: Vec<Command>,
    pub version: u8,
    /// A bracket has a trailing stop.
    pub trails: bool,
    /// A position can be short.
    pub shorts: bool,
    /// A position can be in the counted book.
    pub counted: bool,
    /// The id of all entries, if they have but one: whatever is held bears it.
    pub only_entry: Option<u16>,
}

impl Orders {
    /// The strategy's orders; `None` when groups do not hold it.
    pub fn of(program: &StepProgram, settings: &BrokerSettings) -> Option<Orders> {
        if settings.pyramiding > 1
            || matches!(settings.commission, Commission::PerOrder(_) | Commission::PerContract(_))
        {
            return None;
        }
        if !(settings.initial_capital > 0.0 && settings.initial_capital.is_finite()) {
            return None;
        }
        let mut orders = Orders {
            markets: Vec::new(),
            brackets: Vec::new(),
            commands: Vec::new(),
            version: program.version,
            trails: false,
            shorts: false,
            counted: settings.sizing != Sizing::AllIn,
            only_entry: None,
        };
        let mut exit_ids: Vec<u16> = Vec::new();
        for command in &program.orders {
            let when = command.when;
            match &command.kind {
                OrderKind::Entry { id, direction, qty, limit: None, stop: None } => {
                    let side = side(*direction);
                    if side == Side::Short && settings.allow != Allow::Long {
                        orders.shorts = true;
                        orders.counted = true;
                    }
                    orders.counted |= qty.is_some();
                    let other = Market::Entry { id: id.0, side: side.opposite() };
                    if orders.markets.contains(&other) {
                        return None;
                    }
                    orders.market(when, Market::Entry { id: id.0, side }, *qty)?;
                }
                OrderKind::Close { id, qty: None, qty_percent, immediately } if whole(program, *qty_percent) => {
                    orders.close(when, Some(id.0), *immediately)?;
                }
                OrderKind::CloseAll { immediately } => orders.close(when, None, *immediately)?,
                OrderKind::Exit {
                    id,
                    from_entry,
                    qty: None,
                    qty_percent,
                    profit,
                    limit,
                    loss,
                    stop,
                    trail_price,
                    trail_points,
                    trail_offset,
                } if whole(program, *qty_percent) => {
                    let from = from_entry.map(|id| id.0);
                    let legs = [*profit, *limit, *loss, *stop, *trail_price, *trail_points, *trail_offset];
                    orders.trails |= trail_offset.is_some() && (trail_price.is_some() || trail_points.is_some());
                    let bracket = match orders.brackets.iter().position(|known| *known == from) {
                        Some(at) if exit_ids[at] == id.0 => at,
                        Some(_) => return None,
                        None if orders.brackets.len() == BRACKETS_MAX => return None,
                        None => {
                            orders.brackets.push(from);
                            exit_ids.push(id.0);
                            orders.brackets.len() - 1
                        }
                    };
                    orders.commands.push(Command::Bracket { when, bracket, legs });
                }
                _ => return None,
            }
        }
        // One bracket for each position.
        if orders.brackets.len() > 1 && orders.brackets.contains(&None) {
            return None;
        }
        let mut entries = orders.markets.iter().filter_map(|market| match market {
            Market::Entry { id, .. } => Some(*id),
            Market::Close { .. } => None,
        });
        let first = entries.next();
        orders.only_entry = first.filter(|first| entries.all(|id| id == *first));
        Some(orders)
    }

    fn close(&mut self, when: NodeId, id: Option<u16>, immediately: bool) -> Option<()> {
        if self.markets.contains(&Market::Close { id, immediately: !immediately }) {
            return None;
        }
        self.market(when, Market::Close { id, immediately }, None)
    }

    /// `None` when the queue would depend on which of several commands was met.
    fn market(&mut self, when: NodeId, market: Market, qty: Option<NodeId>) -> Option<()> {
        let at = match self.markets.iter().position(|known| *known == market) {
            Some(at) if at + 1 == self.markets.len() => at,
            Some(_) => return None,
            None if self.markets.len() == MARKETS_MAX => return None,
            None => {
                self.markets.push(market);
                self.markets.len() - 1
            }
        };
        self.commands.push(Command::Market { when, market: at, qty });
        Some(())
    }

    /// By bracket: the legs that some command of it has.
    pub fn used_legs(&self) -> Vec<[bool; LEGS]> {
        let mut used = vec![[false; LEGS]; self.brackets.len()];
        for command in &self.commands {
            if let Command::Bracket { bracket, legs, .. } = command {
                for (used, leg) in used[*bracket].iter_mut().zip(legs) {
                    *used |= leg.is_some();
                }
            }
        }
        used
    }

    /// Whether orders fill at the close of the bar that places them.
    pub fn fill_at_close(&self, settings: &BrokerSettings) -> bool {
        settings.process_orders_on_close
            || self.markets.iter().any(|m| matches!(m, Market::Close { immediately: true, .. }))
    }
}

/// Nodes that the orders of the lanes read.
pub(super) fn roots(program: &StepProgram) -> Vec<NodeId> {
    program.orders.iter().flat_map(|order| std::iter::once(order.when).chain(order.kind.reads())).collect()
}

/// Not given, or 100 percent.
fn whole(program: &StepProgram, percent: Option<NodeId>) -> bool {
    percent.is_none_or(|id| program.graph.node(id).op == Op::Number(100.0))
}

/// Whether the adverse extreme comes first whatever the bar.
pub(super) fn pessimistic(settings: &BrokerSettings) -> bool {
    settings.intrabar == Intrabar::Pessimistic
}

/// The leg that says as a price what this one says in ticks.
pub(super) fn price_of(leg: usize) -> Option<Leg> {
    [(Leg::Profit, Leg::Limit), (Leg::Loss, Leg::Stop), (Leg::TrailPoints, Leg::TrailPrice)]
        .into_iter()
        .find_map(|(ticks, price)| (ticks as usize == leg).then_some(price))
}
