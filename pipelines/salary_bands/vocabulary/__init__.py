"""Look up what words mean: money, employers, levels, places, titles, taxonomies.

Belongs here: functions from one text or date to its meaning, independent of the source. Does not belong here: frames of
a stage, or which reports count.
"""
