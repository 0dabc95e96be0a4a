//! Variables: where a name leads, what it holds now, and what is carried to the next bar.
//!
//! Within a bar a variable is its latest value (static single assignment): a branch is lowered, its assignments are undone,
//! and what the branches left is chosen by the condition. From bar to bar it is a register: of `var`, its value at the end of
//! the bar before; of a variable whose past is asked for (`x[1]`), the same. Registers take their next value when the scope
//! that declared the variable ends, and only on bars on which it ran.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lower, Lowered, Trouble, Value, hard, soft};
use crate::graph::{Kind, NodeId, Op};
use crate::lexer::Span;

/// A variable of one scope, one call of a function or one turn of a loop.
pub(super) struct Variable {
    pub name: String,
    /// Now.
    pub value: Value,
    /// Of `var`: the register that carries it.
    pub carried: Option<usize>,
    /// Register that holds what it was at the end of the bar before, once asked for.
    pub past: Option<usize>,
    /// Whether it may change after its declaration.
    pub mutable: bool,
    /// Whether its value is a text by number.
    pub coded: bool,
    /// The condition under which it exists; `None` when on every bar.
    pub gate: Option<NodeId>,
    /// Whether it is a `const int` of Pine.
    pub const_int: bool,
    /// Declared inside a loop, where the past of a variable is not what it seems.
    pub in_loop: bool,
    /// Where it was declared.
    pub span: Span,
}

/// A loop being written out.
pub(super) struct Loop {
    /// Truth: a `break` has been met.
    pub broken: NodeId,
    /// Truth: this turn has met a `continue`.
    pub continued: NodeId,
    /// Why it is not known whether the loop goes on.
    pub doubt: Option<Trouble>,
}

/// What a branch left behind: the values of the variables that it assigned.
pub(super) type Changes = BTreeMap<usize, Value>;

impl Lower {
    /// Declares a variable in the innermost scope.
    pub(super) fn declare(&mut self, name: &str, value: Value, span: Span) -> usize {
        let variable = Variable {
            name: name.to_owned(),
            coded: matches!(value, Value::Coded(_)),
            value,
            carried: None,
            past: None,
            mutable: self.reassigned.contains(name),
            gate: self.gate(),
            const_int: false,
            in_loop: self.looped > 0,
            span,
        };
        self.variables.push(variable);
        let id = self.variables.len() - 1;
        self.scopes.last_mut().expect("a scope is open").insert(name.to_owned(), id);
        id
    }

    /// The variable of that name that is seen from here.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        // A function sees its own scopes and the script's, not those of its callers.
        let own = self.scopes[self.call_floor..].iter().rev().find_map(|scope| scope.get(name));
        own.or_else(|| self.scopes[0].get(name)).copied()
    }

    /// Gives a variable a new value.
    pub(super) fn set(&mut self, id: usize, value: Value) {
        let old = std::mem::replace(&mut self.variables[id].value, value);
        self.log.push((id, old));
    }

    /// Runs `body` as a branch that is taken when `condition` holds, and undoes what it assigned.
    pub(super) fn branch<T>(
        &mut self,
        condition: NodeId,
        span: Span,
        body: impl FnOnce(&mut Lower) -> Lowered<T>,
    ) -> Lowered<(Lowered<T>, Changes)> {
        let path = self.add(Op::And(self.path, condition), span)?;
        let outer = std::mem::replace(&mut self.path, path);
        let mark = self.log.len();
        let value = body(self);
        self.path = outer;
        if let Err(trouble) = &value
            && trouble.hard
        {
            return Err(trouble.clone());
        }
        Ok((value, self.undo(mark)))
    }

    /// Runs `body` although it is not known whether it runs: what it assigns is lost, and it may not order.
    pub(super) fn doubted<T>(&mut self, why: Trouble, body: impl FnOnce(&mut Lower) -> Lowered<T>) -> Lowered<()> {
        let outer = self.doubt.clone();
        self.doubt.get_or_insert(why.clone());
        let mark = self.log.len();
        let before = self.variables.len();
        let value = body(self);
        self.doubt = outer;
        if let Err(trouble) = value
            && trouble.hard
        {
            return Err(trouble);
        }
        for (id, left) in self.undo(mark) {
            if id < before && left != self.variables[id].value {
                self.set(id, Value::Lost(Box::new(why.clone())));
            }
        }
        Ok(())
    }

    /// Takes back every assignment since `mark` and says what they had come to.
    fn undo(&mut self, mark: usize) -> Changes {
        let mut changes = Changes::new();
        while self.log.len() > mark {
            let (id, old) = self.log.pop().expect("longer than the mark");
            let now = std::mem::replace(&mut self.variables[id].value, old);
            changes.entry(id).or_insert(now);
        }
        changes
    }

    /// What two branches left is chosen by the condition. Variables from `before` on were the branches' own.
    pub(super) fn merge(
        &mut self,
        condition: NodeId,
        mut then: Changes,
        mut otherwise: Changes,
        before: usize,
        span: Span,
    ) -> Lowered<()> {
        let changed: BTreeSet<usize> = then.keys().chain(otherwise.keys()).copied().filter(|id| *id < before).collect();
        for id in changed {
            let now = self.variables[id].value.clone();
            let a = then.remove(&id).unwrap_or_else(|| now.clone());
            let b = otherwise.remove(&id).unwrap_or_else(|| now.clone());
            // Both may have left the same, and that is new.
            if a != now || b != now {
                let joined = match self.select(condition, a, b, span) {
                    Err(trouble) if !trouble.hard => Value::Lost(Box::new(trouble)),
                    other => other?,
                };
                self.set(id, joined);
            }
        }
        Ok(())
    }

    /// Ends the innermost scope's variables: registers learn what they take to the next bar.
    pub(super) fn close_scope(&mut self) {
        let ids: Vec<usize> = self.scopes.last().map(|scope| scope.values().copied().collect()).unwrap_or_default();
        for id in ids {
            self.end_variable(id);
        }
    }

    /// Also for a variable that another of its name hides.
    pub(super) fn end_variable(&mut self, id: usize) {
        let registers = [self.variables[id].carried, self.variables[id].past];
        for register in registers.into_iter().flatten() {
            if self.draft.registers[register].next.is_none() {
                let next = self.next_value(id, register);
                self.draft.registers[register].next = Some(next.map_err(|trouble| trouble.diagnostic));
            }
        }
    }

    fn next_value(&mut self, id: usize, register: usize) -> Lowered<NodeId> {
        let (value, span, coded) =
            (self.variables[id].value.clone(), self.variables[id].span, self.variables[id].coded);
        let value = if coded { self.coded(value, span)? } else { value };
        let kind = self.draft.registers[register].kind;
        let node = match kind {
            Kind::Truth => self.truth(value, span)?,
            Kind::Number => self.number(value, span)?,
        };
        let old = self.add(Op::Register(register as u32, kind), span)?;
        self.add(Op::Select(self.path, node, old), span)
    }

    /// A text as the number that stands for it, so that a register can hold it.
    pub(super) fn coded(&mut self, value: Value, span: Span) -> Lowered<Value> {
        Ok(Value::Node(match value {
            Value::Coded(node) => node,
            Value::Text(text) => {
                let code = self.code(&text);
                self.constant(code, span)?
            }
            Value::Na => self.constant(f64::NAN, span)?,
            Value::Lost(why) => return Err(*why),
            other => return Err(soft(span.says(format!("expected a text, found {}", other.shown(self.graph()))))),
        }))
    }

    /// The number that stands for a text.
    pub(super) fn code(&mut self, text: &str) -> f64 {
        let known = self.texts.iter().position(|known| known == text);
        known.unwrap_or_else(|| {
            self.texts.push(text.to_owned());
            self.texts.len() - 1
        }) as f64
    }

    /// A new register and the node that reads it.
    pub(super) fn register(&mut self, name: &str, initial: f64, kind: Kind, span: Span) -> Lowered<(usize, NodeId)> {
        let index = self.draft.register(name, initial, kind, span.line).ok_or_else(|| {
            hard(span.says(format!("more than {} values are remembered", crate::reduce::REGISTERS_MAX)))
        })?;
        Ok((index, self.add(Op::Register(index as u32, kind), span)?))
    }

    /// What a mutable variable was at the end of the bar before.
    pub(super) fn past_of(&mut self, id: usize, kind: Kind, span: Span) -> Lowered<NodeId> {
        if let Some(register) = self.variables[id].past {
            return self.add(Op::Register(register as u32, self.draft.registers[register].kind), span);
        }
        let initial = if kind == Kind::Truth { 0.0 } else { f64::NAN };
        let name = format!("{}[1]", self.variables[id].name);
        let (register, node) = self.register(&name, initial, kind, span)?;
        self.variables[id].past = Some(register);
        Ok(node)
    }
}
