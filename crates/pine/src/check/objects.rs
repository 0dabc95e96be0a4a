//! User types, collections and drawings: how they are made and what is asked of them.

use super::calls::{behind, pick};
use super::tree::{Code, Fun};
use super::types::Type;
use super::{Checked, Checker, Typed};
use crate::ast::{Arg, TypeName};
use crate::lexer::Span;

/// Coordinates of drawings, in the order in which they are kept.
const COORDINATES: [(&str, [&str; 4]); 3] = [
    ("line", ["x1", "y1", "x2", "y2"]),
    ("box", ["left", "top", "right", "bottom"]),
    ("label", ["x", "y", "text", ""]),
];

impl<'a> Checker<'a> {
    /// `Point.new(...)`, `Point.copy(p)`.
    pub(super) fn type_call(&mut self, of: usize, member: &str, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let ty = Type::Object(of);
        if member == "copy" {
            let object = self.argument(args, 0, "id", span)?;
            return Ok(Typed::new(Code::CopyObject(object.code.into(), span.line), ty));
        }
        if member != "new" {
            return Err(span.says(format!("a type has no function `{member}`")));
        }
        let fields = self.types[of].fields;
        let mut given: Vec<Option<Code>> = vec![None; fields.len()];
        for (i, arg) in args.iter().enumerate() {
            let place = match &arg.name {
                Some(name) => self.field_of(of, name).map(|(at, _)| at as usize),
                None => (i < fields.len()).then_some(i),
            };
            let Some(place) = place else {
                return Err(span.says(match &arg.name {
                    Some(name) => format!("there is no field `{name}`"),
                    None => format!("the type has {} fields, {} are given", fields.len(), args.len()),
                }));
            };
            given[place] = Some(self.expr(&arg.value)?.code);
        }
        let mut codes = Vec::new();
        for (place, field) in fields.iter().enumerate() {
            codes.push(match (given[place].take(), &field.default) {
                (Some(code), _) => code,
                (None, Some(default)) => self.expr(default)?.code,
                (None, None) if self.version >= 6 && field.ty.name == "bool" => Code::Truth(false),
                (None, None) => Code::Na,
            });
        }
        Ok(Typed::new(Code::New(of as u32, codes), ty))
    }

    /// Place and declaration of a field.
    pub(super) fn field_of(&self, of: usize, name: &str) -> Option<(u32, usize)> {
        let at = self.types[of].fields.iter().position(|field| field.name == name)?;
        Some((at as u32, at))
    }

    pub(super) fn field_type(&mut self, of: usize, at: u32, span: Span) -> Checked<Type> {
        let fields = self.types[of].fields;
        Ok(self.written_type(Some(&fields[at as usize].ty), span)?.unwrap_or(Type::Any))
    }

    /// Reads a field.
    pub(super) fn field(&mut self, object: Typed, name: &str, span: Span) -> Checked<Typed> {
        match &object.ty {
            Type::Object(of) => {
                let Some((at, _)) = self.field_of(*of, name) else {
                    return Err(span.says(format!("there is no field `{name}`")));
                };
                let ty = self.field_type(*of, at, span)?;
                let class = self.class(&object.ty);
                let code = Code::Field(object.code.into(), at, span.line);
                Ok(Typed::new(Code::Uses(class, false, code.into()), ty))
            }
            Type::Any if matches!(object.code, Code::Refused(_)) => Ok(object),
            Type::Any | Type::Drawing(_) => {
                Ok(self.refuse(span.says(format!("the field `{name}` of {} is not supported", object.ty.shown()))))
            }
            other => Err(span.says(format!("{} has no field `{name}`", other.shown()))),
        }
    }

    /// `array.new<float>(size, value)`, `map.new<string, float>()`, `matrix.new<float>(rows, columns, value)`.
    pub(super) fn collection(
        &mut self,
        family: &str,
        types: &'a [TypeName],
        args: &'a [Arg],
        span: Span,
    ) -> Checked<Typed> {
        let mut of = Vec::new();
        for ty in types {
            of.push(self.written_type(Some(ty), span)?.unwrap_or(Type::Any));
        }
        let first = of.first().cloned().unwrap_or(Type::Any);
        match family {
            "array" => self.new_array(first, args, span),
            "map" => {
                let value = of.get(1).cloned().unwrap_or(Type::Any);
                Ok(Typed::new(Code::Call(Fun::MapNew, vec![], span.line), Type::Map((first, value).into())))
            }
            _ => {
                let mut codes = Vec::new();
                for (i, name) in ["rows", "columns", "initial_value"].iter().enumerate() {
                    codes.push(match pick(args, i, name) {
                        Some(expr) => Some(self.expr(expr)?.code),
                        None => None,
                    });
                }
                Ok(Typed::new(Code::Call(Fun::MatrixNew, codes, span.line), Type::Matrix(first.into())))
            }
        }
    }

    pub(super) fn new_array(&mut self, of: Type, args: &'a [Arg], span: Span) -> Checked<Typed> {
        let mut codes = Vec::new();
        let mut element = of;
        for (i, name) in ["size", "initial_value"].iter().enumerate() {
            codes.push(match pick(args, i, name) {
                Some(expr) => {
                    let typed = self.expr(expr)?;
                    if i == 1 && element == Type::Any {
                        element = typed.ty;
                    }
                    Some(typed.code)
                }
                None => None,
            });
        }
        Ok(Typed::new(Code::Call(Fun::ArrayNew, codes, span.line), Type::Array(element.into())))
    }

    /// `line.new`, `label.set_text`, `box.get_top`, ... Without effect, unless the script reads coordinates back.
    pub(super) fn drawing(
        &mut self,
        full: &str,
        receiver: Option<Typed>,
        args: &'a [Arg],
        span: Span,
    ) -> Checked<Typed> {
        let (family, member) = full.rsplit_once('.').unwrap_or((full, ""));
        let kind = crate::calls::DRAWINGS.iter().find(|kind| **kind == family).copied().unwrap_or("line");
        let ty = Type::Drawing(kind);
        let coordinates = COORDINATES.iter().find(|(of, _)| *of == kind).map(|(_, names)| *names);
        let (true, Some(names)) = (self.reads_drawings, coordinates) else {
            let mut codes: Vec<Code> = receiver.into_iter().map(|typed| typed.code).collect();
            codes.extend(self.inert_arguments(args)?);
            codes.push(Code::Inert);
            let code = Code::Block(codes);
            return Ok(match member {
                "new" | "copy" => Typed::new(code, ty),
                _ if member.starts_with("get_") => {
                    self.refuse(span.says(format!("`{full}` reads a drawing back, which is not supported")))
                }
                _ if kind == "chart.point" => Typed::new(code, ty),
                _ => Typed::new(code, Type::Void),
            });
        };
        let number = |i: usize| Some(Code::Number(i as f64));
        let class = self.class(&ty);
        match member {
            "new" => {
                let mut codes = Vec::new();
                let points = args.iter().take(2).any(|arg| {
                    matches!(arg.name.as_deref(), Some("first_point" | "second_point" | "point" | "top_left"))
                });
                for (i, name) in names.iter().enumerate() {
                    codes.push(match pick(args, i, name) {
                        Some(expr) if !points && !name.is_empty() => {
                            let typed = self.expr(expr)?;
                            matches!(typed.ty, Type::Int | Type::Float | Type::Text | Type::Any).then_some(typed.code)
                        }
                        _ => None,
                    });
                }
                Ok(Typed::new(Code::Call(Fun::DrawingNew, codes, span.line), ty))
            }
            "delete" => {
                let codes = self.inert_arguments(args)?;
                Ok(behind(codes, Typed::new(Code::Inert, Type::Void)))
            }
            _ => {
                let mut given = Vec::new();
                given.extend(receiver.map(|typed| typed.code));
                for arg in args {
                    given.push(self.expr(&arg.value)?.code);
                }
                let mut given = given.into_iter();
                let Some(object) = given.next() else {
                    return Err(span.says(format!("`{full}` needs a {kind}")));
                };
                let places: Vec<usize> = match member.strip_prefix("set_").or_else(|| member.strip_prefix("get_")) {
                    Some("xy1") | Some("lefttop") => vec![0, 1],
                    Some("xy2") | Some("rightbottom") => vec![2, 3],
                    Some("xy") => vec![0, 1],
                    Some(name) => names.iter().position(|known| *known == name).into_iter().collect(),
                    None => vec![],
                };
                if member == "copy" {
                    return Ok(Typed::new(Code::CopyObject(object.into(), span.line), ty));
                }
                if member == "get_price" {
                    let code = Code::Call(Fun::DrawingGet, vec![Some(object), number(4), given.next()], span.line);
                    return Ok(Typed::new(Code::Uses(class, false, code.into()), Type::Float));
                }
                if member.starts_with("get_") {
                    let Some(place) = places.first() else {
                        return Ok(self.refuse(span.says(format!("`{full}` is not supported"))));
                    };
                    let code = Code::Call(Fun::DrawingGet, vec![Some(object), number(*place)], span.line);
                    let ty = if names[*place] == "text" { Type::Text } else { Type::Float };
                    return Ok(Typed::new(Code::Uses(class, false, code.into()), ty));
                }
                let mut codes = Vec::new();
                for (place, value) in places.into_iter().zip(given) {
                    let call = vec![Some(object.clone()), number(place), Some(value)];
                    let code = Code::Call(Fun::DrawingSet, call, span.line);
                    codes.push(Code::Uses(class, true, code.into()));
                }
                Ok(Typed::new(Code::Block(codes), Type::Void))
            }
        }
    }
}
