"""The tables of a release as files: Parquet as they are, CSV that no spreadsheet takes for a formula, JSON of bands."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet as pq
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from salary_bands.aggregate.candidate import Candidate
from salary_bands.publish.releases import SCHEMA_VERSION
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FILE_KEY = ("release", "as_of", "view", "group_id", "group_label", "market")


def write_tables(candidate: Candidate, folder: Path) -> dict[str, int]:
    """Every table as Parquet and CSV; the rows of each file."""
    rows = {}
    for table in RELEASE_TABLES:
        content = pq.read_table(candidate.path(table)).replace_schema_metadata(None)
        pq.write_table(content, folder / f"{table}.parquet", compression="zstd")
        _write_csv(content.to_pandas(types_mapper={pyarrow.int64(): pd.Int64Dtype()}.get), folder / f"{table}.csv")
        rows[f"{table}.parquet"] = rows[f"{table}.csv"] = content.num_rows
    return rows


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    """UTF-8, LF, empty is null, true and false, ISO dates; a text that looks like a formula gets an apostrophe."""
    for name in frame.columns:
        if not is_numeric_dtype(frame[name]) or is_bool_dtype(frame[name]):
            frame[name] = frame[name].astype(object).map(_csv_cell, na_action="ignore")
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def band_documents(candidate: Candidate) -> Iterator[tuple[str, dict[str, Any]]]:
    """(path, document) of each `bands/<view>/<group_id>/<market>.json`; none where all is suppressed."""
    bands = pq.read_table(candidate.path("bands")).to_pandas(types_mapper={pyarrow.int64(): pd.Int64Dtype()}.get)
    shown = bands.groupby(["view", "group_id", "market"], sort=True)["basis"].transform(
        lambda b: b.ne("suppressed").any()
    )
    columns = [name for name in bands.columns if name not in _FILE_KEY]
    for (view, group, market), rows in bands[shown].groupby(["view", "group_id", "market"], sort=True):
        first = rows.iloc[0]
        cells = rows[columns].astype(object)
        yield (
            f"bands/{view}/{group}/{market}.json",
            {
                "schema_version": SCHEMA_VERSION,
                "release": first["release"],
                "as_of": first["as_of"].isoformat(),
                "view": view,
                "group_id": group,
                "group_label": first["group_label"],
                "market": market,
                "columns": columns,
                "rows": cells.where(cells.notna(), None).values.tolist(),
            },
        )


def compact_json(document: dict[str, Any]) -> str:
    """Small, for files that sites fetch: a row a line."""
    rows = document["rows"]
    head = json.dumps({**document, "rows": []}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    return head.removesuffix("]}") + "\n" + lines + "\n]}\n"


def data_package(version: str, as_of: str, synthetic: bool, files: list[dict[str, Any]]) -> dict[str, Any]:
    """datapackage.json, Data Package v2: each CSV with its fields, and each Parquet."""
    resources = []
    for table in RELEASE_TABLES:
        for kind, media in (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")):
            entry = next(f for f in files if f["path"] == f"{table}.{kind}")
            resources.append(
                {
                    "name": table if kind == "csv" else f"{table}-parquet",
                    "path": entry["path"],
                    "format": kind,
                    "mediatype": media,
                    "bytes": entry["bytes"],
                    "hash": f"sha256:{entry['sha256']}",
                    "schema": {"fields": _fields(table), "missingValues": [""]},
                    **({"encoding": "utf-8"} if kind == "csv" else {}),
                }
            )
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "salary-bands",
        "title": "Compensation bands in machine learning" + (" (synthetic sample)" if synthetic else ""),
        "version": version,
        "description": f"Percentile bands of annual pay as of {as_of}.",
        "resources": resources,
    }


def _fields(table: str) -> list[dict[str, str]]:
    types = {
        "int64": "integer",
        "double": "number",
        "bool": "boolean",
        "date32[day]": "date",
        "string": "string",
    }
    columns = TABLES[table].to_schema().columns
    return [
        {"name": field.name, "type": types[str(field.type)], "description": columns[field.name].description}
        for field in arrow_schema(table)
    ]
