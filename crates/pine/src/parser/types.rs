//! Type names, and where they announce a declaration.
//!
//! `float x = 1` and `float(x)` begin alike, and so do `array<int> a = b` and `array < b`: a type is read on trial, and
//! the place is restored when no name follows it. A type is short, so the trial is bounded.

use super::Parser;
use crate::ast::TypeName;
use crate::lexer::Kind;

/// Deepest `array<array<..>>`; Pine itself allows one level.
const GENERICS_MAX: u32 = 6;

/// Most names between `<` and `>`.
const GENERIC_ARGS_MAX: usize = 4;

impl Parser<'_> {
    /// A type that a name follows: `float x`, `series int n`, `array<float> a`, `line[] ls`, `const n`.
    pub(super) fn declared_type(&mut self) -> Option<TypeName> {
        let (start, clinging) = (self.at, self.clinging.len());
        if let Some(ty) = self.type_name(0)
            && self.names_something()
        {
            return Some(ty);
        }
        self.at = start;
        self.clinging.truncate(clinging);
        // A qualifier alone.
        let qualifier = self.qualifier()?;
        if self.names_something() {
            return Some(TypeName { qualifier: Some(qualifier), name: String::new(), args: Vec::new() });
        }
        self.at = start;
        None
    }

    /// Whether the word here is being declared, rather than an operator between two values.
    fn names_something(&self) -> bool {
        matches!(self.peek(), Kind::Word(w) if w != "in" && !super::RESERVED.contains(&w))
    }

    fn qualifier(&mut self) -> Option<String> {
        let Kind::Word(word @ ("const" | "input" | "simple" | "series")) = self.peek() else { return None };
        if !matches!(self.peek_at(1), Kind::Word(_)) {
            return None;
        }
        self.at += 1;
        Some(word.to_owned())
    }

    /// A type. Where there is none, the place is anywhere behind the start.
    fn type_name(&mut self, depth: u32) -> Option<TypeName> {
        let qualifier = self.qualifier();
        let Kind::Word(first) = self.peek() else { return None };
        if super::RESERVED.contains(&first) {
            return None;
        }
        let mut name = first.to_owned();
        self.at += 1;
        self.path(&mut name).ok()?;
        let args = if self.is("<") { self.type_arguments(depth)? } else { Vec::new() };
        let mut ty = TypeName { qualifier, name, args };
        if self.is("[") && self.is_at(1, "]") {
            self.at += 2;
            let qualifier = ty.qualifier.take();
            ty = TypeName { qualifier, name: "array".into(), args: vec![ty] };
        }
        Some(ty)
    }

    /// `<A, B>`, if it is that: otherwise the place is anywhere.
    fn type_arguments(&mut self, depth: u32) -> Option<Vec<TypeName>> {
        if depth >= GENERICS_MAX {
            return None;
        }
        self.clinging.extend([self.at, self.at + 1]);
        self.at += 1;
        let mut args = Vec::new();
        loop {
            args.push(self.type_name(depth + 1)?);
            if self.is(">") {
                self.clinging.push(self.at);
                self.at += 1;
                return Some(args);
            }
            if args.len() >= GENERIC_ARGS_MAX || !self.take(",") {
                return None;
            }
        }
    }

    /// `<float>` of `array.new<float>(..)`; empty, with the place as it was, where `<` compares.
    pub(super) fn call_types(&mut self) -> Vec<TypeName> {
        let (start, clinging) = (self.at, self.clinging.len());
        if self.is("<")
            && let Some(types) = self.type_arguments(0)
            && self.is("(")
        {
            return types;
        }
        self.at = start;
        self.clinging.truncate(clinging);
        Vec::new()
    }
}
