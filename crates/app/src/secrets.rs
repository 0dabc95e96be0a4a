//! The built-in engine's own secrets: made once, kept beside the database for its owner's eyes only.

use std::fs;
use std::io::Write;
use std::path::Path;

use assay_messages::{Secret, SigningKeys};
use assay_world::Entropy;

use crate::error::{AppError, Exit};

/// What the built-in engine asks for and signs with.
pub struct EngineSecrets {
    /// Of publishers.
    pub token: Secret,
    /// Of deliveries.
    pub keys: SigningKeys,
}

/// Reads the secrets of `dir`, or makes them.
pub fn load(dir: &Path, entropy: &dyn Entropy) -> Result<EngineSecrets, AppError> {
    let path = dir.join("engine.keys");
    let failed = |e: std::io::Error| {
        AppError::text(Exit::Unavailable, format!("{}: the engine's keys cannot be kept: {e}", path.display()))
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("{}\n{}\n{}\n", entropy.hex(24), entropy.hex(24), entropy.hex(24));
            write_private(&path, &text).map_err(failed)?;
            text
        }
        Err(e) => return Err(failed(e)),
    };
    match text.lines().collect::<Vec<_>>()[..] {
        [token, current, next] if [token, current, next].iter().all(|key| key.len() >= 32) => Ok(EngineSecrets {
            token: Secret::new(token),
            keys: SigningKeys {
                current: Secret::new(format!("sig_{current}")),
                next: Secret::new(format!("sig_{next}")),
            },
        }),
        _ => Err(AppError::text(Exit::Unavailable, format!("{}: is damaged", path.display()))
            .hint("delete it: new keys are made, and messages under way are signed anew")),
    }
}

/// Whole or not at all, and readable by nobody else at any moment.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)
}
