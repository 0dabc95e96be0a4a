//! Charts as SVG text: sized by their view box, coloured by classes of the style sheet, read aloud by title and description.
//!
//! `scale` maps values to places and finds ticks (pure); each other file draws one chart.

pub(crate) mod budget_bar;
pub(crate) mod drawdown;
pub(crate) mod equity;
pub(crate) mod heat_map;
pub(crate) mod luck;
pub(crate) mod permuted;
mod scale;
mod svg;
pub(crate) mod walk;

pub(crate) use svg::thinned;

/// Points of a path at most.
pub(crate) const POINTS_MAX: usize = 600;

/// One point of a curve: time in ms, equity, buy-and-hold, drawdown.
pub(crate) type Point = (i64, f64, f64, f64);
