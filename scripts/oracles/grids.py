"""vectorbt's final equity, Sharpe ratio, drawdown and order count for every point of the SMA and the RSI grid: fill at the
close of the signal bar, all in, long, a fee on traded value each way, the open position marked at the last close."""

import numpy as np
import pandas as pd
import talib
import vectorbt as vbt
from vectorbt.generic import nb

from oracle import answer, request

ask = request()
vbt.settings.returns["year_freq"] = "365 days"
close = pd.Series(np.array(ask["bars"]["close"], dtype=float), index=pd.to_datetime(ask["bars"]["time"], unit="ms"))
prices = close.to_numpy()


def outcome(entries, exits):
    points, most = entries.shape[1], 0
    whole = {"equity": [], "sharpe": [], "drawdown": [], "orders": []}
    for start in range(0, points, 2_500):  # in parts: vectorbt keeps every order and every value
        part = slice(start, start + 2_500)
        pf = vbt.Portfolio.from_signals(
            close, entries[:, part], exits[:, part], size=np.inf, fees=ask["fee"], init_cash=100.0, freq="1D",
            max_orders=min(points, 2_500) * len(prices) // 4)
        whole["equity"].extend(pf.final_value().to_numpy())
        whole["sharpe"].extend(pf.sharpe_ratio().to_numpy())
        whole["drawdown"].extend(pf.max_drawdown().to_numpy())
        whole["orders"].extend(pf.orders.count().to_numpy())
    return whole


def sma():
    fast, slow = np.arange(2, 102), np.arange(10, 210, 2)
    mean = {n: nb.rolling_mean_1d_nb(prices, int(n)) for n in np.union1d(fast, slow)}
    f = np.asfortranarray(np.column_stack([mean[a] for a in fast for _ in slow]))
    s = np.asfortranarray(np.column_stack([mean[b] for _ in fast for b in slow]))
    return outcome(nb.crossed_above_nb(f, s), nb.crossed_above_nb(s, f))


def rsi():
    points = [(n, lo, up) for n in range(2, 27) for lo in range(10, 50, 2) for up in range(52, 92, 2)]
    columns = {n: talib.RSI(prices, n) for n in range(2, 27)}
    r = np.column_stack([columns[n] for n, _, _ in points])
    low, high = np.array([p[1] for p in points]), np.array([p[2] for p in points])
    return outcome(r < low[None, :], r > high[None, :])


answer({"sma": sma(), "rsi": rsi()})
