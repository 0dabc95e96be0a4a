//! Arrays, maps and matrices.

use std::cell::RefCell;
use std::rc::Rc;

use assay_pine::check::tree::Fun;

use super::ELEMENTS_MAX;
use super::machine::Machine;
use super::series::ranks;
use super::value::{Matrix, Value};

/// Numbers that are not `na`.
fn numbers(items: &[Value]) -> Vec<f64> {
    items.iter().map(Value::number).filter(|x| !x.is_nan()).collect()
}

fn ordered(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        // `na` stands at the end.
        _ => a.number().total_cmp(&b.number()),
    }
}

impl Machine<'_> {
    /// An index, negative ones counted from the end as in version 6.
    fn index(&mut self, at: f64, len: usize, line: u32) -> Option<usize> {
        let whole = at.trunc();
        let place = if whole < 0.0 && self.version >= 6 { whole + len as f64 } else { whole };
        if place >= 0.0 && place < len as f64 {
            return Some(place as usize);
        }
        self.fail(line, format!("the index {at} lies outside of an array of {len} elements"));
        None
    }

    pub(super) fn get(&mut self, array: &Value, at: f64, line: u32) -> Value {
        let Value::Array(items) = array else {
            return self.fail(line, "an array that is na is read");
        };
        let len = items.borrow().len();
        match self.index(at, len, line) {
            Some(at) => items.borrow().get(at).cloned().unwrap_or_default(),
            None => Value::Na,
        }
    }

    fn new_array(&mut self, size: f64, fill: Value, line: u32) -> Value {
        let size = if size.is_nan() { 0.0 } else { size };
        if size < 0.0 || size > ELEMENTS_MAX as f64 {
            return self.fail(line, format!("an array of {size} elements: 0 to {ELEMENTS_MAX} are taken"));
        }
        if !self.work(size as u64 / 16, line) {
            return Value::Na;
        }
        Value::array(vec![fill; size as usize])
    }

    pub(super) fn collection_function(&mut self, fun: Fun, given: &[Option<Value>], line: u32) -> Value {
        let value = |k: usize| given.get(k).cloned().flatten().unwrap_or_default();
        let number = |k: usize| given.get(k).and_then(Option::as_ref).map_or(f64::NAN, Value::number);
        match fun {
            Fun::ArrayNew => return self.new_array(number(0), value(1), line),
            Fun::ArrayFrom => return Value::array((0..given.len()).map(value).collect()),
            Fun::MapNew => return Value::Map(Rc::default()),
            Fun::MatrixNew => return self.new_matrix(number(0), number(1), value(2), line),
            _ => {}
        }
        match value(0) {
            Value::Array(items) => self.array_function(fun, &items, given, line),
            Value::Map(pairs) => self.map_function(fun, &pairs, &value(1), value(2), line),
            Value::Matrix(matrix) => self.matrix_function(fun, &matrix, given, line),
            _ => match fun {
                Fun::Size | Fun::MapSize => Value::Number(0.0),
                _ => self.fail(line, "a collection that is na is used"),
            },
        }
    }

    fn array_function(
        &mut self,
        fun: Fun,
        items: &Rc<RefCell<Vec<Value>>>,
        given: &[Option<Value>],
        line: u32,
    ) -> Value {
        let value = |k: usize| given.get(k).cloned().flatten().unwrap_or_default();
        let number = |k: usize| given.get(k).and_then(Option::as_ref).map_or(f64::NAN, Value::number);
        let len = items.borrow().len();
        let n = Value::Number;
        let whole = !matches!(fun, Fun::Push | Fun::Pop | Fun::Get | Fun::Put | Fun::Size | Fun::First | Fun::Last);
        if whole && !self.work(len as u64 / 16, line) {
            return Value::Na;
        }
        if matches!(fun, Fun::Push | Fun::Unshift | Fun::Insert) && len >= ELEMENTS_MAX {
            return self.fail(line, format!("an array of more than {ELEMENTS_MAX} elements"));
        }
        match fun {
            Fun::Push => items.borrow_mut().push(value(1)),
            Fun::Unshift => items.borrow_mut().insert(0, value(1)),
            Fun::Insert => {
                let at = number(1);
                if at == len as f64 {
                    items.borrow_mut().push(value(2));
                } else if let Some(at) = self.index(at, len, line) {
                    items.borrow_mut().insert(at, value(2));
                }
            }
            Fun::Pop | Fun::Shift | Fun::First | Fun::Last if len == 0 => {
                return self.fail(line, "an element of an empty array is asked for");
            }
            Fun::Pop => return items.borrow_mut().pop().unwrap_or_default(),
            Fun::Shift => return items.borrow_mut().remove(0),
            Fun::First => return items.borrow().first().cloned().unwrap_or_default(),
            Fun::Last => return items.borrow().last().cloned().unwrap_or_default(),
            Fun::Remove => {
                return match self.index(number(1), len, line) {
                    Some(at) => items.borrow_mut().remove(at),
                    None => Value::Na,
                };
            }
            Fun::Get => {
                return self.get(&value(0), number(1), line);
            }
            Fun::Put => {
                if let Some(at) = self.index(number(1), len, line) {
                    items.borrow_mut()[at] = value(2);
                }
            }
            Fun::Size => return n(len as f64),
            Fun::Clear => items.borrow_mut().clear(),
            Fun::Fill => {
                let from = if given.get(2).is_some_and(Option::is_some) { number(2).max(0.0) as usize } else { 0 };
                let to = if given.get(3).is_some_and(Option::is_some) { number(3).max(0.0) as usize } else { len };
                items.borrow_mut().iter_mut().take(to).skip(from).for_each(|item| *item = value(1));
            }
            Fun::Concat => {
                if let Value::Array(other) = value(1) {
                    let more = other.borrow().clone();
                    if len + more.len() > ELEMENTS_MAX {
                        return self.fail(line, format!("an array of more than {ELEMENTS_MAX} elements"));
                    }
                    items.borrow_mut().extend(more);
                }
                return Value::Array(items.clone());
            }
            Fun::Copy => return Value::array(items.borrow().clone()),
            Fun::Slice => {
                let (from, to) = (number(1).max(0.0) as usize, number(2).max(0.0) as usize);
                if from > to || to > len {
                    return self.fail(line, format!("a slice {from} to {to} of an array of {len} elements"));
                }
                return Value::array(items.borrow()[from..to].to_vec());
            }
            Fun::Reverse => items.borrow_mut().reverse(),
            Fun::Sort => {
                let mut items = items.borrow_mut();
                items.sort_by(ordered);
                if descends(&value(1)) {
                    items.reverse();
                }
            }
            Fun::SortIndices => {
                let items = items.borrow();
                let mut places: Vec<usize> = (0..len).collect();
                places.sort_by(|a, b| ordered(&items[*a], &items[*b]));
                if descends(&value(1)) {
                    places.reverse();
                }
                return Value::array(places.into_iter().map(|at| n(at as f64)).collect());
            }
            Fun::Includes => return Value::Truth(items.borrow().iter().any(|item| item.same(&value(1)))),
            Fun::IndexOf => {
                return n(items.borrow().iter().position(|item| item.same(&value(1))).map_or(-1.0, |at| at as f64));
            }
            Fun::LastIndexOf => {
                return n(items.borrow().iter().rposition(|item| item.same(&value(1))).map_or(-1.0, |at| at as f64));
            }
            Fun::BinarySearch | Fun::BinarySearchLeft | Fun::BinarySearchRight => {
                let x = number(1);
                let items = items.borrow();
                let below = items.partition_point(|item| item.number() < x);
                let to = items.partition_point(|item| item.number() <= x);
                let found = to > below;
                return n(match fun {
                    Fun::BinarySearch if found => below as f64,
                    Fun::BinarySearch => -1.0,
                    Fun::BinarySearchLeft if found => below as f64,
                    Fun::BinarySearchLeft => below as f64 - 1.0,
                    _ if found => to as f64 - 1.0,
                    _ => below as f64,
                });
            }
            Fun::JoinTexts => {
                let by = match value(1) {
                    Value::Text(text) => text.to_string(),
                    _ => ",".into(),
                };
                let all: Vec<String> =
                    items.borrow().iter().map(|item| super::texts::shown(item, None, self.mintick)).collect();
                let text = all.join(&by);
                if text.len() > super::TEXT_BYTES_MAX {
                    return self.fail(line, format!("a text of more than {} bytes", super::TEXT_BYTES_MAX));
                }
                return Value::text(&text);
            }
            Fun::ArrayEvery => return Value::Truth(items.borrow().iter().all(Value::truth)),
            Fun::ArraySome => return Value::Truth(items.borrow().iter().any(Value::truth)),
            Fun::ArrayAbs => return Value::array(items.borrow().iter().map(|item| n(item.number().abs())).collect()),
            Fun::ArrayPercentRank => {
                let xs = numbers(&items.borrow());
                let Some(at) = self.index(number(1), len, line) else { return Value::Na };
                let x = items.borrow()[at].number();
                let below = xs.iter().filter(|v| **v <= x).count();
                return n(100.0 * (below as f64 - 1.0) / (xs.len() as f64 - 1.0));
            }
            Fun::ArrayCovariance => {
                let Value::Array(other) = value(1) else { return Value::Na };
                let (x, y) = (numbers(&items.borrow()), numbers(&other.borrow()));
                return n(if x.is_empty() || x.len() != y.len() {
                    f64::NAN
                } else {
                    ranks::covariance(&x, &y, number(2) != 0.0)
                });
            }
            _ => {
                let xs = numbers(&items.borrow());
                return self.statistic(fun, &xs, number(1));
            }
        }
        Value::Na
    }

    fn statistic(&mut self, fun: Fun, xs: &[f64], argument: f64) -> Value {
        let n = Value::Number;
        if xs.is_empty() {
            return n(f64::NAN);
        }
        let sorted = || ranks::sorted(xs);
        let sum: f64 = xs.iter().sum();
        match fun {
            Fun::ArraySum => n(sum),
            Fun::ArrayAvg => n(sum / xs.len() as f64),
            Fun::ArrayMin | Fun::ArrayMax => {
                let mut sorted = sorted();
                if fun == Fun::ArrayMax {
                    sorted.reverse();
                }
                let nth = if argument > 0.0 { argument as usize } else { 0 };
                n(sorted.get(nth).copied().unwrap_or(f64::NAN))
            }
            Fun::ArrayMedian => n(ranks::median(&sorted())),
            Fun::ArrayMode => n(ranks::mode(&sorted())),
            Fun::ArrayRange => {
                let sorted = sorted();
                n(sorted[sorted.len() - 1] - sorted[0])
            }
            Fun::ArrayVariance => n(ranks::variance(xs, argument != 0.0)),
            Fun::ArrayStdev => n(ranks::variance(xs, argument != 0.0).sqrt()),
            Fun::ArrayPercentileLinear => n(ranks::percentile_linear(&sorted(), argument)),
            Fun::ArrayPercentileNearest => n(ranks::percentile_nearest(&sorted(), argument)),
            Fun::ArrayStandardize => {
                let (m, sd) = (sum / xs.len() as f64, ranks::variance(xs, true).sqrt());
                Value::array(xs.iter().map(|x| n(if sd == 0.0 { 1.0 } else { (x - m) / sd })).collect())
            }
            _ => Value::Na,
        }
    }

    fn map_function(
        &mut self,
        fun: Fun,
        pairs: &Rc<RefCell<Vec<(Value, Value)>>>,
        key: &Value,
        value: Value,
        line: u32,
    ) -> Value {
        let len = pairs.borrow().len();
        if !self.work(len as u64 / 16, line) {
            return Value::Na;
        }
        let find = || pairs.borrow().iter().position(|(known, _)| known.same(key));
        match fun {
            Fun::MapPut => match find() {
                Some(at) => std::mem::replace(&mut pairs.borrow_mut()[at].1, value),
                None if len >= ELEMENTS_MAX => self.fail(line, format!("a map of more than {ELEMENTS_MAX} pairs")),
                None => {
                    pairs.borrow_mut().push((key.clone(), value));
                    Value::Na
                }
            },
            Fun::MapGet => find().map(|at| pairs.borrow()[at].1.clone()).unwrap_or_default(),
            Fun::MapContains => Value::Truth(find().is_some()),
            Fun::MapRemove => match find() {
                Some(at) => pairs.borrow_mut().remove(at).1,
                None => Value::Na,
            },
            Fun::MapSize | Fun::Size => Value::Number(len as f64),
            Fun::MapKeys => Value::array(pairs.borrow().iter().map(|(key, _)| key.clone()).collect()),
            Fun::MapValues => Value::array(pairs.borrow().iter().map(|(_, value)| value.clone()).collect()),
            Fun::MapCopy => Value::Map(Rc::new(RefCell::new(pairs.borrow().clone()))),
            Fun::MapClear => {
                pairs.borrow_mut().clear();
                Value::Na
            }
            Fun::MapPutAll => {
                if let Value::Map(other) = key {
                    let all = other.borrow().clone();
                    for (key, value) in all {
                        self.map_function(Fun::MapPut, pairs, &key, value, line);
                    }
                }
                Value::Na
            }
            _ => Value::Na,
        }
    }

    fn new_matrix(&mut self, rows: f64, columns: f64, fill: Value, line: u32) -> Value {
        let (rows, columns) = (rows.max(0.0), columns.max(0.0));
        if rows * columns > ELEMENTS_MAX as f64 || rows > ELEMENTS_MAX as f64 || columns > ELEMENTS_MAX as f64 {
            return self.fail(line, format!("a matrix of more than {ELEMENTS_MAX} elements"));
        }
        let (rows, columns) = (rows as usize, columns as usize);
        let cells = vec![fill; rows * columns];
        Value::Matrix(Rc::new(RefCell::new(Matrix { rows, columns, cells })))
    }

    fn matrix_function(&mut self, fun: Fun, matrix: &Rc<RefCell<Matrix>>, given: &[Option<Value>], line: u32) -> Value {
        let value = |k: usize| given.get(k).cloned().flatten().unwrap_or_default();
        let number = |k: usize| given.get(k).and_then(Option::as_ref).map_or(f64::NAN, Value::number);
        let (rows, columns) = (matrix.borrow().rows, matrix.borrow().columns);
        if !self.work((rows * columns) as u64 / 16, line) {
            return Value::Na;
        }
        let items = |k: usize| match value(k) {
            Value::Array(items) => items.borrow().clone(),
            _ => Vec::new(),
        };
        // Removed without saying which: the last.
        let last =
            matches!(fun, Fun::MatrixRemoveRow | Fun::MatrixRemoveColumn) && given.get(1).is_none_or(Option::is_none);
        match fun {
            Fun::MatrixRows => return Value::Number(rows as f64),
            Fun::MatrixColumns => return Value::Number(columns as f64),
            Fun::MatrixGet | Fun::MatrixSet => {
                let (Some(row), Some(column)) =
                    (self.index(number(1), rows, line), self.index(number(2), columns, line))
                else {
                    return Value::Na;
                };
                let place = row * columns + column;
                if fun == Fun::MatrixGet {
                    return matrix.borrow().cells[place].clone();
                }
                matrix.borrow_mut().cells[place] = value(3);
            }
            Fun::MatrixRow | Fun::MatrixRemoveRow => {
                let row = if last { rows as f64 - 1.0 } else { number(1) };
                let Some(row) = self.index(row, rows, line) else { return Value::Na };
                let cells = matrix.borrow().cells[row * columns..(row + 1) * columns].to_vec();
                if fun == Fun::MatrixRemoveRow {
                    let mut matrix = matrix.borrow_mut();
                    matrix.cells.drain(row * columns..(row + 1) * columns);
                    matrix.rows -= 1;
                }
                return Value::array(cells);
            }
            Fun::MatrixColumn | Fun::MatrixRemoveColumn => {
                let column = if last { columns as f64 - 1.0 } else { number(1) };
                let Some(column) = self.index(column, columns, line) else { return Value::Na };
                let mut matrix = matrix.borrow_mut();
                let cells: Vec<Value> = (0..rows).map(|row| matrix.cells[row * columns + column].clone()).collect();
                if fun == Fun::MatrixRemoveColumn {
                    let mut at = 0;
                    matrix.cells.retain(|_| {
                        at += 1;
                        (at - 1) % columns != column
                    });
                    matrix.columns -= 1;
                }
                return Value::array(cells);
            }
            Fun::MatrixAddRow | Fun::MatrixAddColumn => {
                let added = items(2);
                let wanted = if fun == Fun::MatrixAddRow { columns } else { rows };
                let wanted = if rows * columns == 0 { added.len() } else { wanted };
                if added.len() != wanted && given.get(2).is_some_and(Option::is_some) {
                    return self.fail(line, format!("{} elements for a matrix of {rows} by {columns}", added.len()));
                }
                if (rows + 1) * (columns + 1) > ELEMENTS_MAX {
                    return self.fail(line, format!("a matrix of more than {ELEMENTS_MAX} elements"));
                }
                let mut matrix = matrix.borrow_mut();
                if fun == Fun::MatrixAddRow {
                    let at = if number(1).is_nan() { rows } else { (number(1).max(0.0) as usize).min(rows) };
                    if rows * columns == 0 {
                        (matrix.rows, matrix.columns, matrix.cells) = (0, wanted, Vec::new());
                    }
                    let columns = matrix.columns;
                    let place = (at * columns).min(matrix.cells.len());
                    let row = (0..columns).map(|i| added.get(i).cloned().unwrap_or_default());
                    matrix.cells.splice(place..place, row.collect::<Vec<Value>>());
                    matrix.rows += 1;
                } else {
                    let at = if number(1).is_nan() { columns } else { (number(1).max(0.0) as usize).min(columns) };
                    if rows * columns == 0 {
                        (matrix.rows, matrix.columns, matrix.cells) = (wanted, 0, Vec::new());
                    }
                    let (rows, columns) = (matrix.rows, matrix.columns);
                    for row in (0..rows).rev() {
                        let place = row * columns + at.min(columns);
                        matrix.cells.insert(place, added.get(row).cloned().unwrap_or_default());
                    }
                    matrix.columns += 1;
                }
            }
            Fun::MatrixFill => {
                let or = |k: usize, end: usize| {
                    if given.get(k).is_some_and(Option::is_some) { number(k) } else { end as f64 }
                };
                let (from_row, to_row) = (or(2, 0), or(3, rows));
                let (from_column, to_column) = (or(4, 0), or(5, columns));
                let within = |from: f64, to: f64, all: usize| 0.0 <= from && from <= to && to <= all as f64;
                if !within(from_row, to_row, rows) || !within(from_column, to_column, columns) {
                    let part = format!("rows {from_row} to {to_row}, columns {from_column} to {to_column}");
                    return self.fail(line, format!("a matrix of {rows} by {columns} has no {part}"));
                }
                let mut matrix = matrix.borrow_mut();
                for row in from_row as usize..to_row as usize {
                    let start = row * columns;
                    matrix.cells[start + from_column as usize..start + to_column as usize].fill(value(1));
                }
            }
            Fun::MatrixCopy => return Value::Matrix(Rc::new(RefCell::new(matrix.borrow().clone()))),
            _ => {}
        }
        Value::Na
    }
}

fn descends(order: &Value) -> bool {
    matches!(order, Value::Text(text) if &**text == "order.descending")
}
