//! Signatures exactly as QStash makes them: a compact HS256 JWT whose claims bind a body to a destination for a while.
//!
//! The key is the text of the signing key (`sig_...` and all, not decoded). Verification looks at the current key, then at
//! the next one, so that keys can be rotated without losing a message.

use std::time::Duration;

use assay_units::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Secret;

/// The header that carries the token.
pub(crate) const HEADER: &str = "upstash-signature";
const ISSUER: &str = "Upstash";
/// Longest token that is looked at. Ours have about 500 characters and a destination.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The two keys of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// Signs.
    pub current: Secret,
    /// Is accepted too, and will sign after the next rotation.
    pub next: Secret,
}

/// What a verified token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The destination that the message was published to.
    pub url: String,
    /// The token's own name; fresh for each attempt.
    pub jti: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why a delivery is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// No token came with it.
    #[error("signature: the Upstash-Signature header is missing")]
    Missing,
    /// Not a JWT with the claims of QStash, or a header that belongs to a delivery is missing.
    #[error("signature: not understood: {0}")]
    Malformed(&'static str),
    /// Not HS256; `none` above all.
    #[error("signature: the algorithm is not HS256")]
    WrongAlgorithm,
    /// Neither key made it.
    #[error("signature: made with neither the current nor the next signing key")]
    BadSignature,
    /// Made by someone else.
    #[error("signature: the issuer is not Upstash")]
    WrongIssuer,
    /// Made for another address.
    #[error("signature: made for another destination")]
    WrongSubject,
    /// Too old.
    #[error("signature: expired")]
    Expired,
    /// From the future.
    #[error("signature: not valid yet")]
    NotYetValid,
    /// Made for another body.
    #[error("signature: made for another body")]
    BodyMismatch,
}

impl VerifyError {
    /// The reason as a label of metrics and a code in answers.
    pub const fn code(&self) -> &'static str {
        match self {
            VerifyError::Missing => "missing",
            VerifyError::Malformed(_) => "malformed",
            VerifyError::WrongAlgorithm => "wrong_algorithm",
            VerifyError::BadSignature => "bad_signature",
            VerifyError::WrongIssuer => "wrong_issuer",
            VerifyError::WrongSubject => "wrong_subject",
            VerifyError::Expired => "expired",
            VerifyError::NotYetValid => "not_yet_valid",
            VerifyError::BodyMismatch => "body_mismatch",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct JoseHeader {
    alg: String,
    typ: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct JwtClaims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    body: String,
}

/// A token for one delivery attempt of `body` to `url`, valid for `ttl` from `now`.
///
/// `nbf` is 0, as the hosted service has it: a receiver whose clock is behind must not refuse what is fresh.
pub fn sign(key: &Secret, url: &str, body: &[u8], now: Timestamp, jti: &str, ttl: Duration) -> String {
    let claims = JwtClaims {
        iss: ISSUER.to_owned(),
        sub: url.to_owned(),
        exp: (now + ttl).seconds(),
        nbf: 0,
        iat: now.seconds(),
        jti: jti.to_owned(),
        body: URL_SAFE.encode(Sha256::digest(body)),
    };
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).expect("plain fields"));
    let signed = format!("{header}.{claims}");
    let mac = URL_SAFE_NO_PAD.encode(mac(key, &signed).finalize().into_bytes());
    format!("{signed}.{mac}")
}

/// Whether `token` was made for exactly these bytes and this address and is valid at `now`, give or take `leeway`.
/// Claims are read only after the signature holds: nothing that a stranger wrote is interpreted.
pub fn verify(
    keys: &SigningKeys,
    token: &str,
    url: &str,
    body: &[u8],
    now: Timestamp,
    leeway: Duration,
) -> Result<Claims, VerifyError> {
    if token.is_empty() {
        return Err(VerifyError::Missing);
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(VerifyError::Malformed("the token is too long"));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed("not three parts"))?;
    let (header, claims) = signed.split_once('.').ok_or(VerifyError::Malformed("not three parts"))?;
    let header: JoseHeader = part(header)?;
    if header.alg != "HS256" {
        return Err(VerifyError::WrongAlgorithm);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| VerifyError::Malformed("not base64url"))?;
    let made_by = |key: &Secret| mac(key, signed).verify_slice(&signature).is_ok();
    if !made_by(&keys.current) && !made_by(&keys.next) {
        return Err(VerifyError::BadSignature);
    }
    let claims: JwtClaims = part(claims)?;
    if claims.iss != ISSUER {
        return Err(VerifyError::WrongIssuer);
    }
    if claims.sub != url {
        return Err(VerifyError::WrongSubject);
    }
    let leeway = i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX);
    if now.seconds() >= claims.exp.saturating_add(leeway) {
        return Err(VerifyError::Expired);
    }
    if now.seconds() < claims.nbf.saturating_sub(leeway) {
        return Err(VerifyError::NotYetValid);
    }
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(body));
    if !bool::from(hash.as_bytes().ct_eq(claims.body.trim_end_matches('=').as_bytes())) {
        return Err(VerifyError::BodyMismatch);
    }
    Ok(Claims { url: claims.sub, jti: claims.jti, issued_at: instant(claims.iat), expires_at: instant(claims.exp) })
}

/// Signed claims may still hold any number.
fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds.saturating_mul(1000))
}

fn mac(key: &Secret, signed: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(signed.as_bytes());
    mac
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, VerifyError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| VerifyError::Malformed("not base64url"))?;
    serde_json::from_slice(&bytes).map_err(|_| VerifyError::Malformed("not the fields of a token"))
}
