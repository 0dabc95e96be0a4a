//! How many bars an interpreted script must have seen before its first decision may count.
//!
//! Derived from the tree and one parameter set: a series function adds its length to what its arguments need, a read of the
//! past adds its distance, a request counts its bars by the length of the other interval, and a variable needs what its
//! values and the conditions around them need. The same rule as that of the columns (`crate::warm_up`), so that a script has
//! one warm-up on whatever path it runs. Lengths are followed through constants, inputs, arithmetic and the bounds of loops;
//! one that cannot be seen, and what arrays and objects remember, count [`UNSEEN`] bars.

use assay_pine::check::Ta;
use assay_pine::check::tree::{Body, Code, Fun, Script};
use assay_pine::graph::{Binary, Unary};

use super::calendar::Interval;
use crate::Bars;

/// Bars for a length that cannot be seen, or a quarter of the file where that is less.
pub const UNSEEN: usize = 250;

/// Most bars that are counted: more than any file has.
const MOST: usize = 100_000_000;

/// Bars before the first decision of one parameter set.
pub fn warm_up(script: &Script, values: &[f64], bars: &Bars) -> usize {
    let unseen = UNSEEN.min(bars.len() / 4);
    of_body(&script.body, values, Interval::of_times(&bars.time), unseen)
}

fn of_body(body: &Body, values: &[f64], interval: Interval, unseen: usize) -> usize {
    let mut assigned = vec![0u32; body.slots.len()];
    for code in body.code.iter().chain(body.result.as_deref()) {
        count_assignments(code, &mut assigned);
    }
    let slots = vec![Known::default(); body.slots.len()];
    let mut walk = Walk { body, values, interval, unseen, slots, assigned, under: 0, longest: 0 };
    for code in body.code.iter().chain(body.result.as_deref()) {
        walk.needs(code);
    }
    walk.longest.min(MOST)
}

/// What is known of a variable so far.
#[derive(Clone, Debug, Default)]
struct Known {
    needs: usize,
    /// Least and largest value, where it is assigned at one place only.
    bounds: Option<(f64, f64)>,
    text: Option<String>,
}

struct Walk<'a> {
    body: &'a Body,
    values: &'a [f64],
    interval: Interval,
    unseen: usize,
    slots: Vec<Known>,
    /// At how many places each variable is assigned.
    assigned: Vec<u32>,
    /// What the conditions around the node need.
    under: usize,
    longest: usize,
}

impl Walk<'_> {
    /// Bars that a node needs.
    fn needs(&mut self, code: &Code) -> usize {
        let bars = match code {
            Code::Slot(slot) => self.slots[*slot as usize].needs,
            Code::Past(slot, back) => {
                let back = self.needs(back).saturating_add(self.distance(back));
                self.slots[*slot as usize].needs.saturating_add(back)
            }
            Code::PastOf(_, of, back) => {
                let back = self.needs(back).saturating_add(self.distance(back));
                self.needs(of).saturating_add(back)
            }
            Code::BarPast(_, back) => self.needs(back).saturating_add(self.distance(back)),
            Code::Set(slot, value) | Code::Once(_, slot, value) => {
                let needs = self.needs(value);
                self.assign(*slot, needs, self.bounds(value), self.text(value));
                needs
            }
            Code::Unpack(slots, value) => {
                let needs = self.needs(value);
                for slot in slots.iter().flatten() {
                    self.assign(*slot, needs, None, None);
                }
                needs
            }
            Code::If(condition, a, b) => {
                let needs = self.needs(condition);
                let around = self.under;
                self.under = around.max(needs);
                let needs = needs.max(self.needs(a)).max(self.needs(b));
                self.under = around;
                needs
            }
            Code::While(condition, body, _) => {
                let needs = self.needs(condition);
                needs.max(self.needs(body))
            }
            Code::For(l) => {
                let needs = self.needs(&l.from).max(self.needs(&l.to));
                let needs = l.by.as_ref().map_or(needs, |by| needs.max(self.needs(by)));
                let bounds = self.bounds(&l.from).zip(self.bounds(&l.to)).map(|(a, b)| (a.0.min(b.0), a.1.max(b.1)));
                self.assign(l.counter, needs, bounds, None);
                needs.max(self.needs(&l.body))
            }
            Code::ForIn(l) => {
                let needs = self.needs(&l.of);
                [Some(l.item), l.index].into_iter().flatten().for_each(|slot| self.assign(slot, needs, None, None));
                needs.max(self.needs(&l.body))
            }
            Code::Ta(which, _, args) => {
                let needs = args.iter().map(|arg| self.needs(arg)).max().unwrap_or(0);
                needs.saturating_add(self.length(*which, args))
            }
            // What is changed here may hold values of any age.
            Code::Uses(_, true, inner) => self.needs(inner).max(self.unseen),
            Code::Request(at) => self.request(*at as usize),
            other => other.parts().into_iter().map(|part| self.needs(part)).max().unwrap_or(0),
        };
        self.longest = self.longest.max(bars);
        bars
    }

    fn assign(&mut self, slot: u32, needs: usize, bounds: Option<(f64, f64)>, text: Option<String>) {
        let once = self.assigned[slot as usize] == 1;
        let known = &mut self.slots[slot as usize];
        known.needs = known.needs.max(needs).max(self.under);
        (known.bounds, known.text) = if once { (bounds, text) } else { (None, None) };
    }

    /// How far back a read reaches at most.
    fn distance(&self, back: &Code) -> usize {
        self.bounds(back).map_or(self.unseen, |(_, most)| most.clamp(0.0, MOST as f64) as usize)
    }

    /// Bars that a series function adds to the needs of its arguments.
    fn length(&self, which: Ta, args: &[Code]) -> usize {
        let n = |k: usize| args.get(k).map_or(self.unseen, |arg| self.distance(arg));
        let last = |k: usize| n(k).saturating_sub(1);
        match which {
            Ta::Sma | Ta::Ema | Ta::Rma | Ta::Wma | Ta::Vwma | Ta::Alma | Ta::Linreg | Ta::Cci | Ta::Cog => last(1),
            Ta::Stdev | Ta::Variance | Ta::Dev | Ta::Sum | Ta::Highest | Ta::Lowest => last(1),
            Ta::HighestBars | Ta::LowestBars | Ta::Range | Ta::Bb | Ta::Bbw | Ta::Mfi | Ta::Supertrend => last(1),
            Ta::PercentileLinear | Ta::PercentileNearest | Ta::Median | Ta::Mode => last(1),
            // Of true ranges, which exist from bar 1 on, or of plain ones.
            Ta::Kc | Ta::Kcw => last(1) + usize::from(!matches!(args.get(3), Some(Code::Truth(false)))),
            Ta::TrueRange => usize::from(matches!(args.first(), Some(Code::Truth(false)))),
            Ta::Swma => 3,
            Ta::Hma => (n(1) + (n(1) as f64).sqrt() as usize).saturating_sub(2),
            Ta::Kama | Ta::Rsi | Ta::Change | Ta::ChangedTruth | Ta::Roc => n(1),
            Ta::PercentRank | Ta::Rising | Ta::Falling | Ta::Cmo => n(1),
            Ta::Stoch => last(3),
            Ta::Wpr | Ta::Atr => last(0),
            Ta::Dmi => (n(0) + n(1)).saturating_sub(1),
            Ta::Macd => (n(1).max(n(2)) + n(3)).saturating_sub(2),
            Ta::Tsi => (n(1) + n(2)).saturating_sub(1),
            Ta::Correlation => last(2),
            Ta::PivotHigh | Ta::PivotLow => n(1) + n(2),
            Ta::Crossover | Ta::Crossunder | Ta::Cross | Ta::Sar | Ta::IntervalChange => 1,
            Ta::Obv | Ta::Cum | Ta::BarsSince | Ta::ValueWhen | Ta::Pvt | Ta::Nvi | Ta::Pvi | Ta::AccDist => 0,
            Ta::Wad | Ta::Wvad | Ta::Iii | Ta::Vwap | Ta::AllTimeMax | Ta::AllTimeMin | Ta::FixNan => 0,
        }
    }

    /// Bars of this interval until the request shows a value that has warmed up.
    fn request(&mut self, at: usize) -> usize {
        let request = &self.body.requests[at];
        let asked = match self.text(&request.interval).as_deref() {
            Some("" | "timeframe.period") => Some(self.interval),
            Some(text) => Interval::parse(text),
            None => None,
        };
        let Some(interval) = asked else { return self.unseen };
        let within = of_body(&request.body, self.values, interval, self.unseen);
        if interval == self.interval {
            return within;
        }
        // By the calendar: a market that rests at weekends gets a little more than it needs.
        let bars = (interval.seconds().max(1) as u64).div_ceil(self.interval.seconds().max(1) as u64) as usize;
        within.saturating_add(1).saturating_mul(bars)
    }

    fn text(&self, code: &Code) -> Option<String> {
        match code {
            Code::Text(text) => Some(text.to_string()),
            Code::Interval => Some(String::new()),
            Code::Slot(slot) => self.slots[*slot as usize].text.clone(),
            _ => None,
        }
    }

    /// Least and largest value of a number, where both can be seen.
    fn bounds(&self, code: &Code) -> Option<(f64, f64)> {
        let found = match code {
            Code::Number(x) => (*x, *x),
            Code::Input(i) => {
                let x = *self.values.get(*i as usize)?;
                (x, x)
            }
            Code::Slot(slot) => self.slots[*slot as usize].bounds?,
            Code::If(_, a, b) => {
                let (a, b) = (self.bounds(a)?, self.bounds(b)?);
                (a.0.min(b.0), a.1.max(b.1))
            }
            Code::Unary(f, a) => {
                let (low, high) = self.bounds(a)?;
                match f {
                    Unary::Neg => (-high, -low),
                    Unary::Floor => (low.floor(), high.floor()),
                    Unary::Ceil => (low.ceil(), high.ceil()),
                    Unary::Round => (low.floor(), high.ceil()),
                    Unary::Sqrt if low >= 0.0 => (low.sqrt(), high.sqrt()),
                    Unary::Abs if low >= 0.0 => (low, high),
                    _ => return None,
                }
            }
            Code::Binary(f, a, b) => {
                let (a, b) = (self.bounds(a)?, self.bounds(b)?);
                match f {
                    Binary::Add => (a.0 + b.0, a.1 + b.1),
                    Binary::Sub => (a.0 - b.1, a.1 - b.0),
                    Binary::Min => (a.0.min(b.0), a.1.min(b.1)),
                    Binary::Max => (a.0.max(b.0), a.1.max(b.1)),
                    Binary::Mul => corners(a, b, |x, y| x * y),
                    Binary::Div if b.0 > 0.0 || b.1 < 0.0 => corners(a, b, |x, y| x / y),
                    _ => return None,
                }
            }
            Code::Call(Fun::Int | Fun::Float | Fun::Round, args, _) => {
                let (low, high) = self.bounds(args.first()?.as_ref()?)?;
                (low.floor(), high.ceil())
            }
            Code::Call(f @ (Fun::Max | Fun::Min), args, _) => {
                let mut all = args.iter().flatten().map(|arg| self.bounds(arg));
                let first = all.next()??;
                all.try_fold(first, |so_far, next| {
                    let next = next?;
                    Some(match f {
                        Fun::Max => (so_far.0.max(next.0), so_far.1.max(next.1)),
                        _ => (so_far.0.min(next.0), so_far.1.min(next.1)),
                    })
                })?
            }
            _ => return None,
        };
        (found.0.is_finite() && found.1.is_finite()).then_some(found)
    }
}

/// Least and largest of an operation that is monotone in each argument.
fn corners(a: (f64, f64), b: (f64, f64), f: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let all = [f(a.0, b.0), f(a.0, b.1), f(a.1, b.0), f(a.1, b.1)];
    (all.into_iter().fold(f64::INFINITY, f64::min), all.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

fn count_assignments(code: &Code, assigned: &mut [u32]) {
    match code {
        Code::Set(slot, _) | Code::Once(_, slot, _) => assigned[*slot as usize] += 1,
        Code::Unpack(slots, _) => slots.iter().flatten().for_each(|slot| assigned[*slot as usize] += 1),
        Code::For(l) => assigned[l.counter as usize] += 1,
        Code::ForIn(l) => [Some(l.item), l.index].into_iter().flatten().for_each(|slot| assigned[slot as usize] += 1),
        _ => {}
    }
    code.parts().into_iter().for_each(|part| count_assignments(part, assigned));
}
