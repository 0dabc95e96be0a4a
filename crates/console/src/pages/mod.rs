//! One file a page: views in, markup out. Nothing here reads the database.

pub(crate) mod budget;
pub(crate) mod concept;
pub(crate) mod concepts;
pub(crate) mod data;
pub(crate) mod layout;
pub(crate) mod messages;
pub(crate) mod problem;
pub(crate) mod search;
pub(crate) mod strategies;
