"""Published releases, read only: the models of their documents, the marts folder, and signatures.

Belongs here: what a marts folder contains and how it is read. Does not belong here: writing to it (`publish`), or
fetching it (`distribute`).
"""
