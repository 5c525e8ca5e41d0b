"""Leaf and tier of a report, with the rule that fired.

Belongs here: how titles are read, how rules are tried, and how well they do. Does not belong here: what titles mean,
which is `reference/leaf_rules.yaml`, or what the leaves are paid.
"""
