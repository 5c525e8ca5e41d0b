"""CSV and JSON made by column have the bytes that Python's own writers give row by row."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.publish.artefacts import tables
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.schemas import arrow_schema
from salary_bands.storage.files import rows_text

SCHEMA = pyarrow.schema(
    {
        "text": pyarrow.string(),
        "usd": pyarrow.int64(),
        "share": pyarrow.float64(),
        "flag": pyarrow.bool_(),
        "day": pyarrow.date32(),
    }
)
TEXTS = st.sampled_from(["", "plain", "a,b", 'say "so"', "Zürich", "=1+1", "@x", "\tx", "a\rb", "a\nb", "x\r\n", "'"])
ROW = st.tuples(
    st.none() | TEXTS,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e-05, 1e16, 100.0]),
    st.none() | st.booleans(),
    st.none() | st.dates(),
)
MARKETS, GROUPS = ("US", "GB", "us-sf-bay"), (("nlp", 'NLP, "classic"'), ("llm", "Große Modelle"))


def plain_csv(content: pyarrow.Table) -> bytes:
    """The CSV of a table by csv.writer, which ends a row with CR LF so that it quotes a lone CR; here it is LF."""
    lines = [",".join(content.column_names) + "\n"]
    for row in content.to_pylist():
        line = io.StringIO()
        csv.writer(line, lineterminator="\r\n").writerow(map(cell, row.values()))
        lines.append(line.getvalue().removesuffix("\r\n") + "\n")
    return "".join(lines).encode()


def cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


@given(rows=st.lists(ROW, max_size=30), at_once=st.integers(1, 30))
def test_a_csv_has_the_bytes_of_python_whatever_the_values(
    rows: list[tuple[Any, ...]], at_once: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    columns = zip(*rows, strict=True) if rows else [[]] * len(SCHEMA)
    arrays = [pyarrow.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    content = pyarrow.table(arrays, schema=SCHEMA)
    path = tmp_path_factory.getbasetemp() / "plain.csv"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "_ROWS_AT_ONCE", at_once)
        tables.write_csv(content, path)
    assert path.read_bytes() == plain_csv(content)


CREDIT = {"contains_synthetic": False, "licences": [{"title": "t", "licence": "l", "attribution": "a"}]}


def bands() -> pyarrow.Table:
    """Two groups in three markets, not in the order of files; all of a group's cells in GB are suppressed."""
    rows = []
    for tier in ("T2", "T1"):
        for market in MARKETS:
            for group, label in GROUPS:
                withheld = (market, group) == ("GB", "llm") or (market, tier) == ("US", "T2")
                known = {
                    "release": "2026.06.30", "as_of": date(2026, 6, 30), "view": "cards", "group_id": group,
                    "group_label": label, "evidence": "reported", "tier": tier, "level": "all", "market": market,
                    "metric": "base", "basis": "suppressed" if withheld else "direct", "n_effective": 1e-05,
                    "p50": None if withheld else 150_500, "fragile": None if withheld else False,
                    "median_age_days": (date(2026, 6, 30) - timedelta(days=9)).day,
                }  # fmt: skip
                rows.append(known)
    return pyarrow.Table.from_pylist(rows, schema=arrow_schema("bands"))


def test_a_band_file_has_the_bytes_of_json_row_by_row_in_the_order_of_the_table() -> None:
    found = dict(tables.band_documents(bands(), CREDIT))
    expected: dict[str, Any] = {}
    for row in bands().to_pylist():
        head = {name: row[name] for name in ("release", "as_of", "view", "group_id", "group_label", "market")}
        path = f"bands/cards/{row['group_id']}/{row['market']}.json"
        document = {
            "schema_version": SCHEMA_VERSION,
            **head,
            "as_of": "2026-06-30",
            **CREDIT,
            "columns": list(tables.BAND_COLUMNS),
            "rows": [],
        }
        expected.setdefault(path, document)["rows"].append([row[name] for name in tables.BAND_COLUMNS])
    del expected["bands/cards/llm/GB.json"]
    assert {path: rows_text(document, "rows") for path, document in expected.items()} == found


def test_each_distinct_value_is_formatted_once() -> None:
    seen: list[Any] = []

    def text(value: Any) -> str:
        seen.append(value)
        return str(value)

    column = pyarrow.chunked_array([["a", "b", None], ["b", "a", "a"]])
    assert tables._texts(column, text).to_pylist() == ["a", "b", None, "b", "a", "a"]
    assert seen == ["a", "b"]
