//! When orders fill, what they cost, and the growth of equity that follows on each bar.
//!
//! All in, long or flat, so a bar multiplies equity by one of four factors: held, bought, sold, or 1. The factors do not
//! depend on the strategy; every trial of a sweep shares them.

use crate::Bars;

/// What a trade costs, as rates on the traded value, per side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Fee.
    pub fee: f64,
    /// Price against you: buy at p(1+s), sell at p(1-s).
    pub slippage: f64,
}

/// At which price an order fills that was decided at the close of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// That close: optimistic by an instant; what most notebooks do.
    Close,
    /// The next bar's open: what TradingView strategies do.
    NextOpen,
}

impl Fill {
    /// Bars between the decision and the fill.
    pub(crate) fn lag(self) -> usize {
        match self {
            Fill::Close => 0,
            Fill::NextOpen => 1,
        }
    }

    /// As reports say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Fill::Close => "the same close",
            Fill::NextOpen => "the next open",
        }
    }
}

/// Growth of equity over one bar, by what happens on it.
pub(crate) struct Factors {
    /// Long before and after.
    pub hold: Vec<f64>,
    /// Bought on this bar.
    pub enter: Vec<f64>,
    /// Sold on this bar.
    pub exit: Vec<f64>,
}

impl Factors {
    pub fn new(bars: &Bars, costs: Costs, fill: Fill) -> Factors {
        let bought = 1.0 / ((1.0 + costs.fee) * (1.0 + costs.slippage));
        let sold = (1.0 - costs.fee) * (1.0 - costs.slippage);
        let close = &bars.close;
        let before = |t: usize| if t == 0 { close[0] } else { close[t - 1] };
        let each = |f: &dyn Fn(usize) -> f64| (0..bars.len()).map(f).collect::<Vec<f64>>();
        let hold = each(&|t| close[t] / before(t));
        match fill {
            Fill::Close => {
                Factors { enter: vec![bought; bars.len()], exit: each(&|t| close[t] / before(t) * sold), hold }
            }
            Fill::NextOpen => Factors {
                enter: each(&|t| close[t] / bars.open[t] * bought),
                exit: each(&|t| bars.open[t] / before(t) * sold),
                hold,
            },
        }
    }
}
