//! At what cost is nothing left?

use crate::Run;

/// Costs per side above this are not looked for: nobody pays a tenth.
const COST_MAX: f64 = 0.1;

/// The rate per side at which the final equity of `free`, a run without costs, falls back to 1: 0 when it loses even so,
/// `COST_MAX` when it would bear more. Signals do not depend on costs, so each side just multiplies the equity.
pub fn break_even_cost(free: &Run) -> Option<f64> {
    let gross = free.equity.last().copied().filter(|e| e.is_finite() && *e > 0.0)?;
    let entries = free.trades.len() as f64;
    let exits = free.trades.iter().filter(|trade| trade.exit_bar.is_some()).count() as f64;
    if gross <= 1.0 {
        return Some(0.0);
    }
    let left = |cost: f64| gross.ln() + exits * (1.0 - cost).ln() - entries * (1.0 + cost).ln();
    if left(COST_MAX) >= 0.0 {
        return Some(COST_MAX);
    }
    let (mut low, mut high) = (0.0, COST_MAX);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if left(middle) > 0.0 { low = middle } else { high = middle }
    }
    Some(low)
}

/// The same for a strategy whose orders depend on its money, by running it at one fee after another. `at` gives the final
/// equity at a fee per side.
///
/// # Errors
/// What `at` meets.
pub fn break_even_by_running<E>(at: impl Fn(f64) -> Result<Option<f64>, E>) -> Result<Option<f64>, E> {
    let earns = |cost: f64| Ok(at(cost)?.filter(|e| e.is_finite()).map(|equity| equity > 1.0));
    match earns(0.0)? {
        None => return Ok(None),
        Some(false) => return Ok(Some(0.0)),
        Some(true) => {}
    }
    if earns(COST_MAX)? == Some(true) {
        return Ok(Some(COST_MAX));
    }
    let (mut low, mut high) = (0.0, COST_MAX);
    // 0.1 / 2^20 is a thousandth of a basis point.
    for _ in 0..20 {
        let middle = (low + high) / 2.0;
        if earns(middle)? == Some(true) { low = middle } else { high = middle }
    }
    Ok(Some(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trade;
    use crate::stepwise::broker::Side;

    fn free(gross: f64, closed: usize) -> Run {
        let trade = Trade {
            side: Side::Long,
            share: 1.0,
            entry_bar: 0,
            exit_bar: Some(1),
            entry_price: 1.0,
            exit_price: 1.0,
            gain: 0.0,
        };
        Run { first_bar: 0, returns: vec![], equity: vec![gross], trades: vec![trade; closed], bars_held: 0 }
    }

    #[test]
    fn costs_that_leave_nothing() {
        // 1.21 = ((1 + c)/(1 - c))^2 at c = 0.1/2.1.
        assert!((break_even_cost(&free(1.21, 2)).unwrap() - 0.1 / 2.1).abs() < 1e-12);
        let at = |cost: f64| Ok::<_, ()>(Some(1.21 * ((1.0 - cost) / (1.0 + cost)).powi(2)));
        assert!((break_even_by_running(at).unwrap().unwrap() - 0.1 / 2.1).abs() < 1e-6);
        assert_eq!(break_even_by_running(|_| Ok::<_, ()>(Some(0.9))), Ok(Some(0.0)));
        assert_eq!(break_even_by_running(|_| Ok::<_, ()>(Some(9.0))), Ok(Some(COST_MAX)));
        assert_eq!(break_even_by_running(|_| Ok::<_, ()>(None)), Ok(None));
        assert_eq!(break_even_by_running(|_| Err(())), Err(()));
        assert_eq!(break_even_cost(&free(0.9, 2)), Some(0.0));
        assert_eq!(break_even_cost(&free(1e9, 2)), Some(COST_MAX));
        assert_eq!(break_even_cost(&free(f64::NAN, 2)), None);
    }
}
