//! Reads the layers: TOML, `.env`, the process environment. Gives keys with their place; knows nothing of meaning.

use std::path::Path;

use super::keys::{self, Key};
use super::{ConfigError, Source};

/// One value that somebody gave.
#[derive(Clone, Debug)]
pub struct Given {
    /// Which key.
    pub key: &'static Key,
    /// The text.
    pub value: String,
    /// Where it stood.
    pub source: Source,
}

fn given(name: &str, value: String, source: Source) -> Result<Given, ConfigError> {
    match keys::find(&name.to_uppercase()) {
        Some(key) => Ok(Given { key, value, source }),
        None => Err(ConfigError::UnknownKey {
            place: source.to_string(),
            key: name.to_owned(),
            nearest: keys::nearest(name).map(|key| {
                // Suggest the spelling of the place it stands in.
                if name.chars().any(char::is_lowercase) { key.name.to_lowercase() } else { key.name.to_owned() }
            }),
        }),
    }
}

/// A flat TOML file: `max_concepts_per_day = 50`.
pub fn read_toml(path: &Path, text: &str) -> Result<Vec<Given>, ConfigError> {
    let line_of = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let bad = |line, problem: String| ConfigError::BadFile { path: path.display().to_string(), line, problem };
    let table: toml::Table = text
        .parse()
        .map_err(|e: toml::de::Error| bad(e.span().map_or(1, |span| line_of(span.start)), e.message().to_owned()))?;
    let mut all = Vec::new();
    for (name, value) in table {
        let at = text.lines().position(|line| line.trim_start().starts_with(&name)).map_or(1, |at| at + 1);
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(n) => n.to_string(),
            toml::Value::Float(n) => n.to_string(),
            toml::Value::Boolean(b) => b.to_string(),
            _ => return Err(bad(at, format!("{name} must be a text or a number"))),
        };
        all.push(given(&name, value, Source::File(path.to_owned(), at))?);
    }
    Ok(all)
}

/// A `.env` file: `NAME=value`, `export` allowed, `#` comments, single or double quotes.
pub fn read_dotenv(path: &Path, text: &str) -> Result<Vec<Given>, ConfigError> {
    let mut all = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim().trim_start_matches('\u{feff}');
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let source = Source::File(path.to_owned(), at + 1);
        let Some((name, value)) = line.trim_start_matches("export ").split_once('=') else {
            let problem = "expected NAME=value".to_owned();
            return Err(ConfigError::BadFile { path: path.display().to_string(), line: at + 1, problem });
        };
        all.push(given(name.trim(), unquoted(value.trim()), source)?);
    }
    Ok(all)
}

fn unquoted(value: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.0.to_owned();
        }
    }
    value.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// Our variables among those of the process; a near miss is refused like anywhere else.
pub fn environment(variables: impl Iterator<Item = (String, String)>) -> Result<Vec<Given>, ConfigError> {
    variables
        .filter(|(name, _)| keys::find(name).is_some() || keys::meant_for_us(name))
        .map(|(name, value)| given(&name, value, Source::Environment))
        .collect()
}
