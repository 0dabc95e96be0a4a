//! robots.txt: what an answer for it means (RFC 9309), and the table that keeps it for a day.

use std::time::Duration;

use assay_storage::{Database, DatabaseError};
use assay_units::Timestamp;
use http::StatusCode;
use robotxt::{BYTE_LIMIT, Robots};
use url::Url;

/// Our name in robots.txt: the bare product token, since some parsers do not match one with a version.
pub const PRODUCT: &str = "assay";
/// An answer is kept no longer than this (RFC 9309, 2.4).
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// A failure is asked about again sooner: it closes the whole host.
const UNREACHABLE_KEPT: Duration = Duration::from_secs(3600);

/// The cache: one row per scheme, host and port.
pub const ROBOTS_TABLE: &str = "
    CREATE TABLE corpus_robots (
        origin TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('rules', 'none', 'unreachable')),
        rules BLOB NOT NULL,
        fetched_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// What is known of an origin's robots.txt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The file.
    Rules(Vec<u8>),
    /// There is none: everything is open.
    None,
    /// It could not be read: everything is closed.
    Unreachable,
}

/// An answer and how long it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub answer: Answer,
    pub until: Timestamp,
}

impl Answer {
    /// What a status other than a redirect means. 429 is a server in trouble, not a missing file.
    pub fn of(status: StatusCode, body: &[u8]) -> Answer {
        match status {
            StatusCode::TOO_MANY_REQUESTS => Answer::Unreachable,
            status if status.is_success() => Answer::Rules(first_lines(body).to_vec()),
            status if status.is_client_error() || status.is_redirection() => Answer::None,
            _ => Answer::Unreachable,
        }
    }

    /// Until when the answer may be used.
    pub fn keep(self, now: Timestamp) -> Kept {
        let kept = if self == Answer::Unreachable { UNREACHABLE_KEPT } else { KEPT };
        Kept { until: now + kept, answer: self }
    }

    /// Whether the page is open to us, and the pause that the host asks for.
    pub fn judge(&self, url: &Url) -> (bool, Option<Duration>) {
        match self {
            Answer::Rules(text) => {
                let rules = Robots::parse(text, PRODUCT);
                (rules.is_url_allowed(url), rules.crawl_delay())
            }
            Answer::None => (true, None),
            Answer::Unreachable => (false, None),
        }
    }
}

/// As much as is parsed, cut at a line end: half a rule could close or open more than its author meant.
fn first_lines(body: &[u8]) -> &[u8] {
    match body.get(..BYTE_LIMIT) {
        Some(head) if body.len() > BYTE_LIMIT => {
            &head[..head.iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1)]
        }
        _ => body,
    }
}

/// What is kept for `origin` and still holds. An answer from the future, before a clock was set back, does not.
pub fn load(db: &Database, origin: &str, now: Timestamp) -> Result<Option<Kept>, DatabaseError> {
    let sql = "SELECT state, rules, expires_at FROM corpus_robots
               WHERE origin = ?1 AND fetched_at <= ?2 AND expires_at > ?2";
    db.read(|tx| {
        tx.row(sql, &[origin.into(), now.into()], |row| {
            let answer = match row.text(0)?.as_str() {
                "rules" => Answer::Rules(row.blob(1)?),
                "none" => Answer::None,
                _ => Answer::Unreachable,
            };
            Ok(Kept { answer, until: row.time(2)? })
        })
    })
}

/// Keeps an answer, and lets go of all that have run out.
pub fn store(db: &Database, origin: &str, kept: &Kept, now: Timestamp) -> Result<(), DatabaseError> {
    let (state, rules) = match &kept.answer {
        Answer::Rules(text) => ("rules", text.clone()),
        Answer::None => ("none", Vec::new()),
        Answer::Unreachable => ("unreachable", Vec::new()),
    };
    db.write(|tx| {
        tx.execute("DELETE FROM corpus_robots WHERE expires_at <= ?1", &[now.into()])?;
        tx.execute(
            "INSERT OR REPLACE INTO corpus_robots (origin, state, rules, fetched_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            &[origin.into(), state.into(), rules.into(), now.into(), kept.until.into()],
        )?;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rules: &str, path: &str) -> bool {
        let url = Url::parse("https://example.org").unwrap().join(path).unwrap();
        Answer::of(StatusCode::OK, rules.as_bytes()).judge(&url).0
    }

    #[test]
    fn rules_are_read_as_the_standard_says() {
        for (name, rules, path, expected) in [
            ("no file content", "", "/a", true),
            ("all closed", "User-agent: *\nDisallow: /", "/a", false),
            ("empty disallow", "User-agent: *\nDisallow:", "/a", true),
            ("our group only", "User-agent: assay\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", "/b", true),
            ("our group in another case", "User-Agent: ASSAY\nDisallow: /a", "/a", false),
            (
                "groups of one name are merged",
                "User-agent: assay\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: assay\nDisallow: /b",
                "/b",
                false,
            ),
            ("two names, one group", "User-agent: x\nUser-agent: assay\nDisallow: /a", "/a", false),
            ("longest match wins", "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true),
            ("allow wins ties", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true),
            ("star", "User-agent: *\nDisallow: /*.pdf", "/x/y.pdf?z", false),
            ("dollar", "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", true),
            ("query", "User-agent: *\nDisallow: /*?s=", "/x?s=1", false),
            ("percent-encoding", "User-agent: *\nDisallow: /%7Ejoe/", "/~joe/x", false),
            ("percent-encoding in another case", "User-agent: *\nDisallow: /caf%c3%a9", "/caf%C3%A9", false),
            ("a byte-order mark", "\u{feff}User-agent: *\nDisallow: /a", "/a", false),
            ("rules outside any group", "Disallow: /\nUser-agent: x\nDisallow: /", "/a", true),
            ("comments", "User-agent: * # all\nDisallow: /a # this", "/a", false),
            ("a page that is no robots.txt", "<html><body>Not here</body></html>", "/a", true),
        ] {
            assert_eq!(allowed(rules, path), expected, "{name}");
        }
    }

    #[test]
    fn a_missing_file_opens_and_a_failing_server_closes() {
        let url = Url::parse("https://example.org/a").unwrap();
        for (status, open) in
            [(200, true), (401, true), (403, true), (404, true), (410, true), (429, false), (500, false), (503, false)]
        {
            let answer = Answer::of(StatusCode::from_u16(status).unwrap(), b"");
            assert_eq!(answer.judge(&url).0, open, "{status}");
        }
    }

    #[test]
    fn the_pause_is_the_one_of_our_group() {
        let url = Url::parse("https://example.org/a").unwrap();
        let delay = |rules: &str| Answer::of(StatusCode::OK, rules.as_bytes()).judge(&url).1;
        assert_eq!(delay("User-agent: *\nCrawl-delay: 2.5"), Some(Duration::from_millis(2500)));
        assert_eq!(
            delay("User-agent: x\nCrawl-delay: 9\n\nUser-agent: assay\nCrawl-delay: 3"),
            Some(Duration::from_secs(3))
        );
        assert_eq!(delay("User-agent: *\nCrawl-delay: -1"), None);
        assert_eq!(delay("User-agent: *\nDisallow: /x"), None);
    }

    #[test]
    fn a_long_file_is_cut_at_a_line_and_a_late_rule_is_not_seen() {
        let early = "User-agent: *\nDisallow: /early\n".to_owned();
        let long = early.clone() + &"# filler\n".repeat(BYTE_LIMIT / 9) + "Disallow: /late\n";
        assert!(long.len() > BYTE_LIMIT);
        assert!(!allowed(&long, "/early") && allowed(&long, "/late"));
        assert_eq!(first_lines(&vec![b'x'; BYTE_LIMIT + 1]), b"");
    }
}
