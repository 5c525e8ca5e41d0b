"""From values to our words: annual USD, employers, levels, markets.

Belongs here: what a value means whoever reported it. Does not belong here: leaf and tier, or which reports count.
"""
