"""What the page says of cells: shown ones, and for each withheld one why, and what to use instead."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pycountry

from salary_bands.vocabulary.markets import country_of_market

Row = dict[str, Any]
Cell = tuple[str, str, str, str, str, str]  # view, group_id, tier, level, market, metric
REASONS = {
    "few_reports": "too few people reported",
    "few_employers": "too few employers",
    "dominated": "one employer has more than half of the reports",
    "low_effective_n": "the reports are too alike or of too few employers to be sure",
    "unsettled": "recent reports moved it, and too few sources confirm that yet",
    "not_identified": "too few reports to compare with",
    "by_definition": "the baseline",
    "not_modelled": "not machine learning, so not compared",
    "no_adverts": "no adverts in these sources",
    "coarse_titles": "unknown: titles of these adverts are too general to tell",
}
_NOWHERE: Row = {"p50": None, "basis": "suppressed", "suppression_reason": "few_reports"}
_COLUMNS = ("view", "group_id", "tier", "level", "market")
_FIGURES = ("p25", "p50", "p50_low", "p50_high", "p75")
_READ = (
    *(*_COLUMNS, "metric", "group_label", "n_reports", "n_employers", "basis", "suppression_reason", "p50_precision"),
    *(*_FIGURES, "person_p10", "person_p90"),
    *(f"use_instead_{name}" for name in (*_COLUMNS, "basis", "distance")),
)
UNKNOWN = 0.75  # the distance from which nobody knows how much a cell differs


@dataclass(frozen=True)
class Answers:
    """The base and total bands of a release's people, and what stands in for those withheld.

    labels: of groups, by view and id. places: of metros, by market.
    """

    bands: Mapping[Cell, Row]
    estimates: Mapping[Cell, Row]
    labels: dict[tuple[str, str], str]
    places: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, places: dict[str, str]) -> "Answers":
        """Read them from the tables of a candidate."""
        bands, estimates = (_table(folder / f"{table}.parquet") for table in ("bands", "estimates"))
        named = bands.select(["view", "group_id", "group_label"]).group_by(["view", "group_id", "group_label"])
        labels = {(row["view"], row["group_id"]): row["group_label"] for row in named.aggregate([]).to_pylist()}
        return cls(_Rows(bands), _Rows(estimates), labels, places)

    def band(self, *cell: str) -> Row:
        """Return the band of a cell; if it is withheld, with `instead`, a sentence or an empty text."""
        view, group, tier, level, market, metric = cell
        row = self.bands.get((view, group, tier, level, market, metric), _NOWHERE)
        return row if row["p50"] is not None else {**row, "instead": self.instead(*cell)}

    def answer(self, *cell: str) -> Row:
        """Return the band of a cell, or what the model says of it or of its country, with `of` and its reason.

        It is what the macro `answer` returns. If neither is known it is a withheld band with `instead`.
        """
        view, group, tier, level, market, metric = cell
        band = self.band(*cell)
        if band["p50"] is not None:
            return band
        is_near = band.get("use_instead_basis") in ("direct", "pooled")  # else the model of the country is as near
        for place in [market] if is_near else [market, country_of_market(market)]:
            found = self.estimates.get((view, group, tier, level, place, metric))
            if found:
                of = self.place(place) if place != market else ""
                return {**found, "basis": "modelled", "of": of, "suppression_reason": band["suppression_reason"]}
        return band if band["instead"] or tier == "all" else {**band, "instead": "see all employers"}

    def instead(self, *cell: str) -> str:
        """Say what to use in place of a withheld cell; empty if that is unknown."""
        view, group, tier, level, market, metric = cell
        row = self.bands.get((view, group, tier, level, market, metric), _NOWHERE)
        if row.get("use_instead_view") is None:
            return ""
        named = tuple(row[f"use_instead_{name}"] for name in _COLUMNS)
        modelled = row["use_instead_basis"] == "modelled"
        found = (self.estimates if modelled else self.bands).get((*named, metric))
        if found is None or found["p50"] is None:
            return ""
        figure = f"{usd(found['p50'])} ({usd(found['p50_low'])} to {usd(found['p50_high'])})"
        if modelled:
            return f"the model says {figure}" + (f" of {self.place(named[-1])}" if named[-1] != market else "")
        asked = (view, group, tier, level, market)
        return f"{self._difference(named, asked)}: {figure}{_how_near(row.get('use_instead_distance'))}"

    def _difference(self, named: tuple[str, ...], asked: tuple[str, ...]) -> str:
        """Name a cell by what is different from the one asked for."""
        view, group, tier, level, market = named
        words = [self.labels.get((view, group), group)] if named[:2] != asked[:2] else []
        words += [tier_text(tier)] if tier != asked[2] else []
        words += [level_text(level)] if level != asked[3] else []
        words += [self.place(market)] if market != asked[4] else []
        return ", ".join(words) or "the same people"

    def place(self, market: str) -> str:
        """Return the name of a market."""
        country = f" ({market[:2].upper()})" if "-" in market else ""
        names = {"global": "worldwide", "US": "the US"}
        return names.get(market, self.places.get(market) or _country(market)) + country


@cache
def _country(code: str) -> str:
    """Return the usual English name of a country; the code if it has none."""
    found = pycountry.countries.get(alpha_2=code)
    return str(getattr(found, "common_name", found.name)) if found else code


def _how_near(distance: float | None) -> str:
    """Say how much a cell differs from the one asked for, if it is more than a little."""
    if distance is None or distance < 0.02:
        return ""
    if distance >= UNKNOWN:
        return ", how different is not known"
    return f", some {100 * (math.exp(distance) - 1):.0f} % different in the model"


def tier_text(tier: str) -> str:
    """Return the words for a tier."""
    return {"all": "all employers", "unknown": "employers of unknown tier"}.get(tier, tier)


def level_text(level: str) -> str:
    """Return the words for a level or stage."""
    return {"all": "all levels", "early": "L3 and L4", "senior": "L5 and up"}.get(level, level)


def usd(amount: int) -> str:
    """Format dollars in thousands: $182.5k."""
    return f"${amount / 1000:,.1f}k".replace(".0k", "k")


class _Rows(Mapping[Cell, Row]):
    """The rows of a table by cell; a page asks for few of them, so that each is made when it is asked for."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._columns = {name: table[name].combine_chunks() for name in table.column_names}
        cells = zip(*(self._columns[name].to_pylist() for name in (*_COLUMNS, "metric")), strict=True)
        self._places: dict[Cell, int] = {cell: place for place, cell in enumerate(cells)}

    def __getitem__(self, cell: Cell) -> Row:
        place = self._places[cell]
        return {name: values[place].as_py() for name, values in self._columns.items()}

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _table(path: Path) -> pyarrow.Table:
    """Read the reported base and total of bands or estimates; without rows if there is no file."""
    if not path.is_file():
        return pyarrow.table({name: pyarrow.array([], pyarrow.string()) for name in _READ})
    there = pq.read_schema(path).names
    asked = (pc.field("evidence") == "reported") & pc.field("metric").isin(["base", "total"])
    return pq.read_table(path, columns=[name for name in _READ if name in there], filters=asked)
