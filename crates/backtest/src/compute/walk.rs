//! The books of [`LANES`] trials in lock step: returns, equity and drawdown, bar by bar, as the scalar oracle keeps them.
//!
//! Between two events no lane changes its position, so masks stay in registers and a bar costs six operations a vector:
//! two sums, two products, two minima. A bar on which some lane buys or sells takes the general form. Lanes that are flat
//! would add 0 and multiply by 1; leaving them alone gives the same bits.

use super::LANES;
use super::isa::Words;
use super::latch::LaneWords;
use crate::fills::Factors;

/// Running figures of every lane.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    /// Sum of the returns since the block began.
    pub sum: [f64; LANES],
    /// Sum of their squares.
    pub sum_sq: [f64; LANES],
    /// Equity, from 1.
    pub equity: [f64; LANES],
    /// Equity over its peak so far.
    pub below: [f64; LANES],
    /// The lowest of `below` so far.
    pub deepest: [f64; LANES],
}

impl Books {
    pub fn new() -> Books {
        let one = [1.0; LANES];
        Books { sum: [0.0; LANES], sum_sq: [0.0; LANES], equity: one, below: one, deepest: one }
    }
}

/// What [`walk`] reads. Bars are counted from the first bar of `positions[0]`.
#[derive(Clone, Copy)]
pub(crate) struct Path<'a> {
    /// Position after each bar, a bit a bar, by word and lane.
    pub positions: &'a [LaneWords],
    /// Bars on which any lane changes its position.
    pub events: &'a [u64],
    /// Growth of a bar held through, from the same first bar; likewise of one bought on and one sold on.
    pub hold: &'a [f64],
    pub enter: &'a [f64],
    pub exit: &'a [f64],
    /// Each lane's position before the first bar, 0 or 1.
    pub before: &'a LaneWords,
}

impl<'a> Path<'a> {
    /// The factors of the fills of decisions made from bar `first` on.
    pub fn new(
        positions: &'a [LaneWords],
        events: &'a [u64],
        before: &'a LaneWords,
        factors: &'a Factors,
        first_fill: usize,
    ) -> Path<'a> {
        Path {
            positions,
            events,
            hold: &factors.hold[first_fill..],
            enter: &factors.enter[first_fill..],
            exit: &factors.exit[first_fill..],
            before,
        }
    }
}

/// Keeps `books` over the bars from..to of `path`.
#[inline(always)]
pub(crate) fn walk<S: Words>(simd: S, path: Path<'_>, from: usize, to: usize, books: &mut Books) {
    // As many vectors at once as hide the latency of one and still fit the registers.
    match S::F64_LANES {
        8 => pass_all::<S, 4>(simd, path, from, to, books),
        4 => pass_all::<S, 2>(simd, path, from, to, books),
        _ => pass_all::<S, 4>(simd, path, from, to, books),
    }
}

#[inline(always)]
fn pass_all<S: Words, const V: usize>(simd: S, path: Path<'_>, from: usize, to: usize, books: &mut Books) {
    for first in (0..LANES).step_by(S::F64_LANES * V) {
        pass::<S, V>(simd, path, from, to, books, first);
    }
}

#[inline(always)]
fn load<S: Words, const V: usize>(simd: S, lanes: &[f64; LANES], first: usize) -> [S::f64s; V] {
    let from = S::as_simd_f64s(&lanes[first..first + V * S::F64_LANES]).0;
    let mut vectors = [simd.splat_f64s(0.0); V];
    vectors.copy_from_slice(&from[..V]);
    vectors
}

#[inline(always)]
fn store<S: Words, const V: usize>(lanes: &mut [f64; LANES], first: usize, vectors: [S::f64s; V]) {
    S::as_mut_simd_f64s(&mut lanes[first..first + V * S::F64_LANES]).0.copy_from_slice(&vectors);
}

/// The lanes whose bit `bar` is set.
#[inline(always)]
fn mask<S: Words, const V: usize>(simd: S, words: &LaneWords, bar: usize, first: usize) -> [S::m64s; V] {
    let (bit, zero) = (simd.splat_u64s(1 << (bar % 64)), simd.splat_u64s(0));
    let words = S::as_simd_u64s(&words[first..first + V * S::U64_LANES]).0;
    let mut masks = [simd.equal_u64s(zero, zero); V];
    for (mask, word) in masks.iter_mut().zip(words) {
        *mask = simd.not_m64s(simd.equal_u64s(simd.and_u64s(*word, bit), zero));
    }
    masks
}

#[inline(always)]
fn pass<S: Words, const V: usize>(simd: S, path: Path<'_>, from: usize, to: usize, books: &mut Books, first: usize) {
    let mut sum = load::<S, V>(simd, &books.sum, first);
    let mut square = load::<S, V>(simd, &books.sum_sq, first);
    let mut equity = load::<S, V>(simd, &books.equity, first);
    let mut below = load::<S, V>(simd, &books.below, first);
    let mut deepest = load::<S, V>(simd, &books.deepest, first);
    let one = simd.splat_f64s(1.0);
    let mut long = match from {
        0 => mask::<S, V>(simd, path.before, 0, first),
        _ => mask::<S, V>(simd, &path.positions[(from - 1) / 64], from - 1, first),
    };
    let mut bar = from;
    while bar < to {
        let event = next_event(path.events, bar, to);
        for g in &path.hold[bar..event] {
            let r = *g - 1.0;
            let (g, square_r, r) = (simd.splat_f64s(*g), simd.splat_f64s(r * r), simd.splat_f64s(r));
            for v in 0..V {
                sum[v] = simd.select_f64s(long[v], simd.add_f64s(sum[v], r), sum[v]);
                square[v] = simd.select_f64s(long[v], simd.add_f64s(square[v], square_r), square[v]);
                equity[v] = simd.select_f64s(long[v], simd.mul_f64s(equity[v], g), equity[v]);
                let moved = simd.select_f64s(long[v], simd.mul_f64s(below[v], g), below[v]);
                below[v] = simd.lower(moved, one);
                deepest[v] = simd.lower(deepest[v], below[v]);
            }
        }
        bar = event;
        if bar == to {
            break;
        }
        let next = mask::<S, V>(simd, &path.positions[bar / 64], bar, first);
        let hold = simd.splat_f64s(path.hold[bar]);
        let enter = simd.splat_f64s(path.enter[bar]);
        let exit = simd.splat_f64s(path.exit[bar]);
        for v in 0..V {
            let was_long = simd.select_f64s(next[v], hold, exit);
            let was_flat = simd.select_f64s(next[v], enter, one);
            let g = simd.select_f64s(long[v], was_long, was_flat);
            let r = simd.sub_f64s(g, one);
            sum[v] = simd.add_f64s(sum[v], r);
            square[v] = simd.add_f64s(square[v], simd.mul_f64s(r, r));
            equity[v] = simd.mul_f64s(equity[v], g);
            below[v] = simd.lower(simd.mul_f64s(below[v], g), one);
            deepest[v] = simd.lower(deepest[v], below[v]);
        }
        long = next;
        bar += 1;
    }
    store::<S, V>(&mut books.sum, first, sum);
    store::<S, V>(&mut books.sum_sq, first, square);
    store::<S, V>(&mut books.equity, first, equity);
    store::<S, V>(&mut books.below, first, below);
    store::<S, V>(&mut books.deepest, first, deepest);
}

/// The first bar of bar..to with an event, or `to`.
#[inline(always)]
fn next_event(events: &[u64], bar: usize, to: usize) -> usize {
    let mut word = bar / 64;
    let mut bits = events[word] >> (bar % 64) << (bar % 64);
    while bits == 0 {
        word += 1;
        if word * 64 >= to {
            return to;
        }
        bits = events[word];
    }
    (word * 64 + bits.trailing_zeros() as usize).min(to)
}
