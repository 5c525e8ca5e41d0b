"""Wire the stages into Dagster: thin assets, checks, sensors and schedules. No other package imports dagster.

Belongs here: what runs when, and what Dagster shows of it. Does not belong here: logic that can be tested without it.
"""

from salary_bands.orchestration.definitions import definitions

defs = definitions()

__all__ = ["definitions", "defs"]
