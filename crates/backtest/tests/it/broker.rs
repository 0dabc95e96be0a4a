//! The broker emulator under orders and prices of any kind.

use assay_backtest::stepwise::broker::{
    Allow, Bar, Broker, BrokerSettings, Close, CloseRule, Commission, Exit, Intrabar, NO_ID, Oca, OcaKind, Order, Side,
    Sizing,
};
use assay_units::{Seed, SplitMix64};
use proptest::prelude::*;

struct Dice(SplitMix64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_unit() * n as f64) as usize % n
    }

    fn yes(&mut self, chance: f64) -> bool {
        self.0.next_unit() < chance
    }

    /// Near `price`; NaN half of the time, and now and then a number that is no price when `wild`.
    fn level(&mut self, price: f64, wild: bool) -> f64 {
        if wild && self.yes(0.1) {
            return [f64::INFINITY, f64::NEG_INFINITY, 0.0, -5.0, 1e300, 1e-300][self.below(6)];
        }
        if self.yes(0.5) { f64::NAN } else { price * (1.0 + 0.06 * (self.0.next_unit() - 0.5)) }
    }

    fn side(&mut self) -> Side {
        if self.yes(0.5) { Side::Long } else { Side::Short }
    }
}

fn settings(dice: &mut Dice) -> BrokerSettings {
    BrokerSettings {
        sizing: [Sizing::AllIn, Sizing::Fixed(3.0), Sizing::Cash(900.0), Sizing::PercentOfEquity(30.0)][dice.below(4)],
        pyramiding: dice.below(4) as u32,
        commission: [
            Commission::None,
            Commission::Percent(0.1),
            Commission::PerOrder(1.5),
            Commission::PerContract(0.05),
        ][dice.below(4)],
        slippage_ticks: dice.below(3) as f64,
        fee: 0.0005,
        slippage: 0.0002,
        process_orders_on_close: dice.yes(0.3),
        close_rule: if dice.yes(0.5) { CloseRule::Fifo } else { CloseRule::Any },
        intrabar: if dice.yes(0.5) { Intrabar::Path } else { Intrabar::Pessimistic },
        allow: [Allow::Both, Allow::Both, Allow::Long, Allow::Short][dice.below(4)],
        ..BrokerSettings::plain()
    }
}

/// Gives some orders at random.
fn order(broker: &mut Broker, dice: &mut Dice, price: f64, wild: bool) {
    let oca = dice.yes(0.3).then(|| Oca {
        group: dice.below(2) as u32,
        kind: [OcaKind::None, OcaKind::Cancel, OcaKind::Reduce][dice.below(3)],
    });
    let qty = match dice.below(4) {
        0 => 1.0 + dice.below(4) as f64,
        1 if wild => [f64::INFINITY, -1.0, 0.0, 1e300][dice.below(4)],
        _ => f64::NAN,
    };
    let id = dice.below(3) as u32;
    match dice.below(7) {
        0..=2 => {
            let (stop, limit) = (dice.level(price, wild), dice.level(price, wild));
            broker.order(Order { id, entry: dice.yes(0.7), side: dice.side(), qty, stop, limit, oca }).unwrap();
        }
        3 | 4 => {
            let from_entry = dice.yes(0.7).then_some(id);
            let ticks = |dice: &mut Dice| if dice.yes(0.5) { f64::NAN } else { dice.below(300) as f64 };
            broker
                .exit(Exit {
                    qty: if dice.yes(0.2) { qty } else { f64::NAN },
                    qty_percent: if dice.yes(0.3) { 50.0 } else { f64::NAN },
                    profit: ticks(dice),
                    limit: dice.level(price, wild),
                    loss: ticks(dice),
                    stop: dice.level(price, wild),
                    trail_price: dice.level(price, wild),
                    trail_points: ticks(dice),
                    trail_offset: ticks(dice),
                    oca,
                    ..Exit::new(10 + dice.below(3) as u32, from_entry)
                })
                .unwrap();
        }
        5 => {
            let entry = dice.yes(0.6).then_some(id);
            let qty_percent = if dice.yes(0.3) { 40.0 } else { f64::NAN };
            broker.close(Close { qty_percent, immediately: dice.yes(0.2), ..Close::all_of(entry) }).unwrap();
        }
        _ if dice.yes(0.5) => broker.cancel(id),
        _ => broker.cancel_all(),
    }
}

fn bar(dice: &mut Dice, price: f64, wild: bool) -> Bar {
    if wild && dice.yes(0.1) {
        let odd = [f64::NAN, 0.0, -3.0, f64::INFINITY, 1e300, 1e-300];
        return Bar { open: odd[dice.below(6)], high: odd[dice.below(6)], low: odd[dice.below(6)], close: price };
    }
    let mut near = |by: f64| price * (1.0 + by * (dice.0.next_unit() - 0.5));
    let (open, close) = (near(0.03), near(0.03));
    let (high, low) = (open.max(close) * 1.005, open.min(close) * 0.995);
    Bar { open, high, low, close }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_what_the_trades_say(seed: u64) {
        let mut dice = Dice(SplitMix64::new(Seed(seed)));
        let mut broker = Broker::new(&settings(&mut dice));
        let mut price = 100.0;
        for t in 0..80 {
            let bar = bar(&mut dice, price, false);
            price = bar.close;
            broker.begin(t, bar);
            let said = broker.initial_capital() + broker.netprofit() + broker.openprofit();
            prop_assert!((broker.equity() - said).abs() < 1e-6 * broker.initial_capital(), "{} {said}", broker.equity());
            let held: f64 = broker.open_trades().iter().map(|t| t.side.sign() * t.qty).sum();
            prop_assert!((broker.position_size() - held).abs() < 1e-6 * held.abs().max(1.0));
            prop_assert!(broker.open_trades().iter().all(|t| Some(t.side) == broker.side() && t.qty > 0.0));
            for _ in 0..dice.below(4) {
                order(&mut broker, &mut dice, price, false);
            }
            let growth = broker.end();
            prop_assert!(growth > 0.0 || broker.is_ruined());
            if broker.is_ruined() {
                break;
            }
        }
        let closed = broker.closed_trades();
        let net: f64 = closed.iter().map(|t| t.profit).sum();
        prop_assert!((net - broker.netprofit()).abs() < 1e-6 * broker.initial_capital());
        prop_assert!(closed.iter().all(|t| t.entry_bar <= t.exit_bar && t.max_runup >= 0.0 && t.max_drawdown >= 0.0));
        let tally = broker.tally();
        prop_assert_eq!((tally.wins + tally.losses + tally.evens) as usize, closed.len());
        prop_assert!(closed.iter().all(|t| t.exit_id == NO_ID || t.exit_id < 20));
    }

    #[test]
    fn no_order_and_no_price_panics_or_hangs(seed: u64) {
        let mut dice = Dice(SplitMix64::new(Seed(seed)));
        let mut settings = settings(&mut dice);
        if dice.yes(0.3) {
            settings.mintick = [f64::NAN, 0.0, -1.0][dice.below(3)];
        }
        if dice.yes(0.2) {
            settings.initial_capital = [f64::NAN, 0.0, -1.0, f64::INFINITY][dice.below(4)];
        }
        let mut broker = Broker::new(&settings);
        for t in 0..60 {
            broker.begin(t, bar(&mut dice, 100.0, true));
            for _ in 0..dice.below(5) {
                order(&mut broker, &mut dice, 100.0, true);
            }
            let growth = broker.end();
            prop_assert!(growth >= 0.0);
            // Three entry ids, three brackets for each of three entries or all, four closing orders.
            prop_assert!(broker.resting() <= 3 + 12 + 4);
        }
    }
}
