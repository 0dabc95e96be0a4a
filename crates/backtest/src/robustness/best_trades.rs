//! Without its best trades: does the result hang on a few lucky ones?
//!
//! The best k positions by gain are taken out and the bars they were held on count as spent in cash.

use crate::Run;
use crate::overfitting::sharpe_sample;

/// What is left of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestTradesOut {
    /// Trades taken out.
    pub removed: usize,
    /// Sharpe ratio per bar of the rest; 0 when nothing else was traded.
    pub sharpe: f64,
    /// Growth of the rest, minus 1.
    pub total_return: f64,
}

/// Takes the best `count` trades out of `run`; ties go to the earlier. `None` without trades.
pub fn without_best_trades(run: &Run, count: usize) -> Option<BestTradesOut> {
    if run.trades.is_empty() || run.returns.is_empty() {
        return None;
    }
    let mut order: Vec<usize> = (0..run.trades.len()).collect();
    order.sort_by(|a, b| run.trades[*b].gain.total_cmp(&run.trades[*a].gain));
    order.truncate(count);
    let mut returns = run.returns.clone();
    for trade in &order {
        let trade = &run.trades[*trade];
        let from = trade.entry_bar.saturating_sub(run.first_bar);
        let to = trade.exit_bar.map_or(returns.len(), |bar| bar + 1 - run.first_bar).min(returns.len());
        returns[from..to].iter_mut().for_each(|r| *r = 0.0);
    }
    let total: f64 = returns.iter().map(|r| 1.0 + r).product();
    let idle = returns.iter().all(|r| *r == 0.0);
    let sharpe = if idle { 0.0 } else { sharpe_sample(&returns)?.sharpe };
    Some(BestTradesOut { removed: order.len(), sharpe, total_return: total - 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trade;
    use crate::stepwise::broker::Side;

    #[test]
    fn the_best_of_three_trades_is_taken_out() {
        let trade = |entry_bar, exit_bar, gain| Trade {
            side: Side::Long,
            share: 1.0,
            entry_bar,
            exit_bar,
            entry_price: 1.0,
            exit_price: 1.0,
            gain,
        };
        let run = Run {
            first_bar: 10,
            returns: vec![0.0, 0.1, 0.1, 0.0, 0.02, -0.01, 0.03],
            equity: vec![],
            trades: vec![trade(11, Some(12), 0.21), trade(14, Some(15), 0.0098), trade(16, None, 0.03)],
            bars_held: 4,
        };
        let one = without_best_trades(&run, 1).unwrap();
        assert!((one.total_return - (1.02 * 0.99 * 1.03 - 1.0)).abs() < 1e-12 && one.sharpe > 0.0);
        let two = without_best_trades(&run, 2).unwrap();
        assert!((two.total_return - (1.02 * 0.99 - 1.0)).abs() < 1e-12);
        let all = without_best_trades(&run, 9).unwrap();
        assert_eq!((all.removed, all.sharpe, all.total_return), (3, 0.0, 0.0));
        assert_eq!(without_best_trades(&Run { trades: vec![], ..run }, 1), None);
    }
}
