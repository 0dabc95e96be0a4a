//! `request.security` on the same symbol: what the expression needs is computed again on bars of the other interval.
//!
//! The body of a request repeats the script up to the call, without its orders; `live` then drops what the expression does
//! not use. So variables, functions and their states mean on the other interval what they mean on the script's own.

use super::calls::pick;
use super::tree::{Body, Code, Request, Shown};
use super::types::Type;
use super::{Checked, Checker, Frame, Known, REQUESTS_MAX, Typed, live};
use crate::ast::{Arg, Expr, ExprKind, StmtKind};
use crate::lexer::Span;

impl<'a> Checker<'a> {
    /// Checks `request.security` and `request.security_lower_tf`.
    pub(super) fn security(&mut self, args: &'a [Arg], span: Span, within: bool) -> Checked<Typed> {
        let symbol = self.argument(args, 0, "symbol", span)?;
        let interval = match pick(args, 1, "timeframe").or_else(|| pick(args, 1, "resolution")) {
            Some(expr) => self.expr(expr)?,
            None => return Err(span.says("the argument `timeframe` is missing")),
        };
        let Some(expr) = pick(args, 2, "expression") else {
            return Err(span.says("the argument `expression` is missing"));
        };
        let ahead = pick(args, 4, "lookahead");
        let ahead = match ahead {
            Some(ahead) => {
                let typed = self.expr(ahead)?;
                matches!(&typed.known, Some(Known::Text(text)) if text == "barmerge.lookahead_on")
                    || typed.known == Some(Known::Truth(true))
            }
            None => false,
        };
        // Until version 2 looking ahead was the default.
        let ahead = ahead || (self.version <= 2 && pick(args, 4, "lookahead").is_none());
        // On the script's own interval there is nothing ahead to look at.
        let own = matches!(interval.code, Code::Interval) || interval.known == Some(Known::Text(String::new()));
        let ahead = ahead && !own;
        let gaps = match pick(args, 3, "gaps") {
            Some(gaps) => {
                let typed = self.expr(gaps)?;
                matches!(&typed.known, Some(Known::Text(text)) if text == "barmerge.gaps_on")
                    || typed.known == Some(Known::Truth(true))
            }
            None => false,
        };
        // The type of the value is that of the expression here.
        let here = self.expr(expr)?;
        let ty = if within { Type::Array(here.ty.clone().into()) } else { here.ty.clone() };
        if self.requesting {
            let refused = self.refuse(span.advises(
                "a request inside the expression of another request is not supported",
                "ask for each interval on its own",
            ));
            return Ok(Typed { ty, ..refused });
        }
        let mut heikin_ashi = false;
        match &symbol.known {
            Some(Known::Text(text)) => {
                let text = match text.strip_prefix("heikinashi:") {
                    Some(rest) => {
                        heikin_ashi = true;
                        rest
                    }
                    None => text.as_str(),
                };
                let own = text.rsplit(':').next().unwrap_or(text);
                if !(own.is_empty() || own == "SYMBOL") {
                    let refused = self.refuse(span.advises(
                        format!(
                            "the symbol {text:?} is not available: there is only the one that the strategy runs on"
                        ),
                        "use syminfo.tickerid",
                    ));
                    return Ok(Typed { ty, ..refused });
                }
            }
            _ => {
                let refused = self.refuse(
                    span.advises("the symbol of this request is not known before the run", "use syminfo.tickerid"),
                );
                return Ok(Typed { ty, ..refused });
            }
        }
        if self.requests >= REQUESTS_MAX {
            return Err(span.says(format!("more than {REQUESTS_MAX} requests for other intervals")));
        }
        self.requests += 1;
        let offset = ahead && !within && offsets(expr);
        if ahead && !offset && !within {
            self.look_ahead.push(span.advises(
                "`request.security` with lookahead_on reads the future: its back-test cannot be believed",
                "use barmerge.lookahead_off, or ask for the bar before: expression[1]",
            ));
        }
        let mut body = self.request_body(expr, offset, span)?;
        let used = live::prune(&mut body, self.inputs.len());
        if let Some(at) = used.refused.first() {
            return Ok(Typed { ty, ..Typed::new(Code::Refused(*at), Type::Any) });
        }
        let shown = if within {
            Shown::Within
        } else if offset {
            Shown::ClosedBefore
        } else {
            Shown::Closed
        };
        self.body.requests.push(Request { body, interval: interval.code, shown, gaps, heikin_ashi, line: span.line });
        Ok(Typed::new(Code::Request(self.body.requests.len() as u32 - 1), ty))
    }

    fn request_body(&mut self, expr: &'a Expr, offset: bool, span: Span) -> Checked<Body> {
        let outer_body = std::mem::take(&mut self.body);
        let outer_prelude = std::mem::take(&mut self.prelude);
        let outer_slots = std::mem::take(&mut self.prelude_slots);
        let outer_scopes = std::mem::replace(&mut self.scopes, vec![Default::default()]);
        let outer_calls = std::mem::take(&mut self.calls);
        let (outer_floor, outer_loops) = (self.floor, self.loops);
        let frames = self.frames.clone();
        self.frames = vec![Frame { function: None, arguments: Vec::new(), done: Vec::new() }];
        self.floor = 0;
        self.loops = 0;
        self.requesting = true;
        let functions = self.functions.len();
        for statement in &frames[0].done {
            if matches!(statement.kind, StmtKind::Function { .. } | StmtKind::Type { .. } | StmtKind::Enum { .. }) {
                continue;
            }
            match self.statement(statement) {
                Ok(typed) => self.body.code.push(typed.code),
                Err(_) => self.declare_unknown(statement),
            }
        }
        self.functions.truncate(functions);
        let result = self.inside(&frames[1..], expr, offset, span);
        self.requesting = false;
        let mut body = std::mem::replace(&mut self.body, outer_body);
        let prelude = std::mem::replace(&mut self.prelude, outer_prelude);
        body.code.splice(0..0, prelude);
        self.prelude_slots = outer_slots;
        self.scopes = outer_scopes;
        self.calls = outer_calls;
        self.frames = frames;
        (self.floor, self.loops) = (outer_floor, outer_loops);
        body.result = Some(Box::new(result?.code));
        Ok(body)
    }

    /// Repeats the function calls that the request stands in, then checks its expression.
    fn inside(&mut self, frames: &[Frame<'a>], expr: &'a Expr, offset: bool, span: Span) -> Checked<Typed> {
        let Some((frame, rest)) = frames.split_first() else {
            return if offset { self.without_offset(expr, span) } else { self.expr(expr) };
        };
        let Some(at) = frame.function else { return self.expr(expr) };
        let parameters = self.functions[at].parameters;
        let mut bound = Vec::new();
        for (place, parameter) in parameters.iter().enumerate() {
            let given = frame.arguments.get(place).copied().flatten().or(parameter.default.as_ref());
            bound.push(match given {
                Some(given) => self.expr(given).unwrap_or_else(|_| Typed::na()),
                None => Typed::na(),
            });
        }
        self.in_function(at, frame.arguments.clone(), bound, |checker| {
            let mut codes = Vec::new();
            for statement in &frame.done {
                match checker.statement(statement) {
                    Ok(typed) => codes.push(typed.code),
                    Err(_) => checker.declare_unknown(statement),
                }
            }
            let result = checker.inside(rest, expr, offset, span)?;
            codes.push(result.code);
            Ok(Typed { code: Code::Block(codes), ..result })
        })
    }

    /// An expression that ends in `[n]`, one bar less far back: the bar before the current one has closed.
    fn without_offset(&mut self, expr: &'a Expr, span: Span) -> Checked<Typed> {
        match &expr.kind {
            ExprKind::History(inner, back) => {
                let back = self.expr(back)?;
                let typed = self.expr(inner)?;
                match back.known {
                    Some(Known::Number(1.0)) => Ok(typed),
                    _ => {
                        let one = Typed::number(1.0, Type::Int);
                        let less = self.binary("-", back, one, span)?;
                        Ok(self.past(typed, less, super::tree::Depth::Any))
                    }
                }
            }
            ExprKind::Tuple(items) => {
                let items: Vec<Typed> =
                    items.iter().map(|item| self.without_offset(item, span)).collect::<Checked<_>>()?;
                let types = items.iter().map(|item| item.ty.clone()).collect();
                Ok(Typed::new(Code::Tuple(items.into_iter().map(|item| item.code).collect()), Type::Tuple(types)))
            }
            _ => self.expr(expr),
        }
    }
}

/// Whether every value of an expression is asked at least one bar back.
fn offsets(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::History(_, back) => match &back.kind {
            ExprKind::Number(n, _) => *n >= 1.0,
            _ => false,
        },
        ExprKind::Tuple(items) => !items.is_empty() && items.iter().all(offsets),
        _ => false,
    }
}
