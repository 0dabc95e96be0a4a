//! Where the lines are drawn between the verdicts, and why there.

/// Where the lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Chance of luck, over all looks, above which the result is rejected.
    pub luck_max: f64,
    /// Chance of luck, over all looks, up to which it may be plausible.
    pub luck_plausible_max: f64,
    /// Deflated Sharpe ratio, by the effective number of trials, below which it is weak at best.
    pub dsr_min: f64,
    /// Trades below which nothing can be said.
    pub trades_min: u32,
    /// Probability of back-test overfitting above which the choice of parameters does not carry over, unless losses are rare.
    pub pbo_max: f64,
    /// Share of the cross-validation splits in which the chosen set may lose on the other half.
    pub pbo_loss_max: f64,
    /// Share of the Sharpe ratio that the walk-forward stretches must keep.
    pub walk_forward_efficiency_min: f64,
    /// Median Sharpe ratio of the neighbouring parameter sets over that of the best.
    pub plateau_min: f64,
    /// Median Sharpe ratio on noisy prices over that on the real ones.
    pub noise_kept_min: f64,
    /// Confidence at which the record must be long enough.
    pub track_record_confidence: f64,
}

/// One test of luck decides between rejected and not, at 3.5 %, and may be passed for plausible at 0.6 %: the permutation of
/// the whole search counts the choice, the kinship of the trials and the shape of the returns by itself, on all bars. What is
/// promised is at most 5 % and 1 % of concepts without an edge; the rest is margin, for the whole catalogue is searched too
/// (`crates/calibration` measures both). The other lines say what is fragile, and are drawn where chance seldom throws a real
/// edge of a yearly Sharpe ratio of 1 over ten years: a walk-forward that keeps a quarter of the promise, because the promise of
/// the best of a grid is inflated even where the edge is real; overfitting only where the choice does not carry over *and*
/// loses, because the sets of a family with one common edge rank by luck. 20 trades: luck is judged by permutation, not by
/// moments, and thirty would turn away one true trend follower in ten for no false alarm fewer. 95 %: custom.
impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            luck_max: 0.035,
            luck_plausible_max: 0.006,
            dsr_min: 0.5,
            trades_min: 20,
            pbo_max: 0.5,
            pbo_loss_max: 0.25,
            walk_forward_efficiency_min: 0.25,
            plateau_min: 0.5,
            noise_kept_min: 0.5,
            track_record_confidence: 0.95,
        }
    }
}
