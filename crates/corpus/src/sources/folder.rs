//! The operator's folder: every text in it becomes a document, and whatever cannot be read is reported by name.
//!
//! The folder is walked first, in the order of names; files are read one at a time as the iterator is asked for them. Links are
//! not followed, and names that begin with a dot are passed over.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::document::{Document, SourceKind};
use crate::extract::{self, ExtractError, Format, charset};

/// How much of a folder is read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Levels; the files of the folder itself are on the first.
    pub depth_max: usize,
    /// Files that we read; ten times as many names are looked at.
    pub files_max: usize,
    /// Bytes of one file.
    pub bytes_max: usize,
}

/// What suits a folder of notes.
pub const LIMITS: Limits = Limits { depth_max: 8, files_max: 10_000, bytes_max: extract::BYTES_MAX };

/// Why a file, or a part of the folder, gave no document. The rest is read all the same.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A folder cannot be listed.
    #[error("{}: the folder cannot be listed", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file cannot be read.
    #[error("{}: the file cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A file is too long.
    #[error("{}: larger than {bytes_max} bytes", path.display())]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// The bound.
        bytes_max: usize,
    },
    /// A folder lies too deep.
    #[error("{}: deeper than {depth_max} folders, left out", path.display())]
    TooDeep {
        /// Which.
        path: PathBuf,
        /// The bound.
        depth_max: usize,
    },
    /// There are too many files; those from here on are left out.
    #[error("{}: more than {files_max} files before this one; it and the rest are left out", path.display())]
    TooMany {
        /// The first that was left out.
        path: PathBuf,
        /// The bound.
        files_max: usize,
    },
    /// A link, wherever it leads.
    #[error("{}: a link, which is not followed", path.display())]
    Link {
        /// Which.
        path: PathBuf,
    },
    /// There is no document in it.
    #[error("{}: no document", path.display())]
    Extract {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: ExtractError,
    },
}

/// The documents of `dir`. Each one's origin is its path within the folder, with `/` between the parts.
pub fn documents(dir: &Path, limits: Limits) -> impl Iterator<Item = Result<Document, FolderError>> + use<> {
    let mut walk = Walk { limits, found: Vec::new(), files: 0, entries: 0, full: false };
    walk.folder(dir, 1);
    let root = dir.to_owned();
    walk.found.into_iter().map(move |found| found.and_then(|(path, format)| read(&root, path, format, limits)))
}

struct Walk {
    limits: Limits,
    found: Vec<Result<(PathBuf, Format), FolderError>>,
    files: usize,
    entries: usize,
    full: bool,
}

impl Walk {
    fn folder(&mut self, dir: &Path, depth: usize) {
        let failed = |cause| FolderError::Folder { path: dir.to_owned(), cause };
        let listed = match fs::read_dir(dir) {
            Ok(listed) => listed,
            Err(cause) => return self.found.push(Err(failed(cause))),
        };
        // One more than may be walked tells that there are more; which of them are seen is then the file system's choice.
        let left = (self.limits.files_max.saturating_mul(10)).saturating_sub(self.entries).saturating_add(1);
        let mut names = Vec::new();
        for entry in listed.take(left) {
            match entry {
                Ok(entry) => names.push(entry.path()),
                Err(cause) => self.found.push(Err(failed(cause))),
            }
        }
        self.entries += names.len();
        names.sort();
        for path in names {
            if self.full {
                return;
            }
            self.entry(path, depth);
        }
    }

    fn entry(&mut self, path: PathBuf, depth: usize) {
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            return;
        }
        let Limits { depth_max, files_max, .. } = self.limits;
        let kind = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata.file_type(),
            Err(cause) => return self.found.push(Err(FolderError::File { path, cause })),
        };
        let format = Format::of_path(&path);
        if self.entries > files_max.saturating_mul(10)
            || (self.files >= files_max && kind.is_file() && format.is_some())
        {
            self.full = true;
            self.found.push(Err(FolderError::TooMany { path, files_max }));
        } else if kind.is_dir() && depth >= depth_max {
            self.found.push(Err(FolderError::TooDeep { path, depth_max }));
        } else if kind.is_dir() {
            self.folder(&path, depth + 1);
        } else if kind.is_symlink() {
            self.found.push(Err(FolderError::Link { path }));
        } else if let Some(format) = format.filter(|_| kind.is_file()) {
            self.files += 1;
            self.found.push(Ok((path, format)));
        }
    }
}

fn read(root: &Path, path: PathBuf, format: Format, limits: Limits) -> Result<Document, FolderError> {
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(limits.bytes_max as u64 + 1).read_to_end(&mut bytes));
    if let Err(cause) = read {
        return Err(FolderError::File { path, cause });
    }
    if bytes.len() > limits.bytes_max {
        return Err(FolderError::TooLarge { path, bytes_max: limits.bytes_max });
    }
    let text = charset::decode(&bytes, charset::Hints { html: format == Format::Html, ..charset::Hints::default() });
    let parts = path.strip_prefix(root).unwrap_or(&path).components();
    let origin = parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
    extract::extract(format, SourceKind::File, &origin, &text).map_err(|cause| FolderError::Extract { path, cause })
}
