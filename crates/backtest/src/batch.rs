//! A run of consecutive grid points, from shared columns to trials.
//!
//! Points go in groups of [`LANES`], bars in stretches: for each stretch every group makes its signals, latches them and
//! walks its books, and keeps what the next stretch needs. Stretches are as long as the shared columns of a stretch stay in
//! the second-level cache, so that on any number of bars the columns are read from there.

use std::ops::Range;

use crate::compute::isa::{Isa, Task, Words};
use crate::compute::latch::latch;
use crate::compute::walk::{Books, Path, walk};
use crate::compute::{LANES, LaneWords, scalar};
use crate::fills::Factors;
use crate::layout::{Layout, Market};
use crate::shared::OwnColumns;
use crate::sweep::{BLOCKS, Engine, Trial};
use crate::words::{Surroundings, WordProgram};

/// Points that are taken together: their state must fit the second-level cache beside the columns.
pub(crate) const BATCH: usize = 1024;

/// Bytes of columns in one stretch of bars.
const STRETCH_BYTES: usize = 512 << 10;

/// Bars of a stretch at most and at least.
const STRETCH_MAX: usize = 4096;
const STRETCH_MIN: usize = 256;

/// Memory that is used again from batch to batch.
#[derive(Default)]
pub(crate) struct BatchScratch {
    groups: Vec<Group>,
    slots: Vec<Vec<LaneWords>>,
    stretch: Stretch,
    own: OwnColumns,
    warm: Vec<(usize, Option<usize>)>,
}

/// Words of one group in one stretch.
#[derive(Default)]
struct Stretch {
    positions: Vec<LaneWords>,
    exit: Vec<LaneWords>,
    events: Vec<u64>,
}

/// Up to [`LANES`] points and their state between two stretches.
struct Group {
    /// Places of the points within the batch.
    places: Vec<usize>,
    /// By lane and key: the combination that the point selects.
    at: Vec<usize>,
    carry: LaneWords,
    flips: LaneWords,
    carries: Vec<LaneWords>,
    books: Books,
    /// Sums over the blocks that are done.
    sum: [f64; LANES],
    sum_sq: [f64; LANES],
}

impl Group {
    fn new() -> Group {
        Group {
            places: vec![],
            at: vec![],
            carry: [0; LANES],
            flips: [0; LANES],
            carries: vec![],
            books: Books::new(),
            sum: [0.0; LANES],
            sum_sq: [0.0; LANES],
        }
    }

    fn reset(&mut self, carries: usize) {
        self.places.clear();
        self.at.clear();
        self.carries.clear();
        self.carries.resize(carries, [0; LANES]);
        (self.carry, self.flips) = ([0; LANES], [0; LANES]);
        (self.books, self.sum, self.sum_sq) = (Books::new(), [0.0; LANES], [0.0; LANES]);
    }

    /// Keeps the points that `keep(place, at)` says yes to.
    fn retain(&mut self, mut keep: impl FnMut(usize, &[usize]) -> bool) {
        let keys = self.at.len() / self.places.len().max(1);
        let (places, at) = (std::mem::take(&mut self.places), std::mem::take(&mut self.at));
        for (place, at) in places.into_iter().zip(at.chunks(keys.max(1))) {
            if keep(place, at) {
                self.places.push(place);
                self.at.extend_from_slice(at);
            }
        }
    }

    fn trial(&self, lane: usize, observations: usize) -> Trial {
        // Positions begin flat, so changes alternate between buying and selling.
        let exits = (self.flips[lane] / 2) as u32;
        Trial {
            valid: true,
            entries: exits + (self.flips[lane] % 2) as u32,
            exits,
            equity: self.books.equity[lane],
            max_drawdown: self.books.deepest[lane] - 1.0,
            sum: self.sum[lane],
            sum_sq: self.sum_sq[lane],
            observations: observations as u32,
        }
    }
}

/// Trades the points from `first` on into `trials`, one each.
pub(crate) fn trade(
    layout: &Layout<'_>,
    market: &Market<'_>,
    first: u64,
    trials: &mut [Trial],
    isa: Isa,
    scratch: &mut BatchScratch,
) {
    trials.fill(Trial::invalid());
    if layout.plan.engine == Engine::Scalar {
        for (point, trial) in (first..).zip(trials) {
            if let Some(lane) = layout.lane(market, point) {
                *trial = scalar::trade(&lane, &market.factors, &layout.blocks, layout.lag).0;
            }
        }
        return;
    }
    let carries = layout.words.as_ref().map_or(0, |words| words.carries);
    let mut used = 0;
    let mut cursor = layout.grid.cursor(first);
    for place in 0..trials.len() {
        if layout.usable(&cursor.at, first + place as u64, &mut scratch.warm)
            && market.shared.usable(&layout.grid, &cursor.at)
        {
            if used == 0 || scratch.groups[used - 1].places.len() == LANES {
                used += 1;
                if scratch.groups.len() < used {
                    scratch.groups.push(Group::new());
                }
                scratch.groups[used - 1].reset(carries);
            }
            let group = &mut scratch.groups[used - 1];
            group.places.push(place);
            group.at.extend_from_slice(&cursor.at);
        }
        cursor.advance();
    }
    let mut made = std::mem::take(&mut scratch.groups);
    let groups = &mut made[..used];
    match &layout.words {
        Some(words) => {
            let length = stretch_length(layout, words);
            scratch.slots.resize_with(words.slots.max(scratch.slots.len()), Vec::new);
            for slot in &mut scratch.slots {
                slot.resize(length / 64, [0; LANES]);
            }
            let end = layout.decisions.end;
            let stretches = || (0..end).step_by(length).map(|from| from..(from + length).min(end));
            let BatchScratch { slots, stretch, own, .. } = scratch;
            own.clear();
            if words.own.is_empty() {
                for bars in stretches() {
                    for group in &mut *groups {
                        isa.dispatch(Signals { layout, market, words, own, bars: bars.clone(), group, slots, stretch });
                    }
                }
            } else {
                for group in &mut *groups {
                    own.clear();
                    group.retain(|place, at| layout.make_own(own, words, market, at, first + place as u64));
                    for bars in stretches() {
                        isa.dispatch(Signals { layout, market, words, own, bars, group, slots, stretch });
                    }
                }
            }
        }
        None => {
            let bars = 0..layout.decisions.end;
            for group in &mut *groups {
                let stretch = &mut scratch.stretch;
                stretch.clear(bars.len());
                let places = std::mem::take(&mut group.places);
                for place in places {
                    let Some(signals) = layout.lane(market, first + place as u64) else { continue };
                    let lane = group.places.len();
                    group.places.push(place);
                    for (word, (entry, exit)) in signals.entry.iter().zip(&signals.exit).enumerate() {
                        if word < stretch.positions.len() {
                            (stretch.positions[word][lane], stretch.exit[word][lane]) = (*entry, *exit);
                        }
                    }
                }
                isa.dispatch(Keep { layout, factors: &market.factors, bars: bars.clone(), group, stretch });
            }
        }
    }
    let observations = layout.blocks[BLOCKS] - layout.blocks[0];
    for group in &*groups {
        for (lane, place) in group.places.iter().enumerate() {
            trials[*place] = group.trial(lane, observations);
        }
    }
    scratch.groups = made;
}

/// Bars of a stretch, a multiple of 64.
fn stretch_length(layout: &Layout<'_>, words: &WordProgram) -> usize {
    let columns: u64 = words.reads.iter().map(|node| layout.grid.combinations(*node)).sum();
    let fits = (STRETCH_BYTES / 8) as u64 / columns.max(1);
    (fits as usize).clamp(STRETCH_MIN, STRETCH_MAX) / 64 * 64
}

impl Stretch {
    fn clear(&mut self, bars: usize) {
        let words = bars.div_ceil(64);
        for words_of in [&mut self.positions, &mut self.exit] {
            words_of.clear();
            words_of.resize(words, [0; LANES]);
        }
        self.events.clear();
        self.events.resize(words, 0);
    }
}

/// Makes the signals of one group in one stretch, and keeps its books.
struct Signals<'a> {
    layout: &'a Layout<'a>,
    market: &'a Market<'a>,
    words: &'a WordProgram,
    own: &'a OwnColumns,
    bars: Range<usize>,
    group: &'a mut Group,
    slots: &'a mut [Vec<LaneWords>],
    stretch: &'a mut Stretch,
}

impl Task for Signals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, simd: S) {
        let Signals { layout, market, words, own, bars, group, slots, stretch } = self;
        let lanes = group.places.len();
        let around = Surroundings {
            grid: &layout.grid,
            scalars: &layout.scalars,
            shared: &market.shared,
            own,
            at: &group.at,
            lanes,
        };
        words.run(simd, around, &bars, slots, &mut group.carries);
        let count = bars.len().div_ceil(64);
        stretch.positions.clear();
        stretch.positions.extend_from_slice(&slots[words.entry][..count]);
        stretch.exit.clear();
        stretch.exit.extend_from_slice(&slots[words.exit][..count]);
        stretch.events.resize(count, 0);
        if lanes < LANES {
            // Lanes that stand for no point must not make events.
            for word in stretch.positions.iter_mut().chain(&mut stretch.exit) {
                word[lanes..].fill(0);
            }
        }
        keep(simd, layout, &market.factors, bars, group, stretch);
    }
}

/// Keeps the books of one group in one stretch whose signals stand ready.
struct Keep<'a> {
    layout: &'a Layout<'a>,
    factors: &'a Factors,
    bars: Range<usize>,
    group: &'a mut Group,
    stretch: &'a mut Stretch,
}

impl Task for Keep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Words>(self, simd: S) {
        keep(simd, self.layout, self.factors, self.bars, self.group, self.stretch);
    }
}

#[inline(always)]
fn keep<S: Words>(
    simd: S,
    layout: &Layout<'_>,
    factors: &Factors,
    bars: Range<usize>,
    group: &mut Group,
    stretch: &mut Stretch,
) {
    let before = group.carry;
    let decisions = &layout.decisions;
    let inside = |word: usize| {
        let first = bars.start + word * 64;
        let from = decisions.start.saturating_sub(first).min(64) as u32;
        let to = decisions.end.saturating_sub(first).min(64) as u32;
        below(to) & !below(from)
    };
    latch(simd, &mut stretch.positions, &stretch.exit, inside, &mut group.carry, &mut group.flips, &mut stretch.events);
    let path = Path::new(&stretch.positions, &stretch.events, &before, factors, bars.start + layout.lag);
    for block in layout.blocks.windows(2) {
        // In bars of decision.
        let (from, to) = (block[0] - layout.lag, block[1] - layout.lag);
        let (start, end) = (from.max(bars.start), to.min(bars.end));
        if start >= end {
            continue;
        }
        walk(simd, path, start - bars.start, end - bars.start, &mut group.books);
        if end == to {
            for lane in 0..LANES {
                group.sum[lane] += group.books.sum[lane];
                group.sum_sq[lane] += group.books.sum_sq[lane];
            }
            (group.books.sum, group.books.sum_sq) = ([0.0; LANES], [0.0; LANES]);
        }
    }
}

/// The lowest `n` bits set.
#[inline(always)]
fn below(n: u32) -> u64 {
    if n >= 64 { !0 } else { (1 << n) - 1 }
}

#[cfg(test)]
mod tests {
    use assay_pine::compile;
    use assay_units::{Seed, SplitMix64};

    use super::*;
    use crate::shared::Shared;
    use crate::{Bars, Costs, Fill, Sweep, WarmUp};

    fn market(seed: u64, bars: usize) -> Bars {
        let mut draw = SplitMix64::new(Seed(seed));
        let mut market = Bars::default();
        let mut close = 100.0;
        for t in 0..bars {
            let open = close * (1.0 + 0.002 * (draw.next_unit() - 0.5));
            close = open * (1.0 + 0.03 * (draw.next_unit() - 0.5));
            market.time.push(t as i64 * 86_400_000);
            market.open.push(open);
            market.high.push(open.max(close));
            market.low.push(open.min(close));
            market.close.push(close);
            market.volume.push(1.0);
        }
        market
    }

    /// Crossings, "ever since", history: all that is carried from one stretch to the next; and a series for each point.
    const STRATEGIES: [(&str, &str, &str); 3] = [
        (
            "a = ta.sma(close, n)\nb = ta.ema(close, m)\nsince = ta.barssince(a < b)",
            "a > b and not na(since)",
            "(a < b)[q]",
        ),
        (
            "a = ta.sma(close, n)\nb = ta.sma(close, m)\ndown = ta.crossunder(a, b)[1]\nequal = (a == b)[64]",
            "ta.crossover(a, b)",
            "down or equal",
        ),
        ("a = ta.sma(close, n) * (1 + m * q / 1000)", "close < a", "close > a[1]"),
    ];

    #[test]
    fn every_instruction_set_is_the_oracle_over_many_stretches() {
        // More than two of the longest stretches, and an odd end.
        let bars = market(5, 2 * STRETCH_MAX + 777);
        for ((head, entry, exit), fill) in STRATEGIES.into_iter().zip([Fill::NextOpen, Fill::Close, Fill::NextOpen]) {
            let text = format!(
                "//@version=6\nstrategy(\"T\")\nn = input.int(3, minval=2, maxval=5)\nm = input.int(9, minval=0, maxval=20, step=4)\nq = input.int(1, minval=0, maxval=1)\n{head}\nif {entry}\n    strategy.entry(\"L\", strategy.long)\nif {exit}\n    strategy.close(\"L\")\n"
            );
            let program = compile(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}"));
            let plan = |engine| Sweep {
                program: &program,
                bars: &bars,
                costs: Costs { fee: 0.001, slippage: 0.0005 },
                fill,
                train: 100..bars.len(),
                warm_up: WarmUp::Longest,
                engine,
                threads: 1,
                grid_max: 1_000,
            };
            let traded = |engine, isa| {
                let layout = Layout::new(&plan(engine)).unwrap();
                assert!(layout.words.is_some(), "{entry}");
                let market = layout.market(&bars, Shared::default(), 1);
                let mut trials = vec![Trial::invalid(); layout.grid.size as usize];
                trade(&layout, &market, 0, &mut trials, isa, &mut BatchScratch::default());
                trials
            };
            let oracle = traded(Engine::Scalar, Isa::Base);
            assert!(oracle.iter().any(|trial| trial.entries > 50) && oracle.iter().any(|trial| trial.valid));
            for isa in Isa::available() {
                assert_eq!(format!("{oracle:?}"), format!("{:?}", traded(Engine::Simd, isa)), "{isa:?} {entry}");
            }
        }
    }
}
