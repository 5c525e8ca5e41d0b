"""The chain from the rows of one export to pay_reports, a chunk at a time and without files.

`stages` runs one step at a time, with parts and records around it; `inspect` runs all of them and counts.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from salary_bands.classify.reports import classify_reports
from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import Malformed
from salary_bands.ingest.read import OpenExport
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.normalise.reports import normalise
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT
from salary_bands.validate.split import split
from salary_bands.vocabulary.rates import Rates

_UNDATED = date(1900, 1, 1)  # while an export's date is not known, its rows without one have no rate


@dataclass
class Chain:
    """The steps over one export, and what they have found.

    opened: its raw_reports, from the file or from a part. file: its name, which may hold its date. exported_on: its
    date, else the latest full date inside, which `validate` finds. rejected: chunks of rejected_reports. noted: cells
    read as unknown, and conversions that differ, by column and kind.
    """

    opened: OpenExport
    file: str
    rates: Rates
    settings: Settings
    exported_on: date | None = None
    rejected: list[pd.DataFrame] = field(default_factory=list)
    noted: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        rule = self.opened.format.exported_on
        named = exported_on_from_name(rule, self.file) if rule else None
        self.exported_on = self.exported_on or (date.fromisoformat(named) if named else None)

    def validate(self) -> Iterator[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
        """Split raw_reports; yield chunks of raw_reports, accepted_reports and rejected_reports.

        Raises HeldExport at the end: `too_many_rejected`, `no_export_date`; and what reading raises.
        """
        latest: list[pd.Timestamp] = []
        day = self.exported_on or _UNDATED
        for raw in self.opened.chunks:
            part = split(raw, self.opened.format, self.opened.columns, day, self.rates, self.settings)
            self.rejected.append(part.rejected)
            self.noted.update(part.noted)
            latest.extend(part.accepted["submitted_at"].dropna().nlargest(1))
            yield raw, part.accepted, part.rejected
        self.rejected.append(malformed_rows(self.opened.malformed))
        self._hold_if_too_many_rejected()
        if self.exported_on is None:
            if not latest:
                raise HeldExport(
                    "no_export_date",
                    "neither its name nor a row has the date of the export",
                    "name it as the format's `exported_on` expects, or deliver full dates",
                    rows=self.opened.rows,
                )
            self.exported_on = max(latest).date()

    def normalise(self, accepted: pd.DataFrame) -> pd.DataFrame:
        """Turn a chunk of accepted_reports into normalised_reports."""
        return normalise(accepted, self.opened.format, self._day, self.rates, self.settings)

    def classify(self, normalised: pd.DataFrame) -> pd.DataFrame:
        """Turn a chunk of normalised_reports into pay_reports."""
        return classify_reports(normalised, self._day)

    @property
    def _day(self) -> date:
        assert self.exported_on, "validate first"
        return self.exported_on

    def _hold_if_too_many_rejected(self) -> None:
        """Raise HeldExport if more than the allowed share of rows is rejected.

        A row without pay is not a fault of the export, and does not count.
        """
        faulty = pd.concat(self.rejected, ignore_index=True)
        faulty = faulty[faulty["reason"].ne("no_pay")]
        if len(faulty) <= self.settings.max_rejected_share * self.opened.rows:
            return
        groups = faulty.groupby(["column", "reason"])["row"].agg(["size", "min"]).reset_index()
        most = groups.sort_values(["size", "min"], ascending=[False, True]).iloc[0]
        raise HeldExport(
            "too_many_rejected",
            f"{len(faulty):,} of {self.opened.rows:,} rows are rejected, most often {most['column'] or 'the row'} for "
            f"{most['reason']} (first in row {most['min']})",
            "fix the export, or raise max_rejected_share; `salary-bands inspect FILE` shows examples",
            rows=self.opened.rows,
        )


def malformed_rows(records: list[Malformed]) -> pd.DataFrame:
    """Malformed records as rejected_reports."""
    rows = [(m.row, "", m.reason) for m in records]
    frame = pd.DataFrame(rows, columns=["row", "column", "reason"])
    return frame.astype({"row": "int64", "column": TEXT, "reason": TEXT})
