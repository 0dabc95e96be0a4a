//! The machine: runs a body once a bar.
//!
//! Plain: it walks the tree. Numbers and conditions have short ways of their own, everything else is a [`Value`]. An error or
//! a `break` sets `flow`, which every block and loop looks at, so that no node carries a result that could fail.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::{Rc, Weak};

use assay_pine::check::tree::{Body, Code, Depth, Fact, ForIn, ForLoop};
use assay_pine::fold;
use assay_pine::graph::Compare;

use super::account::Account;
use super::calendar::{Interval, Session, Zone};
use super::requests::Request;
use super::series::Site;
use super::trace::Trace;
use super::value::{History, Value};
use super::{LOOPS_PER_BAR_MAX, LOOPS_PER_RUN_MAX, RunError};
use crate::Bars;

/// Where the run goes on after a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    /// An error was noted.
    Halt,
}

pub(super) struct Machine<'a> {
    pub(super) bars: Cow<'a, Bars>,
    pub(super) interval: Interval,
    pub(super) t: usize,
    pub(super) version: u8,
    pub(super) mintick: f64,
    pub(super) values: &'a [f64],
    pub(super) body: &'a Body,
    slots: Vec<Value>,
    touched: Vec<bool>,
    /// Of the slots that are asked for their past.
    pasts: Vec<Option<History>>,
    /// Which slots those are.
    remembered: Vec<u32>,
    series: Vec<Option<History>>,
    pub(super) sites: Vec<Site>,
    /// Values and texts that `valuewhen` and `fixnan` remember.
    pub(super) kept: Vec<Option<History>>,
    once: Vec<bool>,
    requests: Vec<Option<Request<'a>>>,
    pub(super) account: Option<Account>,
    pub(super) flow: Flow,
    pub(super) error: Option<RunError>,
    loops_of_bar: u64,
    loops_of_run: u64,
    pub(super) random: u64,
    /// The last time zone and session that were read, which are mostly the next ones too.
    pub(super) last_zone: Option<(String, Zone)>,
    pub(super) last_session: Option<(String, Session)>,
    /// Objects that were made, to be taken apart at the end.
    objects: Vec<Weak<RefCell<Vec<Value>>>>,
    objects_max: usize,
    /// Kept where two runs are to be compared.
    pub(super) trace: Option<Trace>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(
        body: &'a Body,
        bars: Cow<'a, Bars>,
        interval: Interval,
        version: u8,
        mintick: f64,
        values: &'a [f64],
    ) -> Machine<'a> {
        let n = bars.len();
        let depth = |depth: Depth| match depth {
            Depth::None => None,
            Depth::Bars(back) => Some(History::new((back as usize).min(n) + 1)),
            Depth::Any => Some(History::new(n + 1)),
        };
        let pasts: Vec<Option<History>> = body.slots.iter().map(|slot| depth(slot.depth)).collect();
        let remembered = (0..pasts.len() as u32).filter(|slot| pasts[*slot as usize].is_some()).collect();
        Machine {
            bars,
            interval,
            t: 0,
            version,
            mintick,
            values,
            body,
            slots: vec![Value::Na; body.slots.len()],
            touched: vec![false; body.slots.len()],
            pasts,
            remembered,
            series: vec![None; body.series.len()],
            sites: vec![Site::default(); body.sites.len()],
            kept: vec![None; body.sites.len()],
            once: vec![false; body.once as usize],
            requests: body.requests.iter().map(|_| None).collect(),
            account: None,
            flow: Flow::Next,
            error: None,
            loops_of_bar: 0,
            loops_of_run: 0,
            random: 0x9E37_79B9_7F4A_7C15,
            last_zone: None,
            last_session: None,
            objects: Vec::new(),
            objects_max: 1_024,
            trace: None,
        }
    }

    /// Runs the body on bar `t`; the value is that of a request's body.
    ///
    /// # Errors
    /// What the script raised, or a bound that it ran into.
    pub(super) fn step(&mut self, t: usize) -> Result<Value, RunError> {
        self.t = t;
        self.loops_of_bar = 0;
        self.flow = Flow::Next;
        let body = self.body;
        for code in &body.code {
            self.run(code);
            if self.flow != Flow::Next {
                break;
            }
        }
        let result = match &body.result {
            Some(result) if self.flow == Flow::Next => self.eval(result),
            _ => Value::Na,
        };
        for at in 0..self.remembered.len() {
            let slot = self.remembered[at] as usize;
            if body.slots[slot].global || self.touched[slot] {
                let value = self.slots[slot].clone();
                if let Some(past) = &mut self.pasts[slot] {
                    past.push(value);
                }
                self.touched[slot] = false;
            }
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(result),
        }
    }

    pub(super) fn fail(&mut self, line: u32, message: impl Into<String>) -> Value {
        if self.error.is_none() {
            self.error = Some(RunError { bar: self.t, line, message: message.into() });
        }
        self.flow = Flow::Halt;
        Value::Na
    }

    /// Counts work against the bounds on loops; false when one is reached.
    pub(super) fn work(&mut self, rounds: u64, line: u32) -> bool {
        self.loops_of_bar += rounds;
        self.loops_of_run += rounds;
        if self.loops_of_bar > LOOPS_PER_BAR_MAX {
            self.fail(line, format!("loops make more than {LOOPS_PER_BAR_MAX} rounds on one bar"));
        } else if self.loops_of_run > LOOPS_PER_RUN_MAX {
            self.fail(line, format!("loops make more than {LOOPS_PER_RUN_MAX} rounds in one run"));
        }
        self.flow != Flow::Halt
    }

    /// Notes an object, forgetting those that are gone.
    pub(super) fn remember_object(&mut self, object: &Rc<RefCell<Vec<Value>>>) {
        if self.objects.len() >= self.objects_max {
            self.objects.retain(|object| object.strong_count() > 0);
            self.objects_max = (self.objects.len() * 2).max(1_024);
        }
        self.objects.push(Rc::downgrade(object));
    }

    fn set(&mut self, slot: u32, value: Value) {
        self.slots[slot as usize] = value;
        self.touched[slot as usize] = true;
    }

    /// Runs a statement, whose value nobody reads.
    fn run(&mut self, code: &'a Code) {
        match code {
            Code::Set(slot, value) => {
                let value = self.eval(value);
                self.set(*slot, value);
            }
            Code::If(condition, a, b) => {
                if self.truth(condition) {
                    self.run(a);
                } else {
                    self.run(b);
                }
            }
            Code::Block(all) => {
                for code in all {
                    self.run(code);
                    if self.flow != Flow::Next {
                        return;
                    }
                }
            }
            Code::Na => {}
            other => {
                self.eval(other);
            }
        }
    }

    /// The value of a node.
    pub(super) fn eval(&mut self, code: &'a Code) -> Value {
        match code {
            Code::Na => Value::Na,
            Code::Truth(b) => Value::Truth(*b),
            Code::Text(text) => Value::Text(text.clone()),
            Code::Inert => Value::Inert,
            Code::Interval => Value::text(&self.interval.text()),
            Code::Slot(slot) => self.slots[*slot as usize].clone(),
            Code::Past(slot, back) => self.past(*slot, back),
            Code::PastOf(series, of, back) => self.past_of(*series, of, back),
            Code::Set(slot, value) => {
                let value = self.eval(value);
                self.set(*slot, value.clone());
                value
            }
            Code::Once(once, slot, value) => {
                if !self.once[*once as usize] {
                    self.once[*once as usize] = true;
                    let value = self.eval(value);
                    self.set(*slot, value);
                } else {
                    self.touched[*slot as usize] = true;
                }
                self.slots[*slot as usize].clone()
            }
            Code::Number(_) | Code::Input(_) | Code::Unary(..) | Code::Binary(..) => Value::Number(self.num(code)),
            Code::Bar(fact) => self.fact(*fact, self.t),
            Code::BarPast(fact, back) => {
                let back = self.num(back).floor();
                if back >= 0.0 && back <= self.t as f64 { self.fact(*fact, self.t - back as usize) } else { Value::Na }
            }
            Code::Compare(..)
            | Code::Equal(..)
            | Code::And(..)
            | Code::Or(..)
            | Code::AndBoth(..)
            | Code::OrBoth(..)
            | Code::Not(_)
            | Code::IsNa(_) => Value::Truth(self.truth(code)),
            Code::Join(a, b) => {
                let (a, b) = (self.eval(a), self.eval(b));
                self.join(&a, &b)
            }
            Code::Block(all) => {
                let mut last = Value::Na;
                let count = all.len();
                for (i, code) in all.iter().enumerate() {
                    if i + 1 == count {
                        last = self.eval(code);
                    } else {
                        self.run(code);
                    }
                    if self.flow != Flow::Next {
                        return Value::Na;
                    }
                }
                last
            }
            Code::If(condition, a, b) => {
                if self.truth(condition) {
                    self.eval(a)
                } else {
                    self.eval(b)
                }
            }
            Code::For(l) => self.for_loop(l),
            Code::ForIn(l) => self.for_in(l),
            Code::While(condition, body, line) => {
                let mut last = Value::Na;
                while self.flow == Flow::Next && self.truth(condition) && self.work(1, *line) {
                    last = self.eval(body);
                    if self.leaves_loop() {
                        break;
                    }
                }
                last
            }
            Code::Break => {
                self.flow = Flow::Break;
                Value::Na
            }
            Code::Continue => {
                self.flow = Flow::Continue;
                Value::Na
            }
            Code::Tuple(all) => Value::Tuple(Rc::new(all.iter().map(|code| self.eval(code)).collect())),
            Code::Unpack(slots, of) => {
                let value = self.eval(of);
                for (i, slot) in slots.iter().enumerate() {
                    let Some(slot) = slot else { continue };
                    let item = match &value {
                        Value::Tuple(items) => items.get(i).cloned().unwrap_or_default(),
                        _ => Value::Na,
                    };
                    self.set(*slot, item);
                }
                value
            }
            Code::Ta(which, site, args) => {
                let value = self.ta(*which, *site, args);
                if let Some(trace) = &mut self.trace {
                    trace.series(*which, *site, self.body.sites[*site as usize], &value);
                }
                value
            }
            Code::Call(fun, args, line) => self.function(*fun, args, *line),
            Code::Field(object, field, line) => match self.eval(object) {
                Value::Object(fields) => fields.borrow().get(*field as usize).cloned().unwrap_or_default(),
                _ => self.fail(*line, "a field of an object that is na"),
            },
            Code::SetField(object, field, value, line) => {
                let object = self.eval(object);
                let value = self.eval(value);
                match object {
                    Value::Object(fields) => {
                        if let Some(place) = fields.borrow_mut().get_mut(*field as usize) {
                            *place = value.clone();
                        }
                        value
                    }
                    _ => self.fail(*line, "a field of an object that is na is assigned"),
                }
            }
            Code::New(_, fields) => {
                let fields: Vec<Value> = fields.iter().map(|code| self.eval(code)).collect();
                self.object(fields)
            }
            Code::CopyObject(object, line) => match self.eval(object) {
                Value::Object(fields) => {
                    let fields = fields.borrow().clone();
                    self.object(fields)
                }
                Value::Na => self.fail(*line, "an object that is na is copied"),
                other => other,
            },
            Code::Uses(_, _, inner) => self.eval(inner),
            Code::Order(order, args, line) => {
                let args: Vec<Option<Value>> =
                    args.iter().map(|arg| arg.as_ref().map(|code| self.eval(code))).collect();
                self.order(*order, &args, *line);
                Value::Na
            }
            Code::Account(which) => match &self.account {
                Some(account) => account.read(*which),
                None => Value::Na,
            },
            Code::Trade(closed, field, at) => {
                let at = self.num(at);
                match &self.account {
                    Some(account) => account.trade(*closed, *field, at, &self.bars, self.bars.close[self.t]),
                    None => Value::Na,
                }
            }
            Code::At(line, inner) => {
                let value = self.eval(inner);
                if let Some(trace) = &mut self.trace {
                    trace.source(*line, &value);
                }
                value
            }
            Code::Request(at) => {
                let value = self.request(*at);
                if let Some(trace) = &mut self.trace {
                    trace.source(self.body.requests[*at as usize].line, &value);
                }
                value
            }
            Code::Error(text, line) => {
                let text = match self.eval(text) {
                    Value::Text(text) => text.to_string(),
                    _ => String::new(),
                };
                self.fail(*line, format!("the script stops itself: {text}"))
            }
            Code::Refused(_) => Value::Na,
        }
    }

    /// The number of a node.
    pub(super) fn num(&mut self, code: &'a Code) -> f64 {
        match code {
            Code::Number(x) => *x,
            Code::Input(i) => self.values.get(*i as usize).copied().unwrap_or(f64::NAN),
            Code::Slot(slot) => self.slots[*slot as usize].number(),
            Code::Bar(Fact::Price(price)) => self.price(*price, self.t),
            Code::BarPast(Fact::Price(price), back) => {
                let back = self.num(back).floor();
                if back >= 0.0 && back <= self.t as f64 { self.price(*price, self.t - back as usize) } else { f64::NAN }
            }
            Code::Unary(f, a) => fold::unary(*f, self.num(a)),
            Code::Binary(f, a, b) => {
                let (a, b) = (self.num(a), self.num(b));
                fold::binary(*f, a, b)
            }
            Code::If(condition, a, b) => {
                if self.truth(condition) {
                    self.num(a)
                } else {
                    self.num(b)
                }
            }
            other => self.eval(other).number(),
        }
    }

    /// The truth of a node.
    pub(super) fn truth(&mut self, code: &'a Code) -> bool {
        match code {
            Code::Truth(b) => *b,
            Code::Slot(slot) => self.slots[*slot as usize].truth(),
            Code::Compare(f, a, b) => {
                let (a, b) = (self.num(a), self.num(b));
                fold::compare(*f, a, b)
            }
            Code::Equal(differs, a, b) => {
                let (a, b) = (self.eval(a), self.eval(b));
                if a.is_na() || b.is_na() {
                    return false;
                }
                if let (Value::Number(a), Value::Number(b)) = (&a, &b) {
                    return fold::compare(if *differs { Compare::Ne } else { Compare::Eq }, *a, *b);
                }
                a.same(&b) != *differs
            }
            Code::And(a, b) => self.truth(a) && self.truth(b),
            Code::Or(a, b) => self.truth(a) || self.truth(b),
            Code::AndBoth(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                a && b
            }
            Code::OrBoth(a, b) => {
                let (a, b) = (self.truth(a), self.truth(b));
                a || b
            }
            Code::Not(a) => !self.truth(a),
            Code::IsNa(a) => match &**a {
                Code::Slot(slot) => self.slots[*slot as usize].is_na(),
                other => self.eval(other).is_na(),
            },
            other => self.eval(other).truth(),
        }
    }

    fn past(&mut self, slot: u32, back: &'a Code) -> Value {
        let back = self.num(back).floor();
        if back == 0.0 {
            return self.slots[slot as usize].clone();
        }
        let missing = if self.body.slots[slot as usize].truth { Value::Truth(false) } else { Value::Na };
        if !(back > 0.0 && back <= self.t as f64) {
            return missing;
        }
        match &self.pasts[slot as usize] {
            Some(past) => past.get(back as usize).cloned().unwrap_or(missing),
            None => missing,
        }
    }

    fn past_of(&mut self, series: u32, of: &'a Code, back: &'a Code) -> Value {
        let value = self.eval(of);
        let back = self.num(back).floor();
        let (depth, truth) = self.body.series[series as usize];
        let (t, n) = (self.t, self.bars.len());
        let history = self.series[series as usize].get_or_insert_with(|| {
            History::new(match depth {
                Depth::Bars(back) => (back as usize).min(n) + 1,
                _ => n + 1,
            })
        });
        if history.bar == t {
            history.replace(value);
        } else {
            history.push(value);
            history.bar = t;
        }
        let missing = if truth { Value::Truth(false) } else { Value::Na };
        if !(back >= 0.0 && back <= t as f64) {
            return missing;
        }
        history.get(back as usize + 1).cloned().unwrap_or(missing)
    }

    /// After a round: whether the loop ends. A `continue` is over with the round.
    fn leaves_loop(&mut self) -> bool {
        match self.flow {
            Flow::Next => false,
            Flow::Continue => {
                self.flow = Flow::Next;
                false
            }
            Flow::Break => {
                self.flow = Flow::Next;
                true
            }
            Flow::Halt => true,
        }
    }

    fn for_loop(&mut self, l: &'a ForLoop) -> Value {
        let (from, to) = (self.num(&l.from), self.num(&l.to));
        let by = match &l.by {
            Some(by) => self.num(by).abs(),
            None => 1.0,
        };
        let mut last = Value::Na;
        if from.is_nan() || to.is_nan() || by.is_nan() {
            return last;
        }
        if by == 0.0 {
            return self.fail(l.line, "the step of this loop is 0");
        }
        let up = to >= from;
        let mut x = from;
        while self.flow == Flow::Next && self.work(1, l.line) {
            // The end may move while the loop runs.
            let to = self.num(&l.to);
            if to.is_nan() || (if up { x > to } else { x < to }) {
                break;
            }
            self.set(l.counter, Value::Number(x));
            last = self.eval(&l.body);
            if self.leaves_loop() {
                break;
            }
            // The body may move the counter itself.
            let now = self.slots[l.counter as usize].number();
            x = if up { now + by } else { now - by };
        }
        last
    }

    fn for_in(&mut self, l: &'a ForIn) -> Value {
        let of = self.eval(&l.of);
        let mut last = Value::Na;
        let mut i = 0;
        while self.flow == Flow::Next && self.work(1, l.line) {
            let (key, item) = match &of {
                Value::Array(items) => match items.borrow().get(i) {
                    Some(item) => (Value::Number(i as f64), item.clone()),
                    None => break,
                },
                Value::Map(pairs) => match pairs.borrow().get(i) {
                    Some((key, value)) => (key.clone(), value.clone()),
                    None => break,
                },
                Value::Matrix(matrix) => {
                    let matrix = matrix.borrow();
                    if i >= matrix.rows {
                        break;
                    }
                    let row = matrix.cells[i * matrix.columns..(i + 1) * matrix.columns].to_vec();
                    (Value::Number(i as f64), Value::array(row))
                }
                _ => break,
            };
            if let Some(index) = l.index {
                self.set(index, key);
            }
            self.set(l.item, item);
            last = self.eval(&l.body);
            if self.leaves_loop() {
                break;
            }
            i += 1;
        }
        last
    }

    fn request(&mut self, at: u32) -> Value {
        let at = at as usize;
        let request = match self.requests[at].take() {
            Some(request) => Ok(request),
            None => Request::open(self, &self.body.requests[at]),
        };
        match request.and_then(|mut request| {
            let shown = request.show(self.closes(self.t), self.bars.time[self.t]);
            shown.map(|value| (request, value))
        }) {
            Ok((request, value)) => {
                self.requests[at] = Some(request);
                value
            }
            Err(error) => {
                if self.error.is_none() {
                    self.error = Some(RunError { bar: self.t, ..error });
                }
                self.flow = Flow::Halt;
                Value::Na
            }
        }
    }
}

impl Drop for Machine<'_> {
    /// Objects may refer to each other in circles: emptied, they let go.
    fn drop(&mut self) {
        for object in self.objects.drain(..) {
            if let Some(object) = object.upgrade() {
                let fields = object.try_borrow_mut().map(|mut fields| std::mem::take(&mut *fields));
                drop(fields);
            }
        }
    }
}
