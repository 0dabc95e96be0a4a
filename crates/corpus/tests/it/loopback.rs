//! The fetcher over real sockets: what only a real client can get wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use assay_budget::{Caps, Door, Ledger};
use assay_corpus::fetch::{BYTES_MAX, Settings};
use assay_corpus::{FetchError, Fetched, Fetcher};
use assay_world::RealClock;
use assay_world::network::RealNetwork;
use url::Url;

use crate::{Store, concept, store};

/// Serves every connection on a thread; the answer is for the path that was asked for.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0; 1];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            answer(head.split(' ').nth(1).unwrap_or(""), &mut stream);
        }
    });
    address
}

fn respond(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    // The client may hang up in the middle; that is what some of these tests are about.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn gzip(body: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..times {
        encoder.write_all(body).unwrap();
    }
    encoder.finish().unwrap()
}

async fn fetch(store: &Store, address: SocketAddr, path: &str) -> Result<Fetched, FetchError> {
    let clock = Arc::new(RealClock);
    let ledger = Ledger::new(store.db.clone(), Caps { qstash_messages: 0, web_requests: 100, concepts: 0 });
    let door = Door::new(Arc::new(RealNetwork::new()), ledger, clock.clone());
    let settings = Settings {
        contact: "ops@assay.example".into(),
        delay: Duration::from_millis(1),
        also: vec![address.to_string()],
    };
    let fetcher = Fetcher::new(Arc::new(door), store.db.clone(), clock, settings).unwrap();
    fetcher.fetch(&Url::parse(&format!("http://{address}{path}")).unwrap(), &concept(1)).await
}

#[tokio::test]
async fn a_page_comes_through_the_door_and_a_gzip_bomb_does_not() {
    let page = gzip("<title>T</title><p>Buy low, sell high.".as_bytes(), 1);
    let bomb = gzip(&vec![b' '; 1 << 20], 256);
    assert!(bomb.len() < BYTES_MAX, "the bomb is small until it is decoded");
    let html = "200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip";
    let address = serve(move |path, stream| match path {
        "/page" => respond(stream, html, &page),
        "/bomb" => respond(stream, html, &bomb),
        "/inside" => respond(stream, "302 Found\r\nLocation: http://127.0.0.1:1/", b""),
        _ => respond(stream, "404 Not Found", b""),
    });
    let store = store();
    assert_eq!(fetch(&store, address, "/page").await.unwrap().body, "<title>T</title><p>Buy low, sell high.");
    let error = fetch(&store, address, "/bomb").await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { .. }), "{error}");
    let error = fetch(&store, address, "/inside").await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_bomb_for_robots_txt_closes_the_host() {
    let bomb = gzip(&vec![b'#'; 1 << 20], 64);
    let address = serve(move |_, stream| respond(stream, "200 OK\r\nContent-Encoding: gzip", &bomb));
    let error = fetch(&store(), address, "/page").await.unwrap_err();
    assert!(matches!(error, FetchError::RobotsUnreachable { .. }), "{error}");
}
