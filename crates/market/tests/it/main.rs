//! Price files in, bars and flags out: every shape that is taken, every one that is refused, and streams without end.

mod bundled_sets;
mod flags;
mod properties;
mod refusals;
mod shapes;
mod streams;

use assay_market::{CsvLimits, PriceFile, read_csv};
use assay_units::Timestamp;
use expect_test::Expect;

fn file(text: &str) -> PriceFile {
    read_csv(text.as_bytes(), CsvLimits::STANDARD).unwrap_or_else(|error| panic!("{error}"))
}

fn at(ms: i64) -> String {
    Timestamp::from_millis(ms).to_string().replace("T00:00:00.000Z", "").replace(":00.000Z", "Z")
}

/// A file as a short text: its kind, its flags, its bars.
fn shown(file: &PriceFile) -> String {
    let bars = &file.bars;
    let mut out = format!("{} bars of {}", bars.len(), file.interval);
    out.push_str(if file.has_ohlc { ", ohlc" } else { ", close" });
    out.push_str(if file.has_volume { ", volume" } else { "" });
    if let Some(symbol) = &file.symbol {
        out.push_str(&format!(", {symbol}"));
    }
    out.push('\n');
    for flag in &file.flags {
        out.push_str(&format!("! {flag}\n"));
    }
    for i in 0..bars.len().min(4) {
        let (o, h, l, c) = (bars.open[i], bars.high[i], bars.low[i], bars.close[i]);
        out.push_str(&format!("{} {o} {h} {l} {c} {}\n", at(bars.time[i]), bars.volume[i]));
    }
    out
}

fn check(text: &str, expected: Expect) {
    let out = match read_csv(text.as_bytes(), CsvLimits::STANDARD) {
        Ok(file) => shown(&file),
        Err(error) => format!("refused: {error}\n"),
    };
    expected.assert_eq(&out);
}
