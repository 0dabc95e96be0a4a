//! What a name stands for while a script is lowered.

use crate::graph::{Graph, Kind, NodeId};

/// A value known at compile time, or a node of the graph.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// A node; true when it was read off the position, so that its past must not be asked for.
    Node(NodeId, bool),
    /// A text: `input.string`, a constant such as `strategy.long`.
    Text(String),
    /// Drawings, colours, alerts: accepted everywhere, without effect.
    Inert,
    /// Several values.
    Tuple(Vec<Value>),
    /// The position's size, of which only the sign is known.
    PositionSize,
    /// `na`, fitting any type.
    Na,
    /// Declared by a statement that was refused.
    Unknown,
}

impl Value {
    /// For a message.
    pub(crate) fn shown(&self, graph: &Graph) -> &'static str {
        match self {
            Value::Node(node, _) => match graph.node(*node).kind {
                Kind::Number => "a number",
                Kind::Truth => "a condition",
            },
            Value::Text(_) => "a text",
            Value::Inert => "a drawing or colour",
            Value::Tuple(_) => "several values",
            Value::PositionSize => "strategy.position_size",
            Value::Na => "na",
            Value::Unknown => "an unknown value",
        }
    }
}
