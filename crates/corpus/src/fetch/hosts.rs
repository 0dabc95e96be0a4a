//! Politeness: one request at a time per host, and a pause after each.
//!
//! Hosts share a fixed number of lanes by a hash of their name, so that memory is bounded whatever is crawled. Two hosts in one
//! lane wait for each other, which costs time and never politeness.

use std::time::Duration;

use assay_units::Timestamp;
use assay_world::Clock;
use tokio::sync::{Mutex, MutexGuard};

/// Lanes. With a hundred hosts under way, one in ten shares its lane.
const LANES: usize = 1024;
/// No pause is longer, whatever a host asks for in robots.txt; longer waits are the queue's to keep.
pub const DELAY_MAX: Duration = Duration::from_secs(30);

/// A fixed number of locks, chosen by name.
pub struct Lanes<T>(Box<[Mutex<T>]>);

impl<T: Default> Lanes<T> {
    pub fn new() -> Lanes<T> {
        Lanes((0..LANES).map(|_| Mutex::default()).collect())
    }

    /// The lane of `name`, once nobody else is in it. First come, first served.
    pub async fn enter(&self, name: &str) -> MutexGuard<'_, T> {
        // Fowler, Noll and Vo's 64-bit hash, variant 1a; its high bits are the better mixed ones.
        let hash =
            name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        self.0[(hash >> 32) as usize % LANES].lock().await
    }
}

/// When a lane was last used, and how long its last host asked to be left alone.
#[derive(Default)]
pub struct Pace {
    last: Option<Timestamp>,
    closed_until: Option<Timestamp>,
}

impl Pace {
    /// When the next request may leave. A clock that was set back makes nobody wait longer than the longest pause.
    fn next(&self, delay: Duration, now: Timestamp) -> Timestamp {
        let after_last = self.last.map_or(now, |last| last + delay.min(DELAY_MAX));
        after_last.max(self.closed_until.unwrap_or(now)).min(now + DELAY_MAX)
    }
}

/// The right to send one request to a host. The pause begins when it is dropped, also when its holder gives up.
pub struct Turn<'a> {
    pace: MutexGuard<'a, Pace>,
    clock: &'a dyn Clock,
}

impl Turn<'_> {
    /// The host asked to be left alone until `at`. What exceeds [`DELAY_MAX`] is the queue's to keep.
    pub fn close_until(&mut self, at: Timestamp) {
        self.pace.closed_until = Some(at);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.last = Some(self.clock.now());
    }
}

/// Waits for a turn with `host`, `delay` after the request before it.
pub async fn turn<'a>(lanes: &'a Lanes<Pace>, clock: &'a dyn Clock, host: &str, delay: Duration) -> Turn<'a> {
    let mut pace = lanes.enter(host).await;
    clock.sleep_until(pace.next(delay, clock.now())).await;
    pace.closed_until = None;
    Turn { pace, clock }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_kept_and_bounded() {
        let at = Timestamp::from_seconds;
        let second = Duration::from_secs(1);
        for (last, closed_until, delay, now, next) in [
            (None, None, second, 100, 100),
            (Some(100), None, second, 100, 101),
            (Some(100), None, second, 200, 200),
            (Some(100), None, Duration::from_secs(3600), 100, 130),
            (Some(100), Some(110), second, 100, 110),
            (Some(100), Some(9_000), second, 100, 130),
            (Some(9_000), None, second, 100, 130),
        ] {
            let pace = Pace { last: last.map(at), closed_until: closed_until.map(at) };
            assert_eq!(pace.next(delay, at(now)), at(next), "{last:?} {closed_until:?} {delay:?} {now}");
        }
    }
}
