//! Permuted markets that the item under way has searched already: a search of an hour that is killed in its last minute does
//! that minute again, not the hour.
//!
//! Draws are written a few seconds' worth at a time and forgotten with the item that they belong to, so the table never holds
//! more than the draws of what is under way. They are known by everything that they follow from: program, strategy,
//! prices, costs, fills, how markets are permuted. To lose one costs time only, so a write that fails is logged and the search goes on;
//! the item's own commit will say what is wrong with the database.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use assay_backtest::ExamineSettings;
use assay_backtest::permutation::{Draw, Memory};
use assay_storage::{Database, DatabaseError, Tx};
use assay_units::{ContentHash, Timestamp};
use assay_world::Clock;

/// Time between two writes: what a kill costs at most, beside the markets under way.
const WRITE_EVERY: Duration = Duration::from_secs(2);

/// Of one item.
pub(super) struct Draws {
    database: Database,
    clock: Arc<dyn Clock>,
    search: String,
    known: BTreeMap<u64, Draw>,
    unwritten: Mutex<Unwritten>,
}

struct Unwritten {
    draws: Vec<(u64, Vec<u8>)>,
    since: Timestamp,
}

/// Names a search by what its draws follow from.
pub(super) fn name(pine: &str, prices: &str, settings: &ExamineSettings) -> String {
    let ExamineSettings { costs, fill, grid_max, permutation, thresholds, .. } = settings;
    // How many markets are drawn and when to stop changes none of them; how many trades a set must have does.
    let (scheme, seed, trades) = (permutation.scheme, permutation.seed, thresholds.trades_min);
    let version = env!("CARGO_PKG_VERSION");
    let terms = format!("{version}\n{prices}\n{costs:?}\n{fill:?}\n{grid_max}\n{scheme:?}\n{seed:?}\n{trades}\n{pine}");
    ContentHash::of(terms.as_bytes()).to_string()
}

impl Draws {
    /// Reads what is known of `search`.
    pub fn of(database: &Database, clock: Arc<dyn Clock>, search: String) -> Result<Draws, DatabaseError> {
        let rows = database.read(|tx| {
            tx.rows("SELECT number, draw FROM research_draws WHERE search = ?1", &[search.clone().into()], |row| {
                Ok((row.int(0)?, row.blob(1)?))
            })
        })?;
        let known = rows.into_iter().filter_map(|(number, bytes)| Some((u64::try_from(number).ok()?, decode(&bytes)?)));
        let unwritten = Mutex::new(Unwritten { draws: vec![], since: clock.now() });
        Ok(Draws { database: database.clone(), known: known.collect(), clock, search, unwritten })
    }

    /// Draws found at the beginning.
    pub fn count(&self) -> usize {
        self.known.len()
    }

    /// Writes what is not written yet.
    pub fn write(&self) {
        let draws = std::mem::take(&mut self.unwritten().draws);
        self.write_all(&draws);
    }

    fn write_all(&self, draws: &[(u64, Vec<u8>)]) {
        if draws.is_empty() {
            return;
        }
        let written = self.database.write(|tx| {
            draws.iter().try_for_each(|(number, bytes)| {
                let number = i64::try_from(*number).unwrap_or(i64::MAX);
                tx.execute(
                    "INSERT OR IGNORE INTO research_draws (search, number, draw) VALUES (?1, ?2, ?3)",
                    &[self.search.clone().into(), number.into(), bytes.clone().into()],
                )
                .map(|_| ())
            })
        });
        if let Err::<(), DatabaseError>(error) = written {
            tracing::warn!(
                event = "draws_not_kept",
                "{} permuted markets would be searched again: {error}",
                draws.len()
            );
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().expect("no thread panics with the lock")
    }
}

/// Forgets all draws: the item that they belonged to is committed in the same transaction.
pub(super) fn forget(tx: &Tx<'_>) -> Result<(), DatabaseError> {
    tx.execute("DELETE FROM research_draws", &[]).map(|_| ())
}

impl Memory for Draws {
    fn known(&self, number: u64) -> Option<Draw> {
        self.known.get(&number).cloned()
    }

    fn keep(&self, number: u64, draw: &Draw) {
        let now = self.clock.now();
        let mut unwritten = self.unwritten();
        unwritten.draws.push((number, encode(draw)));
        if now >= unwritten.since + WRITE_EVERY {
            unwritten.since = now;
            let draws = std::mem::take(&mut unwritten.draws);
            drop(unwritten);
            self.write_all(&draws);
        }
    }
}

impl fmt::Debug for Draws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draws").field("search", &self.search).field("known", &self.known.len()).finish_non_exhaustive()
    }
}

/// The best and, where there is one, its curve: little-endian doubles, exact to the bit.
fn encode(draw: &Draw) -> Vec<u8> {
    let curve = draw.curve.as_deref().unwrap_or_default();
    std::iter::once(&draw.best).chain(curve).flat_map(|x| x.to_le_bytes()).collect()
}

fn decode(bytes: &[u8]) -> Option<Draw> {
    let (doubles, rest) = bytes.as_chunks::<8>();
    let mut doubles = doubles.iter().map(|bytes| f64::from_le_bytes(*bytes));
    let best = doubles.next().filter(|_| rest.is_empty())?;
    let curve: Vec<f64> = doubles.collect();
    Some(Draw { best, curve: (!curve.is_empty()).then_some(curve) })
}

#[cfg(test)]
mod tests {
    use assay_world::SimulatedClock;

    use super::*;

    fn draw(best: f64) -> Draw {
        Draw { best, curve: None }
    }

    #[test]
    fn draws_are_written_every_few_seconds_and_forgotten_with_their_item() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path(), &[crate::SCHEMA]).unwrap();
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(0)));
        let of = |search: &str| Draws::of(&database, clock.clone(), search.into()).unwrap();
        let draws = of("this one");
        draws.keep(1, &draw(0.5));
        assert_eq!(of("this one").count(), 0, "not yet");
        clock.advance(WRITE_EVERY);
        draws.keep(0, &draw(0.25));
        assert_eq!((of("this one").known(0), of("this one").known(1)), (Some(draw(0.25)), Some(draw(0.5))));
        draws.keep(2, &draw(1.0));
        draws.write();
        assert_eq!(of("this one").count(), 3);
        assert_eq!(of("another").count(), 0);
        database.write(forget).unwrap();
        assert_eq!(of("this one").count(), 0);
    }

    #[test]
    fn a_draw_is_read_as_it_was_written() {
        for draw in [
            Draw { best: 0.1 + 0.2, curve: Some(vec![1.0, f64::MIN_POSITIVE, 3.25]) },
            Draw { best: f64::NEG_INFINITY, curve: None },
        ] {
            assert_eq!(decode(&encode(&draw)), Some(draw));
        }
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0; 12]), None, "half a number");
    }
}
