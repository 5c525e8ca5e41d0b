"""A format of the user's own on its whole way: ranges of adverts and skipped rows in the tables of a release."""

from pathlib import Path
from typing import Any

import pytest

from salary_bands.cli.common import out
from salary_bands.cli.printing.inspection import print_inspection
from salary_bands.exports.inspect import inspect_file
from salary_bands.reference import lay_over
from tests.builders.candidates import build, settings_at

BOARD = """name: board
title: A board
licence: l
attribution: a
evidence: advertised
recognise: [[id, title, company, city, seen, low, high, state]]
columns:
  submission_id: id
  job_title: title
  employer: company
  location: city
  submitted_at: seen
  currency: {constant: USD}
  base_min: low
  base_max: high
skip_where: [{header: state, is: [closed]}]
"""
ROW = '{n},ML Engineer,OpenAI,"San Francisco, CA",2026-06-0{n},{low},{high},{state}\n'


def test_ranges_and_skipped_rows_reach_the_tables(tmp_path: Path) -> None:
    (tmp_path / "own" / "formats").mkdir(parents=True)
    (tmp_path / "own" / "formats" / "board.yaml").write_text(BOARD, encoding="utf-8")
    settings = settings_at(tmp_path, reference=tmp_path / "own")
    rows = [(1, 200_001, 300_000, "open"), (2, 250_000, 250_000, "open"), (3, "", 280_000, "open")]
    rows += [(4, "", "", "closed"), (5, "", "", "open")]
    text = "id,title,company,city,seen,low,high,state\n"
    text += "".join(ROW.format(n=n, low=low, high=high, state=state) for n, low, high, state in rows)
    (settings.raw / "board").mkdir()
    (settings.raw / "board" / "jobs.csv").write_text(text, encoding="utf-8")
    built = build(settings, "2026-06-30", ("window_reports", "full_ledger"))
    reports = built.table("window_reports").sort_values("row")
    pay = reports[["base", "base_min", "base_max"]].astype("float64").fillna(0).astype("int64")
    assert pay.to_numpy().tolist() == [[250_001, 200_001, 300_000], [250_000, 0, 0], [280_000, 0, 0]]
    ledger = built.table("full_ledger").set_index(["disposition", "reason"])["rows"].to_dict()
    assert ledger == {("out_of_scope", "skipped"): 1, ("rejected", "no_pay"): 1, ("used", ""): 3}
    lay_over(None)


@pytest.mark.parametrize(("open_rows", "closed_rows"), [(5, 4), (0, 4)])
def test_skipped_rows_are_out_of_scope_and_are_not_looked_at(
    tmp_path: Path, capsys: Any, open_rows: int, closed_rows: int
) -> None:
    (tmp_path / "own" / "formats").mkdir(parents=True)
    years = BOARD + "dates: [iso]\n"
    years = years.replace("columns:\n", "columns:\n  years_experience: years\n").replace("state]]", "state, years]]")
    (tmp_path / "own" / "formats" / "board.yaml").write_text(years, encoding="utf-8")
    settings = settings_at(tmp_path, reference=tmp_path / "own")
    text = "id,title,company,city,seen,low,high,state,years\n"
    for n in range(open_rows + closed_rows):
        state = "open,5" if n < open_rows else "closed,many"
        text += f'{n},ML Engineer,OpenAI,"San Francisco, CA",2026-06-0{n % 9 + 1},200000,300000,{state}\n'
    path = settings.raw / "jobs.csv"
    path.write_text(text, encoding="utf-8")
    found = inspect_file(path, settings)
    assert (found["skipped"], found["rejected"], found["noted"]) == (closed_rows, [], {})
    if open_rows:  # without an open row there is no date, and the export is held
        assert {"disposition": "out_of_scope", "reason": "skipped", "rows": closed_rows} in found["ledger"]
    print_inspection(out, found)
    shown = capsys.readouterr().out
    assert f"out_of_scope {closed_rows}  skipped" in shown and "rejected" not in shown and "None" not in shown
    lay_over(None)
