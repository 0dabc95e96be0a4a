//! Walking forward as strips: each window's promise beside what it kept, and below them the values that were chosen.

use assay_research::views::WindowView;
use maud::{Markup, html};

use super::scale::{Scale, linear_ticks, time_ticks};
use super::svg::{Area, Frame, place};
use crate::figures;

/// Windows drawn.
const WINDOWS_MAX: usize = 64;
/// Inputs whose values are drawn.
const INPUTS_MAX: usize = 6;
/// Characters of an input's title that fit beside its strip.
const TITLE_CHARS_MAX: usize = 15;
/// Height of a strip of values.
const ROW: f64 = 24.0;
/// A cell narrower than this has no room for its value.
const CELL_MIN: f64 = 34.0;

/// An input whose value changes: its title, and its value in each window.
type Strip<'a> = (&'a str, Vec<f64>);

/// Draws the windows.
pub(crate) fn draw(name: &str, what: &str, windows: &[WindowView]) -> Markup {
    let windows = &windows[..windows.len().min(WINDOWS_MAX)];
    let (Some(first), Some(last)) = (windows.first(), windows.last()) else { return html! {} };
    let known =
        || windows.iter().flat_map(|w| [w.train_sharpe, Some(w.test_sharpe)]).flatten().filter(|x| x.is_finite());
    let (low, high) = known().fold((0.0f64, 0.0f64), |(low, high), x| (low.min(x), high.max(x)));
    let pad = ((high - low) * 0.12).max(0.05);
    let bounds = (if low < 0.0 { low - pad } else { 0.0 }, high + pad);
    let strips = strips(windows);
    let area = Area { left: 62.0, right: 640.0, top: 12.0, bottom: 140.0 };
    let x = Scale::linear((first.from as f64, last.to as f64), (area.left, area.right));
    let y = Scale::linear(bounds, (area.bottom, area.top));
    let held = windows.iter().filter(|w| w.test_sharpe > 0.0).count();
    let title = format!("Walking forward with {what}");
    let description = format!(
        "{} from {} to {}: {held} of {} earn. {}",
        figures::plural(windows.len() as u64, "window", "windows"),
        figures::day(first.from),
        figures::day(last.to),
        windows.len(),
        if strips.is_empty() {
            "Every window chose the same values."
        } else {
            "The strips below show the values that each window chose."
        }
    );
    let strips_top = area.bottom + 30.0;
    let height = strips_top + ROW * strips.len() as f64 + 4.0;
    let bar = |from: f64, wide: f64, value: f64| {
        let (a, b) = (y.at(value), y.at(0.0));
        (place(from), place(wide.max(1.0)), place(a.min(b)), place((a - b).abs().max(1.0)))
    };
    let frame = Frame { name, title: &title, description: &description, width: 760.0, height };
    frame.around(&html! {
        (area.y_axis(&y, &linear_ticks(bounds, 4), |v| figures::number((v * 1e6).round() / 1e6)))
        @for w in windows {
            @let (from, to) = (x.at(w.from as f64), x.at(w.to as f64));
            @let wide = ((to - from) * 0.3).min(34.0);
            @let middle = (from + to) / 2.0;
            g {
                title { (figures::day(w.from)) " to " (figures::day(w.to)) ": promised " (figures::or_unmeasured(w.train_sharpe, figures::ratio)) ", kept " (figures::ratio(w.test_sharpe)) }
                @if let Some(train) = w.train_sharpe.filter(|x| x.is_finite()) {
                    @let (x, wide, y, tall) = bar(middle - wide - 1.0, wide, train);
                    rect.promise x=(x) y=(y) width=(wide) height=(tall) {}
                }
                @if w.test_sharpe.is_finite() {
                    @let (x, wide, y, tall) = bar(middle + 1.0, wide, w.test_sharpe);
                    rect class=(if w.test_sharpe > 0.0 { "kept" } else { "kept lost" }) x=(x) y=(y) width=(wide) height=(tall) {}
                }
            }
            line.window-edge x1=(place(from)) x2=(place(from)) y1=(area.top) y2=(place(height - 4.0)) {}
        }
        g.axis { line x1=(area.left) x2=(area.right) y1=(place(y.at(0.0))) y2=(place(y.at(0.0))) {} }
        (area.x_axis(&x, &time_ticks((first.from, last.to))))
        text.axis-name x=(area.right + 6.0) y=(area.top + 10.0) { "Sharpe ratio" }
        text x=(area.right + 6.0) y=(area.top + 26.0) { "a year" }
        @for (row, (title, values)) in strips.iter().enumerate() {
            @let top = strips_top + ROW * row as f64;
            @for (i, (w, value)) in windows.iter().zip(values).enumerate() {
                @let (from, to) = (x.at(w.from as f64), x.at(w.to as f64));
                @let changed = i > 0 && values[i - 1] != *value;
                rect class=(if changed { "choice changed" } else { "choice" }) x=(place(from + 1.0)) y=(place(top))
                    width=(place((to - from - 2.0).max(1.0))) height=(place(ROW - 4.0)) {
                    title { (title) " " (figures::number(*value)) }
                }
                @if to - from >= CELL_MIN {
                    text.choice-label x=(place((from + to) / 2.0)) y=(place(top + ROW / 2.0 - 2.0)) dy="0.32em" text-anchor="middle" { (figures::number(*value)) }
                }
            }
            text.axis-name x=(area.right + 6.0) y=(place(top + ROW / 2.0 - 2.0)) dy="0.32em" { (short(title)) }
        }
    })
}

/// The inputs whose values change from window to window.
fn strips(windows: &[WindowView]) -> Vec<Strip<'_>> {
    let Some(first) = windows.first() else { return Vec::new() };
    let of = |i: usize| windows.iter().filter_map(|w| w.values.get(i)).map(|(_, value)| *value).collect::<Vec<_>>();
    let all = first.values.iter().enumerate().map(|(i, (title, _))| (title.as_str(), of(i)));
    all.filter(|(_, values)| values.iter().any(|value| *value != values[0])).take(INPUTS_MAX).collect()
}

fn short(title: &str) -> String {
    if title.chars().count() <= TITLE_CHARS_MAX {
        return title.to_owned();
    }
    let kept: String = title.chars().take(TITLE_CHARS_MAX - 1).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(i: i64, fast: f64, test_sharpe: f64) -> WindowView {
        WindowView {
            from: i * 365 * 86_400_000,
            to: (i + 1) * 365 * 86_400_000,
            values: vec![("Fast <length> of the average".into(), fast), ("Slow".into(), 200.0)],
            train_sharpe: (i > 0).then_some(0.5),
            test_sharpe,
            test_return: 0.01,
        }
    }

    #[test]
    fn promise_and_keeping_stand_side_by_side_and_only_changing_inputs_below() {
        let windows = [window(0, 50.0, 0.3), window(1, 50.0, -0.2), window(2, 60.0, 0.0)];
        let svg = draw("w", "a strategy", &windows).into_string();
        assert_eq!(svg.matches("class=\"promise\"").count(), 2, "the first window never traded where it chose");
        assert_eq!((svg.matches("class=\"kept\"").count(), svg.matches("class=\"kept lost\"").count()), (1, 2));
        assert_eq!(strips(&windows), [("Fast <length> of the average", vec![50.0, 50.0, 60.0])]);
        assert_eq!(svg.matches("class=\"choice changed\"").count(), 1);
        assert!(svg.contains("Fast &lt;length&gt;…") && svg.contains("1 of 3 earn"));
    }

    #[test]
    fn nothing_is_drawn_without_windows() {
        assert_eq!(draw("w", "a strategy", &[]).into_string(), "");
    }
}
