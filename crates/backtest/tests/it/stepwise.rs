//! Strategies with state: the lanes against the plain executor, and both against the signals path.

use assay_backtest::stepwise::broker::Intrabar;
use assay_backtest::stepwise::{House, StepSweep, StepSweepResult, run_steps, step_block_moments, sweep_steps};
use assay_backtest::{Bars, Costs, Engine, Fill, Sweep, SweepError, WarmUp, sweep};
use assay_pine::graph::{Binary, Broker, Compare, Graph, Indicator, Kind, NodeId, Op, Price, Time};
use assay_pine::{
    Direction, Input, InputKind, OrderCommand, OrderId, OrderKind, Program, Register, Settings, Sizing, StepProgram,
};
use assay_units::{Seed, SplitMix64};
use proptest::prelude::*;

use crate::market;

/// Builds a strategy node by node.
struct Maker {
    program: StepProgram,
}

impl Maker {
    fn new() -> Maker {
        Maker {
            program: StepProgram {
                title: "T".to_owned(),
                version: 6,
                inputs: vec![],
                settings: Settings::default(),
                warnings: vec![],
                graph: Graph::default(),
                registers: vec![],
                orders: vec![],
                ids: vec!["L".to_owned(), "S".to_owned(), "XL".to_owned(), "XS".to_owned()],
            },
        }
    }

    fn op(&mut self, op: Op) -> NodeId {
        self.program.graph.add(op, 1)
    }

    fn number(&mut self, x: f64) -> NodeId {
        self.op(Op::Number(x))
    }

    fn input(&mut self, grid: &[f64]) -> NodeId {
        let at = self.program.inputs.len() as u16;
        self.program.inputs.push(Input {
            name: format!("i{at}"),
            title: format!("i{at}"),
            kind: InputKind::Float,
            default: grid[0],
            grid: grid.to_vec(),
            derived: false,
            line: 1,
        });
        self.op(Op::Input(at))
    }

    fn register(&mut self, initial: f64, kind: Kind) -> (usize, NodeId) {
        let at = self.program.registers.len();
        self.program.registers.push(Register { name: format!("r{at}"), initial, next: NodeId(0), kind, line: 1 });
        (at, self.op(Op::Register(at as u32, kind)))
    }

    fn binary(&mut self, f: Binary, a: NodeId, b: NodeId) -> NodeId {
        self.op(Op::Binary(f, a, b))
    }

    fn compare(&mut self, f: Compare, a: NodeId, b: NodeId) -> NodeId {
        self.op(Op::Compare(f, a, b))
    }

    fn indicator(&mut self, which: Indicator, args: &[NodeId]) -> NodeId {
        self.op(Op::Indicator(which, args.to_vec()))
    }

    fn order(&mut self, when: NodeId, kind: OrderKind) {
        self.program.orders.push(OrderCommand { when, kind, line: 1 });
    }
}

/// Words of a seed, as choices.
struct Dice(SplitMix64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (self.0.next_unit() * n as f64) as usize % n
    }

    fn yes(&mut self, chance: f64) -> bool {
        self.0.next_unit() < chance
    }
}

const LONG: OrderId = OrderId(0);
const SHORT: OrderId = OrderId(1);

fn no_exit(id: OrderId, from_entry: Option<OrderId>) -> OrderKind {
    OrderKind::Exit {
        id,
        from_entry,
        qty: None,
        qty_percent: None,
        profit: None,
        limit: None,
        loss: None,
        stop: None,
        trail_price: None,
        trail_points: None,
        trail_offset: None,
    }
}

/// A strategy of the subset that the lanes hold: entries, closes, brackets with legs of every kind, registers, reads.
fn random_strategy(seed: u64) -> StepProgram {
    let mut dice = Dice(SplitMix64::new(Seed(seed)));
    let mut m = Maker::new();
    let (close, high, low) = (m.op(Op::Price(Price::Close)), m.op(Op::Price(Price::High)), m.op(Op::Price(Price::Low)));
    let length = m.input(&[2.0, 5.0, 0.0]);
    let factor = m.input(&[0.5, 1.0, 2.0, 3.0]);
    let modulus = m.input(&[7.0, 4.0, 11.0]);
    let average = m.indicator(Indicator::Sma, &[close, length]);
    let five = m.number(5.0);
    let atr = m.indicator(Indicator::Atr, &[five]);
    let distance = m.binary(Binary::Mul, atr, factor);
    let index = m.op(Op::Time(Time::BarIndex));
    let rest = m.binary(Binary::Mod, index, modulus);
    let (zero, one, hundred) = (m.number(0.0), m.number(1.0), m.number(100.0));
    let size = m.op(Op::Broker(Broker::PositionSize));
    let price = m.op(Op::Broker(Broker::AveragePrice));
    let reads = [
        Broker::Equity,
        Broker::OpenProfit,
        Broker::NetProfit,
        Broker::ClosedTrades,
        Broker::WinTrades,
        Broker::LastClosedProfit,
        Broker::LastClosedExitBar,
        Broker::OldestOpenBar,
        Broker::GrossLoss,
        Broker::NewestOpenSize,
    ];
    let read = m.op(Op::Broker(reads[dice.below(reads.len())]));
    let flat = m.compare(Compare::Eq, size, zero);
    let long = m.compare(Compare::Gt, size, zero);
    let above = m.compare(Compare::Gt, close, average);
    let phase = m.compare(Compare::Eq, rest, one);
    let lower = m.binary(Binary::Sub, close, distance);
    let upper = m.binary(Binary::Add, close, distance);
    // A level that is frozen while a position is held, and one that follows the price.
    let (frozen_at, frozen) = m.register(f64::NAN, Kind::Number);
    let kept = m.op(Op::Select(flat, lower, frozen));
    m.program.registers[frozen_at].next = kept;
    // The same the other way round, of a value that rests on itself; only what it becomes is read.
    let (risen_at, risen) = m.register(50.0, Kind::Number);
    let grown = {
        let half = m.number(0.5);
        let sum = m.binary(Binary::Add, risen, lower);
        m.binary(Binary::Mul, sum, half)
    };
    let climbed = m.op(Op::Select(flat, risen, grown));
    m.program.registers[risen_at].next = climbed;
    let (trail_at, trailing) = m.register(f64::NAN, Kind::Number);
    let higher = m.binary(Binary::Max, trailing, lower);
    m.program.registers[trail_at].next = m.op(Op::Select(long, higher, lower));
    let (count_at, counted) = m.register(0.0, Kind::Number);
    let more = m.binary(Binary::Add, counted, one);
    m.program.registers[count_at].next = m.op(Op::Select(flat, zero, more));
    let (seen_at, seen) = m.register(0.0, Kind::Truth);
    m.program.registers[seen_at].next = above;
    // A truth that is kept while a position is held.
    let (kept_at, was_above) = m.register(0.0, Kind::Truth);
    let above_when_flat = m.op(Op::Select(flat, above, was_above));
    m.program.registers[kept_at].next = above_when_flat;
    // Swaps with the one before.
    let (other_at, other) = m.register(1.0, Kind::Truth);
    m.program.registers[other_at].next = seen;

    let cross = {
        let before = m.op(Op::Not(seen));
        m.op(Op::And(above, before))
    };
    let under = m.op(Op::Not(above));
    let four = m.number(4.0);
    let old = m.compare(Compare::Gt, counted, four);
    let rich = m.compare(Compare::Lt, read, hundred);
    let truths = [cross, phase, under, old, flat, other, rich, above_when_flat];
    let condition = |m: &mut Maker, dice: &mut Dice| {
        let (a, b) = (truths[dice.below(truths.len())], truths[dice.below(truths.len())]);
        if dice.yes(0.5) { m.op(Op::And(a, b)) } else { m.op(Op::Or(a, b)) }
    };
    let below_entry = m.binary(Binary::Sub, price, distance);
    let above_entry = m.binary(Binary::Add, price, distance);
    let ticks = {
        let per_atr = m.number(120.0);
        m.binary(Binary::Mul, factor, per_atr)
    };
    let read_old = dice.yes(0.5);
    let stops = [lower, if read_old { frozen } else { kept }, trailing, below_entry, low, climbed];
    let limits = [upper, above_entry, high];
    let qty = m.binary(Binary::Mul, factor, four);

    let shorts = dice.yes(0.5);
    let sized = dice.yes(0.2);
    let entries = if shorts { 2 } else { 1 };
    for side in 0..entries {
        let when = condition(&mut m, &mut dice);
        let (id, direction) = if side == 0 { (LONG, Direction::Long) } else { (SHORT, Direction::Short) };
        let qty = if sized { Some(qty) } else { None };
        m.order(when, OrderKind::Entry { id, direction, qty, limit: None, stop: None });
    }
    for _ in 0..dice.below(3) {
        let when = condition(&mut m, &mut dice);
        let immediately = dice.yes(0.2);
        let kind = match dice.below(3) {
            0 => OrderKind::Close { id: LONG, qty: None, qty_percent: None, immediately },
            1 => OrderKind::Close { id: SHORT, qty: None, qty_percent: Some(hundred), immediately },
            _ => OrderKind::CloseAll { immediately },
        };
        m.order(when, kind);
    }
    let named = dice.yes(0.6);
    let brackets: &[(OrderId, Option<OrderId>)] = match (named, shorts) {
        (false, _) => &[(OrderId(2), None)],
        (true, false) => &[(OrderId(2), Some(LONG))],
        (true, true) => &[(OrderId(2), Some(LONG)), (OrderId(3), Some(SHORT))],
    };
    for (id, from) in brackets {
        if dice.yes(0.1) {
            continue;
        }
        for _ in 0..1 + dice.below(2) {
            let always = m.op(Op::Truth(true));
            let held = m.op(Op::Not(flat));
            let when = match dice.below(3) {
                0 => always,
                1 => held,
                _ => condition(&mut m, &mut dice),
            };
            let is_short = *from == Some(SHORT);
            let mut maybe =
                |chance: f64, of: &[NodeId]| if dice.yes(chance) { Some(of[dice.below(of.len())]) } else { None };
            let (down, up) = (maybe(0.6, &stops), maybe(0.6, &limits));
            let (stop, limit) = if is_short { (up, down) } else { (down, up) };
            let (loss, profit) = (maybe(0.3, &[ticks, hundred]), maybe(0.3, &[ticks]));
            let trail_price = maybe(0.2, if is_short { &stops } else { &limits });
            let trail_points = maybe(0.4, &[ticks, zero, hundred]);
            let trail_offset = maybe(0.6, &[ticks, hundred, zero, rest]);
            m.order(
                when,
                match no_exit(*id, *from) {
                    OrderKind::Exit { id, from_entry, qty, qty_percent, .. } => OrderKind::Exit {
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
                    },
                    other => other,
                },
            );
        }
    }
    m.program.version = if dice.yes(0.3) { 5 } else { 6 };
    m.program.settings = Settings {
        commission_percent: if dice.yes(0.3) { Some(0.1) } else { None },
        initial_capital: Some([100.0, 10_000.0, 1e6][dice.below(3)]),
        slippage_ticks: dice.below(3) as u32,
        sizing: match dice.below(6) {
            0 => Some(Sizing::Fixed(3.0)),
            1 => Some(Sizing::Cash(500.0)),
            2 => Some(Sizing::PercentOfEquity(60.0)),
            _ => None,
        },
        only: match dice.below(8) {
            0 => Some(Direction::Long),
            1 => Some(Direction::Short),
            _ => None,
        },
        ..Settings::default()
    };
    m.program
}

/// The same with everything that a broker can be asked: entries by stop and limit, pyramiding, parts, nets, cancelling,
/// several brackets a trade, commission in money.
fn wild_strategy(seed: u64) -> StepProgram {
    let mut dice = Dice(SplitMix64::new(Seed(seed ^ 0x5A5A)));
    let mut m = Maker { program: random_strategy(seed) };
    let prices = {
        let (high, low) = (m.op(Op::Price(Price::High)), m.op(Op::Price(Price::Low)));
        let (close, open) = (m.op(Op::Price(Price::Close)), m.op(Op::Price(Price::Open)));
        let two = m.number(2.0);
        let atr = {
            let five = m.number(5.0);
            m.indicator(Indicator::Atr, &[five])
        };
        let far = m.binary(Binary::Mul, atr, two);
        let average = m.op(Op::Broker(Broker::AveragePrice));
        let (factor, below) = (m.op(Op::Input(1)), m.binary(Binary::Sub, close, atr));
        let scaled = m.binary(Binary::Mul, atr, factor);
        vec![
            high,
            low,
            open,
            close,
            below,
            m.binary(Binary::Add, close, far),
            m.binary(Binary::Sub, high, scaled),
            m.binary(Binary::Add, low, scaled),
            average,
        ]
    };
    let sizes: Vec<NodeId> = [1.0, 2.5, 40.0].into_iter().map(|x| m.number(x)).collect();
    let percents: Vec<NodeId> = [50.0, 33.0, 100.0, 0.0].into_iter().map(|x| m.number(x)).collect();
    let pick = |dice: &mut Dice, chance: f64, of: &[NodeId]| {
        if dice.yes(chance) { Some(of[dice.below(of.len())]) } else { None }
    };
    let whens: Vec<NodeId> = m.program.orders.iter().map(|order| order.when).collect();
    let mut more = Vec::new();
    for order in &mut m.program.orders {
        match &mut order.kind {
            OrderKind::Entry { qty, limit, stop, .. } => {
                *stop = pick(&mut dice, 0.5, &prices);
                *limit = pick(&mut dice, 0.4, &prices);
                *qty = pick(&mut dice, 0.3, &sizes).or(*qty);
            }
            OrderKind::Close { qty, qty_percent, .. } => {
                *qty = pick(&mut dice, 0.3, &sizes);
                *qty_percent = pick(&mut dice, 0.4, &percents);
            }
            OrderKind::Exit { id, qty, qty_percent, stop, limit, .. } => {
                *qty = pick(&mut dice, 0.2, &sizes);
                *qty_percent = pick(&mut dice, 0.4, &percents);
                if dice.yes(0.4) {
                    (*stop, *limit) = (pick(&mut dice, 0.7, &prices), pick(&mut dice, 0.5, &prices));
                }
                if dice.yes(0.3) {
                    *id = OrderId(4);
                }
            }
            _ => {}
        }
    }
    for _ in 0..dice.below(4) {
        let direction = if dice.yes(0.5) { Direction::Long } else { Direction::Short };
        let id = OrderId(dice.below(2) as u16);
        let (stop, limit) = (pick(&mut dice, 0.4, &prices), pick(&mut dice, 0.4, &prices));
        let mut plain = no_exit(OrderId(5), if dice.yes(0.5) { Some(LONG) } else { None });
        if let OrderKind::Exit { stop: s, limit: l, qty_percent, .. } = &mut plain {
            (*s, *l, *qty_percent) = (stop, limit, pick(&mut dice, 0.3, &percents));
        }
        more.push(match dice.below(6) {
            0 => OrderKind::Cancel { id },
            1 => OrderKind::CancelAll,
            2 => OrderKind::Order { id: OrderId(5), direction, qty: pick(&mut dice, 0.7, &sizes), limit, stop },
            3 => OrderKind::Entry { id, direction, qty: None, limit, stop },
            4 => plain,
            _ => OrderKind::Close { id, qty: None, qty_percent: Some(percents[0]), immediately: dice.yes(0.3) },
        });
    }
    for kind in more {
        let at = dice.below(m.program.orders.len() + 1);
        let when = whens[dice.below(whens.len())];
        m.program.orders.insert(at, OrderCommand { when, kind, line: 1 });
    }
    m.program.ids.extend(["X2".to_owned(), "O".to_owned()]);
    let settings = &mut m.program.settings;
    settings.pyramiding = dice.below(4) as u32;
    settings.close_any = dice.yes(0.3);
    match dice.below(6) {
        0 => (settings.commission_percent, settings.commission_per_order) = (None, Some(1.5)),
        1 => (settings.commission_percent, settings.commission_per_contract) = (None, Some(0.02)),
        _ => {}
    }
    m.program
}

/// A market with gaps and wide bars.
fn gappy(seed: u64, bars: usize) -> Bars {
    let mut market = market::daily(seed, bars);
    let mut words = SplitMix64::new(Seed(seed ^ 0xA5));
    for t in 0..bars {
        market.open[t] *= 1.0 + 0.02 * (words.next_unit() - 0.5);
        market.high[t] = market.open[t].max(market.close[t]) * (1.0 + 0.01 * words.next_unit());
        market.low[t] = market.open[t].min(market.close[t]) * (1.0 - 0.01 * words.next_unit());
        // Prices on a coarse grid, so that levels are met exactly.
        for price in [&mut market.open, &mut market.high, &mut market.low, &mut market.close] {
            price[t] = (price[t] * 4.0).round() / 4.0;
        }
    }
    market
}

fn plan<'a>(program: &'a StepProgram, bars: &'a Bars, house: House, engine: Engine) -> StepSweep<'a> {
    StepSweep {
        program,
        bars,
        house,
        train: 0..bars.len(),
        warm_up: WarmUp::Longest,
        engine,
        threads: 2,
        grid_max: 1_000_000,
    }
}

fn house(seed: u64) -> House {
    House {
        costs: Costs { fee: 0.0005, slippage: 0.0002 },
        fill: if seed & 1 == 0 { Fill::NextOpen } else { Fill::Close },
        intrabar: if seed & 2 == 0 { Intrabar::Pessimistic } else { Intrabar::Path },
    }
}

/// What each point did, as text: NaN is equal to nothing. A refusal is one line.
fn lines(result: &Result<StepSweepResult, SweepError>) -> Vec<String> {
    match result {
        Ok(swept) => swept
            .result
            .trials
            .iter()
            .zip(&swept.ambiguous_bars)
            .enumerate()
            .map(|(at, (trial, ambiguous))| format!("{at}: {trial:?}, {ambiguous} ambiguous"))
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// The first point on which two sweeps differ.
fn difference(
    oracle: &Result<StepSweepResult, SweepError>,
    other: &Result<StepSweepResult, SweepError>,
) -> Option<(String, String)> {
    let (oracle, other) = (lines(oracle), lines(other));
    if oracle.len() != other.len() {
        return Some((format!("{} points", oracle.len()), format!("{} points", other.len())));
    }
    oracle.into_iter().zip(other).find(|(a, b)| a != b)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lanes_are_the_plain_executor_to_the_bit(seed: u64, length in 60usize..260) {
        let program = random_strategy(seed);
        let bars = gappy(seed, length);
        let oracle = sweep_steps(&plan(&program, &bars, house(seed), Engine::Scalar), &|_, _| true);
        let fast = sweep_steps(&plan(&program, &bars, house(seed), Engine::Simd), &|_, _| true);
        prop_assert_eq!(difference(&oracle, &fast), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sleeping_brokers_are_the_plain_executor_to_the_bit(seed: u64, length in 60usize..260) {
        let program = wild_strategy(seed);
        let bars = gappy(seed, length);
        let oracle = sweep_steps(&plan(&program, &bars, house(seed), Engine::Scalar), &|_, _| true);
        let fast = sweep_steps(&plan(&program, &bars, house(seed), Engine::Simd), &|_, _| true);
        prop_assert_eq!(difference(&oracle, &fast), None);
    }
}

/// The same text, for the signals path and for the stepwise one.
fn both_paths(head: &str, entry: &str, exit: &str) -> (Program, StepProgram) {
    let text = format!(
        "//@version=6\nstrategy(\"T\")\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
    );
    let steps = assay_pine::compile_steps(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
    (crate::strategy(head, entry, exit), steps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_in_longs_by_market_orders_are_the_signals_path_to_the_bit(seed: u64, which in 0..3usize) {
        let (head, entry, exit) = [
            ("n = input.int(5, minval=3, maxval=12)", "close > ta.sma(close, n)", "close < ta.sma(close, n)"),
            ("n = input.int(5, minval=2, maxval=9)\nk = input.int(30, minval=20, maxval=40, step=5)", "ta.rsi(close, n) < k", "ta.rsi(close, n) > 100 - k"),
            ("n = input.int(5, minval=2, maxval=9)", "close > ta.highest(high, n)[1]", "dayofweek == 6"),
        ][which];
        let (signals, steps) = both_paths(head, entry, exit);
        let bars = gappy(seed, 200);
        let house = house(seed & 1);
        let fast = sweep(
            &Sweep {
                program: &signals,
                bars: &bars,
                costs: house.costs,
                fill: house.fill,
                train: 0..bars.len(),
                warm_up: WarmUp::Longest,
                engine: Engine::Simd,
                threads: 1,
                grid_max: 1_000_000,
            },
            &|_, _| true,
        ).unwrap();
        let walked = sweep_steps(&plan(&steps, &bars, house, Engine::Simd), &|_, _| true).unwrap();
        prop_assert_eq!(format!("{:?}", fast.trials), format!("{:?}", walked.result.trials));
        prop_assert_eq!(fast.first_bar, walked.result.first_bar);
    }

    #[test]
    fn a_run_is_its_trial(seed: u64) {
        let mut program = random_strategy(seed);
        program.inputs.iter_mut().for_each(|input| input.grid = vec![input.default]);
        let bars = gappy(seed, 150);
        let plan = plan(&program, &bars, house(seed), Engine::Simd);
        let swept = sweep_steps(&plan, &|_, _| true).unwrap();
        let values: Vec<f64> = program.inputs.iter().map(|input| input.default).collect();
        let run = run_steps(&program, &values, &bars, house(seed), 0..150).unwrap();
        let trial = &swept.result.trials[0];
        prop_assert_eq!(run.run.first_bar, swept.result.first_bar);
        prop_assert_eq!(run.run.equity.last().copied(), Some(trial.equity));
        prop_assert_eq!((run.run.trades.len() as u32, run.closed.len() as u32), (trial.entries, trial.exits));
        prop_assert_eq!(run.ambiguous_bars, swept.ambiguous_bars[0]);
        let moments = step_block_moments(&plan, &[0]).unwrap();
        prop_assert_eq!(moments[0].iter().fold(0.0, |sum, block| sum + block.sum), trial.sum);
    }
}

#[test]
fn threads_do_not_show_and_a_sweep_can_be_cancelled() {
    let program = random_strategy(7);
    let bars = gappy(7, 300);
    let with = |threads| {
        let plan = StepSweep { threads, ..plan(&program, &bars, house(0), Engine::Simd) };
        sweep_steps(&plan, &|_, _| true)
    };
    assert_eq!(difference(&with(1), &with(3)), None);
    let cancelled = sweep_steps(&plan(&program, &bars, house(0), Engine::Simd), &|_, _| false);
    assert_eq!(cancelled.unwrap_err(), SweepError::Cancelled);
    let refused = StepSweep { grid_max: 10, ..plan(&program, &bars, house(0), Engine::Simd) };
    let error = sweep_steps(&refused, &|_, _| true).unwrap_err();
    assert!(matches!(error, SweepError::GridTooLarge { size: Some(36), max: 10, .. }), "{error}");
}

#[test]
fn pyramids_by_stop_closed_in_parts_are_the_plain_way() {
    let text = "//@version=6\nstrategy(\"T\", pyramiding=3)\nn = input.int(5, minval=3, maxval=8)\nif close > ta.sma(close, n)\n    strategy.entry(\"L\", strategy.long, stop=high)\nstrategy.exit(\"X\", \"L\", qty_percent=50, stop=low, limit=high * 1.02)\n";
    let program = assay_pine::compile_steps(text).unwrap();
    let bars = gappy(3, 200);
    let oracle = sweep_steps(&plan(&program, &bars, house(0), Engine::Scalar), &|_, _| true);
    let fast = sweep_steps(&plan(&program, &bars, house(0), Engine::Simd), &|_, _| true);
    assert_eq!(difference(&oracle, &fast), None);
    assert!(oracle.unwrap().result.trials.iter().all(|trial| trial.entries > 0));
}

#[test]
fn bars_without_prices_are_no_bars_on_either_way() {
    let mut bars = gappy(11, 200);
    (bars.open[60], bars.close[90], bars.high[120]) = (f64::NAN, 0.0, f64::INFINITY);
    let program = random_strategy(11);
    let oracle = sweep_steps(&plan(&program, &bars, house(0), Engine::Scalar), &|_, _| true);
    let fast = sweep_steps(&plan(&program, &bars, house(0), Engine::Simd), &|_, _| true);
    assert_eq!(difference(&oracle, &fast), None);
}

/// A trailing stop that had started, was left out for a while and comes back without a distance: at the close it fills from
/// where it starts on, however far the price has run since.
#[test]
fn a_trailing_stop_that_comes_back_without_a_distance_fills_at_the_close() {
    for (seed, length) in [(17_610_208_462_500_604_263, 69), (14_124_229_536_326_503_441, 61)] {
        let (program, bars) = (random_strategy(seed), gappy(seed, length));
        let oracle = sweep_steps(&plan(&program, &bars, house(seed), Engine::Scalar), &|_, _| true);
        let fast = sweep_steps(&plan(&program, &bars, house(seed), Engine::Simd), &|_, _| true);
        assert_eq!(difference(&oracle, &fast), None);
    }
}

/// Contracts that rounding loses or leaves: the trades say which side is held, not what is left of their sum.
#[test]
fn brackets_watch_the_side_of_the_trades() {
    for (seed, length) in
        [(1_791_363_628_328_059_517, 144), (11_810_294_493_056_695_507, 80), (14_823_048_831_112_677_114, 60)]
    {
        let (program, bars) = (wild_strategy(seed), gappy(seed, length));
        let oracle = sweep_steps(&plan(&program, &bars, house(seed), Engine::Scalar), &|_, _| true);
        let fast = sweep_steps(&plan(&program, &bars, house(seed), Engine::Simd), &|_, _| true);
        assert_eq!(difference(&oracle, &fast), None);
    }
}
