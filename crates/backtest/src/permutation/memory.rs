//! What is already known of the permuted markets, so that a search that was cut off goes on where it stopped.
//!
//! A permuted market is a function of the prices, the seed and its number, and its best set a function of the market and the
//! search. So a draw that was made once need not be made again, and whether it was remembered or made changes no figure.
//! Whoever remembers must keep the draws of one search on one market apart from all others.

use std::fmt;

/// The best of one permuted market.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Sharpe ratio per bar of its best set; minus infinity where nothing traded.
    pub best: f64,
    /// What that set earned: equity from 1, at the points of the fan. Kept of the first markets only.
    pub curve: Option<Vec<f64>>,
}

/// Remembers draws. Called from all threads of the search.
pub trait Memory: fmt::Debug + Send + Sync {
    /// The draw of that number, if it was made before.
    fn known(&self, number: u64) -> Option<Draw>;
    /// A draw that was made now. Numbers may come in any order, and some past the one at which the search ends.
    fn keep(&self, number: u64, draw: &Draw);
}
