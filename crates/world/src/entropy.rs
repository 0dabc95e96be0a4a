//! Where chance comes from.

use std::sync::Mutex;

use assay_units::{Seed, SplitMix64};

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// Eight random bytes as a seed for decisions.
    fn seed(&self) -> Seed {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        Seed(u64::from_le_bytes(bytes))
    }
    /// `N` random bytes as lower-case hexadecimal digits.
    fn hex(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        self.fill(&mut buffer);
        buffer.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The operating system's generator: fit for keys.
#[derive(Debug, Default)]
pub struct RealEntropy;

impl Entropy for RealEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine for chance")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A seeded stream: the same seed gives the same bytes in the same order. For tests only.
#[derive(Debug)]
pub struct SimulatedEntropy(Mutex<SplitMix64>);

impl SimulatedEntropy {
    /// The stream of `seed`.
    pub fn new(seed: Seed) -> SimulatedEntropy {
        SimulatedEntropy(Mutex::new(SplitMix64::new(seed)))
    }
}

impl Entropy for SimulatedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut stream = self.0.lock().expect("no panic while drawing");
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&stream.next_word().to_le_bytes()[..chunk.len()]);
        }
    }
}
