"""The tables of a candidate: one module for each group of tables.

Belongs here: which steps of `sql/` and which statistics make a table. Does not belong here: formulas (`sql/`,
`statistics/`), or the order in which tables are made (`registry.py`).
"""
