"""The chain from the rows of one export to pay_reports, a chunk at a time and without files.

`stages` runs one step at a time, with parts and records around it; `inspect` runs all of them and counts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from salary_bands.classify.plausible import Plausibility
from salary_bands.classify.reports import classify_reports
from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import Malformed
from salary_bands.ingest.read import OpenExport
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.normalise.reports import normalise
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT
from salary_bands.validate.split import DECIMAL, SKIPPED, split
from salary_bands.vocabulary.rates import Rates

NO_FAULT = ("no_pay", SKIPPED)  # reasons of rows that are as their source means them
_UNDATED = date(1900, 1, 1)  # while an export's date is not known, its rows without one have no rate


@dataclass
class Chain:
    """The steps over one export, and what they have found.

    opened: its raw_reports, from the file or from a part. file: its name, which may hold its date. exported_on: its
    date, else the latest full date inside, which `validate` finds. newest: that latest date, of an accepted row.
    rejected: rejected rows by column and reason; the column is empty if the row as a whole is meant. noted: cells read
    as unknown, and conversions that differ, by column and kind. unusable, cells: cells of optional columns that hold no
    value, and cells that are not blank, by column.
    """

    opened: OpenExport
    file: str
    rates: Rates
    settings: Settings
    exported_on: date | None = None
    newest: date | None = None
    rejected: Counter[tuple[str, str]] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    plausibility: Plausibility = field(default_factory=Plausibility)
    _first_rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rule = self.opened.format.exported_on
        named = exported_on_from_name(rule, self.file) if rule else None
        self.exported_on = self.exported_on or (date.fromisoformat(named) if named else None)

    def validate(self) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
        """Split raw_reports; yield chunks of raw_reports, accepted_reports and rejected_reports.

        Malformed rows have no chunk. Raises HeldExport at the end: `too_many_rejected`, `no_export_date`; and what
        reading raises.
        """
        day = self.exported_on or _UNDATED
        for raw in self.opened.chunks:
            part = split(raw, self.opened.format, self.opened.columns, day, self.rates, self.settings)
            self._count(part.rejected)
            self.noted.update(part.noted)
            self.unusable.update(part.unusable)
            self.cells.update(part.cells)
            if part.accepted["submitted_at"].notna().any():
                latest = part.accepted["submitted_at"].max().date()
                self.newest = max(latest, self.newest or latest)
            yield raw, part.accepted, part.rejected
        self._count(malformed_rows(self.opened.malformed))
        # without a day, rows without a date have no rate, and are rejected for that
        is_undated = self.exported_on is None and "submitted_at" not in self.opened.columns
        if self.is_mostly_rejected and not is_undated:
            raise self._too_many_rejected()
        if self.exported_on is None:
            if self.rejected and self._without_pay and self._without_pay + self.skipped == self.opened.rows:
                raise HeldExport(
                    "no_pay",
                    f"none of its {self.opened.rows:,} rows has pay",
                    "check which columns the format reads as base and total, or remove the export",
                    rows=self.opened.rows,
                )
            if self.newest is None:
                raise HeldExport(
                    "no_export_date",
                    "neither its name nor a row has the date of the export",
                    "name it as the format's `exported_on` expects, or deliver full dates",
                    rows=self.opened.rows,
                )
            self.exported_on = self.newest

    def check_supported(self) -> None:
        """Raise HeldExport if a refresh cannot use any row of the format: `evidence_not_supported`, `net_pay`."""
        fmt = self.opened.format
        if fmt.evidence == "filed":
            raise HeldExport(
                "evidence_not_supported",
                "is filings with a government, which are no reports and no adverts",
                "there are no bands for filings yet; `salary-bands inspect FILE` reads them",
                rows=self.opened.rows,
            )
        if net := [name for name in fmt.net_columns if name in self.opened.columns]:
            raise HeldExport(
                "net_pay",
                f"its {', '.join(net)} is pay after tax",
                "say `gross_up` for it in the format's YAML if one factor is good enough, or remove the export",
                rows=self.opened.rows,
            )

    def normalise(self, accepted: pd.DataFrame) -> pd.DataFrame:
        """Turn a chunk of accepted_reports into normalised_reports."""
        return normalise(accepted, self.opened.format, self._day, self.rates, self.settings)

    def classify(self, normalised: pd.DataFrame) -> pd.DataFrame:
        """Turn a chunk of normalised_reports into pay_reports."""
        return classify_reports(normalised, self._day, self.plausibility)

    def check_pay(self) -> None:
        """Compare the pay of all chunks that were classified with the world; raise HeldExport `implausible`."""
        self.plausibility.check(self.settings, self.opened.rows)

    @property
    def _day(self) -> date:
        assert self.exported_on, "validate first"
        return self.exported_on

    @property
    def warnings(self) -> list[str]:
        """A line for each optional column of which too much is unknown, and for each country whose pay is doubtful."""
        most = self.settings.max_rejected_share
        unclear = {what.partition(":")[0]: cells for what, cells in self.noted.items() if what.endswith(DECIMAL)}
        example = "15,700" if self.opened.format.decimal == "comma" else "15.700"
        lines = [
            f"column {name}: {cells:,} amounts such as {example} may be thousands and count "
            "as unknown; say in the format which mark is that of decimals (`decimal`)"
            for name, cells in sorted(unclear.items())
        ]
        return [*self.plausibility.warnings(self.settings), *lines] + [
            f"column {name}: {bad:,} of {self.cells[name]:,} cells hold no value that can be used and count as unknown"
            for name, bad in sorted(self.unusable.items())
            if bad > most * self.cells[name]
        ]

    @property
    def is_mostly_rejected(self) -> bool:
        """True if more than the allowed share of rows is rejected; rows without pay are no fault and do not count."""
        own = self.opened.format.max_rejected_share
        return self._faulty > (self.settings.max_rejected_share if own is None else own) * self.opened.rows

    @property
    def _without_pay(self) -> int:
        return sum(rows for (_, reason), rows in self.rejected.items() if reason == "no_pay")

    @property
    def skipped(self) -> int:
        """The rows that the format leaves out."""
        return sum(rows for (_, reason), rows in self.rejected.items() if reason == SKIPPED)

    @property
    def _faulty(self) -> int:
        return sum(rows for (_, reason), rows in self.rejected.items() if reason not in NO_FAULT)

    def _count(self, rejected: pd.DataFrame) -> None:
        if rejected.empty:
            return
        groups = rejected.groupby(["column", "reason"])["row"].agg(["size", "min"]).reset_index()
        for column, reason, rows, first in groups.itertuples(index=False, name=None):
            self.rejected[column, reason] += int(rows)
            self._first_rows.setdefault((column, reason), int(first))

    def _too_many_rejected(self) -> HeldExport:
        faults = [(-rows, key) for key, rows in self.rejected.items() if key[1] not in NO_FAULT]
        column, reason = key = min(faults)[1]
        return HeldExport(
            "too_many_rejected",
            f"{self._faulty:,} of {self.opened.rows:,} rows are rejected, most often {column or 'the row'} for "
            f"{reason} (first in row {self._first_rows[key]})",
            "fix the export or its format, or raise max_rejected_share; `salary-bands inspect FILE` shows examples",
            rows=self.opened.rows,
        )


def malformed_rows(records: list[Malformed]) -> pd.DataFrame:
    """Malformed records as rejected_reports."""
    return pd.DataFrame(
        {
            "row": pd.Series([m.row for m in records], dtype="int64"),
            "column": pd.Series([""] * len(records), dtype=TEXT),
            "reason": pd.Series([m.reason for m in records], dtype=TEXT),
        }
    )
