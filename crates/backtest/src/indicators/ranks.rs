//! Order statistics of the last n values. Windows are sorted anew: they are short, and a sort is plain.

use super::{Gaps, over_numbers, windowed};

fn sorted(w: &[f64]) -> Vec<f64> {
    let mut sorted = w.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Middle value of the last n numbers, or the mean of the two.
pub(crate) fn median(x: &[f64], n: usize) -> Vec<f64> {
    let middle = |w: &[f64]| {
        let w = sorted(w);
        if n % 2 == 1 { w[n / 2] } else { (w[n / 2 - 1] + w[n / 2]) / 2.0 }
    };
    over_numbers(x, Gaps::Held, |x| windowed(x, n, middle))
}

/// Most frequent of the last n numbers, the smallest among equals.
pub(crate) fn mode(x: &[f64], n: usize) -> Vec<f64> {
    let most_frequent = |w: &[f64]| {
        let w = sorted(w);
        let mut groups = w.chunk_by(|a, b| a == b);
        let first = groups.next().unwrap_or(&[]);
        groups.fold(first, |best, group| if group.len() > best.len() { group } else { best })[0]
    };
    over_numbers(x, Gaps::Held, |x| windowed(x, n, most_frequent))
}

/// Percent of the n values before the last that are at most the last.
pub(crate) fn percent_rank(x: &[f64], n: usize) -> Vec<f64> {
    windowed(x, n + 1, |w| {
        let newest = w[n];
        100.0 * w[..n].iter().filter(|v| **v <= newest).count() as f64 / n as f64
    })
}

/// Percentile between neighbours, at n * p / 100 - 0.5 of the sorted values, as TradingView places it.
pub(crate) fn percentile_linear(x: &[f64], n: usize, percent: f64) -> Vec<f64> {
    let place = (n as f64 * percent / 100.0 - 0.5).clamp(0.0, n as f64 - 1.0);
    let (below, part) = (place.floor() as usize, place - place.floor());
    windowed(x, n, |w| {
        let w = sorted(w);
        w[below] + part * (w[(below + 1).min(n - 1)] - w[below])
    })
}

/// Percentile by nearest rank.
pub(crate) fn percentile_nearest(x: &[f64], n: usize, percent: f64) -> Vec<f64> {
    let rank = (n as f64 * percent / 100.0).ceil().clamp(1.0, n as f64) as usize;
    windowed(x, n, |w| sorted(w)[rank - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_small_windows() {
        let x = [3.0, 1.0, 2.0, 2.0];
        assert_eq!((median(&x, 4)[3], median(&x, 3)[2], mode(&x, 4)[3]), (2.0, 2.0, 2.0));
        assert_eq!(percent_rank(&[1.0, 2.0, 3.0, 2.0], 3)[3], 100.0 * 2.0 / 3.0);
        assert_eq!(percentile_linear(&[1.0, 2.0, 3.0], 3, 50.0)[2], 2.0);
        assert_eq!(percentile_linear(&[4.0, 1.0, 3.0, 2.0], 4, 50.0)[3], 2.5);
        assert_eq!(percentile_nearest(&x, 4, 50.0)[3], 2.0);
        assert_eq!((percentile_nearest(&x, 4, 0.0)[3], percentile_nearest(&x, 4, 100.0)[3]), (1.0, 3.0));
        let gap = [1.0, f64::NAN, 2.0, f64::NAN];
        assert_eq!(median(&gap, 2)[2..], [1.5, 1.5]);
        assert!(percentile_nearest(&gap, 2, 50.0).iter().all(|v| v.is_nan()));
    }
}
