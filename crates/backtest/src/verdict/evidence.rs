//! Every number that a verdict rests on.

/// What the permuted markets say. See [`crate::permutation`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PermutationEvidence {
    /// Chance that this search alone finds as much by luck: exact, of all the permutations.
    pub p: f64,
    /// The same carried past the resolution of the permutations.
    pub p_tail: f64,
    /// The same over every look taken on this data and every data set of the concept. This one decides.
    pub p_looks: f64,
    /// Permuted markets.
    pub permutations: u32,
    /// Those on which the same search found at least as much.
    pub exceeded: u32,
    /// Annual Sharpe ratio of the middle permuted best: what luck usually shows.
    pub median_best_annual: Option<f64>,
}

/// What sets chosen on earlier bars did on later ones, joined over all walk-forward windows. Sharpe ratios are annual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WalkForwardEvidence {
    /// Where they were chosen, in the mean.
    pub train_sharpe: f64,
    /// On the bars after, joined.
    pub test_sharpe: f64,
    /// Test over train; absent when the train figure is not positive.
    pub efficiency: Option<f64>,
    /// Bars after the choices.
    pub test_bars: usize,
}

/// Every number that a verdict rests on. An unmeasured figure is absent, never zero.
/// Figures of the best parameter set are net of costs and from all bars unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Returns.
    pub observations: usize,
    /// Sharpe ratio per bar.
    pub sharpe: Option<f64>,
    /// Sharpe ratio per year.
    pub sharpe_annual: Option<f64>,
    /// Its standard error per year.
    pub sharpe_se_annual: Option<f64>,
    /// Skew of the returns.
    pub skew: Option<f64>,
    /// Pearson kurtosis of the returns.
    pub kurtosis: Option<f64>,
    /// Probability that the true Sharpe ratio is above zero, were this the only trial ever made.
    pub psr0: Option<f64>,
    /// Valid parameter sets tried in this search.
    pub trials_own: u64,
    /// How many independent trials those are worth.
    pub trials_own_effective: f64,
    /// Parameter sets ever tried on this data, this search included.
    pub trials_raw: u64,
    /// How many independent trials those are worth.
    pub trials_effective: f64,
    /// Best annual Sharpe ratio that luck alone is expected to show among all raw trials.
    pub expected_max_raw_annual: Option<f64>,
    /// The same among the effective trials.
    pub expected_max_effective_annual: Option<f64>,
    /// Deflated Sharpe ratio by raw trials, with the scatter of this search.
    pub dsr_raw: Option<f64>,
    /// Deflated Sharpe ratio by effective trials, with the scatter of independent trials without skill.
    pub dsr_effective: Option<f64>,
    /// What the permuted markets say.
    pub permutation: Option<PermutationEvidence>,
    /// Probability of back-test overfitting.
    pub pbo: Option<f64>,
    /// Share of the splits in which the chosen set loses on the other half.
    pub pbo_loss: Option<f64>,
    /// Splits that it rests on.
    pub pbo_splits: Option<u32>,
    /// Observations until the Sharpe ratio is significantly above zero; absent when no record is long enough.
    pub min_track_record_obs: Option<f64>,
    /// Years of data below which the effective trials are expected to show this Sharpe ratio by luck.
    pub min_backtest_years: Option<f64>,
    /// Years that the returns span.
    pub years: Option<f64>,
    /// Walk-forward.
    pub walk_forward: Option<WalkForwardEvidence>,
    /// Positions opened.
    pub trades: u32,
    /// Cost per side at which nothing is left.
    pub break_even_cost: Option<f64>,
    /// Cost per side that was charged.
    pub assumed_cost: f64,
    /// Median Sharpe ratio of the sets one grid step away over that of the best.
    pub plateau: Option<f64>,
    /// Annual Sharpe ratio of buying once and holding, on the same bars.
    pub buy_and_hold_sharpe: Option<f64>,
    /// Yearly return that the market does not explain.
    pub alpha_annual: Option<f64>,
    /// Share of the market's moves that it makes.
    pub beta: Option<f64>,
    /// t of alpha.
    pub alpha_t: Option<f64>,
    /// Hansen's consistent p-value over a sample of the family, against cash.
    pub spa_p: Option<f64>,
    /// White's p-value, likewise.
    pub reality_check_p: Option<f64>,
    /// Sets of the sample that StepM names at 5 %.
    pub step_m: Option<u32>,
    /// Sets in the sample.
    pub sampled: Option<u32>,
    /// Median annual Sharpe ratio of the purged cross-validation paths.
    pub cv_median_sharpe: Option<f64>,
    /// Share of the paths above 0.
    pub cv_paths_positive: Option<f64>,
    /// Share of the Sharpe ratio that is left when orders fill one bar later.
    pub delay_one_kept: Option<f64>,
    /// Two bars later.
    pub delay_two_kept: Option<f64>,
    /// Annual Sharpe ratio without the best trades: one in twenty, at least one and at most five.
    pub best_trades_out_sharpe: Option<f64>,
    /// Median Sharpe ratio on noisy prices over that on the real ones.
    pub noise_kept: Option<f64>,
    /// Share of the calendar years that earned.
    pub years_positive: Option<f64>,
    /// True when changing the future changed nothing before it.
    pub look_ahead_clean: bool,
    /// Line of the source that looks ahead.
    pub look_ahead_line: Option<u32>,
}
