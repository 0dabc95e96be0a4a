//! `strategy(...)`, its orders, and the functions that read single trades.

use super::calls::pick;
use super::tree::{Code, Order, TradeField};
use super::types::Type;
use super::{Checked, Checker, Known, Typed};
use crate::Sizing;
use crate::ast::{Arg, Expr};
use crate::lexer::Span;
use crate::signatures;

/// Parameters of `strategy(...)` in order, as versions 5 and 6 have them; version 4 begins alike.
pub(crate) const HEADER: [&str; 24] = [
    "title",
    "shorttitle",
    "overlay",
    "format",
    "precision",
    "scale",
    "pyramiding",
    "calc_on_order_fills",
    "calc_on_every_tick",
    "max_bars_back",
    "backtest_fill_limits_assumption",
    "default_qty_type",
    "default_qty_value",
    "initial_capital",
    "currency",
    "slippage",
    "commission_type",
    "commission_value",
    "process_orders_on_close",
    "close_entries_rule",
    "margin_long",
    "margin_short",
    "explicit_plot_zorder",
    "max_lines_count",
];

/// The arguments of each order as they stand in `Code::Order`.
pub const ENTRY: [&str; 8] = ["id", "direction", "qty", "limit", "stop", "oca_name", "oca_type", "comment"];
/// `strategy.exit`.
pub const EXIT: [&str; 13] = [
    "id",
    "from_entry",
    "qty",
    "qty_percent",
    "profit",
    "limit",
    "loss",
    "stop",
    "trail_price",
    "trail_points",
    "trail_offset",
    "oca_name",
    "comment",
];
/// `strategy.close`.
pub const CLOSE: [&str; 5] = ["id", "qty", "qty_percent", "immediately", "comment"];
/// `strategy.close_all`.
pub const CLOSE_ALL: [&str; 2] = ["immediately", "comment"];

impl<'a> Checker<'a> {
    /// The `strategy(...)` header.
    pub(super) fn header(&mut self, args: &'a [Arg]) -> Checked<Typed> {
        let (mut kind, mut amount) = (None, None);
        let (mut commission_kind, mut commission) = (String::from("percent"), None);
        for (i, arg) in args.iter().enumerate() {
            let name = match &arg.name {
                Some(name) => name.as_str(),
                None => HEADER.get(i).copied().unwrap_or_default(),
            };
            let at = arg.value.span;
            let typed = self.expr(&arg.value)?;
            let number = match &typed.known {
                Some(Known::Number(x)) => Some(*x),
                _ => None,
            };
            let text = match &typed.known {
                Some(Known::Text(text)) => Some(text.clone()),
                _ => None,
            };
            let choice = || {
                let word = crate::calls::choice(name, text.as_deref());
                word.map(str::to_owned).map_err(|message| at.says(message))
            };
            let on = typed.known == Some(Known::Truth(true));
            let wanted = |what: Option<f64>| {
                what.filter(|x| x.is_finite()).ok_or_else(|| at.says(format!("`{name}` must be a constant number")))
            };
            match name {
                "title" => self.title = text.or_else(|| Some(String::new())),
                "process_orders_on_close" => self.settings.process_orders_on_close = on,
                "calc_on_every_tick" | "calc_on_order_fills" | "use_bar_magnifier" | "fill_orders_on_standard_ohlc"
                    if on && name != "fill_orders_on_standard_ohlc" =>
                {
                    self.warn(at.says(format!("`{name}` is ignored: orders are decided on closed bars")));
                }
                "initial_capital" => {
                    self.settings.initial_capital = Some(wanted(number)?).filter(|capital| *capital > 0.0);
                }
                "default_qty_type" => kind = Some(choice()?),
                "default_qty_value" => amount = Some(wanted(number)?),
                "commission_type" => commission_kind = choice()?,
                "commission_value" => commission = Some(wanted(number)?),
                "slippage" => self.settings.slippage_ticks = count(name, wanted(number)?, at)?,
                "pyramiding" => self.settings.pyramiding = count(name, wanted(number)?, at)?,
                "close_entries_rule" => self.settings.close_any = choice()? == "ANY",
                _ => {}
            }
        }
        if self.title.is_none() {
            self.title = Some(String::new());
        }
        self.settings.sizing = match (kind.as_deref(), amount) {
            (None, None) => None,
            (Some("cash"), amount) => Some(Sizing::Cash(amount.unwrap_or(1.0))),
            (Some("percent_of_equity"), amount) => Some(Sizing::PercentOfEquity(amount.unwrap_or(1.0))),
            (_, amount) => Some(Sizing::Fixed(amount.unwrap_or(1.0))),
        };
        match commission_kind.as_str() {
            "cash_per_order" => self.settings.commission_per_order = commission,
            "cash_per_contract" => self.settings.commission_per_contract = commission,
            _ => self.settings.commission_percent = commission,
        }
        Ok(Typed::void())
    }

    /// `strategy.entry`, `strategy.close`, ..., and `strategy.closedtrades.profit(...)`.
    pub(super) fn order(&mut self, name: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let member = name.strip_prefix("strategy.").unwrap_or(name);
        if let Some(field) = member.strip_prefix("closedtrades.") {
            return self.trade(true, field, args, span);
        }
        if let Some(field) = member.strip_prefix("opentrades.") {
            return self.trade(false, field, args, span);
        }
        let (order, parameters): (Order, &[&str]) = match member {
            "entry" => (Order::Entry, &ENTRY),
            "order" => (Order::Order, &ENTRY),
            "exit" => (Order::Exit, &EXIT),
            "close" => (Order::Close, &CLOSE),
            "close_all" => (Order::CloseAll, &CLOSE_ALL),
            "cancel" => (Order::Cancel, &["id"]),
            "cancel_all" => (Order::CancelAll, &[]),
            "risk.allow_entry_in" => (Order::AllowEntryIn, &["value"]),
            _ if member.starts_with("risk.") => {
                self.inert_arguments(args)?;
                let refused = self.refuse(span.advises(
                    format!("`{name}` is not supported: at which price of a bar it acts is not documented"),
                    "remove it, or write the rule out as a condition of the entries",
                ));
                // Wherever it stands it would act.
                return Ok(Typed::new(Code::Error(refused.code.into(), span.line), Type::Void));
            }
            _ => return Err(span.says(format!("`{name}` is not known"))),
        };
        // What stands where differs between versions.
        let positions: Vec<&str> = match signatures::overloads(name, self.version).next() {
            Some(signature) => signature.parameters.iter().map(|parameter| parameter.name).collect(),
            None => Vec::new(),
        };
        let mut codes: Vec<Option<Code>> = vec![None; parameters.len()];
        let mut when: Option<Typed> = None;
        for (i, arg) in args.iter().enumerate() {
            let given = match &arg.name {
                Some(name) => name.as_str(),
                None => match positions.get(i) {
                    Some(name) => name,
                    None => continue,
                },
            };
            let typed = self.expr(&arg.value)?;
            if given == "when" {
                when = Some(self.condition(typed, arg.value.span)?);
                continue;
            }
            // Until version 4 the direction was a condition called `long`.
            let wanted = if given == "long" { "direction" } else { given };
            match parameters.iter().position(|known| *known == wanted) {
                Some(place) => {
                    let number = matches!(
                        wanted,
                        "qty"
                            | "limit"
                            | "stop"
                            | "qty_percent"
                            | "profit"
                            | "loss"
                            | "trail_price"
                            | "trail_points"
                            | "trail_offset"
                    );
                    let typed = match wanted {
                        _ if number => self.as_number(typed, arg.value.span)?,
                        "direction" => self.direction(typed, arg.value.span)?,
                        _ => typed,
                    };
                    codes[place] = Some(typed.code);
                }
                // Documented, and without effect on results.
                None if positions.contains(&given) => {}
                None => return Err(span.says(format!("`{name}` has no parameter `{given}`"))),
            }
        }
        let needed = match order {
            Order::Entry | Order::Order => 2,
            Order::Exit | Order::Close | Order::Cancel | Order::AllowEntryIn => 1,
            Order::CloseAll | Order::CancelAll => 0,
        };
        if let Some(missing) = (0..needed).find(|i| codes[*i].is_none()) {
            return Err(span.says(format!("`{name}` needs the argument `{}`", parameters[missing])));
        }
        if self.requesting {
            return Ok(Typed::void());
        }
        if matches!(order, Order::Entry | Order::Order) {
            self.orders = true;
        }
        let code = Code::Order(order, codes, span.line);
        let code = match when {
            None => code,
            Some(Typed { known: Some(Known::Truth(true)), .. }) => code,
            Some(Typed { known: Some(Known::Truth(false)), .. }) => Code::Na,
            Some(when) => Code::If(when.code.into(), code.into(), Code::Na.into()),
        };
        Ok(Typed::new(code, Type::Void))
    }

    /// The side of an order: a text of `strategy`, or the condition that older versions take.
    fn direction(&mut self, typed: Typed, span: Span) -> Checked<Typed> {
        const DIRECTIONS: [&str; 4] =
            ["strategy.long", "strategy.short", "strategy.direction.long", "strategy.direction.short"];
        match &typed.known {
            Some(Known::Text(text)) if !DIRECTIONS.contains(&text.as_str()) => {
                Err(span.says(format!("{text:?} is no direction: strategy.long or strategy.short")))
            }
            _ if typed.ty == Type::Text => Ok(typed),
            _ => self.condition(typed, span),
        }
    }

    fn trade(&mut self, closed: bool, field: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        use TradeField as F;
        let which = match field {
            "entry_price" => F::EntryPrice,
            "entry_bar_index" => F::EntryBarIndex,
            "entry_time" => F::EntryTime,
            "entry_id" => F::EntryId,
            "entry_comment" => F::EntryComment,
            "exit_price" => F::ExitPrice,
            "exit_bar_index" => F::ExitBarIndex,
            "exit_time" => F::ExitTime,
            "exit_id" => F::ExitId,
            "exit_comment" => F::ExitComment,
            "size" => F::Size,
            "profit" => F::Profit,
            "profit_percent" => F::ProfitPercent,
            "commission" => F::Commission,
            "max_runup" => F::MaxRunup,
            "max_runup_percent" => F::MaxRunupPercent,
            "max_drawdown" => F::MaxDrawdown,
            "max_drawdown_percent" => F::MaxDrawdownPercent,
            _ => return Err(span.says(format!("trades have no `{field}`"))),
        };
        let at: Option<&'a Expr> = pick(args, 0, "trade_num");
        let at = match at {
            Some(at) => self.expr(at)?.code,
            None => Code::Number(0.0),
        };
        let ty = match which {
            F::EntryId | F::EntryComment | F::ExitId | F::ExitComment => Type::Text,
            F::EntryBarIndex | F::EntryTime | F::ExitBarIndex | F::ExitTime => Type::Int,
            _ => Type::Float,
        };
        if self.requesting {
            return Ok(Typed { ty, ..Typed::na() });
        }
        Ok(Typed::new(Code::Trade(closed, which, at.into()), ty))
    }
}

/// Ticks, entries: whole, and so many at most that nothing is lost on the way.
pub(crate) fn count(name: &str, x: f64, span: Span) -> Checked<u32> {
    if (0.0..=COUNT_MAX).contains(&x) {
        return Ok(x as u32);
    }
    Err(span.says(format!("`{name}` must lie between 0 and {COUNT_MAX}, found {x}")))
}

/// Most ticks of slippage and most entries that a header may allow.
const COUNT_MAX: f64 = 1e6;
