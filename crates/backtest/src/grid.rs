//! Which grid points share what: a node depends on some inputs, so it has one value for each combination of their values,
//! not one for each point.
//!
//! A [`Key`] is a set of swept inputs; nodes that depend on the same set share it. [`Cursor`] walks the grid in order and
//! knows, for every key, which combination the point at hand selects.

use assay_pine::graph::{Op, Shape};
use assay_pine::{Input, Program};

use crate::SweepError;
use crate::evaluate::Evaluator;

/// Scalars that are tabled: one entry a combination, at most so many a node.
const TABLE_MAX: u64 = 1 << 20;

/// A set of swept inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// Bit i is input i.
    inputs: u64,
    /// By input: how far a step in it moves the combination; 0 for inputs outside the set.
    strides: Vec<u64>,
    /// Combinations of their values; saturates.
    pub combinations: u64,
}

/// The grid of a program.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    lengths: Vec<u64>,
    /// Distinct keys.
    pub keys: Vec<Key>,
    /// By node: its key.
    pub key_of: Vec<usize>,
    /// Points.
    pub size: u64,
}

impl Grid {
    pub fn new(program: &Program, size: u64) -> Grid {
        let lengths: Vec<u64> = program.inputs.iter().map(|input| input.grid.len() as u64).collect();
        let mut keys: Vec<Key> = vec![];
        let key_of = program
            .graph
            .nodes
            .iter()
            .map(|node| {
                let swept = (0..lengths.len()).filter(|i| lengths[*i] > 1).fold(0, |all, i| all | 1 << i);
                let inputs = node.inputs & swept;
                keys.iter().position(|key| key.inputs == inputs).unwrap_or_else(|| {
                    let (mut strides, mut combinations) = (vec![0; lengths.len()], 1u64);
                    for i in (0..lengths.len()).rev().filter(|i| inputs >> i & 1 == 1) {
                        strides[i] = combinations;
                        combinations = combinations.saturating_mul(lengths[i]);
                    }
                    keys.push(Key { inputs, strides, combinations });
                    keys.len() - 1
                })
            })
            .collect();
        Grid { lengths, keys, key_of, size }
    }

    /// Combinations of the inputs that `node` depends on.
    pub fn combinations(&self, node: usize) -> u64 {
        self.keys[self.key_of[node]].combinations
    }

    /// The combination of `key` that a point with these digits selects.
    fn combination(&self, key: usize, digits: &[u64]) -> u64 {
        self.keys[key].strides.iter().zip(digits).map(|(stride, digit)| stride * digit).sum()
    }

    /// The digits of a combination of `key`; 0 for the inputs outside it.
    fn digits_of(&self, key: usize, combination: u64) -> Vec<u64> {
        let digit = |(stride, length): (&u64, &u64)| if *stride == 0 { 0 } else { combination / stride % length };
        self.keys[key].strides.iter().zip(&self.lengths).map(digit).collect()
    }

    /// A representative point of a combination of `key`: the values of its inputs, first values elsewhere, and the
    /// combination of every key there.
    pub fn representative(&self, program: &Program, key: usize, combination: u64) -> (Vec<f64>, Vec<usize>) {
        let digits = self.digits_of(key, combination);
        let values = program.inputs.iter().zip(&digits).map(|(input, digit)| input.grid[*digit as usize]).collect();
        let at = (0..self.keys.len()).map(|key| self.combination(key, &digits) as usize).collect();
        (values, at)
    }

    /// Stands on `point`.
    pub fn cursor(&self, mut point: u64) -> Cursor<'_> {
        let mut digits = vec![0; self.lengths.len()];
        for (digit, length) in digits.iter_mut().zip(&self.lengths).rev() {
            *digit = point % length;
            point /= length;
        }
        let at = (0..self.keys.len()).map(|key| self.combination(key, &digits) as usize).collect();
        Cursor { grid: self, digits, at }
    }
}

/// A place in the grid.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    grid: &'a Grid,
    digits: Vec<u64>,
    /// By key: the combination that the point selects.
    pub at: Vec<usize>,
}

impl Cursor<'_> {
    /// To the next point; behind the last it begins anew.
    pub fn advance(&mut self) {
        for i in (0..self.digits.len()).rev() {
            let wraps = self.digits[i] + 1 == self.grid.lengths[i];
            let steps = if wraps { self.digits[i] } else { 1 };
            for (at, key) in self.at.iter_mut().zip(&self.grid.keys) {
                let moved = (key.strides[i] * steps) as usize;
                *at = if wraps { *at - moved } else { *at + moved };
            }
            self.digits[i] = if wraps { 0 } else { self.digits[i] + 1 };
            if !wraps {
                return;
            }
        }
    }
}

/// The values of scalar nodes, by combination. Nodes with more than [`TABLE_MAX`] combinations are left out.
#[derive(Clone, Debug)]
pub(crate) struct Scalars {
    tables: Vec<Vec<f64>>,
}

impl Scalars {
    pub fn new(program: &Program, evaluator: Evaluator<'_>, grid: &Grid, live: &[bool]) -> Scalars {
        let nodes = &evaluator.graph.nodes;
        let mut tables = vec![Vec::new(); nodes.len()];
        let wanted = |i: usize| live[i] && nodes[i].shape == Shape::Scalar;
        for key in 0..grid.keys.len() {
            let of_key: Vec<usize> = (0..nodes.len()).filter(|i| wanted(*i) && grid.key_of[*i] == key).collect();
            if of_key.is_empty() || grid.keys[key].combinations > TABLE_MAX {
                continue;
            }
            for combination in 0..grid.keys[key].combinations {
                let (values, _) = grid.representative(program, key, combination);
                // One input alone needs no evaluation of the graph.
                if let [only] = of_key[..]
                    && let Op::Input(input) = nodes[only].op
                {
                    tables[only].push(values[input as usize]);
                    continue;
                }
                let all = evaluator.scalars(&values);
                of_key.iter().for_each(|i| tables[*i].push(all[*i]));
            }
        }
        Scalars { tables }
    }

    /// By combination; empty when there are too many.
    pub fn table(&self, node: usize) -> &[f64] {
        &self.tables[node]
    }
}

/// The number of points, if so many may be swept; the refusal names the inputs to narrow.
pub(crate) fn checked(inputs: &[Input], max: u64) -> Result<u64, SweepError> {
    let size = inputs.iter().try_fold(1u64, |n, input| n.checked_mul(input.grid.len() as u64));
    match size {
        Some(size) if size <= max => Ok(size),
        _ => {
            let mut swept: Vec<_> = inputs.iter().filter(|input| input.grid.len() > 1).collect();
            swept.sort_by_key(|input| std::cmp::Reverse(input.grid.len()));
            let widest: Vec<String> = swept
                .iter()
                .take(3)
                .map(|i| format!("{} has {} values (line {})", i.name, i.grid.len(), i.line))
                .collect();
            let hint = format!("narrow minval and maxval or raise step; {}", widest.join(", "));
            Err(SweepError::GridTooLarge { size, max, hint })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_walks_as_the_points_are_numbered() {
        let text = "//@version=6\nstrategy(\"T\")\na = input.int(1, minval=1, maxval=3)\nb = input.int(7, minval=7, maxval=7)\nc = input.float(1, minval=1, maxval=2, step=0.25)\nd = input.int(0, minval=0, maxval=1)\nif close > close[a] * c + b\n    strategy.entry(\"L\", strategy.long)\nif close < close[d] - a * d\n    strategy.close(\"L\")\n";
        let program = assay_pine::compile(text).unwrap();
        let grid = Grid::new(&program, program.grid_size().unwrap());
        let mut cursor = grid.cursor(0);
        for point in 0..grid.size {
            assert_eq!(cursor.at, grid.cursor(point).at, "point {point}");
            let values = program.point(point);
            for (key, at) in cursor.at.iter().enumerate() {
                let (shown, back) = grid.representative(&program, key, *at as u64);
                assert_eq!(back[key], *at);
                for (i, (a, b)) in shown.iter().zip(&values).enumerate() {
                    assert!(a == b || grid.keys[key].strides[i] == 0, "point {point} key {key} input {i}");
                }
            }
            cursor.advance();
        }
        assert_eq!(cursor.at, grid.cursor(0).at, "behind the last point comes the first");
    }
}
