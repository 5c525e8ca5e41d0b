"""docs/examples/cards_page.py shows what was published, from one file alone."""

import csv
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from tests.builders import ROOT

CARDS_PAGE = ROOT / "docs" / "examples" / "cards_page.py"


class Texts(HTMLParser):
    """(tag, text behind it) of every tag that opens."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append([tag, ""])

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][1] += data


def cards_of(html: str) -> dict[str, dict[str, str]]:
    """Label of each card to the texts of its definitions by term."""
    texts = Texts()
    texts.feed(html)
    cards: dict[str, dict[str, str]] = {}
    for (tag, text), (_, following) in pairwise([*texts.found, ["", ""]]):
        if tag == "h2":
            card = cards[text.strip()] = {}
        elif tag == "dt":
            card[text.strip()] = following.strip()
    return cards


def numbers(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


def figures(row: dict[str, str], *names: str, scale: float = 1) -> list[float]:
    return [float(row[name]) * scale for name in names if row[name]]


def cards_page(file: Path) -> str:
    done = subprocess.run([sys.executable, CARDS_PAGE, file], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_cards_page_shows_the_figures_of_cards(sample_release: Path) -> None:
    html = cards_page(sample_release / "views" / "cards.json")
    assert "Synthetic" in html
    with (sample_release / "cards.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["label"]: row for row in csv.DictReader(stream) if row["view"] == "cards"}
    cards = cards_of(html)
    assert list(cards) == list(rows) and len(rows) == 8
    premium = ("premium_nlp_classical", "premium_nlp_classical_low", "premium_nlp_classical_high")
    base = ("base_p25", "base_p75", "base_p50", "base_p50_low", "base_p50_high", "base_n_reports")
    for label, row in rows.items():
        card = cards[label]
        assert numbers(card["Over classical NLP"]) == pytest.approx(figures(row, *premium, scale=100), abs=0.051)
        assert numbers(card["Base pay"]) == figures(row, *base)
        shares = figures(row, "demand", "demand_low", "demand_high", scale=100)
        assert numbers(card["Demand"]) == pytest.approx(shares, abs=0.051)
        assert card["Tooling"] == row["tooling"].replace(";", "; ")
    assert cards["NLP (pre-LLM)"]["Over classical NLP"] == "not known"


def test_a_withheld_card_shows_no_figure(sample_release: Path, tmp_path: Path) -> None:
    document = json.loads((sample_release / "views" / "cards.json").read_text(encoding="utf-8"))
    group = document["groups"][0]
    group["label"] = "<b>&"
    group["bands"]["base"]["all"]["all"] = [None] * len(document["columns"]["bands"])
    group |= {"demand": None, "demand_low": None, "demand_high": None}
    document["contains_synthetic"] = False
    (tmp_path / "cards.json").write_text(json.dumps(document), encoding="utf-8")
    html = cards_page(tmp_path / "cards.json")
    assert "Synthetic" not in html
    card = cards_of(html)["<b>&"]
    assert numbers(card["Base pay"].replace("under 10", "")) == [] and card["Demand"] == "not known of adverts"


def test_the_cards_page_takes_twenty_lines() -> None:
    lines = [line for line in CARDS_PAGE.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines[1:]) <= 20  # the first says what it is
