"""`make backtest`: real exports split in time, what was said before against what was reported after.

Needs the exports of ../shared/data beside the checkout, which are not part of it.
"""
