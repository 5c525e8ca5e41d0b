"""From candidate to release: write an immutable folder, the mart, the pointers.

Belongs here: everything under the marts folder, writing and reading. Does not belong here: what the figures are.
"""
