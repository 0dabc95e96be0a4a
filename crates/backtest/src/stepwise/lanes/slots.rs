//! The values of a batch: [`WIDTH`] lanes a slot, in vectors.

use super::code::{Code, Instruction, WIDTH};
use super::vector::{Mask, Num};
use crate::compute::isa::Words;

/// The values of one batch: [`WIDTH`] lanes a slot, in vectors. A slot holds numbers or truths, never both.
pub(super) struct Slots<S: Words> {
    pub numbers: Vec<Num<S>>,
    pub truths: Vec<Mask<S>>,
    /// By section of the code: it ran on this bar.
    pub ran: Vec<bool>,
}

impl<S: Words> Slots<S> {
    /// Vectors of one slot.
    pub const GROUPS: usize = WIDTH / S::F64_LANES;

    #[inline(always)]
    pub fn new(simd: S, code: &Code) -> Slots<S> {
        Slots {
            numbers: vec![Num::splat(simd, f64::NAN); code.slots * Self::GROUPS],
            truths: vec![Mask::splat(simd, false); code.slots * Self::GROUPS],
            ran: vec![false; code.sections.len()],
        }
    }

    /// The number of one lane of vector `g`.
    pub fn lane(&self, slot: u32, g: usize, lane: usize) -> f64 {
        let mut lanes = [0.0; 8];
        self.numbers[Self::range(slot).start + g].store(&mut lanes);
        lanes[lane]
    }

    /// Whether the truth is as wanted in some lane.
    #[inline(always)]
    pub fn some(&self, slot: u32, wanted: bool) -> bool {
        let truths = &self.truths[Self::range(slot)];
        let first = if wanted { truths[0] } else { !truths[0] };
        truths[1..].iter().fold(first, |any, truth| any | if wanted { *truth } else { !*truth }).any()
    }

    /// Where a slot's vectors lie.
    #[inline(always)]
    pub fn range(slot: u32) -> std::ops::Range<usize> {
        slot as usize * Self::GROUPS..(slot as usize + 1) * Self::GROUPS
    }

    // An operand's slot is smaller than that of the result.
    #[inline(always)]
    pub fn numbers2(&mut self, i: &Instruction, f: impl Fn(Num<S>, Num<S>) -> Num<S>) {
        let (before, out) = self.numbers.split_at_mut(Self::range(i.out).start);
        let (a, b, out) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &mut out[..Self::GROUPS]);
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g]);
        }
    }

    #[inline(always)]
    pub fn comparison(&mut self, i: &Instruction, f: impl Fn(Num<S>, Num<S>) -> Mask<S>) {
        let (a, b) = (&self.numbers[Self::range(i.a)], &self.numbers[Self::range(i.b)]);
        let out = &mut self.truths[Self::range(i.out)];
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g]);
        }
    }

    #[inline(always)]
    pub fn truths3(&mut self, i: &Instruction, f: impl Fn(Mask<S>, Mask<S>, Mask<S>) -> Mask<S>) {
        let (before, out) = self.truths.split_at_mut(Self::range(i.out).start);
        let (a, b, c) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &before[Self::range(i.c)]);
        let out = &mut out[..Self::GROUPS];
        for g in 0..Self::GROUPS {
            out[g] = f(a[g], b[g], c[g]);
        }
    }

    #[inline(always)]
    pub fn select(&mut self, i: &Instruction) {
        let (before, out) = self.numbers.split_at_mut(Self::range(i.out).start);
        let (a, b, out) = (&before[Self::range(i.a)], &before[Self::range(i.b)], &mut out[..Self::GROUPS]);
        let c = &self.truths[Self::range(i.c)];
        for g in 0..Self::GROUPS {
            out[g] = c[g].pick(a[g], b[g]);
        }
    }

    /// The value and the register are two slots.
    #[inline(always)]
    pub fn store(&mut self, i: &Instruction, wanted: bool) {
        let c = &self.truths[Self::range(i.c)];
        let both = self.numbers.get_disjoint_mut([Self::range(i.a), Self::range(i.out)]);
        let Ok([a, out]) = both else { return };
        for g in 0..Self::GROUPS {
            let c = if wanted { c[g] } else { !c[g] };
            out[g] = c.pick(a[g], out[g]);
        }
    }

    #[inline(always)]
    pub fn store_truth(&mut self, i: &Instruction, wanted: bool) {
        for g in 0..Self::GROUPS {
            let of = |slot: u32| self.truths[Self::range(slot).start + g];
            let (a, c, old) = (of(i.a), of(i.c), of(i.out));
            self.truths[Self::range(i.out).start + g] = if wanted { c.choose(a, old) } else { c.choose(old, a) };
        }
    }
}
