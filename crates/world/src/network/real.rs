//! Requests over real sockets, by reqwest: no redirects, no proxies, a filter in the resolver, caps while streaming.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{Network, NetworkError, Reach, Request, Response, check_url, is_public};

/// The network of this machine. Cheap to make: clients and TLS roots are set up on first use.
#[derive(Default)]
pub struct RealNetwork {
    public: OnceLock<Result<Set, String>>,
    configured: OnceLock<Result<Set, String>>,
}

/// A client and what it can do.
struct Set {
    client: Client,
    /// Why https is out of reach, when this machine holds no certificate authorities.
    https_problem: Option<String>,
}

#[expect(clippy::disallowed_types, reason = "the one home of the HTTP client")]
type Client = reqwest::Client;

impl RealNetwork {
    /// The engine.
    pub fn new() -> RealNetwork {
        RealNetwork::default()
    }

    fn client(&self, request: &Request) -> Result<&Client, NetworkError> {
        let url = &request.url;
        // An excepted host may well be a loopback name, so it goes by the unfiltered resolver.
        let excepted = |also: &[String]| {
            let port = url.port_or_known_default().unwrap_or(0);
            url.host().is_some_and(|host| also.contains(&format!("{host}:{port}")))
        };
        let client = match &request.reach {
            Reach::Public { also } if !excepted(also) => self.public.get_or_init(|| build(true)),
            _ => self.configured.get_or_init(|| build(false)),
        };
        let failed = |problem: &String| NetworkError::Connect { url: url.to_string(), cause: problem.clone().into() };
        let set = client.as_ref().map_err(failed)?;
        match &set.https_problem {
            Some(problem) if url.scheme() == "https" => Err(failed(problem)),
            _ => Ok(&set.client),
        }
    }
}

/// A machine without certificate authorities still speaks plain http, to its own loopback above all.
fn build(public_only: bool) -> Result<Set, String> {
    match builder(public_only).build() {
        Ok(client) => Ok(Set { client, https_problem: None }),
        Err(error) => {
            let problem = format!(
                "https needs certificate authorities and this machine has none ({}); install ca-certificates",
                error.source().map_or_else(|| error.to_string(), ToString::to_string)
            );
            let plain = builder(public_only).tls_certs_only(std::iter::empty()).build();
            let client = plain.map_err(|error| format!("the HTTP client cannot be set up: {error}"))?;
            Ok(Set { client, https_problem: Some(problem) })
        }
    }
}

#[expect(clippy::disallowed_types, reason = "the one home of the HTTP client")]
fn builder(public_only: bool) -> reqwest::ClientBuilder {
    // A second installation of the same provider is refused, which is fine: it is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(std::time::Duration::from_secs(10))
        .pool_max_idle_per_host(8);
    if public_only { builder.dns_resolver(Arc::new(PublicOnly)) } else { builder }
}

/// Resolves by the system and keeps public addresses only; the client connects to no others, so a name that changes its
/// answer between check and use gains nothing.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[async_trait]
impl Network for RealNetwork {
    async fn send(&self, request: Request) -> Result<Response, NetworkError> {
        let url = request.url.to_string();
        if let Err(reason) = check_url(&request.url, &request.reach) {
            return Err(NetworkError::Refused { url, reason });
        }
        let client = self.client(&request)?;
        let limits = request.limits;
        let exchange = async {
            let answer = client
                .request(request.method, request.url)
                .headers(request.headers)
                .body(request.body)
                .send()
                .await
                .map_err(|cause| failure(&url, cause))?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let body = bounded(answer, limits.body_bytes_max, &url).await?;
            Ok(Response { status, headers, body })
        };
        let timeout = || NetworkError::Timeout { url: url.clone(), time_max: limits.time_max };
        tokio::time::timeout(limits.time_max, exchange).await.map_err(|_| timeout())?
    }
}

/// Reads a body, counting decoded bytes as they come: a gzip bomb ends at the bound.
async fn bounded(mut answer: reqwest::Response, bytes_max: usize, url: &str) -> Result<Bytes, NetworkError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|cause| failure(url, cause))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(NetworkError::TooLarge { url: url.to_owned(), bytes_max });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn failure(url: &str, cause: reqwest::Error) -> NetworkError {
    let (url, connect) = (url.to_owned(), cause.is_connect());
    let cause = Box::new(cause.without_url());
    if connect { NetworkError::Connect { url, cause } } else { NetworkError::Broken { url, cause } }
}
