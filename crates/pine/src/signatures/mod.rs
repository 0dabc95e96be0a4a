//! What Pine's own functions take and give, and what its variables are: one table for versions 1 to 6.
//!
//! The facts stand in three texts beside this file, from TradingView's reference manuals; `table` reads them once. `bind`
//! pairs the arguments of a call with parameters. Old names are answered by [`current_function`] and
//! [`current_variable`], so that the rest of the compiler knows the newest names alone.

mod bind;
mod table;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::ast::TypeName;

pub use bind::{Binding, bind, bind_method, candidates};

/// One way to call a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Its name today: `ta.sma`.
    pub name: &'static str,
    /// The versions of Pine in which it is called like this.
    pub versions: RangeInclusive<u8>,
    /// In order.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub returns: Returns,
}

/// A parameter of a built-in function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name today.
    pub name: &'static str,
    /// Names that versions before 5 gave it.
    pub old_names: Vec<&'static str>,
    /// Its type; the qualifier is the strongest that is taken. `any` takes all, `number` an int or a float, `T`, `K`
    /// and `V` what the collection holds, `tuple` a literal list.
    pub ty: TypeName,
    /// Whether and how it must be given.
    pub presence: Presence,
}

/// How a parameter may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It must be.
    Needed,
    /// It may be left out.
    Optional,
    /// It may be left out, and is only given by name: what a later version withdrew.
    NamedOnly,
    /// Any number of arguments, at least none.
    Repeated,
}

/// What a call gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Returns {
    /// None for nothing, several for a tuple.
    pub types: Vec<TypeName>,
    /// Whether the qualifier is the strongest of the arguments, rather than the written one.
    pub follows_arguments: bool,
}

/// Everything, read from the texts.
struct Table {
    functions: BTreeMap<&'static str, Vec<Signature>>,
    variables: BTreeMap<&'static str, TypeName>,
    /// Old name to new, with the versions that used it.
    old_functions: BTreeMap<&'static str, (RangeInclusive<u8>, String)>,
    old_variables: BTreeMap<&'static str, (RangeInclusive<u8>, String)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(table::read);

/// The main signature of a function in the newest version that has it: of several ways to call it, the one with the most
/// parameters.
pub fn function(name: &str) -> Option<&'static Signature> {
    let all = TABLE.functions.get(name)?;
    all.iter().max_by_key(|signature| (*signature.versions.end(), signature.parameters.len()))
}

/// Every way to call a function in a version, in the order in which they are tried.
pub fn overloads(name: &str, version: u8) -> impl Iterator<Item = &'static Signature> {
    let all = TABLE.functions.get(name).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(move |signature| signature.versions.contains(&version))
}

/// The type of a built-in variable or constant, with its qualifier.
pub fn variable(name: &str) -> Option<&'static TypeName> {
    TABLE.variables.get(name)
}

/// The names of all functions, in order.
pub fn functions() -> impl Iterator<Item = &'static str> {
    TABLE.functions.keys().copied()
}

/// The names of all variables and constants, in order.
pub fn variables() -> impl Iterator<Item = &'static str> {
    TABLE.variables.keys().copied()
}

/// What a function of a script of `version` is called today: `sma` of version 4 is `ta.sma`. A name that was never
/// changed is given back. The script's own functions come first: ask for those before.
pub fn current_function(name: &str, version: u8) -> &str {
    renamed(&TABLE.old_functions, name, version)
}

/// What a variable or constant of a script of `version` is called today: `tickerid` of version 4 is `syminfo.tickerid`,
/// `red` of version 3 is `color.red`. The script's own variables come first: ask for those before.
pub fn current_variable(name: &str, version: u8) -> &str {
    renamed(&TABLE.old_variables, name, version)
}

fn renamed<'a>(
    names: &'static BTreeMap<&'static str, (RangeInclusive<u8>, String)>,
    name: &'a str,
    version: u8,
) -> &'a str {
    match names.get(name) {
        Some((versions, current)) if versions.contains(&version) => current,
        _ => name,
    }
}

/// The built-in that was perhaps meant: the same name under another prefix, or one a slip or two away.
pub fn nearest(name: &str) -> Option<&'static str> {
    if let Some((_, current)) = TABLE.old_functions.get(name).or_else(|| TABLE.old_variables.get(name)) {
        return Some(current);
    }
    let all = || functions().chain(variables()).filter(|known| *known != name);
    let end = name.rsplit('.').next();
    let mut elsewhere = all().filter(|known| known.rsplit('.').next() == end);
    // `new` and `size` stand under many prefixes, and then say nothing.
    match (elsewhere.next(), elsewhere.next()) {
        (Some(only), None) => Some(only),
        _ => closest(name, all()),
    }
}

/// The name that a slip or two of the fingers turns into `name`.
fn closest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if name.len() > NAME_LENGTH_MAX {
        return None;
    }
    let slips = if name.len() < 6 { 1 } else { 2 };
    let near = known.map(|known| (strsim::damerau_levenshtein(known, name), known));
    near.filter(|(distance, _)| *distance <= slips).min().map(|(_, known)| known)
}

/// Longer names are not compared with others: the comparison is quadratic.
const NAME_LENGTH_MAX: usize = 80;
