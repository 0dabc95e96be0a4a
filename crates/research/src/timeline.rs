//! What happened to a concept, one line an event.

use assay_storage::{DatabaseError, Tx};
use assay_units::{ConceptId, Timestamp};

/// Most lines kept of one concept; later ones are not written, the first ones explain how it began.
pub const TIMELINE_ROWS_MAX: i64 = 500;

/// Adds a line.
pub(crate) fn add(
    tx: &Tx<'_>,
    concept: &ConceptId,
    at: Timestamp,
    what: &str,
    detail: &str,
    message_id: Option<&str>,
) -> Result<(), DatabaseError> {
    tx.execute(
        "INSERT INTO research_timeline (concept, at, what, detail, message_id)
         SELECT ?1, ?2, ?3, ?4, ?5
         WHERE (SELECT count(*) FROM research_timeline WHERE concept = ?1) < ?6",
        &[
            concept.as_str().into(),
            at.into(),
            what.into(),
            detail.into(),
            message_id.map(str::to_owned).into(),
            TIMELINE_ROWS_MAX.into(),
        ],
    )?;
    Ok(())
}
