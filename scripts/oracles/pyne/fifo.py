"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("fifo", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10, pyramiding=2)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("A", strategy.long, qty=3)
    if strategy.position_size > 0 and close < close[1]:
        strategy.entry("B", strategy.long, qty=5)
    if down:
        strategy.close("B")
    if close > close[1] and close[1] > close[2] and close[2] > close[3]:
        strategy.close_all()
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
