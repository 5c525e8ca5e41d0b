"""Read bytes by a format that is given, without files and without recognising it: what the rows become."""

import io
from dataclasses import dataclass
from typing import Any

import pandas as pd

from salary_bands.exports.chain import Chain
from salary_bands.ingest.read import OpenExport, open_rows
from salary_bands.reference.formats import Format
from salary_bands.settings import Settings
from salary_bands.vocabulary.rates import load_rates


@dataclass
class Reading:
    """What a format made of a file."""

    opened: OpenExport
    chain: Chain
    accepted: pd.DataFrame
    rejected: pd.DataFrame

    def row(self, number: int = 0) -> dict[str, Any]:
        """A row of accepted_reports; None is missing."""
        row = self.accepted.iloc[number].astype(object)
        return dict(row.where(row.notna(), None))


def read_as(fmt: Format, content: bytes | str, file: str = "source_2026-06-30.csv") -> Reading:
    settings = Settings()
    stream = io.BytesIO(content.encode("utf-8") if isinstance(content, str) else content)
    opened = open_rows(stream, file, settings, fmt)
    chain = Chain(opened, file, load_rates(), settings)
    parts = [(accepted, rejected) for _, accepted, rejected in _chunks(chain)]
    accepted, rejected = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return Reading(opened, chain, accepted, rejected)


def _chunks(chain: Chain) -> list[tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    found = []
    try:
        found.extend(chain.validate())
    finally:
        assert found or chain.opened.rows == 0 or chain.rejected is not None
    return found
