//! What a report draws: few enough points for a page, none of the peaks and falls lost.

use assay_pine::Input;
use assay_units::Timestamp;

use crate::{Bars, Run, Trial};

/// Points of a curve at most.
const POINTS_MAX: usize = 600;

/// Cells of a heat map along one axis at most; more grid values share a cell.
const CELLS_MAX: usize = 60;

/// Equity over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// In order of time.
    pub points: Vec<CurvePoint>,
    /// When walking forward begins to trade.
    pub test_start: Option<Timestamp>,
}

/// One stretch of bars, drawn as one point: its last equity and its deepest drawdown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Time of the last bar of the stretch.
    pub at: Timestamp,
    /// Equity of the strategy, from 1.
    pub equity: f64,
    /// Buying once and holding, from 1, free of cost.
    pub hold: f64,
    /// Deepest fall below the highest equity so far within the stretch; 0 or negative.
    pub drawdown: f64,
}

/// Best Sharpe ratio by two inputs, over all others.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Across.
    pub x: Axis,
    /// Down.
    pub y: Axis,
    /// Annualise by the root of the periods in a year: per bar here. Row by row; `None` where no set is valid or traded.
    pub cells: Vec<Option<f64>>,
}

/// One side of a heat map.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Place of the input in the program.
    pub input: usize,
    /// Its name.
    pub name: String,
    /// First grid value of each cell.
    pub values: Vec<f64>,
}

/// Equity from 1 that `returns` compound to.
pub(super) fn compound(returns: &[f64]) -> Vec<f64> {
    let mut equity = 1.0;
    returns
        .iter()
        .map(|r| {
            equity *= 1.0 + r;
            equity
        })
        .collect()
}

/// Thins a run to at most [`POINTS_MAX`] points.
pub(super) fn curve(bars: &Bars, run: &Run, test_start: Option<usize>) -> Curve {
    let returns = &run.returns;
    let stretch = returns.len().div_ceil(POINTS_MAX).max(1);
    let base = bars.close.get(run.first_bar.saturating_sub(1)).copied().unwrap_or(f64::NAN);
    let (mut equity, mut peak) = (1.0f64, 1.0f64);
    let mut points = Vec::with_capacity(returns.len() / stretch + 1);
    for (i, part) in returns.chunks(stretch).enumerate() {
        let mut drawdown = 0.0f64;
        for r in part {
            equity *= 1.0 + r;
            peak = peak.max(equity);
            drawdown = drawdown.min(equity / peak - 1.0);
        }
        let bar = (run.first_bar + i * stretch + part.len() - 1).min(bars.len() - 1);
        points.push(CurvePoint {
            at: Timestamp::from_millis(bars.time[bar]),
            equity,
            hold: bars.close[bar] / base,
            drawdown,
        });
    }
    Curve { points, test_start: test_start.and_then(|bar| bars.time.get(bar)).map(|ms| Timestamp::from_millis(*ms)) }
}

/// Maps the two inputs with the largest grids; equals in the order of their declaration.
pub(super) fn heat_map(inputs: &[Input], trials: &[Trial]) -> Option<HeatMap> {
    let mut swept: Vec<usize> = (0..inputs.len()).filter(|i| inputs[*i].grid.len() > 1).collect();
    swept.sort_by_key(|i| std::cmp::Reverse(inputs[*i].grid.len()));
    let [y, x, ..] = swept[..] else { return None };
    // As the text declares them: the earlier input goes down, the later across.
    let (y, x) = (y.min(x), y.max(x));
    let length = |i: usize| inputs[i].grid.len();
    let stride = |i: usize| inputs[i + 1..].iter().map(|input| input.grid.len()).product::<usize>();
    let cell = |i: usize, index: usize| (index / stride(i) % length(i)) * length(i).min(CELLS_MAX) / length(i);
    let (columns, rows) = (length(x).min(CELLS_MAX), length(y).min(CELLS_MAX));
    let mut cells: Vec<Option<f64>> = vec![None; columns * rows];
    for (index, trial) in trials.iter().enumerate() {
        let sharpe = trial.sharpe();
        if trial.valid && !sharpe.is_nan() {
            let best = &mut cells[cell(y, index) * columns + cell(x, index)];
            *best = Some(best.map_or(sharpe, |b| b.max(sharpe)));
        }
    }
    Some(HeatMap { x: axis(inputs, x), y: axis(inputs, y), cells })
}

fn axis(inputs: &[Input], i: usize) -> Axis {
    let input = &inputs[i];
    let cells = input.grid.len().min(CELLS_MAX);
    // The first grid value v with v * cells / length = cell.
    let values = (0..cells).map(|cell| input.grid[(cell * input.grid.len()).div_ceil(cells)]).collect();
    Axis { input: i, name: input.title.clone(), values }
}
