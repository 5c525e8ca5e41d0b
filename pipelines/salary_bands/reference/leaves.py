"""Read the tools of each leaf, from our reference list and not from reports."""

import pandas as pd

from salary_bands.reference import read_csv


def leaf_tools() -> pd.DataFrame:
    """Return leaf, tool, place: a row per leaf and tool, numbered by `place` in the order of leaves.csv.

    A leaf without tools has one row in which `tool` is null.
    """
    leaves = pd.DataFrame(read_csv("leaves.csv"))
    tools = leaves.assign(tool=leaves["tooling"].str.split(";")).explode("tool", ignore_index=True)
    tool = tools["tool"].str.strip().astype("str")
    return tools[["leaf"]].assign(tool=tool.mask(tool.eq("")), place=range(len(tools)))
