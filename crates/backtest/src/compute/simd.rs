//! Eight trials in lock step: one bar's factors are broadcast, masks choose among them.
//!
//! No fused multiply-add and no reordering, so that every lane equals the scalar oracle to the bit.

use std::sync::LazyLock;

use wide::f64x8;

use super::{LANES, Lane};
use crate::fills::Factors;
use crate::sweep::{BLOCKS, Trial};

/// For each byte: all ones in the lanes whose bit is set.
static MASKS: LazyLock<Vec<f64x8>> = LazyLock::new(|| {
    let lane = |byte: usize, lane: usize| f64::from_bits(if byte >> lane & 1 == 1 { u64::MAX } else { 0 });
    (0..256).map(|byte| f64x8::new(std::array::from_fn(|l| lane(byte, l)))).collect()
});

pub(super) fn trade(lanes: &[Option<Lane>], factors: &Factors, blocks: &[usize; BLOCKS + 1], lag: usize) -> Vec<Trial> {
    let masks: &[f64x8] = &MASKS;
    let one = f64x8::splat(1.0);
    let mut moments = [(f64x8::splat(0.0), f64x8::splat(0.0)); BLOCKS];
    let (mut entries, mut exits) = ([0u32; LANES], [0u32; LANES]);
    let mut long = 0u8;
    let (mut equity, mut below, mut deepest) = (one, one, one);
    let mut signals = Signals::new(lanes);
    for (block, (sum, square)) in moments.iter_mut().enumerate() {
        for t in blocks[block]..blocks[block + 1] {
            let (entry, exit) = signals.at(t - lag);
            let (buy, sell) = (!long & entry, long & exit);
            let stay = masks[long as usize].bitselect(f64x8::splat(factors.hold[t]), one);
            let g = masks[buy as usize].bitselect(f64x8::splat(factors.enter[t]), stay);
            let g = masks[sell as usize].bitselect(f64x8::splat(factors.exit[t]), g);
            if buy | sell != 0 {
                for lane in 0..LANES {
                    entries[lane] += u32::from(buy >> lane & 1);
                    exits[lane] += u32::from(sell >> lane & 1);
                }
                long = (long | buy) & !sell;
            }
            let r = g - one;
            *sum += r;
            *square += r * r;
            equity *= g;
            below = (below * g).fast_min(one);
            deepest = deepest.fast_min(below);
        }
    }
    let (equity, deepest) = (equity.to_array(), deepest.to_array());
    let moments = moments.map(|(sum, square)| (sum.to_array(), square.to_array()));
    (0..lanes.len())
        .map(|lane| {
            if lanes[lane].is_none() {
                return Trial::invalid();
            }
            Trial {
                valid: true,
                entries: entries[lane],
                exits: exits[lane],
                equity: equity[lane],
                max_drawdown: deepest[lane] - 1.0,
                sum: moments.iter().fold(0.0, |total, (sum, _)| total + sum[lane]),
                sum_sq: moments.iter().fold(0.0, |total, (_, square)| total + square[lane]),
                observations: (blocks[BLOCKS] - blocks[0]) as u32,
            }
        })
        .collect()
}

/// Eight bit series turned so that one byte holds a bar's bit of every lane; 64 bars at a time.
struct Signals<'a> {
    lanes: &'a [Option<Lane>],
    word: usize,
    entry: [u8; 64],
    exit: [u8; 64],
}

impl<'a> Signals<'a> {
    fn new(lanes: &'a [Option<Lane>]) -> Signals<'a> {
        Signals { lanes, word: usize::MAX, entry: [0; 64], exit: [0; 64] }
    }

    fn at(&mut self, t: usize) -> (u8, u8) {
        if t / 64 != self.word {
            self.turn(t / 64);
        }
        (self.entry[t % 64], self.exit[t % 64])
    }

    fn turn(&mut self, word: usize) {
        self.word = word;
        let mut entry = [0u64; LANES];
        let mut exit = [0u64; LANES];
        for (i, lane) in self.lanes.iter().enumerate() {
            if let Some(lane) = lane {
                (entry[i], exit[i]) = (lane.entry[word], lane.exit[word]);
            }
        }
        self.entry = transposed(&entry);
        self.exit = transposed(&exit);
    }
}

fn transposed(words: &[u64; LANES]) -> [u8; 64] {
    std::array::from_fn(|bar| {
        words.iter().enumerate().fold(0, |byte, (lane, word)| byte | ((word >> bar & 1) as u8) << lane)
    })
}
