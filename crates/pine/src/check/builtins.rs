//! Calls of Pine's own functions: arguments find their parameters, what is known before the run is computed at once.

use super::calls::pick;
use super::table::{Row, Target};
use super::tree::{Code, Fact, Fun};
use super::types::Type;
use super::{Checked, Checker, Known, Ta, Typed};
use crate::ast::Arg;
use crate::graph::{Binary, Price};
use crate::lexer::Span;

impl<'a> Checker<'a> {
    /// Binds arguments to the parameters of a built-in.
    pub(super) fn bound(
        &mut self,
        row: &'static Row,
        receiver: Option<Typed>,
        args: &'a [Arg],
        span: Span,
    ) -> Checked<Typed> {
        let name = row.name;
        let parameters: Vec<&str> = row.parameters.split(' ').filter(|p| !p.is_empty()).collect();
        let bare = |parameter: &str| parameter.split(['=', '?']).next().unwrap_or_default().to_owned();
        let names: Vec<String> = parameters.iter().map(|p| bare(p)).collect();
        let positional = args.iter().filter(|arg| arg.name.is_none()).count();
        // ta.highest(n) is ta.highest(high, n), ta.pivothigh(l, r) is ta.pivothigh(high, l, r).
        let leading = parameters.first().is_some_and(|p| p.contains("=high") || p.contains("=low"));
        let skipped = usize::from(leading && positional + 1 == parameters.len() && args.len() == positional);
        let offset = usize::from(receiver.is_some()) + skipped;
        if positional + offset > parameters.len() {
            return Err(span.says(format!("`{name}` is not supported with more than {} arguments", parameters.len())));
        }
        let mut given: Vec<Option<Typed>> = vec![None; parameters.len()];
        if let Some(receiver) = receiver {
            given[0] = Some(receiver);
        }
        for (i, arg) in args.iter().enumerate() {
            let place = match &arg.name {
                None => i + offset,
                Some(named) => match names.iter().position(|known| known == named).or_else(|| alias(&names, named)) {
                    Some(place) => place,
                    None => {
                        return Err(
                            span.says(format!("`{name}` has no parameter `{named}`; it has {}", names.join(", ")))
                        );
                    }
                },
            };
            let typed = self.expr(&arg.value)?;
            if given.get_mut(place).and_then(|given| given.replace(typed)).is_some() && self.version >= 4 {
                return Err(span.says(format!("the argument `{}` of `{name}` is given twice", names[place])));
            }
        }
        let mut types = Vec::new();
        let mut codes = Vec::new();
        let mut known = Vec::new();
        for (place, parameter) in parameters.iter().enumerate() {
            let typed = match (given[place].take(), parameter.split_once('=')) {
                (Some(typed), _) => Some(typed),
                (None, Some((_, default))) => Some(match default {
                    "high" => Typed::new(Code::Bar(Fact::Price(Price::High)), Type::Float),
                    "low" => Typed::new(Code::Bar(Fact::Price(Price::Low)), Type::Float),
                    "true" => Typed::truth(true),
                    "false" => Typed::truth(false),
                    number => Typed::number(number.parse().unwrap_or(f64::NAN), Type::Int),
                }),
                (None, None) if parameter.ends_with('?') => None,
                (None, None) => return Err(span.says(format!("`{name}` needs the argument `{}`", names[place]))),
            };
            if let Some(typed) = &typed
                && let Code::Refused(_) = typed.code
            {
                return Ok(typed.clone());
            }
            if let Some(typed) = &typed
                && place == 0
                && collection(name)
                && !matches!(typed.ty, Type::Array(_) | Type::Map(_) | Type::Matrix(_) | Type::Any)
            {
                return Err(span.says(format!("`{name}` works on a collection, found {}", typed.ty.shown())));
            }
            if let Some(typed) = &typed
                && matches!(row.target, Target::Ta(_) | Target::Unary(_) | Target::Pow)
                && !matches!(row.target, Target::Ta(Ta::IntervalChange))
                && matches!(typed.ty, Type::Array(_) | Type::Map(_) | Type::Text | Type::Tuple(_) | Type::Object(_))
            {
                // fixnan and change take what they are given; a length is never a text.
                return Err(span.says(format!("`{}` of `{name}` cannot be {}", names[place], typed.ty.shown())));
            }
            if let (Target::Ta(_), Some(Typed { known: Some(Known::Number(n)), .. })) = (row.target, &typed)
                && crate::calls::unusable_length(&names[place], *n)
            {
                return Err(span.says(format!("`{}` of `{name}` must be at least 1", names[place])));
            }
            types.push(typed.as_ref().map_or(Type::Any, |typed| typed.ty.clone()));
            known.push(typed.as_ref().and_then(|typed| typed.known.clone()));
            codes.push(typed.map(|typed| typed.code));
        }
        let ty = row.gives.of(&types);
        Ok(match row.target {
            Target::Ta(which) => {
                let which = if which == Ta::Change && types[0] == Type::Bool { Ta::ChangedTruth } else { which };
                let ty = if name == "ta.change" && types[0] != Type::Bool { types[0].join(&Type::Int) } else { ty };
                if self.loops > 0 {
                    self.warn(span.advises(
                        format!("`{name}` inside a loop advances with every round"),
                        "call it once a bar, outside of the loop",
                    ));
                }
                let site = self.site(span);
                Typed::new(Code::Ta(which, site, codes.into_iter().map(|code| code.unwrap_or(Code::Na)).collect()), ty)
            }
            Target::Unary(which) => {
                let code = codes.into_iter().flatten().next().unwrap_or(Code::Na);
                match known.first() {
                    Some(Some(Known::Number(x))) => {
                        let x = crate::fold::unary(which, *x);
                        Typed { code: Code::Number(x), ty, known: Some(Known::Number(x)), literal: false }
                    }
                    _ => Typed::new(Code::Unary(which, code.into()), ty),
                }
            }
            Target::Pow => {
                let mut codes = codes.into_iter().flatten();
                let (a, b) = (codes.next().unwrap_or(Code::Na), codes.next().unwrap_or(Code::Na));
                Typed::new(Code::Binary(Binary::Pow, a.into(), b.into()), ty)
            }
            Target::Fun(Fun::Round) => {
                let whole = known.get(1) == Some(&Some(Known::Number(0.0)));
                let ty = if whole { Type::Int } else { Type::Float };
                Typed::new(Code::Call(Fun::Round, codes, span.line), ty)
            }
            Target::Fun(Fun::ToText) => {
                // A text that is known stays known: it may be an interval or a symbol.
                let known = match (&known[0], known.get(1)) {
                    (Some(Known::Number(x)), Some(None)) if x.fract() == 0.0 && x.abs() < 1e15 => {
                        Some(Known::Text(format!("{x}")))
                    }
                    (Some(Known::Text(text)), _) => Some(Known::Text(text.clone())),
                    _ => None,
                };
                Typed { code: Code::Call(Fun::ToText, codes, span.line), ty, known, literal: false }
            }
            Target::Fun(which) => {
                let code = Code::Call(which, codes, span.line);
                if !collection(name) {
                    return Ok(Typed::new(code, ty));
                }
                let class = self.class(&types[0]);
                Typed::new(Code::Uses(class, mutates(which), code.into()), ty)
            }
        })
    }

    pub(super) fn fold(&mut self, name: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let mut typed = Vec::new();
        for arg in args {
            let value = self.expr(&arg.value)?;
            typed.push(self.as_number(value, arg.value.span)?);
        }
        if typed.is_empty() {
            return Err(span.says(format!("`{name}` needs at least one number")));
        }
        let whole = typed.iter().all(|item| item.ty == Type::Int) && name != "math.avg";
        let numbers: Option<Vec<f64>> = typed
            .iter()
            .map(|item| match item.known {
                Some(Known::Number(x)) => Some(x),
                _ => None,
            })
            .collect();
        let which = match name {
            "math.max" => (Fun::Max, Binary::Max),
            "math.min" => (Fun::Min, Binary::Min),
            _ => (Fun::Avg, Binary::Add),
        };
        let ty = if whole { Type::Int } else { Type::Float };
        if let (Some(numbers), true) = (numbers, which.1 != Binary::Add) {
            let x = numbers[1..].iter().fold(numbers[0], |a, b| crate::fold::binary(which.1, a, *b));
            return Ok(Typed { code: Code::Number(x), ty, known: Some(Known::Number(x)), literal: false });
        }
        let codes = typed.into_iter().map(|item| Some(item.code)).collect();
        Ok(Typed::new(Code::Call(which.0, codes, span.line), ty))
    }

    pub(super) fn every_argument(&mut self, fun: Fun, ty: Type, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let codes =
            args.iter().map(|arg| self.expr(&arg.value).map(|typed| Some(typed.code))).collect::<Checked<_>>()?;
        Ok(Typed::new(Code::Call(fun, codes, span.line), ty))
    }

    /// `timestamp("2020-01-01")`, `timestamp(year, month, day, hour, minute, second)`, perhaps with a time zone in front.
    pub(super) fn timestamp(&mut self, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let names = ["timezone", "year", "month", "day", "hour", "minute", "second"];
        let mut codes: Vec<Option<Code>> = vec![None; 7];
        let mut known: Vec<Option<Known>> = vec![None; 7];
        let mut place = 1;
        for (i, arg) in args.iter().enumerate() {
            let typed = self.expr(&arg.value)?;
            let text = matches!(typed.ty, Type::Text);
            let at = match arg.name.as_deref() {
                Some("dateString") => 0,
                Some(name) => match names.iter().position(|known| *known == name) {
                    Some(at) => at,
                    None => return Err(span.says(format!("`timestamp` has no parameter `{name}`"))),
                },
                None if i == 0 && text => 0,
                None => {
                    place += 1;
                    place - 1
                }
            };
            if at > 6 {
                return Err(span.says("`timestamp` takes at most seven arguments"));
            }
            known[at] = typed.known;
            codes[at] = Some(typed.code);
        }
        if codes[1].is_none()
            && let Some(Known::Text(text)) = &known[0]
        {
            return match crate::dates::date(text) {
                Some(ms) => Ok(Typed::number(ms, Type::Int)),
                None => {
                    Err(span
                        .advises(format!("{text:?} is no date"), "write it as \"2020-01-31\" or \"31 Jan 2020 00:00\""))
                }
            };
        }
        if codes[0].is_none() || known[0] == Some(Known::Text("UTC".into())) {
            let part = |i: usize, missing: f64| match (&codes[i], &known[i]) {
                (None, _) => Some(missing),
                (_, Some(Known::Number(x))) => Some(*x),
                _ => None,
            };
            if let (Some(y), Some(mo), Some(d), Some(h), Some(mi), Some(s)) =
                (part(1, 1970.0), part(2, 1.0), part(3, 1.0), part(4, 0.0), part(5, 0.0), part(6, 0.0))
            {
                let days = crate::dates::days_from_civil(y, mo, d);
                return Ok(Typed::number((days * 86_400.0 + h * 3_600.0 + mi * 60.0 + s) * 1_000.0, Type::Int));
            }
        }
        Ok(Typed::new(Code::Call(Fun::Timestamp, codes, span.line), Type::Int))
    }

    /// `ta.vwap(source, anchor, stdev_mult)`.
    pub(super) fn vwap(&mut self, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let source = self.argument(args, 0, "source", span)?;
        let anchor = match pick(args, 1, "anchor") {
            Some(expr) => self.expr(expr)?.code,
            None => Code::Na,
        };
        let (mult, ty) = match pick(args, 2, "stdev_mult") {
            Some(expr) => (self.expr(expr)?.code, Type::Tuple(vec![Type::Float; 3])),
            None => (Code::Na, Type::Float),
        };
        let site = self.site(span);
        Ok(Typed::new(Code::Ta(Ta::Vwap, site, vec![source.code, anchor, mult]), ty))
    }

    pub(super) fn ticker(&mut self, args: &'a [Arg]) -> Checked<Typed> {
        let mut own = true;
        let mut last = None;
        for (i, arg) in args.iter().enumerate() {
            let typed = self.expr(&arg.value)?;
            let place = arg.name.as_deref().unwrap_or(match i {
                0 => "prefix",
                1 => "ticker",
                _ => "",
            });
            if matches!(place, "prefix" | "ticker" | "tickerid" | "symbol" | "from_tickerid") {
                match &typed.known {
                    Some(Known::Text(text)) if text.is_empty() || text.ends_with("SYMBOL") => {}
                    Some(Known::Text(text)) => {
                        own = false;
                        last = Some(text.clone());
                    }
                    _ => {}
                }
            }
        }
        let symbol = if own { "SYMBOL".to_owned() } else { last.unwrap_or_default() };
        Ok(Typed { literal: false, ..Typed::text(&symbol) })
    }
}

fn collection(name: &str) -> bool {
    name.starts_with("array.") || name.starts_with("map.") || name.starts_with("matrix.")
}

/// Whether a call changes its first argument.
fn mutates(which: Fun) -> bool {
    use Fun::*;
    matches!(
        which,
        Push | Unshift
            | Insert
            | Pop
            | Shift
            | Remove
            | Put
            | Clear
            | Fill
            | Concat
            | Reverse
            | Sort
            | MapPut
            | MapRemove
            | MapClear
            | MapPutAll
            | MatrixSet
            | MatrixAddRow
            | MatrixAddColumn
            | MatrixRemoveRow
            | MatrixRemoveColumn
            | MatrixFill
    )
}

/// Names that parameters had in other versions.
fn alias(names: &[String], named: &str) -> Option<usize> {
    let at = |wanted: &str| names.iter().position(|name| name == wanted);
    match named {
        "y" => Some(1),
        "x" | "series" | "src" | "source1" => {
            at("source").or_else(|| at("series")).or_else(|| at("number")).or(Some(0))
        }
        "source" => at("series").or_else(|| at("source1")).or(Some(0)),
        "source2" => Some(1),
        "length" => at("length"),
        "fastlength" => at("fastlen"),
        "slowlength" => at("slowlen"),
        "siglength" => at("siglen"),
        "base" => at("base"),
        "string" | "value" | "id" | "array_id" => Some(0),
        "percentage" => at("percentage"),
        "resolution" => at("timeframe"),
        _ => None,
    }
}
