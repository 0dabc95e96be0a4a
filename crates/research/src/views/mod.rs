//! What people see: one struct a question, rendered by the app as text, JSON or HTML. Views never write.
//!
//! The bodies of strategies, examinations and verdicts are kept in the database in these very shapes.

mod evidence;

use assay_backtest::judge::TrialCount;
use assay_backtest::robustness::{Regime, Regimes};
use assay_backtest::stepwise::broker::Side;
use assay_backtest::verdict::{Reason, Ruling};
use assay_backtest::{Examination, Metrics, Trade, WalkedWindow};
use assay_pine::Strategy;
use serde::{Deserialize, Serialize};

pub use assay_backtest::robustness::delay::BARS_MAX as DELAY_BARS_MAX;
pub use evidence::{EvidenceView, PermutationView, WalkForwardView};

use crate::propose::Proposal;

/// A concept in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConceptRow {
    /// Its id.
    pub id: String,
    /// Its words.
    pub text: String,
    /// deferred, queued, researching, researched, validating, done or failed.
    pub state: String,
    /// How often it was judged, this time included.
    pub generation: i64,
    /// plausible, weak, rejected or not_testable; absent until then.
    pub verdict: Option<String>,
    /// The deflated Sharpe ratio (effective trials) of its best strategy.
    pub deflated_sharpe: Option<f64>,
    /// The verdict's first reason, or why it waits or failed.
    pub why: String,
    /// Billed message attempts that it used or may still use.
    pub messages: u64,
    /// From its first message to its end, in seconds.
    pub seconds: Option<f64>,
    /// RFC 3339.
    pub created_at: String,
    /// When a deferred concept will run.
    pub runs_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
}

/// Everything about one concept.
#[derive(Clone, Debug, Serialize)]
pub struct ConceptPage {
    /// As in the list.
    pub concept: ConceptRow,
    /// What the submitter added.
    pub note: Option<String>,
    /// Addresses given.
    pub urls: Vec<String>,
    /// Symbols asked for; empty means all.
    pub symbols: Vec<String>,
    /// What was read.
    pub sources: Vec<SourceView>,
    /// What it was turned into.
    pub strategies: Vec<StrategyView>,
    /// Each strategy on each data set, by strategy and symbol; judged by the looks up to then.
    pub examinations: Vec<ExaminationView>,
    /// The end.
    pub verdict: Option<VerdictView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineView>,
    /// What it cost, by resource.
    pub spent: Vec<(String, u64)>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceView {
    /// Address, path or catalogue entry.
    pub origin: String,
    /// page, file or catalogue.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// read or refused.
    pub status: String,
    /// Why it was refused, or how much was read.
    pub detail: String,
    /// Sentences that answer the concept, word for word.
    pub quotes: Vec<String>,
}

/// One strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StrategyView {
    /// Its place, from 0.
    pub ordinal: i64,
    /// What it is and why it was chosen.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// Its inputs with their grids; empty when it was refused.
    pub inputs: Vec<InputView>,
    /// Points in the grid.
    pub grid: u64,
}

/// One input of a strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputView {
    /// Its name in the script.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Values tried.
    pub values: Vec<f64>,
    /// True when the script gave no range.
    pub derived: bool,
}

/// The looks that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Looks {
    /// Parameter sets times data sets.
    pub raw: u64,
    /// As many independent ones.
    pub effective: f64,
}

impl From<Looks> for TrialCount {
    fn from(looks: Looks) -> TrialCount {
        TrialCount { raw: looks.raw, effective: looks.effective }
    }
}

impl From<TrialCount> for Looks {
    fn from(count: TrialCount) -> Looks {
        Looks { raw: count.raw, effective: count.effective }
    }
}

/// One strategy on one data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExaminationView {
    /// Which strategy.
    pub ordinal: i64,
    /// Which data set.
    pub symbol: String,
    /// The strategy's title.
    pub title: String,
    /// plausible, weak, rejected, not_testable, or skipped.
    pub verdict: String,
    /// In two sentences.
    pub summary: String,
    /// Every check.
    pub reasons: Vec<ReasonView>,
    /// What they rest on; absent when it was skipped.
    pub evidence: Option<EvidenceView>,
    /// Looks that this search took.
    pub own: Looks,
    /// Points of the grid.
    pub grid: u64,
    /// Bars of the data set.
    pub bars: usize,
    /// Where walking forward begins to trade, in milliseconds. Rows of older versions: the first bar set aside.
    pub test_from: Option<i64>,
    /// Bars in a year.
    pub periods_per_year: f64,
    /// Smallest step of a price. Rows of older versions: not known.
    #[serde(default)]
    pub mintick: Option<f64>,
    /// Deviation of the Sharpe ratios of the search, per bar.
    pub scatter: Option<f64>,
    /// Fee per side, as a rate.
    pub fee: f64,
    /// Slippage per side, as a rate.
    pub slippage: f64,
    /// When orders fill.
    pub fill: String,
    /// Who searched the permuted markets, in words; empty where none were drawn and in rows of older versions.
    #[serde(default)]
    pub computed: String,
    /// The best parameter set; absent when nothing could be tested.
    pub chosen: Option<ChosenView>,
}

/// The best parameter set and what it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChosenView {
    /// Its values by input title.
    pub values: Vec<(String, f64)>,
    /// On the bars that chose it: all of them.
    pub train: MetricsView,
    /// Walking forward: sets chosen on earlier bars on the bars after, joined.
    pub test: Option<MetricsView>,
    /// Over all bars.
    pub whole: MetricsView,
    /// Buying and holding on the same bars.
    pub hold_train: MetricsView,
    /// Sharpe ratio after a Bonferroni haircut, annual.
    pub haircut_sharpe: Option<f64>,
    /// Sharpe ratio after haircuts by the p-values of all sets of the search, annual: Bonferroni, Holm, BHY.
    #[serde(default)]
    pub family_haircuts: Option<[f64; 3]>,
    /// (time in ms, equity, buy-and-hold, drawdown).
    pub curve: Vec<(i64, f64, f64, f64)>,
    /// Best Sharpe ratio by two inputs, annual.
    pub heat_map: Option<HeatMapView>,
    /// The last trades, newest last; at most 200.
    pub trades: Vec<TradeView>,
    /// All trades.
    pub trades_total: usize,
    /// Annual Sharpe ratio of the best set of each permuted market, in order of drawing.
    #[serde(default)]
    pub permuted_bests: Vec<f64>,
    /// What those sets earned.
    #[serde(default)]
    pub fan: Option<FanView>,
    /// Walk-forward windows.
    #[serde(default)]
    pub windows: Vec<WindowView>,
    /// How far the choice wanders from window to window, as a share of the grid.
    #[serde(default)]
    pub drift: Option<f64>,
    /// Calm, usual, wild times; falling, sideways, rising ones; then each year.
    #[serde(default)]
    pub regimes: Vec<RegimeView>,
    /// Largest relative change of an indicator at the last bar with 1, 2 and 5 times the warm-up as history.
    #[serde(default)]
    pub warm_up_changes: Vec<Option<f64>>,
    /// Bars of warm-up.
    #[serde(default)]
    pub warm_up_bars: usize,
    /// How it was run: signals (entry and exit as columns), steps (orders and state, bar by bar) or script (interpreted).
    /// Empty in rows of older versions.
    #[serde(default)]
    pub path: String,
    /// Why it is on no faster path.
    #[serde(default)]
    pub path_because: Option<String>,
}

/// Quantiles of the equity of the best sets of permuted markets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FanView {
    /// Times of the points in ms.
    pub at: Vec<i64>,
    /// At each point the 5, 25, 50, 75 and 95 % quantile.
    pub quantiles: Vec<[f64; 5]>,
    /// Markets it rests on.
    pub markets: usize,
}

/// One walk-forward window. Sharpe ratios are annual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowView {
    /// First time of the test stretch in ms.
    pub from: i64,
    /// Last time.
    pub to: i64,
    /// The values that the bars before chose, by input title.
    pub values: Vec<(String, f64)>,
    /// Where they were chosen.
    pub train_sharpe: Option<f64>,
    /// On the test stretch.
    pub test_sharpe: f64,
    /// Growth over it, minus 1.
    pub test_return: f64,
}

/// One part of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegimeView {
    /// volatility, trend or year.
    pub by: String,
    /// calm, usual, wild; falling, sideways, rising; or the year.
    pub name: String,
    /// Bars.
    pub bars: usize,
    /// Mean return, annual.
    pub mean: f64,
    /// Sharpe ratio, annual; absent when it stayed out.
    pub sharpe: Option<f64>,
}

/// Best annual Sharpe ratio by two inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatMapView {
    /// Across.
    pub x: (String, Vec<f64>),
    /// Down.
    pub y: (String, Vec<f64>),
    /// Row by row.
    pub cells: Vec<Option<f64>>,
    /// Column and row of the best set.
    pub best: Option<(usize, usize)>,
}

/// One position, or a part of one that was closed in parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TradeView {
    /// long or short.
    #[serde(default = "long")]
    pub side: String,
    /// Share of its entry that this part is, above 0 and at most 1.
    #[serde(default = "whole")]
    pub share: f64,
    /// Time of the entry in ms.
    pub entry: i64,
    /// Time of the exit in ms; absent while it is open.
    pub exit: Option<i64>,
    /// Price of the entry, before costs.
    pub entry_price: f64,
    /// Price of the exit, before costs; the last close while it is open.
    pub exit_price: f64,
    /// Net of costs.
    pub gain: f64,
}

/// The side of every trade in rows of older versions.
fn long() -> String {
    "long".to_owned()
}

/// The share of every trade in rows of older versions.
fn whole() -> f64 {
    1.0
}

/// Figures of one equity curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names of `assay_backtest::Metrics`, which says what they are")]
pub struct MetricsView {
    pub total_return: f64,
    pub cagr: Option<f64>,
    pub volatility: Option<f64>,
    pub sharpe: Option<f64>,
    pub sortino: Option<f64>,
    pub max_drawdown: f64,
    pub drawdown_bars: usize,
    pub calmar: Option<f64>,
    pub ulcer: f64,
    pub observations: usize,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonView {
    /// Stable name.
    pub code: String,
    /// How it came out.
    pub passed: bool,
    /// The verdict that a failure leads to.
    pub decides: String,
    /// One sentence.
    pub text: String,
}

/// The end of a concept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerdictView {
    /// plausible, weak, rejected or not_testable.
    pub verdict: String,
    /// In two sentences.
    pub summary: String,
    /// The examination that decided: strategy and symbol.
    pub best: Option<(i64, String)>,
    /// Its checks, judged by all looks at its data up to then.
    pub reasons: Vec<ReasonView>,
    /// What they rest on.
    pub evidence: Option<EvidenceView>,
    /// Looks over the life of the database when it was judged.
    pub looks: Looks,
    /// Looks of this concept.
    pub own: Looks,
    /// How the deciding strategy did on the other data sets.
    #[serde(default)]
    pub agreement: Option<AgreementView>,
    /// When, RFC 3339.
    pub at: String,
}

/// The same strategy on the other data sets of its concept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgreementView {
    /// Other data sets.
    pub others: u32,
    /// Those on which its search beat the middle permuted market.
    pub agree: u32,
    /// Chance of so many or more, were each a coin toss.
    pub p: f64,
}

/// A line of history.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineView {
    /// When, RFC 3339 with milliseconds.
    pub at: String,
    /// What.
    pub what: String,
    /// More of it.
    pub detail: String,
    /// Which message.
    pub message_id: Option<String>,
}

impl InputView {
    /// The inputs of a strategy.
    pub fn of(strategy: &Strategy) -> Vec<InputView> {
        let view = |input: &assay_pine::Input| InputView {
            name: input.name.clone(),
            title: input.title.clone(),
            values: input.grid.clone(),
            derived: input.derived,
        };
        strategy.inputs().iter().map(view).collect()
    }
}

impl From<&Metrics> for MetricsView {
    fn from(m: &Metrics) -> MetricsView {
        MetricsView {
            total_return: m.total_return,
            cagr: m.cagr,
            volatility: m.volatility,
            sharpe: m.sharpe,
            sortino: m.sortino,
            max_drawdown: m.max_drawdown,
            drawdown_bars: m.drawdown_bars,
            calmar: m.calmar,
            ulcer: m.ulcer,
            observations: m.observations,
        }
    }
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> ReasonView {
        ReasonView {
            code: reason.code.to_owned(),
            passed: reason.passed,
            decides: reason.decides.as_str().to_owned(),
            text: reason.text.clone(),
        }
    }
}

/// The checks of a ruling.
pub(crate) fn reasons(ruling: &Ruling) -> Vec<ReasonView> {
    ruling.reasons.iter().map(ReasonView::from).collect()
}

/// Trades kept with an examination.
const TRADES_MAX: usize = 200;

impl ChosenView {
    /// What a report shows of an examination's best set. `strategy` is what was examined, `time` that of its bars in ms.
    pub(crate) fn of(examination: &Examination, strategy: &Strategy, time: &[i64], periods: f64) -> Option<ChosenView> {
        let chosen = examination.chosen.as_ref()?;
        let root = periods.sqrt();
        let heat_map = chosen.heat_map.as_ref().map(|map| {
            let place = |axis: &assay_backtest::Axis| {
                // A cell may stand for several grid values: the last one that does not exceed the chosen value.
                axis.values.iter().rposition(|v| *v <= chosen.values[axis.input])
            };
            HeatMapView {
                x: (map.x.name.clone(), map.x.values.clone()),
                y: (map.y.name.clone(), map.y.values.clone()),
                cells: map.cells.iter().map(|cell| cell.map(|sharpe| sharpe * root)).collect(),
                best: place(&map.x).zip(place(&map.y)),
            }
        });
        let trades = &chosen.trades;
        let newest = trades.len().saturating_sub(TRADES_MAX);
        Some(ChosenView {
            values: strategy.inputs().iter().map(|i| i.title.clone()).zip(chosen.values.iter().copied()).collect(),
            train: (&chosen.whole).into(),
            test: chosen.walk_forward.as_ref().map(|walked| (&walked.joined).into()),
            whole: (&chosen.whole).into(),
            hold_train: (&chosen.hold).into(),
            haircut_sharpe: examination.judgement.haircut.as_ref().map(|h| h.sharpe_annual),
            family_haircuts: examination
                .judgement
                .family_haircuts
                .as_ref()
                .map(|cut| [cut.bonferroni, cut.holm, cut.bhy].map(|haircut| haircut.sharpe_annual)),
            curve: chosen.curve.points.iter().map(|p| (p.at.millis(), p.equity, p.hold, p.drawdown)).collect(),
            heat_map,
            trades: trades[newest..].iter().map(|t| trade(t, time)).collect(),
            trades_total: trades.len(),
            permuted_bests: chosen.permutation.iter().flat_map(|p| &p.bests).map(|best| shown(best * root)).collect(),
            fan: chosen.permutation.as_ref().and_then(|p| p.fan.as_ref()).map(|fan| FanView {
                at: fan.bars.iter().map(|bar| time[*bar]).collect(),
                quantiles: fan.quantiles.iter().map(|q| q.map(shown)).collect(),
                markets: fan.markets,
            }),
            windows: chosen.walk_forward.iter().flat_map(|w| &w.windows).map(|w| window(w, strategy, time)).collect(),
            drift: chosen.walk_forward.as_ref().and_then(|w| w.summary.drift),
            regimes: regimes(&chosen.regimes, periods),
            warm_up_changes: chosen
                .warm_up
                .iter()
                .flat_map(|w| w.changes)
                .map(|change| change.filter(|x| x.is_finite()))
                .collect(),
            warm_up_bars: chosen.warm_up.map_or(0, |w| w.bars),
            path: strategy.path().to_owned(),
            path_because: strategy.because().map(|because| format!("line {}: {}", because.line, because.message)),
        })
    }
}

fn trade(t: &Trade, time: &[i64]) -> TradeView {
    TradeView {
        side: match t.side {
            Side::Long => "long",
            Side::Short => "short",
        }
        .to_owned(),
        share: t.share,
        entry: time[t.entry_bar],
        exit: t.exit_bar.map(|bar| time[bar]),
        entry_price: t.entry_price,
        exit_price: t.exit_price,
        gain: t.gain,
    }
}

/// Four decimals: there are many of these, and no more is drawn. Minus infinity, a market without a trade, counts as 0.
fn shown(x: f64) -> f64 {
    if x.is_finite() { (x * 1e4).round() / 1e4 } else { 0.0 }
}

fn window(w: &WalkedWindow, strategy: &Strategy, time: &[i64]) -> WindowView {
    let values = strategy.point(w.chosen);
    WindowView {
        from: time[w.test_start],
        to: time[w.test_end - 1],
        values: strategy.inputs().iter().map(|input| input.title.clone()).zip(values).collect(),
        train_sharpe: w.train_sharpe,
        test_sharpe: w.test_sharpe,
        test_return: w.test_return,
    }
}

fn regimes(parts: &Regimes, periods: f64) -> Vec<RegimeView> {
    let view = |by: &str, name: String, part: &Regime| RegimeView {
        by: by.to_owned(),
        name,
        bars: part.bars,
        mean: part.mean * periods,
        sharpe: part.sharpe.map(|sharpe| sharpe * periods.sqrt()),
    };
    let named = |by: &'static str, names: [&'static str; 3], parts: &[Regime]| {
        names.into_iter().zip(parts).map(|(name, part)| view(by, name.to_owned(), part)).collect::<Vec<_>>()
    };
    let mut all = named("volatility", ["calm", "usual", "wild"], &parts.volatility);
    all.extend(named("trend", ["falling", "sideways", "rising"], &parts.trend));
    all.extend(parts.years.iter().map(|(year, part)| view("year", year.to_string(), part)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_of_older_rows_were_long_and_whole() {
        let row = r#"{"entry":0,"exit":null,"entry_price":1.5,"exit_price":2.0,"gain":0.1}"#;
        let trade: TradeView = serde_json::from_str(row).unwrap();
        assert_eq!((trade.side.as_str(), trade.share, trade.exit), ("long", 1.0, None));
    }
}
