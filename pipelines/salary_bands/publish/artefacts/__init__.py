"""The files of a release: tables, JSON, the page, documents and schemas.

Belongs here: what each file says, as text or a document. Does not belong here: when and where files are written.
"""
