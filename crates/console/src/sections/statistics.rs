//! The figures behind a verdict, each with one sentence that a trader understands. Rows are plain text, so that HTML and
//! Markdown say the same.

use assay_research::views::{EvidenceView, ExaminationView};
use maud::{Markup, html};

use crate::figures::{self, UNMEASURED, about, count, or_unmeasured, percent, plural, probability, ratio};

/// One figure.
#[derive(Debug, PartialEq)]
pub(crate) struct Figure {
    pub name: &'static str,
    pub value: String,
    pub meaning: String,
}

/// All figures of `e`. The examination adds what only its back-test knows.
pub(crate) fn figures(e: &EvidenceView, examination: Option<&ExaminationView>) -> Vec<Figure> {
    let figure = |name, value: String, meaning: &str| Figure { name, value, meaning: meaning.to_owned() };
    let haircut = examination.and_then(|x| x.chosen.as_ref()).and_then(|c| c.haircut_sharpe);
    let family = examination.and_then(|x| x.chosen.as_ref()).and_then(|c| c.family_haircuts);
    let bars = |n: f64| format!("{} bars", about(n));
    let walk = e.walk_forward;
    let sharpe = match (e.sharpe_annual, e.sharpe_se_annual) {
        (Some(sharpe), Some(error)) => format!("{} ± {}", ratio(sharpe), ratio(error)),
        (sharpe, _) => or_unmeasured(sharpe, ratio),
    };
    vec![
        figure(
            "Sharpe ratio, a year",
            sharpe,
            "Return per unit of risk of the best set on all bars, after costs; ± one standard error, which allows for skew and fat tails.",
        ),
        figure(
            "Chance of luck",
            or_unmeasured(e.permutation.map(|p| p.p), probability),
            &match e.permutation {
                Some(p) => format!(
                    "Share of permuted markets (same bars, other order) on which the same search finds as much: {} of {}.",
                    count(p.exceeded.into()),
                    count(p.permutations.into())
                ),
                None => "Share of permuted markets (same bars, other order) on which the same search finds as much."
                    .to_owned(),
            },
        ),
        figure(
            "Chance of luck, all looks",
            or_unmeasured(e.permutation.map(|p| p.p_looks), probability),
            "The same, counting every look ever taken at this data and every data set of the concept. This one decides.",
        ),
        figure(
            "Best of luck, permuted markets",
            or_unmeasured(e.permutation.and_then(|p| p.median_best_annual), ratio),
            "Best Sharpe ratio a year of the same search on the middle permuted market.",
        ),
        figure(
            "Probabilistic Sharpe ratio",
            or_unmeasured(e.psr0, probability),
            "Chance that the true Sharpe ratio is above zero, had this been the only try ever made.",
        ),
        figure(
            "Deflated Sharpe ratio, all tries",
            or_unmeasured(e.dsr_raw, probability),
            &format!(
                "Chance that it beats the best of luck among all {} parameter sets ever tried on this data, were each independent of the others.",
                count(e.trials_raw)
            ),
        ),
        figure(
            "Deflated Sharpe ratio, independent tries",
            or_unmeasured(e.dsr_effective, probability),
            &format!("The same among the {} tries that all of those are worth.", about(e.trials_effective)),
        ),
        figure(
            "Best of luck, all tries",
            or_unmeasured(e.expected_max_raw_annual, ratio),
            "Best Sharpe ratio a year that strategies without any skill would show after that many tries.",
        ),
        figure(
            "Best of luck, independent tries",
            or_unmeasured(e.expected_max_effective_annual, ratio),
            "The same for the independent tries: what the Sharpe ratio above has to beat.",
        ),
        figure(
            "Probability of overfitting",
            or_unmeasured(e.pbo, percent),
            &match e.pbo_splits {
                Some(splits) => format!(
                    "How often the best set of one half of the bars falls below the middle on the other half, over {} splits.",
                    count(splits.into())
                ),
                None => "How often the best set of one half of the bars falls below the middle on the other half."
                    .to_owned(),
            },
        ),
        figure(
            "Minimum track record",
            e.min_track_record_obs.map_or_else(|| "no length is enough".to_owned(), bars),
            &format!(
                "Bars needed to be 95 % sure that the Sharpe ratio is above zero; there are {}.",
                count(e.observations as u64)
            ),
        ),
        figure(
            "Minimum back-test length",
            or_unmeasured(e.min_backtest_years, |y| format!("{} years", about(y))),
            &format!(
                "Shorter than this, so many tries are expected to show this Sharpe ratio by luck; there are {} years.",
                or_unmeasured(e.years, about)
            ),
        ),
        figure(
            "Sharpe ratio, train",
            or_unmeasured(walk.map(|w| w.train_sharpe), ratio),
            "Mean over the walk-forward windows, on the bars that chose the parameters.",
        ),
        figure(
            "Sharpe ratio, walking forward",
            or_unmeasured(walk.map(|w| w.test_sharpe), ratio),
            &format!(
                "Sets chosen on earlier bars on the {} after, joined.",
                plural(walk.map_or(0, |w| w.test_bars) as u64, "bar", "bars")
            ),
        ),
        figure(
            "Walk-forward efficiency",
            or_unmeasured(walk.and_then(|w| w.efficiency), percent),
            "Share of the promised Sharpe ratio that the bars after the choices kept.",
        ),
        figure(
            "Loss after choosing",
            or_unmeasured(e.pbo_loss, percent),
            "How often the best set of one half of the bars loses money on the other half, over the same splits as the probability of overfitting.",
        ),
        figure(
            "Parameter drift",
            or_unmeasured(examination.and_then(|x| x.chosen.as_ref()).and_then(|c| c.drift), percent),
            "How far the choice wanders from one walk-forward window to the next, as a share of the grid.",
        ),
        figure("Trades", count(e.trades.into()), "Positions opened; few trades prove little."),
        figure(
            "Sharpe ratio, buy and hold",
            or_unmeasured(e.buy_and_hold_sharpe, ratio),
            "Buying once and holding, on the same bars, free of cost.",
        ),
        figure(
            "Alpha and beta",
            format!("{} and {}", or_unmeasured(e.alpha_annual, percent), or_unmeasured(e.beta, ratio)),
            &format!(
                "Yearly return that the market does not explain (t = {}), and the share of its moves that it makes.",
                or_unmeasured(e.alpha_t, ratio)
            ),
        ),
        figure(
            "Purged cross-validation",
            or_unmeasured(e.cv_median_sharpe, ratio),
            &format!(
                "Median yearly Sharpe ratio of histories in which each stretch was traded with a set chosen on others; {} of them earn.",
                or_unmeasured(e.cv_paths_positive, percent)
            ),
        ),
        figure(
            "Superior predictive ability",
            or_unmeasured(e.spa_p, probability),
            &format!(
                "Hansen's chance that no set of a sample beats cash (White's: {}); StepM names {} of {}. The market's drift counts for it, so it is milder than the permuted markets.",
                or_unmeasured(e.reality_check_p, probability),
                e.step_m.map_or_else(|| UNMEASURED.to_owned(), |n| count(n.into())),
                e.sampled.map_or_else(|| UNMEASURED.to_owned(), |n| count(n.into()))
            ),
        ),
        figure(
            "Sharpe ratio after haircut",
            haircut.map_or_else(|| UNMEASURED.to_owned(), ratio),
            "What is left of the Sharpe ratio when its p-value is multiplied by the number of tries (Bonferroni): a second, harsher opinion.",
        ),
        figure(
            "Haircuts by all sets",
            family.map_or_else(
                || UNMEASURED.to_owned(),
                |[bonferroni, holm, bhy]| format!("{}, {}, {}", ratio(bonferroni), ratio(holm), ratio(bhy)),
            ),
            "The same by the p-values of every set of this search: Bonferroni, Holm, and Benjamini, Hochberg and Yekutieli.",
        ),
        figure(
            "Near ties",
            e.near_ties.map_or_else(|| UNMEASURED.to_owned(), count),
            "Comparisons of two series that only rounding decides, over all bars: with many of them the result hangs on the last digits.",
        ),
        figure(
            "Skew and kurtosis",
            format!("{} and {}", or_unmeasured(e.skew, ratio), or_unmeasured(e.kurtosis, ratio)),
            "Shape of the returns; a normal distribution has 0 and 3. Negative skew and fat tails make a Sharpe ratio look better than it is.",
        ),
    ]
}

/// The figures as a table.
pub(crate) fn table(id: &str, e: &EvidenceView, examination: Option<&ExaminationView>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Statistics" {
            table.statistics id=(id) {
                thead { tr { th scope="col" { "Figure" } th.num scope="col" { "Value" } th scope="col" { "Meaning" } } }
                tbody {
                    @for figure in figures(e, examination) {
                        tr { th scope="row" { (figure.name) } td.num { (figure.value) } td { (figure.meaning) } }
                    }
                }
            }
        }
        @if !e.look_ahead_clean {
            p.warning { "The strategy looks ahead: none of these figures means anything." }
        }
        @if let Some(x) = examination {
            p.minor { (terms(x)) }
        }
    }
}

/// Under which terms an examination was made.
pub(crate) fn terms(x: &ExaminationView) -> String {
    let computed = match x.computed.as_str() {
        "" => String::new(),
        who => format!(" Permuted markets were searched by {who}."),
    };
    format!(
        "{} on {}: {} bars, {} a year; {} in the grid; orders fill at {}; {} fee and {} slippage a side.{computed}",
        x.title,
        x.symbol,
        count(x.bars as u64),
        about(x.periods_per_year),
        plural(x.grid, "parameter set", "parameter sets"),
        x.fill,
        figures::basis_points(x.fee),
        figures::basis_points(x.slippage)
    )
}
