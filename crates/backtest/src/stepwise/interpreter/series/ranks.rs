//! Order statistics and moments of a window or an array without `na`.

fn mean(w: &[f64]) -> f64 {
    w.iter().sum::<f64>() / w.len() as f64
}

/// Ascending.
pub(crate) fn sorted(w: &[f64]) -> Vec<f64> {
    let mut sorted = w.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Population variance, or the sample's.
pub(crate) fn variance(w: &[f64], biased: bool) -> f64 {
    let m = mean(w);
    let squares: f64 = w.iter().map(|v| (v - m) * (v - m)).sum();
    let n = w.len() as f64 - if biased { 0.0 } else { 1.0 };
    if n <= 0.0 { f64::NAN } else { squares / n }
}

/// Population covariance, or the sample's.
pub(crate) fn covariance(x: &[f64], y: &[f64], biased: bool) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    let products: f64 = x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)).sum();
    let n = x.len().min(y.len()) as f64 - if biased { 0.0 } else { 1.0 };
    if n <= 0.0 { f64::NAN } else { products / n }
}

/// Pearson's coefficient; `na` when either side is flat.
pub(crate) fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let scale = (variance(x, true) * variance(y, true)).sqrt();
    if scale == 0.0 { f64::NAN } else { covariance(x, y, true) / scale }
}

/// Percent of the values before the last that are at most the last.
pub(crate) fn percent_rank(w: &[f64]) -> f64 {
    let Some((newest, before)) = w.split_last() else { return f64::NAN };
    let below = before.iter().filter(|v| *v <= newest).count();
    100.0 * below as f64 / before.len() as f64
}

/// Percentile between neighbours, as TradingView places it: at n * p / 100 - 0.5 of the sorted values.
pub(crate) fn percentile_linear(sorted: &[f64], percent: f64) -> f64 {
    if sorted.is_empty() || percent.is_nan() {
        return f64::NAN;
    }
    let last = sorted.len() - 1;
    let place = (sorted.len() as f64 * percent / 100.0 - 0.5).clamp(0.0, last as f64);
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Percentile by nearest rank.
pub(crate) fn percentile_nearest(sorted: &[f64], percent: f64) -> f64 {
    if sorted.is_empty() || percent.is_nan() {
        return f64::NAN;
    }
    let rank = (sorted.len() as f64 * percent / 100.0).ceil().clamp(1.0, sorted.len() as f64);
    sorted[rank as usize - 1]
}

/// Middle value, or the mean of the two.
pub(crate) fn median(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    match n {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// Most frequent value, the smallest among equals.
pub(crate) fn mode(sorted: &[f64]) -> f64 {
    let (mut best, mut most) = (f64::NAN, 0);
    for group in sorted.chunk_by(|a, b| a == b) {
        if group.len() > most {
            (best, most) = (group[0], group.len());
        }
    }
    best
}

/// The least-squares line of a window, read `back` bars before its end.
pub(crate) fn line(w: &[f64], back: f64) -> f64 {
    let n = w.len() as f64;
    let middle = (n - 1.0) / 2.0;
    let spread: f64 = (0..w.len()).map(|i| (i as f64 - middle) * (i as f64 - middle)).sum();
    let m = mean(w);
    let slope = if w.len() == 1 {
        0.0
    } else {
        w.iter().enumerate().map(|(i, v)| (i as f64 - middle) * (v - m)).sum::<f64>() / spread
    };
    m + slope * (middle - back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_of_small_windows() {
        let w = sorted(&[3.0, 1.0, 2.0, 2.0]);
        assert_eq!((median(&w), mode(&w)), (2.0, 2.0));
        assert_eq!(percentile_nearest(&w, 50.0), 2.0);
        assert_eq!(percentile_linear(&[1.0, 2.0, 3.0], 50.0), 2.0);
        assert_eq!(percent_rank(&[1.0, 2.0, 3.0, 2.0]), 200.0 / 3.0);
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), 1.0);
        assert_eq!(line(&[1.0, 2.0, 3.0], 1.0), 2.0);
        assert_eq!((variance(&[1.0, 3.0], true), variance(&[1.0, 3.0], false)), (1.0, 2.0));
    }
}
