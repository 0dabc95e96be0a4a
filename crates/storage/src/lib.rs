//! Where state is kept, and who may hold it.
//!
//! [`Database`]: durable transactions over one file, with migrations by part. [`InstanceLock`]: one running program per
//! directory. No engine's name leaves `database/`; SQL is written once, by the part that owns the table.

mod database;
mod instance_lock;

pub use database::{Database, DatabaseError, Migration, OpenError, Row, Schema, Tx, Value};
pub use instance_lock::{InstanceLock, LockError};
