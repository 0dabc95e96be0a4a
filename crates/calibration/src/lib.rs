//! How often is the verdict wrong? Markets without an edge and markets with one, each judged as a concept would be.

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
