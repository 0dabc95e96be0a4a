//! Signatures: golden tokens, and nothing that was changed by as much as a bit is believed.

use std::time::Duration;

use assay_messages::{Secret, SigningKeys, VerifyError, sign, verify};
use assay_units::Timestamp;
use http::HeaderMap;
use proptest::prelude::*;

use crate::{CURRENT, NEXT, keys, verifier};

// Made with Python's hmac, hashlib, base64 and json modules from the documented form: `nbf` 0, body hash padded and not.
const PADDED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJVcHN0YXNoIiwic3ViIjoiaHR0cHM6Ly9leGFtcGxlLm9yZy93ZWJob29rcy9yZXNlYXJjaD9hPWIiLCJleHAiOjE3NjQwMDAzMDAsIm5iZiI6MCwiaWF0IjoxNzY0MDAwMDAwLCJqdGkiOiJqd3RfMDEyMzQ1Njc4OWFiY2RlZiIsImJvZHkiOiJrNkk1Y2FrVTVlckw4S2pTVVZUTm93bkR3Y2N2dTVrVTFIeGc4OHRvRllnPSJ9.vB3rvXdw62xwhJtd-r9uaFaOw-C7BxAJXuHCClnXkt4";
const UNPADDED_EMPTY: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJVcHN0YXNoIiwic3ViIjoiaHR0cHM6Ly9leGFtcGxlLm9yZy93ZWJob29rcy9yZXNlYXJjaD9hPWIiLCJleHAiOjE3NjQwMDAzMDAsIm5iZiI6MCwiaWF0IjoxNzY0MDAwMDAwLCJqdGkiOiJqd3RfMDEyMzQ1Njc4OWFiY2RlZiIsImJvZHkiOiI0N0RFUXBqOEhCU2EtX1RJbVctNUpDZXVRZVJrbTVOTXBKV1pHM2hTdUZVIn0.mzMGGylMYr4oPLh_xPp8hhsHdIeRhIKkJD1KNKGElKc";
const URL: &str = "https://example.org/webhooks/research?a=b";
const BODY: &[u8] = br#"{"hello":"world"}"#;
const ISSUED: Timestamp = Timestamp::from_seconds(1_764_000_000);
const TTL: Duration = Duration::from_secs(300);

fn check(token: &str, url: &str, body: &[u8], now: Timestamp) -> Result<String, &'static str> {
    verify(&keys(), token, url, body, now, Duration::ZERO).map(|claims| claims.jti).map_err(|error| error.code())
}

#[test]
fn our_token_is_the_golden_one_to_the_byte() {
    let token = sign(&Secret::new(CURRENT), URL, BODY, ISSUED, "jwt_0123456789abcdef", TTL);
    assert_eq!(token, PADDED);
}

#[test]
fn golden_tokens_are_believed_with_and_without_padding() {
    assert_eq!(check(PADDED, URL, BODY, ISSUED).as_deref(), Ok("jwt_0123456789abcdef"));
    assert_eq!(check(UNPADDED_EMPTY, URL, b"", ISSUED).as_deref(), Ok("jwt_0123456789abcdef"));
    let claims = verify(&keys(), PADDED, URL, BODY, ISSUED, Duration::ZERO).unwrap();
    assert_eq!((claims.url.as_str(), claims.issued_at, claims.expires_at), (URL, ISSUED, ISSUED + TTL));
}

#[test]
fn each_fault_has_its_code() {
    let last = ISSUED + TTL - Duration::from_secs(1);
    assert!(check(PADDED, URL, BODY, last).is_ok());
    for (token, url, body, now, code) in [
        ("", URL, BODY, ISSUED, "missing"),
        ("abc", URL, BODY, ISSUED, "malformed"),
        ("a.b.c", URL, BODY, ISSUED, "malformed"),
        (PADDED, "https://example.org/webhooks/validate?a=b", BODY, ISSUED, "wrong_subject"),
        (PADDED, "https://example.org/webhooks/research?a=b/", BODY, ISSUED, "wrong_subject"),
        (PADDED, URL, br#"{"hello":"World"}"#, ISSUED, "body_mismatch"),
        (PADDED, URL, b"", ISSUED, "body_mismatch"),
        (PADDED, URL, BODY, ISSUED + TTL, "expired"),
    ] {
        assert_eq!(check(token, url, body, now), Err(code), "{token} {url}");
    }
    assert_eq!(check(&"a".repeat(20_000), URL, BODY, ISSUED), Err("malformed"));
    let forged = sign(&Secret::new("sig_other"), URL, BODY, ISSUED, "jwt_1", TTL);
    assert_eq!(check(&forged, URL, BODY, ISSUED), Err("bad_signature"));
}

/// A token with any header and claims, signed with the current key.
fn signed(header: &str, claims: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    use hmac::{Hmac, KeyInit, Mac};
    let signed = format!("{}.{}", B64.encode(header), B64.encode(claims));
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(CURRENT.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", B64.encode(mac.finalize().into_bytes()))
}

#[test]
fn claims_and_algorithms_of_others_are_refused_even_when_signed() {
    const JWT: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
    let body = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
    let claims = |iss: &str, exp: i64, nbf: i64| {
        format!(r#"{{"iss":"{iss}","sub":"{URL}","exp":{exp},"nbf":{nbf},"iat":0,"jti":"j","body":"{body}"}}"#)
    };
    let (now, max) = (ISSUED.seconds(), i64::MAX);
    for (header, claims, expected) in [
        (JWT, claims("Upstash", max, 0), Ok("j".to_owned())),
        (r#"{"alg":"HS256"}"#, claims("Upstash", max, now), Ok("j".to_owned())),
        (r#"{"alg":"none"}"#, claims("Upstash", max, 0), Err("wrong_algorithm")),
        (r#"{"alg":"HS512","typ":"JWT"}"#, claims("Upstash", max, 0), Err("wrong_algorithm")),
        (JWT, claims("upstash", max, 0), Err("wrong_issuer")),
        (JWT, claims("Upstash", i64::MIN, 0), Err("expired")),
        (JWT, claims("Upstash", max, now + 1), Err("not_yet_valid")),
        (JWT, "{}".to_owned(), Err("malformed")),
    ] {
        assert_eq!(check(&signed(header, &claims), URL, b"", ISSUED), expected, "{header} {claims}");
    }
    // `none` with no signature at all.
    let token = signed(r#"{"alg":"none"}"#, &claims("Upstash", max, 0));
    let bare = format!("{}.", token.rsplit_once('.').unwrap().0);
    assert_eq!(check(&bare, URL, b"", ISSUED), Err("wrong_algorithm"));
}

#[test]
fn keys_rotate_without_losing_a_message() {
    let old = SigningKeys { current: Secret::new("sig_old"), next: Secret::new(CURRENT) };
    for keys in [old, keys()] {
        assert!(verify(&keys, PADDED, URL, BODY, ISSUED, Duration::ZERO).is_ok());
    }
    let gone = SigningKeys { current: Secret::new(NEXT), next: Secret::new("sig_new") };
    let error = verify(&gone, PADDED, URL, BODY, ISSUED, Duration::ZERO).unwrap_err();
    assert_eq!(error, VerifyError::BadSignature);
}

#[test]
fn leeway_forgives_a_clock_that_is_ahead() {
    let late = ISSUED + TTL + Duration::from_secs(9);
    assert!(verify(&keys(), PADDED, URL, BODY, late, Duration::from_secs(10)).is_ok());
    assert!(verify(&keys(), PADDED, URL, BODY, late + Duration::from_secs(1), Duration::from_secs(10)).is_err());
}

#[test]
fn a_delivery_needs_its_token_and_its_message_id() {
    let mut headers = HeaderMap::new();
    let code = |headers: &HeaderMap| verifier().verify_delivery(headers, URL, BODY, ISSUED).map_err(|e| e.code());
    assert_eq!(code(&headers), Err("missing"));
    headers.insert("upstash-signature", PADDED.parse().unwrap());
    assert_eq!(code(&headers), Err("malformed"));
    headers.insert("upstash-message-id", "msg_1".parse().unwrap());
    headers.insert("upstash-retried", "2".parse().unwrap());
    let delivery = code(&headers).unwrap();
    assert_eq!((delivery.message_id.as_str(), delivery.retried), ("msg_1", 2));
}

proptest! {
    #[test]
    fn any_flipped_bit_of_a_token_is_refused(position in 0..PADDED.len() * 8) {
        let mut bytes = PADDED.as_bytes().to_vec();
        bytes[position / 8] ^= 1 << (position % 8);
        if let Ok(token) = String::from_utf8(bytes) {
            prop_assert!(check(&token, URL, BODY, ISSUED).is_err(), "{token}");
        }
    }

    #[test]
    fn any_flipped_bit_of_a_body_is_refused(mut body in prop::collection::vec(any::<u8>(), 1..200), bit: usize) {
        let token = sign(&Secret::new(CURRENT), URL, &body, ISSUED, "jwt_1", TTL);
        prop_assert!(check(&token, URL, &body, ISSUED).is_ok());
        let bit = bit % (body.len() * 8);
        body[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(check(&token, URL, &body, ISSUED), Err("body_mismatch"));
    }

    #[test]
    fn no_token_crashes_the_verifier(token in "\\PC{0,80}", parts in prop::collection::vec("[A-Za-z0-9_=-]{0,40}", 3)) {
        prop_assert!(check(&token, URL, BODY, ISSUED).is_err());
        prop_assert!(check(&parts.join("."), URL, BODY, ISSUED).is_err());
    }
}
