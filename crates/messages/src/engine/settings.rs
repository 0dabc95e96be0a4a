//! What the engine is allowed, and its bounds: nothing grows without one.

use std::time::Duration;

use url::Url;

use super::Backoff;
use crate::Secret;

/// Where messages may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// Anywhere, this machine's own network included: for an engine that only trusted people can reach.
    Any,
    /// These hosts only, as `host:port` exactly as a URL spells them (443 and 80 when it names no port).
    Only(Vec<String>),
}

impl Destinations {
    pub(crate) fn allow(&self, url: &Url) -> bool {
        match self {
            Destinations::Any => true,
            Destinations::Only(hosts) => {
                let (host, port) = (url.host_str().unwrap_or(""), url.port_or_known_default().unwrap_or(0));
                hosts.contains(&format!("{host}:{port}"))
            }
        }
    }
}

/// The engine's settings. [`EngineSettings::local`] has the bounds for one machine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// What callers must show.
    pub token: Secret,
    /// Where messages may go.
    pub destinations: Destinations,
    /// Wait before retries.
    pub backoff: Backoff,
    /// Retries of a message that does not say.
    pub retries_default: u32,
    /// Most retries that may be asked for.
    pub retries_max: u32,
    /// Longest attempt, and that of a message that does not say.
    pub timeout_max: Duration,
    /// Longest delay.
    pub delay_max: Duration,
    /// How long a de-duplication id is remembered.
    pub deduplication_window: Duration,
    /// Largest body.
    pub body_bytes_max: usize,
    /// Most messages that are not finished.
    pub messages_max: u64,
    /// Attempts under way at once.
    pub parallelism: usize,
    /// How long a signature is valid.
    pub signature_ttl: Duration,
    /// An attempt's lease is its timeout and this: time to record what happened.
    pub lease_margin: Duration,
    /// How long a finished message can be read.
    pub finished_kept: Duration,
    /// How long the log reaches back.
    pub events_kept: Duration,
    /// Most lines of the log.
    pub events_max: u64,
    /// How long dead letters are kept.
    pub dead_letters_kept: Duration,
    /// Most dead letters; the oldest give way.
    pub dead_letters_max: u64,
    /// How long attempts under way may go on after a stop.
    pub drain_max: Duration,
}

impl EngineSettings {
    /// Bounds for one machine, and the behaviour of the hosted service otherwise.
    pub fn local(token: Secret) -> EngineSettings {
        const DAY: Duration = Duration::from_secs(86_400);
        EngineSettings {
            token,
            destinations: Destinations::Any,
            backoff: Backoff::QSTASH,
            retries_default: 3,
            retries_max: 10,
            timeout_max: Duration::from_secs(15 * 60),
            delay_max: 7 * DAY,
            deduplication_window: Duration::from_secs(600),
            body_bytes_max: 1 << 20,
            messages_max: 10_000,
            parallelism: 8,
            signature_ttl: Duration::from_secs(300),
            lease_margin: Duration::from_secs(30),
            finished_kept: Duration::from_secs(3600),
            events_kept: 30 * DAY,
            events_max: 200_000,
            dead_letters_kept: 30 * DAY,
            dead_letters_max: 1_000,
            drain_max: Duration::from_secs(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_destinations_names_host_and_port() {
        let only = Destinations::Only(vec!["127.0.0.1:8080".into(), "example.org:443".into()]);
        for (url, allowed) in [
            ("http://127.0.0.1:8080/x", true),
            ("http://127.0.0.1:8081/x", false),
            ("https://example.org/x", true),
            ("http://example.org/x", false),
            ("https://user@example.org:443/x", true),
            ("https://example.org.evil.test/", false),
        ] {
            assert_eq!(only.allow(&Url::parse(url).unwrap()), allowed, "{url}");
        }
    }
}
