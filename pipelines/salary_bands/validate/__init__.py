"""From text to values: parse, check, split into accepted and rejected.

Belongs here: what a cell's text means, and why it cannot be used. Does not belong here: what a currency is worth,
employers, levels, places.
"""
