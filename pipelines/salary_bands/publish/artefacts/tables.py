"""Write the tables of a release: Parquet, CSV without formulas, and bands and estimates as JSON.

Texts are made by column, each distinct value once, and Arrow joins them to rows.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as pq

from salary_bands.aggregate.workspace import Workspace
from salary_bands.releases.documents import SCHEMA_VERSION, Document
from salary_bands.releases.tables import WITHHELD
from salary_bands.schemas import RELEASE_TABLES, arrow_schema
from salary_bands.storage.files import lines_text, write_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_QUOTED = re.compile(r'[",\n\r]')  # a lone CR too: it would end the row in spreadsheets
_ROWS_AT_ONCE = 100_000
_JSON = json.JSONEncoder(ensure_ascii=False)
_HEAD = ("release", "as_of", "view", "group_id", "group_label", "market")
BAND_COLUMNS = tuple(name for name in arrow_schema("bands").names if name not in _HEAD)
_ESTIMATE_HEAD = tuple(name for name in _HEAD if name != "group_label")
ESTIMATE_COLUMNS = tuple(name for name in arrow_schema("estimates").names if name not in _ESTIMATE_HEAD)


def write_tables(candidate: Workspace, folder: Path, credit: Document) -> dict[str, int]:
    """Write every table as Parquet and CSV, bands and estimates as JSON; return the rows of each table's file.

    Rows of bands that show nothing are in a Parquet file of their own.

    credit: contains_synthetic and licences, which every JSON file has.
    """
    rows: dict[str, int] = {}
    for table in RELEASE_TABLES:
        content = pq.read_table(candidate.path(table)).replace_schema_metadata(None)
        if table in _DOCUMENTS:
            for path, text in _DOCUMENTS[table](content, credit):
                write_text(folder / path, text)
        if table == "bands":  # nine tenths of the rows may show nothing
            is_shown = pc.not_equal(content["basis"], "suppressed")
            rows |= _write_parquet(content.filter(pc.invert(is_shown)), folder, WITHHELD)
            content = content.filter(is_shown)
        rows |= _write_parquet(content, folder, table)
        write_csv(content, folder / f"{table}.csv")
        rows[f"{table}.csv"] = content.num_rows
    return rows


def _write_parquet(content: pyarrow.Table, folder: Path, stem: str) -> dict[str, int]:
    pq.write_table(content, folder / f"{stem}.parquet", compression="zstd")
    return {f"{stem}.parquet": content.num_rows}


def write_csv(content: pyarrow.Table, path: Path) -> None:
    """Write a table as CSV: UTF-8, LF, an empty cell for null, true and false, ISO dates.

    A text that a spreadsheet would read as a formula gets a leading apostrophe.
    """
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(map(_csv_cell, content.column_names)) + "\n")
        for start in range(0, content.num_rows, _ROWS_AT_ONCE):
            rows = _joined(content.slice(start, _ROWS_AT_ONCE), _csv_cell, "")
            stream.writelines(f"{row}\n" for row in rows.to_pylist())


def _csv_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = f"'{value}" if value.startswith(_FORMULA) else value
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _joined(content: pyarrow.Table, cell: Callable[[Any], str], null: str) -> pyarrow.Array:
    """Return each row of a table as the texts of its cells with commas between them."""
    texts = (_texts(column, cell) for column in content.columns)
    return pc.binary_join_element_wise(*texts, ",", null_handling="replace", null_replacement=null)


def _texts(column: pyarrow.ChunkedArray, cell: Callable[[Any], str]) -> pyarrow.Array:
    """Return the text of each cell, null for null; the function makes that of each distinct value."""
    coded = column.combine_chunks().dictionary_encode()
    texts = pyarrow.array([cell(value) for value in coded.dictionary.to_pylist()], pyarrow.string())
    return texts.take(coded.indices)


def band_documents(bands: pyarrow.Table, credit: Document) -> Iterator[tuple[str, str]]:
    """Yield path and text of each `bands/<view>/<group_id>/<market>.json` that has a cell not suppressed."""
    shown = pc.not_equal(bands["basis"], "suppressed")
    yield from _cell_documents("bands", bands, _HEAD, BAND_COLUMNS, shown, credit)


def estimate_documents(estimates: pyarrow.Table, credit: Document) -> Iterator[tuple[str, str]]:
    """Yield path and text of each `estimates/<view>/<group_id>/<market>.json`."""
    shown = pyarrow.array([True] * estimates.num_rows, pyarrow.bool_())
    yield from _cell_documents("estimates", estimates, _ESTIMATE_HEAD, ESTIMATE_COLUMNS, shown, credit)


def _cell_documents(
    folder: str, table: pyarrow.Table, head: tuple[str, ...], columns: tuple[str, ...], shown: Any, credit: Document
) -> Iterator[tuple[str, str]]:
    """Yield path and text of the document of each group and market of which something is shown."""
    cells = table.select(head).append_column("row", pyarrow.array(range(table.num_rows), pyarrow.int64()))
    by_file = cells.append_column("is_shown", shown).group_by(list(head), use_threads=False)  # rows keep their order
    found = by_file.aggregate([("is_shown", "any"), ("row", "list")])
    files = found.filter(found["is_shown_any"])
    rows = table.select(columns).take(pc.list_flatten(files["row_list"]))  # most groups and markets show nothing
    lines = iter(_joined(rows, _JSON.encode, "null").to_pylist())
    for file in files.to_pylist():
        own = (f"[{line}]" for line in islice(lines, len(file["row_list"])))
        first = {"schema_version": SCHEMA_VERSION, **{name: file[name] for name in head}}
        document = {**first, "as_of": file["as_of"].isoformat(), **credit, "columns": list(columns)}
        yield f"{folder}/{file['view']}/{file['group_id']}/{file['market']}.json", lines_text(document, "rows", own)


_DOCUMENTS: dict[str, Callable[[pyarrow.Table, Document], Iterable[tuple[str, str]]]] = {
    "bands": band_documents,
    "estimates": estimate_documents,
}
