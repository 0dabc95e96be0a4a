//! The question behind every verdict on one line: does the Sharpe ratio stand clear of what luck alone would show?

use assay_research::views::EvidenceView;
use maud::{Markup, html};

use super::scale::{Scale, linear_ticks};
use super::svg::{Frame, place};
use crate::figures;

/// Two-sided 95 % of a normal distribution.
const Z95: f64 = 1.96;

/// Draws the Sharpe ratio with its uncertainty against luck, holding and walking forward. All annual.
pub(crate) fn draw(name: &str, e: &EvidenceView) -> Markup {
    let finite = |x: Option<f64>| x.filter(|x| x.is_finite());
    let Some(sharpe) = finite(e.sharpe_annual) else { return html! {} };
    let reach = finite(e.sharpe_se_annual).map(|se| (sharpe - Z95 * se, sharpe + Z95 * se));
    let marks: Vec<(&str, &str, f64)> = [
        ("luck, permuted markets", "luck", finite(e.permutation.and_then(|p| p.median_best_annual))),
        ("luck, independent tries", "luck", finite(e.expected_max_effective_annual)),
        ("luck, all tries", "luck-raw", finite(e.expected_max_raw_annual)),
        ("buy and hold", "hold", finite(e.buy_and_hold_sharpe)),
        ("walking forward", "test", finite(e.walk_forward.map(|w| w.test_sharpe))),
    ]
    .into_iter()
    .filter_map(|(label, class, at)| Some((label, class, at?)))
    .collect();
    let ends = reach.map_or([sharpe, sharpe], |(low, high)| [low, high]);
    let all = || marks.iter().map(|m| m.2).chain(ends).chain([0.0]);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let pad = ((high - low) * 0.05).max(0.05);
    let bounds = (low - pad, high + pad);
    let x = Scale::linear(bounds, (235.0, 740.0));
    let height = 58.0 + 24.0 * (marks.len() + 1) as f64;
    let bottom = height - 34.0;
    let title = "Annual Sharpe ratio against luck";
    let description = format!(
        "The strategy shows {}{}. {}",
        figures::ratio(sharpe),
        reach
            .map(|(l, h)| format!(", 95 % between {} and {}", figures::ratio(l), figures::ratio(h)))
            .unwrap_or_default(),
        marks.iter().map(|(label, _, at)| format!("{label}: {}.", figures::ratio(*at))).collect::<Vec<_>>().join(" ")
    );
    let frame = Frame { name, title, description: &description, width: 760.0, height };
    frame.around(&html! {
        g.axis {
            @for tick in linear_ticks(bounds, 7) {
                @let at = place(x.at(tick));
                line.grid x1=(at) x2=(at) y1="8" y2=(bottom) {}
                text x=(at) y=(bottom + 16.0) text-anchor="middle" { (figures::number((tick * 1e6).round() / 1e6)) }
            }
            @let zero = place(x.at(0.0));
            line x1=(zero) x2=(zero) y1="8" y2=(bottom) {}
            text.axis-name x="487" y=(height - 3.0) text-anchor="middle" { "Sharpe ratio a year" }
        }
        @if let Some((low, high)) = reach {
            line.own-reach x1=(place(x.at(low))) x2=(place(x.at(high))) y1="24" y2="24" {}
        }
        circle.own-dot cx=(place(x.at(sharpe))) cy="24" r="6" {}
        text.own-label x="225" y="24" dy="0.32em" text-anchor="end" { "strategy " (figures::ratio(sharpe)) }
        @for (i, (label, class, at)) in marks.iter().enumerate() {
            @let y = 48.0 + 24.0 * i as f64;
            line class={"mark mark-" (class)} x1=(place(x.at(*at))) x2=(place(x.at(*at))) y1=(y - 9.0) y2=(y + 9.0) {}
            text.mark-label x="225" y=(y) dy="0.32em" text-anchor="end" { (label) " " (figures::ratio(*at)) }
        }
    })
}
