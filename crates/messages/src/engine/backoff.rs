//! How long to wait before a retry.

use std::time::Duration;

/// Waits `min(max, unit * e^(growth * n))` before retry n, n from 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The factor before the exponential.
    pub unit: Duration,
    /// 0 waits the same each time.
    pub growth: f64,
    /// The longest wait.
    pub max: Duration,
}

impl Backoff {
    /// What the hosted service documents: `min(86400, e^(2.5 n))` seconds.
    pub const QSTASH: Backoff = Backoff { unit: Duration::from_secs(1), growth: 2.5, max: Duration::from_secs(86_400) };

    /// The wait before retry `n`, in whole milliseconds.
    pub fn delay(&self, n: u32) -> Duration {
        let seconds = self.unit.as_secs_f64() * (self.growth * f64::from(n)).exp();
        // An exponential that overflows, or a setting that is no number, means the longest wait.
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(self.max).min(self.max);
        Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosted_services_waits_are_12_s_2_m_28_s_30_m_8_s_6_h_7_m_and_then_a_day() {
        let seconds: Vec<u64> = (1..=5).map(|n| Backoff::QSTASH.delay(n).as_secs()).collect();
        assert_eq!(seconds, [12, 2 * 60 + 28, 30 * 60 + 8, 6 * 3600 + 7 * 60 + 6, 86_400]);
        assert_eq!(Backoff::QSTASH.delay(u32::MAX), Duration::from_secs(86_400));
    }
}
