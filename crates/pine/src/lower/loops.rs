//! Loops, written out turn by turn.
//!
//! The turns must be countable before the run: bounds are constants, or inputs, for which the longest of the grid is written
//! out and each turn asks whether it is still to be taken. What cannot be counted is left to the interpreter.

use std::collections::BTreeMap;

use super::scopes::Loop;
use super::{Lower, Lowered, Value, soft};
use crate::ast::{Block, Expr};
use crate::graph::{Compare, NodeId, Op, Shape};
use crate::lexer::Span;

/// Most turns of one loop.
pub const TURNS_MAX: usize = 500;
impl Lower {
    /// `for counter = from to to by by`.
    pub(super) fn for_loop(
        &mut self,
        counter: &str,
        bounds: (&Expr, &Expr, Option<&Expr>),
        body: &Block,
        span: Span,
    ) -> Lowered<Value> {
        let counted = self.bounds(bounds, span);
        match counted {
            Ok((from, last, step, up, turns)) => self.turns(counter, (from, last, step, up, turns), body, span),
            Err(why) if why.hard => Err(why),
            Err(why) => {
                let counter = counter.to_owned();
                self.uncounted(why, &[counter], body, span)
            }
        }
    }

    /// A loop of unknown length: it may do what has no effect on results, and nothing else.
    pub(super) fn uncounted(
        &mut self,
        why: super::Trouble,
        names: &[String],
        body: &Block,
        span: Span,
    ) -> Lowered<Value> {
        let never = self.add(Op::Truth(false), span)?;
        self.doubted(why.clone(), |lower| {
            lower.loops.push(Loop { broken: never, continued: never, doubt: None });
            lower.looped += 1;
            lower.scopes.push(BTreeMap::new());
            for name in names {
                lower.declare(name, Value::Lost(Box::new(why.clone())), span);
            }
            let value = lower.block(body);
            lower.scopes.pop();
            lower.looped -= 1;
            lower.loops.pop();
            value
        })?;
        Ok(Value::Lost(Box::new(why)))
    }

    /// Node of the first value, the last, the step, whether it counts upwards, and the number of turns to write out.
    fn bounds(
        &mut self,
        (from, to, by): (&Expr, &Expr, Option<&Expr>),
        span: Span,
    ) -> Lowered<(NodeId, NodeId, f64, bool, usize)> {
        let value = self.expr(from)?;
        let first = self.number(value, from.span)?;
        let value = self.expr(to)?;
        let last = self.number(value, to.span)?;
        let step = match by {
            None => 1.0,
            Some(by) => {
                let value = self.expr(by)?;
                let node = self.number(value, by.span)?;
                self.known(node).map(f64::abs).filter(|step| *step > 0.0).ok_or_else(|| {
                    soft(by.span.says("a loop whose step is no constant above 0 runs in the interpreter alone"))
                })?
            }
        };
        let changing = [first, last].iter().any(|node| self.graph().node(*node).shape == Shape::Series);
        if changing {
            return Err(soft(span.advises(
                "a loop whose bounds change from bar to bar runs in the interpreter alone",
                "give it constant bounds, or inputs",
            )));
        }
        let pairs = self
            .draft
            .sets(&[first, last])
            .ok_or_else(|| soft(span.says("a loop whose bounds have too many values runs in the interpreter alone")))?;
        let ups = pairs.iter().filter(|pair| pair[1] >= pair[0]).count();
        if ups != 0 && ups != pairs.len() {
            return Err(soft(
                span.says("a loop that counts up for some inputs and down for others is not supported here"),
            ));
        }
        let longest = pairs.iter().map(|pair| (pair[1] - pair[0]).abs() / step + 1e-9).fold(0.0, f64::max);
        if longest.is_nan() || longest + 1.0 > TURNS_MAX as f64 {
            return Err(soft(span.advises(
                format!("a loop of more than {TURNS_MAX} turns runs in the interpreter alone"),
                "narrow its bounds",
            )));
        }
        Ok((first, last, step, ups != 0, longest as usize + 1))
    }

    fn turns(
        &mut self,
        counter: &str,
        (from, last, step, up, turns): (NodeId, NodeId, f64, bool, usize),
        body: &Block,
        span: Span,
    ) -> Lowered<Value> {
        let never = self.add(Op::Truth(false), span)?;
        let orders = self.draft.orders.len();
        let mut value = Ok(Value::Na);
        self.loops.push(Loop { broken: never, continued: never, doubt: None });
        self.looped += 1;
        for turn in 0..turns {
            let away = if up { turn as f64 } else { -(turn as f64) } * step;
            let Ok(so_far) = value else { break };
            value = self.turn(counter, (from, away, last, up), so_far, body, span);
            let here = self.loops.last().expect("pushed above");
            if here.doubt.is_some() || self.known(here.broken) == Some(1.0) || !self.findings.is_empty() {
                break;
            }
        }
        self.looped -= 1;
        let ended = self.loops.pop().expect("pushed above");
        let Some(why) = ended.doubt else { return value };
        // Whether it goes on is unknown: what it did is worthless.
        if self.draft.orders.len() > orders {
            self.findings.push(why.diagnostic.clone());
        }
        for name in super::scan::reassigned(body) {
            if let Some(id) = self.find(&name) {
                self.set(id, Value::Lost(Box::new(why.clone())));
            }
        }
        Ok(Value::Lost(Box::new(why)))
    }

    fn turn(
        &mut self,
        counter: &str,
        (from, away, last, up): (NodeId, f64, NodeId, bool),
        so_far: Value,
        body: &Block,
        span: Span,
    ) -> Lowered<Value> {
        let away = self.constant(away, span)?;
        let at = self.add(Op::Binary(crate::graph::Binary::Add, from, away), span)?;
        let reach = if up { Compare::Le } else { Compare::Ge };
        let reached = self.add(Op::Compare(reach, at, last), span)?;
        let never = self.add(Op::Truth(false), span)?;
        let here = self.loops.last_mut().expect("a loop is open");
        here.continued = never;
        let broken = here.broken;
        let whole = self.add(Op::Not(broken), span)?;
        let taken = self.add(Op::And(reached, whole), span)?;
        let body = |lower: &mut Lower| {
            lower.scopes.push(BTreeMap::new());
            lower.declare(counter, Value::Node(at), span);
            let value = lower.block(body);
            lower.scopes.pop();
            value
        };
        self.choose(Ok(taken), body, |_| Ok(so_far), span)
    }

    /// `break` or `continue`.
    pub(super) fn leave_loop(&mut self, span: Span, for_good: bool) -> Lowered<Value> {
        let doubt = self.doubt.clone();
        let path = self.path;
        let Some(turn) = self.loops.last() else {
            return Err(super::hard(span.says("`break` and `continue` stand inside a loop")));
        };
        let so_far = if for_good { turn.broken } else { turn.continued };
        let now = self.add(Op::Or(so_far, path), span)?;
        let turn = self.loops.last_mut().expect("asked above");
        turn.doubt = turn.doubt.take().or(doubt);
        if for_good {
            turn.broken = now;
        } else {
            turn.continued = now;
        }
        Ok(Value::Inert)
    }
}
