//! What all charts share: the frame with its words, axes, paths.

use std::fmt::Write;

use maud::{Markup, html};

use super::Point;
use super::scale::Scale;

/// A chart's frame. `name` makes ids unique within a page.
pub(super) struct Frame<'a> {
    pub name: &'a str,
    pub title: &'a str,
    /// What a reader who cannot see the chart should know.
    pub description: &'a str,
    pub width: f64,
    pub height: f64,
}

impl Frame<'_> {
    /// The chart around `body`.
    pub fn around(&self, body: &Markup) -> Markup {
        let (title, description) = (format!("{}-t", self.name), format!("{}-d", self.name));
        html! {
            svg.chart xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby=(format!("{title} {description}"))
                viewBox=(format!("0 0 {} {}", self.width, self.height)) {
                title id=(title) { (self.title) }
                desc id=(description) { (self.description) }
                (body)
            }
        }
    }
}

/// The plotting area.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Area {
    /// Horizontal lines with labels at the left.
    pub fn y_axis(&self, scale: &Scale, ticks: &[f64], write: impl Fn(f64) -> String) -> Markup {
        html! {
            g.axis {
                @for tick in ticks {
                    @let y = place(scale.at(*tick));
                    line.grid x1=(self.left) x2=(self.right) y1=(y) y2=(y) {}
                    text x=(self.left - 8.0) y=(y) dy="0.32em" text-anchor="end" { (write(*tick)) }
                }
            }
        }
    }

    /// Marks with labels at the bottom.
    pub fn x_axis(&self, scale: &Scale, ticks: &[(i64, String)]) -> Markup {
        html! {
            g.axis {
                line x1=(self.left) x2=(self.right) y1=(self.bottom) y2=(self.bottom) {}
                @for (at, label) in ticks {
                    @let x = place(scale.at(*at as f64));
                    line x1=(x) x2=(x) y1=(self.bottom) y2=(self.bottom + 5.0) {}
                    text x=(x) y=(self.bottom + 19.0) text-anchor="middle" { (label) }
                }
            }
        }
    }

    /// The shaded part that took no part in choosing.
    pub fn untouched(&self, scale: &Scale, from: Option<i64>, label: bool) -> Markup {
        html! {
            @if let Some(from) = from {
                @let x = scale.at(from as f64);
                @if x < self.right {
                    rect.untouched x=(place(x)) y=(self.top) width=(place(self.right - x)) height=(place(self.bottom - self.top)) {}
                    line.untouched-edge x1=(place(x)) x2=(place(x)) y1=(self.top) y2=(self.bottom) {}
                    @if label {
                        @let roomy = self.right - x > 120.0;
                        text.untouched-label x=(place(if roomy { x + 6.0 } else { x - 6.0 })) y=(place(self.bottom - 8.0))
                            text-anchor=(if roomy { "start" } else { "end" }) { "walking forward" }
                    }
                }
            }
        }
    }
}

/// A coordinate with one decimal: a tenth of a pixel is enough and keeps pages small.
pub(super) fn place(x: f64) -> String {
    let text = format!("{x:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// The `d` of a line through `points`; what is not finite is left out.
pub(super) fn line(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points.filter(|(x, y)| x.is_finite() && y.is_finite()) {
        let letter = if d.is_empty() { 'M' } else { 'L' };
        write!(d, "{letter}{} {}", place(x), place(y)).expect("writing to a string");
    }
    d
}

/// The `d` of the area between two lines over the same places.
pub(super) fn band(
    upper: impl Iterator<Item = (f64, f64)>,
    lower: impl DoubleEndedIterator<Item = (f64, f64)>,
) -> String {
    let (there, back) = (line(upper), line(lower.rev()));
    format!("{there}{}Z", back.replacen('M', "L", 1))
}

/// At most `max` points: each stands for a stretch, with its last equity and its deepest fall.
pub(crate) fn thinned(curve: &[Point], max: usize) -> Vec<Point> {
    let stretch = curve.len().div_ceil(max.max(1)).max(1);
    let point = |part: &[Point]| {
        let last = part[part.len() - 1];
        (last.0, last.1, last.2, part.iter().map(|p| p.3).fold(0.0, f64::min))
    };
    curve.chunks(stretch).map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_end_and_the_deepest_fall() {
        let curve: Vec<Point> = (0..1000).map(|i| (i, i as f64, 1.0, if i == 501 { -0.5 } else { 0.0 })).collect();
        let thin = thinned(&curve, 100);
        assert_eq!(thin.len(), 100);
        assert_eq!(thin.last().map(|p| p.1), Some(999.0));
        assert_eq!(thin.iter().map(|p| p.3).fold(0.0, f64::min), -0.5);
        assert!(thinned(&[], 100).is_empty());
    }

    #[test]
    fn a_band_runs_along_the_upper_line_and_back_along_the_lower() {
        let (upper, lower) = ([(0.0, 1.0), (5.0, 2.0)], [(0.0, 8.0), (5.0, 9.0)]);
        assert_eq!(band(upper.into_iter(), lower.into_iter()), "M0 1L5 2L5 9L0 8Z");
    }

    #[test]
    fn a_path_leaves_out_what_is_not_finite() {
        assert_eq!(line([(0.0, 1.0), (f64::NAN, 2.0), (2.5, 3.25)].into_iter()), "M0 1L2.5 3.2");
    }
}
