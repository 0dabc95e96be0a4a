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

    /// Coarsens the ranges that were derived, not those that the text states, until the grid has at most `points` points or
    /// each of them is down to its default. The widest goes first; of equals the last declared. Says what was left out.
    pub fn fit(&mut self, points: u64) -> Vec<Diagnostic> {
        let whole: Vec<usize> = self.inputs().iter().map(|input| input.grid.len()).collect();
        while self.grid_size().is_none_or(|size| size > points) {
            let widest = (0..whole.len())
                .filter(|i| self.inputs()[*i].derived && self.inputs()[*i].grid.len() > 1)
                .max_by_key(|i| (self.inputs()[*i].grid.len(), *i));
            let Some(widest) = widest else { break };
            let input = &mut self.inputs_mut()[widest];
            input.grid = coarser(&input.grid, input.default);
        }
        let left_out = |(input, whole): (&Input, usize)| {
            (input.grid.len() < whole).then(|| Diagnostic {
                line: input.line,
                column: 1,
                message: format!("of `{}` only {} of {whole} derived values are tried, or the grid would have more than {points} points", input.name, input.grid.len()),
                help: Some("give the inputs that matter minval, maxval and step".to_owned()),
            })
        };
        self.inputs().iter().zip(whole).filter_map(left_out).collect()
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

/// Two values fewer: the ends and the default stay as long as they can, what lies between thins out.
fn coarser(grid: &[f64], default: f64) -> Vec<f64> {
    let wanted = grid.len().saturating_sub(2);
    if wanted < 3 {
        return vec![default];
    }
    let mut kept: Vec<f64> =
        (0..wanted).map(|i| grid[(i * (grid.len() - 1) + (wanted - 1) / 2) / (wanted - 1)]).collect();
    if !kept.contains(&default) {
        let middle = kept.len() / 2;
        kept[middle] = default;
    }
    kept.sort_by(f64::total_cmp);
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ranges_are_coarsened_until_the_grid_fits_and_stated_ones_stay() {
        let text = "//@version=6\nstrategy(\"t\")\na = input.int(14)\nb = input.int(20)\nc = input.int(5, minval=2, maxval=9)\nif ta.rsi(close, a) < b + c\n    strategy.entry(\"L\", strategy.long)\nif close > ta.sma(close, 5)\n    strategy.close(\"L\")\n";
        let mut read = strategy(text).unwrap();
        assert_eq!(read.grid_size(), Some(7 * 7 * 8));
        assert_eq!(read.fit(392), vec![]);
        let said = read.fit(150);
        let lengths: Vec<usize> = read.inputs().iter().map(|input| input.grid.len()).collect();
        assert_eq!(lengths, [5, 3, 8], "{said:?}");
        assert!(read.inputs().iter().all(|input| input.grid.contains(&input.default)));
        assert_eq!((said.len(), said[0].line), (2, 3));
        assert!(said[1].message.contains("3 of 7"), "{}", said[1].message);
        // What the text states is never touched.
        assert_eq!(read.fit(1).len(), 2);
        assert_eq!(read.grid_size(), Some(8));
    }

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
