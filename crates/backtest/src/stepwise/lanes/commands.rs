//! The orders of a strategy with the slots that they read.

use std::collections::BTreeSet;

use assay_pine::graph::NodeId;

use super::code::Code;
use super::subset::{Command, LEGS, Orders, price_of};

/// A command with its slots.
#[derive(Clone, Debug)]
pub(super) enum Placed {
    Market {
        when: u32,
        market: usize,
        qty: Option<u32>,
    },
    /// With every leg that any command of the bracket has.
    Bracket {
        when: u32,
        bracket: usize,
        legs: Vec<PlacedLeg>,
        /// Sections of the code that must run for a leg to change while the position stays; `None`: any bar may change one.
        sources: Option<BTreeSet<usize>>,
    },
}

/// A leg with its slots.
#[derive(Clone, Debug)]
pub(super) struct PlacedLeg {
    pub leg: usize,
    /// `None`: this command does not have it.
    pub slot: Option<u32>,
    /// The price that it stands back for: before version 6 a leg with a price ignores its distance.
    pub behind: Option<u32>,
}

/// Finds the slots of a command; `None` when a node has none.
pub(super) fn placed(code: &Code, orders: &Orders, used: &[[bool; LEGS]], command: &Command) -> Option<Placed> {
    let of = |id: &Option<NodeId>| match id {
        None => Some(None),
        Some(id) => code.slot_of(*id).map(Some),
    };
    Some(match command {
        Command::Market { when, market, qty } => {
            Placed::Market { when: code.slot_of(*when)?, market: *market, qty: of(qty)? }
        }
        Command::Bracket { when, bracket, legs } => {
            let mut slots = Vec::new();
            for (leg, node) in legs.iter().enumerate().filter(|(leg, _)| used[*bracket][*leg]) {
                let behind =
                    if orders.version < 6 { price_of(leg).and_then(|price| legs[price as usize]) } else { None };
                slots.push(PlacedLeg { leg, slot: of(node)?, behind: of(&behind)? });
            }
            let commands = orders.commands.iter();
            let only =
                commands.filter(|c| matches!(c, Command::Bracket { bracket: b, .. } if b == bracket)).count() == 1;
            let read = legs.iter().flatten();
            let sources = read.map(|node| code.sources(*node)).try_fold(BTreeSet::new(), |mut all, of| {
                all.extend(of?.iter().copied());
                Some(all)
            });
            let sources = sources.filter(|_| only);
            Placed::Bracket { when: code.slot_of(*when)?, bracket: *bracket, legs: slots, sources }
        }
    })
}
