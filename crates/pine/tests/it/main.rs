//! Scripts in, programs or findings out.

mod generated;
mod layout;
mod lowering;
mod properties;
mod refusals;
mod signatures;
mod steps;
mod syntax;

use assay_pine::graph::{Graph, NodeId, Op};
use assay_pine::{Program, compile};

/// A v6 strategy around `body`.
fn script(body: &str) -> String {
    format!("//@version=6\nstrategy(\"T\")\n{body}\n")
}

/// One that compiles.
fn program(body: &str) -> Program {
    compile(&script(body)).unwrap_or_else(|refusal| panic!("{refusal}\n{body}"))
}

/// An expression as text, for tables.
fn shown(graph: &Graph, id: NodeId) -> String {
    let s = |id: &NodeId| shown(graph, *id);
    match &graph.node(id).op {
        Op::Number(x) => format!("{x}"),
        Op::Truth(b) => format!("{b}"),
        Op::Input(i) => format!("in{i}"),
        Op::Symbol(fact) => format!("{fact:?}").to_lowercase(),
        Op::Price(p) => format!("{p:?}").to_lowercase(),
        Op::Time(t) => format!("{t:?}").to_lowercase(),
        Op::Unary(f, a) => format!("{f:?}({})", s(a)).to_lowercase(),
        Op::Binary(f, a, b) => format!("{f:?}({}, {})", s(a), s(b)).to_lowercase(),
        Op::Compare(f, a, b) => format!("({} {} {})", s(a), format!("{f:?}").to_lowercase(), s(b)),
        Op::And(a, b) => format!("({} and {})", s(a), s(b)),
        Op::Or(a, b) => format!("({} or {})", s(a), s(b)),
        Op::Not(a) => format!("not {}", s(a)),
        Op::Select(c, a, b) => format!("({} ? {} : {})", s(c), s(a), s(b)),
        Op::IsNa(a) => format!("na({})", s(a)),
        Op::History(a, n) => format!("{}[{}]", s(a), s(n)),
        Op::Indicator(i, args) => {
            format!("{i:?}({})", args.iter().map(s).collect::<Vec<_>>().join(", ")).to_lowercase()
        }
        Op::BarsSince(a) => format!("barssince({})", s(a)),
        Op::ValueWhen(a, b, c) => format!("valuewhen({}, {}, {})", s(a), s(b), s(c)),
        Op::Register(i, _) => format!("r{i}"),
        Op::Broker(b) => format!("{b:?}").to_lowercase(),
    }
}
