//! How often is the verdict wrong? Markets without an edge and markets with one, each judged as a concept would be.

pub mod chance;
pub mod market;
pub mod planted;
pub mod shape;
