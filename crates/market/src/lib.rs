//! Price files -> clean bars, with flags for what looks wrong.
//!
//! * [`read_csv`] takes the shapes that exchanges, terminals and web sites export, as a stream, and refuses what cannot be
//!   used with the line, the column and the way round. * [`Flag`]: what was put right or should be looked at.
//! * [`Interval`]: the usual distance of two bars. * [`with_mintick`]: the smallest step of a price, read off the prices.
//! * [`bundled`]: data sets compiled into the program.
//!
//! Nothing is guessed in silence: what is read is either as the file says, or flagged, or refused. Pure but for the reader
//! that is handed in: no clock, no chance, no file of its own.

pub mod bundled;
mod clean;
mod csv;
mod flag;
mod interval;
mod mintick;
mod suspicion;

pub use csv::{CsvError, CsvLimits, RowProblem, read_csv};
pub use flag::Flag;
pub use interval::Interval;
pub use mintick::with_mintick;

use assay_backtest::Bars;

/// What a price file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceFile {
    /// At least two bars, ascending in time, each time once, every price above 0, low <= open, close <= high.
    pub bars: Bars,
    /// What was put right and what looks wrong, one flag a kind.
    pub flags: Vec<Flag>,
    /// The usual distance of two bars.
    pub interval: Interval,
    /// Whether open, high and low are real. If not, they repeat the close.
    pub has_ohlc: bool,
    /// Whether volume is real. If not, it is 0.
    pub has_volume: bool,
    /// The symbol that the file itself names in a column, if any.
    pub symbol: Option<String>,
}
