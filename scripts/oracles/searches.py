"""What arch, ffn, statsmodels and empyrical find on the matrices, p-values and returns of the request. A key that is asked of
one peer alone is answered even where the others are missing."""

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
answer(found)
