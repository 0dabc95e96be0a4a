"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("percent_of_equity", initial_capital=1000000, default_qty_type=strategy.percent_of_equity, default_qty_value=50, commission_type=strategy.commission.percent, commission_value=0.1)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("L", strategy.long)
    if down:
        strategy.entry("S", strategy.short)
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
