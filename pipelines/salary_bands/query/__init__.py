"""Questions to published tables: bands, releases, offers, and what moved between two releases.

Belongs here: reading a marts folder and answering with one document. Does not belong here: printing, or anything that
needs the work folder.
"""
