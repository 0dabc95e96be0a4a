//! A day's budget of one resource as a stacked bar.

use assay_budget::Usage;
use maud::{Markup, html};

use super::svg::{Frame, place};

/// Draws what is spent, assumed spent, set aside and left. What exceeds the cap fills the bar.
pub(crate) fn draw(usage: &Usage) -> Markup {
    let whole = usage.cap.max(usage.settled.saturating_add(usage.reserved)).max(1) as f64;
    let proven = usage.settled.saturating_sub(usage.assumed);
    let parts = [("spent", proven), ("assumed", usage.assumed), ("reserved", usage.reserved), ("left", usage.left)];
    let mut from = 0.0;
    let placed = parts.map(|(class, units)| {
        let wide = units as f64 / whole * 760.0;
        from += wide;
        (class, from - wide, wide, units)
    });
    let title = format!("{}: {} of {} left today", usage.resource, usage.left, usage.cap);
    let description = format!(
        "{proven} spent, {} assumed spent, {} reserved, {} left of {}.",
        usage.assumed, usage.reserved, usage.left, usage.cap
    );
    let name = format!("budget-{}", usage.resource.as_str());
    let frame = Frame { name: &name, title: &title, description: &description, width: 760.0, height: 26.0 };
    frame.around(&html! {
        @for (class, x, wide, units) in placed.iter().filter(|part| part.3 > 0) {
            rect class={"bar-" (class)} x=(place(*x)) y="1" width=(place(*wide)) height="24" { title { (class) ": " (units) } }
        }
        rect.bar-edge x="0.5" y="0.5" width="759" height="25" {}
    })
}
