//! The console as a browser meets it: real sockets, a real database, a clock that stands still.

use std::net::SocketAddr;
use std::sync::Arc;

use assay_budget::{Caps, Ledger};
use assay_console::{Console, router};
use assay_corpus::Corpus;
use assay_messages::{Engine, EngineSettings, Secret, SigningKeys};
use assay_research::Views;
use assay_research::prices::Prices;
use assay_storage::Database;
use assay_units::{Seed, Timestamp};
use assay_world::network::SimulatedNetwork;
use assay_world::{NetworkError, SimulatedClock, SimulatedEntropy, World};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Scene {
    _dir: TempDir,
    address: SocketAddr,
    engine: Engine,
}

/// An answer: status line and headers, then the body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

async fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let schemas = [assay_budget::SCHEMA, assay_messages::SCHEMA, assay_corpus::SCHEMA, assay_research::SCHEMA];
    let database = Database::open(dir.path(), &schemas).unwrap();
    let refused = |request: &assay_world::Request| {
        Err(NetworkError::Refused { url: request.url.to_string(), reason: "there is no network".into() })
    };
    let world = World {
        clock: Arc::new(SimulatedClock::new(Timestamp::parse("2026-03-02T14:05Z").unwrap())),
        entropy: Arc::new(SimulatedEntropy::new(Seed(1))),
        network: Arc::new(SimulatedNetwork::new(refused)),
    };
    let ledger = Ledger::new(database.clone(), Caps { qstash_messages: 450, web_requests: 500, concepts: 50 });
    let keys = SigningKeys { current: Secret::new("sig_a"), next: Secret::new("sig_b") };
    let settings = EngineSettings::local(Secret::new("token"));
    let engine = Engine::new(database.clone(), world.clone(), keys, settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let console = Console {
        views: Views::new(database.clone(), ledger.clone()),
        ledger,
        engine: Some(engine.clone()),
        pipeline: None,
        prices: Prices::new(database.clone(), dir.path()),
        corpus: Corpus::new(database.clone()),
        database,
        world,
        listen: address.to_string(),
        allowed_hosts: vec![format!("localhost:{}", address.port())],
    };
    tokio::spawn(async move { axum::serve(listener, router(console)).await.unwrap() });
    Scene { _dir: dir, address, engine }
}

impl Scene {
    async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses a large body closes before it has read all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    async fn get(&self, path: &str) -> Answer {
        let host = self.address;
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    }

    async fn post_as(&self, path: &str, headers: &str, body: &str) -> Answer {
        let (host, length) = (self.address, body.len());
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await
    }

    async fn post(&self, path: &str, body: &str) -> Answer {
        self.post_as(path, &format!("Origin: http://{}\r\n", self.address), body).await
    }
}

#[tokio::test]
async fn every_page_answers_with_its_guards() {
    let s = scene().await;
    let pages = ["/", "/?verdict=weak", "/concepts/new", "/budget", "/messages", "/data", "/strategies"];
    for path in pages.into_iter().chain(["/strategies/sma_cross", "/search", "/search?q=moving+average"]) {
        let answer = s.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.contains("<h1>"), "{path}");
        assert!(!answer.body.contains("<script") && !answer.body.contains(" style=\""), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(!answer.body.contains("http-equiv=\"refresh\""), "{path}: nothing is at work");
    }
    for (path, status) in
        [("/nothing", 404), ("/concepts/c_000000000000", 404), ("/strategies/x", 404), ("/?verdict=x", 400)]
    {
        let answer = s.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("content-security-policy").is_some() && answer.body.contains("All concepts"), "{path}");
    }
}

#[tokio::test]
async fn the_style_sheet_is_where_pages_say_and_may_be_kept() {
    let s = scene().await;
    let page = s.get("/").await.body;
    let path = page.split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let css = s.get(path).await;
    assert_eq!(css.status, 200);
    assert!(css.header("content-type").unwrap().starts_with("text/css"));
    assert!(css.header("cache-control").unwrap().contains("immutable"));
}

#[tokio::test]
async fn a_strange_host_is_refused_and_a_named_one_is_not() {
    let s = scene().await;
    for host in ["evil.test", "evil.test:80", "127.0.0.1", "127.0.0.1:1", ""] {
        let answer = s.raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(answer.status, 421, "{host}");
        assert!(answer.header("content-security-policy").is_some());
    }
    let two = format!("GET / HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\nConnection: close\r\n\r\n", s.address);
    assert!(s.raw(&two).await.status >= 400);
    assert_eq!(s.raw("GET / HTTP/1.0\r\nConnection: close\r\n\r\n").await.status, 421);
    let host = format!("LOCALHOST:{}", s.address.port());
    let named = s.raw(&format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    assert_eq!(named.status, 200);
}

#[tokio::test]
async fn only_a_form_of_ours_changes_anything() {
    let s = scene().await;
    for headers in ["", "Origin: http://evil.test\r\n", "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        for path in ["/concepts", "/budget/web_requests/stop", "/nothing"] {
            assert_eq!(s.post_as(path, headers, "text=golden+cross").await.status, 403, "{headers} {path}");
        }
    }
    assert!(!s.get("/").await.body.contains("golden cross</a>"));
    let own = s.post_as("/concepts", "Origin: null\r\nSec-Fetch-Site: same-origin\r\n", "text=golden+cross").await;
    assert_eq!(own.status, 303);
}

#[tokio::test]
async fn a_concept_is_added_once_and_shown() {
    let s = scene().await;
    let added = s.post("/concepts", "text=golden+cross+%3Cb%3E&note=50+and+200&symbols=").await;
    assert_eq!(added.status, 303);
    let place = added.header("location").unwrap().to_owned();
    let page = s.get(&place).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("golden cross &lt;b&gt;") && !page.body.contains("cross <b>"));
    assert!(page.body.contains("http-equiv=\"refresh\" content=\"2\""), "it is at work");
    assert!(!s.get(&format!("{place}?live=off")).await.body.contains("http-equiv=\"refresh\""));
    let list = s.get("/").await.body;
    assert!(list.contains(&format!("href=\"{place}\"")) && list.contains("aria-current=\"step\""));
    assert!(s.get("/?verdict=weak").await.body.contains("No concept has this verdict"));
    let again = s.post("/concepts", "text=Golden+cross+%3Cb%3E.").await;
    assert_eq!(again.header("location"), Some(place.as_str()));
    for (file, kind) in [("html", "text/html"), ("md", "text/markdown"), ("json", "application/json")] {
        let report = s.get(&format!("{place}/report.{file}")).await;
        assert_eq!(report.status, 200, "{file}");
        assert!(report.header("content-type").unwrap().starts_with(kind));
        assert!(report.header("content-disposition").unwrap().contains("golden-cross-b-c_"), "{file}");
        let unsafe_inline = report.header("content-security-policy").unwrap().contains("style-src 'unsafe-inline'");
        assert_eq!(unsafe_inline, file == "html");
    }
    assert_eq!(s.get(&format!("{place}/report.exe")).await.status, 404);
    assert_eq!(s.post(&format!("{place}/retry"), "").await.status, 409, "it is still at work");
}

#[tokio::test]
async fn a_refused_form_keeps_what_was_typed_and_says_why() {
    let s = scene().await;
    let answer = s.post("/concepts", "text=golden+cross&urls=javascript%3Aalert(1)&note=keep+me").await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("role=\"alert\"") && answer.body.contains("begins with javascript"));
    assert!(answer.body.contains("value=\"golden cross\"") && answer.body.contains("keep me"));
    assert_eq!(s.post("/concepts", "text=+").await.status, 400);
    let unknown = s.post("/concepts", "text=golden+cross&symbols=NOPE").await;
    assert!(unknown.status == 400 && unknown.body.contains("NOPE"));
    let large = format!("text=x&pine={}", "a".repeat(1_300_000));
    assert_eq!(s.post("/concepts", &large).await.status, 413);
}

#[tokio::test]
async fn the_crawler_is_stopped_and_resumed() {
    let s = scene().await;
    assert!(s.get("/budget").await.body.contains("Stop the crawler"));
    let stopped = s.post("/budget/web_requests/stop", "").await;
    assert_eq!((stopped.status, stopped.header("location")), (303, Some("/budget")));
    assert!(s.get("/budget").await.body.contains("Resume web requests"));
    assert_eq!(s.post("/budget/web_requests/resume", "").await.status, 303);
    assert!(s.get("/budget").await.body.contains("Stop the crawler"));
    assert_eq!(s.post("/budget/gold/stop", "").await.status, 404);
    assert_eq!(s.get("/budget/web_requests/stop").await.status, 405);
}

#[tokio::test]
async fn a_dead_letter_is_shown_replayed_and_deleted() {
    let s = scene().await;
    let mut headers = http::HeaderMap::new();
    headers.insert("upstash-retries", "0".parse().unwrap());
    headers.insert("upstash-label", "c_0123456789ab".parse().unwrap());
    s.engine.publish("http://127.0.0.1:9/hook", &headers, axum::body::Bytes::new()).unwrap();
    while s.engine.counts().unwrap().dead == 0 {
        s.engine.deliver_due().await.unwrap();
    }
    let page = s.get("/messages").await.body;
    assert!(page.contains("there is no network") && page.contains("/concepts/c_0123456789ab"));
    let form = |page: &str, verb: &str| {
        let end = page.find(&format!("/{verb}\"")).unwrap();
        let start = page[..end].rfind("action=\"").unwrap() + 8;
        format!("{}/{verb}", &page[start..end])
    };
    assert_eq!(s.post(&form(&page, "replay"), "").await.status, 303);
    assert_eq!(s.post(&form(&page, "replay"), "").await.status, 404, "it is gone");
    while s.engine.counts().unwrap().dead == 0 {
        s.engine.deliver_due().await.unwrap();
    }
    let page = s.get("/messages").await.body;
    assert_eq!(s.post(&form(&page, "delete"), "").await.status, 303);
    assert!(s.get("/messages").await.body.contains("There is none"));
}
