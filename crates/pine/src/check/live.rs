//! What trades: everything that no order depends on is dropped.
//!
//! Drawing is a large part of most public scripts, and nothing of it can change a result. Roots are the orders, errors that
//! the script raises, and the result of a request. A variable is live when live code reads it; a change of a shared value
//! (an array, a map, an object) is live when live code reads a value of that class. Repeated until nothing is added.

use std::collections::BTreeSet;

use super::tree::{Body, Code, Fact, ForIn, ForLoop};

/// Most passes; a script that needs more keeps everything.
const PASSES_MAX: usize = 100;

/// What is left after pruning.
#[derive(Default)]
pub(super) struct Used {
    pub(super) inputs: Vec<bool>,
    pub(super) refused: BTreeSet<u32>,
    pub(super) request_lines: BTreeSet<u32>,
    pub(super) orders: bool,
    /// Live code asks for the last bar.
    pub(super) reads_end: bool,
}

struct Liveness {
    slots: Vec<bool>,
    classes: BTreeSet<u32>,
    /// Some class is unknown: all changes count.
    every_class: bool,
    changed: bool,
}

/// Drops dead code from a body and says what the rest uses.
pub(super) fn prune(body: &mut Body, inputs: usize) -> Used {
    let mut live =
        Liveness { slots: vec![false; body.slots.len()], classes: BTreeSet::new(), every_class: false, changed: true };
    let mut passes = 0;
    while std::mem::take(&mut live.changed) {
        passes += 1;
        if passes > PASSES_MAX {
            live.slots.fill(true);
            live.every_class = true;
        }
        for code in body.code.iter().rev() {
            live.mark(code, false);
        }
        if let Some(result) = &body.result {
            live.mark(result, true);
        }
    }
    let code = std::mem::take(&mut body.code);
    body.code = code.into_iter().filter_map(|code| live.kept(code, false)).collect();
    if let Some(result) = body.result.take() {
        body.result = live.kept(*result, true).map(Box::new);
    }
    let mut used = Used { inputs: vec![false; inputs], ..Used::default() };
    used_in(body, &mut used);
    used
}

fn used_in(body: &Body, used: &mut Used) {
    let mut requests = BTreeSet::new();
    for code in body.code.iter().chain(body.result.as_deref()) {
        walk(code, &mut |code| match code {
            Code::Input(i) => used.inputs[*i as usize] = true,
            Code::Refused(at) => {
                used.refused.insert(*at);
            }
            Code::Order(..) => used.orders = true,
            Code::Bar(Fact::IsLast | Fact::LastBarIndex | Fact::LastBarTime) => used.reads_end = true,
            Code::Request(at) => {
                requests.insert(*at);
            }
            _ => {}
        });
    }
    for at in requests {
        let request = &body.requests[at as usize];
        used.request_lines.insert(request.line);
        walk(&request.interval, &mut |code| {
            if let Code::Input(i) = code {
                used.inputs[*i as usize] = true;
            }
        });
        used_in(&request.body, used);
    }
}

impl Code {
    /// The parts of a node, in order.
    pub fn parts(&self) -> Vec<&Code> {
        parts(self)
    }
}

fn parts(code: &Code) -> Vec<&Code> {
    match code {
        Code::Na
        | Code::Number(_)
        | Code::Truth(_)
        | Code::Text(_)
        | Code::Inert
        | Code::Input(_)
        | Code::Bar(_)
        | Code::Interval
        | Code::Slot(_)
        | Code::Break
        | Code::Continue
        | Code::Account(_)
        | Code::Request(_)
        | Code::Refused(_) => vec![],
        Code::At(_, a)
        | Code::BarPast(_, a)
        | Code::Past(_, a)
        | Code::Set(_, a)
        | Code::Once(_, _, a)
        | Code::Unary(_, a)
        | Code::Not(a)
        | Code::IsNa(a)
        | Code::Unpack(_, a)
        | Code::Field(a, ..)
        | Code::CopyObject(a, _)
        | Code::Uses(_, _, a)
        | Code::Trade(_, _, a)
        | Code::Error(a, _) => vec![a],
        Code::PastOf(_, a, b)
        | Code::Binary(_, a, b)
        | Code::Compare(_, a, b)
        | Code::Equal(_, a, b)
        | Code::Join(a, b)
        | Code::And(a, b)
        | Code::Or(a, b)
        | Code::AndBoth(a, b)
        | Code::OrBoth(a, b)
        | Code::While(a, b, _)
        | Code::SetField(a, _, b, _) => vec![a, b],
        Code::If(a, b, c) => vec![a, b, c],
        Code::Block(all) | Code::Tuple(all) | Code::Ta(_, _, all) | Code::New(_, all) => all.iter().collect(),
        Code::Call(_, all, _) | Code::Order(_, all, _) => all.iter().flatten().collect(),
        Code::For(l) => [Some(&l.from), Some(&l.to), l.by.as_ref(), Some(&l.body)].into_iter().flatten().collect(),
        Code::ForIn(l) => vec![&l.of, &l.body],
    }
}

fn walk<'c>(code: &'c Code, visit: &mut impl FnMut(&'c Code)) {
    visit(code);
    for part in parts(code) {
        walk(part, visit);
    }
}

impl Liveness {
    fn slot(&mut self, slot: u32) {
        self.changed |= !std::mem::replace(&mut self.slots[slot as usize], true);
    }

    fn class(&mut self, class: u32) {
        if class == 0 {
            self.changed |= !std::mem::replace(&mut self.every_class, true);
        } else {
            self.changed |= self.classes.insert(class);
        }
    }

    fn class_is_live(&self, class: u32) -> bool {
        self.every_class || class == 0 || self.classes.contains(&class)
    }

    /// Whether something must happen although nobody reads the value.
    fn acts(&self, code: &Code) -> bool {
        let own = match code {
            Code::Order(..) | Code::Error(..) => true,
            Code::Set(slot, _) | Code::Once(_, slot, _) => self.slots[*slot as usize],
            Code::Unpack(slots, _) => slots.iter().flatten().any(|slot| self.slots[*slot as usize]),
            Code::Uses(class, true, _) => self.class_is_live(*class),
            _ => false,
        };
        own || parts(code).into_iter().any(|part| self.acts(part))
    }

    /// Marks what a node needs, given whether its value is wanted.
    fn mark(&mut self, code: &Code, wanted: bool) {
        match code {
            Code::Set(slot, value) | Code::Once(_, slot, value) => {
                let live = wanted || self.slots[*slot as usize];
                if wanted {
                    self.slot(*slot);
                }
                self.mark(value, live);
            }
            Code::Unpack(slots, value) => {
                let live = wanted || slots.iter().flatten().any(|slot| self.slots[*slot as usize]);
                self.mark(value, live);
            }
            Code::Block(all) => {
                let last = all.len().saturating_sub(1);
                for (i, code) in all.iter().enumerate() {
                    self.mark(code, wanted && i == last);
                }
            }
            Code::If(condition, a, b) => {
                let needed = wanted || self.acts(a) || self.acts(b) || leaves(a) || leaves(b);
                self.mark(condition, needed);
                self.mark(a, wanted);
                self.mark(b, wanted);
            }
            Code::For(l) => {
                let needed = wanted || self.acts(&l.body);
                for code in [Some(&l.from), Some(&l.to), l.by.as_ref()].into_iter().flatten() {
                    self.mark(code, needed);
                }
                self.mark(&l.body, wanted);
            }
            Code::ForIn(l) => {
                let needed = wanted || self.acts(&l.body);
                self.mark(&l.of, needed);
                self.mark(&l.body, wanted);
            }
            Code::While(condition, body, _) => {
                let needed = wanted || self.acts(body) || self.acts(condition);
                self.mark(condition, needed);
                self.mark(body, wanted);
            }
            Code::And(a, b) | Code::Or(a, b) => {
                let needed = wanted || self.acts(b);
                self.mark(a, needed);
                self.mark(b, wanted);
            }
            Code::Order(..) | Code::Error(..) => parts(code).into_iter().for_each(|part| self.mark(part, true)),
            Code::Uses(class, mutates, inner) => {
                let live = wanted || (*mutates && self.class_is_live(*class));
                if wanted {
                    self.class(*class);
                }
                self.mark(inner, live);
            }
            Code::Slot(slot) | Code::Past(slot, _) => {
                if wanted {
                    self.slot(*slot);
                }
                parts(code).into_iter().for_each(|part| self.mark(part, wanted));
            }
            _ => parts(code).into_iter().for_each(|part| self.mark(part, wanted)),
        }
    }

    /// What is left of a node; `None` when nothing is.
    fn kept(&self, code: Code, wanted: bool) -> Option<Code> {
        if !wanted && !self.acts(&code) && !leaves(&code) {
            return None;
        }
        let statement = |code: Code| self.kept(code, false).unwrap_or(Code::Na);
        Some(match code {
            Code::Set(slot, value) => {
                if wanted || self.slots[slot as usize] {
                    Code::Set(slot, self.kept(*value, true).unwrap_or(Code::Na).into())
                } else {
                    statement(*value)
                }
            }
            Code::Once(once, slot, value) => Code::Once(once, slot, self.kept(*value, true).unwrap_or(Code::Na).into()),
            Code::Block(all) => {
                let last = all.len().saturating_sub(1);
                let mut kept: Vec<Code> =
                    all.into_iter().enumerate().filter_map(|(i, code)| self.kept(code, wanted && i == last)).collect();
                if kept.len() == 1 { kept.pop().unwrap_or(Code::Na) } else { Code::Block(kept) }
            }
            Code::If(condition, a, b) => {
                let branch = |code: Code| self.kept(code, wanted).unwrap_or(Code::Na);
                Code::If(condition, branch(*a).into(), branch(*b).into())
            }
            Code::For(l) => {
                let ForLoop { counter, from, to, by, body, line } = *l;
                let body = self.kept(body, wanted).unwrap_or(Code::Na);
                Code::For(ForLoop { counter, from, to, by, body, line }.into())
            }
            Code::ForIn(l) => {
                let ForIn { index, item, of, body, line } = *l;
                let body = self.kept(body, wanted).unwrap_or(Code::Na);
                Code::ForIn(ForIn { index, item, of, body, line }.into())
            }
            Code::While(condition, body, line) => {
                Code::While(condition, self.kept(*body, wanted).unwrap_or(Code::Na).into(), line)
            }
            other => other,
        })
    }
}

/// Whether a node leaves the round of a loop around it.
fn leaves(code: &Code) -> bool {
    match code {
        Code::Break | Code::Continue => true,
        Code::For(_) | Code::ForIn(_) | Code::While(..) => false,
        _ => parts(code).into_iter().any(leaves),
    }
}
