"""What every Python adapter shares: one JSON request on standard input, one JSON answer on standard output."""

import json
import math
import sys

import numpy as np
import pandas as pd


def request():
    return json.load(sys.stdin)


def finite(x):
    """Numbers as JSON knows them: what is not a number is null."""
    if isinstance(x, dict):
        return {key: finite(value) for key, value in x.items()}
    if isinstance(x, (list, tuple, np.ndarray, pd.Series)):
        return [finite(value) for value in x]
    if isinstance(x, (bool, np.bool_)):
        return bool(x)
    if isinstance(x, (int, np.integer)):
        return int(x)
    if isinstance(x, (float, np.floating)):
        return float(x) if math.isfinite(x) else None
    return x


def answer(value):
    json.dump(finite(value), sys.stdout)


def frame(bars):
    """Bars as a data frame with the column names and the index that most peers expect."""
    columns = {name.capitalize(): bars[name] for name in ("open", "high", "low", "close", "volume")}
    return pd.DataFrame(columns, index=pd.to_datetime(bars["time"], unit="ms"), dtype=float)
