//! Data sets that are compiled into the program. `data/ORIGIN.md` says where they come from and what to mind.

use crate::{CsvLimits, PriceFile, read_csv};

/// One bundled data set.
#[derive(Clone, Copy, Debug)]
pub struct BundledSet {
    /// How it is called.
    pub symbol: &'static str,
    /// In words.
    pub name: &'static str,
    /// Where it came from.
    pub origin: &'static str,
    body: &'static [u8],
}

static ALL: [BundledSet; 3] = [
    BundledSet {
        symbol: "SPX",
        name: "S&P 500 index, daily, 1999 to 2018, without dividends",
        origin: "bundled: arch 8.0.0, arch/data/sp500 (NCSA licence, see data/ORIGIN.md)",
        body: include_bytes!("../../../data/spx.csv"),
    },
    BundledSet {
        symbol: "NDQ",
        name: "NASDAQ Composite index, daily, 1999 to 2018, without dividends",
        origin: "bundled: arch 8.0.0, arch/data/nasdaq (NCSA licence, see data/ORIGIN.md)",
        body: include_bytes!("../../../data/ndq.csv"),
    },
    BundledSet {
        symbol: "WTI",
        name: "West Texas Intermediate crude oil, spot, daily close, 1986 to 2019",
        origin: "bundled: arch 8.0.0, arch/data/wti, FRED series DCOILWTICO (NCSA licence, see data/ORIGIN.md)",
        body: include_bytes!("../../../data/wti.csv"),
    },
];

/// All bundled data sets.
pub fn all() -> &'static [BundledSet] {
    &ALL
}

impl BundledSet {
    /// Its bars, by the way that any file takes.
    pub fn read(&self) -> PriceFile {
        read_csv(self.body, CsvLimits::STANDARD).expect("the bundled files are read by a test")
    }
}
