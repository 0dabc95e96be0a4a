//! Polite page fetching: robots.txt, one request at a time per host, redirects by hand, every bound enforced.
//!
//! [`Fetcher::fetch`] asks once and reports; whoever queues pages decides when to ask again ([`FetchError::retry`]). Each hop of
//! a redirect is checked, asked of robots.txt and paid for as a request of its own. `headers` and `robots` decide, `hosts` waits,
//! [`Get`] sends.

mod error;
mod get;
mod headers;
mod hosts;
mod robots;

use std::sync::Arc;
use std::time::Duration;

use assay_storage::Database;
use assay_units::ConceptId;
use assay_world::network::check_url;
use assay_world::{Clock, Limits, NetworkError, Reach, Request, Response};
use bytes::Bytes;
use http::header::{ACCEPT, HeaderValue, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub use error::{FetchError, Retry};
pub use get::{BoxFuture, Get, GetError};
pub(crate) use robots::ROBOTS_TABLE;

use crate::extract::{self, Format, charset};
use hosts::{DELAY_MAX, Lanes, Pace};
use robots::{Answer, Kept};

/// Redirects followed from one page, and from one robots.txt (RFC 9309 asks for at least five).
pub const REDIRECTS_MAX: usize = 5;
/// Decoded bytes of one answer: what extraction reads at most.
pub const BYTES_MAX: usize = extract::BYTES_MAX;
/// From the first byte of a request to the last byte of its answer.
pub const TIME_MAX: Duration = Duration::from_secs(20);
/// The usual pause between two requests to one host.
pub const DELAY_DEFAULT: Duration = Duration::from_secs(1);

/// What a fetcher has to be told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whom a host's operator can write to: a URL or a mail address, sent with every request.
    pub contact: String,
    /// The pause between two requests to one host, unless robots.txt asks for a longer one; at most 30 s.
    pub delay: Duration,
    /// Hosts outside the public internet that may be reached all the same, as `host:port`. Tests name their loopback servers.
    pub also: Vec<String>,
}

/// A contact that cannot be sent in a header, or that says nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{contact:?} is no contact that a host could write to; give a URL or a mail address")]
pub struct InvalidContact {
    /// What was given.
    pub contact: String,
}

/// A page as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was in the end, after redirects and without a fragment.
    pub url: Url,
    /// What it is written in.
    pub format: Format,
    /// Its text, decoded.
    pub body: String,
    /// How many bytes it had, before its charset was decoded.
    pub bytes: usize,
}

/// Fetches pages. One per program: politeness is kept among its own requests only.
pub struct Fetcher {
    get: Arc<dyn Get>,
    db: Database,
    clock: Arc<dyn Clock>,
    agent: HeaderValue,
    delay: Duration,
    reach: Reach,
    hosts: Lanes<Pace>,
    /// Held while an origin's robots.txt is asked for, so that it is asked for once. Whoever holds one of these may wait for a
    /// host, and whoever has a host waits for nothing: no circle can form.
    robots: Lanes<()>,
}

impl Fetcher {
    /// A fetcher that sends through `get` and keeps robots.txt in `db`, which must have been opened with [`crate::SCHEMA`].
    pub fn new(
        get: Arc<dyn Get>,
        db: Database,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Fetcher, InvalidContact> {
        let contact = settings.contact.trim();
        let agent = HeaderValue::from_str(&format!("{}/{} (+{contact})", robots::PRODUCT, env!("CARGO_PKG_VERSION")));
        let agent = agent.ok().filter(|_| contact.is_ascii() && contact.len() >= 3 && !contact.contains(['(', ')']));
        Ok(Fetcher {
            agent: agent.ok_or_else(|| InvalidContact { contact: settings.contact.clone() })?,
            get,
            db,
            clock,
            delay: settings.delay.min(DELAY_MAX),
            reach: Reach::Public { also: settings.also },
            hosts: Lanes::new(),
            robots: Lanes::new(),
        })
    }

    /// Fetches a page on a concept's account. Waits for its turn with the host; does not try twice.
    pub async fn fetch(&self, url: &Url, concept: &ConceptId) -> Result<Fetched, FetchError> {
        let mut url = url.clone();
        url.set_fragment(None);
        for _ in 0..=REDIRECTS_MAX {
            check_url(&url, &self.reach).map_err(|reason| FetchError::Refused { url: url.to_string(), reason })?;
            let kept = self.robots(&url, concept).await?;
            let (open, asked) = kept.answer.judge(&url);
            match open {
                true => {}
                false if kept.answer == Answer::Unreachable => {
                    return Err(FetchError::RobotsUnreachable { url: url.into(), until: kept.until });
                }
                false => return Err(FetchError::Disallowed { url: url.into() }),
            }
            let delay = self.delay.max(asked.unwrap_or_default());
            let purpose = format!("page of {}", host(&url));
            let response =
                self.send(&url, delay, &purpose, concept).await.map_err(|error| FetchError::of(&url, error))?;
            if !is_redirect(response.status) {
                return self.read(url, response);
            }
            url = headers::next_hop(&url, &response.headers).map_err(|(to, reason)| FetchError::Redirect {
                url: url.to_string(),
                to,
                reason,
            })?;
        }
        Err(FetchError::TooManyRedirects { url: url.into() })
    }

    /// What an answer that is no redirect amounts to.
    fn read(&self, url: Url, response: Response) -> Result<Fetched, FetchError> {
        let status = response.status;
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let until = headers::retry_after(&response.headers, self.clock.now());
            return Err(FetchError::Busy { url: url.into(), status, until });
        }
        // 206 and its like are no whole pages, and nobody asked for a part.
        if status != StatusCode::OK && status != StatusCode::NON_AUTHORITATIVE_INFORMATION {
            return Err(FetchError::Status { url: url.into(), status });
        }
        if headers::noindex(&response.headers) {
            return Err(FetchError::NoIndex { url: url.into() });
        }
        let (format, declared) = match headers::format(&url, &response.headers) {
            Ok(known) => known,
            Err(found) => return Err(FetchError::ContentType { url: url.into(), found }),
        };
        let top_level_domain = url.domain().and_then(|name| name.trim_end_matches('.').rsplit('.').next());
        let hints = charset::Hints { declared: declared.as_deref(), html: format == Format::Html, top_level_domain };
        let body = charset::decode(&response.body, hints);
        Ok(Fetched { format, body, bytes: response.body.len(), url })
    }

    /// What robots.txt says for `url`'s origin: from the cache, or asked for now.
    async fn robots(&self, url: &Url, concept: &ConceptId) -> Result<Kept, FetchError> {
        let origin = url.origin().ascii_serialization();
        let failed = |cause| FetchError::Cache { url: url.to_string(), cause };
        let _once = self.robots.enter(&origin).await;
        if let Some(kept) = robots::load(&self.db, &origin, self.clock.now()).map_err(failed)? {
            return Ok(kept);
        }
        let answer = self.ask_robots(url, concept).await?;
        let now = self.clock.now();
        let kept = answer.keep(now);
        robots::store(&self.db, &origin, &kept, now).map_err(failed)?;
        Ok(kept)
    }

    /// Follows robots.txt to its end. Only what is no fault of the host's is an error.
    async fn ask_robots(&self, page: &Url, concept: &ConceptId) -> Result<Answer, FetchError> {
        let mut url = page.clone();
        url.set_path("/robots.txt");
        url.set_query(None);
        let purpose = format!("robots.txt of {}", host(page));
        for _ in 0..=REDIRECTS_MAX {
            if check_url(&url, &self.reach).is_err() {
                return Ok(Answer::Unreachable);
            }
            let response = match self.send(&url, self.delay, &purpose, concept).await {
                Ok(response) => response,
                Err(GetError::Network(cause)) => {
                    let cause: &(dyn std::error::Error + 'static) = &cause;
                    tracing::debug!(%url, error = cause, "robots.txt cannot be read");
                    return Ok(Answer::Unreachable);
                }
                Err(error) => return Err(FetchError::of(page, error)),
            };
            if !is_redirect(response.status) {
                return Ok(Answer::of(response.status, &response.body));
            }
            match headers::next_hop(&url, &response.headers) {
                Ok(next) => url = next,
                Err(_) => return Ok(Answer::Unreachable),
            }
        }
        // RFC 9309, 2.3.1.2: as if there were none.
        Ok(Answer::None)
    }

    /// Sends one request in its host's turn.
    async fn send(&self, url: &Url, delay: Duration, purpose: &str, concept: &ConceptId) -> Result<Response, GetError> {
        let mut turn = hosts::turn(&self.hosts, &*self.clock, host(url), delay).await;
        let accept = HeaderValue::from_static("text/html,application/xhtml+xml,text/markdown;q=0.9,text/plain;q=0.8");
        let request = Request {
            method: Method::GET,
            url: url.clone(),
            headers: HeaderMap::from_iter([(USER_AGENT, self.agent.clone()), (ACCEPT, accept)]),
            body: Bytes::new(),
            limits: Limits { time_max: TIME_MAX, body_bytes_max: BYTES_MAX },
            reach: self.reach.clone(),
        };
        let response = self.get.get(request, purpose, Some(concept)).await?;
        if matches!(response.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(at) = headers::retry_after(&response.headers, self.clock.now())
        {
            turn.close_until(at);
        }
        // A network that ignores its limits is a bug, but memory is ours.
        if response.body.len() > BYTES_MAX {
            let url = url.to_string();
            return Err(GetError::Network(NetworkError::TooLarge { url, bytes_max: BYTES_MAX }));
        }
        Ok(response)
    }
}

/// Redirects that name a new address for the same request; 300 and 304 do not.
fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Who is asked; a trailing dot names the same host.
fn host(url: &Url) -> &str {
    url.host_str().unwrap_or("").trim_end_matches('.')
}
