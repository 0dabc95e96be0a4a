//! Reports of a constructed concept, and the console over real sockets on a real database.

mod console;
mod fixture;
mod reports;
