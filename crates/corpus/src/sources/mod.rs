//! Where documents come from besides the web: the operator's folder, and the program's own catalogue of archetypes.

pub mod catalogue;
pub mod folder;

pub use catalogue::{Archetype, ArchetypeError, as_document, parse_archetype};
pub use folder::{FolderError, documents};
