//! Growths to trials, a vector of lanes at a time: the same sums in the same order as `trial.rs`.

use super::accounts::Counts;
use super::vector::Num;
use crate::Trial;
use crate::compute::isa::Words;
use crate::stepwise::sweep::Outcome;

/// Sums of the trials of one vector.
pub(super) struct Book<S: Words> {
    block: (Num<S>, Num<S>),
    total: (Num<S>, Num<S>),
    equity: Num<S>,
    below: Num<S>,
    deepest: Num<S>,
}

impl<S: Words> Book<S> {
    #[inline(always)]
    pub fn new(simd: S) -> Book<S> {
        let (zero, one) = (Num::splat(simd, 0.0), Num::splat(simd, 1.0));
        Book { block: (zero, zero), total: (zero, zero), equity: one, below: one, deepest: one }
    }

    #[inline(always)]
    pub fn add(&mut self, simd: S, growth: Num<S>) {
        let one = Num::splat(simd, 1.0);
        let r = growth - one;
        self.block.0 += r;
        self.block.1 += r * r;
        self.equity *= growth;
        self.below = (self.below * growth).smaller(one);
        self.deepest = self.deepest.smaller(self.below);
    }

    #[inline(always)]
    pub fn next_block(&mut self, simd: S) {
        let zero = Num::splat(simd, 0.0);
        self.total = (self.total.0 + self.block.0, self.total.1 + self.block.1);
        self.block = (zero, zero);
    }

    #[inline(always)]
    pub fn outcome(&self, counts: &Counts, lane: usize, observations: u32) -> Outcome {
        let of = |x: Num<S>| {
            let mut lanes = [0.0; 8];
            x.store(&mut lanes);
            lanes[lane]
        };
        Outcome {
            trial: Trial {
                valid: true,
                entries: counts.entries,
                exits: counts.exits,
                equity: of(self.equity),
                max_drawdown: of(self.deepest) - 1.0,
                sum: of(self.total.0),
                sum_sq: of(self.total.1),
                observations,
            },
            ambiguous_bars: counts.ambiguous_bars,
        }
    }
}
