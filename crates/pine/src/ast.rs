//! The syntax tree: all of Pine's statements and expressions, versions 1 to 6, whether or not they can be run.

pub use crate::lexer::Span;

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
    /// The flag is true when it was written as a whole number.
    Number(f64, bool),
    /// A text, its escapes resolved.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// `#RRGGBB` or `#RRGGBBAA`.
    Colour,
    /// A dotted path in one name: `close`, `ta.sma`, `pos.size`; whoever resolves names splits it at a variable.
    Name(String),
    /// `f(..)`, `ta.sma(..)`, `array.new<float>(..)`, `Point.new(..)`, and `xs.push(..)` where `xs` is a plain name.
    Call {
        /// The dotted path before the bracket.
        name: String,
        /// What stands between `<` and `>`.
        types: Vec<TypeName>,
        /// The arguments in order.
        args: Vec<Arg>,
    },
    /// A call on anything that is not a name: `f(x).m(..)`, `a[1].m(..)`.
    Method {
        /// What stands before the point.
        on: Box<Expr>,
        /// The method.
        name: String,
        /// What stands between `<` and `>`.
        types: Vec<TypeName>,
        /// The arguments in order, without what it is called on.
        args: Vec<Arg>,
    },
    /// A field of anything that is not a name: `a[1].x`, `f().x`.
    Field {
        /// What stands before the point.
        on: Box<Expr>,
        /// The field.
        name: String,
    },
    /// `-`, `+`, `not`.
    Unary(&'static str, Box<Expr>),
    /// Arithmetic, comparison, `and`, `or`.
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `a ? b : c`.
    Ternary(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `a[n]`.
    History(Box<Expr>, Box<Expr>),
    /// `[a, b]`.
    Tuple(Vec<Expr>),
    /// `if`, with its value.
    If(Box<If>),
    /// `switch`, with its value.
    Switch {
        /// What the arms are compared with; without it they are conditions.
        subject: Option<Box<Expr>>,
        /// In order; the arm without an expression is the default.
        arms: Vec<(Option<Expr>, Block)>,
    },
    /// `for i = a to b by c`.
    For {
        /// The counter's name.
        counter: String,
        /// Its first value.
        from: Box<Expr>,
        /// Its last value.
        to: Box<Expr>,
        /// Its step.
        by: Option<Box<Expr>>,
        /// What is done for each.
        body: Block,
    },
    /// `for x in xs`, `for [i, x] in xs`.
    ForIn {
        /// The name of the index, if asked for.
        index: Option<String>,
        /// The name of the item.
        item: String,
        /// The collection.
        of: Box<Expr>,
        /// What is done for each.
        body: Block,
    },
    /// `while a`.
    While {
        /// Asked before each turn.
        condition: Box<Expr>,
        /// What is done each turn.
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

/// A type as written: `float`, `series int`, `array<float>`, `line[]`, `map<string, lib.Point>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// `const`, `input`, `simple` or `series`.
    pub qualifier: Option<String>,
    /// A built-in type, a collection, a user's type, `library.Type`; empty where only a qualifier is written.
    pub name: String,
    /// What a collection holds; `float[]` is `array<float>`.
    pub args: Vec<TypeName>,
}

/// An argument, perhaps named.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// `name=`.
    pub name: Option<String>,
    /// The value.
    pub value: Expr,
}

/// A parameter of a user function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, where written.
    pub ty: Option<TypeName>,
    /// Its value where the call gives none.
    pub default: Option<Expr>,
}

/// A field of a user type.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDecl {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: TypeName,
    /// Its value where `new` gives none.
    pub default: Option<Expr>,
    /// Whether it keeps its value within a bar.
    pub varip: bool,
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
    /// Anew on every bar.
    None,
    /// Once, and kept from bar to bar.
    Var,
    /// Once, and kept within a bar too.
    Varip,
}

/// The kinds of statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `x = ..`, `var float x = ..`, `[a, b] = ..`.
    Declare {
        /// How long it lives.
        persistence: Persistence,
        /// Its type, where written.
        ty: Option<TypeName>,
        /// One name, or several for a tuple.
        names: Vec<String>,
        /// Whether it was written in square brackets.
        tuple: bool,
        /// What it is given.
        value: Expr,
    },
    /// `:=`, `+=`, ...
    Assign {
        /// A name or a field.
        target: Expr,
        /// The sign without its `=`; none for `:=`.
        sign: Option<&'static str>,
        /// The right side.
        value: Expr,
    },
    /// An expression for its effect, or for the value of its block.
    Expr(Expr),
    /// `f(a, b = 1) => ..`, `method m(Point this) => ..`.
    Function {
        /// Its name.
        name: String,
        /// Whether it may be called on its first argument.
        method: bool,
        /// Whether a library offers it.
        export: bool,
        /// In order.
        parameters: Vec<Parameter>,
        /// What it does.
        body: Block,
    },
    /// `type Point`.
    Type {
        /// Its name.
        name: String,
        /// Whether a library offers it.
        export: bool,
        /// In order.
        fields: Vec<FieldDecl>,
    },
    /// `enum Side`.
    Enum {
        /// Its name.
        name: String,
        /// Whether a library offers it.
        export: bool,
        /// Each with its title, where given.
        fields: Vec<(String, Option<Expr>)>,
    },
    /// `import user/library/1 as lib`.
    Import {
        /// As written.
        path: String,
        /// The name that it gets here.
        alias: Option<String>,
    },
    /// Leaves the loop.
    Break,
    /// Goes on with the loop's next turn.
    Continue,
}
