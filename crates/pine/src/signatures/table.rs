//! Reads the three texts. They are part of the program: a line that cannot be read is a mistake of ours, and the tests
//! read them all.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::{Parameter, Presence, Returns, Signature, Table};
use crate::ast::TypeName;

const QUALIFIERS: [&str; 4] = ["const", "input", "simple", "series"];

pub(super) fn read() -> Table {
    let mut table = Table {
        functions: BTreeMap::new(),
        variables: BTreeMap::new(),
        old_functions: BTreeMap::new(),
        old_variables: BTreeMap::new(),
    };
    for line in lines(include_str!("functions.txt")) {
        let signature = signature(line).unwrap_or_else(|| panic!("functions.txt: {line}"));
        table.functions.entry(signature.name).or_default().push(signature);
    }
    for line in lines(include_str!("variables.txt")) {
        let (ty, names) = line.split_once(": ").unwrap_or_else(|| panic!("variables.txt: {line}"));
        let ty = type_name(ty).unwrap_or_else(|| panic!("variables.txt: {line}"));
        table.variables.extend(names.split(' ').map(|name| (name, ty.clone())));
    }
    for line in lines(include_str!("renames.txt")) {
        rename(line, &mut table).unwrap_or_else(|| panic!("renames.txt: {line}"));
    }
    table
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// `[5-6] rest`; without it all versions.
fn versions(line: &'static str) -> Option<(RangeInclusive<u8>, &'static str)> {
    let Some(rest) = line.strip_prefix('[') else { return Some((1..=6, line)) };
    let (range, rest) = rest.split_once("] ")?;
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    Some((from.parse().ok()?..=to.parse().ok()?, rest))
}

/// `name(type parameter, ..) type`.
fn signature(line: &'static str) -> Option<Signature> {
    let (versions, line) = versions(line)?;
    let (name, rest) = line.split_once('(')?;
    let (list, result) = rest.rsplit_once(") ")?;
    let parameters = parts(list).into_iter().map(parameter).collect::<Option<Vec<_>>>()?;
    let (follows_arguments, result) = match result.strip_prefix('~') {
        Some(result) => (true, result),
        None => (false, result),
    };
    let types = match result.strip_prefix('[').and_then(|list| list.strip_suffix(']')) {
        _ if result == "void" => Vec::new(),
        Some(list) => parts(list).into_iter().map(type_name).collect::<Option<Vec<_>>>()?,
        None => vec![type_name(result)?],
    };
    Some(Signature { name, versions, parameters, returns: Returns { types, follows_arguments } })
}

/// `type name`, with its marks.
fn parameter(text: &'static str) -> Option<Parameter> {
    let (ty, names) = text.rsplit_once(' ')?;
    let (names, presence) = match names {
        n if n.ends_with("!?") => (&n[..n.len() - 2], Presence::NamedOnly),
        n if n.ends_with('?') => (&n[..n.len() - 1], Presence::Optional),
        n if n.ends_with("...") => (&n[..n.len() - 3], Presence::Repeated),
        n => (n, Presence::Needed),
    };
    let mut names = names.split('|');
    Some(Parameter { name: names.next()?, old_names: names.collect(), ty: type_name(ty)?, presence })
}

/// `array<float>`, `simple int`; `series` where nothing is written.
fn type_name(text: &'static str) -> Option<TypeName> {
    let (qualifier, rest) = match text.split_once(' ') {
        Some((word, rest)) if QUALIFIERS.contains(&word) => (word, rest),
        _ => ("series", text),
    };
    let bare = bare_type(rest)?;
    Some(TypeName { qualifier: Some(qualifier.to_owned()), ..bare })
}

fn bare_type(text: &'static str) -> Option<TypeName> {
    let (name, args) = match text.strip_suffix('>') {
        Some(text) => {
            let (name, list) = text.split_once('<')?;
            (name, parts(list).into_iter().map(bare_type).collect::<Option<Vec<_>>>()?)
        }
        None => (text, Vec::new()),
    };
    let known = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    known.then(|| TypeName { qualifier: None, name: name.to_owned(), args })
}

/// Splits at the commas that stand in no brackets.
fn parts(list: &'static str) -> Vec<&'static str> {
    let (mut all, mut depth, mut start) = (Vec::new(), 0, 0);
    for (i, c) in list.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ',' if depth == 0 => {
                all.push(list[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    if !list.is_empty() {
        all.push(list[start..].trim());
    }
    all
}

/// `function old new`, `functions prefix: names`, and the same for variables.
fn rename(line: &'static str, table: &mut Table) -> Option<()> {
    let (versions, line) = versions(line)?;
    let (what, rest) = line.split_once(' ')?;
    let names = if what.starts_with("function") { &mut table.old_functions } else { &mut table.old_variables };
    match what {
        "functions" | "variables" => {
            let (prefix, list) = rest.split_once(": ")?;
            names.extend(list.split(' ').map(|name| (name, (versions.clone(), format!("{prefix}.{name}")))));
        }
        "function" | "variable" => {
            let (old, new) = rest.split_once(' ')?;
            names.insert(old, (versions, new.to_owned()));
        }
        _ => return None,
    }
    Some(())
}
