//! The fetcher over a scripted network, on a clock that jumps to whatever is waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assay_budget::{Caps, Door, Ledger, Resource};
use assay_corpus::extract::Format;
use assay_corpus::fetch::{BYTES_MAX, BoxFuture, Get, GetError, Settings};
use assay_corpus::{FetchError, Fetched, Fetcher, Retry};
use assay_units::{ConceptId, Timestamp};
use assay_world::network::SimulatedNetwork;
use assay_world::{Clock, Network, NetworkError, Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use url::Url;

use crate::{Store, at, concept, store};

/// A clock on which waiting takes no time.
struct Jumping(Mutex<Timestamp>);

#[async_trait]
impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
    async fn sleep_until(&self, at: Timestamp) {
        // Others may run in between, as they would in a real wait.
        tokio::task::yield_now().await;
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

/// Sends to a network uncounted, and notes when and how many at a time.
struct Watched {
    network: Arc<SimulatedNetwork>,
    clock: Arc<Jumping>,
    log: Mutex<Vec<(String, Timestamp)>>,
    under_way: Mutex<BTreeMap<String, usize>>,
}

impl Get for Watched {
    fn get<'a>(
        &'a self,
        request: Request,
        _purpose: &'a str,
        _concept: Option<&'a ConceptId>,
    ) -> BoxFuture<'a, Result<Response, GetError>> {
        Box::pin(async move {
            let host = request.url.host_str().unwrap().to_owned();
            self.log.lock().unwrap().push((host.clone(), self.clock.now()));
            *self.under_way.lock().unwrap().entry(host.clone()).or_default() += 1;
            assert_eq!(self.under_way.lock().unwrap()[&host], 1, "{host} is asked twice at a time");
            tokio::task::yield_now().await;
            self.under_way.lock().unwrap().insert(host, 0);
            self.network.send(request).await.map_err(GetError::Network)
        })
    }
}

struct Scene {
    store: Store,
    clock: Arc<Jumping>,
    get: Arc<Watched>,
    fetcher: Arc<Fetcher>,
}

fn settings() -> Settings {
    Settings { contact: "https://assay.example/bot".into(), delay: Duration::from_secs(1), also: vec![] }
}

fn scene(answer: impl Fn(&str) -> Response + Send + Sync + 'static) -> Scene {
    scene_of(move |request| Ok(answer(request.url.as_str())))
}

fn scene_of(answer: impl Fn(&Request) -> Result<Response, NetworkError> + Send + Sync + 'static) -> Scene {
    let store = store();
    let clock = Arc::new(Jumping(Mutex::new(at("2026-03-01"))));
    let network = Arc::new(SimulatedNetwork::new(answer));
    let get = Arc::new(Watched { network, clock: clock.clone(), log: Mutex::default(), under_way: Mutex::default() });
    let fetcher = Arc::new(Fetcher::new(get.clone(), store.db.clone(), clock.clone(), settings()).unwrap());
    Scene { store, clock, get, fetcher }
}

impl Scene {
    async fn fetch(&self, url: &str) -> Result<Fetched, FetchError> {
        self.fetcher.fetch(&Url::parse(url).unwrap(), &concept(1)).await
    }
    /// What was sent so far, oldest first.
    fn sent(&self) -> Vec<String> {
        self.get.network.sent().iter().map(|request| request.url.to_string()).collect()
    }
    fn later(&self, by: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = *now + by;
    }
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Response {
    let pairs = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
    Response { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::from_iter(pairs), body: body.into() }
}

fn html(body: &'static str) -> Response {
    answer(200, &[("content-type", "text/html; charset=utf-8")], body)
}

fn moved(to: &str) -> Response {
    answer(302, &[("location", to)], "")
}

fn missing() -> Response {
    answer(404, &[], "")
}

fn is_robots(url: &str) -> bool {
    url.ends_with("/robots.txt")
}

#[tokio::test]
async fn robots_txt_is_asked_for_once_a_day_and_survives_a_restart() {
    let s =
        scene(|url| if is_robots(url) { answer(200, &[], "User-agent: *\nDisallow: /private") } else { html("hi") });
    let page = s.fetch("https://example.org/a#part").await.unwrap();
    assert_eq!((page.url.as_str(), page.format, page.body.as_str()), ("https://example.org/a", Format::Html, "hi"));
    assert_eq!(page.bytes, 2);
    assert!(matches!(s.fetch("https://example.org/private/x").await, Err(FetchError::Disallowed { .. })));
    let again = Fetcher::new(s.get.clone(), s.store.db.clone(), s.clock.clone(), settings()).unwrap();
    again.fetch(&Url::parse("https://example.org/b").unwrap(), &concept(1)).await.unwrap();
    assert_eq!(s.sent(), ["https://example.org/robots.txt", "https://example.org/a", "https://example.org/b"]);
    let agent = s.get.network.sent()[0].headers["user-agent"].to_str().unwrap().to_owned();
    assert_eq!(agent, format!("assay/{} (+https://assay.example/bot)", env!("CARGO_PKG_VERSION")));
    s.later(Duration::from_secs(24 * 3600));
    s.fetch("https://example.org/a").await.unwrap();
    assert_eq!(s.sent().iter().filter(|url| is_robots(url)).count(), 2);
    // http and https are two origins.
    s.fetch("http://example.org/a").await.unwrap();
    assert_eq!(s.sent().iter().filter(|url| is_robots(url)).count(), 3);
}

#[tokio::test]
async fn a_missing_robots_txt_opens_the_host_and_a_failing_one_closes_it_for_an_hour() {
    for status in [401, 403, 404, 410] {
        let s = scene(move |url| if is_robots(url) { answer(status, &[], "") } else { html("hi") });
        s.fetch("https://example.org/a").await.unwrap();
    }
    for status in [429, 500, 503] {
        let s = scene(move |url| if is_robots(url) { answer(status, &[], "") } else { html("hi") });
        let error = s.fetch("https://example.org/a").await.unwrap_err();
        let Retry::At(until) = error.retry() else { panic!("{error}") };
        assert_eq!(until.since(s.clock.now()), Duration::from_secs(3600), "{error}");
        s.fetch("https://example.org/b").await.unwrap_err();
        assert_eq!(s.sent(), ["https://example.org/robots.txt"], "{status}");
        s.later(Duration::from_secs(3600));
        s.fetch("https://example.org/b").await.unwrap_err();
        assert_eq!(s.sent().len(), 2);
    }
    let s = scene_of(|request| Err(NetworkError::Connect { url: request.url.to_string(), cause: "refused".into() }));
    assert!(matches!(s.fetch("https://example.org/a").await, Err(FetchError::RobotsUnreachable { .. })));
}

#[tokio::test]
async fn robots_txt_may_be_elsewhere_but_not_inside() {
    let s = scene(|url| match url {
        "https://example.org/robots.txt" => moved("https://cdn.example/r1"),
        "https://cdn.example/r1" => moved("/r2"),
        "https://cdn.example/r2" => answer(200, &[], "User-agent: assay\nDisallow: /a"),
        _ => html("hi"),
    });
    assert!(matches!(s.fetch("https://example.org/a").await, Err(FetchError::Disallowed { .. })));
    s.fetch("https://example.org/b").await.unwrap();

    let s = scene(|url| if is_robots(url) { moved("https://169.254.169.254/robots.txt") } else { html("hi") });
    assert!(matches!(s.fetch("https://example.org/a").await, Err(FetchError::RobotsUnreachable { .. })));
    assert_eq!(s.sent().len(), 1);

    let s = scene(|url| if url.ends_with("/a") { html("hi") } else { moved("/loop/robots.txt") });
    s.fetch("https://example.org/a").await.unwrap();
    assert_eq!(s.sent().len(), 7, "one and five redirects, and the page");
}

#[tokio::test]
async fn each_hop_of_a_redirect_is_checked_again() {
    let s = scene(|url| match url {
        "https://a.example/robots.txt" => missing(),
        "https://b.example/robots.txt" => answer(200, &[], "User-agent: *\nDisallow: /closed"),
        "https://a.example/open" => moved("https://b.example/page"),
        "https://a.example/closed" => moved("https://b.example/closed"),
        "https://a.example/down" => moved("http://b.example/page"),
        "https://a.example/nowhere" => answer(301, &[], ""),
        "https://a.example/loop" => moved("/loop"),
        _ => html("hi"),
    });
    assert_eq!(s.fetch("https://a.example/open").await.unwrap().url.as_str(), "https://b.example/page");
    let closed = s.fetch("https://a.example/closed").await.unwrap_err();
    assert_eq!(closed.to_string(), "https://b.example/closed: robots.txt does not allow it");
    let down = s.fetch("https://a.example/down").await.unwrap_err();
    assert!(matches!(&down, FetchError::Redirect { reason, .. } if reason == "it leaves https"), "{down}");
    assert!(matches!(s.fetch("https://a.example/nowhere").await, Err(FetchError::Redirect { .. })));
    let before = s.sent().len();
    assert!(matches!(s.fetch("https://a.example/loop").await, Err(FetchError::TooManyRedirects { .. })));
    assert_eq!(s.sent().len() - before, 6);
}

#[tokio::test]
async fn no_way_of_writing_an_inner_address_leads_there() {
    const INNER: [&str; 14] = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://localhost/",
        "http://user:pass@example.org/",
    ];
    for (n, inner) in INNER.iter().enumerate() {
        let s = scene(move |url| match url {
            _ if is_robots(url) => missing(),
            _ => moved(INNER[n]),
        });
        let error = s.fetch("http://example.org/a").await.unwrap_err();
        assert!(matches!(error, FetchError::Refused { .. }), "{inner}: {error}");
        assert_eq!(error.retry(), Retry::Never);
        assert!(matches!(s.fetch(inner).await, Err(FetchError::Refused { .. })), "{inner}");
        assert_eq!(s.sent().len(), 2, "{inner}");
    }
    for other in ["ftp://example.org/", "file:///etc/passwd", "https://example.org:8443/", "data:text/html,x"] {
        let s = scene(|_| html("hi"));
        assert!(matches!(s.fetch(other).await, Err(FetchError::Refused { .. })), "{other}");
        assert!(s.sent().is_empty());
    }
}

#[tokio::test]
async fn a_host_that_asks_for_time_is_reported_once_with_the_instant() {
    let s = scene(|url| match url {
        "https://example.org/seconds" => answer(429, &[("retry-after", "120")], ""),
        "https://example.org/date" => answer(503, &[("retry-after", "Sun, 01 Mar 2026 05:00:00 GMT")], ""),
        "https://example.org/silent" => answer(503, &[], ""),
        _ => missing(),
    });
    let error = s.fetch("https://example.org/silent").await.unwrap_err();
    assert_eq!(error.retry(), Retry::Later);
    let error = s.fetch("https://example.org/seconds").await.unwrap_err();
    assert_eq!(error.retry(), Retry::At(s.clock.now() + Duration::from_secs(120)));
    let asked = s.clock.now();
    let error = s.fetch("https://example.org/date").await.unwrap_err();
    assert_eq!(error.retry(), Retry::At(at("2026-03-01T05:00Z")));
    assert_eq!(
        s.clock.now().since(asked),
        Duration::from_secs(30),
        "the host was left alone as long as we wait at most"
    );
    assert_eq!(s.sent().len(), 4, "robots.txt and three pages, none asked for twice");
    let error = s.fetch("https://example.org/gone").await.unwrap_err();
    assert!(matches!(error, FetchError::Status { status: StatusCode::NOT_FOUND, .. }) && error.retry() == Retry::Never);
}

#[tokio::test]
async fn the_pause_is_what_robots_txt_asks_for_within_bounds() {
    for (delay, expected) in [("0.1", 1), ("7", 7), ("3600", 30)] {
        let rules = format!("User-agent: *\nCrawl-delay: {delay}");
        let s = scene(move |url| if is_robots(url) { answer(200, &[], rules.clone()) } else { html("hi") });
        for page in ["a", "b", "c"] {
            s.fetch(&format!("https://example.org/{page}")).await.unwrap();
        }
        let times: Vec<Timestamp> = s.get.log.lock().unwrap().iter().map(|(_, time)| *time).collect();
        for pair in times.windows(2) {
            assert_eq!(pair[1].since(pair[0]), Duration::from_secs(expected), "{delay}");
        }
    }
}

#[tokio::test]
async fn ten_hosts_at_once_see_no_early_request_and_one_robots_request_each() {
    let s = scene(|url| if is_robots(url) { missing() } else { html("hi") });
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..100 {
        let fetcher = s.fetcher.clone();
        let url = Url::parse(&format!("https://host{}.example/{n}", n % 10)).unwrap();
        tasks.spawn(async move { fetcher.fetch(&url, &concept(1)).await.map(|_| ()) });
    }
    for done in tasks.join_all().await {
        done.unwrap();
    }
    let mut last = BTreeMap::<String, Timestamp>::new();
    for (host, time) in s.get.log.lock().unwrap().iter() {
        if let Some(before) = last.insert(host.clone(), *time) {
            assert!(time.since(before) >= Duration::from_secs(1), "{host}");
        }
    }
    assert_eq!(s.sent().len(), 110);
}

#[tokio::test]
async fn only_texts_that_may_be_kept_are_handed_on() {
    let s = scene(|url| match url {
        "https://example.org/pdf" => answer(200, &[("content-type", "application/pdf")], "%PDF"),
        "https://example.org/untyped" => answer(200, &[], "<p>x"),
        "https://example.org/noindex" => {
            answer(200, &[("content-type", "text/html"), ("x-robots-tag", "noindex")], "<p>x")
        }
        "https://example.org/latin" => answer(200, &[("content-type", "text/plain; charset=latin1")], &b"caf\xe9"[..]),
        "https://example.org/meta" => {
            answer(200, &[("content-type", "text/html")], &b"<meta charset=windows-1251>\xef"[..])
        }
        "https://example.org/part" => answer(206, &[("content-type", "text/html")], "x"),
        "https://example.org/a.pine" => answer(200, &[("content-type", "text/plain")], "x = 1"),
        _ => missing(),
    });
    let error = s.fetch("https://example.org/pdf").await.unwrap_err();
    assert!(error.to_string().contains("application/pdf"), "{error}");
    assert!(matches!(s.fetch("https://example.org/untyped").await, Err(FetchError::ContentType { .. })));
    assert!(matches!(s.fetch("https://example.org/noindex").await, Err(FetchError::NoIndex { .. })));
    assert!(matches!(s.fetch("https://example.org/part").await, Err(FetchError::Status { .. })));
    let latin = s.fetch("https://example.org/latin").await.unwrap();
    assert_eq!((latin.body.as_str(), latin.format, latin.bytes), ("café", Format::Text, 4));
    assert!(s.fetch("https://example.org/meta").await.unwrap().body.ends_with('п'));
    assert_eq!(s.fetch("https://example.org/a.pine").await.unwrap().format, Format::Pine);
}

#[tokio::test]
async fn a_page_too_large_is_refused_also_when_the_network_forgot_to() {
    let s = scene_of(|request| match request.url.path() {
        "/robots.txt" => Ok(missing()),
        "/a" => Err(NetworkError::TooLarge { url: request.url.to_string(), bytes_max: request.limits.body_bytes_max }),
        _ => Ok(answer(200, &[("content-type", "text/html")], vec![b'x'; BYTES_MAX + 1])),
    });
    for url in ["https://example.org/a", "https://example.org/b"] {
        let error = s.fetch(url).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge { bytes_max: BYTES_MAX, .. }), "{error}");
        assert_eq!(error.retry(), Retry::Never);
    }
}

#[tokio::test]
async fn a_broken_exchange_may_be_tried_again() {
    let s = scene_of(|request| match request.url.path() {
        "/robots.txt" => Ok(missing()),
        _ => Err(NetworkError::Broken { url: request.url.to_string(), cause: "reset".into() }),
    });
    let error = s.fetch("https://example.org/a").await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }) && error.retry() == Retry::Later, "{error}");
}

#[tokio::test]
async fn each_request_is_paid_for_and_a_denial_says_when_there_is_more() {
    let store = store();
    let clock = Arc::new(Jumping(Mutex::new(at("2026-03-01T10:00Z"))));
    let network = Arc::new(SimulatedNetwork::new(|request: &Request| {
        Ok(if request.url.path() == "/robots.txt" { missing() } else { html("hi") })
    }));
    let ledger = Ledger::new(store.db.clone(), Caps { qstash_messages: 0, web_requests: 3, concepts: 0 });
    let door = Door::new(network.clone(), ledger.clone(), clock.clone());
    let fetcher = Fetcher::new(Arc::new(door), store.db.clone(), clock.clone(), settings()).unwrap();
    let fetch = async |text: &str| fetcher.fetch(&Url::parse(text).unwrap(), &concept(1)).await;
    fetch("https://a.example/1").await.unwrap();
    fetch("https://a.example/2").await.unwrap();
    for url in ["https://a.example/3", "https://b.example/1"] {
        let error = fetch(url).await.unwrap_err();
        assert!(error.to_string().starts_with(&format!("{url}: web requests: 1 needed, 0 of 3 left")), "{error}");
        assert_eq!(error.retry(), Retry::At(at("2026-03-02")));
    }
    assert_eq!(network.sent().len(), 3);
    ledger.stop(Resource::WebRequests, clock.now()).unwrap();
    assert_eq!(fetch("https://a.example/3").await.unwrap_err().retry(), Retry::Later);
}

#[test]
fn nobody_fetches_without_a_contact() {
    let s = scene(|_| missing());
    for contact in ["", "  ", "a\nb@c", "é@example.org", "me) evil (x"] {
        let settings = Settings { contact: contact.into(), ..settings() };
        let refused = Fetcher::new(s.get.clone(), s.store.db.clone(), s.clock.clone(), settings);
        assert!(refused.is_err_and(|error| error.contact == contact));
    }
}
