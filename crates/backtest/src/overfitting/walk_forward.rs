//! Walk-forward: choose on one stretch of bars, trade the next, and see how much of the promise is kept.
//!
//! Pardo (2008), "The evaluation and optimization of trading strategies": efficiency = test figure/train figure of the
//! chosen sets (here Sharpe ratios); below one half is a warning. Drift says how far the choice wanders. Positions start flat
//! at each seam and what is open at its end is marked at the last close; indicators are warm from the bars before.

use std::ops::Range;

/// How the bars are cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalkForwardSettings {
    /// Test stretches, 1 to 64.
    pub windows: usize,
    /// Share of the bars before the first test stretch, 0.1 to 0.9.
    pub first_train: f64,
    /// Train on everything before a test stretch (true), or on as many bars as the first one has (false, rolling).
    pub anchored: bool,
}

/// Six windows behind the first 40 %, anchored: each choice knows all that a trader would have known.
impl Default for WalkForwardSettings {
    fn default() -> WalkForwardSettings {
        WalkForwardSettings { windows: 6, first_train: 0.4, anchored: true }
    }
}

/// Bars to train on and bars to test on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretches {
    /// Choose here.
    pub train: Range<usize>,
    /// Trade here; begins where `train` ends.
    pub test: Range<usize>,
}

/// Cuts `bars` bars: the test stretches join without a gap and end with the last bar.
pub fn walk_forward_plan(bars: usize, settings: &WalkForwardSettings) -> Vec<Stretches> {
    let share = if settings.first_train.is_nan() { 0.4 } else { settings.first_train.clamp(0.1, 0.9) };
    let first = (bars as f64 * share).round() as usize;
    let windows = settings.windows.clamp(1, 64);
    let edge = |i: usize| first + i * (bars - first) / windows;
    let stretch = |i: usize| Stretches {
        train: if settings.anchored { 0 } else { edge(i) - first }..edge(i),
        test: edge(i)..edge(i + 1),
    };
    (0..windows).map(stretch).filter(|s| !s.train.is_empty() && !s.test.is_empty()).collect()
}

/// One train stretch and the test stretch behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Annual Sharpe ratio of the chosen set where it was chosen.
    pub train_sharpe: f64,
    /// Annual Sharpe ratio of the same set on the bars after.
    pub test_sharpe: f64,
    /// Place of the chosen value in the grid of each input, 0 (first) to 1 (last).
    pub chosen: Vec<f64>,
}

/// What all windows say together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalkForward {
    /// Mean train Sharpe ratio.
    pub train_sharpe: f64,
    /// Mean test Sharpe ratio.
    pub test_sharpe: f64,
    /// Test over train; `None` when the train figure is not positive, because then there was no promise to keep.
    pub efficiency: Option<f64>,
    /// Share of windows with a positive test Sharpe ratio.
    pub windows_positive: f64,
    /// Mean distance between the choices of neighbouring windows, as a share of the grid; `None` with one window.
    pub drift: Option<f64>,
}

/// Joins the windows; `None` without windows or with a Sharpe ratio that is no number.
pub fn walk_forward(windows: &[Window]) -> Option<WalkForward> {
    let n = windows.len() as f64;
    let train_sharpe = windows.iter().map(|w| w.train_sharpe).sum::<f64>() / n;
    let test_sharpe = windows.iter().map(|w| w.test_sharpe).sum::<f64>() / n;
    if !train_sharpe.is_finite() || !test_sharpe.is_finite() {
        return None;
    }
    Some(WalkForward {
        train_sharpe,
        test_sharpe,
        efficiency: (train_sharpe > 0.0).then(|| test_sharpe / train_sharpe),
        windows_positive: windows.iter().filter(|w| w.test_sharpe > 0.0).count() as f64 / n,
        drift: drift(windows),
    })
}

fn drift(windows: &[Window]) -> Option<f64> {
    let steps: Vec<f64> = windows
        .windows(2)
        .flat_map(|pair| pair[0].chosen.iter().zip(&pair[1].chosen))
        .map(|(a, b)| (a - b).abs())
        .collect();
    (!steps.is_empty()).then(|| steps.iter().sum::<f64>() / steps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(train_sharpe: f64, test_sharpe: f64, chosen: &[f64]) -> Window {
        Window { train_sharpe, test_sharpe, chosen: chosen.to_vec() }
    }

    #[test]
    fn stretches_join_and_reach_the_last_bar() {
        let settings = WalkForwardSettings { windows: 3, first_train: 0.4, anchored: true };
        let cut = |s: &WalkForwardSettings| {
            walk_forward_plan(100, s).into_iter().map(|s| (s.train, s.test)).collect::<Vec<_>>()
        };
        assert_eq!(cut(&settings), [(0..40, 40..60), (0..60, 60..80), (0..80, 80..100)]);
        let rolling = WalkForwardSettings { anchored: false, ..settings };
        assert_eq!(cut(&rolling), [(0..40, 40..60), (20..60, 60..80), (40..80, 80..100)]);
        assert!(walk_forward_plan(0, &settings).is_empty());
        assert_eq!(
            walk_forward_plan(3, &WalkForwardSettings { windows: 0, first_train: f64::NAN, ..settings }).len(),
            1
        );
    }

    #[test]
    fn two_windows_by_hand() {
        let w = walk_forward(&[window(1.0, 0.8, &[0.0, 0.5]), window(2.0, -0.2, &[1.0, 0.5])]).unwrap();
        assert_eq!((w.train_sharpe, w.windows_positive, w.drift), (1.5, 0.5, Some(0.5)));
        assert!((w.test_sharpe - 0.3).abs() < 1e-15 && (w.efficiency.unwrap() - 0.2).abs() < 1e-15);
    }

    #[test]
    fn no_promise_no_efficiency_and_no_window_no_figure() {
        let w = walk_forward(&[window(-0.5, 1.0, &[0.2])]).unwrap();
        assert_eq!((w.efficiency, w.drift), (None, None));
        assert_eq!(walk_forward(&[]), None);
        assert_eq!(walk_forward(&[window(1.0, f64::NAN, &[])]), None);
    }
}
