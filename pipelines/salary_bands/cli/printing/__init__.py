"""Results for people: tables and lines on a terminal.

Belongs here: how a document is printed. Does not belong here: what is in it.
"""
