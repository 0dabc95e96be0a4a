//! Errors as a person at a terminal meets them: one line, its causes, a hint, and an exit code that a script can use.

use std::process::ExitCode;

/// Exit codes, as `assay --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Something failed that may work later.
    Failed = 1,
    /// The input is at fault.
    Input = 2,
    /// The configuration is at fault.
    Config = 3,
    /// What was named does not exist.
    NotFound = 4,
    /// The directory or the port is in use, or cannot be written.
    Unavailable = 5,
}

/// Why a command ended.
#[derive(Debug)]
pub struct AppError {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

impl AppError {
    /// An error with its causes.
    pub fn new(exit: Exit, error: &dyn std::error::Error) -> AppError {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            // Some causes say what their effect said already.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = inner.source();
        }
        AppError { exit, message, hint: None }
    }

    /// An error in words.
    pub fn text(exit: Exit, message: impl Into<String>) -> AppError {
        AppError { exit, message: message.into(), hint: None }
    }

    /// With what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> AppError {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on standard error.
    pub fn report(&self) -> ExitCode {
        eprintln!("error: {}", self.message);
        if let Some(hint) = &self.hint {
            eprintln!("hint: {hint}");
        }
        ExitCode::from(self.exit as u8)
    }
}

/// Errors that always lead to the same exit code.
macro_rules! exits {
    ($($error:ty => $exit:ident),+ $(,)?) => {
        $(impl From<$error> for AppError {
            fn from(error: $error) -> AppError {
                AppError::new(Exit::$exit, &error)
            }
        })+
    };
}

exits! {
    crate::config::ConfigError => Config,
    assay_storage::DatabaseError => Failed,
    assay_storage::OpenError => Unavailable,
    assay_storage::LockError => Unavailable,
    assay_corpus::fetch::InvalidContact => Config,
    assay_market::CsvError => Input,
    assay_messages::PublishError => Failed,
    assay_messages::EngineError => Failed,
    assay_telemetry::log::LogError => Config,
    std::io::Error => Failed,
}

impl From<assay_research::SubmitError> for AppError {
    fn from(error: assay_research::SubmitError) -> AppError {
        use assay_research::SubmitError as E;
        let exit = match &error {
            E::Refused(_) | E::AtWork { .. } => Exit::Input,
            E::UnknownSymbol { .. } | E::UnknownConcept { .. } => Exit::NotFound,
            E::Database(_) => Exit::Failed,
        };
        AppError::new(exit, &error)
    }
}

impl From<assay_research::prices::PricesError> for AppError {
    fn from(error: assay_research::prices::PricesError) -> AppError {
        use assay_research::prices::PricesError as E;
        let exit = match &error {
            E::Unknown { .. } => Exit::NotFound,
            E::BadSymbol { .. } | E::Bundled { .. } => Exit::Input,
            E::File { .. } | E::Database(_) => Exit::Failed,
        };
        AppError::new(exit, &error)
    }
}
