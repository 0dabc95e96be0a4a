//! Pivots: extremes that stand above (or below) the bars on both sides, known once the right side has passed.

/// The value `right` bars ago where it is above every one of the `left` values before it and below none of the `right` after
/// it; `na` elsewhere. Of equal highs in a row the first is the pivot.
pub(crate) fn pivot_high(x: &[f64], left: usize, right: usize) -> Vec<f64> {
    pivots(x, left, right, |pivot, other| pivot > other, |pivot, other| pivot >= other)
}

/// The same of lows.
pub(crate) fn pivot_low(x: &[f64], left: usize, right: usize) -> Vec<f64> {
    pivots(x, left, right, |pivot, other| pivot < other, |pivot, other| pivot <= other)
}

fn pivots(
    x: &[f64],
    left: usize,
    right: usize,
    before: impl Fn(f64, f64) -> bool,
    after: impl Fn(f64, f64) -> bool,
) -> Vec<f64> {
    (0..x.len())
        .map(|t| {
            let Some(start) = t.checked_sub(left + right) else { return f64::NAN };
            let pivot = x[start + left];
            // A comparison with `na` is false: a window that holds one has no pivot.
            let stands = x[start..start + left].iter().all(|v| before(pivot, *v))
                && x[start + left + 1..=t].iter().all(|v| after(pivot, *v));
            if stands { pivot } else { f64::NAN }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_highs_is_the_pivot() {
        let x = [1.0, 3.0, 3.0, 2.0, 4.0, 1.0, f64::NAN, 5.0, 1.0];
        let shown: Vec<Option<f64>> = pivot_high(&x, 1, 1).iter().map(|v| (!v.is_nan()).then_some(*v)).collect();
        assert_eq!(shown, [None, None, Some(3.0), None, None, Some(4.0), None, None, None]);
        let low: Vec<usize> =
            pivot_low(&x, 1, 1).iter().enumerate().filter(|(_, v)| !v.is_nan()).map(|p| p.0).collect();
        assert_eq!(low, [4]);
        assert_eq!(pivot_high(&x, 0, 0)[..4], x[..4]);
        assert!(pivot_high(&x, 9, 9).iter().all(|v| v.is_nan()));
    }
}
