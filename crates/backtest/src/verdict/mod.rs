//! The verdict: which figures a strategy must show, and the rule that turns them into one word with its reasons.
//!
//! Pure. A figure that could not be measured, or is no finite number, fails its check: what cannot be shown is not believed.
//! Hence the invariant that worsening any figure never improves the verdict.

mod checks;
mod evidence;
#[cfg(test)]
mod tests;
mod thresholds;
mod wording;

use std::fmt;

pub use evidence::{Evidence, PermutationEvidence, WalkForwardEvidence};
pub use thresholds::Thresholds;

/// The word that all the work ends in, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// More than luck, as far as this data can tell. No promise of profit.
    Plausible,
    /// Not explained by luck alone, but fragile, short or no better than holding.
    Weak,
    /// Luck, costs or the untouched bars explain it away.
    Rejected,
    /// No honest test was possible.
    NotTestable,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 4] = [Verdict::Plausible, Verdict::Weak, Verdict::Rejected, Verdict::NotTestable];

    /// As tables and addresses write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Plausible => "plausible",
            Verdict::Weak => "weak",
            Verdict::Rejected => "rejected",
            Verdict::NotTestable => "not_testable",
        }
    }

    /// The verdict that is written so.
    pub fn parse(text: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Plausible => "Plausible",
            Verdict::Weak => "Weak",
            Verdict::Rejected => "Rejected",
            Verdict::NotTestable => "Not testable",
        })
    }
}

/// One check, and how it came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// Stable name.
    pub code: &'static str,
    /// How it came out.
    pub passed: bool,
    /// The verdict that a failure leads to, at best.
    pub decides: Verdict,
    /// One sentence for a trader, with the numbers.
    pub text: String,
}

/// The verdict and everything that it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// The word.
    pub verdict: Verdict,
    /// All checks: failed ones first, the gravest at the top.
    pub reasons: Vec<Reason>,
    /// Two sentences at most.
    pub summary: String,
}

/// Applies the rule. Where no test was possible, only the checks that say so are listed.
pub fn rule(evidence: &Evidence, thresholds: &Thresholds) -> Ruling {
    let mut reasons = checks::testable(evidence);
    if reasons.iter().all(|reason| reason.passed) {
        reasons.extend(checks::tested(evidence, thresholds));
    }
    // Stable: within one gravity the order above stays.
    reasons.sort_by_key(|reason| {
        (reason.passed, std::cmp::Reverse(if reason.passed { None } else { Some(reason.decides) }))
    });
    let verdict = reasons.iter().filter(|r| !r.passed).map(|r| r.decides).max().unwrap_or(Verdict::Plausible);
    let summary = summary(verdict, &reasons);
    Ruling { verdict, reasons, summary }
}

fn summary(verdict: Verdict, reasons: &[Reason]) -> String {
    let failed: Vec<&Reason> = reasons.iter().filter(|r| !r.passed).collect();
    match failed.first() {
        None => format!("{verdict}: all {} checks passed. That is no promise of profit.", reasons.len()),
        Some(first) => {
            let others = failed.len() - 1;
            let tail = match others {
                0 => String::new(),
                1 => " One other check failed as well.".to_owned(),
                n => format!(" {n} other checks failed as well."),
            };
            format!("{verdict}: {}{tail}", first.text)
        }
    }
}
