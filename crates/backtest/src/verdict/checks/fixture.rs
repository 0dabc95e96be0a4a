//! Evidence that passes every check, for the tests to spoil.

use crate::verdict::{Evidence, PermutationEvidence, Ruling, Thresholds, Verdict, WalkForwardEvidence, rule};

/// Passes every check.
pub(in crate::verdict) fn sound() -> Evidence {
    Evidence {
        observations: 3500,
        sharpe: Some(0.08),
        sharpe_annual: Some(1.27),
        sharpe_se_annual: Some(0.27),
        skew: Some(0.0),
        kurtosis: Some(5.0),
        psr0: Some(0.9999),
        trials_own: 400,
        trials_own_effective: 12.5,
        trials_raw: 12_400,
        trials_effective: 37.5,
        expected_max_raw_annual: Some(0.9),
        expected_max_effective_annual: Some(0.58),
        dsr_raw: Some(0.92),
        dsr_effective: Some(0.99),
        permutation: Some(PermutationEvidence {
            p: 0.001,
            p_tail: 0.0005,
            p_looks: 0.0015,
            permutations: 1_000,
            exceeded: 0,
            median_best_annual: Some(0.6),
        }),
        pbo: Some(0.2),
        pbo_loss: Some(0.1),
        pbo_splits: Some(12_870),
        min_track_record_obs: Some(600.0),
        min_backtest_years: Some(3.0),
        years: Some(13.9),
        walk_forward: Some(WalkForwardEvidence {
            train_sharpe: 1.27,
            test_sharpe: 0.9,
            efficiency: Some(0.7),
            test_bars: 1500,
        }),
        trades: 120,
        break_even_cost: Some(0.004),
        assumed_cost: 0.001,
        plateau: Some(0.8),
        buy_and_hold_sharpe: Some(0.5),
        best_trades_out_sharpe: Some(0.6),
        noise_kept: Some(0.9),
        look_ahead_clean: true,
        ..Evidence::default()
    }
}

pub(in crate::verdict) fn permuted(e: &mut Evidence) -> &mut PermutationEvidence {
    e.permutation.as_mut().unwrap()
}

pub(in crate::verdict) fn judged(change: impl FnOnce(&mut Evidence)) -> Ruling {
    let mut evidence = sound();
    change(&mut evidence);
    rule(&evidence, &Thresholds::default())
}

pub(in crate::verdict) fn forward(e: &mut Evidence) -> &mut WalkForwardEvidence {
    e.walk_forward.as_mut().unwrap()
}

pub(in crate::verdict) type Change = fn(&mut Evidence);

/// The first failed check ("" for none), the verdict, and what was changed.
pub(in crate::verdict) type Row = (&'static str, Verdict, Change);

/// Holds the rule to a table.
pub(in crate::verdict) fn decides_at(table: &[Row]) {
    for (row, (code, verdict, change)) in table.iter().enumerate() {
        let ruling = judged(change);
        assert_eq!(ruling.verdict, *verdict, "row {row}: {}", ruling.summary);
        let failed: Vec<&str> = ruling.reasons.iter().filter(|r| !r.passed).map(|r| r.code).collect();
        let first = failed.first().copied().unwrap_or("");
        assert_eq!(first, *code, "row {row}: {failed:?}");
    }
}
