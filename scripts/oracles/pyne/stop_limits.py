"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("stop_limits", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    top = ta.highest(high, 10)
    if strategy.position_size == 0:
        strategy.entry("L", strategy.long, stop=top * 1.001, limit=top)
    if down:
        strategy.close("L")
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
