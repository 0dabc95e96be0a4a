//! Comparisons of columns as bit words: 64 bars to a word, the first bar in the lowest bit.
//!
//! One pass over two columns gives every relation that is asked of them: `a < b`, `a > b` and `a == b` are the base, the
//! others are unions of them. False where either side is NaN, which is `na`.

use super::isa::{Isa, Task, Words};
use assay_pine::graph::Compare;

/// Relation words of one stretch of bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relations {
    pub less: u64,
    pub greater: u64,
    pub equal: u64,
}

impl Relations {
    /// The word of one comparison.
    #[inline(always)]
    pub fn word(self, compare: Compare) -> u64 {
        match compare {
            Compare::Lt => self.less,
            Compare::Le => self.less | self.equal,
            Compare::Gt => self.greater,
            Compare::Ge => self.greater | self.equal,
            Compare::Eq => self.equal,
            Compare::Ne => self.less | self.greater,
        }
    }
}

/// One operand: a column or the same number on every bar.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand<'a> {
    Column(&'a [f64]),
    Number(f64),
}

/// Which of less, greater, equal a set of comparisons needs.
pub(crate) fn needs(compares: &[Compare]) -> [bool; 3] {
    let any = |wanted: &[Compare]| compares.iter().any(|c| wanted.contains(c));
    use Compare::{Eq, Ge, Gt, Le, Lt, Ne};
    [any(&[Lt, Le, Ne]), any(&[Gt, Ge, Ne]), any(&[Eq, Le, Ge])]
}

/// Relates `a` and `b` word by word; `put(word, relations)` takes each. Only what `need` asks for is filled in.
#[inline(always)]
pub(crate) fn relate<S: Words>(
    simd: S,
    a: Operand<'_>,
    b: Operand<'_>,
    bars: usize,
    need: [bool; 3],
    mut put: impl FnMut(usize, Relations),
) {
    match need {
        [true, false, false] => pass::<S, true, false, false>(simd, a, b, bars, &mut put),
        [false, true, false] => pass::<S, false, true, false>(simd, a, b, bars, &mut put),
        [true, true, false] => pass::<S, true, true, false>(simd, a, b, bars, &mut put),
        _ => pass::<S, true, true, true>(simd, a, b, bars, &mut put),
    }
}

#[inline(always)]
fn pass<S: Words, const L: bool, const G: bool, const E: bool>(
    simd: S,
    a: Operand<'_>,
    b: Operand<'_>,
    bars: usize,
    put: &mut impl FnMut(usize, Relations),
) {
    match (a, b) {
        (Operand::Column(a), Operand::Column(b)) => {
            let ((x, x_rest), (y, y_rest)) = (a[..bars].as_chunks::<64>(), b[..bars].as_chunks::<64>());
            for (word, (x, y)) in x.iter().zip(y).enumerate() {
                let (x, y) = (S::as_simd_f64s(x).0, S::as_simd_f64s(y).0);
                put(word, full::<S, L, G, E>(simd, &Loaded::<S>(x), &Loaded::<S>(y)));
            }
            if !x_rest.is_empty() {
                put(x.len(), part(x_rest.iter().copied().zip(y_rest.iter().copied())));
            }
        }
        (Operand::Column(a), Operand::Number(b)) => {
            let (x, rest) = a[..bars].as_chunks::<64>();
            let y = simd.splat_f64s(b);
            for (word, x) in x.iter().enumerate() {
                let x = S::as_simd_f64s(x).0;
                put(word, full::<S, L, G, E>(simd, &Loaded::<S>(x), &Same::<S>(y)));
            }
            if !rest.is_empty() {
                put(x.len(), part(rest.iter().map(|x| (*x, b))));
            }
        }
        (Operand::Number(a), Operand::Column(b)) => {
            let (y, rest) = b[..bars].as_chunks::<64>();
            let x = simd.splat_f64s(a);
            for (word, y) in y.iter().enumerate() {
                let y = S::as_simd_f64s(y).0;
                put(word, full::<S, L, G, E>(simd, &Same::<S>(x), &Loaded::<S>(y)));
            }
            if !rest.is_empty() {
                put(y.len(), part(rest.iter().map(|y| (a, *y))));
            }
        }
        (Operand::Number(a), Operand::Number(b)) => {
            for word in 0..bars.div_ceil(64) {
                put(word, part(std::iter::repeat_n((a, b), (bars - word * 64).min(64))));
            }
        }
    }
}

/// The vectors of one word of an operand.
trait Vectors<S: Words> {
    fn at(&self, i: usize) -> S::f64s;
}

struct Loaded<'a, S: Words>(&'a [S::f64s]);
struct Same<S: Words>(S::f64s);

impl<S: Words> Vectors<S> for Loaded<'_, S> {
    #[inline(always)]
    fn at(&self, i: usize) -> S::f64s {
        self.0[i]
    }
}

impl<S: Words> Vectors<S> for Same<S> {
    #[inline(always)]
    fn at(&self, _: usize) -> S::f64s {
        self.0
    }
}

#[inline(always)]
fn full<S: Words, const L: bool, const G: bool, const E: bool>(
    simd: S,
    x: &impl Vectors<S>,
    y: &impl Vectors<S>,
) -> Relations {
    let vectors = 64 / S::F64_LANES;
    let none = simd.less_than_f64s(simd.splat_f64s(0.0), simd.splat_f64s(0.0));
    let (mut less, mut greater, mut equal) = ([none; 64], [none; 64], [none; 64]);
    for i in 0..vectors {
        let (x, y) = (x.at(i), y.at(i));
        if L {
            less[i] = simd.less_than_f64s(x, y);
        }
        if G {
            greater[i] = simd.greater_than_f64s(x, y);
        }
        if E {
            equal[i] = simd.equal_f64s(x, y);
        }
    }
    Relations {
        less: if L { simd.word(&less[..vectors]) } else { 0 },
        greater: if G { simd.word(&greater[..vectors]) } else { 0 },
        equal: if E { simd.word(&equal[..vectors]) } else { 0 },
    }
}

#[inline(always)]
fn part(pairs: impl Iterator<Item = (f64, f64)>) -> Relations {
    pairs.enumerate().fold(Relations::default(), |found, (i, (x, y))| Relations {
        less: found.less | u64::from(x < y) << i,
        greater: found.greater | u64::from(x > y) << i,
        equal: found.equal | u64::from(x == y) << i,
    })
}

/// The words of one comparison.
pub(crate) fn words(compare: Compare, a: Operand<'_>, b: Operand<'_>, bars: usize) -> Vec<u64> {
    struct One<'a>(Compare, Operand<'a>, Operand<'a>, usize);
    impl Task for One<'_> {
        type Output = Vec<u64>;
        #[inline(always)]
        fn run<S: Words>(self, simd: S) -> Vec<u64> {
            let One(compare, a, b, bars) = self;
            let mut words = vec![0; bars.div_ceil(64)];
            relate(simd, a, b, bars, needs(&[compare]), |word, found| words[word] = found.word(compare));
            words
        }
    }
    Isa::best().dispatch(One(compare, a, b, bars))
}

#[cfg(test)]
mod tests {
    use assay_pine::fold;

    use super::*;

    struct All<'a>(Operand<'a>, Operand<'a>, usize);
    impl Task for All<'_> {
        type Output = Vec<Relations>;
        #[inline(always)]
        fn run<S: Words>(self, simd: S) -> Vec<Relations> {
            let mut all = vec![Relations::default(); self.2.div_ceil(64)];
            relate(simd, self.0, self.1, self.2, [true; 3], |word, found| all[word] = found);
            all
        }
    }

    #[test]
    fn every_instruction_set_compares_as_one_number_at_a_time() {
        let values = [0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0 + f64::EPSILON];
        let a: Vec<f64> = (0..203).map(|i| values[i % 8]).collect();
        let b: Vec<f64> = (0..203).map(|i| values[(i / 8 + i) % 8]).collect();
        use Compare::{Eq, Ge, Gt, Le, Lt, Ne};
        for isa in Isa::available() {
            for (x, y) in [
                (Operand::Column(&a), Operand::Column(&b)),
                (Operand::Column(&a), Operand::Number(1.0)),
                (Operand::Number(-1.0), Operand::Column(&b)),
                (Operand::Number(f64::NAN), Operand::Number(0.0)),
            ] {
                let at = |operand: Operand<'_>, t: usize| match operand {
                    Operand::Column(x) => x[t],
                    Operand::Number(x) => x,
                };
                let found = isa.dispatch(All(x, y, 203));
                for compare in [Lt, Le, Gt, Ge, Eq, Ne] {
                    for t in 0..203 {
                        let bit = found[t / 64].word(compare) >> (t % 64) & 1 == 1;
                        assert_eq!(bit, fold::compare(compare, at(x, t), at(y, t)), "{isa:?} {compare:?} bar {t}");
                    }
                    assert_eq!(words(compare, x, y, 203), found.iter().map(|f| f.word(compare)).collect::<Vec<_>>());
                }
            }
        }
    }
}
