"""The marts folder, read only: releases, manifests, pointers and signatures.

Belongs here: what lies in a marts folder and how it is read. Does not belong here: writing to it (`publish`), or
fetching it (`distribute`).
"""
