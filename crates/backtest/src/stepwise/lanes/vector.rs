//! Numbers and truths of several lanes, on whatever vectors the machine has.
//!
//! Thin words over `pulp`, so that the account and the code read like arithmetic. Everything is `#[inline(always)]`, or it
//! would be compiled for the base of the architecture.

use std::ops::{Add, AddAssign, BitAnd, BitAndAssign, BitOr, BitOrAssign, Div, Mul, MulAssign, Neg, Not, Sub};

use crate::compute::isa::Words;

/// One number a lane. Aligned to a cache line, for a vector of eight that lies across two costs twice.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Num<S: Words>(S, S::f64s);

/// One truth a lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask<S: Words>(S, S::m64s);

impl<S: Words> Num<S> {
    /// The same number in every lane.
    #[inline(always)]
    pub fn splat(simd: S, x: f64) -> Num<S> {
        Num(simd, simd.splat_f64s(x))
    }

    /// As many numbers as there are lanes.
    #[inline(always)]
    pub fn load(simd: S, lanes: &[f64]) -> Num<S> {
        Num(simd, S::as_simd_f64s(&lanes[..S::F64_LANES]).0[0])
    }

    #[inline(always)]
    pub fn store(self, lanes: &mut [f64]) {
        S::as_mut_simd_f64s(&mut lanes[..S::F64_LANES]).0[0] = self.1;
    }

    #[inline(always)]
    pub fn abs(self) -> Num<S> {
        Num(self.0, self.0.abs_f64s(self.1))
    }

    /// The larger one; neither may be NaN.
    #[inline(always)]
    pub fn larger(self, other: Num<S>) -> Num<S> {
        Num(self.0, self.0.max_f64s(self.1, other.1))
    }

    /// The smaller one; neither may be NaN.
    #[inline(always)]
    pub fn smaller(self, other: Num<S>) -> Num<S> {
        Num(self.0, self.0.min_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn lt(self, other: Num<S>) -> Mask<S> {
        Mask(self.0, self.0.less_than_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn le(self, other: Num<S>) -> Mask<S> {
        Mask(self.0, self.0.less_than_or_equal_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn gt(self, other: Num<S>) -> Mask<S> {
        Mask(self.0, self.0.greater_than_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn ge(self, other: Num<S>) -> Mask<S> {
        Mask(self.0, self.0.greater_than_or_equal_f64s(self.1, other.1))
    }

    #[inline(always)]
    pub fn equal(self, other: Num<S>) -> Mask<S> {
        Mask(self.0, self.0.equal_f64s(self.1, other.1))
    }

    /// Lanes with the same bits.
    #[inline(always)]
    pub fn same_bits(self, other: Num<S>) -> Mask<S> {
        let simd = self.0;
        Mask(simd, simd.equal_u64s(simd.transmute_u64s_f64s(self.1), simd.transmute_u64s_f64s(other.1)))
    }

    /// Lanes that are not NaN.
    #[inline(always)]
    pub fn is_number(self) -> Mask<S> {
        self.equal(self)
    }

    /// The number, or NaN where it is infinite.
    #[inline(always)]
    pub fn finite(self) -> Num<S> {
        (self * Num::splat(self.0, 0.0)).is_number().pick(self, Num::splat(self.0, f64::NAN))
    }

    /// The number, or `instead` where it is NaN.
    #[inline(always)]
    pub fn given(self, instead: f64) -> Num<S> {
        self.is_number().pick(self, Num::splat(self.0, instead))
    }

    /// Adds 1 in the lanes of `m`.
    #[inline(always)]
    pub fn count(self, m: Mask<S>) -> Num<S> {
        self + m.pick(Num::splat(self.0, 1.0), Num::splat(self.0, 0.0))
    }

    /// Lane by lane.
    #[inline(always)]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Num<S> {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        lanes[..S::F64_LANES].iter_mut().for_each(|x| *x = f(*x));
        Num::load(self.0, &lanes)
    }

    /// Lane by lane with another one.
    #[inline(always)]
    pub fn zip(self, other: Num<S>, f: impl Fn(f64, f64) -> f64) -> Num<S> {
        let (mut a, mut b) = ([0.0; 8], [0.0; 8]);
        self.store(&mut a);
        other.store(&mut b);
        a[..S::F64_LANES].iter_mut().zip(b).for_each(|(x, y)| *x = f(*x, y));
        Num::load(self.0, &a)
    }
}

impl<S: Words> Mask<S> {
    /// The same truth in every lane.
    #[inline(always)]
    pub fn splat(simd: S, truth: bool) -> Mask<S> {
        Num::splat(simd, if truth { 1.0 } else { 0.0 }).gt(Num::splat(simd, 0.0))
    }

    /// Bit i is lane i.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0.bits(self.1)
    }

    /// Lane i is bit i.
    #[inline(always)]
    pub fn of_bits(simd: S, bits: u64) -> Mask<S> {
        Mask(simd, simd.mask(bits))
    }

    /// Whether some lane is true.
    #[inline(always)]
    pub fn any(self) -> bool {
        self.0.bits(self.1) != 0
    }

    /// True lanes of the first, the others of the second.
    #[inline(always)]
    pub fn pick(self, then: Num<S>, otherwise: Num<S>) -> Num<S> {
        Num(self.0, self.0.select_f64s(self.1, then.1, otherwise.1))
    }

    /// The same of truths.
    #[inline(always)]
    pub fn choose(self, then: Mask<S>, otherwise: Mask<S>) -> Mask<S> {
        (self & then) | otherwise.without(self)
    }

    /// Lanes with the same truth.
    #[inline(always)]
    pub fn same(self, other: Mask<S>) -> Mask<S> {
        !Mask(self.0, self.0.xor_m64s(self.1, other.1))
    }

    /// True here and not there.
    #[inline(always)]
    pub fn without(self, other: Mask<S>) -> Mask<S> {
        self & !other
    }
}

macro_rules! arithmetic {
    ($($operator:ident $method:ident $instruction:ident)*) => {$(
        impl<S: Words> $operator for Num<S> {
            type Output = Num<S>;
            #[inline(always)]
            fn $method(self, other: Num<S>) -> Num<S> {
                Num(self.0, self.0.$instruction(self.1, other.1))
            }
        }
    )*};
}

arithmetic! { Add add add_f64s Sub sub sub_f64s Mul mul mul_f64s Div div div_f64s }

macro_rules! logic {
    ($($operator:ident $method:ident $instruction:ident)*) => {$(
        impl<S: Words> $operator for Mask<S> {
            type Output = Mask<S>;
            #[inline(always)]
            fn $method(self, other: Mask<S>) -> Mask<S> {
                Mask(self.0, self.0.$instruction(self.1, other.1))
            }
        }
    )*};
}

logic! { BitAnd bitand and_m64s BitOr bitor or_m64s }

impl<S: Words> Not for Mask<S> {
    type Output = Mask<S>;
    #[inline(always)]
    fn not(self) -> Mask<S> {
        Mask(self.0, self.0.not_m64s(self.1))
    }
}

impl<S: Words> Neg for Num<S> {
    type Output = Num<S>;
    #[inline(always)]
    fn neg(self) -> Num<S> {
        Num(self.0, self.0.neg_f64s(self.1))
    }
}

impl<S: Words> AddAssign for Num<S> {
    #[inline(always)]
    fn add_assign(&mut self, other: Num<S>) {
        *self = *self + other;
    }
}

impl<S: Words> MulAssign for Num<S> {
    #[inline(always)]
    fn mul_assign(&mut self, other: Num<S>) {
        *self = *self * other;
    }
}

impl<S: Words> BitAndAssign for Mask<S> {
    #[inline(always)]
    fn bitand_assign(&mut self, other: Mask<S>) {
        *self = *self & other;
    }
}

impl<S: Words> BitOrAssign for Mask<S> {
    #[inline(always)]
    fn bitor_assign(&mut self, other: Mask<S>) {
        *self = *self | other;
    }
}
