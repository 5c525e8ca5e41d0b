"""From text to values: parse, hold to a contract, split into accepted and rejected.

Belongs here: what a cell's text means and why it cannot be used. Does not belong here: currencies' worth,
employers, levels, places.
"""
