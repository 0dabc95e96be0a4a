//! What the budget counts, and how much of it a day may take.

use std::fmt;

/// Something of which a UTC day holds only so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Delivery attempts that the message provider may bill.
    QstashMessages,
    /// Pages fetched.
    WebRequests,
    /// Concepts admitted.
    Concepts,
}

impl Resource {
    /// All of them.
    pub const ALL: [Resource; 3] = [Resource::QstashMessages, Resource::WebRequests, Resource::Concepts];

    /// As in tables, labels and configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Resource::QstashMessages => "qstash_messages",
            Resource::WebRequests => "web_requests",
            Resource::Concepts => "concepts",
        }
    }

    /// Reads what `as_str` wrote.
    pub fn parse(text: &str) -> Option<Resource> {
        Resource::ALL.into_iter().find(|resource| resource.as_str() == text)
    }
}

/// For people: `QStash messages`.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resource::QstashMessages => "QStash messages",
            Resource::WebRequests => "web requests",
            Resource::Concepts => "concepts",
        })
    }
}

/// How many units of each resource a UTC day may take. A lower cap holds at once, also for what is spent already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Delivery attempts.
    pub qstash_messages: u64,
    /// Pages.
    pub web_requests: u64,
    /// Concepts.
    pub concepts: u64,
}

impl Caps {
    /// The cap of one resource.
    pub const fn of(&self, resource: Resource) -> u64 {
        match resource {
            Resource::QstashMessages => self.qstash_messages,
            Resource::WebRequests => self.web_requests,
            Resource::Concepts => self.concepts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_is_read_back_from_its_name() {
        for resource in Resource::ALL {
            assert_eq!(Resource::parse(resource.as_str()), Some(resource));
        }
        assert_eq!(Resource::parse("Concepts"), None);
    }
}
