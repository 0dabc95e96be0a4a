//! Built-in variables: prices, time, the account, constants.

use super::{Lower, Lowered, Value, hard, soft};
use crate::graph::{Binary, Broker, Compare, NodeId, Op, Price, SymbolFact, Time};
use crate::lexer::Span;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// Families of constants that only drawings and tables read.
const DRAWN: [&str; 21] = [
    "color", "plot", "hline", "shape", "location", "size", "line", "label", "box", "table", "extend", "xloc", "yloc",
    "text", "position", "display", "alert", "scale", "format", "font", "chart",
];
/// Families of constants that are texts.
const TEXTS: [&str; 12] = [
    "barmerge",
    "session",
    "currency",
    "adjustment",
    "dividends",
    "earnings",
    "splits",
    "order",
    "math",
    "settlement_as_close",
    "backadjustment",
    "syminfo",
];

impl Lower {
    /// A variable, the script's own or built in.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Lowered<Value> {
        if let Some(id) = self.find(name) {
            return match &self.variables[id].value {
                Value::Lost(why) => Err((**why).clone()),
                known => Ok(known.clone()),
            };
        }
        if let Some((head, _)) = name.split_once('.') {
            if let Some(id) = self.find(head) {
                return match &self.variables[id].value {
                    Value::Inert => Ok(Value::Inert),
                    Value::Lost(why) => Err((**why).clone()),
                    _ => Err(soft(span.says("fields of objects run in the interpreter alone"))),
                };
            }
            if self.enums.contains(head) {
                return Ok(Value::Text(name.to_owned()));
            }
        }
        let op = match name {
            "open" => Op::Price(Price::Open),
            "high" => Op::Price(Price::High),
            "low" => Op::Price(Price::Low),
            "close" => Op::Price(Price::Close),
            "volume" => Op::Price(Price::Volume),
            "hl2" => Op::Price(Price::Hl2),
            "hlc3" => Op::Price(Price::Hlc3),
            "ohlc4" => Op::Price(Price::Ohlc4),
            "hlcc4" => Op::Price(Price::Hlcc4),
            "bar_index" | "n" => Op::Time(Time::BarIndex),
            "time" => Op::Time(Time::Millis),
            "year" => Op::Time(Time::Year),
            "month" => Op::Time(Time::Month),
            "dayofmonth" => Op::Time(Time::DayOfMonth),
            "dayofweek" => Op::Time(Time::DayOfWeek),
            "hour" => Op::Time(Time::Hour),
            "minute" => Op::Time(Time::Minute),
            "barstate.isconfirmed" | "barstate.ishistory" | "barstate.isnew" => Op::Truth(true),
            "barstate.isrealtime" => Op::Truth(false),
            "math.pi" => Op::Number(std::f64::consts::PI),
            "math.e" => Op::Number(std::f64::consts::E),
            "math.phi" => Op::Number(1.618_033_988_749_895),
            "math.rphi" => Op::Number(0.618_033_988_749_895),
            "syminfo.mintick" => Op::Symbol(SymbolFact::MinTick),
            "syminfo.pointvalue" => Op::Number(1.0),
            "na" => return Ok(Value::Na),
            "timenow" | "time_close" => return self.closing_time(span).map(Value::Node),
            "barstate.isfirst" => return self.first_bar(span).map(Value::Node),
            "barstate.islast"
            | "barstate.islastconfirmedhistory"
            | "last_bar_index"
            | "last_bar_time"
            | "time_tradingday"
            | "second"
            | "weekofyear"
            | "bid"
            | "ask" => {
                return Err(soft(
                    span.advises(format!("`{name}` runs in the interpreter alone"), "let no order hang on it"),
                ));
            }
            "ta.tr" | "tr" | "ta.obv" | "obv" | "ta.vwap" | "vwap" | "ta.accdist" => {
                let name = if name.starts_with("ta.") { name.to_owned() } else { format!("ta.{name}") };
                // As a variable it advances on every bar, wherever it is read.
                let always = self.always();
                let outer = std::mem::replace(&mut self.path, always);
                let value = self.call(&name, &[], &[], span);
                self.path = outer;
                return value;
            }
            _ => return self.named_constant(name, span),
        };
        Ok(Value::Node(self.add(op, span)?))
    }

    /// Truth: this is the first bar.
    pub(super) fn first_bar(&mut self, span: Span) -> Lowered<NodeId> {
        let (bar, zero) = (self.add(Op::Time(Time::BarIndex), span)?, self.constant(0.0, span)?);
        self.add(Op::Compare(Compare::Eq, bar, zero), span)
    }

    fn named_constant(&mut self, name: &str, span: Span) -> Lowered<Value> {
        if let Some(day) = name.strip_prefix("dayofweek.").and_then(|day| WEEKDAYS.iter().position(|d| *d == day)) {
            return Ok(Value::Node(self.constant(day as f64 + 1.0, span)?));
        }
        let family = name.split('.').next().unwrap_or_default();
        match family {
            "strategy" => self.account(name, span),
            "timeframe" => self.interval(name, span),
            "barstate" => Err(soft(span.says(format!("`{name}` is not supported here")))),
            _ if DRAWN.contains(&family) && (name.contains('.') || family == "chart") => Ok(Value::Inert),
            "currency" if name.contains('.') => Ok(Value::Text(name["currency.".len()..].to_owned())),
            "syminfo" => Ok(match name {
                "syminfo.tickerid" | "syminfo.ticker" | "syminfo.root" | "syminfo.main_tickerid" => {
                    Value::Text("syminfo.tickerid".to_owned())
                }
                "syminfo.currency" => Value::Text("USD".to_owned()),
                "syminfo.type" => Value::Text("stock".to_owned()),
                "syminfo.session" => Value::Text("regular".to_owned()),
                "syminfo.timezone" => Value::Text("UTC".to_owned()),
                _ => return Err(soft(span.says(format!("`{name}` runs in the interpreter alone")))),
            }),
            "session" if name == "session.ismarket" => Ok(Value::Node(self.add(Op::Truth(true), span)?)),
            "session" if matches!(name, "session.ispremarket" | "session.ispostmarket") => {
                Ok(Value::Node(self.add(Op::Truth(false), span)?))
            }
            _ if TEXTS.contains(&family) && name.contains('.') => Ok(Value::Text(name.to_owned())),
            _ if self.version < 5 && old_constant(name) => Ok(Value::Inert),
            _ if self.version < 5 && matches!(name, "tickerid" | "ticker" | "period") => {
                let now = if name == "period" { "timeframe.period" } else { "syminfo.tickerid" };
                Ok(Value::Text(now.to_owned()))
            }
            // Named arguments of version 4 inputs.
            "input" => Ok(Value::Inert),
            _ if name.contains('.') => Err(soft(span.says(format!("`{name}` is not supported here")))),
            _ => Err(hard(span.advises(
                format!("`{name}` is not known"),
                "a variable must be declared above the line that reads it",
            ))),
        }
    }

    fn interval(&mut self, name: &str, span: Span) -> Lowered<Value> {
        let day = 86_400.0;
        let (at_least, below) = match name {
            "timeframe.period" | "timeframe.main_period" => return Ok(Value::Text("timeframe.period".to_owned())),
            "timeframe.isintraday" | "timeframe.isminutes" => (0.0, day),
            "timeframe.isdaily" => (day, 4.0 * day),
            "timeframe.isweekly" => (4.0 * day, 11.0 * day),
            "timeframe.ismonthly" => (11.0 * day, f64::INFINITY),
            "timeframe.isdwm" => (day, f64::INFINITY),
            _ => return Err(soft(span.says(format!("`{name}` is not supported here")))),
        };
        let seconds = self.add(Op::Symbol(SymbolFact::IntervalSeconds), span)?;
        let (from, to) = (self.constant(at_least, span)?, self.constant(below, span)?);
        let reached = self.add(Op::Compare(Compare::Ge, seconds, from), span)?;
        let short = self.add(Op::Compare(Compare::Lt, seconds, to), span)?;
        Ok(Value::Node(self.add(Op::And(reached, short), span)?))
    }

    /// Whether the interval of the bars is the one that a text writes: "60", "D", "1W".
    pub(super) fn interval_is(&mut self, text: &str, span: Span) -> Lowered<NodeId> {
        let day = 86_400.0;
        let (digits, unit) = match text.char_indices().last() {
            Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], Some(unit)),
            _ => (text, None),
        };
        let count = if digits.is_empty() { Some(1.0) } else { digits.parse::<u32>().ok().map(f64::from) };
        let (from, to) = match (unit, count) {
            (None, Some(n)) if !digits.is_empty() => (n * 60.0, n * 60.0 + 1.0),
            (Some('S'), Some(n)) => (n, n + 1.0),
            (Some('D'), Some(1.0)) => (day, 4.0 * day),
            (Some('W'), Some(1.0)) => (4.0 * day, 11.0 * day),
            (Some('M'), Some(1.0)) => (11.0 * day, 46.0 * day),
            _ => {
                return Err(soft(
                    span.says(format!("whether the bars are of the interval {text:?} is not known here")),
                ));
            }
        };
        let seconds = self.add(Op::Symbol(SymbolFact::IntervalSeconds), span)?;
        let (from, to) = (self.constant(from, span)?, self.constant(to, span)?);
        let reached = self.add(Op::Compare(Compare::Ge, seconds, from), span)?;
        let short = self.add(Op::Compare(Compare::Lt, seconds, to), span)?;
        self.add(Op::And(reached, short), span)
    }

    /// `strategy.*` variables: what the broker knows, and constants.
    fn account(&mut self, name: &str, span: Span) -> Lowered<Value> {
        let read = match name {
            "strategy.position_size" => Broker::PositionSize,
            "strategy.position_avg_price" => Broker::AveragePrice,
            "strategy.equity" => Broker::Equity,
            "strategy.openprofit" => Broker::OpenProfit,
            "strategy.netprofit" => Broker::NetProfit,
            "strategy.grossprofit" => Broker::GrossProfit,
            "strategy.grossloss" => Broker::GrossLoss,
            "strategy.opentrades" => Broker::OpenTrades,
            "strategy.closedtrades" => Broker::ClosedTrades,
            "strategy.wintrades" => Broker::WinTrades,
            "strategy.losstrades" => Broker::LossTrades,
            "strategy.eventrades" => Broker::EvenTrades,
            "strategy.initial_capital" => Broker::InitialCapital,
            "strategy.netprofit_percent" => return self.percent(Broker::NetProfit, Broker::InitialCapital, span),
            "strategy.grossprofit_percent" => return self.percent(Broker::GrossProfit, Broker::InitialCapital, span),
            "strategy.grossloss_percent" => return self.percent(Broker::GrossLoss, Broker::InitialCapital, span),
            "strategy.openprofit_percent" => {
                // Of the equity that is realised.
                let open = self.broker(Broker::OpenProfit, span)?;
                let equity = self.broker(Broker::Equity, span)?;
                let realised = self.add(Op::Binary(Binary::Sub, equity, open), span)?;
                return self.percent_of(open, realised, span);
            }
            "strategy.account_currency" => return Ok(Value::Text(name.to_owned())),
            "strategy.long"
            | "strategy.short"
            | "strategy.cash"
            | "strategy.fixed"
            | "strategy.percent_of_equity"
            | "strategy.commission.percent"
            | "strategy.commission.cash_per_order"
            | "strategy.commission.cash_per_contract"
            | "strategy.direction.long"
            | "strategy.direction.short"
            | "strategy.direction.all"
            | "strategy.oca.none"
            | "strategy.oca.cancel"
            | "strategy.oca.reduce" => return Ok(Value::Text(name.to_owned())),
            _ => return Err(soft(span.says(format!("`{name}` runs in the interpreter alone")))),
        };
        Ok(Value::Node(self.broker(read, span)?))
    }

    pub(super) fn broker(&mut self, read: Broker, span: Span) -> Lowered<NodeId> {
        self.add(Op::Broker(read), span)
    }

    fn percent(&mut self, part: Broker, whole: Broker, span: Span) -> Lowered<Value> {
        let (part, whole) = (self.broker(part, span)?, self.broker(whole, span)?);
        self.percent_of(part, whole, span)
    }

    fn percent_of(&mut self, part: NodeId, whole: NodeId, span: Span) -> Lowered<Value> {
        let ratio = self.add(Op::Binary(Binary::Div, part, whole), span)?;
        let hundred = self.constant(100.0, span)?;
        Ok(Value::Node(self.add(Op::Binary(Binary::Mul, ratio, hundred), span)?))
    }
}

/// Colours, styles and input types that stood without a prefix before version 5.
fn old_constant(name: &str) -> bool {
    const OLD: [&str; 52] = [
        "aqua",
        "black",
        "blue",
        "fuchsia",
        "gray",
        "green",
        "lime",
        "maroon",
        "navy",
        "olive",
        "orange",
        "purple",
        "red",
        "silver",
        "teal",
        "white",
        "yellow",
        "area",
        "areabr",
        "circles",
        "columns",
        "cross",
        "histogram",
        "linebr",
        "stepline",
        "dashed",
        "dotted",
        "solid",
        "integer",
        "float",
        "bool",
        "string",
        "source",
        "resolution",
        "session",
        "symbol",
        "line",
        "shape",
        "location",
        "size",
        "color",
        "plot",
        "hline",
        "label",
        "overlay",
        "price",
        "percent",
        "inherit",
        "time",
        "text_area",
        "none",
        "both",
    ];
    OLD.contains(&name)
}
