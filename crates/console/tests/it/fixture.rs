//! A concept with everything that a page can hold, hostile words among it.

use assay_research::propose::{Origin, Proposal};
use assay_research::views::{
    AgreementView, ChosenView, ConceptPage, ConceptRow, EvidenceView, ExaminationView, FanView, HeatMapView, InputView,
    Looks, MetricsView, PermutationView, ReasonView, RegimeView, SourceView, StrategyView, TimelineView, TradeView,
    VerdictView, WalkForwardView, WindowView,
};

const DAY: i64 = 86_400_000;
/// 2010-01-01.
const START: i64 = 1_262_304_000_000;

/// The page of a concept that was judged weak.
pub fn page() -> ConceptPage {
    let reasons = vec![
        reason(
            "plateau",
            false,
            "weak",
            "A lonely peak: neighbouring parameter sets do only 41 % as well (50 % is needed).",
        ),
        reason(
            "buy_and_hold",
            false,
            "weak",
            "Buying and holding does as well: yearly Sharpe ratio 0.70 against 0.62.",
        ),
        reason("deflated_sharpe", true, "rejected", "More than luck with probability 93 % (at least 90 % is needed)."),
        reason("look_ahead", true, "not_testable", "No signal changes when later bars are taken away."),
    ];
    ConceptPage {
        concept: ConceptRow {
            id: "c_0123456789ab".into(),
            text: "Golden cross <script>alert(1)</script>".into(),
            state: "done".into(),
            generation: 1,
            verdict: Some("weak".into()),
            deflated_sharpe: Some(0.93),
            why: "A lonely peak.".into(),
            messages: 8,
            seconds: Some(12.34),
            created_at: "2026-03-02T14:05:01.000Z".into(),
            runs_at: None,
            finished_at: Some("2026-03-02T14:05:13.340Z".into()),
        },
        note: Some("50 and 200 days\n<img src=x onerror=alert(2)>".into()),
        urls: vec!["https://example.org/golden".into(), "javascript:alert(3)".into()],
        symbols: vec!["SPX".into(), "BTC".into()],
        sources: vec![
            SourceView {
                origin: "https://example.org/golden?a=1&b=2".into(),
                kind: "page".into(),
                title: "The golden cross".into(),
                status: "read".into(),
                detail: "1,204 words".into(),
                quotes: vec!["Buy when the 50-day average <b>crosses</b> above the 200-day average.".into()],
            },
            SourceView {
                origin: "javascript:alert(4)".into(),
                kind: "page".into(),
                title: String::new(),
                status: "refused".into(),
                detail: "robots.txt does not allow it".into(),
                quotes: vec![],
            },
        ],
        strategies: vec![catalogue_strategy(), refused_strategy()],
        examinations: vec![examination("SPX", 30, 12), examination("BTC", 60, 60), skipped()],
        verdict: Some(VerdictView {
            verdict: "weak".into(),
            summary: "Weak: A lonely peak: neighbouring parameter sets do only 41 % as well (50 % is needed). One other check failed as well.".into(),
            best: Some((0, "SPX".into())),
            reasons,
            evidence: Some(evidence()),
            looks: Looks { raw: 12_345, effective: 41.6 },
            own: Looks { raw: 720, effective: 9.3 },
            agreement: Some(AgreementView { others: 4, agree: 3, p: 0.3125 }),
            at: "2026-03-02T14:05:13.340Z".into(),
        }),
        timeline: vec![
            line("2026-03-02T14:05:01.000Z", "submitted", "Golden cross", None),
            line("2026-03-02T14:05:01.120Z", "research message delivered", "attempt 1, accepted", Some("msg_1")),
            line("2026-03-02T14:05:13.340Z", "verdict", "Weak: a lonely peak.", None),
        ],
        spent: vec![("qstash_messages".into(), 8), ("web_requests".into(), 3)],
    }
}

fn reason(code: &str, passed: bool, decides: &str, text: &str) -> ReasonView {
    ReasonView { code: code.into(), passed, decides: decides.into(), text: text.into() }
}

fn line(at: &str, what: &str, detail: &str, message: Option<&str>) -> TimelineView {
    TimelineView { at: at.into(), what: what.into(), detail: detail.into(), message_id: message.map(str::to_owned) }
}

fn catalogue_strategy() -> StrategyView {
    StrategyView {
        ordinal: 0,
        proposal: Proposal {
            title: "Simple moving average cross".into(),
            origin: Origin::Catalogue,
            from: "catalogue:sma_cross".into(),
            family: Some("trend".into()),
            claim: Some("Returns are higher while a short average is above a long one.".into()),
            literature: Some("Brock, Lakonishok and LeBaron (1992)".into()),
            because: "\"golden cross\" is another name of it".into(),
            quote: Some(("Buy when the 50-day average crosses <above>.".into(), "https://example.org/golden".into())),
            pine: "//@version=6\nstrategy(\"Simple moving average cross\")\nif a < b\n    strategy.close(\"Long\")\n"
                .into(),
            stated: vec![("Fast length".into(), 50.0), ("Slow length".into(), 200.0)],
            warnings: vec![],
            refused: None,
        },
        inputs: vec![
            InputView {
                name: "fastLength".into(),
                title: "Fast length".into(),
                values: (1..=12).map(|i| f64::from(i) * 10.0).collect(),
                derived: false,
            },
            InputView {
                name: "slowLength".into(),
                title: "Slow length".into(),
                values: vec![100.0, 200.0, 300.0],
                derived: true,
            },
        ],
        grid: 360,
    }
}

fn refused_strategy() -> StrategyView {
    StrategyView {
        ordinal: 1,
        proposal: Proposal {
            title: "Pine script".into(),
            origin: Origin::Source,
            from: "javascript:alert(5)".into(),
            family: None,
            claim: None,
            literature: None,
            because: "code in \"A page\"".into(),
            quote: None,
            pine: "strategy(\"x\")\n// ```` </pre><script>alert(6)</script>\n".into(),
            stated: vec![],
            warnings: vec!["calc_on_every_tick is taken as false".into()],
            refused: Some("3:5: `request.security` is not supported (<use one symbol>)".into()),
        },
        inputs: vec![],
        grid: 0,
    }
}

fn evidence() -> EvidenceView {
    EvidenceView {
        observations: 3_000,
        sharpe: Some(0.039),
        sharpe_annual: Some(0.62),
        sharpe_se_annual: Some(0.29),
        skew: Some(-0.41),
        kurtosis: Some(9.8),
        psr0: Some(0.984),
        trials_own: 360,
        trials_raw: 12_345,
        trials_effective: 41.6,
        expected_max_raw_annual: Some(0.44),
        expected_max_effective_annual: Some(0.21),
        dsr_raw: Some(0.73),
        dsr_effective: Some(0.93),
        pbo: Some(0.23),
        pbo_splits: Some(12_870),
        min_track_record_obs: Some(2_104.3),
        min_backtest_years: Some(9.4),
        years: Some(11.9),
        walk_forward: Some(WalkForwardView {
            train_sharpe: 0.62,
            test_sharpe: 0.48,
            efficiency: Some(0.774),
            test_bars: 1_000,
        }),
        trades: 34,
        break_even_cost: Some(0.0092),
        assumed_cost: 0.0007,
        plateau: Some(0.41),
        buy_and_hold_sharpe: Some(0.70),
        look_ahead_clean: true,
        permutation: Some(PermutationView {
            p: 0.002,
            p_tail: 0.002,
            p_looks: 0.018,
            permutations: 1_000,
            exceeded: 1,
            median_best_annual: Some(0.41),
        }),
        delay_one_kept: Some(0.94),
        delay_two_kept: Some(0.81),
        delay_break_even: Some(7),
        near_ties: Some(0),
        best_trades_out_sharpe: Some(0.22),
        noise_kept: Some(0.97),
        years_positive: Some(0.8),
        ..EvidenceView::default()
    }
}

fn metrics(total_return: f64) -> MetricsView {
    MetricsView {
        total_return,
        cagr: Some(0.081),
        volatility: Some(0.132),
        sharpe: Some(0.62),
        sortino: Some(0.88),
        max_drawdown: -0.213,
        drawdown_bars: 512,
        calmar: Some(0.38),
        ulcer: 0.061,
        observations: 3_000,
    }
}

fn examination(symbol: &str, columns: usize, rows: usize) -> ExaminationView {
    let equity = |i: i64| (1.0 + i as f64 / 300.0) * (1.0 + 0.1 * (i as f64 / 20.0).sin());
    ExaminationView {
        ordinal: 0,
        symbol: symbol.into(),
        title: "Simple moving average cross".into(),
        verdict: "weak".into(),
        summary: "Weak: a lonely peak.".into(),
        reasons: vec![reason("plateau", false, "weak", "A lonely peak.")],
        evidence: Some(evidence()),
        own: Looks { raw: 360, effective: 4.6 },
        grid: 360,
        bars: 4_000,
        test_from: Some(START + 450 * 6 * DAY),
        periods_per_year: 252.0,
        mintick: Some(0.01),
        scatter: Some(0.01),
        fee: 0.0005,
        slippage: 0.0002,
        fill: "the next open".into(),
        computed: "the processor (360 sets on 4000 bars are too few to pay for a GPU)".into(),
        chosen: Some(ChosenView {
            values: vec![("Fast length".into(), 50.0), ("Slow length".into(), 200.0)],
            train: metrics(1.53),
            test: Some(metrics(0.21)),
            whole: metrics(1.53),
            hold_train: metrics(1.9),
            family_haircuts: Some([0.1, 0.1, 0.2]),
            haircut_sharpe: Some(0.17),
            curve: (0..600)
                .map(|i| (START + i * 6 * DAY, equity(i), 1.0 + i as f64 / 200.0, -0.2 * (i as f64 / 20.0).sin().abs()))
                .collect(),
            heat_map: Some(HeatMapView {
                x: ("Slow length".into(), (0..columns).map(|x| 100.0 + 10.0 * x as f64).collect()),
                y: ("Fast length".into(), (0..rows).map(|y| 10.0 + 10.0 * y as f64).collect()),
                cells: (0..columns * rows).map(|i| (i % 7 > 0).then_some((i % 31) as f64 / 50.0)).collect(),
                best: Some((10, 4)),
            }),
            trades: (0..200).map(trade).collect(),
            trades_total: 214,
            // The best of 1,000 markets: bell-shaped around 0.4, one of them above the real 0.62.
            permuted_bests: (0..1_000)
                .map(|i| {
                    let spread: f64 = (1..=6).map(|k| f64::from(i * k * k % 97) / 96.0 - 0.5).sum();
                    if i == 500 { 0.66 } else { (0.41 + 0.09 * spread).min(0.6) }
                })
                .collect(),
            fan: Some(FanView {
                at: (0..120).map(|i| START + (i * 5 + 4) * 6 * DAY).collect(),
                quantiles: (0..120)
                    .map(|i| {
                        let far = f64::from(i) / 119.0;
                        [-0.9f64, -0.35, 0.0, 0.35, 0.9].map(|z| (0.55 * far + z * far.sqrt()).exp())
                    })
                    .collect(),
                markets: 200,
            }),
            windows: (0..6).map(window).collect(),
            drift: Some(0.1),
            regimes: regimes(),
            warm_up_changes: vec![Some(0.004), Some(0.0002), Some(0.0)],
            warm_up_bars: 200,
            path: "signals".into(),
            path_because: None,
        }),
    }
}

/// Every fifth is short, the two before the last are parts of one entry, the last is open.
fn trade(i: i64) -> TradeView {
    let entry = if i == 198 { 197 } else { i };
    TradeView {
        side: if i % 5 == 4 { "short" } else { "long" }.into(),
        share: match i {
            197 => 0.4,
            198 => 0.6,
            _ => 1.0,
        },
        entry: START + entry * 17 * DAY,
        exit: (i < 199).then_some(START + (i * 17 + 9) * DAY),
        entry_price: 1_000.0 + entry as f64,
        exit_price: 1_004.5 + i as f64,
        gain: if i % 3 == 0 { -0.012 } else { 0.0213 },
    }
}

fn window(i: i64) -> WindowView {
    let (from, fast) = (450 + i * 25, [50.0, 50.0, 60.0, 50.0, 50.0, 40.0][i as usize]);
    WindowView {
        from: START + from * 6 * DAY,
        to: START + (from + 25) * 6 * DAY - DAY,
        values: vec![("Fast length".into(), fast), ("Slow length".into(), 200.0)],
        train_sharpe: Some(0.6 + 0.02 * i as f64),
        test_sharpe: [0.8, 0.35, -0.4, 0.6, 0.9, 0.2][i as usize],
        test_return: [0.06, 0.02, -0.03, 0.05, 0.08, 0.01][i as usize],
    }
}

fn regimes() -> Vec<RegimeView> {
    let part =
        |by: &str, name: &str, bars, mean, sharpe| RegimeView { by: by.into(), name: name.into(), bars, mean, sharpe };
    let mut all = vec![
        part("volatility", "calm", 980, 0.11, Some(1.21)),
        part("volatility", "usual", 980, 0.07, Some(0.58)),
        part("volatility", "wild", 980, 0.05, Some(0.24)),
        part("trend", "falling", 980, -0.01, Some(-0.08)),
        part("trend", "sideways", 980, 0.06, Some(0.49)),
        part("trend", "rising", 980, 0.18, Some(1.34)),
        part("year", "2010", 252, 0.0, None),
    ];
    all.extend((2011..2020).map(|year| {
        let mean = f64::from((year * 7) % 5 - 1) / 20.0;
        part("year", &year.to_string(), 252, mean, Some(mean * 7.0))
    }));
    all
}

fn skipped() -> ExaminationView {
    ExaminationView {
        ordinal: 1,
        symbol: "GOLD".into(),
        title: "Pine script".into(),
        verdict: "skipped".into(),
        summary: "Skipped: it reads volume, which GOLD does not have.".into(),
        reasons: vec![],
        evidence: None,
        own: Looks::default(),
        grid: 1,
        test_from: None,
        scatter: None,
        chosen: None,
        ..examination("GOLD", 1, 1)
    }
}
