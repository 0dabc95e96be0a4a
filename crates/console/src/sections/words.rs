//! The deciding examination in a trader's words: what was tested, on what terms, what it would have earned, how likely luck
//! is. Plain text, so that HTML and Markdown say the same.

use assay_research::views::{ChosenView, ConceptPage, ExaminationView, MetricsView, PermutationView};

use super::{deciding, strategies};
use crate::figures::{basis_points, count, day, number, or_unmeasured, percent, plural, probability, ratio};

/// Each question with its answer. Empty without a verdict or where nothing could be tested.
pub(crate) fn answers(page: &ConceptPage) -> Vec<(&'static str, String)> {
    let Some(x) = deciding(page) else { return Vec::new() };
    let mut out = vec![("What was tested", tested(page, x)), ("On what terms", terms(x))];
    if let Some(chosen) = &x.chosen {
        out.push(("What it would have earned", earned(chosen)));
    }
    let evidence = page.verdict.as_ref().and_then(|v| v.evidence.as_ref());
    if let Some(evidence) = evidence {
        out.push(("How likely luck is", evidence.permutation.as_ref().map_or_else(unknown_luck, luck)));
    }
    out
}

fn tested(page: &ConceptPage, x: &ExaminationView) -> String {
    let swept: Vec<String> = page
        .strategies
        .iter()
        .filter(|s| s.ordinal == x.ordinal)
        .flat_map(|s| &s.inputs)
        .filter(|input| input.values.len() > 1)
        .map(|input| format!("{}: {}", input.title, strategies::range(&input.values)))
        .collect();
    let ranges = if swept.is_empty() { String::new() } else { format!(" ({})", swept.join("; ")) };
    let span = x.chosen.as_ref().and_then(|c| c.curve.first().zip(c.curve.last()));
    let span = span.map(|(from, to)| format!(", traded from {} to {}", day(from.0), day(to.0))).unwrap_or_default();
    let rest = match page.examinations.len() {
        0 | 1 => String::new(),
        n => format!(" It is the best of {} of this concept.", plural(n as u64, "examination", "examinations")),
    };
    format!(
        "{}, with {}{ranges}, on {} of {}{span}.{rest}",
        x.title,
        plural(x.grid, "parameter set", "parameter sets"),
        plural(x.bars as u64, "bar", "bars"),
        x.symbol
    )
}

fn terms(x: &ExaminationView) -> String {
    let chosen = x.chosen.as_ref();
    let path = match chosen.map_or("", |c| c.path.as_str()) {
        "signals" => " Entry and exit depend on prices alone, so it ran on the fast path.",
        "steps" => {
            " It has orders or state, so it ran bar by bar on the stepwise path; where one bar reaches both stop and target, the stop counts."
        }
        "script" => {
            " It was interpreted bar by bar, one parameter set at a time; where one bar reaches both stop and target, the stop counts."
        }
        _ => "",
    };
    let because = chosen.and_then(|c| c.path_because.as_ref());
    let because = because.map(|why| format!(" The reason is in {why}.")).unwrap_or_default();
    // Only orders and state can count in ticks.
    let tick = x.mintick.filter(|_| chosen.is_some_and(|c| c.path != "signals"));
    let tick = tick.map(|tick| format!(" A tick is {tick}.")).unwrap_or_default();
    let short = chosen.is_some_and(|c| c.trades.iter().any(|trade| trade.side == "short"));
    let margin =
        if short { " There are no margin calls: a short is held until it is closed or has cost all." } else { "" };
    format!(
        "Orders fill at {}. Each purchase and each sale costs {} in fees and {} in slippage.{tick}{margin}{path}{because}",
        x.fill,
        basis_points(x.fee),
        basis_points(x.slippage)
    )
}

fn earned(chosen: &ChosenView) -> String {
    let set = match chosen.values.as_slice() {
        [] => "The strategy".to_owned(),
        values => {
            let values: Vec<String> =
                values.iter().map(|(input, value)| format!("{input} {}", number(*value))).collect();
            format!("The best set ({})", values.join(", "))
        }
    };
    let became = |m: &MetricsView| {
        let yearly = m.cagr.map(|r| format!(", {} a year", percent(r))).unwrap_or_default();
        let end = 1.0 + m.total_return;
        format!("1 into {}{yearly}", if end < 1_000.0 { ratio(end) } else { number(end) })
    };
    let fall = |m: &MetricsView| percent(m.max_drawdown.abs());
    let walked = match &chosen.test {
        Some(test) => format!(
            " Walking forward, with sets picked on earlier bars only, it turned {}: that is what a trader could have had.",
            became(test)
        ),
        None => " There were too few bars to walk forward, so what a trader could have had is not known.".to_owned(),
    };
    format!(
        "{set} turned {} after costs, and was at worst {} below its highest equity. Buying and holding turned {} and was at worst {} below. The best set was picked knowing all of these bars.{walked}",
        became(&chosen.whole),
        fall(&chosen.whole),
        became(&chosen.hold_train),
        fall(&chosen.hold_train)
    )
}

fn luck(p: &PermutationView) -> String {
    let found = match p.exceeded {
        0 => "none".to_owned(),
        n => count(n.into()),
    };
    let middle = or_unmeasured(p.median_best_annual, ratio);
    let looks = if p.p_looks > p.p * 1.005 {
        format!(
            " Counting every look ever taken at this data, and every data set of the concept, the chance of luck is {}; the verdict rests on that.",
            probability(p.p_looks)
        )
    } else {
        " No other look adds to that, and the verdict rests on it.".to_owned()
    };
    format!(
        "In {found} of {} shuffled markets (the same bars in another order, so that nothing is left to find) the same search found something at least as good: a chance of {}. The best of the middle shuffled market shows a Sharpe ratio of {middle} a year.{}{looks}",
        count(p.permutations.into()),
        probability(p.p),
        if stopped_early(p) { " Shuffling stopped there: more of it could not have saved the idea." } else { "" }
    )
}

/// Besag and Clifford's p-value is the plain share exactly when drawing ended at the last market that was as good.
fn stopped_early(p: &PermutationView) -> bool {
    p.exceeded > 0 && (p.p - f64::from(p.exceeded) / f64::from(p.permutations.max(1))).abs() < 1e-12
}

fn unknown_luck() -> String {
    "It was not measured: no market was shuffled.".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permuted(exceeded: u32, permutations: u32, p: f64, p_looks: f64) -> PermutationView {
        PermutationView { p, p_tail: p, p_looks, permutations, exceeded, median_best_annual: Some(0.41) }
    }

    #[test]
    fn terms_name_the_path_and_why_the_tick_and_what_a_short_may_lose() {
        let of = |path: &str, because: Option<&str>, trades: &str| -> String {
            let metrics = r#"{"total_return":0.1,"cagr":null,"volatility":null,"sharpe":null,"sortino":null,"max_drawdown":0.0,"drawdown_bars":0,"calmar":null,"ulcer":0.0,"observations":100}"#;
            let because = serde_json::to_string(&because).unwrap();
            let row = format!(
                r#"{{"ordinal":0,"symbol":"SPX","title":"T","verdict":"weak","summary":"","reasons":[],"evidence":null,
                "own":{{"raw":1,"effective":1.0}},"grid":1,"bars":100,"test_from":null,"periods_per_year":252.0,"mintick":1e-5,"scatter":null,
                "fee":0.0005,"slippage":0.0002,"fill":"the next open","chosen":{{"values":[],"train":{metrics},"test":null,
                "whole":{metrics},"hold_train":{metrics},"haircut_sharpe":null,"curve":[],"heat_map":null,"trades":[{trades}],
                "trades_total":0,"path":"{path}","path_because":{because}}}}}"#
            );
            terms(&serde_json::from_str::<ExaminationView>(&row).unwrap())
        };
        let view = |path: &str, because: Option<&str>| of(path, because, "");
        assert!(view("signals", None).ends_with("so it ran on the fast path."));
        let steps = view("steps", Some("line 7: `strategy.exit` is an order"));
        assert!(steps.contains("stepwise path"), "{steps}");
        assert!(steps.ends_with("The reason is in line 7: `strategy.exit` is an order."), "{steps}");
        assert!(view("script", None).contains("interpreted"));
        assert!(!view("signals", None).contains("tick") && steps.contains("A tick is 0.00001."), "{steps}");
        assert!(view("", None).ends_with("in slippage. A tick is 0.00001."));
        let short = r#"{"side":"short","entry":0,"exit":null,"entry_price":1.0,"exit_price":1.0,"gain":0.0}"#;
        assert!(!steps.contains("margin") && of("steps", None, short).contains("no margin calls"), "{steps}");
    }

    #[test]
    fn luck_is_told_in_markets() {
        let hopeless = luck(&permuted(10, 37, 10.0 / 37.0, 10.0 / 37.0));
        assert!(hopeless.starts_with("In 10 of 37 shuffled markets"), "{hopeless}");
        assert!(hopeless.contains("a chance of 27.0 %") && hopeless.contains("stopped there"), "{hopeless}");
        assert!(hopeless.contains("No other look"), "{hopeless}");
        let full = luck(&permuted(0, 1_000, 1.0 / 1_001.0, 0.018));
        assert!(full.starts_with("In none of 1,000 shuffled markets") && !full.contains("stopped there"), "{full}");
        assert!(full.contains("the chance of luck is 1.8 %"), "{full}");
        assert!(!luck(&permuted(37, 400, 38.0 / 401.0, 0.1)).contains("stopped there"), "all 400 were drawn");
    }
}
