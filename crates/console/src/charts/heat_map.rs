//! Best annual Sharpe ratio by two inputs: is the best set on a plateau, or a lonely peak?

use assay_research::views::HeatMapView;
use maud::{Markup, html};

use super::svg::{Frame, place};
use crate::figures;

/// Shades of the palette `.q0` to `.q6`: ordered by lightness, so that they can be told apart without seeing hues.
const SHADES: usize = 7;

/// A map that is small enough to be drawn.
#[derive(Debug, PartialEq)]
struct Pooled {
    columns: Vec<String>,
    rows: Vec<String>,
    cells: Vec<Option<f64>>,
    best: Option<(usize, usize)>,
    /// First and last column, first and last row of the sets one step away from the best: the plateau, if it is one.
    around: Option<[usize; 4]>,
}

/// Draws a map. More than `cells_max` cells are pooled: a drawn cell then shows the best of several.
pub(crate) fn draw(name: &str, map: &HeatMapView, cells_max: usize) -> Markup {
    let pooled = pooled(map, cells_max);
    let known = || pooled.cells.iter().flatten().copied().filter(|x| x.is_finite());
    let (low, high) = known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
    if low > high || pooled.cells.len() != pooled.columns.len() * pooled.rows.len() {
        return html! { p.empty { "There is no parameter map: no parameter set traded." } };
    }
    let (columns, rows) = (pooled.columns.len(), pooled.rows.len());
    let (left, top) = (96.0, 14.0);
    let wide = (540.0 / columns as f64).min(64.0);
    let tall = (300.0 / rows as f64).clamp(8.0, 34.0);
    let (across, down) = (wide * columns as f64, tall * rows as f64);
    let shade = |v: f64| ((v - low) / (high - low).max(1e-12) * SHADES as f64).clamp(0.0, SHADES as f64 - 1.0) as usize;
    let legend_y = top + down + 58.0;
    let best = pooled.best.filter(|(x, y)| *x < columns && *y < rows);
    let best_words = best.map(|(x, y)| {
        format!(" The best set lies at {} {} and {} {}.", map.x.0, pooled.columns[x], map.y.0, pooled.rows[y])
    });
    let description = format!(
        "{columns} by {rows} cells; annual Sharpe ratios from {} to {}.{}",
        figures::ratio(low),
        figures::ratio(high),
        best_words.unwrap_or_default()
    );
    let title = format!("Sharpe ratio by {} (across) and {} (down)", map.x.0, map.y.0);
    let frame = Frame { name, title: &title, description: &description, width: 760.0, height: legend_y + 40.0 };
    let every = |n: usize, room: f64, each: f64| ((room / each).ceil() as usize).clamp(1, n.max(1));
    frame.around(&html! {
        g {
            @for (i, cell) in pooled.cells.iter().enumerate() {
                @let (column, row) = (i % columns, i / columns);
                @let class = cell.map_or_else(|| "q-none".to_owned(), |v| format!("q{}", shade(v)));
                rect class=(class) x=(place(left + wide * column as f64)) y=(place(top + tall * row as f64))
                    width=(place(wide)) height=(place(tall)) {
                    title { (pooled.columns[column]) " / " (pooled.rows[row]) ": "
                        @match cell { Some(v) => (figures::ratio(*v)), None => "no trades" } }
                }
            }
        }
        @if let Some([from, to, above, below]) = pooled.around.filter(|_| best.is_some()) {
            @let (x, y) = (left + wide * from as f64, top + tall * above as f64);
            @let (across, down) = (wide * (to + 1 - from) as f64, tall * (below + 1 - above) as f64);
            rect.plateau-halo x=(place(x)) y=(place(y)) width=(place(across)) height=(place(down)) {}
            rect.plateau x=(place(x)) y=(place(y)) width=(place(across)) height=(place(down)) {}
        }
        @if let Some((column, row)) = best {
            @let (x, y) = (left + wide * column as f64, top + tall * row as f64);
            rect.best-halo x=(place(x)) y=(place(y)) width=(place(wide)) height=(place(tall)) {}
            rect.best-cell x=(place(x)) y=(place(y)) width=(place(wide)) height=(place(tall)) {}
        }
        g.axis {
            @for (i, label) in pooled.columns.iter().enumerate().step_by(every(columns, 52.0, wide)) {
                text x=(place(left + wide * (i as f64 + 0.5))) y=(place(top + down + 16.0)) text-anchor="middle" { (label) }
            }
            @for (i, label) in pooled.rows.iter().enumerate().step_by(every(rows, 15.0, tall)) {
                text x=(left - 6.0) y=(place(top + tall * (i as f64 + 0.5))) dy="0.32em" text-anchor="end" { (label) }
            }
            text.axis-name x=(place(left + across / 2.0)) y=(place(top + down + 35.0)) text-anchor="middle" { (map.x.0) }
            text.axis-name transform=(format!("translate(16 {}) rotate(-90)", place(top + down / 2.0))) text-anchor="middle" { (map.y.0) }
        }
        g.legend {
            @for i in 0..SHADES {
                @let from = low + (high - low) * i as f64 / SHADES as f64;
                rect class=(format!("q{i}")) x=(place(left + 44.0 * i as f64)) y=(place(legend_y)) width="44" height="12" {}
                text x=(place(left + 44.0 * i as f64)) y=(place(legend_y + 27.0)) text-anchor="middle" { (figures::ratio(from)) }
            }
            text x=(place(left + 44.0 * SHADES as f64)) y=(place(legend_y + 27.0)) text-anchor="middle" { (figures::ratio(high)) }
            @let right = left + 44.0 * SHADES as f64 + 40.0;
            rect.q-none x=(place(right)) y=(place(legend_y)) width="12" height="12" {}
            text x=(place(right + 18.0)) y=(place(legend_y + 10.0)) { "no trades" }
            rect.best-halo x=(place(right + 92.0)) y=(place(legend_y)) width="12" height="12" {}
            rect.best-cell x=(place(right + 92.0)) y=(place(legend_y)) width="12" height="12" {}
            text x=(place(right + 110.0)) y=(place(legend_y + 10.0)) { "best" }
            rect.plateau-halo x=(place(right + 150.0)) y=(place(legend_y)) width="18" height="12" {}
            rect.plateau x=(place(right + 150.0)) y=(place(legend_y)) width="18" height="12" {}
            text x=(place(right + 174.0)) y=(place(legend_y + 10.0)) { "one step away" }
        }
    })
}

/// Joins neighbouring cells until at most `max` are left; each keeps the best of its cells.
fn pooled(map: &HeatMapView, max: usize) -> Pooled {
    let (columns, rows) = (map.x.1.len(), map.y.1.len());
    let mut block = (1, 1);
    while columns.div_ceil(block.0) * rows.div_ceil(block.1) > max.max(1) {
        // The longer side gives way first.
        if columns.div_ceil(block.0) >= rows.div_ceil(block.1) { block.0 += 1 } else { block.1 += 1 }
    }
    let labels = |values: &[f64], by: usize| -> Vec<String> {
        let label = |part: &[f64]| match part {
            [one] => figures::number(*one),
            part => format!("{}-{}", figures::number(part[0]), figures::number(part[part.len() - 1])),
        };
        values.chunks(by).map(label).collect()
    };
    let across = columns.div_ceil(block.0);
    let mut cells: Vec<Option<f64>> = vec![None; across * rows.div_ceil(block.1)];
    for (i, value) in map.cells.iter().enumerate().take(columns * rows) {
        let place = i / columns / block.1 * across + i % columns / block.0;
        let best: &mut Option<f64> = &mut cells[place];
        *best = match (*best, *value) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
    Pooled {
        columns: labels(&map.x.1, block.0),
        rows: labels(&map.y.1, block.1),
        cells,
        best: map.best.map(|(x, y)| (x / block.0, y / block.1)),
        around: map.best.filter(|_| columns > 0 && rows > 0).map(|(x, y)| {
            let reach = |at: usize, length: usize, by: usize| {
                (at.saturating_sub(1).min(length - 1) / by, (at + 1).min(length - 1) / by)
            };
            let ((from, to), (above, below)) = (reach(x, columns, block.0), reach(y, rows, block.1));
            [from, to, above, below]
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(columns: usize, rows: usize) -> HeatMapView {
        HeatMapView {
            x: ("Slow <length>".into(), (0..columns).map(|x| x as f64).collect()),
            y: ("Fast".into(), (0..rows).map(|y| y as f64).collect()),
            cells: (0..columns * rows).map(|i| (i % 5 > 0).then_some(i as f64 / 100.0)).collect(),
            best: Some((columns - 1, rows - 1)),
        }
    }

    #[test]
    fn every_cell_is_drawn_with_its_value() {
        let svg = draw("m", &map(6, 4), 1000).into_string();
        assert_eq!(svg.matches("<rect").count(), 6 * 4 + 4 + SHADES + 5, "cells, best and plateau twice, legend");
        assert_eq!(svg.matches("<title>").count(), 6 * 4);
        assert!(svg.contains("Slow &lt;length&gt;") && !svg.contains("<length>"));
    }

    #[test]
    fn a_large_map_is_pooled_and_keeps_its_best() {
        let pooled = pooled(&map(60, 60), 400);
        assert!(pooled.cells.len() <= 400, "{}", pooled.cells.len());
        assert_eq!(pooled.cells.iter().flatten().copied().fold(0.0, f64::max), 35.99);
        assert_eq!(pooled.best, Some((pooled.columns.len() - 1, pooled.rows.len() - 1)));
    }

    #[test]
    fn the_plateau_is_one_step_each_way_within_the_map() {
        let around = |best, max| pooled(&HeatMapView { best: Some(best), ..map(6, 4) }, max).around;
        assert_eq!(around((2, 1), 100), Some([1, 3, 0, 2]));
        assert_eq!(around((5, 3), 100), Some([4, 5, 2, 3]));
        assert_eq!(around((0, 0), 6), Some([0, 0, 0, 0]), "pooled two by two");
        assert_eq!(pooled(&HeatMapView { best: None, ..map(6, 4) }, 100).around, None);
    }

    #[test]
    fn a_map_without_values_says_so() {
        let none = HeatMapView { cells: vec![None; 4], ..map(2, 2) };
        assert!(draw("m", &none, 100).into_string().contains("no parameter set traded"));
    }
}
