//! Equity against buy-and-hold and against what luck earned, over time and on a logarithmic scale, with the part shaded that
//! walking forward traded.

use assay_research::views::FanView;
use maud::{Markup, html};

use super::scale::{Scale, log_ticks, time_ticks};
use super::svg::{Area, Frame, band, line, place};
use super::{POINTS_MAX, Point, thinned};
use crate::figures;

/// Draws a curve; `fan` is what the best sets of permuted markets earned, `test_from` where walking forward begins to trade.
pub(crate) fn draw(
    name: &str,
    what: &str,
    curve: &[Point],
    fan: Option<&FanView>,
    test_from: Option<i64>,
    points_max: usize,
) -> Markup {
    let curve = thinned(curve, points_max.min(POINTS_MAX));
    let positive = |x: f64| x.is_finite() && x > 0.0;
    let luck: Vec<(i64, [f64; 5])> = fan
        .iter()
        .flat_map(|fan| fan.at.iter().copied().zip(fan.quantiles.iter().copied()))
        .filter(|(_, q)| q.iter().all(|x| positive(*x)))
        .collect();
    let ends = luck.iter().flat_map(|(_, q)| [q[0], q[4]]);
    let values = || curve.iter().flat_map(|p| [p.1, p.2]).chain(ends.clone()).filter(|x| positive(*x));
    let (low, high) = values().fold((f64::INFINITY, 0.0f64), |(low, high), x| (low.min(x), high.max(x)));
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return empty() };
    if curve.len() < 2 || low > high {
        return empty();
    }
    let area = Area { left: 62.0, right: 640.0, top: 12.0, bottom: 270.0 };
    let bounds = (low * 0.97, high * 1.03);
    let x = Scale::linear((first.0 as f64, last.0 as f64), (area.left, area.right));
    let y = Scale::log(bounds, (area.bottom, area.top));
    let path =
        |of: fn(&Point) -> f64| line(curve.iter().filter(|p| positive(of(p))).map(|p| (x.at(p.0 as f64), y.at(of(p)))));
    let at_level = |level: usize| luck.iter().map(move |(at, q)| (x.at(*at as f64), y.at(q[level])));
    let (mut own_y, mut hold_y) = (y.at(last.1), y.at(last.2));
    // Labels at the line ends must not cover each other.
    if (own_y - hold_y).abs() < 16.0 {
        let middle = (own_y + hold_y) / 2.0;
        let up = if own_y <= hold_y { -8.0 } else { 8.0 };
        (own_y, hold_y) = (middle + up, middle - up);
    }
    let description = format!(
        "From {} to {} the strategy turns 1 into {}, buying and holding turns it into {}.{}{}",
        figures::day(first.0),
        figures::day(last.0),
        figures::number(last.1),
        figures::number(last.2),
        luck.last()
            .zip(fan)
            .map(|((_, q), fan)| format!(
                " The best sets of {} permuted markets end at {} in the middle, nine of ten between {} and {}.",
                figures::count(fan.markets as u64),
                figures::number(q[2]),
                figures::number(q[0]),
                figures::number(q[4])
            ))
            .unwrap_or_default(),
        test_from.map(|at| format!(" Walking forward begins to trade on {}.", figures::day(at))).unwrap_or_default()
    );
    let title = format!("Equity of {what}, logarithmic");
    let frame = Frame { name, title: &title, description: &description, width: 760.0, height: 300.0 };
    frame.around(&html! {
        (area.untouched(&x, test_from, true))
        @if luck.len() > 1 {
            path.luck-outer d=(band(at_level(4), at_level(0))) {}
            path.luck-inner d=(band(at_level(3), at_level(1))) {}
            path.luck-middle d=(line(at_level(2))) {}
        }
        (area.y_axis(&y, &log_ticks(bounds), figures::multiple))
        (area.x_axis(&x, &time_ticks((first.0, last.0))))
        path.hold-line d=(path(|p| p.2)) {}
        path.own-line d=(path(|p| p.1)) {}
        text.own-label x=(area.right + 6.0) y=(place(own_y)) dy="0.32em" { "strategy" }
        @if last.2.is_finite() {
            text.hold-label x=(area.right + 6.0) y=(place(hold_y)) dy="0.32em" { "buy and hold" }
        }
    })
}

fn empty() -> Markup {
    html! { p.empty { "There is no equity curve: the best parameter set never traded." } }
}
