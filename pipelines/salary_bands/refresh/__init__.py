"""One refresh: find what is new, decide what is to be made, have it made, and say what was done.

Belongs here: the order of a refresh and its decisions, which cost nothing by rows. Does not belong here: executing
jobs (`orchestration/`), or printing.
"""
