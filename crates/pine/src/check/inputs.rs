//! `input.*`: numbers become parameters with the grid that their ranges give, the rest stays as it is set.

use super::calls::pick;
use super::tree::Code;
use super::types::Type;
use super::{Checked, Checker, Known, Typed};
use crate::ast::{Arg, Expr, ExprKind};
use crate::lexer::Span;
use crate::lower::{INPUTS_MAX, Stated, grid, is_date};
use crate::{Input, InputKind};

impl<'a> Checker<'a> {
    /// Checks `input(...)` and `input.*(...)`.
    pub(super) fn input(&mut self, name: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let variable = self.assigned_to.take();
        let Some(default) = pick(args, 0, "defval") else {
            // input.symbol, input.text_area and the like begin empty.
            return match name {
                "input.bool" => Ok(Typed::truth(false)),
                "input.int" | "input.float" | "input" => Err(span.says(format!("`{name}` needs a default value"))),
                _ => Ok(Typed { literal: false, ..Typed::text("") }),
            };
        };
        let typed = self.expr(default)?;
        let written = match pick(args, usize::MAX, "type") {
            Some(Expr { kind: ExprKind::Name(kind), .. }) => kind.as_str(),
            _ => "",
        };
        let kind = match (name, &typed.ty) {
            ("input.int", _) => InputKind::Int,
            ("input.float" | "input.price", _) => InputKind::Float,
            ("input.time", _) => {
                return Ok(Typed { literal: false, ty: Type::Int, ..typed });
            }
            ("input.timeframe" | "input.string" | "input.session" | "input.text_area" | "input.symbol", _) => {
                return Ok(Typed { literal: false, ty: Type::Text, ..typed });
            }
            ("input", Type::Int | Type::Float) if matches!(typed.known, Some(Known::Number(_))) => {
                match (written, &typed.ty) {
                    ("input.time", _) => return Ok(Typed { literal: false, ..typed }),
                    ("float" | "input.float", _) | (_, Type::Float) => InputKind::Float,
                    _ => InputKind::Int,
                }
            }
            ("input" | "input.bool" | "input.source" | "input.color" | "input.enum", _) => {
                // A source, text, colour or switch: fixed. A strategy with another switch is another strategy.
                return Ok(Typed { literal: false, ..typed });
            }
            _ => return Ok(Typed { literal: false, ..typed }),
        };
        let ty = if kind == InputKind::Int { Type::Int } else { Type::Float };
        let x = match typed.known {
            Some(Known::Number(x)) if x.is_finite() => x,
            // The current price as a default, or `na`: nothing to sweep.
            _ => return Ok(Typed { literal: false, known: None, ty, ..typed }),
        };
        if let Some(at) = self.input_at.get(&(span.line, span.column)) {
            return Ok(self.input_value(*at, ty));
        }
        let title = match pick(args, 1, "title") {
            Some(Expr { kind: ExprKind::Text(title), .. }) if !title.is_empty() => Some(title.clone()),
            _ => None,
        };
        if self.inputs.len() >= INPUTS_MAX {
            self.warn(span.says(format!("only the first {INPUTS_MAX} number inputs are swept; this one stays {x}")));
            return Ok(Typed { literal: false, ..Typed::number(x, ty) });
        }
        let name = variable
            .map(str::to_owned)
            .or_else(|| title.clone())
            .unwrap_or_else(|| format!("input {}", self.inputs.len() + 1));
        let stated = self.stated(args)?;
        let range = if is_date(&name) { Ok((vec![x], false)) } else { grid(&name, kind, x, &stated, span) };
        let (grid, derived) = match range {
            Ok(grid) => grid,
            Err(finding) => {
                // A default outside of its own range runs on TradingView too.
                self.warn(finding);
                (vec![x], false)
            }
        };
        let at = self.inputs.len() as u16;
        self.input_at.insert((span.line, span.column), at);
        let title = title.unwrap_or_else(|| name.clone());
        self.inputs.push(Input { name, title, kind, default: x, grid, derived, line: span.line });
        Ok(self.input_value(at, ty))
    }

    fn input_value(&mut self, at: u16, ty: Type) -> Typed {
        Typed::new(Code::Input(at), ty)
    }

    fn stated(&mut self, args: &'a [Arg]) -> Checked<Stated> {
        let mut stated = Stated::default();
        // input.int(defval, title, minval, maxval, step) or input.int(defval, title, options).
        let third = args.get(2).filter(|arg| arg.name.is_none()).map(|arg| &arg.value);
        let options = match third.map(|value| &value.kind) {
            Some(ExprKind::Tuple(_)) => third,
            _ => pick(args, usize::MAX, "options"),
        };
        if let Some(Expr { kind: ExprKind::Tuple(items), .. }) = options {
            let mut values = Vec::new();
            for item in items {
                if let Some(Known::Number(x)) = self.expr(item)?.known {
                    values.push(x);
                }
            }
            values.sort_by(f64::total_cmp);
            values.dedup();
            stated.options = Some(values);
            return Ok(stated);
        }
        for (index, name) in [(2, "minval"), (3, "maxval"), (4, "step")] {
            let Some(expr) = pick(args, index, name) else { continue };
            // In the bare form of version 4 these places hold other things; only numbers are ranges.
            let Some(Known::Number(x)) = self.expr(expr)?.known else { continue };
            match name {
                "minval" => stated.min = Some(x),
                "maxval" => stated.max = Some(x),
                _ => stated.step = Some(x),
            }
        }
        Ok(stated)
    }
}
