"""What leaves a marts folder and what arrives in one: mirror, pull, verify, serve.

Belongs here: HTTP and object stores, and checking what came over them. Does not belong here: how a release is made.
"""
