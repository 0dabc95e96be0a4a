"""
@pyne
"""
from pynecore.lib import close, high, low, plot, script, strategy, syminfo, ta


@script.strategy("breakouts", initial_capital=1000000, default_qty_type=strategy.fixed, default_qty_value=10)
def main():
    fast = ta.sma(close, 5)
    slow = ta.sma(close, 20)
    up = ta.crossover(fast, slow)
    down = ta.crossunder(fast, slow)
    top = ta.highest(high, 10)
    bottom = ta.lowest(low, 10)
    top5 = ta.highest(high, 5)
    bottom5 = ta.lowest(low, 5)
    if strategy.position_size == 0:
        strategy.entry("L", strategy.long, stop=top, oca_name="breakout", oca_type=strategy.oca.cancel)
        strategy.entry("S", strategy.short, stop=bottom, oca_name="breakout", oca_type=strategy.oca.cancel)
    if strategy.position_size > 0:
        strategy.exit("X", "L", stop=bottom5)
    if strategy.position_size < 0:
        strategy.exit("Y", "S", stop=top5)
    plot(strategy.position_size, "position")
    plot(strategy.equity, "equity")
