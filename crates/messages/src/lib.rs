//! Messages that arrive: a QStash-compatible engine, its server, a client for it and for the hosted service, and the
//! signatures that let a webhook believe what it is told. Knows nothing of what the messages are about.
//!
//! publish (`client` -> `server` -> `engine`) -> due -> signed delivery (`engine::deliver`) -> `webhook` verifies.
//! The port is the wire protocol: [`Client`] speaks to our [`Engine`] behind [`router`] and to Upstash alike.

mod client;
mod duration;
mod engine;
mod event;
mod schema;
mod secret;
mod server;
mod signature;
mod webhook;
mod wire;

pub use client::{Client, ClientError, Publish, Published};
pub use engine::{
    Answer, Backoff, Counts, DeadLetter, Destinations, Engine, EngineError, EngineSettings, EventFilter, Message,
    MessageState, Next, PublishError, after_attempt,
};
pub use event::{Event, EventState, Events};
pub use schema::SCHEMA;
pub use secret::Secret;
pub use server::router;
pub use signature::{Claims, SigningKeys, VerifyError, sign, verify};
pub use webhook::{DeliveryInfo, Verifier};
