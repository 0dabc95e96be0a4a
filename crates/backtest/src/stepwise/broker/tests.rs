//! Hand-computed bars, a rule at a time.

use super::*;

const L: u32 = 0;
const S: u32 = 1;
const X: u32 = 2;
const NA: f64 = f64::NAN;

fn bar(open: f64, high: f64, low: f64, close: f64) -> Bar {
    Bar { open, high, low, close }
}

fn units(n: f64) -> BrokerSettings {
    BrokerSettings { sizing: Sizing::Fixed(n), ..BrokerSettings::plain() }
}

fn entry(id: u32, side: Side) -> Order {
    Order::entry(id, side)
}

/// Goes through the bars; `script(broker, t)` runs at each close.
fn play(settings: BrokerSettings, bars: &[Bar], script: impl Fn(&mut Broker, usize)) -> Broker {
    let mut broker = Broker::new(&settings);
    for (t, bar) in bars.iter().enumerate() {
        broker.begin(t, *bar);
        script(&mut broker, t);
        broker.end();
    }
    broker
}

/// Exits of a position of 1 contract bought or sold at bar 1's open of 100: (bar, price) of each closed trade.
fn exits(side: Side, settings: BrokerSettings, exit: Exit, bars: &[Bar]) -> Vec<(usize, f64)> {
    let broker = play(settings, bars, |b, t| {
        if t == 0 {
            b.order(entry(L, side)).unwrap();
            b.exit(exit).unwrap();
        }
    });
    broker.closed_trades().iter().map(|t| (t.exit_bar, t.exit_price)).collect()
}

const FLAT: Bar = Bar { open: 100.0, high: 100.0, low: 100.0, close: 100.0 };

#[test]
fn a_closing_order_leaves_the_entry_of_its_own_bar() {
    // Placed after the entry on bar 1, close_all means what stood then: the trade that the entry opens at bar 2 stays.
    let bars = [FLAT, FLAT, FLAT, FLAT];
    let settings = BrokerSettings { pyramiding: 2, ..units(1.0) };
    let broker = play(settings, &bars, |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => {
            b.order(entry(S, Side::Long)).unwrap();
            b.close(Close::all_of(None)).unwrap();
        }
        _ => {}
    });
    assert_eq!((broker.closed_trades().len(), broker.closed_trades()[0].entry_id), (1, L));
    assert_eq!((broker.open_trades().len(), broker.open_trades()[0].entry_id), (1, S));
}

#[test]
fn market_orders_fill_at_the_next_open() {
    let bars = [FLAT, bar(101.0, 103.0, 99.0, 102.0), bar(104.0, 105.0, 103.0, 104.5)];
    let broker = play(units(2.0), &bars, |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => {
            assert_eq!((b.position_size(), b.position_avg_price()), (2.0, 101.0));
            assert_eq!((b.openprofit(), b.equity(), b.netprofit()), (2.0, 100_002.0, 0.0));
            b.close(Close::all_of(Some(L))).unwrap();
        }
        _ => assert_eq!((b.position_size(), b.equity(), b.netprofit()), (0.0, 100_006.0, 6.0)),
    });
    let trade = broker.closed_trades()[0];
    assert_eq!((trade.entry_bar, trade.entry_price, trade.exit_bar, trade.exit_price), (1, 101.0, 2, 104.0));
    assert_eq!((trade.profit, trade.max_runup, trade.max_drawdown), (6.0, 6.0, 4.0));
}

#[test]
fn stops_and_limits_fill_at_their_price_or_at_the_open_that_gaps_past_them() {
    let stop = |p| Exit { stop: p, ..Exit::new(X, Some(L)) };
    let limit = |p| Exit { limit: p, ..Exit::new(X, Some(L)) };
    let long = |e, b: Bar| exits(Side::Long, units(1.0), e, &[FLAT, FLAT, b]);
    let short = |e, b: Bar| exits(Side::Short, units(1.0), e, &[FLAT, FLAT, b]);
    assert_eq!(long(stop(95.0), bar(99.0, 101.0, 94.0, 96.0)), [(2, 95.0)]);
    assert_eq!(long(stop(95.0), bar(93.0, 97.0, 92.0, 96.0)), [(2, 93.0)]);
    assert_eq!(long(stop(95.0), bar(99.0, 101.0, 95.0, 96.0)), [(2, 95.0)]);
    assert_eq!(long(stop(95.0), bar(99.0, 101.0, 95.5, 96.0)), []);
    assert_eq!(long(limit(105.0), bar(101.0, 106.0, 100.0, 102.0)), [(2, 105.0)]);
    assert_eq!(long(limit(105.0), bar(107.0, 108.0, 100.0, 102.0)), [(2, 107.0)]);
    assert_eq!(long(limit(105.0), bar(101.0, 104.9, 100.0, 102.0)), []);
    assert_eq!(short(stop(105.0), bar(101.0, 106.0, 100.0, 102.0)), [(2, 105.0)]);
    assert_eq!(short(stop(105.0), bar(107.0, 108.0, 100.0, 102.0)), [(2, 107.0)]);
    assert_eq!(short(limit(95.0), bar(99.0, 101.0, 94.0, 96.0)), [(2, 95.0)]);
    assert_eq!(short(limit(95.0), bar(93.0, 101.0, 92.0, 96.0)), [(2, 93.0)]);
}

#[test]
fn entries_by_stop_and_limit_and_both() {
    let run = |order: Order, bars: &[Bar]| {
        let b = play(units(1.0), bars, |b, t| {
            if t == 0 {
                b.order(order).unwrap();
            }
        });
        b.open_trades().first().map(|t| (t.entry_bar, t.entry_price))
    };
    let up = bar(101.0, 106.0, 100.0, 104.0);
    let long = entry(L, Side::Long);
    assert_eq!(run(Order { stop: 105.0, ..long }, &[FLAT, up]), Some((1, 105.0)));
    assert_eq!(run(Order { stop: 100.5, ..long }, &[FLAT, up]), Some((1, 101.0)));
    assert_eq!(run(Order { stop: 107.0, ..long }, &[FLAT, up]), None);
    assert_eq!(run(Order { limit: 100.0, ..long }, &[FLAT, up]), Some((1, 100.0)));
    assert_eq!(run(Order { limit: 102.0, ..long }, &[FLAT, up]), Some((1, 101.0)));
    assert_eq!(run(Order { limit: 99.0, ..long }, &[FLAT, up]), None);
    let short = entry(S, Side::Short);
    assert_eq!(run(Order { stop: 100.0, ..short }, &[FLAT, up]), Some((1, 100.0)));
    assert_eq!(run(Order { limit: 105.0, ..short }, &[FLAT, up]), Some((1, 105.0)));
    // The stop at 105 is reached; only then the limit at 103 rests: hit on the way to the close of 102.
    let back = bar(101.0, 106.0, 100.0, 102.0);
    assert_eq!(run(Order { stop: 105.0, limit: 103.0, ..long }, &[FLAT, back]), Some((1, 103.0)));
    // The low of 100 came before the stop: the limit waits for the next bar.
    assert_eq!(run(Order { stop: 105.0, limit: 100.5, ..long }, &[FLAT, back]), None);
    assert_eq!(run(Order { stop: 105.0, limit: 100.5, ..long }, &[FLAT, back, up]), Some((2, 100.5)));
    // A limit above the stop is satisfied at the stop.
    assert_eq!(run(Order { stop: 105.0, limit: 106.0, ..long }, &[FLAT, back]), Some((1, 105.0)));
}

#[test]
fn both_legs_in_one_bar_in_both_modes() {
    let bracket = Exit { stop: 95.0, limit: 105.0, ..Exit::new(X, None) };
    // The high is nearer to the open.
    let high_first = bar(102.0, 106.0, 94.0, 100.0);
    let low_first = bar(98.0, 106.0, 94.0, 100.0);
    let path = BrokerSettings { intrabar: Intrabar::Path, ..units(1.0) };
    for (side, nearer, settings, price) in [
        (Side::Long, high_first, path, 105.0),
        (Side::Long, low_first, path, 95.0),
        (Side::Long, high_first, units(1.0), 95.0),
        (Side::Long, low_first, units(1.0), 95.0),
    ] {
        assert_eq!(exits(side, settings, bracket, &[FLAT, FLAT, nearer]), [(2, price)]);
    }
    let mirrored = Exit { stop: 105.0, limit: 95.0, ..Exit::new(X, None) };
    assert_eq!(exits(Side::Short, path, mirrored, &[FLAT, FLAT, high_first]), [(2, 105.0)]);
    assert_eq!(exits(Side::Short, path, mirrored, &[FLAT, FLAT, low_first]), [(2, 95.0)]);
    assert_eq!(exits(Side::Short, units(1.0), mirrored, &[FLAT, FLAT, low_first]), [(2, 105.0)]);
}

#[test]
fn ambiguous_bars_are_counted_unless_the_open_decides() {
    let count = |b: Bar| {
        let broker = play(units(1.0), &[FLAT, FLAT, b], |b, t| {
            if t == 0 {
                b.order(entry(L, Side::Long)).unwrap();
                b.exit(Exit { stop: 95.0, limit: 105.0, ..Exit::new(X, None) }).unwrap();
            }
        });
        broker.tally().ambiguous_bars
    };
    assert_eq!(count(bar(100.0, 106.0, 94.0, 100.0)), 1);
    assert_eq!(count(bar(100.0, 106.0, 96.0, 100.0)), 0);
    assert_eq!(count(bar(94.0, 106.0, 94.0, 100.0)), 0);
}

#[test]
fn a_bracket_is_live_on_the_bar_of_its_entry() {
    let bracket = Exit { stop: 95.0, limit: 105.0, ..Exit::new(X, Some(L)) };
    assert_eq!(exits(Side::Long, units(1.0), bracket, &[FLAT, bar(100.0, 101.0, 94.0, 96.0)]), [(1, 95.0)]);
    // Bought by stop at 103: the low of 94 may come after it, and under Path it came before.
    let stopped_in = |intrabar| {
        let settings = BrokerSettings { intrabar, ..units(1.0) };
        let b = play(settings, &[FLAT, bar(98.0, 104.0, 94.0, 103.5)], |b, t| {
            if t == 0 {
                b.order(Order { stop: 103.0, ..entry(L, Side::Long) }).unwrap();
                b.exit(bracket).unwrap();
            }
        });
        b.closed_trades().first().map(|t| (t.entry_price, t.exit_price))
    };
    assert_eq!(stopped_in(Intrabar::Path), None);
    assert_eq!(stopped_in(Intrabar::Pessimistic), Some((103.0, 95.0)));
    // Bought by limit at 97: the high of 106 may lie before it.
    let dipped = |intrabar| {
        let settings = BrokerSettings { intrabar, ..units(1.0) };
        let b = play(settings, &[FLAT, bar(98.0, 106.0, 96.5, 99.0)], |b, t| {
            if t == 0 {
                b.order(Order { limit: 97.0, ..entry(L, Side::Long) }).unwrap();
                b.exit(bracket).unwrap();
            }
        });
        b.closed_trades().first().map(|t| (t.entry_price, t.exit_price))
    };
    assert_eq!(dipped(Intrabar::Path), Some((97.0, 105.0)));
    assert_eq!(dipped(Intrabar::Pessimistic), None);
}

#[test]
fn ticks_are_counted_from_the_entry_price() {
    let bracket = Exit { profit: 500.0, loss: 300.0, ..Exit::new(X, Some(L)) };
    let long = |b| exits(Side::Long, units(1.0), bracket, &[FLAT, FLAT, b]);
    assert_eq!(long(bar(100.0, 105.5, 98.0, 101.0)), [(2, 105.0)]);
    assert_eq!(long(bar(100.0, 104.0, 96.0, 101.0)), [(2, 97.0)]);
    let short = |b| exits(Side::Short, units(1.0), bracket, &[FLAT, FLAT, b]);
    assert_eq!(short(bar(100.0, 102.0, 94.0, 101.0)), [(2, 95.0)]);
    assert_eq!(short(bar(100.0, 104.0, 96.0, 101.0)), [(2, 103.0)]);
    // With a price beside it, whichever is reached first.
    let both = Exit { stop: 98.0, ..bracket };
    assert_eq!(exits(Side::Long, units(1.0), both, &[FLAT, FLAT, bar(100.0, 101.0, 96.0, 97.0)]), [(2, 98.0)]);
}

#[test]
fn a_trailing_stop_follows_the_best_price_once_it_has_started() {
    // Starts at 102, keeps 2 (200 ticks).
    let trail = Exit { trail_price: 102.0, trail_offset: 200.0, ..Exit::new(X, None) };
    let bars = [
        FLAT,
        bar(100.0, 101.5, 98.0, 101.0),  // not started: 98 does nothing
        bar(101.0, 106.0, 100.5, 105.0), // starts, best 106: stop 104
        bar(105.0, 105.5, 104.5, 105.0),
        bar(105.0, 108.0, 104.2, 107.0), // 104.2 is above 104; best 108: stop 106
        bar(107.0, 107.5, 105.0, 105.5),
    ];
    assert_eq!(exits(Side::Long, units(1.0), trail, &bars), [(5, 106.0)]);
    // By points from the entry, for a short.
    let points = Exit { trail_points: 200.0, trail_offset: 200.0, ..Exit::new(X, None) };
    let falling = [FLAT, FLAT, bar(99.0, 99.5, 94.0, 95.0), bar(95.0, 97.0, 94.5, 96.5)];
    assert_eq!(exits(Side::Short, units(1.0), points, &falling), [(3, 96.0)]);
    // A fall from the high to the close on one bar is seen; a fall before the high is not.
    let spike = [FLAT, FLAT, bar(100.0, 110.0, 99.0, 105.0)];
    assert_eq!(exits(Side::Long, units(1.0), trail, &spike), [(2, 108.0)]);
    let late = [FLAT, FLAT, bar(105.0, 110.0, 103.5, 109.0)];
    assert_eq!(exits(Side::Long, units(1.0), trail, &late), []);
    let gap = [FLAT, FLAT, bar(105.0, 110.0, 102.5, 109.0)];
    // It started at the open of 105: the low is checked against 103.
    assert_eq!(exits(Side::Long, units(1.0), trail, &gap), [(2, 103.0)]);
    // No distance: it fills where it starts.
    let tight = Exit { trail_price: 102.0, trail_offset: 0.0, ..Exit::new(X, None) };
    assert_eq!(exits(Side::Long, units(1.0), tight, &[FLAT, FLAT, bar(100.0, 110.0, 99.0, 105.0)]), [(2, 102.0)]);
    // Placed again each bar, the best price stays.
    let again = play(units(1.0), &bars, |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
        }
        b.exit(trail).unwrap();
    });
    assert_eq!(again.closed_trades()[0].exit_price, 106.0);
}

#[test]
fn missing_legs_are_absent_and_replaced_legs_are_gone() {
    let b = play(units(1.0), &[FLAT, FLAT, FLAT, bar(100.0, 101.0, 90.0, 95.0)], |b, t| match t {
        0 => {
            b.order(entry(L, Side::Long)).unwrap();
            b.exit(Exit { stop: 99.0, ..Exit::new(X, Some(L)) }).unwrap();
        }
        2 => b.exit(Exit { stop: NA, limit: 105.0, ..Exit::new(X, Some(L)) }).unwrap(),
        _ => {}
    });
    assert_eq!(b.position_size(), 1.0);
    assert_eq!(b.resting(), 1);
}

#[test]
fn an_entry_reverses_and_an_order_nets() {
    let bars = [FLAT, FLAT, bar(110.0, 110.0, 110.0, 110.0)];
    let reversed = play(units(2.0), &bars, |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.order(Order { qty: 3.0, ..entry(S, Side::Short) }).unwrap(),
        _ => {}
    });
    assert_eq!((reversed.position_size(), reversed.netprofit()), (-3.0, 20.0));
    assert_eq!(reversed.position_entry_id(), Some(S));
    let netted = play(units(2.0), &bars, |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.order(Order { qty: 3.0, entry: false, ..entry(S, Side::Short) }).unwrap(),
        _ => {}
    });
    assert_eq!((netted.position_size(), netted.netprofit()), (-1.0, 20.0));
    let part = play(units(2.0), &bars, |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.order(Order { qty: 0.5, entry: false, ..entry(S, Side::Short) }).unwrap(),
        _ => {}
    });
    assert_eq!((part.position_size(), part.netprofit()), (1.5, 5.0));
}

#[test]
fn entries_past_the_pyramiding_limit_are_ignored() {
    let bars = [FLAT, bar(102.0, 102.0, 102.0, 102.0), bar(104.0, 104.0, 104.0, 104.0), FLAT];
    let run = |pyramiding| {
        play(BrokerSettings { pyramiding, ..units(1.0) }, &bars, |b, _| b.order(entry(L, Side::Long)).unwrap())
    };
    assert_eq!((run(0).position_size(), run(0).position_avg_price()), (1.0, 102.0));
    assert_eq!((run(2).position_size(), run(2).position_avg_price()), (2.0, 103.0));
    // Two orders that rest together: the second is one too many when it fills.
    let two = play(units(1.0), &bars, |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
            b.order(entry(S, Side::Long)).unwrap();
        }
    });
    assert_eq!(two.position_size(), 1.0);
}

#[test]
fn parts_are_closed_by_quantity_and_percent_once_each() {
    let first = Exit { limit: 105.0, qty_percent: 50.0, ..Exit::new(X, Some(L)) };
    let rest = Exit { limit: 110.0, ..Exit::new(X + 1, Some(L)) };
    let up = bar(104.0, 106.0, 103.0, 105.5);
    let b = play(units(4.0), &[FLAT, FLAT, up, up, bar(105.0, 111.0, 104.0, 110.0)], |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
        }
        if t < 4 {
            b.exit(first).unwrap();
            b.exit(rest).unwrap();
        }
    });
    let closed: Vec<_> = b.closed_trades().iter().map(|t| (t.exit_id, t.exit_bar, t.qty, t.exit_price)).collect();
    assert_eq!(closed, [(X, 2, 2.0, 105.0), (X + 1, 4, 2.0, 110.0)]);
    // Earlier brackets are served first: the second finds 1 of 4 left.
    let b = play(units(4.0), &[FLAT, FLAT, up], |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
            b.exit(Exit { limit: 120.0, qty: 3.0, ..Exit::new(X, Some(L)) }).unwrap();
            b.exit(Exit { limit: 105.0, qty: 3.0, ..Exit::new(X + 1, Some(L)) }).unwrap();
        }
    });
    assert_eq!(b.position_size(), 3.0);
    let b = play(units(4.0), &[FLAT, FLAT, FLAT], |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.close(Close { qty_percent: 25.0, ..Close::all_of(Some(L)) }).unwrap(),
        _ => {}
    });
    assert_eq!(b.position_size(), 3.0);
}

#[test]
fn closing_takes_the_oldest_trades_or_those_named() {
    let bars = [FLAT, bar(101.0, 101.0, 101.0, 101.0), bar(102.0, 102.0, 102.0, 102.0), FLAT];
    let left = |close_rule| {
        let b = play(BrokerSettings { pyramiding: 2, close_rule, ..units(1.0) }, &bars, |b, t| match t {
            0 => b.order(entry(L, Side::Long)).unwrap(),
            1 => b.order(Order { qty: 3.0, ..entry(S, Side::Long) }).unwrap(),
            2 => b.close(Close::all_of(Some(S))).unwrap(),
            _ => {}
        });
        b.open_trades().iter().map(|t| (t.entry_id, t.qty)).collect::<Vec<_>>()
    };
    assert_eq!(left(CloseRule::Fifo), [(S, 1.0)]);
    assert_eq!(left(CloseRule::Any), [(L, 1.0)]);
}

#[test]
fn groups_cancel_or_shrink_their_other_members() {
    let run = |kind| {
        let oca = Some(Oca { group: 7, kind });
        let bars = [FLAT, bar(100.0, 103.0, 100.0, 102.0), bar(102.0, 102.0, 97.0, 98.0)];
        let b = play(units(1.0), &bars, |b, t| {
            if t == 0 {
                b.order(Order { stop: 102.0, qty: 2.0, entry: false, oca, ..entry(L, Side::Long) }).unwrap();
                b.order(Order { stop: 98.0, qty: 3.0, entry: false, oca, ..entry(S, Side::Short) }).unwrap();
            }
        });
        b.position_size()
    };
    assert_eq!(run(OcaKind::Cancel), 2.0);
    assert_eq!(run(OcaKind::Reduce), 1.0);
    assert_eq!(run(OcaKind::None), -1.0);
}

#[test]
fn cancelled_orders_do_not_fill() {
    let down = bar(100.0, 100.0, 90.0, 95.0);
    let run = |cancel: fn(&mut Broker)| {
        play(units(1.0), &[FLAT, FLAT, down], |b, t| match t {
            0 => {
                b.order(Order { limit: 92.0, ..entry(L, Side::Long) }).unwrap();
                b.order(Order { stop: 95.0, ..entry(S, Side::Short) }).unwrap();
            }
            1 => cancel(b),
            _ => {}
        })
        .position_size()
    };
    assert_eq!(run(|b| b.cancel(S)), 1.0);
    assert_eq!(run(|b| b.cancel(L)), -1.0);
    assert_eq!(run(Broker::cancel_all), 0.0);
}

#[test]
fn a_resting_order_of_the_same_name_is_replaced() {
    let b = play(units(1.0), &[FLAT, FLAT, bar(100.0, 103.0, 96.0, 100.0)], |b, t| match t {
        0 => b.order(Order { limit: 98.0, ..entry(L, Side::Long) }).unwrap(),
        1 => b.order(Order { limit: 97.0, ..entry(L, Side::Long) }).unwrap(),
        _ => {}
    });
    assert_eq!(b.position_avg_price(), 97.0);
    assert_eq!(b.resting(), 0);
}

#[test]
fn sizes_follow_the_header() {
    let bars = [bar(50.0, 50.0, 50.0, 50.0), bar(40.0, 40.0, 40.0, 40.0)];
    let size = |sizing| {
        play(BrokerSettings { sizing, initial_capital: 1_000.0, ..BrokerSettings::plain() }, &bars, |b, t| {
            if t == 0 {
                b.order(entry(L, Side::Long)).unwrap();
            }
        })
        .position_size()
    };
    assert_eq!(size(Sizing::AllIn), 25.0);
    assert_eq!(size(Sizing::Fixed(3.0)), 3.0);
    assert_eq!(size(Sizing::Cash(100.0)), 2.0);
    assert_eq!(size(Sizing::PercentOfEquity(10.0)), 2.0);
    assert_eq!(size(Sizing::Fixed(0.0)), 0.0);
    assert_eq!(size(Sizing::Cash(NA)), 0.0);
}

#[test]
fn all_in_with_pyramiding_takes_equal_shares() {
    let settings = BrokerSettings { pyramiding: 2, initial_capital: 1_000.0, ..BrokerSettings::plain() };
    let b = play(settings, &[FLAT, FLAT, FLAT, FLAT], |b, _| b.order(entry(L, Side::Long)).unwrap());
    assert_eq!(b.open_trades().iter().map(|t| t.qty).collect::<Vec<_>>(), [5.0, 5.0]);
}

#[test]
fn commissions_and_slippage() {
    let trip = |settings: BrokerSettings| {
        let b = play(settings, &[FLAT, FLAT, bar(110.0, 110.0, 110.0, 110.0)], |b, t| match t {
            0 => b.order(entry(L, Side::Long)).unwrap(),
            1 => b.close(Close::all_of(None)).unwrap(),
            _ => {}
        });
        let trade = b.closed_trades()[0];
        assert!((b.equity() - 100_000.0 - trade.profit).abs() < 1e-9);
        (trade.entry_price, trade.exit_price, trade.profit, trade.commission)
    };
    let near = |a: (f64, f64, f64, f64), b: (f64, f64, f64, f64)| {
        for (x, y) in [(a.0, b.0), (a.1, b.1), (a.2, b.2), (a.3, b.3)] {
            assert!((x - y).abs() < 1e-9, "{a:?} {b:?}");
        }
    };
    near(trip(units(2.0)), (100.0, 110.0, 20.0, 0.0));
    near(trip(BrokerSettings { commission: Commission::Percent(1.0), ..units(2.0) }), (100.0, 110.0, 15.8, 4.2));
    // The larger of house and script counts.
    near(
        trip(BrokerSettings { commission: Commission::Percent(1.0), fee: 0.02, ..units(2.0) }),
        (100.0, 110.0, 11.6, 8.4),
    );
    near(trip(BrokerSettings { commission: Commission::PerOrder(3.0), ..units(2.0) }), (100.0, 110.0, 14.0, 6.0));
    near(trip(BrokerSettings { commission: Commission::PerContract(1.0), ..units(2.0) }), (100.0, 110.0, 16.0, 4.0));
    near(trip(BrokerSettings { slippage_ticks: 50.0, ..units(2.0) }), (100.5, 109.5, 18.0, 0.0));
    near(trip(BrokerSettings { slippage: 0.01, ..units(2.0) }), (100.0, 110.0, 15.8, 0.0));
}

#[test]
fn limit_fills_do_not_slip() {
    let settings = BrokerSettings { slippage_ticks: 50.0, slippage: 0.01, ..units(1.0) };
    let b = play(settings, &[FLAT, bar(100.0, 101.0, 94.0, 96.0), bar(96.0, 106.0, 96.0, 105.0)], |b, t| {
        if t == 0 {
            b.order(Order { limit: 95.0, ..entry(L, Side::Long) }).unwrap();
            b.exit(Exit { limit: 105.0, ..Exit::new(X, Some(L)) }).unwrap();
        }
    });
    assert!((b.closed_trades()[0].profit - 10.0).abs() < 1e-9);
}

#[test]
fn a_reversal_pays_the_commission_of_one_order() {
    let settings = BrokerSettings { commission: Commission::PerOrder(5.0), ..units(1.0) };
    let b = play(settings, &[FLAT, FLAT, FLAT], |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.order(entry(S, Side::Short)).unwrap(),
        _ => {}
    });
    assert!((b.equity() - 99_990.0).abs() < 1e-9);
}

#[test]
fn orders_on_close_fill_at_the_close_that_placed_them() {
    let settings = BrokerSettings { process_orders_on_close: true, ..units(1.0) };
    let bars = [FLAT, bar(101.0, 110.0, 90.0, 105.0), bar(106.0, 107.0, 104.0, 106.0)];
    let b = play(settings, &bars, |b, t| match t {
        0 => {
            b.order(entry(L, Side::Long)).unwrap();
            // Satisfied by this very close, but the entry fills there too: it works from the next bar on.
            b.exit(Exit { stop: 100.0, ..Exit::new(X, Some(L)) }).unwrap();
            assert_eq!(b.position_size(), 0.0);
        }
        1 => {
            assert_eq!(b.closed_trades()[0].exit_price, 100.0);
            // The close of 105 satisfies this limit.
            b.order(Order { limit: 106.0, ..entry(L, Side::Long) }).unwrap();
        }
        _ => assert_eq!((b.position_size(), b.position_avg_price()), (1.0, 105.0)),
    });
    assert_eq!(b.closed_trades()[0].entry_bar, 0);
    assert_eq!(b.open_trades()[0].entry_bar, 1);
}

#[test]
fn an_immediate_close_fills_at_this_close() {
    let b = play(units(1.0), &[FLAT, bar(100.0, 104.0, 100.0, 103.0), FLAT], |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.close(Close { immediately: true, ..Close::all_of(None) }).unwrap(),
        _ => {}
    });
    assert_eq!((b.closed_trades()[0].exit_bar, b.closed_trades()[0].exit_price), (1, 103.0));
}

#[test]
fn a_direction_that_is_not_allowed_only_closes() {
    let settings = BrokerSettings { allow: Allow::Long, ..units(1.0) };
    let b = play(settings, &[FLAT, FLAT, FLAT], |b, t| match t {
        0 => b.order(entry(L, Side::Long)).unwrap(),
        1 => b.order(entry(S, Side::Short)).unwrap(),
        _ => {}
    });
    assert_eq!((b.position_size(), b.closed_trades().len()), (0.0, 1));
}

#[test]
fn brackets_go_with_their_trade_and_do_not_catch_the_reversed_one() {
    // A stop for the long at 95 would end the short at once.
    let b = play(units(1.0), &[FLAT, FLAT, FLAT, FLAT], |b, t| match t {
        0 => {
            b.order(entry(L, Side::Long)).unwrap();
            b.exit(Exit { stop: 95.0, ..Exit::new(X, None) }).unwrap();
        }
        1 => b.order(entry(S, Side::Short)).unwrap(),
        _ => {}
    });
    assert_eq!((b.position_size(), b.resting()), (-1.0, 0));
}

#[test]
fn the_last_bar_leaves_the_position_open_at_its_close() {
    let settings = BrokerSettings { fee: 0.01, ..BrokerSettings::plain() };
    let b = play(settings, &[FLAT, bar(100.0, 110.0, 100.0, 110.0)], |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
        }
    });
    assert_eq!(b.open_trades().len(), 1);
    assert!((b.total_growth() - 1.1 / 1.01).abs() < 1e-12);
    assert!((b.open_gain(&b.open_trades()[0]) - (1.1 / 1.01 - 1.0)).abs() < 1e-12);
}

#[test]
fn ruin_ends_trading() {
    let mut b = Broker::new(&BrokerSettings { initial_capital: 100.0, ..units(10.0) });
    b.begin(0, FLAT);
    b.order(entry(S, Side::Short)).unwrap();
    assert_eq!(b.end(), 1.0);
    b.begin(1, bar(100.0, 150.0, 100.0, 150.0));
    assert_eq!(b.equity(), -400.0);
    assert_eq!(b.end(), 0.0);
    assert!(b.is_ruined());
    b.begin(2, FLAT);
    b.order(entry(L, Side::Long)).unwrap();
    assert_eq!((b.end(), b.position_size(), b.equity(), b.total_growth()), (1.0, 0.0, 0.0, 0.0));
}

#[test]
fn a_bar_without_usable_prices_is_no_bar() {
    let b = play(units(1.0), &[FLAT, bar(NA, 100.0, 100.0, 100.0), bar(0.0, 1.0, 0.0, 1.0), FLAT], |b, t| {
        if t == 0 {
            b.order(entry(L, Side::Long)).unwrap();
        }
    });
    assert_eq!(b.open_trades()[0].entry_bar, 3);
}

#[test]
fn nothing_grows_without_a_bound() {
    let mut b = Broker::new(&units(1.0));
    b.begin(0, FLAT);
    for id in 0..RESTING_MAX as u32 {
        b.order(Order { limit: 1.0, ..entry(id, Side::Long) }).unwrap();
    }
    assert_eq!(b.order(Order { limit: 1.0, ..entry(9_999, Side::Long) }), Err(TooManyOrders));
}
