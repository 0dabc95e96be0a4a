//! The receiving side: is this delivery what the engine sent, to us, now?

use std::time::Duration;

use assay_units::Timestamp;
use http::HeaderMap;

use crate::{Secret, SigningKeys, VerifyError, signature};

/// Believes deliveries signed with one of two keys.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: SigningKeys,
    leeway: Duration,
}

/// A delivery that is what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryInfo {
    /// The same for all attempts of a message: what makes a second delivery a duplicate.
    pub message_id: String,
    /// 0 on the first attempt. The engine's word, not covered by the signature: for people only.
    pub retried: u32,
    /// The token's name; different for each attempt, so one that comes twice was recorded and sent again.
    pub jti: String,
}

impl Verifier {
    /// `leeway` forgives that much difference between the engine's clock and ours.
    pub fn new(current: Secret, next: Secret, leeway: Duration) -> Verifier {
        Verifier { keys: SigningKeys { current, next }, leeway }
    }

    /// Verifies the exact bytes of `body` and the exact `url` that the message was published to.
    pub fn verify_delivery(
        &self,
        headers: &HeaderMap,
        url: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<DeliveryInfo, VerifyError> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let token = headers.get(signature::HEADER).ok_or(VerifyError::Missing)?;
        let token = token.to_str().map_err(|_| VerifyError::Malformed("not a text"))?;
        let claims = signature::verify(&self.keys, token.trim(), url, body, now, self.leeway)?;
        let message_id = text("upstash-message-id").filter(|id| !id.is_empty());
        Ok(DeliveryInfo {
            message_id: message_id.ok_or(VerifyError::Malformed("no Upstash-Message-Id"))?.to_owned(),
            retried: text("upstash-retried").and_then(|text| text.parse().ok()).unwrap_or(0),
            jti: claims.jti,
        })
    }
}
