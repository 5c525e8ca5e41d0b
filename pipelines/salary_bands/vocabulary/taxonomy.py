"""Read the published taxonomies: views, their groups, and the leaves of each group."""

from functools import cache

import pandas as pd

from salary_bands.reference import read_csv


@cache
def view_groups() -> pd.DataFrame:
    """Return view, group_id, group_label, leaf of every taxonomy, with the view `leaf` derived from the leaves."""
    leaves = pd.DataFrame(read_csv("leaves.csv"))
    leaves = leaves[leaves["kind"].isin(("core", "adjacent"))]
    own = pd.DataFrame(
        {"view": "leaf", "group_id": leaves["leaf"], "group_label": leaves["label"], "leaf": leaves["leaf"]}
    )
    core = own[leaves["kind"].eq("core")].assign(group_id="all", group_label="All machine learning")
    return pd.concat([own, core, pd.DataFrame(read_csv("views.csv"))], ignore_index=True)


@cache
def group_names() -> pd.DataFrame:
    """Return view, group_id, first_view, first_group_id: each group and the first group with the same leaves.

    Groups of the view `leaf` come first, then views in alphabetical order.
    """
    members: dict[tuple[str, str], set[str]] = {}
    for view, group, leaf in view_groups()[["view", "group_id", "leaf"]].itertuples(index=False, name=None):
        members.setdefault((view, group), set()).add(leaf)
    first: dict[frozenset[str], tuple[str, str]] = {}
    for name in sorted(members, key=lambda name: (name[0] != "leaf", name)):
        first.setdefault(frozenset(members[name]), name)
    rows = [(*name, *first[frozenset(leaves)]) for name, leaves in sorted(members.items())]
    return pd.DataFrame(rows, columns=["view", "group_id", "first_view", "first_group_id"])


def core_groups() -> pd.DataFrame:
    """Return view, group_id, leaf of the core leaves, which are those in the model."""
    groups = view_groups()
    core = groups.loc[groups["view"].eq("leaf") & groups["group_id"].eq("all"), "leaf"]
    return groups.loc[groups["leaf"].isin(core), ["view", "group_id", "leaf"]]


def modelled_groups() -> dict[tuple[str, str], list[str]]:
    """Return the leaves by (view, group_id) of groups of core leaves alone: the first of those with equal leaves."""
    core, names = core_groups(), group_names()
    first = set(names[["first_view", "first_group_id"]].itertuples(index=False, name=None))
    leaves = view_groups().groupby(["view", "group_id"])["leaf"].agg(list)
    known = set(core["leaf"])
    return {name: of for name, of in leaves.items() if name in first and set(of) <= known}
