//! How often is the verdict wrong? Markets without an edge and markets with one, each judged as a concept would be.
//!
//! [`market`] makes prices in which nothing can be known, [`planted`] prices in which one thing can, as strong as is asked
//! for. [`concept`] draws strategies from the catalogue with their whole grids and has them judged by the code that research
//! uses, at its settings. [`study`] lists the markets of a calibration and makes a record of each; [`record`] keeps them, so
//! that a run goes on where it was cut off; [`report`] counts them and sets [`theory`] beside.
//!
//! Every market is a function of the seed and its number: the same seed gives the same figures on any number of threads.

pub mod chance;
pub mod concept;
pub mod market;
pub mod planted;
pub mod record;
pub mod report;
pub mod shape;
pub mod study;
pub mod tally;
pub mod theory;
