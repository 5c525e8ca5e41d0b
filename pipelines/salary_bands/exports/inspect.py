"""`salary-bands inspect`: how one file would be read, and a draft of a format where its header is unknown."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from salary_bands.classify.reports import classify_reports
from salary_bands.errors import HeldExport, UsageError
from salary_bands.exports.stages import malformed_rows
from salary_bands.ingest.read import exported_on, open_rows, read_header
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.normalise.reports import normalise
from salary_bands.reference.formats import header_key
from salary_bands.schemas.raw_reports import TEXT_COLUMNS
from salary_bands.settings import Settings
from salary_bands.validate.split import split
from salary_bands.vocabulary.rates import current_rates

_EXAMPLES = 3


def inspect_file(path: Path, settings: Settings) -> dict[str, Any]:
    """What a refresh would make of the file, as one document; nothing is written.

    Raises UsageError where there is no such file.
    """
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    found: dict[str, Any] = {"file": path.name, "held": None, "format": None, "would_be_held": False}
    try:
        return found | _read(path, settings)
    except HeldExport as held:
        found["held"] = {"reason": held.reason, "line": str(held)}
        if held.reason in ("unknown_header", "missing_required_column", "ambiguous_header"):
            found["draft"] = draft_format(path.stem, read_header(path, settings))
        return found


def draft_format(name: str, header: list[str]) -> str:
    """YAML to begin with: headers that are ours by name are mapped, the others listed for the author to place."""
    ours = {header_key(h): h for h in header}
    mapped = {c: ours[k] for c in TEXT_COLUMNS for k in (c, c.replace("_", " ")) if k in ours}
    rest = [h for h in header if h not in mapped.values()]
    document: dict[str, Any] = {
        "name": "".join(c if c.isalnum() else "_" for c in name.split(".")[0].casefold()),
        "title": name,
        "licence": "say which",
        "attribution": "say whose",
        "recognise": [header],
        "columns": dict.fromkeys(("submitted_at", "job_title", "currency", "base"), "which header?") | mapped,
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    lines = "".join(f"#   {h}\n" for h in rest)
    return f"{text}# not mapped yet; only what is mapped is ever read:\n{lines}"


def _read(path: Path, settings: Settings) -> dict[str, Any]:
    opened = open_rows(path, settings)
    fmt, rates = opened.format, current_rates(settings.work)
    named = exported_on_from_name(fmt.exported_on, path.name) if fmt.exported_on else None
    day = date.fromisoformat(named) if named else date(1900, 1, 1)
    rejected, pay = [], []
    noted: Counter[str] = Counter()
    for chunk in opened.chunks:
        part = split(chunk, fmt, opened.columns, day, rates, settings)
        rejected.append(part.rejected)
        noted.update(part.noted)
        pay.append(classify_reports(normalise(part.accepted, fmt, day, rates, settings), day))
    refused = pd.concat([malformed_rows(opened.malformed), *rejected], ignore_index=True)
    reports = pd.concat(pay, ignore_index=True) if pay else pd.DataFrame(columns=["leaf", "evidence"])
    rows = opened.rows + len(opened.malformed)
    exported = exported_on(fmt, path.name, _latest(reports))
    return {
        "format": fmt.name,
        "title": fmt.title,
        "licence": fmt.licence,
        "delivery": fmt.delivery,
        "exported_on": exported.isoformat(),
        "columns": {c: fmt.columns[c].constant or fmt.columns[c].headers for c in opened.columns},
        "rows": rows,
        "accepted": len(reports),
        "rejected": _reasons(refused),
        "noted": dict(noted),
        "evidence": {str(k): int(v) for k, v in reports["evidence"].value_counts().items()},
        "leaves": {str(k): int(v) for k, v in reports["leaf"].value_counts().items()},
        "would_be_held": len(refused[refused["reason"].ne("no_pay")]) > settings.max_rejected_share * rows,
    }


def _reasons(refused: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "column": column,
            "reason": reason,
            "rows": len(rows),
            "examples": [
                {"row": int(r), "value": None if pd.isna(v) else v}
                for r, v in rows[["row", "value"]].head(_EXAMPLES).values
            ],
        }
        for (column, reason), rows in refused.groupby(["column", "reason"])
    ]


def _latest(reports: pd.DataFrame) -> date | None:
    latest = reports["submitted_at"].max() if "submitted_at" in reports else None
    return None if latest is None or pd.isna(latest) else latest.date()
