"""What arch, ffn, statsmodels, empyrical, skfolio and purgedcv find on the matrices, p-values and returns of the request. A key
that is asked of one peer alone is answered even where the others are missing."""

import numpy as np
import pandas as pd

from oracle import answer, request

ask = request()
found = {}
if "arch" in ask:
    from arch.bootstrap import SPA, StepM, optimal_block_length

    found["arch"] = []
    for case in ask["arch"]:
        losses = -np.array(case["matrix"], dtype=float)
        benchmark = np.zeros(len(losses))
        spa = SPA(benchmark, losses, block_size=case["block"], reps=case["reps"], bootstrap="stationary",
                  studentize=case["studentize"], seed=case["seed"])
        spa.compute()
        stepm = StepM(pd.Series(benchmark), pd.DataFrame(losses), size=case["size"], block_size=case["block"],
                      reps=case["reps"], bootstrap="stationary", studentize=case["studentize"], seed=case["seed"])
        stepm.compute()
        blocks = optimal_block_length(-losses)
        found["arch"].append({
            "lower": spa.pvalues["lower"], "consistent": spa.pvalues["consistent"], "upper": spa.pvalues["upper"],
            "superior": sorted(int(c) for c in stepm.superior_models),
            "block_stationary": blocks["stationary"].to_numpy(), "block_circular": blocks["circular"].to_numpy(),
        })
if "ffn" in ask:
    import ffn

    found["ffn"] = []
    for case in ask["ffn"]:
        matrix = pd.DataFrame(np.array(case["matrix"], dtype=float))
        result = ffn.calc_prob_backtest_overfitting(matrix, n_blocks=case["blocks"])
        found["ffn"].append(float(result))
if "statsmodels" in ask:
    from statsmodels.stats.multitest import multipletests

    found["statsmodels"] = [
        {method: multipletests(p, method=method)[1] for method in ("bonferroni", "holm", "fdr_by")}
        for p in ask["statsmodels"]
    ]
if "empyrical" in ask:
    import empyrical

    found["empyrical"] = []
    for case in ask["empyrical"]:
        r, k = pd.Series(np.array(case["returns"], dtype=float)), case["periods"]
        found["empyrical"].append({
            "total_return": empyrical.cum_returns_final(r),
            "cagr": empyrical.cagr(r, annualization=k),
            "volatility": empyrical.annual_volatility(r, annualization=k),
            "sharpe": empyrical.sharpe_ratio(r, annualization=k),
            "sortino": empyrical.sortino_ratio(r, annualization=k),
            "max_drawdown": empyrical.max_drawdown(r),
            "calmar": empyrical.calmar_ratio(r, annualization=k),
        })
if "skfolio" in ask:
    from skfolio.measures import expected_max_sharpe_ratio, probabilistic_sharpe_ratio
    from skfolio.model_selection import CombinatorialPurgedCV, WalkForward

    def sharpe(returns):
        return returns.mean(axis=0) / returns.std(axis=0, ddof=1)

    def paths(case):
        matrix = np.array(case["matrix"], dtype=float)
        cv = CombinatorialPurgedCV(case["groups"], case["test_groups"], purged_size=case["purge"],
                                   embargo_size=case["embargo"])
        stitched = [[] for _ in range(cv.n_test_paths)]
        splits = []
        for (train, tests), path_ids in zip(cv.split(matrix), cv.get_path_ids()):
            best = sharpe(matrix[train]).argmax()
            for test, path in zip(tests, path_ids):
                stitched[path].append(matrix[test, best])
            splits.append({"train": train, "tests": np.concatenate(tests)})
        return {"splits": splits, "sharpes": [sharpe(np.concatenate(path)) for path in stitched]}

    def stretches(case):
        cv = WalkForward(test_size=case["test"], train_size=case["train"], expand_train=case["anchored"])
        return [[train, test] for train, test in cv.split(np.zeros((case["bars"], 1)))]

    found["skfolio"] = {
        "probabilistic": [
            probabilistic_sharpe_ratio(np.array(case["returns"], dtype=float), case["benchmark"])
            for case in ask["skfolio"].get("probabilistic", [])
        ],
        "expected": [expected_max_sharpe_ratio(n, deviation) for n, deviation in ask["skfolio"].get("expected", [])],
        "paths": [paths(case) for case in ask["skfolio"].get("paths", [])],
        "stretches": [stretches(case) for case in ask["skfolio"].get("stretches", [])],
    }
if "purgedcv" in ask:
    from purgedcv import min_track_record_length, minimum_backtest_length

    found["purgedcv"] = {
        "track_record": [min_track_record_length(*case) for case in ask["purgedcv"]["track_record"]],
        "backtest": [minimum_backtest_length(n, sharpe) for n, sharpe in ask["purgedcv"]["backtest"]],
    }
answer(found)
