//! Why a cost may not be incurred: an answer, not a failure. The caller defers what it wanted to do.

use assay_units::Timestamp;

use crate::Resource;

/// The guard said no. Nothing was reserved and nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The day's cap does not hold so much more.
    #[error("{resource}: {asked} needed, {left} of {cap} left today; the budget resets at {resets_at}")]
    CapReached {
        /// Of what.
        resource: Resource,
        /// Units asked for.
        asked: u64,
        /// Units that were left.
        left: u64,
        /// The day's cap.
        cap: u64,
        /// The next UTC midnight.
        resets_at: Timestamp,
    },
    /// A person switched this off.
    #[error("{resource}: stopped by hand at {since}")]
    Stopped {
        /// What.
        resource: Resource,
        /// When.
        since: Timestamp,
    },
}

impl Denied {
    /// The reason as a label: `cap_reached` or `stopped`.
    pub const fn reason(&self) -> &'static str {
        match self {
            Denied::CapReached { .. } => "cap_reached",
            Denied::Stopped { .. } => "stopped",
        }
    }

    /// Of what there is not enough.
    pub const fn resource(&self) -> Resource {
        match self {
            Denied::CapReached { resource, .. } | Denied::Stopped { resource, .. } => *resource,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_what_is_short_and_when_there_is_more() {
        let at = Timestamp::parse("2026-03-02").unwrap();
        let denied = Denied::CapReached { resource: Resource::Concepts, asked: 1, left: 0, cap: 50, resets_at: at };
        assert_eq!(
            denied.to_string(),
            "concepts: 1 needed, 0 of 50 left today; the budget resets at 2026-03-02T00:00:00.000Z"
        );
        let denied = Denied::Stopped { resource: Resource::WebRequests, since: at };
        assert_eq!(denied.to_string(), "web requests: stopped by hand at 2026-03-02T00:00:00.000Z");
    }
}
