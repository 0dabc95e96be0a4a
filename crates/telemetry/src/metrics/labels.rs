//! The closed sets of label values. A new value is a compile error wherever it needs a thought.

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// A label, or a pair of labels, whose values are all known.
pub(super) trait ClosedLabel: Copy + PartialEq + 'static {
    /// Every value, in the order of exposition.
    fn every() -> Vec<Self>;
}

macro_rules! closed_label {
    ($(#[$doc:meta])* $name:ident, $key:literal, { $($(#[$value_doc:meta])* $value:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &'static [$name] = &[$($name::$value,)+];

            /// The label's value in the exposition.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$value => $text,)+ }
            }

            /// The value that is written so.
            pub fn parse(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl ClosedLabel for $name {
            fn every() -> Vec<$name> {
                $name::ALL.to_vec()
            }
        }

        impl EncodeLabelSet for $name {
            fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), std::fmt::Error> {
                ($key, self.as_str()).encode(encoder.encode_label())
            }
        }
    };
}

impl<A: ClosedLabel, B: ClosedLabel> ClosedLabel for (A, B) {
    fn every() -> Vec<(A, B)> {
        A::every().into_iter().flat_map(|a| B::every().into_iter().map(move |b| (a, b))).collect()
    }
}

closed_label! {
    /// Who found the best set of a permuted market.
    SearchedBy, "by", {
        /// The processor alone.
        Processor = "processor",
        /// A GPU nominated, the processor traded what may be the best.
        Gpu = "gpu",
        /// A GPU nominated too many, and the processor swept the market.
        Both = "both",
    }
}

closed_label! {
    /// What became of a concept.
    ConceptOutcome, "outcome", {
        /// Its best strategy may be more than luck.
        Plausible = "plausible",
        /// It passed the hard checks only.
        Weak = "weak",
        /// It failed a hard check.
        Rejected = "rejected",
        /// No strategy could be tested.
        NotTestable = "not_testable",
        /// It ended with an error.
        Failed = "failed",
    }
}

closed_label! {
    /// One message, one stage.
    Stage, "stage", {
        /// Find, fetch, read.
        Research = "research",
        /// Propose, sweep, judge.
        Validate = "validate",
    }
}

closed_label! {
    /// Where a message stands.
    QueueState, "state", {
        /// Waiting for its time.
        Pending = "pending",
        /// Being delivered.
        Active = "active",
    }
}

closed_label! {
    /// What the budget guards.
    Resource, "resource", {
        /// Deliveries that the message provider may bill.
        QstashMessages = "qstash_messages",
        /// Pages fetched.
        WebRequests = "web_requests",
        /// Concepts admitted.
        Concepts = "concepts",
    }
}

closed_label! {
    /// Why the budget said no.
    Denial, "reason", {
        /// The cap of the day is used up.
        CapReached = "cap_reached",
        /// A person stopped this part.
        Stopped = "stopped",
    }
}

closed_label! {
    /// What was wrong with a signature.
    SignatureFault, "reason", {
        /// There was none.
        Missing = "missing",
        /// Not three parts of base64, or no JSON inside.
        Malformed = "malformed",
        /// Not HS256.
        WrongAlgorithm = "wrong_algorithm",
        /// Neither key made it.
        BadSignature = "bad_signature",
        /// Made by someone else.
        WrongIssuer = "wrong_issuer",
        /// Made for another address.
        WrongSubject = "wrong_subject",
        /// Too old.
        Expired = "expired",
        /// From the future.
        NotYetValid = "not_yet_valid",
        /// Made for another body.
        BodyMismatch = "body_mismatch",
    }
}
