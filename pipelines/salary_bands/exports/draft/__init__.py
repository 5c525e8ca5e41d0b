"""Draft a format for an export whose header no format has, from the names and the values of its columns.

Belongs here: guesses, each with its evidence, and questions where there is none. Does not belong here: reading rows by
a format.
"""
