//! Every check of a ruling, failed ones first as they come.

use assay_research::views::ReasonView;
use maud::{Markup, html};

use super::marks;

/// The list. Empty when nothing was checked.
pub(crate) fn list(reasons: &[ReasonView]) -> Markup {
    html! {
        @if reasons.is_empty() { p.empty { "Nothing was checked: there was nothing that could be tested." } }
        @else {
            ul.checks {
                @for reason in reasons {
                    li class=(if reason.passed { "passed" } else { "failed" }) {
                        span.outcome { span aria-hidden="true" { @if reason.passed { "✓" } @else { "✕" } } " " @if reason.passed { "Passed" } @else { "Failed" } }
                        span.check { b { (name(&reason.code)) } " " (reason.text)
                            @if !reason.passed { span.minor { " At best " (marks::verdict_words(&reason.decides).to_lowercase()) "." } } }
                    }
                }
            }
        }
    }
}

/// A check's name in words.
pub(crate) fn name(code: &str) -> String {
    match code {
        "look_ahead" => "Look-ahead".into(),
        "valid_trials" => "Valid trials".into(),
        "luck" => "Luck".into(),
        "little_luck" => "Little luck".into(),
        "best_trades" => "Best trades".into(),
        "noise" => "Noise".into(),
        "deflated_sharpe" => "Deflated Sharpe ratio".into(),
        "trades" => "Trades".into(),
        "break_even" => "Break-even cost".into(),
        "untouched_bars" => "Walking forward".into(),
        "overfitting" => "Overfitting".into(),
        "walk_forward_efficiency" => "Walk-forward efficiency".into(),
        "plateau" => "Plateau".into(),
        "track_record" => "Track record".into(),
        "buy_and_hold" => "Buy and hold".into(),
        other => other.replace('_', " "),
    }
}
