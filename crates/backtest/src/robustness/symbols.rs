//! Other symbols: does the same strategy earn elsewhere too?
//!
//! Data sets of one concept are judged one by one; beside the best of them stands in how many of the others the same strategy,
//! with its grid searched there anew, was better than the middle permuted market, and whether that many could be chance: a
//! sign test (Arbuthnot 1710), exact, one-sided. Markets that move together make it too sure; it decides nothing.

/// How the other data sets did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Other data sets.
    pub others: u32,
    /// Those on which the search beat the middle permuted market.
    pub agree: u32,
    /// Chance of so many or more, were each a coin toss.
    pub p: f64,
}

/// Counts permutation p-values of the same strategy on other data sets; one below a half agrees. `None` without others.
pub fn agreement(p_values: &[f64]) -> Option<Agreement> {
    let n = p_values.len();
    if n == 0 {
        return None;
    }
    let agree = p_values.iter().filter(|p| **p < 0.5).count();
    // Sum over k >= agree of C(n, k) / 2^n, term by term from k = n down.
    let (mut term, mut p) = (0.5f64.powi(n as i32), 0.0);
    for k in (agree..=n).rev() {
        p += term;
        term *= k as f64 / (n - k + 1) as f64;
    }
    Some(Agreement { others: n as u32, agree: agree as u32, p: p.min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_of_ten_is_one_in_eighteen() {
        let mut p = vec![0.1; 8];
        p.extend([0.5, 0.9]);
        let found = agreement(&p).unwrap();
        // (45 + 10 + 1) / 1024
        assert_eq!((found.others, found.agree), (10, 8));
        assert!((found.p - 56.0 / 1024.0).abs() < 1e-15);
        assert!((agreement(&[0.7; 4]).unwrap().p - 1.0).abs() < 1e-15);
        assert_eq!(agreement(&[]), None);
        assert_eq!(agreement(&[f64::NAN]).unwrap().agree, 0);
    }
}
