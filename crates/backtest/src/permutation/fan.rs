//! What the best of luck would have earned: quantiles of the equity of the permuted bests, for drawing.

/// Markets whose equity is kept, at most.
pub const MARKETS_MAX: usize = 200;
/// Points of a curve.
pub const POINTS_MAX: usize = 120;
/// Levels of the fan.
pub const LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Equity of the best sets of permuted markets, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Fan {
    /// Bars of the points, ascending.
    pub bars: Vec<usize>,
    /// At each point the equity at [`LEVELS`].
    pub quantiles: Vec<[f64; 5]>,
    /// Curves that it rests on.
    pub markets: usize,
}

/// The bars at which curves over `first..end` are sampled: at most [`POINTS_MAX`], the last bar among them.
pub fn points(first: usize, end: usize) -> Vec<usize> {
    let length = end.saturating_sub(first);
    let count = length.min(POINTS_MAX);
    (1..=count).map(|i| first + i * length / count - 1).collect()
}

/// The fan of `curves`, each sampled at `bars`. `None` without curves or points.
pub fn fan(bars: Vec<usize>, curves: &[Vec<f64>]) -> Option<Fan> {
    if curves.is_empty() || bars.is_empty() {
        return None;
    }
    let quantiles = (0..bars.len())
        .map(|i| {
            let mut values: Vec<f64> = curves.iter().map(|curve| curve[i]).collect();
            values.sort_by(f64::total_cmp);
            LEVELS.map(|level| quantile(&values, level))
        })
        .collect();
    Some(Fan { bars, quantiles, markets: curves.len() })
}

/// Linear between the two nearest of the sorted values (Hyndman and Fan's type 7, as numpy does).
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let at = level * (sorted.len() - 1) as f64;
    let (low, share) = (at.floor() as usize, at.fract());
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + share * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_numpys() {
        // numpy.quantile([1, 2, 4, 8], [0.05, 0.25, 0.5, 0.75, 0.95])
        let curves: Vec<Vec<f64>> = [4.0, 1.0, 8.0, 2.0].iter().map(|x| vec![*x]).collect();
        let fan = fan(vec![9], &curves).unwrap();
        for (got, expected) in fan.quantiles[0].iter().zip([1.15, 1.75, 3.0, 5.0, 7.4]) {
            assert!((got - expected).abs() < 1e-12, "{fan:?}");
        }
        assert_eq!(fan.markets, 4);
    }

    #[test]
    fn points_are_few_and_end_at_the_last_bar() {
        assert_eq!(points(3, 6), [3, 4, 5]);
        let many = points(100, 10_100);
        assert_eq!((many.len(), many[0], many[119]), (120, 182, 10_099));
        assert!(many.windows(2).all(|w| w[0] < w[1]));
        assert!(points(5, 5).is_empty());
        assert_eq!(fan(vec![], &[vec![]]), None);
    }
}
