//! The bundled prices as material: their days, and their bars as shapes.

use assay_backtest::Bars;
use assay_market::bundled;

use super::BARS;
use crate::chance::Chance;
use crate::shape::Shape;

/// What the bundled data sets give.
#[derive(Clone, Debug)]
pub struct RealPrices {
    days: Vec<i64>,
    sets: Vec<Vec<Shape>>,
}

impl RealPrices {
    /// Reads them.
    pub fn bundled() -> RealPrices {
        let files: Vec<_> = bundled::all().iter().map(|set| set.read()).collect();
        let days = files[0].bars.time.clone();
        RealPrices { days, sets: files.iter().map(|file| shapes(&file.bars)).collect() }
    }

    /// Ten years of days on which the exchange was really open: weekends and holidays fall where they do.
    pub(crate) fn trading_days(&self, chance: &mut Chance) -> Vec<i64> {
        let first = chance.below(self.days.len() - BARS + 1);
        self.days[first..first + BARS].to_vec()
    }

    /// One of the data sets.
    pub(super) fn draw(&self, chance: &mut Chance) -> &[Shape] {
        &self.sets[chance.below(self.sets.len())]
    }
}

fn shapes(bars: &Bars) -> Vec<Shape> {
    (1..bars.len())
        .map(|t| Shape {
            gap: (bars.open[t] / bars.close[t - 1]).ln(),
            up: (bars.high[t] / bars.open[t]).ln(),
            down: (bars.low[t] / bars.open[t]).ln(),
            body: (bars.close[t] / bars.open[t]).ln(),
            volume: bars.volume[t],
        })
        .collect()
}
