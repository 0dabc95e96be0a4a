//! How far below its highest equity a strategy stood, over time.

use maud::{Markup, html};

use super::scale::{Scale, linear_ticks, time_ticks};
use super::svg::{Area, Frame, line, place};
use super::{POINTS_MAX, Point, thinned};
use crate::figures;

/// Draws the falls of a curve.
pub(crate) fn draw(name: &str, what: &str, curve: &[Point], test_from: Option<i64>, points_max: usize) -> Markup {
    let curve = thinned(curve, points_max.min(POINTS_MAX));
    let (Some(first), Some(last)) = (curve.first(), curve.last()) else { return html! {} };
    let deepest =
        curve.iter().filter(|p| p.3.is_finite()).fold((0, 0.0f64), |d, p| if p.3 < d.1 { (p.0, p.3) } else { d });
    if curve.len() < 2 || deepest.1 >= 0.0 {
        return html! { p.empty { "It never fell below its highest equity." } };
    }
    let area = Area { left: 62.0, right: 640.0, top: 12.0, bottom: 130.0 };
    let bounds = (deepest.1 * 1.05, 0.0);
    let x = Scale::linear((first.0 as f64, last.0 as f64), (area.left, area.right));
    let y = Scale::linear(bounds, (area.bottom, area.top));
    let d = line(curve.iter().map(|p| (x.at(p.0 as f64), y.at(p.3))));
    let filled = format!("{d}L{} {}L{} {}Z", place(area.right), place(area.top), place(area.left), place(area.top));
    let description = format!(
        "The deepest fall below the highest equity so far is {}, around {}.",
        figures::percent(deepest.1),
        figures::day(deepest.0)
    );
    let title = format!("Drawdown of {what}");
    let frame = Frame { name, title: &title, description: &description, width: 760.0, height: 160.0 };
    frame.around(&html! {
        (area.untouched(&x, test_from, false))
        (area.y_axis(&y, &linear_ticks(bounds, 4), |v| format!("{:.0} %", v * 100.0)))
        path.fall-area d=(filled) {}
        path.fall-line d=(d) {}
        (area.x_axis(&x, &time_ticks((first.0, last.0))))
        text.fall-label x=(area.right + 6.0) y=(place(y.at(deepest.1))) dy="0.32em" { "deepest " (figures::percent(deepest.1)) }
    })
}
