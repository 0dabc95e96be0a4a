//! Types, as far as overloads, methods and fields need them.
//!
//! Inferred forwards: a function is checked anew at each call with the types of its arguments. [`Type::Any`] is the type of
//! `na` and of what follows from a finding; it fits everywhere.

use crate::ast::TypeName;
use crate::calls::DRAWINGS;

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    /// `na`, or unknown.
    Any,
    /// A statement without a value.
    Void,
    Int,
    Float,
    Bool,
    Text,
    Colour,
    /// `line`, `label`, `box`, `table`, `plot`, `chart.point`, ...
    Drawing(&'static str),
    Array(Box<Type>),
    Matrix(Box<Type>),
    Map(Box<(Type, Type)>),
    /// A user type, by its place in the checker's list.
    Object(usize),
    /// A user enum, by its name; its values are texts.
    Enum(String),
    Tuple(Vec<Type>),
}

impl Type {
    /// Whether arithmetic may be done with it.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Type::Any | Type::Int | Type::Float)
    }

    /// For a message.
    pub(super) fn shown(&self) -> String {
        match self {
            Type::Any => "na".into(),
            Type::Void => "nothing".into(),
            Type::Int | Type::Float => "a number".into(),
            Type::Bool => "a condition".into(),
            Type::Text => "a text".into(),
            Type::Colour => "a colour".into(),
            Type::Drawing(kind) => format!("a {kind}"),
            Type::Array(of) => format!("an array of {}", of.shown()),
            Type::Matrix(_) => "a matrix".into(),
            Type::Map(_) => "a map".into(),
            Type::Object(_) => "an object".into(),
            Type::Enum(name) => format!("a value of {name}"),
            Type::Tuple(of) => format!("{} values", of.len()),
        }
    }

    /// The type of a value that is one of two.
    pub(super) fn join(&self, other: &Type) -> Type {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Type::Any | Type::Void, other) | (other, Type::Any | Type::Void) => other.clone(),
            (Type::Int, Type::Float) | (Type::Float, Type::Int) => Type::Float,
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => {
                Type::Tuple(a.iter().zip(b).map(|(a, b)| a.join(b)).collect())
            }
            (Type::Array(a), Type::Array(b)) => Type::Array(a.join(b).into()),
            (a, _) => a.clone(),
        }
    }

    /// How well a value of this type fits a parameter that was declared as `wanted`: 0 not at all, larger is better.
    pub(super) fn fits(&self, wanted: &Type) -> u32 {
        match (self, wanted) {
            (a, b) if a == b => 4,
            (_, Type::Any) => 1,
            (Type::Any, _) => 2,
            (Type::Int, Type::Float) => 3,
            (Type::Float, Type::Int) => 1,
            (Type::Array(a), Type::Array(b)) | (Type::Matrix(a), Type::Matrix(b)) => a.fits(b),
            (Type::Map(a), Type::Map(b)) => a.0.fits(&b.0).min(a.1.fits(&b.1)),
            _ => 0,
        }
    }
}

/// The type of a written type name; `None` when it is not known.
pub(super) fn of_name(name: &TypeName, user: impl Fn(&str) -> Option<Type> + Copy) -> Option<Type> {
    let argument = |i: usize| name.args.get(i).and_then(|arg| of_name(arg, user)).unwrap_or(Type::Any);
    Some(match name.name.as_str() {
        "int" => Type::Int,
        "float" => Type::Float,
        "bool" => Type::Bool,
        "string" => Type::Text,
        "color" => Type::Colour,
        "array" => Type::Array(argument(0).into()),
        "matrix" => Type::Matrix(argument(0).into()),
        "map" => Type::Map((argument(0), argument(1)).into()),
        "" => Type::Any,
        other => match DRAWINGS.iter().find(|kind| **kind == other) {
            Some(kind) => Type::Drawing(kind),
            None => return user(other),
        },
    })
}
