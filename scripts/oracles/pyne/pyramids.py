"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("pyramids", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10, pyramiding=3)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if close > close[1] and close[1] > close[2]:
        strategy.entry("L", strategy.long)
    if down:
        strategy.close_all()
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
