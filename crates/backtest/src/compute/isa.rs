//! Which vector instructions this machine has, asked once at run time: AVX-512, AVX2, NEON, or none.
//!
//! `pulp` was chosen because it keeps `unsafe_code = "forbid"`: each instruction set is a token that only detection hands
//! out. The binary itself asks for nothing beyond the base of its architecture, so one build runs anywhere; building with
//! `target-cpu` instead would end in illegal instructions on older machines, and two builds would have to be shipped and
//! tested. Results do not depend on the choice: lanes are trials, each does the operations of the scalar oracle in the
//! oracle's order, and nothing is fused or reordered.

use pulp::{NullaryFnOnce, Scalar, Simd};

/// Vectors with a few more verbs.
pub(crate) trait Words: Simd {
    /// Bit i is lane i.
    #[inline(always)]
    fn bits(self, mask: Self::m64s) -> u64 {
        let mut lanes = [0u64; 8];
        let width = Self::U64_LANES;
        Self::as_mut_simd_u64s(&mut lanes[..width]).0[0] =
            self.select_u64s(mask, self.splat_u64s(1), self.splat_u64s(0));
        lanes.iter().enumerate().fold(0, |bits, (lane, one)| bits | one << lane)
    }

    /// Lane i is bit i.
    #[inline(always)]
    fn mask(self, bits: u64) -> Self::m64s {
        let lanes: [u64; 8] = std::array::from_fn(|lane| bits >> lane & 1);
        self.greater_than_u64s(Self::as_simd_u64s(&lanes[..Self::U64_LANES]).0[0], self.splat_u64s(0))
    }

    /// One word of 64 bars, of the masks of its vectors in order.
    #[inline(always)]
    fn word(self, masks: &[Self::m64s]) -> u64 {
        let mut word = 0;
        for (i, mask) in masks.iter().enumerate() {
            word |= self.bits(*mask) << (i * Self::U64_LANES);
        }
        word
    }

    /// `a` where it is the smaller, else `b`: what `f64::min` gives for numbers.
    #[inline(always)]
    fn lower(self, a: Self::f64s, b: Self::f64s) -> Self::f64s {
        self.select_f64s(self.less_than_f64s(a, b), a, b)
    }

    /// Each word shifted up by `N` places, a power of two below 64; zeros come in.
    #[inline(always)]
    fn up<const N: u32>(self, words: Self::u64s) -> Self::u64s {
        let mut lanes = [0u64; 8];
        let width = Self::U64_LANES;
        Self::as_mut_simd_u64s(&mut lanes[..width]).0[0] = words;
        lanes.iter_mut().for_each(|word| *word <<= N);
        Self::as_simd_u64s(&lanes[..width]).0[0]
    }
}

impl Words for Scalar {}

#[cfg(target_arch = "aarch64")]
impl Words for pulp::aarch64::Neon {}

#[cfg(target_arch = "x86_64")]
impl Words for pulp::x86::V3 {
    #[inline(always)]
    fn bits(self, mask: Self::m64s) -> u64 {
        self.avx._mm256_movemask_pd(pulp::cast(mask)) as u64
    }

    #[inline(always)]
    fn lower(self, a: Self::f64s, b: Self::f64s) -> Self::f64s {
        // `vminpd` is defined as that very choice.
        self.min_f64s(a, b)
    }

    #[inline(always)]
    fn up<const N: u32>(self, words: Self::u64s) -> Self::u64s {
        // The amount has another type here than on AVX-512; the match is decided when compiled.
        match N {
            1 => self.shl_const_u64x4::<1>(words),
            2 => self.shl_const_u64x4::<2>(words),
            4 => self.shl_const_u64x4::<4>(words),
            8 => self.shl_const_u64x4::<8>(words),
            16 => self.shl_const_u64x4::<16>(words),
            32 => self.shl_const_u64x4::<32>(words),
            _ => unreachable!("only powers of two below 64 are asked for"),
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Words for pulp::x86::V4 {
    #[inline(always)]
    fn bits(self, mask: Self::m64s) -> u64 {
        u64::from(mask.0)
    }

    #[inline(always)]
    fn mask(self, bits: u64) -> Self::m64s {
        pulp::b8(bits as u8)
    }

    #[inline(always)]
    fn word(self, masks: &[Self::m64s]) -> u64 {
        // Pairs are joined in mask registers, and the rest as a tree: of a chain the compiler makes slow vector inserts.
        let &[a, b, c, d, e, f, g, h] = masks else { unreachable!("eight vectors of eight make a word") };
        let (ab, cd) = (pair(self, a, b), pair(self, c, d));
        let (ef, gh) = (pair(self, e, f), pair(self, g, h));
        (ab | cd << 16) | (ef | gh << 16) << 32
    }

    #[inline(always)]
    fn lower(self, a: Self::f64s, b: Self::f64s) -> Self::f64s {
        self.min_f64s(a, b)
    }

    #[inline(always)]
    fn up<const N: u32>(self, words: Self::u64s) -> Self::u64s {
        self.shl_const_u64x8::<N>(words)
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn pair(simd: pulp::x86::V4, low: pulp::b8, high: pulp::b8) -> u64 {
    u64::from(simd.avx512f._mm512_kunpackb(u16::from(high.0), u16::from(low.0)))
}

/// Work that is written once for all instruction sets. `run` and all that it calls must be `#[inline(always)]`, or it is
/// compiled for the base of the architecture.
pub(crate) trait Task {
    /// What it gives.
    type Output;
    /// Does it.
    fn run<S: Words>(self, simd: S) -> Self::Output;
}

struct Call<S, T>(S, T);

impl<S: Words, T: Task> NullaryFnOnce for Call<S, T> {
    type Output = T::Output;

    #[inline(always)]
    fn call(self) -> T::Output {
        self.1.run(self.0)
    }
}

/// The instruction set to use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
    Base,
}

impl Isa {
    /// All that this machine has, the best first.
    pub fn available() -> Vec<Isa> {
        let mut found = vec![];
        #[cfg(target_arch = "x86_64")]
        {
            found.extend(pulp::x86::V4::try_new().map(Isa::Avx512));
            found.extend(pulp::x86::V3::try_new().map(Isa::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        found.extend(pulp::aarch64::Neon::try_new().map(Isa::Neon));
        found.push(Isa::Base);
        found
    }

    /// The best that this machine has.
    pub fn best() -> Isa {
        static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Isa::available()[0])
    }

    /// Runs `task` compiled for this instruction set.
    #[inline]
    pub fn dispatch<T: Task>(self, task: T) -> T::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(simd) => simd.vectorize(Call(simd, task)),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(simd) => simd.vectorize(Call(simd, task)),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon(simd) => simd.vectorize(Call(simd, task)),
            Isa::Base => task.run(Scalar::new()),
        }
    }
}
