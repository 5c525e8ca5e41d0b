"""From values to our terms: annual USD, employers, levels, places.

Belongs here: what a value means, whoever reported it. Does not belong here: leaf and tier, or which reports count.
"""
