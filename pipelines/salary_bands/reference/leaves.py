"""The tools of the trade of each leaf: our reference list, not text from reports."""

import pandas as pd

from salary_bands.reference import read_csv


def leaf_tools() -> pd.DataFrame:
    """leaf, tool, place: a row per leaf and tool, in the order of leaves.csv, which place numbers.

    tool: null in the one row of a leaf without tools.
    """
    leaves = pd.DataFrame(read_csv("leaves.csv"))
    tools = leaves.assign(tool=leaves["tooling"].str.split(";")).explode("tool", ignore_index=True)
    tool = tools["tool"].str.strip().astype("str")
    return tools[["leaf"]].assign(tool=tool.mask(tool.eq("")), place=range(len(tools)))
