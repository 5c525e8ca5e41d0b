"""What a word means, whoever says it: money, employers, levels, places, titles, taxonomies.

Belongs here: one text or one date to its meaning. Does not belong here: frames of a stage, or which reports count.
"""
