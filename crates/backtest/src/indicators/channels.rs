//! Highest and lowest of the last n, by a monotone queue: O(1) a bar whatever n.
//!
//! There is a value from bar n - 1 on. An `na` starts the window anew: behind it the extreme is of the bars since.

use std::collections::VecDeque;

/// Highest of the last n.
pub(crate) fn highest(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new >= old, |at| at.map_or(f64::NAN, |(_, v)| v))
}

/// Lowest of the last n.
pub(crate) fn lowest(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new <= old, |at| at.map_or(f64::NAN, |(_, v)| v))
}

/// Minus the bars since the highest of the last n; the latest wins ties. 0 on the bar of an `na`.
pub(crate) fn highest_bars(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new >= old, |at| at.map_or(0.0, |(back, _)| -(back as f64)))
}

/// Minus the bars since the lowest of the last n; the latest wins ties. 0 on the bar of an `na`.
pub(crate) fn lowest_bars(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new <= old, |at| at.map_or(0.0, |(back, _)| -(back as f64)))
}

/// `shown` of the bars since the extreme of each window and its value; of `None` on the bar of an `na`. `beats(new, old)`
/// drops `old`.
fn extreme(
    x: &[f64],
    n: usize,
    beats: impl Fn(f64, f64) -> bool,
    shown: impl Fn(Option<(usize, f64)>) -> f64,
) -> Vec<f64> {
    let mut queue: VecDeque<usize> = VecDeque::new();
    (0..x.len())
        .map(|t| {
            if x[t].is_nan() {
                queue.clear();
            } else {
                while queue.back().is_some_and(|old| beats(x[t], x[*old])) {
                    queue.pop_back();
                }
                queue.push_back(t);
                while queue.front().is_some_and(|old| old + n <= t) {
                    queue.pop_front();
                }
            }
            if t + 1 >= n { shown(queue.front().map(|at| (t - at, x[*at]))) } else { f64::NAN }
        })
        .collect()
}
