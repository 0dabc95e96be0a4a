//! The ledger and the door on a real database: order, crashes, midnights, threads, and a provider that bills what it likes.

mod door;
mod ledger;
mod properties;

use assay_budget::{Caps, Ledger, Permit, Resource, SCHEMA};
use assay_storage::Database;
use assay_units::Timestamp;
use tempfile::TempDir;

const CAPS: Caps = Caps { qstash_messages: 450, web_requests: 5, concepts: 50 };

struct Fixture {
    dir: TempDir,
    database: Database,
    ledger: Ledger,
}

fn fixture(caps: Caps) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path(), &[SCHEMA]).unwrap();
    let ledger = Ledger::new(database.clone(), caps);
    Fixture { dir, database, ledger }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn reserve(ledger: &Ledger, resource: Resource, units: u64, now: Timestamp) -> Permit {
    ledger.reserve(resource, units, "test", Some("c_1"), now).unwrap().unwrap()
}
