"""TA-Lib's values of every indicator that the reference table defines, on each market of the request."""

import numpy as np
import talib

from oracle import answer, request


def values(bars):
    o, h, l, c, v = (np.array(bars[k], dtype=float) for k in ("open", "high", "low", "close", "volume"))
    macd, signal, histogram = talib.MACD(c, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    k, d = talib.STOCH(h, l, c, 14, 3, 0, 3, 0)
    aroon_down, aroon_up = talib.AROON(h, l, 25)
    return {
        "SMA(20)": talib.SMA(c, 20),
        "EMA(20)": talib.EMA(c, 20),
        "WMA(20)": talib.WMA(c, 20),
        "RSI(14)": talib.RSI(c, 14),
        "RSI(2)": talib.RSI(c, 2),
        "TRANGE": talib.TRANGE(h, l, c),
        "ATR(14)": talib.ATR(h, l, c, 14),
        "NATR(14)": talib.NATR(h, l, c, 14),
        "BBANDS upper(20, 2)": upper,
        "BBANDS middle(20, 2)": middle,
        "BBANDS lower(20, 2)": lower,
        "STDDEV(20)": talib.STDDEV(c, 20, 1),
        "MACD line(12, 26, 9)": macd,
        "MACD signal(12, 26, 9)": signal,
        "MACD histogram(12, 26, 9)": histogram,
        "+DI(14)": talib.PLUS_DI(h, l, c, 14),
        "-DI(14)": talib.MINUS_DI(h, l, c, 14),
        "ADX(14)": talib.ADX(h, l, c, 14),
        "STOCH %K(14, 3, 3)": k,
        "STOCH %D(14, 3, 3)": d,
        "CCI(20)": talib.CCI(h, l, c, 20),
        "WILLR(14)": talib.WILLR(h, l, c, 14),
        "ROC(10)": talib.ROC(c, 10),
        "MOM(10)": talib.MOM(c, 10),
        "OBV": talib.OBV(c, v),
        "MFI(14)": talib.MFI(h, l, c, v, 14),
        "DEMA(20)": talib.DEMA(c, 20),
        "TEMA(20)": talib.TEMA(c, 20),
        "TRIX(15)": talib.TRIX(c, 15),
        "KAMA(10)": talib.KAMA(c, 10),
        "LINEARREG(14)": talib.LINEARREG(c, 14),
        "LINEARREG_SLOPE(14)": talib.LINEARREG_SLOPE(c, 14),
        "AROON up(25)": aroon_up,
        "AROON down(25)": aroon_down,
        "MAX(20)": talib.MAX(h, 20),
        "MIN(20)": talib.MIN(l, 20),
        "SAR(0.02, 0.2)": talib.SAR(h, l, 0.02, 0.2),
    }


answer({"markets": [values(bars) for bars in request()["markets"]]})
