//! One batch of lanes through all bars.

use assay_pine::graph::Kind;

use super::accounts::Accounts;
use super::book::Book;
use super::code::WIDTH;
use super::desk::Desk;
use super::group::Group;
use super::leaves::{Leaf, Leaves};
use super::slots::Slots;
use super::vector::{Mask, Num};
use super::{Keeper, Lanes};
use crate::compute::isa::{Task, Words};
use crate::stepwise::sweep::Outcome;
use crate::sweep::BLOCKS;

/// One batch, ready to go through the bars.
pub(super) struct Batch<'a> {
    pub lanes: &'a Lanes<'a>,
    pub leaves: &'a [Leaf],
    pub scalars: &'a [[f64; WIDTH]],
    /// By grid point; fewer than lanes at the end of the grid.
    pub valid: &'a [bool],
}

impl Task for Batch<'_> {
    type Output = Vec<Outcome>;

    #[inline(always)]
    fn run<S: Words>(self, simd: S) -> Vec<Outcome> {
        match &self.lanes.terms {
            Keeper::Groups(terms) => self.through::<S, Group<S>>(simd, terms),
            Keeper::Desks(terms) => self.through::<S, Desk<S>>(simd, terms),
        }
    }
}

impl Batch<'_> {
    #[inline(always)]
    fn through<S: Words, A: Accounts<S>>(&self, simd: S, terms: &A::Terms) -> Vec<Outcome> {
        let lanes = self.lanes;
        let mut slots = self.slots(simd);
        let mut groups: Vec<A> = (0..Slots::<S>::GROUPS)
            .map(|g| {
                let valid: [f64; 8] = std::array::from_fn(|l| {
                    let at = g * S::F64_LANES + l;
                    f64::from(u8::from(self.valid.get(at).copied().unwrap_or(false)))
                });
                let dead = Num::load(simd, &valid).equal(Num::splat(simd, 0.0));
                A::new(simd, terms, dead)
            })
            .collect();
        let mut books: Vec<Book<S>> = (0..Slots::<S>::GROUPS).map(|_| Book::new(simd)).collect();
        let kinds = lanes.code.leaves.iter().map(|(_, node)| lanes.program.graph.node(*node).kind).collect();
        let mut leaves = Leaves::new(self.leaves, kinds, lanes.bars.len());
        let mut block = 0;
        for (t, tick) in lanes.ticks.iter().enumerate() {
            for group in &mut groups {
                group.begin(terms, tick);
            }
            leaves.turn(t);
            for (at, (slot, what)) in lanes.code.reads.iter().enumerate() {
                for (vector, group) in slots.numbers[Slots::<S>::range(*slot)].iter_mut().zip(&groups) {
                    *vector = group.read(terms, at, *what, tick);
                }
            }
            lanes.code.execute(simd, &mut slots, |slots, at| {
                leaves.load(simd, slots, at, lanes.code.leaves[at].0, t);
            });
            if t >= lanes.from {
                A::place(&mut groups, terms, &lanes.code, &slots, tick);
            }
            lanes.code.advance(&mut slots);
            while t >= lanes.blocks[block + 1] {
                books.iter_mut().for_each(|book| book.next_block(simd));
                block += 1;
            }
            let counts = t >= lanes.blocks[0];
            for (group, book) in groups.iter_mut().zip(&mut books) {
                if let Some(growth) = group.end(terms, tick)
                    && counts
                {
                    book.add(simd, growth);
                }
            }
        }
        books.iter_mut().for_each(|book| book.next_block(simd));
        let observations = (lanes.blocks[BLOCKS] - lanes.blocks[0]) as u32;
        let outcome = |(at, valid): (usize, &bool)| {
            let (group, lane) = (at / S::F64_LANES, at % S::F64_LANES);
            let counts = groups[group].counts(lane).filter(|_| *valid);
            counts.map_or_else(Outcome::invalid, |counts| books[group].outcome(&counts, lane, observations))
        };
        self.valid.iter().enumerate().map(outcome).collect()
    }

    #[inline(always)]
    fn slots<S: Words>(&self, simd: S) -> Slots<S> {
        let (code, graph) = (&self.lanes.code, &self.lanes.program.graph);
        let mut slots = Slots::new(simd, code);
        for ((slot, node), lanes) in code.scalars.iter().zip(self.scalars) {
            for (g, at) in Slots::<S>::range(*slot).enumerate() {
                let vector = Num::load(simd, &lanes[g * S::F64_LANES..]);
                match graph.node(*node).kind {
                    Kind::Number => slots.numbers[at] = vector,
                    Kind::Truth => slots.truths[at] = !vector.equal(Num::splat(simd, 0.0)),
                }
            }
        }
        for (slot, kind, initial) in &code.registers {
            match kind {
                Kind::Number => slots.numbers[Slots::<S>::range(*slot)].fill(Num::splat(simd, *initial)),
                Kind::Truth => slots.truths[Slots::<S>::range(*slot)].fill(Mask::splat(simd, *initial != 0.0)),
            }
        }
        slots
    }
}
