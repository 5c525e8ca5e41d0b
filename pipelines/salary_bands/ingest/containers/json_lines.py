"""JSON lines, an object a line, as blocks of text cells."""

import io
import itertools
import json
from collections.abc import Iterator

import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import (
    MAX_BLOCK_CELLS,
    MAX_BLOCK_ROWS,
    Container,
    Malformed,
    Way,
    checked_header,
    line_too_long,
)
from salary_bands.ingest.containers.nested import Record, flattened
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT


def open_json_lines(text: TextBytes, way: Way, settings: Settings) -> Container:
    """Open JSON lines; the keys are the header, which grows by those that come later."""
    container = Container([])
    records = _records(io.BufferedReader(text, 1 << 20), container, dict(way.list_keys), settings)
    source = _chunks(records, container.header, settings)
    first = next(source, None)
    if first is None and container.malformed:
        raise HeldExport("damaged_jsonl", "no line is a JSON object", "write one object a line")
    checked_header(container.header, settings)

    def blocks() -> Iterator[pd.DataFrame]:
        for chunk in itertools.chain([first] if first else [], source):
            columns = {str(i): [r.get(h) for _, r in chunk] for i, h in enumerate(container.header)}
            yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=TEXT)

    container.blocks = blocks()
    return container


def _records(
    stream: io.BufferedReader, container: Container, list_keys: dict[str, str], settings: Settings
) -> Iterator[tuple[int, Record, int]]:
    """Yield row number, record and bytes of each line that is a JSON object."""
    for number in itertools.count(1):
        line = stream.readline(settings.max_line_bytes)
        if not line:
            return
        if len(line) >= settings.max_line_bytes:
            raise line_too_long(f"line {number}", settings)
        if not line.strip():
            continue
        record = _parse(line, list_keys)
        if record is None:
            container.add_malformed(Malformed(number + 1, "not_an_object"), settings)
        else:
            yield number + 1, record, len(line)


def _parse(line: bytes, list_keys: dict[str, str]) -> Record | None:
    """Read a line as an object of text, numbers as they are written; None if it is not one."""
    try:
        record = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        if b"\\ud" in line.lower():  # half a surrogate pair is not text
            record = json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
        return flattened(record, list_keys) if isinstance(record, dict) else None
    except (ValueError, RecursionError):
        return None


def _chunks(
    records: Iterator[tuple[int, Record, int]], header: list[str], settings: Settings
) -> Iterator[list[tuple[int, Record]]]:
    """Collect records in chunks of bounded size, and add their new keys to `header`."""
    keys = dict.fromkeys(header)
    chunk: list[tuple[int, Record]] = []
    size = 0
    for number, record, length in records:
        chunk.append((number, record))
        size += length
        if not record.keys() <= keys.keys():
            keys.update(dict.fromkeys(record))
            header[:] = checked_header(list(keys), settings)
        if size >= settings.max_line_bytes or len(chunk) >= min(MAX_BLOCK_ROWS, MAX_BLOCK_CELLS // max(1, len(keys))):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
