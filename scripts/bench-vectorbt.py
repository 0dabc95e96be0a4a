#!/usr/bin/env python3
"""The peer's side of `scripts/bench`: the same two grids through vectorbt's documented route, and the comparison.

    bench-vectorbt.py run GRID CLOSES.json RESULTS.json      one JSON line: CPU seconds, wall seconds, peak memory
    bench-vectorbt.py parity GRID OURS.json THEIRS.json      one JSON line: largest gap over all sets
    bench-vectorbt.py minute GIB                             one JSON line: whether it can do 1,000 x 500,000 in so much memory
    bench-vectorbt.py summary LINES.jsonl RESULTS.json       medians, ratios and all lines in one file

Work of a run: indicators, signals, portfolio, then final value, Sharpe ratio and deepest drawdown of every set. The first
pass compiles and is not counted.
"""
import json
import resource
import statistics
import sys
import time

FEE, CASH = 0.001, 100.0


def sets_of(grid):
    if grid == "minute":
        return [(fast, slow) for fast in range(2, 102) for slow in range(10, 210, 20)]
    if grid == "rsi":
        return [(n, lo, up) for n in range(2, 27) for lo in range(10, 50, 2) for up in range(52, 92, 2)]
    return [(fast, slow) for fast in range(2, 102) for slow in range(10, 210, 2)]


def one_pass(grid, close, sets):
    import numpy as np
    import vectorbt as vbt

    columns = np.array(sets)
    if grid == "rsi":
        import talib

        prices = close.to_numpy()
        by_length = {n: talib.RSI(prices, int(n)) for n in np.unique(columns[:, 0])}
        values = np.column_stack([by_length[n] for n in columns[:, 0]])
        entries, exits = values < columns[:, 1][None, :], values > columns[:, 2][None, :]
    else:
        fast = vbt.MA.run(close, window=columns[:, 0], short_name="fast")
        slow = vbt.MA.run(close, window=columns[:, 1], short_name="slow")
        entries, exits = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
    book = vbt.Portfolio.from_signals(close, entries, exits, size=np.inf, fees=FEE, init_cash=CASH, freq="1D")
    return book.final_value().to_numpy(), book.sharpe_ratio().to_numpy(), book.max_drawdown().to_numpy()


def run(grid, closes_path, results_path):
    import numpy as np
    import pandas as pd
    import vectorbt as vbt

    vbt.settings.returns["year_freq"] = "365 days"
    prices = json.load(open(closes_path))
    close = pd.Series(prices, index=pd.date_range("2015-01-01", periods=len(prices), freq="D"))
    sets = sets_of(grid)
    one_pass(grid, close, sets)
    wall, cpu = time.perf_counter(), time.process_time()
    figures = one_pass(grid, close, sets)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    plain = lambda column: [float(x) if np.isfinite(x) else None for x in column]
    names = ("final", "sharpe", "max_drawdown")
    json.dump({"params": sets} | dict(zip(names, map(plain, figures))), open(results_path, "w"))
    print(json.dumps({
        "case": grid, "peer": f"vectorbt {vbt.__version__}", "sets": len(sets), "bars": len(prices),
        "cpu_s": cpu, "wall_s": wall, "bar_evals_per_cpu_s": round(len(sets) * len(prices) / cpu),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }))


def minute(gib):
    import numpy as np
    import pandas as pd
    import vectorbt as vbt

    # Any walk will do: what is asked is whether the arrays fit.
    bars, sets = 500_000, sets_of("minute")
    walk = 100 * np.exp(np.cumsum(np.random.default_rng(7).normal(0, 3e-4, bars)))
    close = pd.Series(walk, index=pd.date_range("2015-01-01", periods=bars, freq="min"))
    line = {"case": "minute", "peer": f"vectorbt {vbt.__version__}", "sets": len(sets), "bars": bars, "room_gib": int(gib)}
    # What it asks for, not what is mapped: libraries and thread stacks do not count.
    resource.setrlimit(resource.RLIMIT_DATA, (int(gib) << 30, int(gib) << 30))
    try:
        one_pass("minute", close, sets)
        line |= {"held": True}
    except MemoryError as why:
        line |= {"held": False, "why": str(why)}
    print(json.dumps(line | {"peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def parity(grid, ours_path, theirs_path):
    ours, theirs = json.load(open(ours_path)), json.load(open(theirs_path))
    assert [tuple(p) for p in ours["params"]] == [tuple(p) for p in theirs["params"]], "the grids differ"
    line = {"case": grid, "parity": True, "sets": len(ours["params"])}
    for name in ("final", "sharpe", "max_drawdown"):
        gaps, absent = [], 0
        for a, b in zip(ours[name], theirs[name]):
            # A set that never trades has no Sharpe ratio on either side.
            if a is None or b is None:
                assert a is None and b is None, f"{name}: {a} and {b}"
                absent += 1
            else:
                gaps.append(abs(a - b) / max(1.0, abs(b)))
        line[name] = {"largest_gap": max(gaps), "over_1e-12": sum(gap > 1e-12 for gap in gaps), "absent": absent}
    print(json.dumps(line))


def summary(lines_path, results_path):
    lines = [json.loads(line) for line in open(lines_path)]
    ratios = {}
    for grid in ("sma", "rsi"):
        theirs = [line for line in lines if line["case"] == grid and "peer" in line]
        ours = [line for line in lines if line["case"] == grid and line.get("threads") == 1]
        if theirs and ours:
            middle = lambda rows, key: statistics.median(row[key] for row in rows)
            ratios[grid] = {
                "ours_cpu_s": middle(ours, "cpu_s"), "theirs_cpu_s": middle(theirs, "cpu_s"),
                "cpu_ratio": round(middle(theirs, "cpu_s") / middle(ours, "cpu_s")),
                "memory_ratio": round(middle(theirs, "peak_rss_mib") / middle(ours, "peak_rss_mib")),
            }
    json.dump({"ratios": ratios, "lines": lines}, open(results_path, "w"), indent=1)
    print(json.dumps(ratios, indent=1))


if __name__ == "__main__":
    {"run": run, "parity": parity, "minute": minute, "summary": summary}[sys.argv[1]](*sys.argv[2:])
