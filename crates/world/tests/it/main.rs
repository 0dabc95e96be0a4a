//! The real network against a loopback server that misbehaves.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use assay_world::network::RealNetwork;
use assay_world::{Limits, Network, NetworkError, Reach, Request, Response};
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// Serves every connection with `answer` on a thread of its own.
fn serve(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0; 1];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            answer(&mut stream);
        }
    });
    address
}

async fn get(url: &str, limits: Limits, reach: Reach) -> Result<Response, NetworkError> {
    let request = Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
        limits,
        reach,
    };
    RealNetwork::new().send(request).await
}

const LIMITS: Limits = Limits { time_max: Duration::from_secs(5), body_bytes_max: 1 << 20 };

fn only(address: SocketAddr) -> Reach {
    Reach::Public { also: vec![address.to_string()] }
}

#[tokio::test]
async fn an_answer_is_read_whole_and_a_redirect_is_not_followed() {
    let address = serve(|s| {
        s.write_all(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 5\r\n\r\nmoved").unwrap();
    });
    let answer = get(&format!("http://{address}/"), LIMITS, only(address)).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (StatusCode::FOUND, &b"moved"[..]));
}

#[tokio::test]
async fn a_gzip_bomb_ends_at_the_bound() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..256 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let address = serve(move |s| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
        let _ = s.write_all(head.as_bytes()).and_then(|()| s.write_all(&bomb));
    });
    let error = get(&format!("http://{address}/"), LIMITS, only(address)).await.unwrap_err();
    assert!(matches!(error, NetworkError::TooLarge { bytes_max: 1_048_576, .. }), "{error:?}");
    assert!(!error.proves_unsent());
}

#[tokio::test]
async fn a_body_that_never_ends_runs_into_the_deadline() {
    let address = serve(|s| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").unwrap();
        while s.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let limits = Limits { time_max: Duration::from_millis(200), ..LIMITS };
    let error = get(&format!("http://{address}/"), limits, only(address)).await.unwrap_err();
    assert!(matches!(error, NetworkError::Timeout { .. }), "{error:?}");
    assert!(!error.proves_unsent() && error.retry());
}

#[tokio::test]
async fn only_a_failure_to_connect_proves_that_nothing_was_sent() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&format!("http://{closed}/"), LIMITS, Reach::Configured).await.unwrap_err();
    assert!(matches!(error, NetworkError::Connect { .. }) && error.proves_unsent(), "{error:?}");

    let no_such_host = get("http://no-such-host.invalid/", LIMITS, Reach::Public { also: vec![] }).await.unwrap_err();
    assert!(no_such_host.proves_unsent(), "{no_such_host:?}");

    let broken = serve(|s| drop(s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")));
    let error = get(&format!("http://{broken}/"), LIMITS, only(broken)).await.unwrap_err();
    assert!(matches!(error, NetworkError::Broken { .. }) && !error.proves_unsent(), "{error:?}");

    let mute = serve(|_| {});
    let error = get(&format!("http://{mute}/"), LIMITS, only(mute)).await.unwrap_err();
    assert!(!error.proves_unsent(), "{error:?}");
}

#[tokio::test]
async fn a_loopback_server_is_reached_by_its_exact_name_only() {
    let address = serve(|s| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap());
    let port = address.port();
    for url in [
        format!("http://localhost:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://127.0.0.1:{}/", port ^ 1),
    ] {
        let error = get(&url, LIMITS, only(address)).await.unwrap_err();
        assert!(matches!(error, NetworkError::Refused { .. }), "{url}: {error:?}");
    }
    // The same server in another spelling: the URL parser makes it the same name.
    assert!(get(&format!("http://2130706433:{port}/"), LIMITS, only(address)).await.is_ok());
    assert!(get(&format!("http://localhost:{port}/"), LIMITS, Reach::Configured).await.is_ok());
}
