//! The life of a concept in a whole small world: engine, pipeline and database in one process, on virtual time.
//!
//! `house` builds and moves the world, `wire` is its network with the faults that a seed decides. A failing simulation names
//! its seed, and the seed alone brings it back.

mod budgets;
mod crashes;
mod deliveries;
mod faults;
mod house;
mod life;
mod prices;
mod proposals;
mod sources;
mod wire;
