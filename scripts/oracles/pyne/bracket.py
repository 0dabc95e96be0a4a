"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("bracket", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("L", strategy.long)
    if strategy.position_size > 0:
        strategy.exit("X", "L", stop=strategy.position_avg_price * 0.98, limit=strategy.position_avg_price * 1.03)
    if down:
        strategy.close("L")
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
