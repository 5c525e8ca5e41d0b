"""Leaf and tier of a report, with the rule that fired.

Belongs here: columns of reports to leaf and tier. Does not belong here: how titles are read and rules are tried
(`vocabulary`), or what titles mean (`reference/leaf_rules.yaml`).
"""
