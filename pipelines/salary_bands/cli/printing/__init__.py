"""Print results as tables and lines on a terminal.

Belongs here: how a document is printed. Does not belong here: what the document contains.
"""
