"""docs/reading.md keeps its word: its Python runs against the sample over HTTP, and it names every question."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from salary_bands.query.macros import MACROS
from salary_bands.releases.marts import Marts
from salary_bands.storage.sql import SQL
from tests.builders import ROOT
from tests.builders.servers import serving

PAGE = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")


class StaticSite(SimpleHTTPRequestHandler):
    """A folder as static hosts serve it: quietly, and with single ranges."""

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            super().do_GET()
            return
        body = Path(self.translate_path(self.path)).read_bytes()
        first = int(asked[1]) if asked[1] else len(body) - int(asked[2])
        last = min(int(asked[2]), len(body) - 1) if asked[1] and asked[2] else len(body) - 1
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        self.wfile.write(body[first : last + 1])


@pytest.fixture(scope="module")
def site(sample_marts: Marts) -> Iterator[str]:
    """The address at which the sample's marts folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(StaticSite, directory=str(sample_marts.folder)))
    with serving(server) as address:
        yield f"{address}/"


@pytest.fixture
def checkout(sample_marts: Marts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder is a checkout in which the sample was published."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "marts").symlink_to(sample_marts.folder)
    (tmp_path / "sql").symlink_to(SQL)
    monkeypatch.chdir(tmp_path)


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.usefixtures("checkout")
def test_the_python_of_the_page_runs(site: str, sample_release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    printed = []
    for block in blocks():
        exec(compile(block.replace("http://localhost:8000/", site), "reading.md", "exec"), names)
        printed.append(capsys.readouterr().out)
    assert len(printed) == 6 and all(printed)

    people = names["people"]
    assert list(people["person"]) == ["Ada", "Bo", "Cem", "Dee", "Eli", "Fay", "Gus", "Hal", "Ines", "Jo"]
    assert people["compa_ratio"].notna().sum() >= 9 and "Ada" in printed[5]

    cell = names["cell"].to_dict("records")
    frame = pd.read_csv(sample_release / "bands.csv")
    key = {"view": "leaf", "group_id": "llm_serving", "evidence": "reported", "tier": "all", "level": "L5",
           "market": "US", "metric": "base"}  # fmt: skip
    [want] = frame[(frame[list(key)] == pd.Series(key)).all(axis=1)].to_dict("records")
    assert len(cell) == 1 and [cell[0][c] for c in ("p50", "p50_low", "p50_high")] == [
        want["p50"],
        want["p50_low"],
        want["p50_high"],
    ]
    assert str(want["p50"]) in printed[0]
    assert names["base"].height == ((frame["metric"] == "base") & (frame["market"] == "US")).sum()
    assert names["files"].sql("SELECT count(*) FROM history_bands").fetchall() == [(len(frame),)]
    with pytest.raises(ValueError, match=r"latest.json is not the file that was published"):
        names["fetch"]("latest.json", "0" * 64)


def test_the_page_names_every_question_and_macro() -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \| [^|]+\? \|$", PAGE, re.M)) == sorted(
        path.stem for path in (SQL / "examples").glob("*.sql")
    )
    named = set(re.findall(r"^\| `(\w+)\(", PAGE, re.M))
    assert named == set(MACROS) - {"group_parents"}  # a part of others
