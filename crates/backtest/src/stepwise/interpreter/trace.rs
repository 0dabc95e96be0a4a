//! What a run saw and what it decided, bar by bar, so that two runs can be compared.
//!
//! Sources are the only places through which anything but the script itself comes in: series functions, other intervals, the
//! end of the file. Two runs of one script that differ, differ in a source first; its line is the one to blame.

use std::hash::{DefaultHasher, Hash, Hasher};

use assay_pine::check::Ta;
use assay_pine::check::tree::Order;

use super::value::Value;

/// Elements of a container that are looked at; what lies behind them shows when it is read.
const ELEMENTS_SEEN: usize = 64;

/// One thing seen or decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Event {
    line: u32,
    hash: u64,
}

/// The trace of a run.
#[derive(Default)]
pub(super) struct Trace {
    /// By bar: everything seen.
    sources: Vec<u64>,
    /// By bar: every order, then the account at the end of the bar.
    orders: Vec<u64>,
    accounts: Vec<u64>,
    /// Of the bar under way.
    seen: u64,
    decided: u64,
    /// The bar that is kept in full.
    watched: Option<usize>,
    sources_watched: Vec<Event>,
    orders_watched: Vec<Event>,
    /// The newest number of each series function, by site; of one with several numbers the first.
    pub newest: Vec<Option<(Ta, f64)>>,
}

/// Where two traces part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parting {
    /// First bar on which something else was decided.
    pub bar: usize,
    /// The bar to watch for the line: the first on which something else was seen, no later than that.
    pub watch: usize,
}

impl Trace {
    /// Keeps `bar` in full, if any.
    pub(super) fn watching(bar: Option<usize>) -> Trace {
        Trace { watched: bar, ..Trace::default() }
    }

    fn watches(&self) -> bool {
        self.watched == Some(self.sources.len())
    }

    /// A value came in at `line`.
    pub(super) fn source(&mut self, line: u32, value: &Value) {
        let event = Event { line, hash: hash_of(value) };
        self.seen = mixed(self.seen, event);
        if self.watches() {
            self.sources_watched.push(event);
        }
    }

    /// A series function gave a value.
    pub(super) fn series(&mut self, which: Ta, site: u32, line: u32, value: &Value) {
        self.source(line, value);
        let site = site as usize;
        if self.newest.len() <= site {
            self.newest.resize(site + 1, None);
        }
        self.newest[site] = Some((
            which,
            match value {
                Value::Tuple(all) => all.first().map_or(f64::NAN, Value::number),
                value => value.number(),
            },
        ));
    }

    /// An order was given.
    pub(super) fn order(&mut self, order: Order, line: u32, args: &[Option<Value>]) {
        let mut hasher = DefaultHasher::new();
        (order as u32).hash(&mut hasher);
        for arg in args {
            hash(arg.as_ref().unwrap_or(&Value::Na), &mut hasher, 0);
        }
        let event = Event { line, hash: hasher.finish() };
        self.decided = mixed(self.decided, event);
        if self.watches() {
            self.orders_watched.push(event);
        }
    }

    /// The bar ends with this equity.
    pub(super) fn end(&mut self, equity: f64) {
        self.sources.push(std::mem::take(&mut self.seen));
        self.orders.push(std::mem::take(&mut self.decided));
        self.accounts.push(equity.to_bits());
    }

    /// Where the decisions of two runs part: orders before bar `orders_end`, the account on all bars that both have.
    pub(super) fn parting(&self, other: &Trace, orders_end: usize) -> Option<Parting> {
        let both = self.accounts.len().min(other.accounts.len());
        let differs = |t: &usize| {
            self.accounts[*t] != other.accounts[*t] || (*t < orders_end && self.orders[*t] != other.orders[*t])
        };
        let bar = (0..both).find(differs)?;
        let watch = (0..=bar).find(|t| self.sources[*t] != other.sources[*t]).unwrap_or(bar);
        Some(Parting { bar, watch })
    }

    /// The line of the first thing on the watched bar that differs: seen, or else decided. 0 when there is none.
    pub(super) fn first_other_line(&self, other: &Trace) -> u32 {
        let first = |a: &[Event], b: &[Event]| {
            let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
            a.get(same).or(b.get(same)).map(|event| event.line)
        };
        first(&self.sources_watched, &other.sources_watched)
            .or_else(|| first(&self.orders_watched, &other.orders_watched))
            .unwrap_or(0)
    }
}

fn mixed(so_far: u64, event: Event) -> u64 {
    let mut hasher = DefaultHasher::new();
    (so_far, event.line, event.hash).hash(&mut hasher);
    hasher.finish()
}

fn hash_of(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(value, &mut hasher, 0);
    hasher.finish()
}

fn hash(value: &Value, hasher: &mut DefaultHasher, depth: u32) {
    std::mem::discriminant(value).hash(hasher);
    let mut each = |items: &[Value]| {
        items.len().hash(hasher);
        // Objects may refer to each other in circles.
        if depth < 3 {
            items.iter().take(ELEMENTS_SEEN).for_each(|item| hash(item, hasher, depth + 1));
        }
    };
    match value {
        Value::Na | Value::Inert => {}
        Value::Number(x) => (if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }).hash(hasher),
        Value::Truth(b) => b.hash(hasher),
        Value::Text(text) => text.hash(hasher),
        Value::Array(items) | Value::Object(items) => each(&items.borrow()),
        Value::Tuple(items) => each(items),
        Value::Matrix(matrix) => each(&matrix.borrow().cells),
        Value::Map(pairs) => each(&pairs.borrow().iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()),
    }
}
