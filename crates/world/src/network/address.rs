//! Which addresses a page fetch may reach: the guard against a page that makes us knock on our own doors (SSRF).
//!
//! Checked three times: on the URL (here), on every address that its name resolves to (`real`), and again on each hop of a
//! redirect (by the fetcher, which sends each hop as a request of its own).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::Reach;

/// Whether an address belongs to the public internet. Addresses that embed an IPv4 address are judged by both.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, ..)                  // this network, private, loopback
            | (100, 64..=127, _)            // carrier-grade NAT
            | (169, 254, _)                 // link-local, cloud metadata
            | (172, 16..=31, _)             // private
            | (192, 168, _)                 // private
            | (192, 0, 0 | 2)               // protocol assignments, documentation
            | (192, 88, 99)                 // 6to4 relays
            | (198, 18..=19, _)             // benchmarks
            | (198, 51, 100)                // documentation
            | (203, 0, 113)                 // documentation
            | (224..=255, ..) // multicast, reserved, broadcast
    )
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low), // mapped ::ffff/96
        [0, 0, 0, 0, 0, 0, ..] => false,                           // unspecified, loopback, compatible ::/96
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low), // NAT64
        [0x64, 0xff9b, ..] => false,                               // local-use NAT64
        [0x100, 0, 0, 0, ..] => false,                             // discard
        [0x2001, 0x0db8, ..] | [0x3fff, ..] => false,              // documentation
        [0x2001, 0..=0x1ff, ..] => false,                          // Teredo, benchmarks, ORCHID
        [0x2002, high, low, ..] => embedded(high, low),            // 6to4
        [first, ..] => (0x2000..=0x3fff).contains(&first),         // global unicast, and nothing else
    }
}

/// Checks the parts of a URL that need no look-up. The text says which rule it broke.
pub fn check_url(url: &Url, reach: &Reach) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("the scheme {} is not http or https", url.scheme()));
    }
    let Reach::Public { also } = reach else { return Ok(()) };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it carries a user name or password".into());
    }
    let port = url.port_or_known_default().unwrap_or(0);
    let host = url.host().ok_or("it has no host")?;
    if also.contains(&format!("{host}:{port}")) {
        return Ok(());
    }
    if port != 80 && port != 443 {
        return Err(format!("port {port} is not 80 or 443"));
    }
    let public = match host {
        Host::Ipv4(v4) => is_public_v4(v4),
        Host::Ipv6(v6) => is_public_v6(v6),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            name != "localhost"
                && !name.ends_with(".localhost")
                && !name.ends_with(".local")
                && !name.ends_with(".internal")
        }
    };
    if public { Ok(()) } else { Err(format!("{host} is not a public address")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_an_inner_address_is_refused() {
        let reach = Reach::Public { also: vec![] };
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://172.31.255.255/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://192.0.2.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001::1]/",
            "http://[::7f00:1]/",
            "http://[fe80::1]/",
            "http://[fc00::1]/",
            "http://[fd12::1]/",
            "http://[ff02::1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://metadata.google.internal/",
            "http://example.org:8080/",
            "http://u:p@example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
        ] {
            let url = Url::parse(text).unwrap();
            assert!(check_url(&url, &reach).is_err(), "{text} got through");
        }
        for text in
            ["https://example.org/", "http://93.184.216.34/", "https://[2606:2800:220:1::1]/", "http://172.32.0.1/"]
        {
            check_url(&Url::parse(text).unwrap(), &reach).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }

    #[test]
    fn an_exception_names_one_host_and_one_port() {
        let reach = Reach::Public { also: vec!["127.0.0.1:4321".into()] };
        assert!(check_url(&Url::parse("http://127.0.0.1:4321/x").unwrap(), &reach).is_ok());
        assert!(check_url(&Url::parse("http://127.0.0.1:4322/x").unwrap(), &reach).is_err());
        assert!(check_url(&Url::parse("http://[::1]:4321/x").unwrap(), &reach).is_err());
    }
}
