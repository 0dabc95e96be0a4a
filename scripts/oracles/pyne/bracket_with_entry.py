"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("bracket_with_entry", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("L", strategy.long)
        strategy.exit("X", "L", stop=close * 0.985, limit=close * 1.015)
    if down:
        strategy.entry("S", strategy.short)
        strategy.exit("Y", "S", stop=close * 1.015, limit=close * 0.985)
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
