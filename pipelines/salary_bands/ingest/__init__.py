"""From files to raw_reports: open safely, decode, recognise the format by its header, map columns.

Belongs here: everything that touches the bytes of an export. Does not belong here: what a cell's text means.
"""
