//! PyneCore and PineTS: what orders become. The same script runs in both (Pine for PineTS, its translation by hand for PyneCore,
//! whose compiler is closed) and, order by order, on our broker; trades, position and equity are compared on every bar.
//!
//! Where a peer means something else, the row says what, and the test holds it to still differing. The tick is 1e-8, so that
//! the peers' rounding of order prices to ticks is lost in the tolerance; prices within a bar run as TradingView assumes.

use assay_backtest::stepwise::broker::{
    Bar, Broker, BrokerSettings, Close, ClosedTrade, Commission, Exit, Intrabar, Oca, OcaKind, Order, Side, Sizing,
};
use assay_backtest::stepwise::interpreter::interpret;
use assay_backtest::{Bars, Fill};
use serde_json::{Value, json};

use super::{Table, ask, columns, house, number, numbers, ready};
use crate::golden_indicators::column;
use crate::market;

const TICK: f64 = 1e-8;
const SHARED: &str = "position and equity; there the trade that a reversal ends and the one it opens share its commission, by \
                      contracts in PyneCore, by halves in PineTS";
/// Ids of entries and exits.
const L: u32 = 0;
const S: u32 = 1;
const X: u32 = 2;
const Y: u32 = 3;

/// One script.
struct Scene {
    name: &'static str,
    pine: &'static str,
    settings: fn() -> BrokerSettings,
    script: fn(&mut Broker, &At),
    pynecore: Meaning,
    pinets: Meaning,
}

/// How a peer's meaning stands to ours.
#[derive(Clone, Copy)]
enum Meaning {
    /// The same trades, position and equity.
    Same,
    /// The same position and equity, but money is booked on other trades: why.
    SameMoney(&'static str),
    /// Something else: what.
    Other(&'static str),
}

use Meaning::{Other, Same, SameMoney};

/// What a script sees at a close.
struct At<'a> {
    t: usize,
    tick: f64,
    bars: &'a Bars,
    up: &'a [f64],
    down: &'a [f64],
    extremes: [&'a [f64]; 4],
}

impl At<'_> {
    fn up(&self) -> bool {
        self.up[self.t] == 1.0
    }
    fn down(&self) -> bool {
        self.down[self.t] == 1.0
    }
    fn close(&self) -> f64 {
        self.bars.close[self.t]
    }
    /// The last `n` closes each rose.
    fn rising(&self, n: usize) -> bool {
        self.t >= n && (0..n).all(|k| self.bars.close[self.t - k] > self.bars.close[self.t - k - 1])
    }
    fn falling(&self) -> bool {
        self.t >= 1 && self.bars.close[self.t] < self.bars.close[self.t - 1]
    }
    /// Highest high and lowest low of 10 bars, then of 5.
    fn extremes(&self) -> [f64; 4] {
        self.extremes.map(|x| x[self.t])
    }
}

fn ten() -> BrokerSettings {
    BrokerSettings {
        initial_capital: 1_000_000.0,
        sizing: Sizing::Fixed(10.0),
        mintick: TICK,
        intrabar: Intrabar::Path,
        ..BrokerSettings::plain()
    }
}

fn enter(b: &mut Broker, id: u32, side: Side) {
    b.order(Order::entry(id, side)).unwrap();
}

fn close(b: &mut Broker, id: u32) {
    b.close(Close::all_of(Some(id))).unwrap();
}

fn exit(b: &mut Broker, id: u32, from: u32, legs: impl Fn(&mut Exit)) {
    let mut exit = Exit::new(id, Some(from));
    legs(&mut exit);
    b.exit(exit).unwrap();
}

/// The stop and the target that several scripts hang around the mean entry price of a long position.
fn bracket(b: &mut Broker, id: u32) {
    if b.position_size() > 0.0 {
        let price = b.position_avg_price();
        exit(b, id, L, |e| (e.stop, e.limit) = (price * 0.98, price * 1.03));
    }
}

fn reverse(b: &mut Broker, at: &At) {
    if at.up() {
        enter(b, L, Side::Long);
    }
    if at.down() {
        enter(b, S, Side::Short);
    }
}

macro_rules! scene {
    ($name:literal, $settings:expr, $script:expr, $pynecore:expr, $pinets:expr) => {
        Scene {
            name: $name,
            pine: include_str!(concat!("orders/", $name, ".pine")),
            settings: $settings,
            script: $script,
            pynecore: $pynecore,
            pinets: $pinets,
        }
    };
}

fn scenes() -> Vec<Scene> {
    vec![
        scene!("reversals", ten, reverse, Same, Same),
        scene!(
            "bracket",
            ten,
            |b, at| {
                if at.up() {
                    enter(b, L, Side::Long);
                }
                bracket(b, X);
                if at.down() {
                    close(b, L);
                }
            },
            Same,
            Same
        ),
        scene!(
            "bracket_with_entry",
            ten,
            |b, at| {
                let c = at.close();
                if at.up() {
                    enter(b, L, Side::Long);
                    exit(b, X, L, |e| (e.stop, e.limit) = (c * 0.985, c * 1.015));
                }
                if at.down() {
                    enter(b, S, Side::Short);
                    exit(b, Y, S, |e| (e.stop, e.limit) = (c * 1.015, c * 0.985));
                }
            },
            Same,
            Other("a bracket placed with a reversing entry does not work on the bar of its fill there")
        ),
        scene!(
            "ticks",
            ten,
            |b, at| {
                if at.up() {
                    enter(b, L, Side::Long);
                    exit(b, X, L, |e| (e.profit, e.loss) = (3.0 / at.tick, 2.0 / at.tick));
                }
                if at.down() {
                    close(b, L);
                }
            },
            Same,
            Same
        ),
        scene!(
            "trailing",
            ten,
            |b, at| {
                let legs = |e: &mut Exit| {
                    (e.trail_points, e.trail_offset, e.loss) = (1.0 / at.tick, 1.5 / at.tick, 3.0 / at.tick);
                };
                if at.up() {
                    enter(b, L, Side::Long);
                    exit(b, X, L, legs);
                }
                if at.down() {
                    enter(b, S, Side::Short);
                    exit(b, Y, S, legs);
                }
            },
            Same,
            Same
        ),
        scene!(
            "breakouts",
            ten,
            |b, at| {
                let [top, bottom, top5, bottom5] = at.extremes();
                if b.position_size() == 0.0 {
                    let oca = Some(Oca { group: 0, kind: OcaKind::Cancel });
                    b.order(Order { stop: top, oca, ..Order::entry(L, Side::Long) }).unwrap();
                    b.order(Order { stop: bottom, oca, ..Order::entry(S, Side::Short) }).unwrap();
                }
                if b.position_size() > 0.0 {
                    exit(b, X, L, |e| e.stop = bottom5);
                }
                if b.position_size() < 0.0 {
                    exit(b, Y, S, |e| e.stop = top5);
                }
            },
            Same,
            Other(
                "an entry whose stop is na does not fill at the market there, and later ones fill several times over"
            )
        ),
        scene!(
            "pullbacks",
            ten,
            |b, at| {
                if at.up() {
                    b.order(Order { limit: at.close() * 0.99, ..Order::entry(L, Side::Long) }).unwrap();
                }
                if at.down() {
                    b.cancel(L);
                    close(b, L);
                }
            },
            Same,
            Same
        ),
        scene!(
            "stop_limits",
            ten,
            |b, at| {
                let [top, ..] = at.extremes();
                if b.position_size() == 0.0 {
                    b.order(Order { stop: top * 1.001, limit: top, ..Order::entry(L, Side::Long) }).unwrap();
                }
                if at.down() {
                    close(b, L);
                }
            },
            Same,
            Other("stop-limit orders do not fill there")
        ),
        scene!(
            "pyramids",
            || BrokerSettings { pyramiding: 3, ..ten() },
            |b, at| {
                if at.rising(2) {
                    enter(b, L, Side::Long);
                }
                if at.down() {
                    b.close(Close::all_of(None)).unwrap();
                }
            },
            Same,
            Same
        ),
        scene!(
            "parts",
            ten,
            |b, at| {
                if at.up() {
                    enter(b, L, Side::Long);
                }
                if b.position_size() > 0.0 {
                    let price = b.position_avg_price();
                    exit(b, X, L, |e| (e.qty_percent, e.limit) = (50.0, price * 1.01));
                    bracket(b, Y);
                }
                if at.down() {
                    close(b, L);
                }
            },
            Same,
            Other("brackets share the contracts of a trade otherwise there")
        ),
        scene!(
            "on_close",
            || BrokerSettings { process_orders_on_close: true, ..ten() },
            reverse,
            Same,
            Other("fills at the close carry the next bar's index there; prices are the same")
        ),
        scene!(
            "costs",
            || BrokerSettings { commission: Commission::Percent(0.1), slippage_ticks: 900_000.0, ..ten() },
            |b, at| {
                reverse(b, at);
                bracket(b, X);
            },
            Same,
            Other("slippage is charged on limit exits there")
        ),
        scene!(
            "cash_costs",
            || BrokerSettings { commission: Commission::PerOrder(3.0), ..ten() },
            reverse,
            SameMoney(SHARED),
            SameMoney(SHARED)
        ),
        scene!(
            "netting",
            ten,
            |b, at| {
                let order = |id, side, qty| Order { entry: false, qty, ..Order::entry(id, side) };
                if at.up() {
                    b.order(order(L, Side::Long, 7.0)).unwrap();
                }
                if at.down() {
                    b.order(order(S, Side::Short, 4.0)).unwrap();
                }
                if b.position_size() > 8.0 {
                    b.close(Close::all_of(None)).unwrap();
                }
            },
            Same,
            Same
        ),
        scene!(
            "fifo",
            || BrokerSettings { pyramiding: 2, ..ten() },
            |b, at| {
                if at.up() {
                    b.order(Order { qty: 3.0, ..Order::entry(L, Side::Long) }).unwrap();
                }
                if b.position_size() > 0.0 && at.falling() {
                    b.order(Order { qty: 5.0, ..Order::entry(S, Side::Long) }).unwrap();
                }
                if at.down() {
                    close(b, S);
                }
                if at.rising(3) {
                    b.close(Close::all_of(None)).unwrap();
                }
            },
            Same,
            Other("the trades of the named entry are closed there, not the oldest")
        ),
        scene!(
            "percent_of_equity",
            || BrokerSettings { sizing: Sizing::PercentOfEquity(50.0), commission: Commission::Percent(0.1), ..ten() },
            reverse,
            Other("the commission is set aside from the money that is spent there"),
            Same
        ),
        scene!(
            "cash_sized",
            || BrokerSettings { sizing: Sizing::Cash(25_000.0), ..ten() },
            |b, at| {
                if at.up() {
                    enter(b, L, Side::Long);
                }
                if at.down() {
                    close(b, L);
                }
            },
            Same,
            Same
        ),
    ]
}

/// A closed trade as numbers.
fn row(t: &ClosedTrade) -> [f64; 6] {
    let size = t.side.sign() * t.qty;
    [t.entry_bar as f64, t.entry_price, t.exit_bar as f64, t.exit_price, size, t.profit]
}

/// What came of a script: trades as (entry bar, entry price, exit bar, exit price, signed size, profit), and by bar the position
/// and the equity that the script reads. `growth` is our equity from 1
/// after the fills at each close.
struct Outcome {
    trades: Vec<[f64; 6]>,
    position: Vec<f64>,
    equity: Vec<f64>,
    growth: Vec<f64>,
}

impl Outcome {
    /// Runs the script on our broker.
    fn ours(scene: &Scene, settings: BrokerSettings, bars: &Bars) -> Outcome {
        let truth = |pine: &str| column(&format!("{pine} ? 1 : 0"), bars);
        let (up, down) = (
            truth("ta.crossover(ta.sma(close, 5), ta.sma(close, 20))"),
            truth("ta.crossunder(ta.sma(close, 5), ta.sma(close, 20))"),
        );
        let extremes = ["ta.highest(high, 10)", "ta.lowest(low, 10)", "ta.highest(high, 5)", "ta.lowest(low, 5)"]
            .map(|pine| column(pine, bars));
        let mut broker = Broker::new(&settings);
        let (mut position, mut equity, mut growth) = (vec![], vec![], vec![]);
        for t in 0..bars.len() {
            let [open, high, low, close] = [&bars.open, &bars.high, &bars.low, &bars.close].map(|x| x[t]);
            broker.begin(t, Bar { open, high, low, close });
            position.push(broker.position_size());
            equity.push(broker.equity());
            let at = At {
                t,
                tick: settings.mintick,
                bars,
                up: &up,
                down: &down,
                extremes: extremes.each_ref().map(Vec::as_slice),
            };
            (scene.script)(&mut broker, &at);
            broker.end();
            growth.push(broker.total_growth());
        }
        Outcome { trades: broker.closed_trades().iter().map(row).collect(), position, equity, growth }
    }

    /// Reads a peer's answer.
    fn theirs(answer: &Value) -> Outcome {
        assert!(answer["error"].is_null(), "{}", answer["error"]);
        let trades = answer["trades"].as_array().unwrap();
        Outcome {
            trades: trades.iter().map(|t| std::array::from_fn(|i| number(&t[i]))).collect(),
            position: numbers(&answer["plots"]["position"]),
            equity: numbers(&answer["plots"]["equity"]),
            growth: vec![],
        }
    }

    /// The largest difference of position and equity by bar, and, when `trades` are looked at too, of these: bars and prices as
    /// they are, sizes and profits over the money at stake.
    fn apart(&self, other: &Outcome, trades: bool) -> f64 {
        let mut worst = 0.0f64;
        let mut differ = |a: f64, b: f64, scale: f64| {
            worst = worst.max(if a.is_nan() || b.is_nan() { f64::INFINITY } else { (a - b).abs() / scale });
        };
        if trades {
            differ(self.trades.len() as f64, other.trades.len() as f64, 1.0);
        }
        for (a, b) in self.trades.iter().zip(&other.trades).filter(|_| trades) {
            let scales = [1.0, b[1], 1.0, b[3], b[4].abs(), b[4].abs() * b[1]];
            (0..6).for_each(|i| differ(a[i], b[i], scales[i]));
        }
        for (a, b) in self.position.iter().zip(&other.position) {
            differ(*a, *b, b.abs().max(1.0));
        }
        for (a, b) in self.equity.iter().zip(&other.equity) {
            differ(*a, *b, *b);
        }
        worst
    }
}

/// Compares one peer on two markets; `meaning` says how a script's stands to ours.
fn compare(peer: &str, meaning: fn(&Scene) -> Meaning, answers: &dyn Fn(&Bars, &[Scene]) -> Value) {
    let scenes = scenes();
    let markets = [1, 2].map(|seed| market::daily(seed, 600));
    let answers = markets.each_ref().map(|bars| answers(bars, &scenes));
    let mut table =
        Table::new(&format!("{peer}, closed trades, position and equity of scripts with orders, two markets"));
    for scene in &scenes {
        let pairs = markets.iter().zip(&answers);
        let pairs = pairs.map(|(bars, answer)| {
            (Outcome::ours(scene, (scene.settings)(), bars), Outcome::theirs(&answer[scene.name]))
        });
        let pairs: Vec<_> = pairs.collect();
        let trades = pairs.iter().map(|(_, theirs)| theirs.trades.len()).sum();
        let worst = |trades| pairs.iter().map(|(ours, theirs)| ours.apart(theirs, trades)).fold(0.0, f64::max);
        match meaning(scene) {
            Same => table.row(scene.name, trades, worst(true), 1e-8, ""),
            SameMoney(why) => table.row(scene.name, trades, worst(false), 1e-8, why),
            Other(why) => {
                // A difference that is gone must not stay written down.
                assert!(worst(true) > 1e-8, "{peer}: {} is the same by now", scene.name);
                table.note(scene.name, why);
            }
        }
        if let SameMoney(_) = meaning(scene) {
            assert!(worst(true) > 1e-8, "{peer}: {} is the same by now", scene.name);
        }
    }
    table.finish();
}

#[test]
fn the_interpreter_gives_the_orders_that_each_script_says() {
    // Order by order on the broker and read from Pine: the same to the bit.
    for seed in [1, 2] {
        let bars = market::daily(seed, 600);
        for scene in scenes() {
            // The interpreter's tick is 0.01: slippage as so many of those. Distances are given in its ticks.
            let mut settings = (scene.settings)();
            settings.slippage_ticks = if settings.slippage_ticks > 0.0 { 2.0 } else { 0.0 };
            (settings.mintick, settings.intrabar) = (0.01, Intrabar::Path);
            let text = scene.pine.replace("slippage=900000", "slippage=2");
            let script = assay_pine::check(&text).unwrap_or_else(|refusal| panic!("{}: {refusal}", scene.name));
            let on_close = settings.process_orders_on_close;
            let house = house(if on_close { Fill::Close } else { Fill::NextOpen }, Intrabar::Path);
            let ours = Outcome::ours(&scene, settings, &bars);
            let run = interpret(&script, &[], &bars, house, 0..bars.len());
            let run = run.unwrap_or_else(|e| panic!("{}: {e}", scene.name));
            assert!(run.closed.iter().map(row).eq(ours.trades), "{}: other trades", scene.name);
            assert!(run.run.equity == ours.growth, "{}: other equity", scene.name);
        }
    }
}

#[test]
fn orders_become_the_trades_of_pynecore() {
    if !ready(&["PyneCore"]) {
        return;
    }
    compare("PyneCore 6.11.0", |s| s.pynecore, &|bars, scenes| {
        let names: Vec<_> = scenes.iter().map(|s| s.name).collect();
        ask("pyne_runs.py", &json!({"bars": columns(bars), "mintick": TICK, "scripts": names}))
    });
}

#[test]
fn orders_become_the_trades_of_pinets() {
    if !ready(&["PineTS"]) {
        return;
    }
    compare("PineTS 0.9.34", |s| s.pinets, &|bars, scenes| {
        let scripts: Vec<_> = scenes.iter().map(|s| json!({"name": s.name, "text": s.pine})).collect();
        ask("pinets.mjs", &json!({"bars": columns(bars), "mintick": TICK, "scripts": scripts}))
    });
}
