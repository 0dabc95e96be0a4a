//! Which argument is which parameter.
//!
//! Of several ways to call a function the first wins that the arguments fit by number, by name, and by what a literal
//! alone tells (a list is no number). Where types must decide, [`candidates`] gives them all.

use super::{Parameter, Presence, Signature, closest, nearest, overloads};
use crate::Diagnostic;
use crate::ast::{Arg, Expr, ExprKind, Span};

/// The arguments of a call, by parameter.
#[derive(Clone, Debug)]
pub struct Binding<'a> {
    /// The way in which the function is called.
    pub signature: &'static Signature,
    /// For each parameter what it was given; none for those left out and for the one that repeats.
    pub values: Vec<Option<&'a Expr>>,
    /// What the parameter that repeats was given.
    pub repeated: Vec<&'a Expr>,
}

impl<'a> Binding<'a> {
    /// What the parameter was given, by its name today.
    pub fn value(&self, parameter: &str) -> Option<&'a Expr> {
        let at = self.signature.parameters.iter().position(|p| p.name == parameter)?;
        self.values[at]
    }
}

/// An argument: its name, if given by name, and its value.
type Given<'a> = (Option<&'a str>, &'a Expr);

/// Binds the arguments of a call at `span` in a script of `version`; `name` is the function's name today.
///
/// # Errors
/// An argument that no parameter takes, that is given twice, or that is missing: with its name, the function's, and the
/// parameter that was perhaps meant.
pub fn bind<'a>(name: &str, version: u8, args: &'a [Arg], span: Span) -> Result<Binding<'a>, Diagnostic> {
    candidates(name, version, None, args, span).map(|mut all| all.swap_remove(0))
}

/// Binds a call on a value, which is the first argument: `xs.push(1)` is `array.push(xs, 1)`.
///
/// # Errors
/// As [`bind`].
pub fn bind_method<'a>(
    name: &str,
    version: u8,
    on: &'a Expr,
    args: &'a [Arg],
    span: Span,
) -> Result<Binding<'a>, Diagnostic> {
    candidates(name, version, Some(on), args, span).map(|mut all| all.swap_remove(0))
}

/// Every way of calling the function that the arguments fit by form; never empty.
///
/// # Errors
/// As [`bind`].
pub fn candidates<'a>(
    name: &str,
    version: u8,
    on: Option<&'a Expr>,
    args: &'a [Arg],
    span: Span,
) -> Result<Vec<Binding<'a>>, Diagnostic> {
    let given: Vec<Given<'a>> =
        on.map(|on| (None, on)).into_iter().chain(args.iter().map(|a| (a.name.as_deref(), &a.value))).collect();
    let mut fitting = Vec::new();
    let mut finding: Option<(usize, Diagnostic)> = None;
    for signature in overloads(name, version) {
        match one(signature, version, &given, span) {
            Ok(binding) => fitting.push(binding),
            // What is wrong with the longest way of calling it says most.
            Err(new) if finding.as_ref().is_none_or(|(length, _)| *length < signature.parameters.len()) => {
                finding = Some((signature.parameters.len(), new));
            }
            Err(_) => {}
        }
    }
    if let (true, Some((_, finding))) = (fitting.is_empty(), finding) {
        return Err(finding);
    }
    if fitting.is_empty() {
        return Err(unknown(name, version, span));
    }
    if fitting.iter().any(fits_literals) {
        fitting.retain(fits_literals);
    }
    Ok(fitting)
}

fn unknown(name: &str, version: u8, span: Span) -> Diagnostic {
    if super::function(name).is_some() {
        return span.says(format!("`{name}` is no function of version {version}"));
    }
    let says = format!("`{name}` is not known");
    match nearest(name) {
        Some(near) => span.advises(says, format!("did you mean {near}?")),
        None => span.says(says),
    }
}

fn one<'a>(
    signature: &'static Signature,
    version: u8,
    given: &[Given<'a>],
    span: Span,
) -> Result<Binding<'a>, Diagnostic> {
    let (name, parameters) = (signature.name, &signature.parameters);
    let mut binding = Binding { signature, values: vec![None; parameters.len()], repeated: Vec::new() };
    let mut place = 0;
    let mut named = false;
    for (argument, value) in given {
        let at = match argument {
            Some(argument) => {
                named = true;
                parameters.iter().position(|p| is_called(p, argument, version)).ok_or_else(|| {
                    let says = format!("`{name}` has no parameter `{argument}`");
                    value.span.advises(says, meant(argument, parameters))
                })?
            }
            None if named => {
                let says = format!("an argument of `{name}` without a name stands behind one with a name");
                return Err(value.span.advises(says, "name it, or move it before the named ones"));
            }
            None => {
                let at = place;
                let takes = parameters.get(at).map(|p| p.presence).filter(|p| *p != Presence::NamedOnly);
                if takes != Some(Presence::Repeated) {
                    place += 1;
                }
                if takes.is_none() {
                    let count = parameters.iter().filter(|p| p.presence != Presence::NamedOnly).count();
                    let given = given.iter().filter(|(name, _)| name.is_none()).count();
                    let arguments = if count == 1 { "argument" } else { "arguments" };
                    return Err(value.span.says(format!("`{name}` takes {count} {arguments}, {given} are given")));
                }
                at
            }
        };
        let by_place = argument.is_some() && at < place;
        if parameters[at].presence == Presence::Repeated {
            binding.repeated.push(value);
        } else if binding.values[at].replace(value).is_some() && !(version < 4 && by_place) {
            // The first versions let a name repeat what was given by place: input(14, defval=14).
            return Err(value.span.says(format!("the argument `{}` of `{name}` is given twice", parameters[at].name)));
        }
    }
    let missing = parameters.iter().zip(&binding.values).find(|(p, v)| p.presence == Presence::Needed && v.is_none());
    match missing {
        Some((parameter, _)) => Err(span.says(format!("`{name}` needs the argument `{}`", parameter.name))),
        None => Ok(binding),
    }
}

fn is_called(parameter: &Parameter, name: &str, version: u8) -> bool {
    parameter.name == name || version < 5 && parameter.old_names.contains(&name)
}

/// The parameters most like a name that none has.
fn meant(argument: &str, parameters: &[Parameter]) -> String {
    let old = parameters.iter().find(|p| p.old_names.contains(&argument)).map(|p| p.name);
    match old.or_else(|| closest(argument, parameters.iter().map(|p| p.name))) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let all: Vec<&str> = parameters.iter().map(|p| p.name).collect();
            if all.is_empty() { "it takes none".into() } else { format!("it has {}", all.join(", ")) }
        }
    }
}

fn fits_literals(binding: &Binding) -> bool {
    binding.signature.parameters.iter().zip(&binding.values).all(|(parameter, value)| {
        let wants = parameter.ty.name.as_str();
        match value.map(|value| &value.kind) {
            Some(ExprKind::Tuple(_)) => matches!(wants, "tuple" | "any"),
            Some(ExprKind::Text(_)) => matches!(wants, "string" | "any" | "T" | "K" | "V"),
            Some(ExprKind::Number(..)) => !matches!(wants, "string" | "tuple" | "color" | "chart.point"),
            Some(ExprKind::Bool(_)) => !matches!(wants, "string" | "tuple" | "color" | "chart.point" | "number"),
            _ => true,
        }
    })
}
