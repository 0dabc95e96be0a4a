//! What people look at: console pages and reports, rendered from views.
//!
//! `server` (routes, guard, problems) -> `pages` (one file a page) -> `sections` (parts that pages and reports share) ->
//! `charts` (SVG) and `figures` (numbers in words). [`report`] makes files of the same sections. Pages work without scripts;
//! nothing here decides anything about concepts, and nothing is written but by the forms in `server::forms`.

mod assets;
mod charts;
mod figures;
mod pages;
pub mod report;
mod sections;
mod server;

use assay_budget::Ledger;
use assay_corpus::Corpus;
use assay_messages::Engine;
use assay_research::prices::Prices;
use assay_research::{Pipeline, Views};
use assay_storage::Database;
use assay_world::World;

pub use server::router;

/// Everything that the pages read, and what the forms write through. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    /// What is known of concepts.
    pub views: Views,
    /// The budget's book.
    pub ledger: Ledger,
    /// The message engine; absent where a hosted one delivers.
    pub engine: Option<Engine>,
    /// What is at work; absent where another process works.
    pub pipeline: Option<Pipeline>,
    /// Data sets.
    pub prices: Prices,
    /// Documents.
    pub corpus: Corpus,
    /// Where forms write.
    pub database: Database,
    /// Clock and chance.
    pub world: World,
    /// Where it listens: `127.0.0.1:8000`. Always a host that requests may name.
    pub listen: String,
    /// Further hosts that requests may name, as browsers write them: `localhost:8000`.
    pub allowed_hosts: Vec<String>,
}
