//! The crate as its users see it: a scrape, and log lines with canaries planted.

mod lines;
mod scrape;
