//! The evidence as it is kept and shown: the fields of [`assay_backtest::verdict::Evidence`], by the same names.
//!
//! Domain types are not serialisable, so that they may change; the copy is made here, from one list of names, both ways. A
//! field that is added to the evidence does not compile until it is listed.

use assay_backtest::verdict::{Evidence, PermutationEvidence, WalkForwardEvidence};
use serde::{Deserialize, Serialize};

/// A value in the words of the other side.
trait Mirror<T> {
    /// The other side's value.
    fn mirror(&self) -> T;

    /// Whether it is a figure at all: what is no finite number is kept as absent.
    fn is_figure(&self) -> bool {
        true
    }
}

macro_rules! alike {
    ($($plain:ty),*) => {
        $(impl Mirror<$plain> for $plain {
            fn mirror(&self) -> $plain {
                *self
            }
        })*
    };
}

alike!(u32, u64, usize, bool);

impl Mirror<f64> for f64 {
    fn mirror(&self) -> f64 {
        *self
    }

    fn is_figure(&self) -> bool {
        self.is_finite()
    }
}

impl<T: Mirror<U>, U> Mirror<Option<U>> for Option<T> {
    fn mirror(&self) -> Option<U> {
        self.as_ref().filter(|value| value.is_figure()).map(Mirror::mirror)
    }
}

/// A view with the fields of a domain type, and the way from each to the other.
macro_rules! mirror {
    ($(#[$meta:meta])* $view:ident of $domain:ident { $($field:ident: $ty:ty,)* }) => {
        $(#[$meta])*
        #[serde(default)]
        #[expect(missing_docs, reason = "the names of the domain type, which says what they are")]
        pub struct $view {
            $(pub $field: $ty,)*
        }

        impl From<&$domain> for $view {
            fn from(of: &$domain) -> $view {
                $view { $($field: of.$field.mirror(),)* }
            }
        }

        impl From<&$view> for $domain {
            fn from(of: &$view) -> $domain {
                $domain { $($field: of.$field.mirror(),)* }
            }
        }

        impl Mirror<$view> for $domain {
            fn mirror(&self) -> $view {
                self.into()
            }
        }

        impl Mirror<$domain> for $view {
            fn mirror(&self) -> $domain {
                self.into()
            }
        }
    };
}

mirror! {
    /// The numbers behind a verdict; an unmeasured one is absent.
    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    EvidenceView of Evidence {
        observations: usize,
        sharpe: Option<f64>,
        sharpe_annual: Option<f64>,
        sharpe_se_annual: Option<f64>,
        skew: Option<f64>,
        kurtosis: Option<f64>,
        psr0: Option<f64>,
        trials_own: u64,
        trials_raw: u64,
        trials_effective: f64,
        expected_max_raw_annual: Option<f64>,
        expected_max_effective_annual: Option<f64>,
        dsr_raw: Option<f64>,
        dsr_effective: Option<f64>,
        pbo: Option<f64>,
        pbo_splits: Option<u32>,
        min_track_record_obs: Option<f64>,
        min_backtest_years: Option<f64>,
        years: Option<f64>,
        walk_forward: Option<WalkForwardView>,
        trades: u32,
        break_even_cost: Option<f64>,
        assumed_cost: f64,
        plateau: Option<f64>,
        buy_and_hold_sharpe: Option<f64>,
        look_ahead_clean: bool,
        permutation: Option<PermutationView>,
        trials_own_effective: f64,
        pbo_loss: Option<f64>,
        alpha_annual: Option<f64>,
        beta: Option<f64>,
        alpha_t: Option<f64>,
        spa_p: Option<f64>,
        reality_check_p: Option<f64>,
        step_m: Option<u32>,
        sampled: Option<u32>,
        cv_median_sharpe: Option<f64>,
        cv_paths_positive: Option<f64>,
        delay_one_kept: Option<f64>,
        delay_two_kept: Option<f64>,
        delay_break_even: Option<u32>,
        near_ties: Option<u64>,
        best_trades_out_sharpe: Option<f64>,
        noise_kept: Option<f64>,
        years_positive: Option<f64>,
        look_ahead_line: Option<u32>,
    }
}

mirror! {
    /// What the permuted markets say.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
    PermutationView of PermutationEvidence {
        p: f64,
        p_tail: f64,
        p_looks: f64,
        permutations: u32,
        exceeded: u32,
        median_best_annual: Option<f64>,
    }
}

mirror! {
    /// Walking forward. Sharpe ratios are annual.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
    WalkForwardView of WalkForwardEvidence {
        train_sharpe: f64,
        test_sharpe: f64,
        efficiency: Option<f64>,
        test_bars: usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_survives_being_kept_and_what_is_no_number_is_absent() {
        let permutation = PermutationEvidence {
            p: 0.1,
            p_tail: 0.2,
            p_looks: 0.3,
            permutations: 99,
            exceeded: 9,
            median_best_annual: None,
        };
        let evidence = Evidence {
            observations: 7,
            sharpe: Some(0.1),
            permutation: Some(permutation),
            delay_break_even: Some(3),
            look_ahead_clean: true,
            ..Evidence::default()
        };
        let endless = Evidence { min_track_record_obs: Some(f64::INFINITY), pbo: Some(f64::NAN), ..evidence.clone() };
        let kept = serde_json::to_string(&EvidenceView::from(&endless)).unwrap();
        let read: EvidenceView = serde_json::from_str(&kept).unwrap();
        assert_eq!(Evidence::from(&read), evidence);
        // A row of an older version lacks what was not measured then.
        let old: EvidenceView = serde_json::from_str(r#"{"observations":7}"#).unwrap();
        assert_eq!(old, EvidenceView { observations: 7, ..EvidenceView::default() });
    }
}
