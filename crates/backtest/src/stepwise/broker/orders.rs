//! Orders as a script gives them. Ids are interned numbers; NaN is an argument that was not given.

/// Buy or sell, long or short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Buy; long.
    Long,
    /// Sell; short.
    Short,
}

impl Side {
    /// +1 or -1.
    pub fn sign(self) -> f64 {
        match self {
            Side::Long => 1.0,
            Side::Short => -1.0,
        }
    }

    /// The other one.
    pub fn opposite(self) -> Side {
        match self {
            Side::Long => Side::Short,
            Side::Short => Side::Long,
        }
    }
}

/// What becomes of a group's other orders when one fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcaKind {
    /// Nothing.
    None,
    /// They are cancelled.
    Cancel,
    /// They shrink by what was filled.
    Reduce,
}

/// Membership of a one-cancels-all group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oca {
    /// The group's name.
    pub group: u32,
    /// Its rule.
    pub kind: OcaKind,
}

/// An order that may open a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Its name; a resting order of the same name is replaced.
    pub id: u32,
    /// True for `strategy.entry`: reverses and obeys pyramiding. False for `strategy.order`: nets.
    pub entry: bool,
    /// Direction.
    pub side: Side,
    /// Contracts; NaN takes the header's size. Zero, negative and infinite ones are ignored.
    pub qty: f64,
    /// Stop price or NaN.
    pub stop: f64,
    /// Limit price or NaN. With a stop: rests until the stop was reached.
    pub limit: f64,
    /// Group.
    pub oca: Option<Oca>,
}

impl Order {
    /// A market entry of the header's size.
    pub fn entry(id: u32, side: Side) -> Order {
        Order { id, entry: true, side, qty: f64::NAN, stop: f64::NAN, limit: f64::NAN, oca: None }
    }
}

/// A bracket around the trades of an entry: `strategy.exit`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exit {
    /// Its name; the same name for the same entry replaces its legs.
    pub id: u32,
    /// The entry whose trades it closes; `None`: all.
    pub from_entry: Option<u32>,
    /// Contracts of each trade; NaN: by `qty_percent`.
    pub qty: f64,
    /// Percent of each trade's size at its entry; NaN: 100.
    pub qty_percent: f64,
    /// Target in ticks from the entry's price.
    pub profit: f64,
    /// Target as a price. With `profit`: whichever is reached first.
    pub limit: f64,
    /// Stop in ticks from the entry's price.
    pub loss: f64,
    /// Stop as a price. With `loss` or a trailing stop: whichever is reached first.
    pub stop: f64,
    /// Price that starts the trailing stop.
    pub trail_price: f64,
    /// The same in ticks from the entry's price.
    pub trail_points: f64,
    /// Distance of the trailing stop from the best price since, in ticks. Without it there is no trailing stop.
    pub trail_offset: f64,
    /// Group.
    pub oca: Option<Oca>,
}

impl Exit {
    /// The same without the legs that are infinitely far away: those are none.
    pub(super) fn reachable(mut self) -> Exit {
        let Exit { profit, limit, loss, stop, trail_price, trail_points, trail_offset, .. } = &mut self;
        for leg in [profit, limit, loss, stop, trail_price, trail_points, trail_offset] {
            if leg.is_infinite() {
                *leg = f64::NAN;
            }
        }
        self
    }

    /// Without legs, for all of each trade.
    pub fn new(id: u32, from_entry: Option<u32>) -> Exit {
        let na = f64::NAN;
        Exit {
            id,
            from_entry,
            qty: na,
            qty_percent: na,
            profit: na,
            limit: na,
            loss: na,
            stop: na,
            trail_price: na,
            trail_points: na,
            trail_offset: na,
            oca: None,
        }
    }
}

/// A market order that only closes: `strategy.close` and `strategy.close_all`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Close {
    /// The entry whose trades are closed; `None`: everything.
    pub entry: Option<u32>,
    /// Contracts; NaN: by `qty_percent`.
    pub qty: f64,
    /// Percent of what is open of it at the fill; NaN: 100.
    pub qty_percent: f64,
    /// At this close instead of the next open.
    pub immediately: bool,
}

impl Close {
    /// Everything that `entry` opened; `None`: everything.
    pub fn all_of(entry: Option<u32>) -> Close {
        Close { entry, qty: f64::NAN, qty_percent: f64::NAN, immediately: false }
    }
}

/// What a script tells its broker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// An order that may open a position.
    Order(Order),
    /// A bracket.
    Exit(Exit),
    /// A closing order.
    Close(Close),
    /// Takes back what rests under a name.
    Cancel(u32),
    /// Takes back everything that rests.
    CancelAll,
}

/// An order that rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub order: Order,
    /// Contracts fixed when it was placed; NaN: all in at the fill.
    pub qty: f64,
    /// Its stop was reached: from now on a limit order.
    pub activated: bool,
    pub seq: u64,
}

/// A bracket that rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct RestingExit {
    pub exit: Exit,
    /// Side of the trades that it was placed for; `None` while it waits for an entry.
    pub side: Option<Side>,
    /// Contracts that its group has taken off.
    pub reduced: f64,
    /// Tells this bracket's marks from those of an earlier one of the same name.
    pub seq: u64,
}

/// A closing order that rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct RestingClose {
    pub close: Close,
    /// Bar that placed it: trades that open later are not meant.
    pub bar: usize,
    pub seq: u64,
}
