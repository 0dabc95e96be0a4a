//! The best of every permuted market as a histogram, with the best of the real one marked: how far does it stand out?

use assay_research::views::ChosenView;
use maud::{Markup, html};

use super::scale::{Scale, linear_ticks};
use super::svg::{Area, Frame, place};
use crate::figures;

/// Bars at most.
const BINS_MAX: usize = 48;

/// Bars of a histogram: the first edge, the width of all, and the markets in each. One edge lies on the real best.
#[derive(Debug, PartialEq)]
struct Bins {
    low: f64,
    width: f64,
    counts: Vec<usize>,
}

/// Draws the bests; nothing when no market was permuted.
pub(crate) fn draw(name: &str, what: &str, chosen: &ChosenView) -> Markup {
    // As the bests are kept, so that a tie is seen as one.
    let real = chosen.train.sharpe.filter(|x| x.is_finite()).map(|x| (x * 1e4).round() / 1e4);
    let mut bests: Vec<f64> = chosen.permuted_bests.iter().copied().filter(|x| x.is_finite()).collect();
    let Some(real) = real.filter(|_| !bests.is_empty()) else { return html! {} };
    bests.sort_by(f64::total_cmp);
    let bins = bins(&bests, real);
    let high = bins.low + bins.width * bins.counts.len() as f64;
    let most = bins.counts.iter().copied().max().unwrap_or(0).max(1);
    let as_good = bests.iter().filter(|best| **best >= real).count();
    let area = Area { left: 62.0, right: 740.0, top: 26.0, bottom: 120.0 };
    let x = Scale::linear((bins.low, high), (area.left, area.right));
    let y = Scale::linear((0.0, most as f64), (area.bottom, area.top));
    let title = format!("Best Sharpe ratios of permuted markets for {what}");
    let description = format!(
        "The best set of {} lies between {} and {}, in the middle {}. On the real market the best set shows {}; {} at least as much.",
        figures::plural(bests.len() as u64, "permuted market", "permuted markets"),
        figures::ratio(bests[0]),
        figures::ratio(bests[bests.len() - 1]),
        figures::ratio(bests[bests.len() / 2]),
        figures::ratio(real),
        figures::plural(as_good as u64, "permuted market shows", "permuted markets show")
    );
    let frame = Frame { name, title: &title, description: &description, width: 760.0, height: 164.0 };
    // One market among hundreds must still be seen.
    let tall = |count: usize| (area.bottom - y.at(count as f64)).max(3.0);
    let at = x.at(real);
    let roomy = at < 600.0;
    let ticks: Vec<f64> = linear_ticks((0.0, most as f64), 3).into_iter().filter(|tick| tick.fract() == 0.0).collect();
    frame.around(&html! {
        (area.y_axis(&y, &ticks, figures::number))
        @for (i, count) in bins.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            @let from = bins.low + bins.width * i as f64;
            @let as_good = from + bins.width / 2.0 > real;
            rect class=(if as_good { "luck-bar as-good" } else { "luck-bar" })
                x=(place(x.at(from) + 0.5)) y=(place(area.bottom - tall(*count)))
                width=(place((x.at(from + bins.width) - x.at(from) - 1.0).max(1.0)))
                height=(place(tall(*count))) {
                title { (figures::ratio(from)) " to " (figures::ratio(from + bins.width)) ": " (figures::plural(*count as u64, "market", "markets")) }
            }
        }
        g.axis {
            line x1=(area.left) x2=(area.right) y1=(area.bottom) y2=(area.bottom) {}
            @for tick in linear_ticks((bins.low, high), 8) {
                @let at = place(x.at(tick));
                line x1=(at) x2=(at) y1=(area.bottom) y2=(area.bottom + 5.0) {}
                text x=(at) y=(area.bottom + 19.0) text-anchor="middle" { (figures::number((tick * 1e6).round() / 1e6)) }
            }
            text.axis-name x="401" y="160" text-anchor="middle" { "best Sharpe ratio a year" }
            text.axis-name transform=(format!("translate(16 {}) rotate(-90)", place((area.top + area.bottom) / 2.0))) text-anchor="middle" { "markets" }
        }
        line.real-best x1=(place(at)) x2=(place(at)) y1="8" y2=(area.bottom) {}
        text.own-label x=(place(if roomy { at + 6.0 } else { at - 6.0 })) y="17" text-anchor=(if roomy { "start" } else { "end" }) {
            "real market " (figures::ratio(real))
        }
    })
}

/// Cuts the span of the sorted `bests` and of `real` into bars.
fn bins(bests: &[f64], real: f64) -> Bins {
    let (low, high) = (bests[0].min(real), bests[bests.len() - 1].max(real));
    // Few markets, few bars: about the root of their number, as Pearson's rule of thumb has it, and twice that for detail.
    let wanted = ((bests.len() as f64).sqrt() * 2.0).ceil().clamp(8.0, BINS_MAX as f64 - 2.0);
    let width = ((high - low) / wanted).max(1e-3);
    let below = ((real - low) / width).ceil().max(0.0);
    let low = real - below * width;
    let mut counts = vec![0; (((high - low) / width).floor().max(below) as usize + 1).min(BINS_MAX)];
    let last = counts.len() - 1;
    for best in bests {
        // A best equal to the real one belongs above the edge, whatever the rounding of the division.
        let bin =
            if *best >= real { ((best - low) / width).max(below) } else { ((best - low) / width).min(below - 1.0) };
        counts[(bin.max(0.0) as usize).min(last)] += 1;
    }
    Bins { low, width, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_market_is_lost_and_one_edge_lies_on_the_real_best() {
        for (bests, real) in [
            ((0..400).map(|i| f64::from(i) / 400.0).collect::<Vec<_>>(), 0.9),
            (vec![0.41; 50], 0.62),
            (vec![0.41; 50], 0.41),
            (vec![0.5], -2.0),
            (vec![-1.0, 0.0, 7.0], 0.3),
        ] {
            let bins = bins(&bests, real);
            assert_eq!(bins.counts.iter().sum::<usize>(), bests.len(), "{real}");
            assert!(bins.counts.len() <= BINS_MAX, "{}", bins.counts.len());
            let edge = (real - bins.low) / bins.width;
            assert!((edge - edge.round()).abs() < 1e-6, "{real}: {edge}");
            let above: usize = bins.counts[(edge.round() as usize).min(bins.counts.len())..].iter().sum();
            assert_eq!(above, bests.iter().filter(|best| **best >= real).count(), "{real}");
        }
    }
}
