"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("trailing", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    if up:
        strategy.entry("L", strategy.long)
        strategy.exit("X", "L", trail_points=1 / syminfo.mintick, trail_offset=1.5 / syminfo.mintick, loss=3 / syminfo.mintick)
    if down:
        strategy.entry("S", strategy.short)
        strategy.exit("Y", "S", trail_points=1 / syminfo.mintick, trail_offset=1.5 / syminfo.mintick, loss=3 / syminfo.mintick)
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
