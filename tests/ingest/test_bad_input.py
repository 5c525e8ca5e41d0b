"""Everything an export must not be able to do: the table of bad input, row by row, and random bytes."""

import gzip
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from salary_bands.errors import RefreshError
from salary_bands.ingest import read
from salary_bands.settings import Settings
from tests.builders import ROOT
from tests.builders.candidates import Built
from tests.builders.exports import native_row
from tests.builders.intake import containers, intake, workbook
from tests.hostile.bombs import GOOD, HEADER, bombs, parquet

TORN_QUOTE = b's2,2026-05-10,ML Engineer,USD,150000,"never closed\n'


def utf16(data: bytes) -> bytes:
    return data.decode().encode("utf-16-le")  # without its mark


HELD = [
    # file, content, reason, words of cause and fix
    ("e.csv", b"", "empty", ["is empty", "deliver it again"]),
    ("e.csv", b"\n\n  \n", "empty", ["is empty"]),
    ("e.csv.gz", b"", "empty", ["is empty"]),
    ("e.csv.gz", gzip.compress(b""), "empty", ["is empty"]),
    ("e.jsonl", b"\n", "empty", ["is empty"]),
    ("e.parquet", b"", "damaged_parquet", ["Parquet", "deliver it again"]),
    ("e.xlsx", b"", "damaged_xlsx", ["XLSX", "deliver it again"]),
    ("e.xlsx", workbook([]), "empty", ["is empty"]),
    ("h.csv", HEADER, "no_rows", ["a header and no rows", "deliver it again"]),
    ("h.csv", HEADER + b",,,,,\n\n", "no_rows", ["no rows"]),
    ("h.xlsx", workbook([HEADER.decode().strip().split(",")]), "no_rows", ["no rows"]),
    ("b.csv", bytes(range(128, 256)) * 40, "unreadable_encoding", ["not text in utf-8", "UTF-8", "YAML"]),
    ("b.csv", HEADER + b"s1,2026-05-10,Ing\xe9nieur,USD,150000,x\n", "unreadable_encoding", ["utf-8", "UTF-8"]),
    ("b.csv", HEADER + GOOD * 60_000 + b"\xe9\n", "unreadable_encoding", ["utf-8"]),
    ("b.csv", HEADER + GOOD + b"s\0,,,,,\n", "nul_bytes", ["NUL", "as text"]),
    ("b.csv", HEADER + GOOD * 60_000 + b"\0\n", "nul_bytes", ["NUL"]),
    ("b.csv", utf16(HEADER + GOOD), "nul_bytes", ["NUL"]),
    ("b.csv", b"PK\x03\x04" + bytes(200), "nul_bytes", ["NUL"]),
    ("b.jsonl", b"{'single': quotes}\n" * 9, "damaged_jsonl", ["JSON object", "one object a line"]),
    ("b.jsonl", b"[" * 100_000, "damaged_jsonl", ["JSON object"]),
    ("b.jsonl", b"\xff\xfe\xff", "unreadable_encoding", ["UTF-8"]),
    ("b.parquet", b"PAR1" + bytes(80) + b"PAR1", "damaged_parquet", ["Parquet", "deliver it again"]),
    ("b.xlsx", b"PK\x05\x06" + bytes(18), "damaged_xlsx", ["XLSX", "deliver it again"]),
    ("g.csv.gz", HEADER + GOOD, "bad_gzip", ["not a valid gzip", "deliver it again"]),
    ("g.csv.gz", gzip.compress(HEADER + GOOD)[:-12], "truncated_gzip", ["ends too early", "deliver it again"]),
    ("g.csv.gz", gzip.compress(HEADER + GOOD * 90_000)[:-9], "truncated_gzip", ["ends too early"]),
    ("g.csv.gz", gzip.compress(HEADER + GOOD)[:-6] + b"junk!!", "bad_gzip", ["gzip"]),
    ("u.csv", b"name,wage\nx,1\n", "unknown_header", ["2 columns", "salary-bands inspect"]),
    ("u.csv", HEADER.replace(b"base", b"pay") + GOOD, "missing_required_column", ["native", "'base'", "add the col"]),
    ("q.csv", HEADER + GOOD + TORN_QUOTE + GOOD * 3, "unclosed_quote", ["quote", "never closes", "close it"]),
    ("q.csv", HEADER + GOOD + GOOD.replace(b"ML", b'"ML') + GOOD * 3, "unclosed_quote", ["row 3", "never"]),
    ("q.csv", HEADER + TORN_QUOTE + GOOD * 400_000, "unclosed_quote", ["never closes"]),
    ("q.csv", b'submission_id,"submitted_at\n' + GOOD, "unknown_header", ["2 columns"]),
    ("r.csv", HEADER + GOOD + b"1,2\n", "too_many_rejected", ["1 of 2 rows", "wrong_number_of_cells", "row 3", "fix"]),
    ("x.pdf", b"%PDF", "unknown_container", [".csv", ".xlsx", "deliver it as one of these"]),
    ("noname", HEADER + GOOD, "unknown_container", [".parquet"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "reason", "words"), HELD, ids=[f"{n}-{h[0]}-{h[2]}" for n, h in enumerate(HELD)]
)
def test_an_export_that_cannot_be_read_is_held_with_one_line_of_cause_and_fix(
    settings: Settings, file: str, content: bytes, reason: str, words: list[str]
) -> None:
    found = intake(settings, content, f"source/{file}")
    assert found.held == reason
    assert [w for w in words if w not in found.line] == []
    assert "\n" not in found.line and len(found.line) < 500
    assert found.record("pay_reports")["held"]["reason"] == reason
    assert not list(settings.work.glob("accepted_reports/*.parquet"))
    assert not list(settings.work.glob("pay_reports/*.parquet"))


@pytest.mark.parametrize("reader", ["open_container", "_with_identity"])
def test_an_error_that_nothing_foresees_holds_the_export_without_its_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("a cell's text")

    monkeypatch.setattr(read, reader, fail)
    found = intake(settings, HEADER + GOOD)
    assert found.held == "unreadable" and "(ValueError)" in found.line and "text" not in found.line


def test_a_system_that_fails_is_no_fault_of_the_export(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(read, "_with_identity", fail)
    with pytest.raises(OSError, match="no space"):
        intake(settings, HEADER + GOOD).record("raw_reports")


def test_a_held_export_counts_its_rows_where_they_can_be_read(settings: Settings) -> None:
    assert intake(settings, b"name,wage\nx,1\n\n,\ny,2\nz\n", "s/unknown.csv").rows == 3
    assert intake(settings, HEADER + GOOD + b"\xe9", "s/unreadable.csv").rows == 0


def test_ragged_rows_are_rejected_one_by_one(settings: Settings) -> None:
    text = HEADER + GOOD * 9 + b'a 5" disk,x\n' + GOOD * 9 + GOOD.strip() + b",more,cells\n" + GOOD
    found = intake(settings, text)
    assert found.held is None and found.rows == 21
    assert found.rejected == [(11, "", "wrong_number_of_cells"), (21, "", "wrong_number_of_cells")]


def test_half_a_surrogate_and_deep_nesting_cost_one_cell_or_one_row(settings: Settings) -> None:
    row = dict(zip(HEADER.decode().strip().split(","), GOOD.decode().strip().split(","), strict=True))
    lines = [json.dumps({**row, "job_title": "ML \ud800 Engineer"}), "[" * 50_000, *[json.dumps(row)] * 9]
    found = intake(settings, "\n".join(lines), "source/a.jsonl")
    assert found.table("accepted_reports")["job_title"][0] == "ML ? Engineer"
    assert (found.rows, [r for r, _, _ in found.rejected]) == (11, [3])


def test_parquet_text_that_is_none_and_dates_that_are_none_hold_the_export(settings: Settings) -> None:
    names = ["submission_id", "submitted_at", "job_title", "currency", "base"]
    good = [pa.array(["1"]), pa.array(["2026-05-10"]), pa.array(["MLE"]), pa.array(["USD"]), pa.array([1.5e5])]
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff"))
    far = pa.array([2**30], pa.int32()).cast(pa.date32())
    for place, column in ((2, broken), (1, far)):
        table = pa.table([*good[:place], column, *good[place + 1 :]], names=names)
        assert intake(settings, parquet(table), f"source/{place}.parquet").held == "damaged_parquet"


BOMBS = (
    "zeros.csv.gz spaces.csv.gz inflates.csv.gz torn.csv.gz torn.jsonl.gz line.csv header.csv columns.csv commas.csv "
    "keys.jsonl line.jsonl lines.jsonl.gz sheet.xlsx wide.xlsx far.xlsx cells.xlsx rows.xlsx styles.xlsx laugh.xlsx "
    "rows.parquet text.parquet"
).split()
STAGES = """
import json, resource, sys
from pathlib import Path
from salary_bands.ingest.raw_folder import scan
from salary_bands.settings import load
from tests.builders.intake import run
raw = Path(sys.argv[1])
settings = load(raw=raw, marts=raw.parent / "marts", work=raw.parent / "work")
found = {}
for export in scan(raw).exports:
    result = run(export, settings)
    found[export.path.name] = [result.held, result.line if result.held else ""]
    # on Linux ru_maxrss begins with what the parent had at the fork, VmHWM is the process's own
    status = Path("/proc/self/status")
    own = [line.split()[1] for line in status.read_text().splitlines() if "VmHWM" in line] if status.exists() else []
    peak = int(own[0]) if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found["peak after " + export.path.name] = peak
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def bombed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All bombs through the stages in a process of their own: reason and line by file, and memory."""
    raw = tmp_path_factory.mktemp("bombs") / "raw"
    (raw / "source").mkdir(parents=True)
    for name, (content, _) in (made := bombs()).items():
        (raw / "source" / name).write_bytes(content)
    assert list(made) == BOMBS
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", STAGES, str(raw)], cwd=root, capture_output=True, text=True, timeout=600, check=True
    )
    return {**json.loads(done.stdout), "reasons": {name: reason for name, (_, reason) in made.items()}}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_cause_and_fix(bombed: dict[str, Any], name: str) -> None:
    reason, line = bombed[name]
    assert reason == bombed["reasons"][name]
    assert "; " in line and len(line) < 500


def test_all_bombs_together_stay_well_below_two_gigabytes(bombed: dict[str, Any]) -> None:
    peaks = {name: kib >> 10 for name, kib in bombed.items() if name.startswith("peak")}
    assert max(peaks.values()) < 1_000, peaks


def test_the_same_bytes_anywhere_count_once(settings: Settings, built: Callable[..., Built]) -> None:
    rows = [native_row(n) for n in range(30)]
    files = ("a/first.csv", "a/again.csv", "b/other.csv")
    result = built(dict.fromkeys(files, rows), ("window_reports", "full_ledger"))
    assert result.ledger("a/again.csv") == {("used", ""): 30}  # where they lie first, by path
    for file in ("a/first.csv", "b/other.csv"):
        assert result.ledger(file) == {("duplicate", "same_bytes"): 30}


def test_a_held_export_does_not_stop_the_others_and_is_in_the_ledger(
    settings: Settings, built: Callable[..., Built]
) -> None:
    (settings.raw / "bad").mkdir()
    (settings.raw / "bad" / "unknown.csv").write_bytes(b"name,wage\nx,1\ny,2\n")
    (settings.raw / "bad" / "torn.csv").write_bytes(HEADER + b"1,2\n" * 3)
    os.mkfifo(settings.raw / "bad" / "pipe.csv")
    (settings.raw / "loose.csv").write_bytes(HEADER + GOOD)
    rows = [native_row(n) for n in range(29)] + [native_row(29, base="free")]
    result = built(rows, ("window_reports", "full_ledger"))
    assert result.ledger("bad/unknown.csv") == {("held", "unknown_header"): 2}
    assert result.ledger("bad/torn.csv") == {("held", "too_many_rejected"): 3}
    assert result.ledger("source/native.csv") == {("used", ""): 29, ("rejected", "not_a_number"): 1}


def test_a_refresh_of_nothing_but_held_exports_says_each_line(settings: Settings, built: Callable[..., Built]) -> None:
    (settings.raw / "bad").mkdir()
    (settings.raw / "bad" / "unknown.csv").write_bytes(b"name,wage\nx,1\n")
    with pytest.raises(RefreshError, match=r"every export is held(?s:.*)bad/unknown.csv: .*salary-bands inspect"):
        built({})


NAMES = ("f.csv", "f.csv.gz", "f.jsonl", "f.jsonl.gz", "f.parquet", "f.xlsx")
SOUND = containers([native_row(n, base=f"{100 + n},000", location="Zürich, 日本") for n in range(12)], Path(mkdtemp()))
FUZZ = limits(max_examples=20)


def accounted(settings: Settings, content: bytes, name: str) -> None:
    """Held, or every row is accepted or rejected once."""
    found = intake(settings, content, f"source/{name}")
    assert found.held != "unreadable"  # an error that no container has foreseen
    if found.held:
        assert "; " in found.line and "\n" not in found.line
        return
    numbers = [*found.table("pay_reports")["row"], *found.table("rejected_reports")["row"]]
    assert found.rows == len(numbers) == len(set(numbers))


@FUZZ
@given(st.sampled_from(NAMES), st.binary(max_size=300), st.sampled_from([b"", HEADER, b"PK\x03\x04", b"\xff\xfe"]))
def test_random_bytes_are_held_or_accounted_for(settings: Settings, name: str, content: bytes, start: bytes) -> None:
    accounted(settings, start + content, name)


@FUZZ
@given(st.sampled_from(sorted(SOUND)), st.randoms(use_true_random=False))
def test_a_damaged_export_is_held_or_accounted_for(settings: Settings, name: str, chance: random.Random) -> None:
    content = bytearray(SOUND[name])
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.randint(1, 40)]
            case 2:
                content[at:at] = chance.choice(
                    [b'"', b"\n", b",", b"\r", b"\0", b"\xc3", b'""', b"nan", b"-", "１".encode()]
                )
            case _:
                content[at:at] = content[max(0, at - chance.randint(1, 80)) : at]
    accounted(settings, bytes(content), name)


@pytest.mark.slow
@limits(max_examples=10)
@given(st.lists(st.dictionaries(st.sampled_from(list(native_row(0))), st.text(max_size=15), max_size=6), max_size=30))
def test_any_text_in_any_cell_rejects_its_own_row_at_most(settings: Settings, odd: list[dict[str, str]]) -> None:
    rows = [native_row(n) for n in range(9)] + [native_row(n, **cells) for n, cells in enumerate(odd)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    found = intake(settings, lines, "source/a.jsonl", max_rejected_share=1)
    assert found.held is None and found.rows == len(rows)
    assert len(found.table("pay_reports")) + len(found.rejected) == len(rows)
    assert min([row for row, _, _ in found.rejected], default=11) >= 11
