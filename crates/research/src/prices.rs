//! Data sets: the bundled ones and those that were imported, by symbol.
//!
//! Imported bars lie beside the database as `prices/<hash>.bars`: a header and six little-endian columns. The row is
//! written after the file is durable, so a row always has its file.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use assay_backtest::Bars;
use assay_market::{PriceFile, bundled, with_mintick};
use assay_storage::{Database, DatabaseError};
use assay_units::{ContentHash, Timestamp};

const MAGIC: &[u8; 8] = b"ASSAYB01";
/// Most flags kept with a data set; the count of the rest is kept as text.
const FLAGS_MAX: usize = 200;

/// One data set, without its bars.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// How it is called.
    pub symbol: String,
    /// In words.
    pub name: String,
    /// Names the bars.
    pub hash: String,
    /// How many bars.
    pub rows: u64,
    /// The first bar's time.
    pub first_at: Timestamp,
    /// The last bar's time.
    pub last_at: Timestamp,
    /// "1d", "1h", ...
    pub interval: String,
    /// Where it came from.
    pub origin: String,
    /// What looked wrong, in words.
    pub flags: Vec<String>,
}

/// Why a data set cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// No such symbol.
    #[error("no prices for the symbol {symbol}; `assay data list` shows what there is")]
    Unknown {
        /// As asked.
        symbol: String,
    },
    /// The symbol's name cannot be used.
    #[error("the symbol {symbol:?} must be 1 to 20 of A-Z, 0-9, '.', '_' and '-'")]
    BadSymbol {
        /// As given.
        symbol: String,
    },
    /// A bundled symbol cannot be replaced: verdicts refer to it.
    #[error("{symbol} is a bundled data set: import under another symbol")]
    Bundled {
        /// As given.
        symbol: String,
    },
    /// The file with the bars.
    #[error("{}: the stored prices of {symbol} cannot be used: {problem}; import them again", path.display())]
    File {
        /// Whose.
        symbol: String,
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The database.
    #[error("the list of data sets could not be read")]
    Database(#[from] DatabaseError),
}

/// Everything a look at prices needs.
#[derive(Clone)]
pub struct Prices {
    database: Database,
    dir: PathBuf,
    bundled: Arc<Vec<(DataSet, Arc<Bars>)>>,
}

impl Prices {
    /// Over the database and the directory that it lies in.
    pub fn new(database: Database, dir: &Path) -> Prices {
        let bundled = bundled::all().iter().map(|set| {
            let file = set.read();
            (described(set.symbol, set.name, set.origin, &file), Arc::new(file.bars))
        });
        Prices { database, dir: dir.join("prices"), bundled: Arc::new(bundled.collect()) }
    }

    /// All data sets: the bundled ones, then the imported ones by symbol.
    pub fn list(&self) -> Result<Vec<DataSet>, DatabaseError> {
        let mut all: Vec<DataSet> = self.bundled.iter().map(|(set, _)| set.clone()).collect();
        all.extend(self.database.read(|tx| {
            tx.rows(
                "SELECT symbol, name, hash, rows, first_at, last_at, interval, origin, flags
                 FROM research_prices ORDER BY symbol",
                &[],
                |row| {
                    Ok(DataSet {
                        symbol: row.text(0)?,
                        name: row.text(1)?,
                        hash: row.text(2)?,
                        rows: u64::try_from(row.int(3)?).unwrap_or(0),
                        first_at: row.time(4)?,
                        last_at: row.time(5)?,
                        interval: row.text(6)?,
                        origin: row.text(7)?,
                        flags: serde_json::from_str(&row.text(8)?).unwrap_or_default(),
                    })
                },
            )
        })?);
        Ok(all)
    }

    /// The bars of `symbol`.
    pub fn load(&self, symbol: &str) -> Result<(DataSet, Arc<Bars>), PricesError> {
        if let Some((set, bars)) = self.bundled.iter().find(|(set, _)| set.symbol == symbol) {
            return Ok((set.clone(), bars.clone()));
        }
        let unknown = || PricesError::Unknown { symbol: symbol.to_owned() };
        let set = self.list()?.into_iter().find(|set| set.symbol == symbol).ok_or_else(unknown)?;
        let path = self.path(&set.hash);
        let bars = read_bars(&path, &set.hash).map_err(|problem| PricesError::File {
            symbol: symbol.to_owned(),
            path,
            problem,
        })?;
        Ok((set, Arc::new(bars)))
    }

    /// Stores a price file under its symbol, replacing an earlier import of that symbol.
    pub fn import(
        &self,
        file: &PriceFile,
        symbol: &str,
        name: &str,
        origin: &str,
        now: Timestamp,
    ) -> Result<DataSet, PricesError> {
        let symbol = symbol.to_owned();
        let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "._-".contains(c);
        if symbol.is_empty() || symbol.len() > 20 || !symbol.chars().all(fits) {
            return Err(PricesError::BadSymbol { symbol });
        }
        if self.bundled.iter().any(|(set, _)| set.symbol == symbol) {
            return Err(PricesError::Bundled { symbol });
        }
        let set = described(&symbol, name, origin, file);
        let path = self.path(&set.hash);
        write_bars(&path, &file.bars).map_err(|error| PricesError::File {
            symbol: symbol.clone(),
            path: path.clone(),
            problem: error.to_string(),
        })?;
        self.database.write(|tx| {
            tx.execute(
                "INSERT OR REPLACE INTO research_prices
                 (symbol, name, hash, rows, first_at, last_at, interval, origin, flags, imported_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                &[
                    set.symbol.clone().into(),
                    set.name.clone().into(),
                    set.hash.clone().into(),
                    (set.rows as i64).into(),
                    set.first_at.into(),
                    set.last_at.into(),
                    set.interval.clone().into(),
                    set.origin.clone().into(),
                    serde_json::json!(set.flags).to_string().into(),
                    now.into(),
                ],
            )?;
            Ok::<_, DatabaseError>(())
        })?;
        Ok(set)
    }

    fn path(&self, hash: &str) -> PathBuf {
        self.dir.join(format!("{hash}.bars"))
    }
}

fn described(symbol: &str, name: &str, origin: &str, file: &PriceFile) -> DataSet {
    let bars = &file.bars;
    let mut flags: Vec<String> = file.flags.iter().take(FLAGS_MAX).map(ToString::to_string).collect();
    if file.flags.len() > FLAGS_MAX {
        flags.push(format!("and {} more", file.flags.len() - FLAGS_MAX));
    }
    DataSet {
        symbol: symbol.to_owned(),
        name: name.to_owned(),
        hash: ContentHash::of(&columns(bars)).to_string(),
        rows: bars.len() as u64,
        first_at: Timestamp::from_millis(bars.time.first().copied().unwrap_or_default()),
        last_at: Timestamp::from_millis(bars.time.last().copied().unwrap_or_default()),
        interval: file.interval.to_string(),
        origin: origin.to_owned(),
        flags,
    }
}

fn columns(bars: &Bars) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + bars.len() * 48);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&(bars.len() as u64).to_le_bytes());
    bytes.extend(bars.time.iter().flat_map(|t| t.to_le_bytes()));
    for column in [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume] {
        bytes.extend(column.iter().flat_map(|x| x.to_le_bytes()));
    }
    bytes
}

fn write_bars(path: &Path, bars: &Bars) -> std::io::Result<()> {
    let dir = path.parent().expect("a file in a directory");
    fs::create_dir_all(dir)?;
    // Whole or not at all: a reader never sees half a file.
    let part = path.with_extension("part");
    let mut file = fs::File::create(&part)?;
    file.write_all(&columns(bars))?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    fs::File::open(dir)?.sync_all()
}

fn read_bars(path: &Path, hash: &str) -> Result<Bars, String> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|e| e.to_string())?;
    let head = bytes.get(..16).filter(|head| &head[..8] == MAGIC).ok_or("it is no file of ours")?;
    let rows = u64::from_le_bytes(head[8..].try_into().expect("eight bytes")) as usize;
    if rows.checked_mul(48).and_then(|n| n.checked_add(16)) != Some(bytes.len()) {
        return Err("it is cut short".into());
    }
    // A verdict names its prices by their hash: other prices must not pass under it.
    if ContentHash::of(&bytes).to_string() != hash {
        return Err("it is not what was imported".into());
    }
    let words: Vec<[u8; 8]> = bytes[16..].chunks_exact(8).map(|w| w.try_into().expect("eight bytes")).collect();
    let column = |i: usize| words[i * rows..(i + 1) * rows].iter().map(|w| f64::from_le_bytes(*w)).collect();
    Ok(with_mintick(Bars {
        time: words[..rows].iter().map(|w| i64::from_le_bytes(*w)).collect(),
        open: column(1),
        high: column(2),
        low: column(3),
        close: column(4),
        volume: column(5),
        mintick: None,
    }))
}
