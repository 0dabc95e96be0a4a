//! skfolio: which bars choose and which are tested, in combinatorial purged cross-validation and in walk-forward, and what
//! the stitched paths earn.

use assay_backtest::overfitting::{PurgedCv, WalkForwardSettings, purged_paths, walk_forward_plan};
use serde_json::{Value, json};

use super::statistics::noise;
use super::{Table, ask, numbers, ready};

/// 0 where both name the same rows, else 1.
fn apart(ours: impl IntoIterator<Item = usize>, theirs: &Value) -> f64 {
    let ours: Vec<f64> = ours.into_iter().map(|row| row as f64).collect();
    if ours == numbers(theirs) { 0.0 } else { 1.0 }
}

#[test]
fn purged_splits_and_their_paths_are_skfolios() {
    if !ready(&["skfolio"]) {
        return;
    }
    // Rows that fill the groups: where some are left over, skfolio gives them all to the last group and we spread them.
    let cases: Vec<_> =
        [(480, 8, 2, 0, 0), (480, 8, 2, 5, 5), (480, 6, 2, 12, 0), (480, 10, 3, 0, 4), (90, 5, 4, 3, 1)]
            .into_iter()
            .flat_map(|(rows, groups, test_groups, purge, embargo)| {
                let cv = PurgedCv { groups, test_groups, purge, embargo };
                [0.0, 0.0015].map(|edge| (noise(7, rows, 8, edge), cv))
            })
            .collect();
    let asked: Vec<_> = cases
        .iter()
        .map(|(matrix, cv)| {
            json!({"matrix": matrix, "groups": cv.groups, "test_groups": cv.test_groups, "purge": cv.purge,
                   "embargo": cv.embargo})
        })
        .collect();
    let theirs = ask("searches.py", &json!({"skfolio": {"paths": asked}}));
    let mut table = Table::new("skfolio 1.12.2, combinatorial purged cross-validation, ten matrices");
    for ((matrix, cv), theirs) in cases.iter().zip(theirs["skfolio"]["paths"].as_array().unwrap()) {
        let splits = cv.splits(0..matrix.len()).unwrap();
        let groups = cv.group_bars(0..matrix.len()).unwrap();
        let answered = theirs["splits"].as_array().unwrap();
        assert_eq!(splits.len(), answered.len());
        for (split, theirs) in splits.iter().zip(answered) {
            table.row("bars that choose", 1, apart(split.train.iter().cloned().flatten(), &theirs["train"]), 0.0, "");
            let tested = split.tested.iter().flat_map(|g| groups[*g].clone());
            table.row("bars that are tested", 1, apart(tested, &theirs["tests"]), 0.0, "");
        }
        let columns: Vec<Vec<f64>> = (0..8).map(|c| matrix.iter().map(|row| row[c]).collect()).collect();
        let paths = purged_paths(&columns, cv).unwrap();
        table.compare("Sharpe ratios of the paths", &paths.sharpes, &numbers(&theirs["sharpes"]), 1.0, 1e-12, "");
    }
    table.finish();
}

#[test]
fn walk_forward_stretches_are_skfolios() {
    if !ready(&["skfolio"]) {
        return;
    }
    // Bars that the stretches fill; skfolio leaves out what is over.
    let cases = [(100, 3, 0.4), (2_520, 6, 0.4), (1_000, 1, 0.5), (640, 16, 0.75)];
    let cases: Vec<_> = cases
        .into_iter()
        .flat_map(|(bars, windows, first_train)| {
            [true, false].map(|anchored| (bars, WalkForwardSettings { windows, first_train, anchored }))
        })
        .collect();
    let asked: Vec<_> = cases
        .iter()
        .map(|(bars, settings)| {
            let train = (*bars as f64 * settings.first_train).round() as usize;
            json!({"bars": bars, "train": train, "test": (bars - train) / settings.windows,
                   "anchored": settings.anchored})
        })
        .collect();
    let theirs = ask("searches.py", &json!({"skfolio": {"stretches": asked}}));
    let mut table = Table::new("skfolio 1.12.2, walk-forward, anchored and rolling");
    for ((bars, settings), theirs) in cases.iter().zip(theirs["skfolio"]["stretches"].as_array().unwrap()) {
        let plan = walk_forward_plan(*bars, settings);
        let theirs = theirs.as_array().unwrap();
        assert_eq!(plan.len(), theirs.len());
        for (stretches, theirs) in plan.iter().zip(theirs) {
            table.row("bars that choose", 1, apart(stretches.train.clone(), &theirs[0]), 0.0, "");
            table.row("bars that are traded", 1, apart(stretches.test.clone(), &theirs[1]), 0.0, "");
        }
    }
    table.finish();
}
