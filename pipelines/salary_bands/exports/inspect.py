"""`salary-bands inspect`: what a refresh would make of one file, with its headers and example cells.

Nothing is kept. Only here is text of an export shown, on the operator's terminal.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from salary_bands import schemas
from salary_bands.errors import HeldExport
from salary_bands.exports.chain import Chain
from salary_bands.exports.draft.draft import draft_format
from salary_bands.exports.outlook import dispositions, pay_by_country
from salary_bands.ingest.raw_folder import open_export
from salary_bands.ingest.read import open_rows
from salary_bands.ingest.recognise import UNRECOGNISED
from salary_bands.reference.formats import Format, parse_format
from salary_bands.schemas.raw_reports import TEXT_COLUMNS
from salary_bands.settings import Settings
from salary_bands.validate.split import SKIPPED
from salary_bands.vocabulary.rates import Rates, current_rates

_EXAMPLES = 3  # cells per column and reason
_FIRST = 5  # rows that are shown as they are read
_LONGEST = 200  # characters of a cell or a parser's words
_KEPT = ["row", "row_hash", "range_id", "evidence", "submission_id", "submitted_at", "submitted_year", "scope_reason"]
_KEPT += ["base", "base_min", "base_max", "total", "leaf", "level", "stage", "country", "metro", "currency"]
_READ = ["row", "leaf", "level", "stage", "country", "metro", "base", "total"]  # what is shown of a first row

Document = dict[str, Any]
Examples = dict[tuple[str, str], list[Document]]


def inspect_file(path: Path, settings: Settings) -> Document:
    """Run the chain over a file, and return what a refresh would make of it as one document.

    A file whose header no format has is held; a format is drafted, and the document says what it would make of the
    file.
    """
    found: Document = {"file": path.name, "held": None, "would_be_held": False, "format": None, "rows": 0}
    rates = current_rates(settings.work)
    try:
        with open_export(path) as stream:
            try:
                opened = open_rows(stream, path.name, settings)
            except HeldExport as held:
                if held.reason in (*UNRECOGNISED, "unreadable_encoding", "several_sheets"):
                    found |= _drafted(stream, path, rates, settings)
                raise
            _run(Chain(opened, path.name, rates, settings), found)
    except HeldExport as held:
        found |= {"held": {"reason": held.reason, "line": str(held)}, "would_be_held": True, "rows": held.rows}
        if held.__context__ is not None:
            found["held"]["parser"] = " ".join(str(held.__context__).split())[:_LONGEST]
    return found


def _drafted(stream: BinaryIO, path: Path, rates: Rates, settings: Settings) -> Document:
    """Return a drafted format with its evidence and questions, and what it would make of the file."""
    try:
        draft = draft_format(stream, path.name, rates, settings)
        fmt = parse_format(draft.text, "the draft")
    except (HeldExport, ValueError):
        return {}
    found: Document = {
        "draft": draft.text,
        "draft_name": draft.name,
        "guesses": draft.guesses,
        "questions": draft.questions,
        "not_mapped": draft.not_mapped,
    }
    outcome: Document = {"held": None}
    try:
        opened = open_rows(stream, path.name, settings, fmt)
        _run(Chain(opened, path.name, rates, settings), outcome)
    except HeldExport as held:
        outcome |= {"held": {"reason": held.reason, "line": str(held)}, "rows": held.rows}
    return found | {"with_draft": outcome}


@dataclass
class _Watched:
    """What is kept of the chunks on their way through the chain, to be shown."""

    examples: Examples = field(default_factory=lambda: defaultdict(list))
    first_rows: list[Document] = field(default_factory=list)


def _run(chain: Chain, found: Document) -> None:
    """Run every step, and add what each has found to the document, as far as the chain comes."""
    fmt = chain.opened.format
    found |= {
        "format": fmt.name,
        "title": fmt.title,
        "licence": fmt.licence,
        "delivery": fmt.delivery,
        "untested": fmt.untested,
        "columns": {c: _source(fmt, c) for c in chain.opened.columns},
        "absent": chain.opened.absent,
    }
    watched = _Watched()
    accepted = _accepted(chain, watched)
    implausible: HeldExport | None = None
    try:
        if chain.exported_on is None:  # the steps after need it, and the last row may have it
            accepted = iter([*accepted])
        chunks = [_classified(chain, chunk) for chunk in accepted]
        try:
            chain.check_supported()
            chain.check_pay()
        except HeldExport as held:  # the rows help whoever fixes the format
            implausible = held
    finally:
        found |= {
            "skipped": chain.skipped,
            "rejected": _rejected(chain, watched.examples),
            "noted": dict(chain.noted),
            "warnings": chain.warnings,
        }
    reports = pd.concat(chunks or [schemas.empty("pay_reports").assign(currency="")[_KEPT]], ignore_index=True)
    assert chain.exported_on
    found |= {
        "rows": chain.opened.rows,
        "exported_on": chain.exported_on.isoformat(),
        "accepted": len(reports),
        "evidence": _counts(reports["evidence"]),
        "leaves": _counts(reports["leaf"]),
        "not_used": dispositions(reports, chain, is_dated=False),
        "ledger": dispositions(reports, chain, is_dated=True),
        "pay": pay_by_country(reports, chain.settings),
        "first_rows": _first_rows(watched.first_rows, reports),
    }
    if implausible:
        raise implausible


def _classified(chain: Chain, chunk: pd.DataFrame) -> pd.DataFrame:
    return chain.classify(chain.normalise(chunk)).assign(currency=chunk["currency"])[_KEPT]


def _source(fmt: Format, name: str) -> str | list[str]:
    column = fmt.columns[name]
    return column.constant or (["the file's name"] if column.file_name else column.headers)


def _accepted(chain: Chain, watched: _Watched) -> Iterator[pd.DataFrame]:
    """Yield accepted_reports, and keep the first rows, and the first cells that are rejected for each reason."""
    examples = watched.examples
    for raw, accepted, rejected in chain.validate():
        if len(watched.first_rows) < _FIRST:
            watched.first_rows += [_texts(row) for row in raw.head(_FIRST - len(watched.first_rows)).to_dict("records")]
        groups: dict[Any, pd.DataFrame] = dict([*rejected.groupby(["column", "reason"])])
        for (column, reason), rows in groups.items():
            wanted = rows["row"].head(_EXAMPLES - len(examples[column, reason]))
            cells = raw.set_index("row").loc[wanted]
            texts = cells[column] if column else pd.Series(None, index=wanted, dtype=object)
            examples[column, reason] += [_example(row, text) for row, text in texts.items()]
        yield accepted


def _texts(row: dict[Any, Any]) -> Document:
    """Return the cells of a raw row that are not blank."""
    cells = {name: row[name][:_LONGEST] for name in TEXT_COLUMNS if isinstance(row[name], str)}
    return {"row": int(row["row"]), "cells": cells}


def _first_rows(first: list[Document], reports: pd.DataFrame) -> list[Document]:
    """Add to the first rows what they were read as; None if a row was not accepted."""
    read = reports[reports["row"].isin([row["row"] for row in first])][_READ].astype(object)
    by_row = {int(r["row"]): r for r in read.where(read.notna(), None).to_dict("records")}
    return [row | {"read": by_row.get(row["row"])} for row in first]


def _example(row: Any, text: Any) -> Document:
    return {"row": int(row), "value": None if pd.isna(text) else text[:_LONGEST]}


def _rejected(chain: Chain, examples: Examples) -> list[Document]:
    """Count rejected rows by column and reason, with examples."""
    for record in chain.opened.malformed:
        if len(examples["", record.reason]) < _EXAMPLES:
            examples["", record.reason].append(_example(record.row, record.about or None))
    return [
        {"column": column, "reason": reason, "rows": rows, "examples": examples[column, reason]}
        for (column, reason), rows in sorted(chain.rejected.items())
        if reason != SKIPPED
    ]


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(k): int(v) for k, v in values.value_counts().items()}
