//! The record file: one line a judged market, appended as soon as it is known, so that a run that is cut off goes on.
//!
//! The first line says under which terms the markets were judged. Lines of other terms do not mix: a file that was written
//! under others is refused. A last line that was cut off is cut away.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::study::Record;

/// Bytes of a record file at most: 100,000 markets fill a tenth of it.
const BYTES_MAX: u64 = 1 << 30;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Terms {
    /// The seed of all markets.
    pub seed: u64,
    /// Names settings, catalogue and program: the same name, the same verdicts.
    pub fingerprint: String,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read or written.
    #[error("{}: cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It holds markets that were judged under other terms.
    #[error(
        "{}: its markets were judged under other terms (seed {}, settings {}; now seed {}, settings {}): \
         name another file, or remove it",
        path.display(), theirs.seed, theirs.fingerprint, ours.seed, ours.fingerprint
    )]
    OtherTerms {
        /// The file.
        path: PathBuf,
        /// Those of the file.
        theirs: Terms,
        /// Those of this run.
        ours: Terms,
    },
    /// A line is no record.
    #[error("{}, line {line}: not a record of a market", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// It is larger than any calibration makes it.
    #[error("{}: is larger than {BYTES_MAX} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// An open record file.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    file: File,
}

impl RecordFile {
    /// Opens `path`, or makes it, and reads what is there.
    ///
    /// # Errors
    /// When it cannot be used: [`RecordError`] says why.
    pub fn open(path: &Path, terms: &Terms) -> Result<(RecordFile, Vec<Record>), RecordError> {
        let failed = |cause| RecordError::File { path: path.to_owned(), cause };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() > BYTES_MAX {
            return Err(RecordError::TooLarge { path: path.to_owned() });
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        // What stands behind the last line break was being written when the run was cut off.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        file.set_len(whole as u64).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut lines = text[..whole].lines().enumerate();
        let bad = |line: usize, cause| RecordError::Line { path: path.to_owned(), line: line + 1, cause };
        let mut records = vec![];
        match lines.next() {
            None => {
                let first = serde_json::to_string(terms).expect("plain fields");
                writeln!(file, "{first}").map_err(failed)?;
            }
            Some((at, first)) => {
                let theirs: Terms = serde_json::from_str(first).map_err(|cause| bad(at, cause))?;
                if theirs != *terms {
                    return Err(RecordError::OtherTerms { path: path.to_owned(), theirs, ours: terms.clone() });
                }
                for (at, line) in lines {
                    records.push(serde_json::from_str(line).map_err(|cause| bad(at, cause))?);
                }
            }
        }
        Ok((RecordFile { path: path.to_owned(), file }, records))
    }

    /// Appends one record, in one write.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, record: &Record) -> Result<(), RecordError> {
        let mut line = serde_json::to_string(record).expect("plain fields");
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(|cause| RecordError::File { path: self.path.clone(), cause })
    }
}
