//! What a script can read of its account, for a vector of lanes: the words of `scalar::read`.

use assay_pine::graph::Broker as Read;

use super::group::{Group, Terms, Tick};
use super::vector::Num;
use crate::compute::isa::Words;

/// What a script reads of the account, after the bar's fills.
#[inline(always)]
pub(super) fn read<S: Words>(simd: S, what: Read, group: &Group<S>, tick: &Tick, terms: &Terms) -> Num<S> {
    let na = Num::splat(simd, f64::NAN);
    let held = group.held();
    let while_held = |x: Num<S>| held.pick(x, na);
    match what {
        Read::PositionSize => group.contracts,
        Read::AveragePrice | Read::OldestOpenPrice | Read::NewestOpenPrice => group.entry_price,
        Read::Equity => group.money(tick.close),
        Read::OpenProfit => group.open_profit(tick.close),
        Read::NetProfit => group.net_profit,
        Read::GrossProfit => group.gross_profit,
        Read::GrossLoss => group.gross_loss,
        Read::OpenTrades => held.pick(Num::splat(simd, 1.0), Num::splat(simd, 0.0)),
        Read::ClosedTrades => group.exits,
        Read::WinTrades => group.wins,
        Read::LossTrades => group.losses,
        Read::EvenTrades => group.exits - group.wins - group.losses,
        Read::InitialCapital => Num::splat(simd, terms.settings.initial_capital),
        Read::OldestOpenBar | Read::NewestOpenBar => group.entry_bar,
        Read::OldestOpenSize | Read::NewestOpenSize => while_held(group.contracts),
        Read::OldestOpenProfit | Read::NewestOpenProfit => while_held(group.open_profit(tick.close)),
        Read::LastClosedEntryBar => group.last_entry_bar,
        Read::LastClosedExitBar => group.last_exit_bar,
        Read::LastClosedEntryPrice => group.last_entry_price,
        Read::LastClosedExitPrice => group.last_exit_price,
        Read::LastClosedSize => group.last_size,
        Read::LastClosedProfit => group.last_profit,
    }
}
