"""Query published releases: bands, lists of releases, offers, and differences between two releases.

Belongs here: functions that read a marts folder and return one document. Does not belong here: printing, or anything
that needs the work folder.
"""
