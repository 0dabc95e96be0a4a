//! Sources: what is written about a concept, from a folder, from the web or from the program's own catalogue.
//!
//! * [`fetch`]: pages over the network, politely and through the budget door. * [`extract`]: bytes -> [`Document`].
//! * [`sources`]: where documents come from besides the web. * [`passages`]: texts in pieces that can be quoted.
//! * [`index`]: the tables, and search by words and by likeness. * [`mod@mentions`]: indicators named in a text.
//!
//! Invariant: whatever is quoted is, byte for byte, the stored text at the offsets given with it.

mod document;
pub mod extract;
pub mod fetch;
pub mod index;
pub mod mentions;
pub mod passages;
pub mod sources;

pub use document::{CodeBlock, Document, Extractor, Quality, SourceDocument, SourceKind};
pub use fetch::{FetchError, Fetched, Fetcher, Retry};
pub use index::{CodeRecord, Corpus, Counts, DocumentId, DocumentRecord, Hit, PassageRecord, SCHEMA};
pub use mentions::{Mention, mentions};
pub use sources::{Archetype, ArchetypeError, FolderError};
