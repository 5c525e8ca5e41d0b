"""The only package that imports dagster: thin assets, checks, sensors and schedules over the stages.

Belongs here: what runs when, and what is shown of it. Does not belong here: anything a test would want without dagster.
"""

from salary_bands.orchestration.definitions import definitions

defs = definitions()

__all__ = ["definitions", "defs"]
