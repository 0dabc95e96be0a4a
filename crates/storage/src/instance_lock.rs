//! One running program per data directory: a second one is told who holds it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Held for as long as this program works on a directory. The operating system releases it when the process ends,
/// however it ends.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

/// Why the directory was not given to us.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else works on it.
    #[error("{}: another assay{} works on this directory; stop it, or choose another with --dir or ASSAY_DIR", path.display(), holder.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Held {
        /// The directory.
        path: PathBuf,
        /// Its process id, if it could be read.
        holder: Option<u32>,
    },
    /// The lock file cannot be made.
    #[error("{}: the data directory cannot be written; choose another with --dir or ASSAY_DIR", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
}

impl InstanceLock {
    /// Takes `dir`, which is made if it is missing.
    pub fn take(dir: &Path) -> Result<InstanceLock, LockError> {
        let failed = |cause| LockError::Directory { path: dir.to_owned(), cause };
        std::fs::create_dir_all(dir).map_err(failed)?;
        let path = dir.join("assay.lock");
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(LockError::Held { path: dir.to_owned(), holder });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        write!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(InstanceLock { _file: file })
    }
}
