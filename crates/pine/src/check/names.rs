//! Names: variables, fields behind them, and what Pine itself calls by a name.

use super::tree::{Account, Code, Fact};
use super::types::Type;
use super::{Checked, Checker, Known, Ta, Typed};
use crate::graph::{Binary, Price, Time};
use crate::lexer::Span;

impl<'a> Checker<'a> {
    /// A dotted path that begins with a variable: its value, or that of the field it leads to.
    pub(super) fn variable_path(&mut self, path: &str, span: Span) -> Checked<Option<Typed>> {
        let mut parts = path.split('.');
        let head = parts.next().unwrap_or(path);
        let Some(binding) = self.find(head) else { return Ok(None) };
        let mut typed = match (&binding.known, binding.ty == Type::Text) {
            // A text that never changes needs no variable.
            (Some(Known::Text(text)), true) => Typed { literal: binding.literal, ..Typed::text(&text.clone()) },
            _ => Typed {
                code: Code::Slot(binding.slot),
                ty: binding.ty.clone(),
                known: binding.known.clone(),
                literal: binding.literal,
            },
        };
        for field in parts {
            if !matches!(typed.ty, Type::Object(_) | Type::Any | Type::Drawing(_)) {
                return Ok(None);
            }
            typed = self.field(typed, field, span)?;
        }
        Ok(Some(typed))
    }

    /// What a name stands for.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Checked<Typed> {
        if let Some(typed) = self.variable_path(name, span)? {
            return Ok(typed);
        }
        if let Some((head, value)) = name.split_once('.')
            && let Some(fields) = self.enums.get(head)
        {
            if fields.iter().any(|(field, _)| field == value) {
                return Ok(Typed { ty: Type::Enum(head.to_owned()), ..Typed::text(name) });
            }
            return Err(span.says(format!("`{head}` has no value `{value}`")));
        }
        if let Some(head) = name.split('.').next()
            && name.contains('.')
            && self.imports.contains(head)
        {
            return Ok(self.imported(name, span));
        }
        let current = crate::signatures::current_variable(name, self.version).to_owned();
        self.built_in(&current, span)
    }

    pub(super) fn imported(&mut self, name: &str, span: Span) -> Typed {
        self.refuse(span.advises(
            format!("`{name}` belongs to an imported library, which is not available"),
            "copy the functions that you need into the script",
        ))
    }

    fn built_in(&mut self, name: &str, span: Span) -> Checked<Typed> {
        let fact = |fact, ty| Ok(Typed::new(Code::Bar(fact), ty));
        let price = |price| fact(Fact::Price(price), Type::Float);
        let time = |part| fact(Fact::Time(part), Type::Int);
        match name {
            "open" => price(Price::Open),
            "high" => price(Price::High),
            "low" => price(Price::Low),
            "close" => price(Price::Close),
            "volume" => price(Price::Volume),
            "hl2" => price(Price::Hl2),
            "hlc3" => price(Price::Hlc3),
            "ohlc4" => price(Price::Ohlc4),
            "hlcc4" => price(Price::Hlcc4),
            "bid" | "ask" => Ok(Typed::new(Code::Na, Type::Float)),
            "bar_index" => time(Time::BarIndex),
            "time" => time(Time::Millis),
            "timenow" | "time_close" => fact(Fact::TimeClose, Type::Int),
            "time_tradingday" => fact(Fact::TradingDay, Type::Int),
            "year" => time(Time::Year),
            "month" => time(Time::Month),
            "dayofmonth" => time(Time::DayOfMonth),
            "dayofweek" => time(Time::DayOfWeek),
            "hour" => time(Time::Hour),
            "minute" => time(Time::Minute),
            "second" => fact(Fact::Second, Type::Int),
            "weekofyear" => fact(Fact::WeekOfYear, Type::Int),
            "last_bar_index" | "last_bar_time" => {
                let fact = if name == "last_bar_index" { Fact::LastBarIndex } else { Fact::LastBarTime };
                Ok(self.reads_end(fact, Type::Int, span))
            }
            "na" => Ok(Typed::na()),
            "math.pi" => Ok(Typed::number(std::f64::consts::PI, Type::Float)),
            "math.e" => Ok(Typed::number(std::f64::consts::E, Type::Float)),
            "math.phi" => Ok(Typed::number(1.618_033_988_749_895, Type::Float)),
            "math.rphi" => Ok(Typed::number(0.618_033_988_749_895, Type::Float)),
            "ta.tr" => Ok(self.advancing(name, Code::Ta(Ta::TrueRange, 0, vec![Code::Truth(false)]), Type::Float)),
            "ta.obv" => Ok(self.advancing(name, Code::Ta(Ta::Obv, 0, vec![]), Type::Float)),
            "ta.accdist" => Ok(self.advancing(name, Code::Ta(Ta::AccDist, 0, vec![]), Type::Float)),
            "ta.nvi" => Ok(self.advancing(name, Code::Ta(Ta::Nvi, 0, vec![]), Type::Float)),
            "ta.pvi" => Ok(self.advancing(name, Code::Ta(Ta::Pvi, 0, vec![]), Type::Float)),
            "ta.pvt" => Ok(self.advancing(name, Code::Ta(Ta::Pvt, 0, vec![]), Type::Float)),
            "ta.wad" => Ok(self.advancing(name, Code::Ta(Ta::Wad, 0, vec![]), Type::Float)),
            "ta.wvad" => Ok(self.advancing(name, Code::Ta(Ta::Wvad, 0, vec![]), Type::Float)),
            "ta.iii" => Ok(self.advancing(name, Code::Ta(Ta::Iii, 0, vec![]), Type::Float)),
            "ta.vwap" => {
                let source = Code::Bar(Fact::Price(Price::Hlc3));
                Ok(self.advancing(name, Code::Ta(Ta::Vwap, 0, vec![source, Code::Na, Code::Na]), Type::Float))
            }
            _ => self.family(name, span),
        }
    }

    /// A read of the end of the file; noted, for a trader cannot know it.
    fn reads_end(&mut self, fact: Fact, ty: Type, span: Span) -> Typed {
        self.end_read.get_or_insert(span.line);
        Typed::new(Code::At(span.line, Code::Bar(fact).into()), ty)
    }

    /// What has a value on every bar, wherever it is read: it is computed at the start of each.
    pub(super) fn advancing(&mut self, name: &str, mut code: Code, ty: Type) -> Typed {
        let slot = match self.prelude_slots.get(name) {
            Some(slot) => *slot,
            None => {
                let slot = self.slot(&ty, true);
                if let Code::Ta(_, site, _) = &mut code {
                    self.body.sites.push(1);
                    *site = self.body.sites.len() as u32 - 1;
                }
                self.prelude.push(Code::Set(slot, code.into()));
                self.prelude_slots.insert(name.to_owned(), slot);
                slot
            }
        };
        Typed::new(Code::Slot(slot), ty)
    }

    fn family(&mut self, name: &str, span: Span) -> Checked<Typed> {
        let (family, member) = name.split_once('.').unwrap_or((name, ""));
        match family {
            "strategy" => self.strategy_name(name, member, span),
            "barstate" => Ok(match member {
                "isconfirmed" | "ishistory" | "isnew" => Typed { literal: false, ..Typed::truth(true) },
                "isrealtime" => Typed { literal: false, ..Typed::truth(false) },
                "isfirst" => Typed::new(Code::Bar(Fact::IsFirst), Type::Bool),
                "islast" | "islastconfirmedhistory" => self.reads_end(Fact::IsLast, Type::Bool, span),
                _ => return Err(unknown(name, span)),
            }),
            "syminfo" => Ok(match member {
                "mintick" => Typed::new(Code::Bar(Fact::MinTick), Type::Float),
                "pointvalue" | "minmove" | "mincontract" => Typed { literal: false, ..Typed::number(1.0, Type::Float) },
                // A tick is `minmove` / `pricescale`.
                "pricescale" => {
                    let tick = Code::Bar(Fact::MinTick);
                    Typed::new(Code::Binary(Binary::Div, Code::Number(1.0).into(), tick.into()), Type::Float)
                }
                "tickerid" | "ticker" | "root" | "main_tickerid" => Typed::text("SYMBOL"),
                "prefix" | "description" | "basecurrency" | "country" | "sector" | "industry" | "current_contract" => {
                    Typed::text("")
                }
                "currency" => Typed::text("USD"),
                "type" => Typed::text("stock"),
                "session" => Typed::text("regular"),
                "timezone" => Typed::text("UTC"),
                "volumetype" => Typed::text("base"),
                _ => Typed::new(Code::Na, Type::Float),
            }),
            "timeframe" => Ok(match member {
                "period" | "main_period" => Typed::new(Code::Interval, Type::Text),
                "multiplier" => Typed::new(Code::Bar(Fact::Multiplier), Type::Int),
                "isintraday" => Typed::new(Code::Bar(Fact::IsIntraday), Type::Bool),
                "isminutes" => Typed::new(Code::Bar(Fact::IsMinutes), Type::Bool),
                "isseconds" | "isticks" => Typed::new(Code::Bar(Fact::IsSeconds), Type::Bool),
                "isdaily" => Typed::new(Code::Bar(Fact::IsDaily), Type::Bool),
                "isweekly" => Typed::new(Code::Bar(Fact::IsWeekly), Type::Bool),
                "ismonthly" => Typed::new(Code::Bar(Fact::IsMonthly), Type::Bool),
                "isdwm" => Typed::new(Code::Not(Code::Bar(Fact::IsIntraday).into()), Type::Bool),
                _ => return Err(unknown(name, span)),
            }),
            "session" => Ok(match member {
                "ismarket" => Typed { literal: false, ..Typed::truth(true) },
                "ispremarket" | "ispostmarket" => Typed { literal: false, ..Typed::truth(false) },
                "isfirstbar" | "isfirstbar_regular" => Typed::new(Code::Bar(Fact::SessionFirst), Type::Bool),
                "islastbar" | "islastbar_regular" => Typed::new(Code::Bar(Fact::SessionLast), Type::Bool),
                _ => Typed::text(name),
            }),
            "dayofweek" => {
                let days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
                match days.iter().position(|day| *day == member) {
                    Some(day) => Ok(Typed::number(day as f64 + 1.0, Type::Int)),
                    None => Err(unknown(name, span)),
                }
            }
            "color" => Ok(Typed::inert(Type::Colour)),
            "currency" if !member.is_empty() => Ok(Typed::text(member)),
            "input" if !member.is_empty() => Ok(Typed::text(name)),
            "plot"
            | "hline"
            | "shape"
            | "location"
            | "size"
            | "line"
            | "label"
            | "box"
            | "table"
            | "extend"
            | "xloc"
            | "yloc"
            | "text"
            | "position"
            | "display"
            | "alert"
            | "scale"
            | "format"
            | "font"
            | "order"
            | "barmerge"
            | "adjustment"
            | "dividends"
            | "earnings"
            | "splits"
            | "backadjustment"
            | "settlement_as_close"
                if !member.is_empty() =>
            {
                // Every drawing there is: none is kept, so none is there.
                match (family, member) {
                    ("line" | "label" | "box" | "table" | "polyline" | "linefill", "all") => {
                        let kind =
                            crate::calls::DRAWINGS.iter().find(|kind| **kind == family).copied().unwrap_or("line");
                        let code = Code::Call(super::tree::Fun::ArrayFrom, vec![], span.line);
                        Ok(Typed::new(code, Type::Array(Type::Drawing(kind).into())))
                    }
                    // What is to come is not known to any bar.
                    (_, member) if member.starts_with("future_") => Ok(Typed::new(Code::Na, Type::Float)),
                    _ => Ok(Typed::text(name)),
                }
            }
            // Plain bars: no Heikin-Ashi, Renko, Kagi, ...
            "chart" if member.starts_with("is_") => Ok(Typed::truth(member == "is_standard")),
            "linefill" | "polyline" if member == "all" => Ok(Typed::new(
                Code::Call(super::tree::Fun::ArrayFrom, vec![], span.line),
                Type::Array(Type::Drawing("line").into()),
            )),
            "chart" => Ok(match member {
                "bg_color" | "fg_color" => Typed::inert(Type::Colour),
                "left_visible_bar_time" | "right_visible_bar_time" => Typed::new(Code::Na, Type::Int),
                _ => Typed { literal: false, ..Typed::truth(member == "is_standard") },
            }),
            "open_interest" | "dividends" | "earnings" | "splits" => Ok(Typed::new(Code::Na, Type::Float)),
            _ => Err(unknown(name, span)),
        }
    }

    fn strategy_name(&mut self, name: &str, member: &str, span: Span) -> Checked<Typed> {
        use Account as A;
        let account = match member {
            "position_size" => A::PositionSize,
            "position_avg_price" => A::PositionAvgPrice,
            "position_entry_name" => A::PositionEntryName,
            "equity" => A::Equity,
            "netprofit" => A::NetProfit,
            "netprofit_percent" => A::NetProfitPercent,
            "openprofit" => A::OpenProfit,
            "openprofit_percent" => A::OpenProfitPercent,
            "grossprofit" => A::GrossProfit,
            "grossprofit_percent" => A::GrossProfitPercent,
            "grossloss" => A::GrossLoss,
            "grossloss_percent" => A::GrossLossPercent,
            "closedtrades" => A::ClosedTrades,
            "opentrades" => A::OpenTrades,
            "wintrades" => A::WinTrades,
            "losstrades" => A::LossTrades,
            "eventrades" => A::EvenTrades,
            "avg_trade" => A::AvgTrade,
            "avg_trade_percent" => A::AvgTradePercent,
            "avg_winning_trade" => A::AvgWinningTrade,
            "avg_losing_trade" => A::AvgLosingTrade,
            "avg_winning_trade_percent" => A::AvgWinningTradePercent,
            "avg_losing_trade_percent" => A::AvgLosingTradePercent,
            "max_drawdown" => A::MaxDrawdown,
            "max_drawdown_percent" => A::MaxDrawdownPercent,
            "max_runup" => A::MaxRunup,
            "max_runup_percent" => A::MaxRunupPercent,
            "max_contracts_held_all" => A::MaxContractsHeldAll,
            "max_contracts_held_long" => A::MaxContractsHeldLong,
            "max_contracts_held_short" => A::MaxContractsHeldShort,
            "initial_capital" => A::InitialCapital,
            "opentrades.capital_held" => A::OpenCapitalHeld,
            "closedtrades.first_index" => return Ok(Typed::number(0.0, Type::Int)),
            "account_currency" => return Ok(Typed::text("USD")),
            "margin_liquidation_price" => return Ok(Typed::new(Code::Na, Type::Float)),
            "long"
            | "short"
            | "cash"
            | "fixed"
            | "percent_of_equity"
            | "commission.percent"
            | "commission.cash_per_order"
            | "commission.cash_per_contract"
            | "direction.long"
            | "direction.short"
            | "direction.all"
            | "oca.cancel"
            | "oca.reduce"
            | "oca.none" => return Ok(Typed::text(name)),
            _ => return Err(unknown(name, span)),
        };
        let ty = match account {
            A::PositionEntryName => Type::Text,
            A::ClosedTrades | A::OpenTrades | A::WinTrades | A::LossTrades | A::EvenTrades => Type::Int,
            _ => Type::Float,
        };
        if self.requesting {
            return Ok(self.refuse(span.advises(
                format!("`{name}` cannot be asked on another interval"),
                "ask for it outside of request.security",
            )));
        }
        Ok(self.advancing(name, Code::Account(account), ty))
    }
}

fn unknown(name: &str, span: Span) -> crate::Diagnostic {
    let says = format!("`{name}` is not known");
    match crate::signatures::nearest(name) {
        Some(near) => span.advises(says, format!("did you mean {near}?")),
        None => span.advises(says, "a variable must be declared above the line that reads it"),
    }
}
