"""Compare the pay of each export with that of the other sources, before it is believed.

One export alone is compared with average wages (`classify.plausible`); here all of them are known. The same country
is compared, in the same currency if the other source has enough reports in it, else in all of its currencies, and then
with more latitude.
Sources have one vote each: an export stands against the source that is the median of them. If two sources contradict
each other and no third one decides, the one that has said so for longer is believed.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salary_bands.classify.plausible import Difference, doubtful, implausible
from salary_bands.settings import Settings
from salary_bands.statistics.pay_profile import Document, by_currency, from_document, medians

_CELL = ["key", "country", "currency"]


@dataclass(frozen=True)
class Delivery:
    """What is compared of an export. superseded: a newer snapshot of its source stands in its place."""

    key: str
    source: str
    exported_on: str
    superseded: bool
    pay: Document


def implausible_export(deliveries: list[Delivery], settings: Settings) -> tuple[str, Difference] | None:
    """Return the key of the export to be held first, and why; None if other sources contradict none.

    Holding it can change what is said of the rest, so ask again without it.
    """
    wrong = {}
    for key, differences in _differences(deliveries).items():
        if found := implausible(differences, settings):
            wrong[key] = found
    if not wrong:
        return None
    by_key = {d.key: d for d in deliveries}
    newest = max(wrong, key=lambda key: (_since(by_key[key], wrong[key], deliveries, settings), key))
    return newest, wrong[newest]


def doubts(deliveries: list[Delivery], settings: Settings) -> dict[str, list[str]]:
    """Return, by key of an export, a line for each country and currency whose pay is far from other sources'."""
    return {key: doubtful(differences, settings) for key, differences in _differences(deliveries).items()}


def _differences(deliveries: list[Delivery]) -> dict[str, list[Difference]]:
    """Compare each export that is not superseded with the other sources."""
    counts = _histograms([d for d in deliveries if not d.superseded])
    if counts["source"].nunique() < 2:
        return {}
    cells = by_currency(counts, ["key", "source"])
    of_country = medians(counts, ["source", "country"])
    of_currency = medians(counts, ["source", "country", "currency"])
    pairs = cells.merge(of_country.drop(columns="reports"), on="country", suffixes=("", "_other"))
    pairs = pairs[pairs["source"].ne(pairs["source_other"])]
    of_currency = of_currency.drop(columns="reports").rename(columns={"source": "source_other"})
    pairs = pairs.merge(of_currency, "left", ["source_other", "country", "currency"], suffixes=("", "_same"))
    pairs["in_others"] = pairs["log_pay_same"].isna() & pairs["currency"].ne("")
    pairs["difference"] = pairs["log_pay"] - pairs["log_pay_same"].fillna(pairs["log_pay_other"])
    pairs["distance"] = pairs["difference"].abs()
    votes = pairs.sort_values([*_CELL, "distance", "source_other"], ignore_index=True)
    of_cell = votes.groupby(_CELL)["distance"]
    middle: pd.DataFrame = votes.loc[of_cell.cumcount().eq((of_cell.transform("size") - 1) // 2)]
    middle = middle.assign(factor=np.exp(middle["difference"]), beside="that of the source " + middle["source_other"])
    columns = ["key", "country", "currency", "reports", "factor", "beside", "in_others"]
    found: dict[str, list[Difference]] = {}
    for key, *facts in middle[columns].itertuples(index=False, name=None):
        found.setdefault(key, []).append(Difference(*facts))
    return found


def _since(export: Delivery, wrong: Difference, deliveries: list[Delivery], settings: Settings) -> tuple[str, str]:
    """Return the day since when its source has said the same of that country, superseded snapshots included."""
    cells = by_currency(_histograms([d for d in deliveries if d.source == export.source]), ["key"])
    cells = cells[cells["country"].eq(wrong.country) & cells["currency"].eq(wrong.currency)]
    log_pay = cells.set_index("key")["log_pay"]
    same = log_pay.index[(log_pay - log_pay[export.key]).abs() < math.log(settings.implausible_factor)]
    return min(d.exported_on for d in deliveries if d.key in same), export.exported_on


def _histograms(deliveries: list[Delivery]) -> pd.DataFrame:
    frames = [from_document(d.pay).assign(key=d.key, source=d.source) for d in deliveries]
    return pd.concat(frames or [from_document({}).assign(key="", source="")], ignore_index=True)
