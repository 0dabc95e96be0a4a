//! The verdict: which figures a strategy must show, and the rule that turns them into one word with its reasons.
//!
//! Pure. A figure that could not be measured, or is no finite number, fails its check: what cannot be shown is not believed.
//! Hence the invariant that worsening any figure never improves the verdict.

use std::fmt;

/// The word that all the work ends in, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// More than luck, as far as this data can tell. No promise of profit.
    Plausible,
    /// Not explained by luck alone, but fragile, short or no better than holding.
    Weak,
    /// Luck, costs or the untouched bars explain it away.
    Rejected,
    /// No honest test was possible.
    NotTestable,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 4] = [Verdict::Plausible, Verdict::Weak, Verdict::Rejected, Verdict::NotTestable];

    /// As tables and addresses write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Plausible => "plausible",
            Verdict::Weak => "weak",
            Verdict::Rejected => "rejected",
            Verdict::NotTestable => "not_testable",
        }
    }

    /// The verdict that is written so.
    pub fn parse(text: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Plausible => "Plausible",
            Verdict::Weak => "Weak",
            Verdict::Rejected => "Rejected",
            Verdict::NotTestable => "Not testable",
        })
    }
}

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

/// One check, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Stable name.
    pub code: &'static str,
    /// How it came out.
    pub passed: bool,
    /// The verdict that a failure leads to, at best.
    pub decides: Verdict,
    /// One sentence for a trader, with the numbers.
    pub text: String,
}

/// The verdict and everything that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The word.
    pub verdict: Verdict,
    /// All checks: failed ones first, the gravest at the top.
    pub reasons: Vec<Reason>,
    /// Two sentences at most.
    pub summary: String,
}

/// Applies the rule. Where no test was possible, only the checks that say so are listed.
pub fn rule(evidence: &Evidence, thresholds: &Thresholds) -> Ruling {
    let mut reasons = vec![look_ahead(evidence), valid_trials(evidence)];
    if reasons.iter().all(|reason| reason.passed) {
        reasons.extend([
            luck(evidence, thresholds),
            trades(evidence, thresholds),
            break_even(evidence),
            untouched_bars(evidence),
            little_luck(evidence, thresholds),
            deflated_sharpe(evidence, thresholds),
            overfitting(evidence, thresholds),
            efficiency(evidence, thresholds),
            plateau(evidence, thresholds),
            best_trades(evidence),
            noise(evidence, thresholds),
            track_record(evidence, thresholds),
            buy_and_hold(evidence),
        ]);
    }
    // Stable: within one gravity the order above stays.
    reasons.sort_by_key(|reason| {
        (reason.passed, std::cmp::Reverse(if reason.passed { None } else { Some(reason.decides) }))
    });
    let verdict = reasons.iter().filter(|r| !r.passed).map(|r| r.decides).max().unwrap_or(Verdict::Plausible);
    let summary = summary(verdict, &reasons);
    Ruling { verdict, reasons, summary }
}

fn summary(verdict: Verdict, reasons: &[Reason]) -> String {
    let failed: Vec<&Reason> = reasons.iter().filter(|r| !r.passed).collect();
    match failed.first() {
        None => format!("{verdict}: all {} checks passed. That is no promise of profit.", reasons.len()),
        Some(first) => {
            let others = failed.len() - 1;
            let tail = match others {
                0 => String::new(),
                1 => " One other check failed as well.".to_owned(),
                n => format!(" {n} other checks failed as well."),
            };
            format!("{verdict}: {}{tail}", first.text)
        }
    }
}

fn reason(code: &'static str, decides: Verdict, passed: bool, text: String) -> Reason {
    Reason { code, passed, decides, text }
}

/// A figure that may be compared: present and finite.
fn figure(value: Option<f64>) -> Option<f64> {
    value.filter(|x| x.is_finite())
}

fn look_ahead(e: &Evidence) -> Reason {
    let text = match (e.look_ahead_clean, e.look_ahead_line) {
        (true, _) => "Nothing changes when later bars are taken away or replaced by noise.".to_owned(),
        (false, Some(line)) => format!(
            "It looks ahead at line {line}: changing later bars changes earlier values, so no back-test of it means anything."
        ),
        (false, None) => {
            "It looks ahead: changing later bars changes earlier signals, so no back-test of it means anything."
                .to_owned()
        }
    };
    reason("look_ahead", Verdict::NotTestable, e.look_ahead_clean, text)
}

fn valid_trials(e: &Evidence) -> Reason {
    let text = match e.trials_own {
        0 => "No parameter set could be tested: none gives valid settings on these bars.".to_owned(),
        1 => "One parameter set was tested.".to_owned(),
        n => format!("{} parameter sets were tested.", count(n as f64)),
    };
    reason("valid_trials", Verdict::NotTestable, e.trials_own > 0, text)
}

/// Chance of luck over all looks.
fn chance_of_luck(e: &Evidence) -> Option<f64> {
    figure(e.permutation.map(|p| p.p_looks))
}

fn luck(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match (e.permutation, chance_of_luck(e)) {
        (Some(permuted), Some(p)) => {
            let found = format!(
                "In {} of {} markets with the same bars in another order the same search found as much",
                count(permuted.exceeded.into()),
                count(permuted.permutations.into())
            );
            let looks = if p > permuted.p_tail * 1.005 { ", counting every look at this data" } else { "" };
            if p <= t.luck_max {
                (true, format!("{found}: the chance of luck is {}{looks}.", small_percent(p)))
            } else {
                (
                    false,
                    format!(
                        "{found}: the chance of luck is {}{looks} (at most {}).",
                        small_percent(p),
                        small_percent(t.luck_max)
                    ),
                )
            }
        }
        _ => (false, "How much the same search finds by luck was not measured.".to_owned()),
    };
    reason("luck", Verdict::Rejected, passed, text)
}

fn little_luck(e: &Evidence, t: &Thresholds) -> Reason {
    let bound = small_percent(t.luck_plausible_max);
    let (passed, text) = match chance_of_luck(e) {
        None => (false, "The chance of luck was not measured.".to_owned()),
        Some(p) if p <= t.luck_plausible_max => {
            (true, format!("A chance of luck of {} is small enough to believe in it ({bound}).", small_percent(p)))
        }
        Some(p) => (
            false,
            format!("A chance of luck of {} is too large to believe in it (at most {bound}).", small_percent(p)),
        ),
    };
    reason("little_luck", Verdict::Weak, passed, text)
}

fn deflated_sharpe(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match (
        figure(e.dsr_effective),
        figure(e.sharpe_annual),
        figure(e.expected_max_effective_annual),
    ) {
        (Some(dsr), Some(sharpe), Some(luck)) => {
            let passed = dsr >= t.dsr_min;
            let verb = if passed { "beats" } else { "does not beat" };
            (
                passed,
                format!(
                    "Its yearly Sharpe ratio of {sharpe:.2} {verb} the {luck:.2} that the best of {} independent tries without skill would show, with probability {} ({} is needed).",
                    count(e.trials_effective),
                    percent(dsr),
                    percent(t.dsr_min)
                ),
            )
        }
        _ => (false, "It could not be compared with the best of so many tries.".to_owned()),
    };
    reason("deflated_sharpe", Verdict::Weak, passed, text)
}

fn trades(e: &Evidence, t: &Thresholds) -> Reason {
    let passed = e.trades >= t.trades_min;
    let trades = if e.trades == 1 { "1 trade".to_owned() } else { format!("{} trades", e.trades) };
    let text = if passed {
        format!("It made {trades}, enough to judge ({} are needed).", t.trades_min)
    } else {
        format!("It made only {trades}, too few to judge ({} are needed).", t.trades_min)
    };
    reason("trades", Verdict::Rejected, passed, text)
}

fn break_even(e: &Evidence) -> Reason {
    let assumed = rate(e.assumed_cost);
    let (passed, text) = match figure(e.break_even_cost).filter(|_| e.assumed_cost.is_finite()) {
        None => (false, "The cost at which nothing is left could not be computed.".to_owned()),
        Some(cost) if cost <= 0.0 => (false, "It loses money even when trading is free.".to_owned()),
        Some(cost) if cost < e.assumed_cost => {
            (false, format!("Costs eat it up: it breaks even at {} a side, and {assumed} is charged.", rate(cost)))
        }
        Some(cost) => (true, format!("It bears costs of {} a side; {assumed} is charged.", rate(cost))),
    };
    reason("break_even", Verdict::Rejected, passed, text)
}

fn untouched_bars(e: &Evidence) -> Reason {
    let (passed, text) = match e.walk_forward.and_then(|w| figure(Some(w.test_sharpe)).map(|sharpe| (w, sharpe))) {
        None => (false, "There are no later bars on which earlier choices could prove themselves.".to_owned()),
        Some((w, sharpe)) => {
            let bars = count(w.test_bars as f64);
            let passed = sharpe > 0.0;
            let what = if passed { "its yearly Sharpe ratio is" } else { "it earns nothing: Sharpe ratio" };
            (passed, format!("Chosen on earlier bars and traded on the {bars} bars after, {what} {sharpe:.2}."))
        }
    };
    reason("untouched_bars", Verdict::Weak, passed, text)
}

fn overfitting(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.pbo) {
        None if e.trials_own == 1 => {
            (true, "Only one parameter set was tried, so nothing could be overfitted by choosing.".to_owned())
        }
        None => (false, "The probability of overfitting could not be computed.".to_owned()),
        Some(pbo) if pbo <= t.pbo_max => (
            true,
            format!(
                "The choice of parameters carries over: {} chance of overfitting (at most {}).",
                percent(pbo),
                percent(t.pbo_max)
            ),
        ),
        Some(pbo) => match figure(e.pbo_loss) {
            Some(loss) if loss <= t.pbo_loss_max => (
                true,
                format!(
                    "Which set is best is a matter of luck ({} chance of overfitting), but the chosen one loses on the other bars in only {} of all splits.",
                    percent(pbo),
                    percent(loss)
                ),
            ),
            _ => (
                false,
                format!(
                    "The choice of parameters does not carry over: {} chance of overfitting (at most {}).",
                    percent(pbo),
                    percent(t.pbo_max)
                ),
            ),
        },
    };
    reason("overfitting", Verdict::Weak, passed, text)
}

fn efficiency(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.walk_forward.and_then(|w| w.efficiency)) {
        None => (false, "How much of the promise is kept could not be measured.".to_owned()),
        Some(kept) if kept >= t.walk_forward_efficiency_min => {
            (true, format!("Walking forward keeps {} of the promise.", percent(kept)))
        }
        Some(kept) => (
            false,
            format!(
                "Walking forward keeps only {} of the promise ({} is needed).",
                percent(kept),
                percent(t.walk_forward_efficiency_min)
            ),
        ),
    };
    reason("walk_forward_efficiency", Verdict::Weak, passed, text)
}

fn best_trades(e: &Evidence) -> Reason {
    let (passed, text) = match figure(e.best_trades_out_sharpe) {
        None => (false, "What is left without its best trades could not be measured.".to_owned()),
        Some(sharpe) if sharpe > 0.0 => {
            (true, format!("Without its best trades, one in twenty, it still earns: yearly Sharpe ratio {sharpe:.2}."))
        }
        Some(sharpe) => (
            false,
            format!("It hangs on its best trades: without one in twenty its yearly Sharpe ratio is {sharpe:.2}."),
        ),
    };
    reason("best_trades", Verdict::Weak, passed, text)
}

fn noise(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.noise_kept) {
        None => (false, "How it stands noise on the prices was not measured.".to_owned()),
        Some(kept) if kept >= t.noise_kept_min => {
            (true, format!("With a little noise on the prices it keeps {} of its Sharpe ratio.", percent(kept)))
        }
        Some(kept) => (
            false,
            format!(
                "A little noise on the prices leaves only {} of its Sharpe ratio ({} is needed).",
                percent(kept),
                percent(t.noise_kept_min)
            ),
        ),
    };
    reason("noise", Verdict::Weak, passed, text)
}

fn plateau(e: &Evidence, t: &Thresholds) -> Reason {
    let (passed, text) = match figure(e.plateau) {
        None if e.trials_own == 1 => (true, "It has no neighbouring parameter sets to lean on.".to_owned()),
        None => (false, "The neighbouring parameter sets could not be compared.".to_owned()),
        Some(share) if share >= t.plateau_min => {
            (true, format!("Neighbouring parameter sets do {} as well: a plateau.", percent(share)))
        }
        Some(share) => (
            false,
            format!(
                "A lonely peak: neighbouring parameter sets do only {} as well ({} is needed).",
                percent(share),
                percent(t.plateau_min)
            ),
        ),
    };
    reason("plateau", Verdict::Weak, passed, text)
}

fn track_record(e: &Evidence, t: &Thresholds) -> Reason {
    let confidence = percent(t.track_record_confidence);
    let (passed, text) = match figure(e.min_track_record_obs) {
        None => (false, format!("No record is long enough to be {confidence} sure that it earns anything.")),
        Some(needed) if e.observations as f64 >= needed => (
            true,
            format!(
                "{} bars are enough to be {confidence} sure ({} are needed).",
                count(e.observations as f64),
                count(needed)
            ),
        ),
        Some(needed) => (
            false,
            format!(
                "{} bars are too few to be {confidence} sure ({} are needed).",
                count(e.observations as f64),
                count(needed)
            ),
        ),
    };
    reason("track_record", Verdict::Weak, passed, text)
}

fn buy_and_hold(e: &Evidence) -> Reason {
    let (passed, text) = match (figure(e.sharpe_annual), figure(e.buy_and_hold_sharpe)) {
        (Some(own), Some(hold)) if own > hold => {
            (true, format!("It beats buying and holding: yearly Sharpe ratio {own:.2} against {hold:.2}."))
        }
        (Some(own), Some(hold)) => {
            (false, format!("Buying and holding does as well: yearly Sharpe ratio {hold:.2} against {own:.2}."))
        }
        _ => (false, "It could not be compared with buying and holding.".to_owned()),
    };
    reason("buy_and_hold", Verdict::Weak, passed, text)
}

/// `0.904` as `90 %`; near the ends with one more digit, so that 99.6 % does not become certainty.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    // Rounded down: a figure just below its threshold must not look equal to it.
    if (1.0..99.0).contains(&percent.abs()) {
        format!("{:.0} %", (percent + 1e-9).floor())
    } else {
        format!("{:.1} %", (percent * 10.0 + 1e-9).floor() / 10.0)
    }
}

/// A chance, rounded up, with enough digits to be told from its bound.
fn small_percent(p: f64) -> String {
    let percent = p * 100.0;
    match percent {
        x if x >= 10.0 => format!("{:.0} %", (x - 1e-9).ceil()),
        x if x >= 0.1 => format!("{:.1} %", (x * 10.0 - 1e-9).ceil() / 10.0),
        x if x >= 0.001 => format!("{:.3} %", (x * 1e3 - 1e-9).ceil() / 1e3),
        _ => "less than 0.001 %".to_owned(),
    }
}

/// `0.0015` as `0.150 %`.
fn rate(cost: f64) -> String {
    format!("{:.3} %", cost * 100.0)
}

/// Whole numbers in groups of three; below ten one decimal where it matters.
fn count(n: f64) -> String {
    if n < 10.0 && n.fract() != 0.0 {
        return format!("{n:.1}");
    }
    let digits = format!("{:.0}", n.ceil());
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Passes every check.
    fn sound() -> Evidence {
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

    fn permuted(e: &mut Evidence) -> &mut PermutationEvidence {
        e.permutation.as_mut().unwrap()
    }

    fn judged(change: impl FnOnce(&mut Evidence)) -> Ruling {
        let mut evidence = sound();
        change(&mut evidence);
        rule(&evidence, &Thresholds::default())
    }

    fn forward(e: &mut Evidence) -> &mut WalkForwardEvidence {
        e.walk_forward.as_mut().unwrap()
    }

    type Change = fn(&mut Evidence);

    #[test]
    fn each_rule_decides_at_its_edge() {
        use Verdict::{NotTestable, Plausible, Rejected, Weak};
        let table: &[(&str, Verdict, Change)] = &[
            ("", Plausible, |_| {}),
            ("", Plausible, |e| permuted(e).p_looks = 0.006),
            ("little_luck", Weak, |e| permuted(e).p_looks = 0.0061),
            ("little_luck", Weak, |e| permuted(e).p_looks = 0.035),
            ("luck", Rejected, |e| permuted(e).p_looks = 0.0351),
            ("luck", Rejected, |e| e.permutation = None),
            ("", Plausible, |e| permuted(e).p = 0.9),
            ("", Plausible, |e| e.dsr_effective = Some(0.5)),
            ("deflated_sharpe", Weak, |e| e.dsr_effective = Some(0.4999)),
            ("deflated_sharpe", Weak, |e| e.dsr_effective = None),
            ("", Plausible, |e| e.dsr_raw = Some(0.1)),
            ("", Plausible, |e| e.trades = 20),
            ("trades", Rejected, |e| e.trades = 19),
            ("", Plausible, |e| e.break_even_cost = Some(0.001)),
            ("break_even", Rejected, |e| e.break_even_cost = Some(0.000_999)),
            ("break_even", Rejected, |e| (e.break_even_cost, e.assumed_cost) = (Some(0.0), 0.0)),
            ("break_even", Rejected, |e| e.break_even_cost = None),
            ("", Plausible, |e| e.assumed_cost = 0.0),
            ("untouched_bars", Weak, |e| forward(e).test_sharpe = 0.0),
            ("untouched_bars", Weak, |e| e.walk_forward = None),
            ("", Plausible, |e| e.pbo = Some(0.5)),
            ("", Plausible, |e| (e.pbo, e.pbo_loss) = (Some(0.7), Some(0.25))),
            ("overfitting", Weak, |e| (e.pbo, e.pbo_loss) = (Some(0.5001), Some(0.2501))),
            ("overfitting", Weak, |e| (e.pbo, e.pbo_loss) = (Some(0.5001), None)),
            ("best_trades", Weak, |e| e.best_trades_out_sharpe = Some(0.0)),
            ("best_trades", Weak, |e| e.best_trades_out_sharpe = None),
            ("", Plausible, |e| e.noise_kept = Some(0.5)),
            ("noise", Weak, |e| e.noise_kept = Some(0.49)),
            ("noise", Weak, |e| e.noise_kept = None),
            ("overfitting", Weak, |e| e.pbo = None),
            ("", Plausible, |e| (e.pbo, e.plateau, e.trials_own) = (None, None, 1)),
            ("", Plausible, |e| forward(e).efficiency = Some(0.25)),
            ("walk_forward_efficiency", Weak, |e| forward(e).efficiency = Some(0.24)),
            ("walk_forward_efficiency", Weak, |e| forward(e).efficiency = None),
            ("", Plausible, |e| e.plateau = Some(0.5)),
            ("plateau", Weak, |e| e.plateau = Some(0.49)),
            ("plateau", Weak, |e| e.plateau = None),
            ("", Plausible, |e| e.min_track_record_obs = Some(3500.0)),
            ("track_record", Weak, |e| e.min_track_record_obs = Some(3500.1)),
            ("track_record", Weak, |e| e.min_track_record_obs = None),
            ("buy_and_hold", Weak, |e| e.buy_and_hold_sharpe = Some(1.27)),
            ("buy_and_hold", Weak, |e| e.buy_and_hold_sharpe = None),
            ("look_ahead", NotTestable, |e| e.look_ahead_clean = false),
            ("valid_trials", NotTestable, |e| e.trials_own = 0),
        ];
        for (row, (code, verdict, change)) in table.iter().enumerate() {
            let ruling = judged(change);
            assert_eq!(ruling.verdict, *verdict, "row {row}: {}", ruling.summary);
            let failed: Vec<&str> = ruling.reasons.iter().filter(|r| !r.passed).map(|r| r.code).collect();
            let first = failed.first().copied().unwrap_or("");
            assert_eq!(first, *code, "row {row}: {failed:?}");
        }
    }

    #[test]
    fn the_gravest_reason_comes_first_and_the_summary_says_it() {
        let ruling = judged(|e| (e.pbo, e.pbo_loss, e.trades, e.plateau) = (Some(0.9), None, 3, Some(0.1)));
        let order: Vec<(&str, bool)> = ruling.reasons.iter().map(|r| (r.code, r.passed)).take(4).collect();
        assert_eq!(order, [("trades", false), ("overfitting", false), ("plateau", false), ("look_ahead", true)]);
        assert_eq!(ruling.reasons.len(), 15);
        assert_eq!(
            ruling.summary,
            "Rejected: It made only 3 trades, too few to judge (20 are needed). 2 other checks failed as well."
        );
        assert_eq!(judged(|_| ()).summary, "Plausible: all 15 checks passed. That is no promise of profit.");
    }

    #[test]
    fn a_test_that_was_impossible_lists_no_further_figures() {
        let codes: Vec<&str> = judged(|e| e.trials_own = 0).reasons.iter().map(|r| r.code).collect();
        assert_eq!(codes, ["valid_trials", "look_ahead"]);
    }

    #[test]
    fn numbers_read_as_a_trader_writes_them() {
        for (share, text) in
            [(0.8999, "89 %"), (0.9, "90 %"), (0.29, "29 %"), (0.9999, "99.9 %"), (0.0, "0.0 %"), (-0.3, "-30 %")]
        {
            assert_eq!(percent(share), text);
        }
        assert_eq!(
            (count(1_234_567.0), count(10_000.0), count(2.34), count(3.0)),
            ("1,234,567".into(), "10,000".into(), "2.3".into(), "3".into())
        );
        for (p, text) in
            [(0.0401, "4.1 %"), (0.04, "4.0 %"), (0.27, "27 %"), (0.000_81, "0.081 %"), (1e-9, "less than 0.001 %")]
        {
            assert_eq!(small_percent(p), text);
        }
        let ruling = judged(|_| ());
        assert_eq!(
            ruling.reasons[2].text,
            "In 0 of 1,000 markets with the same bars in another order the same search found as much: the chance of luck is \
             0.2 %, counting every look at this data."
        );
        let deflated = ruling.reasons.iter().find(|r| r.code == "deflated_sharpe").unwrap();
        assert_eq!(
            deflated.text,
            "Its yearly Sharpe ratio of 1.27 beats the 0.58 that the best of 38 independent tries without skill would show, \
             with probability 99.0 % (50 % is needed)."
        );
        assert_eq!(
            judged(|e| (e.look_ahead_clean, e.look_ahead_line) = (false, Some(7))).summary,
            "Not testable: It looks ahead at line 7: changing later bars changes earlier values, so no back-test of it means \
             anything."
        );
    }

    #[test]
    fn a_verdict_survives_being_written_and_read() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::parse(verdict.as_str()), Some(verdict));
        }
        assert_eq!(Verdict::parse("great"), None);
    }

    /// Each makes one figure worse by `by` >= 0, or destroys it.
    const WORSE: &[fn(&mut Evidence, f64)] = &[
        |e, by| e.permutation = e.permutation.map(|p| PermutationEvidence { p_looks: p.p_looks + by * 0.05, ..p }),
        |e, by| e.pbo_loss = e.pbo_loss.map(|x| x + by),
        |e, by| e.best_trades_out_sharpe = e.best_trades_out_sharpe.map(|x| x - by),
        |e, by| e.noise_kept = e.noise_kept.map(|x| x - by),
        |e, by| e.dsr_effective = e.dsr_effective.map(|x| x - by),
        |e, by| e.trades = e.trades.saturating_sub((by * 100.0) as u32),
        |e, by| e.break_even_cost = e.break_even_cost.map(|x| x - by * 0.01),
        |e, by| e.assumed_cost += by * 0.01,
        |e, by| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { test_sharpe: w.test_sharpe - by, ..w }),
        |e, by| {
            e.walk_forward =
                e.walk_forward.map(|w| WalkForwardEvidence { efficiency: w.efficiency.map(|x| x - by), ..w })
        },
        |e, by| e.pbo = e.pbo.map(|x| x + by),
        |e, by| e.plateau = e.plateau.map(|x| x - by),
        |e, by| e.min_track_record_obs = e.min_track_record_obs.map(|x| x + by * 1000.0),
        |e, by| e.observations = e.observations.saturating_sub((by * 1000.0) as usize),
        |e, by| e.sharpe_annual = e.sharpe_annual.map(|x| x - by),
        |e, by| e.buy_and_hold_sharpe = e.buy_and_hold_sharpe.map(|x| x + by),
        |e, _| e.look_ahead_clean = false,
        |e, _| e.trials_own = 0,
        |e, _| e.permutation = e.permutation.map(|p| PermutationEvidence { p_looks: f64::NAN, ..p }),
        |e, _| e.permutation = None,
        |e, _| e.best_trades_out_sharpe = Some(f64::NAN),
        |e, _| e.noise_kept = Some(f64::NAN),
        |e, _| e.dsr_effective = Some(f64::NAN),
        |e, _| e.break_even_cost = Some(f64::NAN),
        |e, _| e.assumed_cost = f64::NAN,
        |e, _| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { test_sharpe: f64::NAN, ..w }),
        |e, _| e.walk_forward = e.walk_forward.map(|w| WalkForwardEvidence { efficiency: Some(f64::NAN), ..w }),
        |e, _| e.walk_forward = None,
        |e, _| e.pbo = if e.trials_own == 1 { e.pbo } else { Some(f64::NAN) },
        |e, _| e.plateau = if e.trials_own == 1 { e.plateau } else { None },
        |e, _| e.min_track_record_obs = Some(f64::INFINITY),
        |e, _| e.sharpe_annual = Some(f64::NAN),
        |e, _| e.buy_and_hold_sharpe = Some(f64::NAN),
    ];

    fn any_figure(range: std::ops::Range<f64>) -> impl Strategy<Value = Option<f64>> {
        prop_oneof![8 => range.prop_map(Some), 1 => Just(None), 1 => Just(Some(f64::NAN)), 1 => Just(Some(f64::INFINITY))]
    }

    prop_compose! {
        fn any_evidence()(
            luck in any_figure(0.0..0.1), loss in any_figure(0.0..0.6), rest in any_figure(-0.5..1.0),
            dsr in any_figure(0.3..1.0), pbo in any_figure(0.0..1.0), plateau in any_figure(0.0..1.2),
            break_even in any_figure(-0.001..0.01), cost in 0.0..0.005, trades in 0u32..80, own in 0u64..4,
            test in -0.5..2.0f64, kept in any_figure(-0.5..1.5), forward in any::<bool>(),
            needed in any_figure(1.0..6000.0), sharpe in any_figure(-1.0..2.0), hold in any_figure(-1.0..2.0),
        ) -> Evidence {
            Evidence {
                dsr_effective: dsr, pbo, plateau, break_even_cost: break_even, assumed_cost: cost, trades, trials_own: own,
                walk_forward: forward.then_some(WalkForwardEvidence {
                    train_sharpe: 1.0, test_sharpe: test, efficiency: kept, test_bars: 100,
                }),
                permutation: luck.map(|p_looks| PermutationEvidence { p_looks, ..sound().permutation.unwrap() }),
                pbo_loss: loss, best_trades_out_sharpe: rest, noise_kept: rest,
                min_track_record_obs: needed, sharpe_annual: sharpe, buy_and_hold_sharpe: hold, ..sound()
            }
        }
    }

    proptest! {
        #[test]
        fn worsening_any_figure_never_improves_the_verdict(
            evidence in prop_oneof![any_evidence(), Just(sound())], which in 0..WORSE.len(), by in 0.0..2.0f64,
        ) {
            let before = rule(&evidence, &Thresholds::default()).verdict;
            let mut worse = evidence.clone();
            WORSE[which](&mut worse, by);
            let after = rule(&worse, &Thresholds::default());
            prop_assert!(after.verdict >= before, "{before:?} became {:?}: {}", after.verdict, after.summary);
        }

        #[test]
        fn a_figure_that_is_no_number_is_never_plausible(which in 18..WORSE.len()) {
            let mut evidence = sound();
            WORSE[which](&mut evidence, 0.0);
            prop_assert_ne!(rule(&evidence, &Thresholds::default()).verdict, Verdict::Plausible);
        }
    }
}
