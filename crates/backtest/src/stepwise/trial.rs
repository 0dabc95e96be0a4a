//! Growth by growth to a trial: the same sums in the same order as the signals path.

use crate::Trial;
use crate::sweep::{BLOCKS, Moments};

/// What a trial is made of while it runs.
#[derive(Clone, Debug)]
pub(super) struct Book {
    blocks: [usize; BLOCKS + 1],
    block: usize,
    pub moments: [Moments; BLOCKS],
    equity: f64,
    below: f64,
    deepest: f64,
}

impl Book {
    pub fn new(blocks: [usize; BLOCKS + 1]) -> Book {
        Book { blocks, block: 0, moments: [Moments::default(); BLOCKS], equity: 1.0, below: 1.0, deepest: 1.0 }
    }

    /// Adds the growth of bar `t`; bars before the first block do not count.
    pub fn add(&mut self, t: usize, growth: f64) {
        if t < self.blocks[0] {
            return;
        }
        while t >= self.blocks[self.block + 1] {
            self.block += 1;
        }
        let r = growth - 1.0;
        let moments = &mut self.moments[self.block];
        moments.sum += r;
        moments.sum_sq += r * r;
        self.equity *= growth;
        self.below = (self.below * growth).min(1.0);
        self.deepest = self.deepest.min(self.below);
    }

    pub fn trial(&self, entries: u32, exits: u32) -> Trial {
        Trial {
            valid: true,
            entries,
            exits,
            equity: self.equity,
            max_drawdown: self.deepest - 1.0,
            sum: self.moments.iter().fold(0.0, |sum, block| sum + block.sum),
            sum_sq: self.moments.iter().fold(0.0, |sum, block| sum + block.sum_sq),
            observations: (self.blocks[BLOCKS] - self.blocks[0]) as u32,
        }
    }
}
