//! What time it is, and waiting for a time.

use std::sync::Mutex;
use std::time::Duration;

use assay_units::Timestamp;
use async_trait::async_trait;
use tokio::sync::watch;

/// The time, and how to wait for one.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns once `now() >= at`.
    async fn sleep_until(&self, at: Timestamp);
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct RealClock;

#[async_trait]
impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, at: Timestamp) {
        // A wall clock may be set back while we wait, so look again after each sleep.
        loop {
            let left = at.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_secs(60))).await;
        }
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct SimulatedClock {
    now: watch::Sender<Timestamp>,
    order: Mutex<()>,
}

impl SimulatedClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> SimulatedClock {
        SimulatedClock { now: watch::Sender::new(start), order: Mutex::new(()) }
    }
    /// Moves time forward and wakes those whose time has come.
    pub fn advance(&self, by: Duration) {
        let _order = self.order.lock().expect("no panic while moving a clock");
        self.now.send_modify(|now| *now = *now + by);
    }
    /// Sets the time, backwards too: what a bad time server does to a machine.
    pub fn set(&self, to: Timestamp) {
        let _order = self.order.lock().expect("no panic while moving a clock");
        self.now.send_replace(to);
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }
    async fn sleep_until(&self, at: Timestamp) {
        let mut seen = self.now.subscribe();
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = seen.wait_for(|now| *now >= at).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_has_come_and_not_before() {
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(0)));
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(Timestamp::from_millis(100)).await;
                clock.now()
            }
        });
        clock.advance(Duration::from_millis(99));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_millis(1));
        assert_eq!(sleeper.await.unwrap(), Timestamp::from_millis(100));
    }
}
