//! The engine on a real database: over a network that is a function and a clock that we move, and over real sockets.

mod engine;
mod http;
mod signature;

use std::sync::Arc;

use assay_messages::{EngineSettings, SCHEMA, Secret, SigningKeys, Verifier};
use assay_storage::Database;
use assay_units::Timestamp;
use tempfile::TempDir;

/// The published test credentials of the hosted service's local development server.
const CURRENT: &str = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r";
const NEXT: &str = "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs";
const TOKEN: &str = "token";

fn keys() -> SigningKeys {
    SigningKeys { current: Secret::new(CURRENT), next: Secret::new(NEXT) }
}

fn verifier() -> Verifier {
    Verifier::new(Secret::new(CURRENT), Secret::new(NEXT), std::time::Duration::ZERO)
}

fn settings() -> EngineSettings {
    EngineSettings::local(Secret::new(TOKEN))
}

fn database() -> (TempDir, Database) {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::open(dir.path(), &[SCHEMA]).unwrap();
    (dir, database)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

type Shared<T> = Arc<std::sync::Mutex<T>>;
