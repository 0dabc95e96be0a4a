//! Figures of one equity curve. r is the simple return of a bar, n their number, k bars a year.

/// What a run amounts to. A figure that does not exist (no return varies, no loss) is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    /// Last equity over first, minus 1.
    pub total_return: f64,
    /// (last / first)^(k/n) - 1.
    pub cagr: Option<f64>,
    /// Sample deviation of r times sqrt(k).
    pub volatility: Option<f64>,
    /// mean(r) / deviation(r) * sqrt(k), ddof 1.
    pub sharpe: Option<f64>,
    /// mean(r) / sqrt(mean(min(r, 0)^2)) * sqrt(k), over all n.
    pub sortino: Option<f64>,
    /// Deepest fall from the highest equity so far, the start included; 0 or negative.
    pub max_drawdown: f64,
    /// Longest run of bars below the running peak.
    pub drawdown_bars: usize,
    /// cagr / |max drawdown|.
    pub calmar: Option<f64>,
    /// sqrt(mean(drawdown^2)).
    pub ulcer: f64,
    /// Returns counted.
    pub observations: usize,
}

/// Computes them. `equity[i]` is the product of 1 + r up to i, from 1.
pub fn metrics(returns: &[f64], equity: &[f64], periods_per_year: f64) -> Metrics {
    let n = returns.len() as f64;
    let finite = |x: f64| x.is_finite().then_some(x);
    let last = equity.last().copied().unwrap_or(1.0);
    let mean = returns.iter().sum::<f64>() / n;
    let deviation = (returns.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (n - 1.0)).sqrt();
    let downside = (returns.iter().map(|r| r.min(0.0).powi(2)).sum::<f64>() / n).sqrt();
    let root = periods_per_year.sqrt();
    let (mut peak, mut deepest, mut squares) = (1.0f64, 0.0f64, 0.0);
    let (mut below, mut longest) = (0, 0);
    for e in equity {
        peak = peak.max(*e);
        let drawdown = e / peak - 1.0;
        deepest = deepest.min(drawdown);
        squares += drawdown * drawdown;
        below = if drawdown < 0.0 { below + 1 } else { 0 };
        longest = longest.max(below);
    }
    let cagr = finite(last.powf(periods_per_year / n) - 1.0);
    Metrics {
        total_return: last - 1.0,
        cagr,
        volatility: finite(deviation * root),
        sharpe: if deviation > 0.0 { finite(mean / deviation * root) } else { None },
        sortino: if downside > 0.0 { finite(mean / downside * root) } else { None },
        max_drawdown: deepest,
        drawdown_bars: longest,
        calmar: cagr.filter(|_| deepest < 0.0).map(|c| c / -deepest),
        ulcer: if n > 0.0 { (squares / n).sqrt() } else { 0.0 },
        observations: returns.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_curve_by_hand() {
        let returns = [0.1, -0.1, 0.05, -0.02];
        let equity = [1.1, 0.99, 1.0395, 1.01871];
        let m = metrics(&returns, &equity, 4.0);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        close(m.total_return, 0.01871);
        close(m.cagr.unwrap(), 0.01871);
        // mean 0.0075, squares 0.010 + 0.010 + 0.0025 + 0.0004 - 4 * 0.0075^2 = 0.022675
        close(m.sharpe.unwrap(), 0.0075 / (0.022675f64 / 3.0).sqrt() * 2.0);
        close(m.sortino.unwrap(), 0.0075 / ((0.01f64 + 0.0004) / 4.0).sqrt() * 2.0);
        close(m.max_drawdown, -0.1);
        assert_eq!(m.drawdown_bars, 3);
    }

    #[test]
    fn what_does_not_exist_is_absent() {
        let flat = metrics(&[0.0; 5], &[1.0; 5], 252.0);
        assert_eq!((flat.sharpe, flat.sortino, flat.calmar, flat.max_drawdown), (None, None, None, 0.0));
        assert_eq!(metrics(&[], &[], 252.0).sharpe, None);
    }
}
