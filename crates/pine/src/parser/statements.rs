//! Statements and blocks, and the declarations of functions, types, enums and imports.

use super::{Parsed, Parser};
use crate::ast::{Block, Expr, ExprKind, FieldDecl, Parameter, Persistence, Stmt, StmtKind};
use crate::lexer::Kind;

impl Parser<'_> {
    pub(super) fn script(&mut self) -> Parsed<Block> {
        let mut all = Vec::new();
        loop {
            match self.peek() {
                Kind::End => return Ok(all),
                Kind::Newline | Kind::Dedent => self.at += 1,
                Kind::Indent => {
                    return Err(self.span().advises(
                        "this line is indented, but nothing above it opens a block",
                        "remove the blanks before it, or indent a continued line by a number that is no multiple of four",
                    ));
                }
                _ => self.statement_line(&mut all)?,
            }
        }
    }

    /// One line: statements separated by commas, ended by a newline unless the last one ended in a block.
    fn statement_line(&mut self, all: &mut Block) -> Parsed<()> {
        self.statements(all)?;
        if self.ended_by_block() || self.take_newline() || matches!(self.peek(), Kind::End | Kind::Dedent) {
            return Ok(());
        }
        Err(self.expected("the end of the line"))
    }

    fn statements(&mut self, all: &mut Block) -> Parsed<()> {
        all.push(self.statement()?);
        while self.brackets == 0 && !self.ended_by_block() && (self.take(",") || self.take(";")) {
            if matches!(self.peek(), Kind::Newline | Kind::End) {
                break;
            }
            all.push(self.statement()?);
        }
        Ok(())
    }

    /// An indented block, or statements on the rest of this line.
    pub(super) fn block(&mut self) -> Parsed<Block> {
        self.deeper(|p| {
            let mut all = Vec::new();
            if !p.take_newline() {
                p.statements(&mut all)?;
                return Ok(all);
            }
            if p.peek() != Kind::Indent {
                return Err(p
                    .span()
                    .advises("expected an indented block", "indent the lines of the block by four spaces"));
            }
            p.at += 1;
            loop {
                match p.peek() {
                    Kind::Dedent => {
                        p.at += 1;
                        return Ok(all);
                    }
                    Kind::End => return Ok(all),
                    Kind::Newline => p.at += 1,
                    Kind::Indent => return Err(p.span().says("this line is indented deeper than its block")),
                    _ => p.statement_line(&mut all)?,
                }
            }
        })
    }

    fn statement(&mut self) -> Parsed<Stmt> {
        let span = self.span();
        let around = self.operators;
        let kind = self.deeper(Parser::statement_kind)?;
        self.operators = around;
        Ok(Stmt { kind, span })
    }

    fn statement_kind(&mut self) -> Parsed<StmtKind> {
        let export = matches!(self.peek_at(1), Kind::Word(_)) && self.take_word("export");
        if let Some(kind) = self.keyword_statement(export)? {
            return Ok(kind);
        }
        if self.is_function() {
            return self.function(false, export);
        }
        let persistence = match () {
            () if self.is_word("var") && matches!(self.peek_at(1), Kind::Word(_) | Kind::Sign("[")) => Persistence::Var,
            () if self.is_word("varip") => Persistence::Varip,
            () => Persistence::None,
        };
        self.at += usize::from(persistence != Persistence::None);
        if self.is("[")
            && let Some(names) = self.tuple_names()
        {
            return Ok(StmtKind::Declare { persistence, ty: None, names, tuple: true, value: self.expr()? });
        }
        let ty = self.declared_type();
        if let Kind::Word(name) = self.peek()
            && self.is_at(1, "=")
        {
            self.at += 2;
            let names = vec![name.to_owned()];
            return Ok(StmtKind::Declare { persistence, ty, names, tuple: false, value: self.expr()? });
        }
        if ty.is_some() || persistence != Persistence::None {
            let what = if ty.is_some() { "`=` and a value after the variable" } else { "a variable after var" };
            self.at += usize::from(ty.is_some());
            return Err(self.expected(what));
        }
        let target = self.expr()?;
        let sign = match self.peek() {
            _ if self.ended_by_block() => return Ok(StmtKind::Expr(target)),
            Kind::Sign(":=") => None,
            Kind::Sign("+=") => Some("+"),
            Kind::Sign("-=") => Some("-"),
            Kind::Sign("*=") => Some("*"),
            Kind::Sign("/=") => Some("/"),
            Kind::Sign("%=") => Some("%"),
            _ => return Ok(StmtKind::Expr(target)),
        };
        self.assignable(&target)?;
        self.at += 1;
        Ok(StmtKind::Assign { target, sign, value: self.expr()? })
    }

    fn assignable(&self, target: &Expr) -> Parsed<()> {
        match target.kind {
            ExprKind::Name(_) | ExprKind::Field { .. } => Ok(()),
            ExprKind::History(..) => {
                Err(target.span.advises("the past cannot be assigned", "assign the variable itself, without [..]"))
            }
            _ => Err(target.span.says("only a variable or a field can be assigned")),
        }
    }

    /// Statements that a word announces; each of these words may also be the name of a variable.
    fn keyword_statement(&mut self, export: bool) -> Parsed<Option<StmtKind>> {
        let Kind::Word(word) = self.peek() else { return Ok(None) };
        let named = matches!(self.peek_at(1), Kind::Word(_));
        let alone = matches!(self.peek_at(1), Kind::Newline | Kind::End | Kind::Dedent | Kind::Sign(","));
        let kind = match word {
            "break" if alone => {
                self.at += 1;
                StmtKind::Break
            }
            "continue" if alone => {
                self.at += 1;
                StmtKind::Continue
            }
            "import" if named || matches!(self.peek_at(1), Kind::Number(..)) => self.import()?,
            "type" if named => self.type_declaration(export)?,
            "enum" if named => self.enum_declaration(export)?,
            "method" if named && self.is_at(2, "(") => {
                self.at += 1;
                self.function(true, export)?
            }
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// `[a, b] =`, or the place as it was.
    fn tuple_names(&mut self) -> Option<Vec<String>> {
        let start = self.at;
        let mut names = Vec::new();
        self.at += 1;
        while let Kind::Word(name) = self.peek() {
            names.push(name.to_owned());
            self.at += 1;
            if !self.take(",") {
                break;
            }
        }
        if self.take("]") && self.take("=") {
            return Some(names);
        }
        self.at = start;
        None
    }

    /// `name(a, b = 1) =>`, seen by looking for the arrow behind the closing bracket.
    fn is_function(&self) -> bool {
        if !matches!(self.peek(), Kind::Word(_)) || !self.is_at(1, "(") {
            return false;
        }
        let mut depth = 0;
        for ahead in 1.. {
            match self.peek_at(ahead) {
                Kind::Sign("(") => depth += 1,
                Kind::Sign(")") => {
                    depth -= 1;
                    if depth == 0 {
                        return self.is_at(ahead + 1, "=>");
                    }
                }
                Kind::Newline | Kind::End => return false,
                _ => {}
            }
        }
        false
    }

    fn function(&mut self, method: bool, export: bool) -> Parsed<StmtKind> {
        let name = self.word("a function's name")?;
        self.need("(")?;
        let parameters = self.bracketed(|p| {
            let mut parameters = Vec::new();
            while !p.is(")") {
                let ty = p.declared_type();
                let name = p.word("a parameter")?;
                let default = if p.take("=") { Some(p.expr()?) } else { None };
                parameters.push(Parameter { name, ty, default });
                if !p.take(",") {
                    break;
                }
            }
            Ok(parameters)
        })?;
        self.need(")")?;
        self.need("=>")?;
        Ok(StmtKind::Function { name, method, export, parameters, body: self.block()? })
    }

    fn type_declaration(&mut self, export: bool) -> Parsed<StmtKind> {
        self.at += 1;
        let name = self.word("the type's name")?;
        let mut fields = Vec::new();
        self.members(|p| {
            let varip = matches!(p.peek_at(1), Kind::Word(_)) && p.take_word("varip");
            let Some(ty) = p.declared_type() else {
                return Err(p.span().advises(
                    format!("expected a field with its type, found {}", p.shown()),
                    "write the type and the name: float price = 0.0",
                ));
            };
            let name = p.word("the field's name")?;
            let default = if p.take("=") { Some(p.expr()?) } else { None };
            fields.push(FieldDecl { name, ty, default, varip });
            Ok(())
        })?;
        Ok(StmtKind::Type { name, export, fields })
    }

    fn enum_declaration(&mut self, export: bool) -> Parsed<StmtKind> {
        self.at += 1;
        let name = self.word("the enum's name")?;
        let mut fields = Vec::new();
        self.members(|p| {
            let name = p.word("a member of the enum")?;
            let title = if p.take("=") { Some(p.expr()?) } else { None };
            fields.push((name, title));
            Ok(())
        })?;
        Ok(StmtKind::Enum { name, export, fields })
    }

    /// An indented block of members, one or more a line.
    fn members(&mut self, mut member: impl FnMut(&mut Self) -> Parsed<()>) -> Parsed<()> {
        if !self.take_newline() || self.peek() != Kind::Indent {
            return Err(self.expected("the indented members, one a line"));
        }
        self.at += 1;
        loop {
            match self.peek() {
                Kind::Newline => self.at += 1,
                Kind::Dedent => {
                    self.at += 1;
                    return Ok(());
                }
                Kind::End => return Ok(()),
                _ => {
                    member(self)?;
                    let ended = matches!(self.peek(), Kind::Newline | Kind::Dedent | Kind::End) || self.take(",");
                    if !ended {
                        return Err(self.expected("the end of the line"));
                    }
                }
            }
        }
    }

    /// `import user/library/1 as lib`.
    fn import(&mut self) -> Parsed<StmtKind> {
        self.at += 1;
        let mut path = self.path_segment()?;
        while self.is("/") {
            self.clinging.extend([self.at, self.at + 1]);
            self.at += 1;
            path.push('/');
            path.push_str(&self.path_segment()?);
        }
        let alias = if self.take_word("as") { Some(self.word("the library's name here")?) } else { None };
        Ok(StmtKind::Import { path, alias })
    }

    /// A user, a library or a version: a user's name may begin with a digit and hold a `-`.
    fn path_segment(&mut self) -> Parsed<String> {
        let start = self.token(0).start;
        let mut end = start;
        while matches!(self.peek(), Kind::Word(_) | Kind::Number(..) | Kind::Sign("-")) && self.token(0).start == end {
            if end > start {
                self.clinging.push(self.at);
            }
            end = self.token(0).end;
            self.at += 1;
        }
        if end == start {
            return Err(self.expected("user/library/version"));
        }
        Ok(self.text[start..end].to_owned())
    }
}
