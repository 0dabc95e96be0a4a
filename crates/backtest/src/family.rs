//! The family that is judged: one strategy, its grid and its terms of trade, searched on whatever bars it is given.
//!
//! The real market, each permuted market and each walk-forward window are searched through this one struct, with one rule of
//! choice ([`Selection`]). The ways of executing a strategy meet here, and nothing above knows which one it is.

use std::ops::Range;

use assay_pine::check::tree::Script;
use assay_pine::graph::Graph;
use assay_pine::{Input, Program, StepProgram};

use crate::run::run_late;
use crate::screening::{By, Screener, Screening};
use crate::stepwise::broker::Intrabar;
use crate::stepwise::interpreter::{ScriptSweep, run_script, run_script_late, script_block_moments, sweep_script};
use crate::stepwise::{House, StepSweep, run_steps, run_steps_late, step_block_moments, sweep_steps};
use crate::{
    BLOCKS, Bars, Costs, Engine, Fill, Moments, Run, Search, SearchScratch, Selection, Sweep, SweepError, SweepResult,
    Trial, WarmUp, block_moments, run, sweep,
};

/// A strategy, by the way in which it is executed.
#[derive(Clone, Copy, Debug)]
pub enum Strategy<'a> {
    /// Entries and exits are series: long or flat, all in.
    Signals(&'a Program),
    /// Orders, stops and feedback from the position, bar by bar.
    Steps(&'a StepProgram, Intrabar),
    /// Whatever else a script may do, interpreted.
    Script(&'a Script, Intrabar),
}

impl<'a> From<&'a Program> for Strategy<'a> {
    fn from(program: &'a Program) -> Strategy<'a> {
        Strategy::Signals(program)
    }
}

/// With the stop hit first where a bar holds both stop and target: what the house judges by.
impl<'a> From<&'a StepProgram> for Strategy<'a> {
    fn from(program: &'a StepProgram) -> Strategy<'a> {
        Strategy::Steps(program, Intrabar::Pessimistic)
    }
}

/// On the path that suits it, as the house judges.
impl<'a> From<&'a assay_pine::Strategy> for Strategy<'a> {
    fn from(strategy: &'a assay_pine::Strategy) -> Strategy<'a> {
        match strategy {
            assay_pine::Strategy::Signals(program) => Strategy::Signals(program),
            assay_pine::Strategy::Steps { program, .. } => Strategy::Steps(program, Intrabar::Pessimistic),
            assay_pine::Strategy::Script { script, .. } => Strategy::Script(script, Intrabar::Pessimistic),
        }
    }
}

impl<'a> Strategy<'a> {
    /// Its parameters.
    pub fn inputs(self) -> &'a [Input] {
        match self {
            Strategy::Signals(program) => &program.inputs,
            Strategy::Steps(program, _) => &program.inputs,
            Strategy::Script(script, _) => &script.inputs,
        }
    }

    /// Its expressions; an interpreted script has none that can be looked at one by one.
    pub fn graph(self) -> Option<&'a Graph> {
        match self {
            Strategy::Signals(program) => Some(&program.graph),
            Strategy::Steps(program, _) => Some(&program.graph),
            Strategy::Script(..) => None,
        }
    }

    /// The default of each input.
    pub fn defaults(self) -> Vec<f64> {
        self.inputs().iter().map(|input| input.default).collect()
    }

    /// The values of a grid point, the first input changing slowest.
    pub fn point(self, index: u64) -> Vec<f64> {
        let mut rest = index;
        let mut values: Vec<f64> = self
            .inputs()
            .iter()
            .rev()
            .map(|input| {
                let length = input.grid.len() as u64;
                let value = input.grid[(rest % length) as usize];
                rest /= length;
                value
            })
            .collect();
        values.reverse();
        values
    }
}

/// What is searched, and under which terms.
#[derive(Clone, Copy, Debug)]
pub struct Family<'a> {
    /// The strategy with its grid.
    pub strategy: Strategy<'a>,
    /// What trading costs.
    pub costs: Costs,
    /// When orders fill.
    pub fill: Fill,
    /// Who computes.
    pub engine: Engine,
    /// Largest grid that is taken.
    pub grid_max: u64,
    /// Entries below which a set is chosen only when none has as many.
    pub trades_min: u32,
}

/// The set that a search ends with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// Its place in the grid.
    pub index: u64,
    /// Its Sharpe ratio per bar, net of costs; minus infinity when it never traded.
    pub sharpe: f64,
}

/// A search that is run on one set of bars after another, all of one number; one thread a call.
pub struct FamilySearch<'a>(Way<'a>);

enum Way<'a> {
    Signals(Box<Search<'a>>, u32),
    /// A sweep a market.
    Plain(Family<'a>),
}

impl FamilySearch<'_> {
    /// What `screener` makes of it, for at most `markets` markets.
    pub(crate) fn screening<'s>(&'s self, screener: Option<&'s dyn Screener>, markets: u32) -> Screening<'s> {
        match (&self.0, screener) {
            (_, None) => Screening::none(),
            (Way::Signals(search, _), Some(screener)) => search.screening(screener, markets),
            (Way::Plain(_), Some(_)) => {
                Screening::declined("orders that hang on the position are traded by the processor alone".to_owned())
            }
        }
    }

    /// The same as [`FamilySearch::best`], to the bit, with the help of a screen where it helps.
    pub(crate) fn best_screened(
        &self,
        screening: &Screening<'_>,
        bars: &Bars,
        scratch: &mut SearchScratch,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<(Option<Best>, By), SweepError> {
        match &self.0 {
            Way::Signals(search, trades_min) => {
                let (best, by) = search.best_screened(screening, bars, *trades_min, scratch, go_on)?;
                Ok((best.map(|best| Best { index: best.point, sharpe: defined(best.trial.sharpe()) }), by))
            }
            Way::Plain(_) => Ok((self.best(bars, scratch, go_on)?, By::Processor)),
        }
    }

    /// The best of the whole grid on `bars`; `None` when no point is valid. `go_on` is asked now and then; false cancels.
    ///
    /// # Errors
    /// As [`Search::best`] and [`sweep_steps`].
    pub fn best(
        &self,
        bars: &Bars,
        scratch: &mut SearchScratch,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Best>, SweepError> {
        match &self.0 {
            Way::Signals(search, trades_min) => {
                let best = search.best(bars, *trades_min, scratch, go_on)?;
                Ok(best.map(|best| Best { index: best.point, sharpe: defined(best.trial.sharpe()) }))
            }
            Way::Plain(family) => {
                let swept = family.trials(bars, 0..bars.len(), 1, &|_, _| go_on())?;
                Ok(family.best_of(&swept.trials))
            }
        }
    }
}

impl<'a> Family<'a> {
    fn sweep<'b>(&self, program: &'b Program, bars: &'b Bars, range: Range<usize>, threads: usize) -> Sweep<'b> {
        Sweep {
            program,
            bars,
            costs: self.costs,
            fill: self.fill,
            train: range,
            warm_up: WarmUp::Longest,
            engine: self.engine,
            threads,
            grid_max: self.grid_max,
        }
    }

    fn step_sweep<'b>(
        &self,
        program: &'b StepProgram,
        intrabar: Intrabar,
        bars: &'b Bars,
        range: Range<usize>,
        threads: usize,
    ) -> StepSweep<'b> {
        StepSweep {
            program,
            bars,
            house: self.house(intrabar),
            train: range,
            warm_up: WarmUp::Longest,
            engine: self.engine,
            threads,
            grid_max: self.grid_max,
        }
    }

    fn script_sweep<'b>(
        &self,
        script: &'b Script,
        intrabar: Intrabar,
        bars: &'b Bars,
        range: Range<usize>,
        threads: usize,
    ) -> ScriptSweep<'b> {
        ScriptSweep { script, bars, house: self.house(intrabar), train: range, threads, grid_max: self.grid_max }
    }

    pub(crate) fn house(&self, intrabar: Intrabar) -> House {
        House { costs: self.costs, fill: self.fill, intrabar }
    }

    /// Every point of the grid on the bars of `range`; bars before it warm up only.
    ///
    /// # Errors
    /// As [`sweep`] and [`sweep_steps`].
    pub fn trials(
        &self,
        bars: &Bars,
        range: Range<usize>,
        threads: usize,
        progress: &(dyn Fn(u64, u64) -> bool + Sync),
    ) -> Result<SweepResult, SweepError> {
        match self.strategy {
            Strategy::Signals(program) => sweep(&self.sweep(program, bars, range, threads), progress),
            Strategy::Steps(program, intrabar) => {
                Ok(sweep_steps(&self.step_sweep(program, intrabar, bars, range, threads), progress)?.result)
            }
            Strategy::Script(script, intrabar) => {
                sweep_script(&self.script_sweep(script, intrabar, bars, range, threads), progress)
            }
        }
    }

    /// The best of some trials.
    pub fn best_of(&self, trials: &[Trial]) -> Option<Best> {
        let mut selection = Selection::new(self.trades_min);
        (0u64..).zip(trials).for_each(|(point, trial)| selection.add(point, trial));
        selection.best().map(|(index, trial)| Best { index, sharpe: defined(trial.sharpe()) })
    }

    /// A search of the whole grid on other bars, as many as these.
    ///
    /// # Errors
    /// As [`sweep`].
    pub fn search<'b>(&self, bars: &'b Bars) -> Result<FamilySearch<'b>, SweepError>
    where
        'a: 'b,
    {
        Ok(FamilySearch(match self.strategy {
            Strategy::Signals(program) => {
                let search = Search::new(&self.sweep(program, bars, 0..bars.len(), 1))?;
                Way::Signals(Box::new(search), self.trades_min)
            }
            Strategy::Steps(..) | Strategy::Script(..) => Way::Plain(*self),
        }))
    }

    /// Moments of some grid points, block by block.
    ///
    /// # Errors
    /// As [`block_moments`].
    pub fn moments(
        &self,
        bars: &Bars,
        range: Range<usize>,
        points: &[u64],
    ) -> Result<Vec<[Moments; BLOCKS]>, SweepError> {
        match self.strategy {
            Strategy::Signals(program) => block_moments(&self.sweep(program, bars, range, 1), points),
            Strategy::Steps(program, intrabar) => {
                step_block_moments(&self.step_sweep(program, intrabar, bars, range, 1), points)
            }
            Strategy::Script(script, intrabar) => {
                script_block_moments(&self.script_sweep(script, intrabar, bars, range, 1), points)
            }
        }
    }

    /// One parameter set in full.
    ///
    /// # Errors
    /// As [`run()`] and [`run_steps`].
    pub fn run_values(&self, values: &[f64], bars: &Bars, range: Range<usize>) -> Result<Run, SweepError> {
        match self.strategy {
            Strategy::Signals(program) => run(program, values, bars, self.costs, self.fill, range),
            Strategy::Steps(program, intrabar) => {
                Ok(run_steps(program, values, bars, self.house(intrabar), range)?.run)
            }
            Strategy::Script(script, intrabar) => {
                Ok(run_script(script, values, bars, self.house(intrabar), range)?.run)
            }
        }
    }

    /// One point of the grid in full.
    ///
    /// # Errors
    /// As [`Family::run_values`].
    pub fn run(&self, index: u64, bars: &Bars, range: Range<usize>) -> Result<Run, SweepError> {
        self.run_values(&self.strategy.point(index), bars, range)
    }

    /// The same over all bars, with every order reaching the market `late` bars later than the strategy gives it. What it reads
    /// of its position is up to date, so a strategy with feedback goes on asking until its order is filled.
    ///
    /// # Errors
    /// As [`Family::run_values`].
    pub fn run_late(&self, index: u64, bars: &Bars, late: usize) -> Result<Run, SweepError> {
        let (values, all) = (self.strategy.point(index), 0..bars.len());
        match self.strategy {
            Strategy::Signals(program) => run_late(program, &values, bars, (self.costs, self.fill), all, late),
            Strategy::Steps(program, intrabar) => {
                Ok(run_steps_late(program, &values, bars, self.house(intrabar), all, late)?.run)
            }
            Strategy::Script(script, intrabar) => {
                Ok(run_script_late(script, &values, bars, self.house(intrabar), all, late)?.run)
            }
        }
    }
}

/// A set that never traded ranks below all others.
fn defined(sharpe: f64) -> f64 {
    if sharpe.is_nan() { f64::NEG_INFINITY } else { sharpe }
}
