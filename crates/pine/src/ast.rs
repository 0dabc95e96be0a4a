//! The syntax tree: all of Pine's statements and expressions, whether or not they can be lowered yet.

use crate::lexer::Span;

/// An expression and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// True when written as a whole number.
    Number(f64, bool),
    Text(String),
    Bool(bool),
    Colour,
    /// `close`, `ta.sma`, `strategy.long`.
    Name(String),
    Call {
        name: String,
        args: Vec<Arg>,
    },
    /// `.name(...)` on anything that is not a name.
    Method {
        on: Box<Expr>,
        name: String,
        args: Vec<Arg>,
    },
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    History(Box<Expr>, Box<Expr>),
    Tuple(Vec<Expr>),
    If(Box<If>),
    Switch {
        subject: Option<Box<Expr>>,
        arms: Vec<(Option<Expr>, Block)>,
    },
    /// `for` or `while`; kept whole so that it can be named when it is refused.
    Loop {
        word: &'static str,
        body: Block,
    },
}

/// `if`, any number of `else if`, `else`.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// When it holds.
    pub then: Block,
    /// When it does not; an `else if` is a block of one `if`.
    pub otherwise: Option<Block>,
}

/// An argument, perhaps named.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name=`.
    pub name: Option<String>,
    /// The value.
    pub value: Expr,
}

/// Statements in order. The value of a block is that of its last statement.
pub type Block = Vec<Stmt>;

/// A statement and where it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where.
    pub span: Span,
}

/// How a variable is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    None,
    Var,
    Varip,
}

/// The kinds of statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// One name, or several for a tuple.
    Declare {
        persistence: Persistence,
        names: Vec<String>,
        tuple: bool,
        value: Expr,
    },
    /// `:=`, `+=`, ...; the sign without `=` or `:`.
    Assign {
        name: String,
        sign: Option<&'static str>,
        value: Expr,
    },
    Expr(Expr),
    Function {
        name: String,
        parameters: Vec<(String, Option<Expr>)>,
        body: Block,
    },
    /// `import`, `type`, `enum`, `method`, `break`, `continue`: recognised, to be refused by name.
    Other(&'static str),
}
