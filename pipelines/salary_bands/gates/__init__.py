"""Gates: what must hold of a candidate beside the newest release before it is published, but for who accepts it.

Belongs here: the rules, what they look at, and accepting them. Does not belong here: checks that no release may break
(`sql/checks/`), figures that are published, or how a release is written.
"""
