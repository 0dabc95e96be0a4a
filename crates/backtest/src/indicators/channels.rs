//! Highest and lowest of the last n, by a monotone queue: O(1) a bar whatever n.

use std::collections::VecDeque;

/// Highest of the last n.
pub(crate) fn highest(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new >= old).into_iter().map(|at| at.map_or(f64::NAN, |at| x[at])).collect()
}

/// Lowest of the last n.
pub(crate) fn lowest(x: &[f64], n: usize) -> Vec<f64> {
    extreme(x, n, |new, old| new <= old).into_iter().map(|at| at.map_or(f64::NAN, |at| x[at])).collect()
}

/// Minus the bars since the highest of the last n; the latest wins ties.
pub(crate) fn highest_bars(x: &[f64], n: usize) -> Vec<f64> {
    offsets(extreme(x, n, |new, old| new >= old))
}

/// Minus the bars since the lowest of the last n; the latest wins ties.
pub(crate) fn lowest_bars(x: &[f64], n: usize) -> Vec<f64> {
    offsets(extreme(x, n, |new, old| new <= old))
}

fn offsets(places: Vec<Option<usize>>) -> Vec<f64> {
    places.into_iter().enumerate().map(|(t, at)| at.map_or(f64::NAN, |at| at as f64 - t as f64)).collect()
}

/// Where the extreme of each full window stands. `beats(new, old)` drops `old`.
fn extreme(x: &[f64], n: usize, beats: impl Fn(f64, f64) -> bool) -> Vec<Option<usize>> {
    let mut queue: VecDeque<usize> = VecDeque::new();
    let mut length = 0;
    (0..x.len())
        .map(|t| {
            if x[t].is_nan() {
                length = 0;
                queue.clear();
                return None;
            }
            length += 1;
            while queue.back().is_some_and(|old| beats(x[t], x[*old])) {
                queue.pop_back();
            }
            queue.push_back(t);
            while queue.front().is_some_and(|old| old + n <= t) {
                queue.pop_front();
            }
            if length >= n { queue.front().copied() } else { None }
        })
        .collect()
}
