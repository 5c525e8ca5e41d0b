"""Populations whose truth is known, put through the pipeline: what docs/method.md says that the simulation found.

Belongs here: the law of pay, draws from it, its exact percentiles and effects, faults, counting, tables and plots. Does
not belong here: any formula of the method; figures come out of `Workspace` and the gates as in a refresh.
"""
