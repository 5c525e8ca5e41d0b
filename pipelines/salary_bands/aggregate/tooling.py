"""The tools of the trade of each leaf: our reference list, not text from reports."""

import pandas as pd

from salary_bands.reference import FOLDER


def leaf_tools() -> pd.DataFrame:
    """leaf, tool, place: a row per leaf and tool, in the order of leaves.csv, which place numbers.

    tool: null in the one row of a leaf without tools.
    """
    leaves = pd.read_csv(FOLDER / "leaves.csv", dtype="str")
    tools = leaves.assign(tool=leaves["tooling"].str.split(";")).explode("tool", ignore_index=True)
    return tools[["leaf"]].assign(tool=tools["tool"].str.strip().astype("str"), place=range(len(tools)))
