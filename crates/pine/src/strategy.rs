//! A script on the path that suits it, from fast to general: pure signals, state and orders as data flow, the plain tree.
//!
//! Each path holds all that the one before it holds, and means the same by it; what is lost on the way is speed. Why a script
//! is not on the faster path is kept, for whoever asks.

use crate::check::check;
use crate::check::tree::Script;
use crate::{Compiled, Diagnostic, Input, Program, Refusal, Settings, StepProgram, compile_any};

/// A checked strategy.
#[derive(Clone, Debug)]
pub enum Strategy {
    /// Entry and exit are columns: long only, all in, no state.
    Signals(Program),
    /// State, stops, shorts, sizing or feedback as data flow, walked bar by bar for many parameter sets in lock step.
    Steps {
        /// What is walked.
        program: StepProgram,
        /// The first reason why it is no pair of signals.
        because: Diagnostic,
    },
    /// Arrays, objects, texts, loops without a known end: interpreted, one parameter set at a time.
    Script {
        /// What is interpreted.
        script: Script,
        /// Why it is no data flow.
        because: Refusal,
    },
}

/// Reads a script and finds its path. Never panics and never hangs, whatever the text.
///
/// # Errors
/// Everything that no path holds, with line, column, name and, where there is one, the way round.
pub fn strategy(text: &str) -> Result<Strategy, Refusal> {
    match compile_any(text) {
        Ok(Compiled::Signals(program)) => Ok(Strategy::Signals(program)),
        Ok(Compiled::Steps(program, because)) => Ok(Strategy::Steps { program, because }),
        // The interpreter holds more than the data flow, so its refusal is the one that stands.
        Err(because) => Ok(Strategy::Script { script: check(text)?, because }),
    }
}

impl From<Program> for Strategy {
    fn from(program: Program) -> Strategy {
        Strategy::Signals(program)
    }
}

impl Strategy {
    /// The title given to `strategy(...)`.
    pub fn title(&self) -> &str {
        match self {
            Strategy::Signals(program) => &program.title,
            Strategy::Steps { program, .. } => &program.title,
            Strategy::Script { script, .. } => &script.title,
        }
    }

    /// Pine version of the text.
    pub fn version(&self) -> u8 {
        match self {
            Strategy::Signals(program) => program.version,
            Strategy::Steps { program, .. } => program.version,
            Strategy::Script { script, .. } => script.version,
        }
    }

    /// Parameters in the order of their declaration.
    pub fn inputs(&self) -> &[Input] {
        match self {
            Strategy::Signals(program) => &program.inputs,
            Strategy::Steps { program, .. } => &program.inputs,
            Strategy::Script { script, .. } => &script.inputs,
        }
    }

    /// The same, to narrow or widen their grids.
    pub fn inputs_mut(&mut self) -> &mut [Input] {
        match self {
            Strategy::Signals(program) => &mut program.inputs,
            Strategy::Steps { program, .. } => &mut program.inputs,
            Strategy::Script { script, .. } => &mut script.inputs,
        }
    }

    /// What `strategy(...)` says of execution.
    pub fn settings(&self) -> &Settings {
        match self {
            Strategy::Signals(program) => &program.settings,
            Strategy::Steps { program, .. } => &program.settings,
            Strategy::Script { script, .. } => &script.settings,
        }
    }

    /// Things a reader should know that do not stop the run.
    pub fn warnings(&self) -> &[Diagnostic] {
        match self {
            Strategy::Signals(program) => &program.warnings,
            Strategy::Steps { program, .. } => &program.warnings,
            Strategy::Script { script, .. } => &script.warnings,
        }
    }

    /// Where the text itself says that it reads the future.
    pub fn looks_ahead(&self) -> Option<&Diagnostic> {
        match self {
            Strategy::Signals(_) | Strategy::Steps { .. } => None,
            Strategy::Script { script, .. } => script.look_ahead.first(),
        }
    }

    /// In one word: `signals`, `steps` or `script`.
    pub fn path(&self) -> &'static str {
        match self {
            Strategy::Signals(_) => "signals",
            Strategy::Steps { .. } => "steps",
            Strategy::Script { .. } => "script",
        }
    }

    /// Why it is on no faster path; `None` on the fastest.
    pub fn because(&self) -> Option<&Diagnostic> {
        match self {
            Strategy::Signals(_) => None,
            Strategy::Steps { because, .. } => Some(because),
            Strategy::Script { because, .. } => because.0.first(),
        }
    }

    /// Points in the grid; `None` past 2^64.
    pub fn grid_size(&self) -> Option<u64> {
        self.inputs().iter().try_fold(1u64, |n, input| n.checked_mul(input.grid.len() as u64))
    }

    /// The values of grid point `index`: the first input changes slowest. Panics if `index` is past the grid.
    pub fn point(&self, mut index: u64) -> Vec<f64> {
        let inputs = self.inputs();
        let mut values = vec![0.0; inputs.len()];
        for (value, input) in values.iter_mut().zip(inputs).rev() {
            let n = input.grid.len() as u64;
            *value = input.grid[(index % n) as usize];
            index /= n;
        }
        assert_eq!(index, 0, "the index lies in the grid");
        values
    }

    /// The default of every input.
    pub fn defaults(&self) -> Vec<f64> {
        self.inputs().iter().map(|input| input.default).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(body: &str) -> &'static str {
        strategy(&format!("//@version=6\nstrategy(\"t\")\n{body}\n")).unwrap_or_else(|e| panic!("{e}")).path()
    }

    #[test]
    fn a_script_takes_the_fastest_path_that_holds_it() {
        let signals = "if ta.rsi(close, 2) < 10\n    strategy.entry(\"L\", strategy.long)\nif close > ta.sma(close, 5)\n    strategy.close(\"L\")";
        assert_eq!(path(signals), "signals");
        let stop = "if ta.rsi(close, 2) < 10\n    strategy.entry(\"L\", strategy.long)\nstrategy.exit(\"x\", \"L\", stop = strategy.position_avg_price * 0.95)";
        assert_eq!(path(stop), "steps");
        let array = format!(
            "var xs = array.new<float>(0)\nxs.push(close)\nif xs.size() > 9 and xs.avg() > close\n    strategy.entry(\"L\", strategy.long)\n{stop}"
        );
        assert_eq!(path(&array), "script");
    }

    #[test]
    fn what_no_path_holds_is_refused_by_the_widest() {
        let text = "//@version=6\nstrategy(\"t\")\nx = request.financial(\"A\", \"B\", \"FQ\")\nif x > 0\n    strategy.entry(\"L\", strategy.long)\n";
        let refusal = strategy(text).unwrap_err();
        assert_eq!(refusal.0[0].line, 3, "{refusal}");
    }
}
