"""From candidate to release: write an immutable folder, the mart, the feed and the pointers.

Belongs here: everything that writes under the marts folder. Does not belong here: what the figures are, or how others
get the files (`distribute`).
"""
