//! Constants are computed once: arithmetic on numbers, logic with a known side, choices with a known condition.

use crate::graph::{Binary, Compare, Graph, NodeId, Op, Unary};

/// The same meaning, perhaps as a constant. An operand that stands for the whole is named by a double negation or a
/// choice that is known, so the caller need not distinguish ops from nodes.
pub(crate) fn folded(graph: &Graph, op: Op) -> Op {
    let number = |id: NodeId| match graph.node(id).op {
        Op::Number(x) => Some(x),
        _ => None,
    };
    let truth = |id: NodeId| match graph.node(id).op {
        Op::Truth(b) => Some(b),
        _ => None,
    };
    let same = |id: NodeId| graph.node(id).op.clone();
    match &op {
        Op::Unary(f, a) => number(*a).map_or(op.clone(), |x| Op::Number(unary(*f, x))),
        Op::Binary(f, a, b) => match (number(*a), number(*b)) {
            (Some(x), Some(y)) => Op::Number(binary(*f, x, y)),
            _ => op,
        },
        Op::Compare(f, a, b) => match (number(*a), number(*b)) {
            (Some(x), Some(y)) => Op::Truth(compare(*f, x, y)),
            _ => op,
        },
        Op::And(a, b) => match (truth(*a), truth(*b)) {
            (Some(false), _) | (_, Some(false)) => Op::Truth(false),
            (Some(true), _) => same(*b),
            (_, Some(true)) => same(*a),
            _ => op,
        },
        Op::Or(a, b) => match (truth(*a), truth(*b)) {
            (Some(true), _) | (_, Some(true)) => Op::Truth(true),
            (Some(false), _) => same(*b),
            (_, Some(false)) => same(*a),
            _ => op,
        },
        Op::Not(a) => match (truth(*a), &graph.node(*a).op) {
            (Some(b), _) => Op::Truth(!b),
            (_, Op::Not(inner)) => same(*inner),
            _ => op,
        },
        Op::Select(c, a, b) => match truth(*c) {
            Some(true) => same(*a),
            Some(false) => same(*b),
            None if a == b => same(*a),
            None => op,
        },
        Op::IsNa(a) => number(*a).map_or(op.clone(), |x| Op::Truth(x.is_nan())),
        Op::History(a, n) if number(*n) == Some(0.0) => same(*a),
        _ => op,
    }
}

/// The meaning of a function of one number. The circular ones come from `libm`, which gives the same bits everywhere.
pub fn unary(f: Unary, x: f64) -> f64 {
    match f {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sqrt => x.sqrt(),
        Unary::Log => x.ln(),
        Unary::Log10 => x.log10(),
        Unary::Exp => x.exp(),
        Unary::Floor => x.floor(),
        Unary::Ceil => x.ceil(),
        Unary::Round => x.round(),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Sin => libm::sin(x),
        Unary::Cos => libm::cos(x),
        Unary::Tan => libm::tan(x),
        Unary::Asin => libm::asin(x),
        Unary::Acos => libm::acos(x),
        Unary::Atan => libm::atan(x),
    }
}

/// The meaning of arithmetic: `na` for division by zero and for results that are no finite number of either side's.
pub fn binary(f: Binary, x: f64, y: f64) -> f64 {
    match f {
        Binary::Add => x + y,
        Binary::Sub => x - y,
        Binary::Mul => x * y,
        Binary::Div if y == 0.0 => f64::NAN,
        Binary::Div => x / y,
        Binary::Mod if y == 0.0 => f64::NAN,
        Binary::Mod => x % y,
        Binary::Pow => x.powf(y),
        Binary::Min if x.is_nan() || y.is_nan() => f64::NAN,
        Binary::Min => x.min(y),
        Binary::Max if x.is_nan() || y.is_nan() => f64::NAN,
        Binary::Max => x.max(y),
    }
}

/// The meaning of a comparison: false when either side is `na`, `!=` too.
pub fn compare(f: Compare, x: f64, y: f64) -> bool {
    match f {
        Compare::Lt => x < y,
        Compare::Le => x <= y,
        Compare::Gt => x > y,
        Compare::Ge => x >= y,
        Compare::Eq => x == y,
        Compare::Ne => x != y && !x.is_nan() && !y.is_nan(),
    }
}

/// The meaning of a scalar op, given its operands' values; truths are 1 and 0. Series have NaN.
pub fn scalar(op: &Op, inputs: &[f64], of: impl Fn(NodeId) -> f64) -> f64 {
    let truth = |b: bool| f64::from(u8::from(b));
    match op {
        Op::Number(x) => *x,
        Op::Truth(b) => truth(*b),
        Op::Input(i) => inputs[*i as usize],
        Op::Unary(f, a) => unary(*f, of(*a)),
        Op::Binary(f, a, b) => binary(*f, of(*a), of(*b)),
        Op::Compare(f, a, b) => truth(compare(*f, of(*a), of(*b))),
        Op::And(a, b) => truth(of(*a) != 0.0 && of(*b) != 0.0),
        Op::Or(a, b) => truth(of(*a) != 0.0 || of(*b) != 0.0),
        Op::Not(a) => truth(of(*a) == 0.0),
        Op::Select(c, a, b) => of(if of(*c) != 0.0 { *a } else { *b }),
        Op::IsNa(a) => truth(of(*a).is_nan()),
        _ => f64::NAN,
    }
}
