//! What a name stands for while a script is lowered.

use super::Trouble;
use crate::graph::{Graph, Kind, NodeId};

/// A value known at compile time, or a node of the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A node.
    Node(NodeId),
    /// A text: `input.string`, a constant such as `strategy.long`.
    Text(String),
    /// A text that changes: a number node that counts into the texts.
    Coded(NodeId),
    /// Drawings, colours, alerts: accepted everywhere, without effect.
    Inert,
    /// Several values.
    Tuple(Vec<Value>),
    /// `na`, fitting any type.
    Na,
    /// What could not be lowered, and why: refused where an order hangs on it.
    Lost(Box<Trouble>),
}

impl Value {
    /// For a message.
    pub(crate) fn shown(&self, graph: &Graph) -> &'static str {
        match self {
            Value::Node(node) => match graph.node(*node).kind {
                Kind::Number => "a number",
                Kind::Truth => "a condition",
            },
            Value::Text(_) | Value::Coded(_) => "a text",
            Value::Inert => "a drawing, colour or made-up text",
            Value::Tuple(_) => "several values",
            Value::Na => "na",
            Value::Lost(_) => "an unknown value",
        }
    }
}
