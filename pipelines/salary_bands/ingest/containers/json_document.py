"""A JSON document with a list of objects, as blocks of text cells."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import (
    MAX_BLOCK_CELLS,
    MAX_BLOCK_ROWS,
    Container,
    Malformed,
    Way,
    checked_header,
)
from salary_bands.ingest.containers.nested import Record, flattened
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT

_MOST_BYTES = 64 << 20  # a document is in memory as a whole
_AT_ONCE = 1 << 20


def open_json(text: TextBytes, way: Way, settings: Settings) -> Container:
    """Open the list of objects of a JSON document; their keys are the header.

    Without `records`, the document is the list, or the only list of objects at its top. The first row is 2.
    """
    rows = _rows(_document(text), way.records)
    container = Container([])
    numbered: list[tuple[int, Record]] = []
    for number, row in enumerate(rows, start=2):
        if isinstance(row, dict):
            numbered.append((number, flattened(row, dict(way.list_keys))))
        else:
            container.add_malformed(Malformed(number, "not_an_object"), settings)
    header = list(dict.fromkeys(key for _, record in numbered for key in record))
    if not header:
        raise HeldExport(
            "empty", "has no list of objects with rows", "deliver it again, or say `records` in its format"
        )
    container.header = checked_header(header, settings)

    def blocks() -> Iterator[pd.DataFrame]:
        left = iter(numbered)
        while chunk := list(itertools.islice(left, max(1, min(MAX_BLOCK_ROWS, MAX_BLOCK_CELLS // len(header))))):
            columns = {str(i): [record.get(h) for _, record in chunk] for i, h in enumerate(header)}
            yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=TEXT)

    container.blocks = blocks()
    return container


def _document(text: TextBytes) -> Any:
    read = bytearray()
    while block := text.read(_AT_ONCE):
        read += block
        if len(read) > _MOST_BYTES:
            raise HeldExport(
                "document_too_large",
                f"is a JSON document of over {_MOST_BYTES >> 20} MiB",
                "deliver it as JSON lines (.jsonl), an object a line",
            )
    if not read.strip():
        raise HeldExport("empty", "is empty", "deliver it again or remove it")
    try:
        document = json.loads(read, parse_int=str, parse_float=str, parse_constant=str)
        if b"\\ud" in read.lower():  # half a surrogate pair is not text
            document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise HeldExport("damaged_json", f"is not JSON{where}", "deliver it again") from None
    return document


def _rows(document: Any, path: str) -> list[Any]:
    """Return the list of rows: at the path, else the document, else the only list of objects at its top."""
    if path:
        for key in path.split("."):
            document = document.get(key) if isinstance(document, dict) else None
        return document if isinstance(document, list) else []
    if isinstance(document, list):
        return document
    lists = [v for v in (document.values() if isinstance(document, dict) else ()) if _is_list_of_objects(v)]
    if len(lists) > 1:
        raise HeldExport(
            "several_lists", f"has {len(lists)} lists of objects", "say which is meant with `records` in its format"
        )
    return lists[0] if lists else []


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)
