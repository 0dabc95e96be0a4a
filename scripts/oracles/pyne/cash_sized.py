"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("cash_sized", initial_capital=1000000, default_qty_type=strategy.cash, default_qty_value=25000)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("L", strategy.long)
    if down:
        strategy.close("L")
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
