"""`make bench`: what a refresh costs beside the floor, on two made-up populations.

Belongs here: populations of any size, measured commands, the tables and the plot of `docs/performance.md`. Does not
belong here: tests with a time limit; times depend on the machine.
"""
