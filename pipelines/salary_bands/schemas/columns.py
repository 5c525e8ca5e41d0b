"""Declare the columns of tables: type, description, unit and checks."""

from typing import Any

import pandera.pandas as pa

LEVELS = ("L3", "L4", "L5", "L6", "L7")
STAGES = ("early", "senior")
TIERS = ("T1", "T2", "T3", "T4", "T5", "unknown")
EVIDENCE = ("reported", "advertised")
BASELINES = ("nlp_classical", "ml_generalist")  # leaves that premiums are over
DISPOSITIONS = (
    "held",
    "rejected",
    "superseded",
    "folded",
    "duplicate",
    "outside_window",
    "out_of_scope",
    "unclassified",
    "outlier",
    "used",
)
MERGED = "merged"  # in place of dispositions or reasons whose counts are too small to publish
MIN_COUNT = 10  # the smallest number of reports that is published
METRICS = ("base", "bonus", "equity", "total", "total_liquid", "base_min", "base_max")


def column(description: str, unit: str = "", nullable: bool = False, **checks: Any) -> Any:
    """Declare a pandera field with the description and unit for the dictionary."""
    return pa.Field(nullable=nullable, description=description, metadata={"unit": unit}, **checks)


class Table(pa.DataFrameModel):
    """Base of every table: exactly these columns, in this order. A published table declares its key as `unique`."""

    class Config:
        strict = True
        ordered = True
