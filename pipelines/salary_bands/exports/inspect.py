"""`salary-bands inspect`: what a refresh would make of one file, with its headers and example cells.

Nothing is kept. Only here is text of an export shown, on the operator's terminal.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from salary_bands import schemas
from salary_bands.errors import HeldExport, UsageError
from salary_bands.exports.chain import Chain
from salary_bands.exports.draft import draft_format
from salary_bands.ingest.raw_folder import open_export
from salary_bands.ingest.read import open_rows, read_header
from salary_bands.ingest.recognise import UNRECOGNISED
from salary_bands.reference.formats import Format
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table, in_memory, run_step
from salary_bands.vocabulary.rates import current_rates

_EXAMPLES = 3  # cells per column and reason
_LONGEST = 200  # characters of a cell or a parser's words
_DISPOSING = ["row", "row_hash", "range_id", "evidence", "submission_id", "submitted_at", "submitted_year"]
_DISPOSING += [
    "scope_reason",
    "base",
    "base_min",
    "base_max",
    "leaf",
]  # columns of pay_reports that decide whether a report counts
_STEPS = ("ranges", "identified_reports", "dated_reports", "single_reports", "scoped_reports")

Document = dict[str, Any]
Examples = dict[tuple[str, str], list[Document]]


def inspect_file(path: Path, settings: Settings) -> Document:
    """Run the chain over a file, and return what a refresh would make of it as one document.

    Raises UsageError if there is no such file.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    found: Document = {"file": path.name, "held": None, "would_be_held": False, "format": None, "rows": 0}
    try:
        with open_export(path) as stream:
            try:
                opened = open_rows(stream, path.name, settings)
            except HeldExport as held:
                if held.reason in UNRECOGNISED:
                    found["draft"] = draft_format(path.stem, read_header(stream, path.name, settings))
                raise
            _run(Chain(opened, path.name, current_rates(settings.work), settings), found)
    except HeldExport as held:
        found |= {"held": {"reason": held.reason, "line": str(held)}, "would_be_held": True, "rows": held.rows}
        if held.__context__ is not None:
            found["held"]["parser"] = " ".join(str(held.__context__).split())[:_LONGEST]
    return found


def _run(chain: Chain, found: Document) -> None:
    """Run every step, and add what each has found to the document, as far as the chain comes."""
    fmt = chain.opened.format
    found |= {
        "format": fmt.name,
        "title": fmt.title,
        "licence": fmt.licence,
        "delivery": fmt.delivery,
        "columns": {c: fmt.columns[c].constant or fmt.columns[c].headers for c in chain.opened.columns},
    }
    examples: Examples = defaultdict(list)
    accepted = _accepted(chain, examples)
    try:
        if chain.exported_on is None:  # the steps after need it, and the last row may have it
            accepted = iter([*accepted])
        chunks = [chain.classify(chain.normalise(chunk))[_DISPOSING] for chunk in accepted]
        chain.check_pay()
    finally:
        found |= {"rejected": _rejected(chain, examples), "noted": dict(chain.noted), "warnings": chain.warnings}
    reports = pd.concat(chunks or [schemas.empty("pay_reports")[_DISPOSING]], ignore_index=True)
    assert chain.exported_on
    found |= {
        "rows": chain.opened.rows,
        "exported_on": chain.exported_on.isoformat(),
        "accepted": len(reports),
        "evidence": _counts(reports["evidence"]),
        "leaves": _counts(reports["leaf"]),
        "not_used": _not_used(reports, fmt, chain),
    }


def _accepted(chain: Chain, examples: Examples) -> Iterator[pd.DataFrame]:
    """Yield accepted_reports, and keep the first cells that are rejected for each reason."""
    for raw, accepted, rejected in chain.validate():
        groups: dict[Any, pd.DataFrame] = dict([*rejected.groupby(["column", "reason"])])
        for (column, reason), rows in groups.items():
            wanted = rows["row"].head(_EXAMPLES - len(examples[column, reason]))
            cells = raw.set_index("row").loc[wanted]
            texts = cells[column] if column else pd.Series(None, index=wanted, dtype=object)
            examples[column, reason] += [_example(row, text) for row, text in texts.items()]
        yield accepted


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
    ]


def _not_used(reports: pd.DataFrame, fmt: Format, chain: Chain) -> list[Document]:
    """Count accepted rows that do not count whatever the date and the other exports, by the SQL that decides it."""
    facts: Document = {
        "export_number": 0,
        "source": "",
        "dating_group": "",
        "file": chain.file,
        "exported_on": chain.exported_on,
    }
    with TemporaryDirectory() as spill, in_memory(Path(spill), chain.settings.memory_limit) as connection:
        add_table(connection, "reports", reports.assign(**facts, repeats=fmt.repeats, is_newest=True))
        connection.execute('CREATE TABLE matched_duplicates (export_number BIGINT, "row" BIGINT)')
        connection.execute(
            "CREATE TABLE refresh AS SELECT DATE '9999-12-31' AS as_of, DATE '0001-01-01' AS window_start"
        )
        connection.execute("CREATE TABLE recency (age_months BIGINT, weight BIGINT)")
        for step in _STEPS:
            run_step(connection, f"window_reports/{step}")
        counts = connection.execute(
            "SELECT disposition, reason, count(*) FROM scoped_reports WHERE disposition IS NOT NULL "
            "GROUP BY ALL ORDER BY ALL"
        ).fetchall()
    return [{"disposition": d, "reason": r, "rows": n} for d, r, n in counts]


def _counts(values: pd.Series) -> dict[str, int]:
    return {str(k): int(v) for k, v in values.value_counts().items()}
