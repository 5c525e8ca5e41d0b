"""Each export is compared with the other sources before it is believed."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from salary_bands.aggregate.plan import ExportState
from salary_bands.aggregate.world import Delivery, doubts, implausible_export
from salary_bands.settings import Settings
from salary_bands.statistics.pay_profile import Document
from tests.builders.candidates import build, settings_at
from tests.builders.exports import native_row, write_native

BENGALURU = {"location": "Bengaluru, India", "currency": "INR", "job_title": "Software Engineer", "employer": ""}
KYIV = {**BENGALURU, "location": "Kyiv, Ukraine", "currency": "USD"}
HELSINKI = {**BENGALURU, "location": "Helsinki, Finland", "currency": "EUR"}
RUPEES = 1_200_000


def put(settings: Settings, file: str, base: float, rows: int = 40, **cells: Any) -> None:
    """Write an export of reports in Bengaluru with pay around a figure."""
    source, name = file.split("/")
    made = [
        native_row(n, submission_id=f"{source}-{name}-{n}", base=round(base * (1 + n / 400)), **{**BENGALURU, **cells})
        for n in range(rows)
    ]
    write_native(settings.raw, made, file)


def states(settings: Settings) -> dict[str, ExportState]:
    return {s.file: s for s in build(settings, tables=()).candidate.plan().files}


def held(settings: Settings) -> dict[str, str]:
    """Return the lines of the exports that are held as implausible, by file."""
    return {f: s.held_line or "" for f, s in states(settings).items() if s.held_reason == "implausible"}


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of north, after the stages."""
    settings = settings_at(tmp_path_factory.mktemp("old"))
    put(settings, "north/old.csv", RUPEES, submitted_at="2026-05-05")
    build(settings, tables=())
    return settings.raw.parent


@pytest.fixture
def beside(old: Path, settings: Settings) -> Settings:
    """Pay of India as it is, in rupees, from a source that was there first."""
    shutil.copytree(old, settings.raw.parent, dirs_exist_ok=True)
    return settings


def test_a_thousandfold_export_is_held_and_each_of_its_rows_is_accounted_for(beside: Settings) -> None:
    put(beside, "south/new.csv", RUPEES * 1_000)
    (line,) = held(beside).values()
    words = "that of the source north, as if thousands were counted twice; "
    assert re.match(r"pay in IN in INR \(40 reports\) is (99\d|1,0[01]\d) times " + words, line)
    assert line.endswith("or raise implausible_factor") and "\n" not in line
    built = build(beside, tables=("window_reports", "full_ledger"))
    assert built.ledger("south/new.csv") == {("held", "implausible"): 40}
    assert ("held", "implausible") not in built.ledger("north/old.csv")


def test_monthly_pay_in_a_country_without_a_known_wage_is_held(beside: Settings) -> None:
    put(beside, "south/new.csv", RUPEES / 12)
    words = "of that of the source north, as if months were read as years; "
    assert re.search(r" is 1/1(1\.9|2\.[01]) " + words, held(beside)["south/new.csv"])


def test_the_finnish_survey_in_monthly_euros_is_held_alone_and_beside_others(settings: Settings) -> None:
    put(settings, "north/old.csv", 62_000, **HELSINKI, submitted_at="2026-05-05")
    put(settings, "south/new.csv", 5_100, **HELSINKI)
    (file, line), *others = held(settings).items()
    assert (file, others) == ("south/new.csv", []) and "as if months were read as years" in line


def test_rupees_read_as_dollars_are_held_with_both_currencies_named(beside: Settings) -> None:
    put(beside, "south/new.csv", RUPEES, currency="USD")
    assert held(beside)["south/new.csv"].split("; ")[0].endswith("as if amounts in INR were read as USD")


def test_a_currency_mixed_up_in_part_of_an_export_is_seen(beside: Settings) -> None:
    """The median of the country alone would not show it."""
    put(beside, "south/new.csv", RUPEES, rows=100)
    made = [native_row(n, base=RUPEES + n, **{**BENGALURU, "currency": "USD"}) for n in range(60)]
    text = (beside.raw / "south" / "new.csv").read_text(encoding="utf-8")
    write_native(beside.raw, made, "south/more.csv")
    more = (beside.raw / "south" / "more.csv").read_text(encoding="utf-8").split("\n", 1)[1]
    (beside.raw / "south" / "more.csv").unlink()
    (beside.raw / "south" / "new.csv").write_text(text + more, encoding="utf-8")
    assert "pay in IN in USD (60 reports)" in held(beside)["south/new.csv"]


@pytest.mark.parametrize("share", [0.45, 0.6])
def test_net_for_gross_is_a_warning(beside: Settings, share: float) -> None:
    put(beside, "south/new.csv", RUPEES * share)
    found = states(beside)["south/new.csv"]
    assert found.counted and found.held_reason is None
    (line,) = found.warnings
    assert line == f"pay in IN in INR (40 reports) is 1/{1 / share:.1f} of that of the source north, as if it were net"


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.45])
def test_pay_like_that_of_others_passes_without_a_word(beside: Settings, factor: float) -> None:
    put(beside, "south/new.csv", RUPEES * factor)
    assert all(s.counted and s.warnings == [] for s in states(beside).values())


def test_an_honest_cheap_country_is_not_held(settings: Settings) -> None:
    """Pay in Ukraine is a fifth of that in the US; other sources know only the US, or say the same."""
    put(settings, "north/old.csv", 150_000, location="Seattle, WA", currency="USD", submitted_at="2026-05-05")
    put(settings, "south/new.csv", 30_000, **KYIV)
    assert all(s.counted and s.warnings == [] for s in states(settings).values())
    put(settings, "west/new.csv", 33_000, **KYIV)
    assert all(s.counted and s.warnings == [] for s in states(settings).values())


@pytest.mark.parametrize(
    "cells",
    [{"rows": 29}, {"job_title": "Recruiter"}, {"location": ""}],
    ids=["few", "another job", "no country"],
)
def test_what_cannot_be_compared_is_not(beside: Settings, cells: dict[str, Any]) -> None:
    put(beside, "south/new.csv", RUPEES * 1_000 / 12 / 30, **cells)
    assert held(beside) == {}


def test_exports_of_one_source_are_not_compared_with_each_other(beside: Settings) -> None:
    put(beside, "north/new.csv", RUPEES / 12)
    assert held(beside) == {}


def test_a_copy_of_a_held_export_is_held_too(beside: Settings) -> None:
    for file in ("south/new.csv", "south/same.csv"):
        put(beside, file, RUPEES / 12)
    (beside.raw / "south" / "same.csv").write_bytes((beside.raw / "south" / "new.csv").read_bytes())
    assert sorted(held(beside)) == ["south/new.csv", "south/same.csv"]


def test_each_of_several_wrong_exports_is_held(beside: Settings) -> None:
    for number, file in enumerate(("south/one.csv", "south/two.csv"), start=1):
        put(beside, file, RUPEES / 12 + number)
    assert sorted(held(beside)) == ["south/one.csv", "south/two.csv"]


def test_a_held_export_makes_no_new_release(beside: Settings) -> None:
    before = build(beside, tables=()).candidate.plan()
    put(beside, "south/new.csv", RUPEES / 12)
    after = build(beside, tables=()).candidate.plan()
    assert len(after.files) == 2 and after.content_fingerprint == before.content_fingerprint


# --- who is believed; pay of one country as [bin, reports], 50 bins to a factor of e


def delivery(name: str, day: str, bins: int = 0, source: str = "", **cells: Any) -> Delivery:
    pay: Document = {"IN": {"INR": [[500 + bins, 40]]}}
    return replace(Delivery(name, source or name, day, False, pay), **cells)


TWELVEFOLD = 124  # bins


def first_held(deliveries: list[Delivery], settings: Settings) -> str | None:
    found = {implausible_export([*order], settings) for order in (deliveries, reversed(deliveries))}
    assert len(found) == 1  # the order of exports does not matter
    (only,) = found
    return only[0] if only else None


def test_of_two_sources_the_one_that_came_later_is_held(settings: Settings) -> None:
    assert first_held([delivery("a", "2026-02-01"), delivery("b", "2026-01-01", TWELVEFOLD)], settings) == "a"
    assert first_held([delivery("a", "2026-01-01"), delivery("b", "2026-02-01", TWELVEFOLD)], settings) == "b"


def test_three_sources_decide_by_majority_whatever_the_dates(settings: Settings) -> None:
    honest = [delivery("a", "2026-02-01"), delivery("c", "2026-03-01", 10)]
    assert first_held([delivery("b", "2020-01-01", TWELVEFOLD), *honest], settings) == "b"
    assert first_held(honest, settings) is None


def test_two_sources_with_the_same_fault_do_not_save_each_other(settings: Settings) -> None:
    honest = [delivery(name, "2026-02-01") for name in "acd"]
    wrong = [delivery("b", "2020-01-01", TWELVEFOLD), delivery("e", "2020-02-01", TWELVEFOLD)]
    assert first_held([*honest, *wrong], settings) == "e"
    assert first_held([*honest, wrong[0]], settings) == "b"


def test_a_source_that_has_said_so_for_longer_keeps_all_its_exports(settings: Settings) -> None:
    good = [delivery(f"a{month}", f"2026-0{month}-01", source="a") for month in (1, 3, 5)]
    bad = [delivery(f"b{month}", f"2026-0{month}-15", TWELVEFOLD, source="b") for month in (1, 3)]
    assert first_held([*good, *bad], settings) == "b3"
    assert first_held([*good, bad[0]], settings) == "b1"


def test_a_wrong_snapshot_of_an_old_source_does_not_use_its_age(settings: Settings) -> None:
    old = delivery("a1", "2020-01-01", source="a", superseded=True)
    new = delivery("a2", "2026-02-01", TWELVEFOLD, source="a")
    assert first_held([old, new, delivery("b", "2025-01-01")], settings) == "a2"


def test_one_doubtful_country_among_many_is_a_warning(settings: Settings) -> None:
    pay: Document = {c: {"USD": [[500, 100]]} for c in ("PL", "UA", "BR")}
    other = {**pay, "BR": {"USD": [[500 + TWELVEFOLD, 60]]}}
    pair = [delivery("a", "2026-01-01", pay=pay), delivery("b", "2026-02-01", pay=other)]
    assert implausible_export(pair, settings.model_copy(update={"max_rejected_share": 0.35})) is None
    assert "pay in BR in USD (60 reports) is 11.9 times that of the source a" in doubts(pair, settings)["b"][0]


def test_the_same_currency_is_compared_if_the_other_source_has_it(settings: Settings) -> None:
    """Pay in dollars for remote work is three times the local pay, honestly, and both sources say so."""
    pay: Document = {"AR": {"ARS": [[500, 200]], "USD": [[560, 60]]}}
    pair = [delivery("a", "2026-01-01", pay=pay), delivery("b", "2026-02-01", pay={"AR": {"USD": [[562, 40]]}})]
    assert implausible_export(pair, settings) is None and doubts(pair, settings)["b"] == []


@pytest.mark.parametrize(("bins", "expected"), [(60, None), (90, "b")])
def test_pay_in_another_currency_than_others_has_more_latitude(
    settings: Settings, bins: int, expected: str | None
) -> None:
    """A factor of 3.3 may be honest between local pay and dollars; 6.0 is not."""
    local, dollars = ({"AR": {"ARS": [[500, 40]]}}, {"AR": {"USD": [[500 + bins, 40]]}})
    pair = [delivery("a", "2026-01-01", pay=local), delivery("b", "2026-02-01", pay=dollars)]
    assert first_held(pair, settings) == expected
    assert len(doubts(pair, settings)["b"]) == 1
