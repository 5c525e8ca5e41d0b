"""Leaf and tier of a report, with the rule that fired.

Belongs here: the taxonomy. Does not belong here: what the leaves are paid.
"""
