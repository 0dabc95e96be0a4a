//! Columns as the lanes of a batch read them, bar by bar.
//!
//! A column that all lanes share is spread; columns that lanes have of their own are laid out side by side, [`TILE`] bars at a
//! time, so that a bar is one load a vector.

use std::ops::Range;
use std::sync::Arc;

use assay_pine::graph::Kind;

use super::slots::Slots;
use super::vector::{Mask, Num};
use crate::compute::isa::Words;
use crate::evaluate::{Column, bit};

/// A column as a batch sees it: one for all lanes, or by [`EIGHT`] lanes.
pub(super) enum Leaf {
    Same(Arc<Column>),
    Parts(Vec<Part>),
}

/// A column as eight lanes see it: one for all, or one a lane.
pub(super) enum Part {
    Same(Arc<Column>),
    Each(Vec<Arc<Column>>),
}

/// Lanes of a part: as many as the widest vector has.
pub(super) const EIGHT: usize = 8;
/// Bars of lanes' own columns that are laid out side by side at a time.
const TILE: usize = 32;

/// Spreads bar `t` of one column over some vectors.
#[inline(always)]
fn read_column<S: Words>(simd: S, slots: &mut Slots<S>, vectors: Range<usize>, column: &Column, t: usize) {
    match column {
        Column::Number(x) => slots.numbers[vectors].fill(Num::splat(simd, x[t])),
        Column::Truth(bits) => slots.truths[vectors].fill(Mask::splat(simd, bit(bits, t))),
    }
}

/// Lays eight columns out bar by bar from bar `from` on; truths are 1 and 0.
#[inline(always)]
fn lay_out(tile: &mut [f64], columns: &[Arc<Column>], from: usize, end: usize) {
    let bars = from..(from + TILE).min(end);
    for (lane, column) in columns.iter().enumerate() {
        let places = tile[lane..].iter_mut().step_by(EIGHT);
        match column.as_ref() {
            Column::Number(x) => places.zip(&x[bars.clone()]).for_each(|(place, x)| *place = *x),
            Column::Truth(bits) => {
                places.zip(bars.clone()).for_each(|(place, t)| *place = f64::from(u8::from(bit(bits, t))));
            }
        }
    }
}

/// The leaves of a batch with the tiles of the bars under way.
pub(super) struct Leaves<'a> {
    leaves: &'a [Leaf],
    kinds: Vec<Kind>,
    /// By leaf: where the tiles of its parts begin.
    first_tile: Vec<usize>,
    tiles: Vec<f64>,
    bars: usize,
}

impl<'a> Leaves<'a> {
    /// Leaves with their kinds; nothing is laid out yet.
    pub fn new(leaves: &'a [Leaf], kinds: Vec<Kind>, bars: usize) -> Leaves<'a> {
        let mut count = 0;
        let mut first_tile = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            first_tile.push(count);
            if let Leaf::Parts(parts) = leaf {
                count += parts.iter().filter(|part| matches!(part, Part::Each(_))).count();
            }
        }
        Leaves { leaves, kinds, first_tile, tiles: vec![0.0; count * TILE * EIGHT], bars }
    }

    /// Makes ready for bar `t`; every bar is asked for in turn.
    #[inline(always)]
    pub fn turn(&mut self, t: usize) {
        if !t.is_multiple_of(TILE) || self.tiles.is_empty() {
            return;
        }
        let mut tiles = self.tiles.chunks_exact_mut(TILE * EIGHT);
        for leaf in self.leaves {
            let Leaf::Parts(parts) = leaf else { continue };
            for part in parts {
                let Part::Each(columns) = part else { continue };
                let Some(tile) = tiles.next() else { return };
                lay_out(tile, columns, t, self.bars);
            }
        }
    }

    /// Brings leaf `at` of bar `t` into its slot.
    #[inline(always)]
    pub fn load<S: Words>(&self, simd: S, slots: &mut Slots<S>, at: usize, slot: u32, t: usize) {
        let range = Slots::<S>::range(slot);
        let parts = match &self.leaves[at] {
            Leaf::Same(column) => return read_column(simd, slots, range, column, t),
            Leaf::Parts(parts) => parts,
        };
        let mut tile = self.first_tile[at] * TILE * EIGHT;
        for (part, first) in parts.iter().zip(range.step_by(EIGHT / S::F64_LANES)) {
            let vectors = first..first + EIGHT / S::F64_LANES;
            if let Part::Same(column) = part {
                read_column(simd, slots, vectors, column, t);
                continue;
            }
            let lanes = &self.tiles[tile + t % TILE * EIGHT..][..EIGHT];
            tile += TILE * EIGHT;
            for (vector, lanes) in vectors.zip(lanes.chunks_exact(S::F64_LANES)) {
                let loaded = Num::load(simd, lanes);
                match self.kinds[at] {
                    Kind::Number => slots.numbers[vector] = loaded,
                    Kind::Truth => slots.truths[vector] = loaded.gt(Num::splat(simd, 0.0)),
                }
            }
        }
    }
}
