//! What a variable holds while a script runs, and histories of it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A value. Arrays, maps, matrices and objects are shared by reference, as in Pine.
#[derive(Clone, Debug, Default)]
pub(super) enum Value {
    /// `na` of any type.
    #[default]
    Na,
    /// A number; NaN is `na`.
    Number(f64),
    Truth(bool),
    Text(Arc<str>),
    /// A drawing or a colour.
    Inert,
    Array(Rc<RefCell<Vec<Value>>>),
    /// Fields in order.
    Object(Rc<RefCell<Vec<Value>>>),
    Map(Rc<RefCell<Vec<(Value, Value)>>>),
    Matrix(Rc<RefCell<Matrix>>),
    Tuple(Rc<Vec<Value>>),
}

/// Numbers (or anything) in rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    /// Row by row.
    pub cells: Vec<Value>,
}

impl Value {
    /// As a number: truths count 1 and 0, everything else is `na`.
    pub(super) fn number(&self) -> f64 {
        match self {
            Value::Number(x) => *x,
            Value::Truth(b) => f64::from(u8::from(*b)),
            _ => f64::NAN,
        }
    }

    /// As a condition: `na` and 0 are false.
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Truth(b) => *b,
            Value::Number(x) => *x != 0.0 && !x.is_nan(),
            _ => false,
        }
    }

    pub(super) fn is_na(&self) -> bool {
        match self {
            Value::Na => true,
            Value::Number(x) => x.is_nan(),
            _ => false,
        }
    }

    pub(super) fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    pub(super) fn array(items: Vec<Value>) -> Value {
        Value::Array(Rc::new(RefCell::new(items)))
    }

    pub(super) fn numbers(items: impl IntoIterator<Item = f64>) -> Value {
        Value::Tuple(Rc::new(items.into_iter().map(Value::Number).collect()))
    }

    /// `==` of two values that are not `na`.
    pub(super) fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Truth(a), Value::Truth(b)) => a == b,
            (Value::Inert, Value::Inert) => true,
            (Value::Array(a), Value::Array(b)) | (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b),
            (Value::Number(_) | Value::Truth(_), Value::Number(_) | Value::Truth(_)) => self.number() == other.number(),
            _ => false,
        }
    }
}

/// The last values of something, no more than are ever asked for.
#[derive(Clone, Debug)]
pub(super) struct History {
    values: Vec<Value>,
    keep: usize,
    next: usize,
    /// The bar of the newest value.
    pub bar: usize,
}

impl History {
    /// Keeps the last `keep` values; memory is only taken as they come.
    pub(super) fn new(keep: usize) -> History {
        History { values: Vec::new(), keep: keep.max(1), next: 0, bar: usize::MAX }
    }

    pub(super) fn push(&mut self, value: Value) {
        if self.values.len() < self.keep {
            self.values.push(value);
        } else {
            self.values[self.next] = value;
        }
        self.next = (self.next + 1) % self.keep;
    }

    /// Replaces the newest value.
    pub(super) fn replace(&mut self, value: Value) {
        let keep = self.keep;
        let newest = (self.next + keep - 1) % keep;
        if let Some(place) = self.values.get_mut(newest) {
            *place = value;
        }
    }

    /// The `back`-th last value, 1 the newest.
    pub(super) fn get(&self, back: usize) -> Option<&Value> {
        if back == 0 || back > self.values.len() {
            return None;
        }
        let full = self.values.len() == self.keep;
        let at = if full { (self.next + self.keep - back) % self.keep } else { self.values.len() - back };
        self.values.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_gives_back_what_it_keeps() {
        let mut history = History::new(3);
        assert!(history.get(1).is_none());
        for x in 0..5 {
            history.push(Value::Number(f64::from(x)));
        }
        let seen: Vec<f64> = (1..=4).map(|back| history.get(back).map_or(f64::NAN, Value::number)).collect();
        assert_eq!(seen[..3], [4.0, 3.0, 2.0]);
        assert!(seen[3].is_nan());
        history.replace(Value::Number(9.0));
        assert_eq!(history.get(1).map(Value::number), Some(9.0));
    }
}
