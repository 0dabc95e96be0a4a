"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("netting", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.order("B", strategy.long, qty=7)
    if down:
        strategy.order("S", strategy.short, qty=4)
    if strategy.position_size > 8:
        strategy.close_all()
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
