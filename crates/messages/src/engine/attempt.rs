//! What becomes of a message after one attempt. Pure.

use std::time::Duration;

use assay_units::Timestamp;
use http::{HeaderMap, StatusCode};

use super::Backoff;
use crate::duration;

/// A destination's wish beyond this is ignored and the usual wait applies, as on the hosted service.
const WISH_MAX: Duration = Duration::from_secs(86_400);
/// Headers in which a destination says when to come back, the first one that can be read wins.
const WISHES: [&str; 4] =
    ["retry-after", "x-ratelimit-reset", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"];

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 2xx.
    Accepted,
    /// The destination says that no retry will help.
    Refused,
    /// Any other answer, or none; with the wait that the destination asks for.
    Failed(Option<Duration>),
    /// We lost sight of it: its lease ran out with nothing recorded. It may have arrived.
    Interrupted,
}

impl Answer {
    /// Reads an answer of the destination. 3xx is a failure: redirects are not followed.
    pub fn of(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
        if status.is_success() {
            return Answer::Accepted;
        }
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        // The hosted service asks for status 489 too; receivers in the wild send the header with other codes.
        if text("upstash-nonretryable-error").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Answer::Refused;
        }
        let wish = WISHES.iter().find_map(|name| duration::parse_wish(text(name)?, now));
        Answer::Failed(wish.filter(|wish| *wish <= WISH_MAX))
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It has arrived.
    Delivered,
    /// Try again then.
    RetryAt(Timestamp),
    /// Give up.
    DeadLetter,
}

/// `attempts` includes the one that has just ended; `retries` is how many may follow the first.
pub fn after_attempt(attempts: u32, retries: u32, answer: Answer, now: Timestamp, backoff: &Backoff) -> Next {
    match answer {
        Answer::Accepted => Next::Delivered,
        Answer::Refused => Next::DeadLetter,
        Answer::Failed(_) | Answer::Interrupted if attempts > retries => Next::DeadLetter,
        Answer::Failed(wish) => Next::RetryAt(now + wish.unwrap_or_else(|| backoff.delay(attempts))),
        // It has waited for its lease already.
        Answer::Interrupted => Next::RetryAt(now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_leads_to_what_the_table_says() {
        let now = Timestamp::from_seconds(1000);
        let after = |seconds| Next::RetryAt(now + Duration::from_secs(seconds));
        let backoff = Backoff { unit: Duration::from_secs(10), growth: 0.0, max: Duration::from_secs(60) };
        for (attempts, retries, answer, next) in [
            (1, 3, Answer::Accepted, Next::Delivered),
            (4, 3, Answer::Accepted, Next::Delivered),
            (1, 3, Answer::Refused, Next::DeadLetter),
            (1, 3, Answer::Failed(None), after(10)),
            (3, 3, Answer::Failed(None), after(10)),
            (4, 3, Answer::Failed(None), Next::DeadLetter),
            (1, 0, Answer::Failed(None), Next::DeadLetter),
            (1, 1, Answer::Failed(Some(Duration::from_secs(120))), after(120)),
            (2, 1, Answer::Failed(Some(Duration::from_secs(120))), Next::DeadLetter),
            (1, 1, Answer::Interrupted, after(0)),
            (2, 1, Answer::Interrupted, Next::DeadLetter),
            (u32::MAX, u32::MAX, Answer::Failed(None), after(10)),
        ] {
            assert_eq!(
                after_attempt(attempts, retries, answer, now, &backoff),
                next,
                "{attempts} {retries} {answer:?}"
            );
        }
    }

    #[test]
    fn answers_are_read_from_status_and_headers() {
        let now = Timestamp::from_seconds(1000);
        let seconds = |n| Answer::Failed(Some(Duration::from_secs(n)));
        for (status, header, answer) in [
            (200, None, Answer::Accepted),
            (299, Some(("upstash-nonretryable-error", "true")), Answer::Accepted),
            (302, None, Answer::Failed(None)),
            (500, None, Answer::Failed(None)),
            (489, Some(("upstash-nonretryable-error", "true")), Answer::Refused),
            (400, Some(("upstash-nonretryable-error", "True")), Answer::Refused),
            (489, Some(("upstash-nonretryable-error", "false")), Answer::Failed(None)),
            (489, None, Answer::Failed(None)),
            (429, Some(("retry-after", "30")), seconds(30)),
            (429, Some(("x-ratelimit-reset-tokens", "6m5s")), seconds(365)),
            (503, Some(("retry-after", "0")), seconds(0)),
            (503, Some(("retry-after", "86401")), Answer::Failed(None)),
            (503, Some(("retry-after", "whenever")), Answer::Failed(None)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, value.parse().unwrap());
            }
            assert_eq!(Answer::of(StatusCode::from_u16(status).unwrap(), &headers, now), answer, "{status} {header:?}");
        }
    }
}
