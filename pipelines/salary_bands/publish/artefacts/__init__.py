"""Make the files of a release: tables, JSON, the page, documents and schemas.

Belongs here: the content of each file, as text or a document. Does not belong here: when and where files are written.
"""
