//! Syntax tree to checked script: names, types, call sites, inputs; for the plain interpreter.
//!
//! Every call of a function is a copy of its body, so each has its own variables and states, as Pine wants it. What cannot
//! run is noted where it stands and refuses the script only if something that trades depends on it (`live`): a table drawn
//! from another symbol's prices does no harm.

mod builtins;
mod calls;
mod expr;
pub(crate) mod header;
mod inputs;
mod live;
mod names;
mod objects;
mod requests;
mod statements;
mod ta;
mod table;
pub mod tree;
mod types;

pub use ta::Ta;

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{Block, Expr, FieldDecl, Parameter, Stmt};
use crate::lexer::Span;
use crate::{Diagnostic, Input, Refusal, Settings};
use tree::{Body, Code, Depth, Script, Slot};
use types::Type;

/// Most nodes of one script, copies of functions included.
pub const NODES_MAX: u64 = 1_000_000;
/// Most requests for other intervals.
pub const REQUESTS_MAX: usize = 200;
/// Deepest call of user functions.
pub const CALL_DEPTH_MAX: usize = 60;
/// Deepest expression, copies of functions included.
pub const DEPTH_MAX: u32 = 400;
/// Most arms of one `switch`.
pub const ARMS_MAX: usize = 300;
/// Most findings reported at once.
const FINDINGS_MAX: usize = 20;

type Checked<T> = Result<T, Diagnostic>;

/// A value known before the run.
#[derive(Clone, Debug, PartialEq)]
enum Known {
    Number(f64),
    Truth(bool),
    Text(String),
}

/// A checked expression.
#[derive(Clone, Debug)]
struct Typed {
    code: Code,
    ty: Type,
    known: Option<Known>,
    /// Written in the text, not given by an input.
    literal: bool,
}

impl Typed {
    fn new(code: Code, ty: Type) -> Typed {
        Typed { code, ty, known: None, literal: false }
    }
    fn number(x: f64, ty: Type) -> Typed {
        Typed { code: Code::Number(x), ty, known: Some(Known::Number(x)), literal: true }
    }
    fn truth(b: bool) -> Typed {
        Typed { code: Code::Truth(b), ty: Type::Bool, known: Some(Known::Truth(b)), literal: true }
    }
    fn text(text: &str) -> Typed {
        Typed {
            code: Code::Text(text.into()),
            ty: Type::Text,
            known: Some(Known::Text(text.to_owned())),
            literal: true,
        }
    }
    fn inert(ty: Type) -> Typed {
        Typed::new(Code::Inert, ty)
    }
    fn na() -> Typed {
        Typed::new(Code::Na, Type::Any)
    }
    fn void() -> Typed {
        Typed::new(Code::Na, Type::Void)
    }
}

/// A variable in scope.
#[derive(Clone, Debug)]
struct Binding {
    slot: u32,
    ty: Type,
    known: Option<Known>,
    literal: bool,
}

/// A user function or method.
struct Function<'a> {
    name: &'a str,
    method: bool,
    parameters: &'a [Parameter],
    body: &'a Block,
}

/// A user type.
#[derive(Clone, Copy)]
struct UserType<'a> {
    fields: &'a [FieldDecl],
}

/// A call of a user function that is being written out, or the script itself: what a request must repeat.
#[derive(Clone)]
struct Frame<'a> {
    function: Option<usize>,
    /// In the order of the parameters; `None` takes the default.
    arguments: Vec<Option<&'a Expr>>,
    done: Vec<&'a Stmt>,
}

struct Checker<'a> {
    version: u8,
    /// Names that are assigned anywhere: the others keep the value they are declared with.
    assigned: BTreeSet<&'a str>,
    /// The script's functions that place orders.
    ordering: BTreeSet<String>,
    functions: Vec<Function<'a>>,
    types: Vec<UserType<'a>>,
    type_names: BTreeMap<&'a str, usize>,
    enums: BTreeMap<&'a str, &'a [(String, Option<Expr>)]>,
    imports: BTreeSet<String>,
    body: Body,
    /// Built-in series that advance on every bar wherever they are read.
    prelude: Vec<Code>,
    prelude_slots: BTreeMap<String, u32>,
    /// Innermost last.
    scopes: Vec<BTreeMap<&'a str, Binding>>,
    /// Where a function may not look past.
    floor: usize,
    calls: Vec<usize>,
    frames: Vec<Frame<'a>>,
    /// Inside a request: orders do nothing.
    requesting: bool,
    requests: usize,
    loops: u32,
    inputs: Vec<Input>,
    input_at: BTreeMap<(u32, u32), u16>,
    assigned_to: Option<&'a str>,
    title: Option<String>,
    settings: Settings,
    orders: bool,
    /// The script asks for coordinates of its own drawings, so they must be kept.
    reads_drawings: bool,
    refused: Vec<Diagnostic>,
    look_ahead: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    /// Classes of values that are shared by reference; 0 is unknown.
    classes: BTreeMap<String, u32>,
    /// The first line that asks for the last bar.
    end_read: Option<u32>,
    nodes: u64,
    depth: u32,
}

/// Checks a whole script for the plain interpreter: everything that public strategies use. Never panics and never hangs.
///
/// # Errors
/// Everything that cannot run, with line, column, name and, where there is one, the way round.
pub fn check(text: &str) -> Result<Script, Refusal> {
    let refuse = |diagnostic: Diagnostic| Refusal(vec![diagnostic]);
    crate::bounded(text).map_err(refuse)?;
    let version = crate::version(text).map_err(refuse)?;
    let script = crate::parsed(text, version)?;
    check_script(&script, version, reads_drawings(text))
}

/// Whether coordinates of drawings are read back anywhere: only then must they be kept.
fn reads_drawings(text: &str) -> bool {
    let wanted = ["x", "y", "top", "bottom", "left", "right", "price", "text"];
    text.match_indices(".get_").any(|(at, _)| wanted.iter().any(|what| text[at + 5..].starts_with(what)))
}

/// Checks a parsed script of the given version.
fn check_script(script: &Block, version: u8, reads_drawings: bool) -> Result<Script, Refusal> {
    let mut checker = Checker {
        version,
        assigned: BTreeSet::new(),
        ordering: crate::calls::ordering(script),
        functions: Vec::new(),
        types: Vec::new(),
        type_names: BTreeMap::new(),
        enums: BTreeMap::new(),
        imports: BTreeSet::new(),
        body: Body::default(),
        prelude: Vec::new(),
        prelude_slots: BTreeMap::new(),
        scopes: vec![BTreeMap::new()],
        floor: 0,
        calls: Vec::new(),
        frames: vec![Frame { function: None, arguments: Vec::new(), done: Vec::new() }],
        requesting: false,
        requests: 0,
        loops: 0,
        inputs: Vec::new(),
        input_at: BTreeMap::new(),
        assigned_to: None,
        title: None,
        settings: Settings::default(),
        orders: false,
        reads_drawings,
        refused: Vec::new(),
        look_ahead: Vec::new(),
        warnings: Vec::new(),
        classes: BTreeMap::new(),
        end_read: None,
        nodes: 0,
        depth: 0,
    };
    statements::assigned_names(script, &mut checker.assigned);
    let mut findings = Vec::new();
    for statement in script {
        match checker.statement(statement) {
            Ok(typed) => checker.body.code.push(typed.code),
            Err(finding) => {
                findings.push(finding);
                checker.declare_unknown(statement);
            }
        }
        if let Some(frame) = checker.frames.first_mut() {
            frame.done.push(statement);
        }
        if findings.len() >= FINDINGS_MAX || checker.nodes > NODES_MAX {
            break;
        }
    }
    if !findings.is_empty() {
        return Err(Refusal(findings));
    }
    checker.finish()
}

impl<'a> Checker<'a> {
    fn finish(mut self) -> Result<Script, Refusal> {
        let start = Span { line: 1, column: 1 };
        let Some(title) = self.title.take() else {
            return Err(Refusal(vec![start.advises(
                "there is no strategy(...) call",
                "an indicator has nothing to back-test: give it strategy(\"name\") and strategy.entry / strategy.close calls",
            )]));
        };
        if !self.orders {
            return Err(Refusal(vec![start.advises(
                "the script never places an order",
                "call strategy.entry(\"Long\", strategy.long) under the condition to buy",
            )]));
        }
        let mut body = std::mem::take(&mut self.body);
        body.code.splice(0..0, std::mem::take(&mut self.prelude));
        let used = live::prune(&mut body, self.inputs.len());
        let mut findings: Vec<Diagnostic> = used.refused.iter().map(|at| self.refused[*at as usize].clone()).collect();
        findings.sort_by_key(|finding| (finding.line, finding.column));
        findings.dedup();
        findings.truncate(FINDINGS_MAX);
        if !findings.is_empty() {
            return Err(Refusal(findings));
        }
        if !used.orders {
            self.warnings.push(start.advises(
                "no order of this script can ever be placed with its default inputs",
                "check the switches that its orders stand behind",
            ));
        }
        for (i, input) in self.inputs.iter_mut().enumerate() {
            if !used.inputs[i] {
                input.grid = vec![input.default];
                input.derived = false;
            } else if input.derived {
                let (from, to) = (input.grid[0], input.grid[input.grid.len() - 1]);
                let message = format!(
                    "`{}` states no range: {from} to {to} is derived from its default {}",
                    input.name, input.default
                );
                self.warnings
                    .push(Span { line: input.line, column: 1 }.advises(message, "give it minval, maxval and step"));
            }
        }
        if used.reads_end {
            let line = self.end_read.unwrap_or(1);
            self.warnings.push(Span { line, column: 1 }.advises(
                "the last bar of the file is asked for, which a trader cannot know",
                "leave barstate.islast and last_bar_index to drawings",
            ));
        }
        self.warnings.sort_by_key(|warning| (warning.line, warning.column));
        self.warnings.dedup();
        self.look_ahead.retain(|finding| used.request_lines.contains(&finding.line));
        self.look_ahead.sort_by_key(|finding| (finding.line, finding.column));
        self.look_ahead.dedup();
        Ok(Script {
            title,
            version: self.version,
            inputs: self.inputs,
            settings: self.settings,
            body,
            look_ahead: self.look_ahead,
            warnings: self.warnings,
        })
    }

    fn slot(&mut self, ty: &Type, global: bool) -> u32 {
        let truth = self.version >= 6 && *ty == Type::Bool;
        self.body.slots.push(Slot { depth: Depth::None, global, truth });
        self.body.slots.len() as u32 - 1
    }

    fn series(&mut self, depth: Depth, ty: &Type) -> u32 {
        self.body.series.push((depth, self.version >= 6 && *ty == Type::Bool));
        self.body.series.len() as u32 - 1
    }

    fn site(&mut self, span: Span) -> u32 {
        self.body.sites.push(span.line);
        self.body.sites.len() as u32 - 1
    }

    fn is_global(&self) -> bool {
        self.scopes.len() == 1 && self.calls.is_empty()
    }

    fn find(&self, name: &str) -> Option<&Binding> {
        // A function sees its own scopes and the script's, not those of its callers.
        let own = self.scopes[self.floor..].iter().rev().find_map(|scope| scope.get(name));
        own.or_else(|| self.scopes[0].get(name))
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Binding> {
        let floor = self.floor;
        let at = (floor..self.scopes.len()).rev().find(|&i| self.scopes[i].contains_key(name)).unwrap_or(0);
        self.scopes[at].get_mut(name)
    }

    fn declare(&mut self, name: &'a str, binding: Binding) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name, binding);
        }
    }

    /// The class of a type whose values are shared by reference.
    fn class(&mut self, ty: &Type) -> u32 {
        fn key(ty: &Type) -> Option<String> {
            Some(match ty {
                Type::Any => return None,
                Type::Int | Type::Float => "number".into(),
                Type::Array(of) => format!("array of {}", key(of)?),
                Type::Matrix(of) => format!("matrix of {}", key(of)?),
                Type::Map(pair) => format!("map of {} to {}", key(&pair.0)?, key(&pair.1)?),
                Type::Object(of) => format!("object {of}"),
                Type::Drawing(_) => "drawing".into(),
                other => format!("{other:?}"),
            })
        }
        let Some(key) = key(ty) else { return 0 };
        let next = self.classes.len() as u32 + 1;
        *self.classes.entry(key).or_insert(next)
    }

    /// Something that cannot run, noted; it refuses the script if it turns out to be live.
    fn refuse(&mut self, finding: Diagnostic) -> Typed {
        self.refused.push(finding);
        Typed::new(Code::Refused(self.refused.len() as u32 - 1), Type::Any)
    }

    fn warn(&mut self, warning: Diagnostic) {
        if !self.requesting && self.warnings.len() < 1_000 {
            self.warnings.push(warning);
        }
    }

    fn deepen(slot: &mut Depth, by: Depth) {
        *slot = match (*slot, by) {
            (Depth::Any, _) | (_, Depth::Any) => Depth::Any,
            (Depth::Bars(a), Depth::Bars(b)) => Depth::Bars(a.max(b)),
            (Depth::None, b) => b,
            (a, Depth::None) => a,
        };
    }
}
