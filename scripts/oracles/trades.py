"""backtesting's trade list for each case of the request: SMA crosses, long only, filled at the next open or at the same close,
with an optional stop and target as fractions of the close of the signal bar."""

import warnings

import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest

from oracle import answer, frame, request

warnings.filterwarnings("ignore")


def case(ask, bars):
    fast, slow = ask["fast"], ask["slow"]
    stop, target = ask.get("stop"), ask.get("target")

    class Cross(Strategy):
        def init(self):
            close = pd.Series(self.data.Close)
            self.fast = self.I(lambda: close.rolling(fast).mean().to_numpy())
            self.slow = self.I(lambda: close.rolling(slow).mean().to_numpy())

        def next(self):
            f, s = self.fast, self.slow
            if f[-1] > s[-1] and f[-2] <= s[-2] and not self.position:
                price = self.data.Close[-1]
                self.buy(sl=price * (1 - stop) if stop else None, tp=price * (1 + target) if target else None)
            elif f[-1] < s[-1] and f[-2] >= s[-2] and self.position:
                self.position.close()

    test = FractionalBacktest(bars, Cross, cash=10_000_000, commission=ask["fee"], fractional_unit=1e-8,
                              trade_on_close=ask["on_close"], exclusive_orders=False, finalize_trades=False)
    trades = test.run()["_trades"].sort_values(["ExitBar", "EntryBar"])
    return {
        "entry_bar": trades["EntryBar"], "exit_bar": trades["ExitBar"],
        "entry_price": trades["EntryPrice"], "exit_price": trades["ExitPrice"],
    }


ask = request()
bars = frame(ask["bars"])
answer({"cases": [case(c, bars) for c in ask["cases"]]})
