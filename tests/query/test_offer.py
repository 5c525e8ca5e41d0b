"""The check of an offer: what the command answers, that the mart answers the same, and what is wrong usage."""

import io
import json
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import Result
from rich.console import Console
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.cli.printing.offer import print_offer
from salary_bands.publish.mart import build_mart
from salary_bands.query.macros import MACROS
from salary_bands.query.offer import NOTHING, Offer, check_offer
from salary_bands.releases.marts import Marts
from salary_bands.schemas import RELEASE_TABLES
from tests.builders.offers import (
    ASKED,
    FIGURES,
    METRO,
    MULTIPLIERS,
    VERSION,
    cell,
    release_of,
    rows_of,
    suppressed,
)

TOTALS = (300_000, 400_000, 500_000, 700_000, 1_000_000)
LIQUID = (150_000, 200_000, 300_000, 350_000, 500_000)
METRICS = {"base": FIGURES, "bonus": (0, 10_000, 20_000, 40_000, 80_000), "equity": FIGURES}
OFFER = "offer --group post_training --tier T1 --level L5 --market us-sf-bay".split()
AMOUNTS = "--base 330000 --equity 400000 --bonus 40000".split()
Run = Callable[..., Result]


def bands_of_all_metrics(*place: str) -> list[dict[str, Any]]:
    return [
        cell(*place, metric=metric, figures=figures)
        for metric, figures in {**METRICS, "total": TOTALS, "total_liquid": LIQUID}.items()
    ]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """A release in which US answers for all but the base, of which the metro shows more."""
    grid = [
        suppressed("post_training", tier, level, "US", metric="base")
        for tier in ("T1", "T2", "T3", "T4", "T5", "unknown", "all")
        for level in ("L3", "L4", "L5", "L6", "L7", "early", "senior", "all")
        if (tier, level) != ("T1", "L5")
    ]
    rows = [*grid, cell(), *bands_of_all_metrics("post_training", "T1", "L5", "US")]
    marts = release_of(tmp_path_factory.mktemp("shelf"), rows, synthetic=True)
    build_mart(marts, VERSION, [VERSION])
    return marts


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command; whatever it does, it must not end in a traceback."""
    monkeypatch.setenv("COLUMNS", "200")

    def command(marts: Marts, *arguments: str) -> Result:
        result = CliRunner().invoke(app, [*arguments, "--marts", str(marts.folder)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return command


def answered(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {a["what"]: a for a in document["answers"]}


def test_an_offer_is_answered_per_metric_with_what_the_answer_rests_on(run: Run, shelf: Marts) -> None:
    document = json.loads(run(shelf, *OFFER, *AMOUNTS, "--json").stdout)
    assert {k: document[k] for k in ("release", "as_of", "contains_synthetic")} == {
        "release": VERSION, "as_of": "2026-06-30", "contains_synthetic": True,
    }  # fmt: skip
    found = answered(document)
    assert {k: (a["metric"], a["amount"]) for k, a in found.items()} == {
        "base": ("base", 330_000),
        "bonus": ("bonus", 40_000),
        "equity": ("equity", 400_000),
        "total": ("total", 770_000),
        "total_without_equity": ("total", 370_000),
        "total_liquid": ("total_liquid", 370_000),
    }
    assert (found["base"]["market"], found["base"]["fallback"]) == ("us-sf-bay", [])
    assert {(a["market"], *a["fallback"]) for k, a in found.items() if k != "base"} == {("US", METRO)}
    rests_on = ("n_reports", "n_effective", "n_employers", "median_age_days", "p50_precision", "basis", "evidence")
    assert [found["total"][k] for k in rests_on] == [80, 60.5, 7, 120, "acceptable", "direct", "reported"]
    assert found["bonus"]["percentile"] == 75
    assert [a["metric"] for a in document["comparable"]] == []


def test_a_modelled_answer_has_no_age_and_none_is_printed(shelf: Marts) -> None:
    found = check_offer(shelf, None, Offer("post_training", "T1", "L5", "us-sf-bay", base=330_000))
    for answer in found["answers"]:
        answer["median_age_days"] = None
    console = Console(width=200, file=io.StringIO())
    print_offer(console, console, found)
    text = console.file.getvalue()
    assert "precision of P50" in text and "None" not in text


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_each_answer_has_its_figure_interval_and_band_at_any_width(shelf: Marts, width: int) -> None:
    found = check_offer(
        shelf, None, Offer("post_training", "T1", "L5", "us-sf-bay", base=330_000, equity=1, bonus=40_000)
    )
    for answer in found["answers"]:
        answer["n_employers"] = None
    console = Console(width=width, file=io.StringIO(), soft_wrap=True)
    print_offer(console, console, found)
    table = console.file.getvalue().split("compares")[0].split("\n", 1)[1]
    assert max(map(len, table.splitlines())) <= width and "employers" not in table
    for answer in found["answers"]:
        [line] = re.findall(rf"^ {answer['what'].replace('_', ' ')}  .*$", table, re.M)
        [said] = re.findall(rf"{re.escape(line)}(?:\n    .*)*", table)
        low, high = answer["reading_low"], answer["reading_high"]
        interval = str(low) if low == high else f"{low} to {high}"
        assert f"{answer['amount'] / 1000:,.1f}" in line and answer["reading"] in line and interval in line
        for name in ("p25", "p50", "p75"):
            assert f"{answer[name] / 1000:,.1f}" in said
        assert str(answer["n_reports"]) in said or f"n {answer['n_reports']}" in table


def test_private_equity_is_counted_at_face_value_and_not_at_all_and_the_answers_say_so(run: Run, shelf: Marts) -> None:
    document = json.loads(run(shelf, *OFFER, *AMOUNTS, "--json").stdout)
    found = answered(document)
    assert "at face value, compared with reported totals at face value" in found["total"]["compares"]
    assert "in case the equity becomes worthless" in found["total_without_equity"]["compares"]
    assert "pay that can be spent" in found["total_liquid"]["compares"]
    assert found["total_without_equity"]["reading"] != found["total_liquid"]["reading"]
    assert "cannot be sold" in document["notes"][0]
    said = json.loads(run(shelf, *OFFER, *AMOUNTS, "--equity-liquid", "no", "--json").stdout)
    assert (said["answers"], said["notes"]) == (document["answers"], [])


def test_equity_that_can_be_sold_counts_as_liquid(run: Run, shelf: Marts) -> None:
    found = answered(json.loads(run(shelf, *OFFER, *AMOUNTS, "--equity-liquid", "yes", "--json").stdout))
    assert "total_without_equity" not in found
    assert (found["total"]["amount"], found["total_liquid"]["amount"]) == (770_000, 770_000)
    none = answered(json.loads(run(shelf, *OFFER, "--base", "1", "--bonus", "0", "--equity", "0", "--json").stdout))
    assert "total_without_equity" not in none and none["total_liquid"]["amount"] == 1


def test_what_is_not_given_is_unknown_and_makes_no_total(run: Run, shelf: Marts) -> None:
    document = json.loads(run(shelf, *OFFER, "--base", "330000", "--bonus", "0", "--json").stdout)
    assert set(answered(document)) == {"base", "bonus"}
    assert document["notes"] == ["no total without --equity: an amount that is not given is unknown; use 0 for none"]


def test_the_table_says_the_same_for_people(run: Run, shelf: Marts) -> None:
    result = run(shelf, *OFFER, *AMOUNTS)
    assert result.exit_code == 0
    for text in ("total without equity", "total liquid", "P75", "acceptable, direct", "120 d", f"US, after {METRO}"):
        assert text in result.stdout, text
    assert "reported leaf post_training, T1, L5, us-sf-bay, as requested" in result.stdout
    assert "Synthetic" in result.stderr and "synthetic" not in result.stdout


def test_the_macros_of_the_mart_give_what_the_command_gives(shelf: Marts) -> None:
    document = check_offer(shelf, None, Offer(*ASKED, base=330_000, bonus=40_000, equity=400_000))
    with duckdb.connect(str(shelf.mart), read_only=True) as connection:
        for answer in document["answers"]:
            found = rows_of(
                connection, "FROM offer_percentile(?, ?, ?, ?, ?, ?)", *ASKED, answer["metric"], answer["amount"]
            )
            assert [{k: v for k, v in r.items() if k not in ("release", "as_of")} for r in found] == [
                {k: v for k, v in answer.items() if k not in ("what", "compares")}
            ]
            band = rows_of(connection, "FROM answer(?, ?, ?, ?, ?)", *ASKED, answer["metric"])
            assert [(r["p50"], r["fallback"]) for r in band] == [(answer["p50"], answer["fallback"])]


def test_the_mart_says_what_its_macros_do_and_takes_any_name(shelf: Marts, tmp_path: Path) -> None:
    copy = tmp_path / "another name.duckdb"
    copy.write_bytes(shelf.mart.read_bytes())
    with duckdb.connect(str(copy), read_only=True) as connection:
        sql = (
            "SELECT function_name, comment FROM duckdb_functions() WHERE function_type = 'table_macro' AND NOT internal"
        )
        assert dict(connection.execute(sql).fetchall()) == {name: text for name, (_, text) in MACROS.items()}
        assert len(rows_of(connection, "FROM answering_band(?, ?, ?, ?, 'total')", *ASKED)) == 1


def test_the_mart_of_a_release_older_than_a_table_has_it_empty(tmp_path: Path) -> None:
    marts = release_of(tmp_path, [cell()], cards=[])  # which has no claims, no estimates and no ledger
    build_mart(marts, VERSION, [VERSION])
    with duckdb.connect(str(marts.mart), read_only=True) as connection:
        counts = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchall()[0][0] for t in RELEASE_TABLES}
        assert counts == {**dict.fromkeys(RELEASE_TABLES, 0), "bands": 1, "multipliers": len(MULTIPLIERS)}
        assert not rows_of(connection, "FROM answering_band(?, ?, ?, ?, 'base')", *ASKED)


def test_where_no_reported_base_is_shown_an_advertised_one_stands_beside_and_says_so(run: Run, tmp_path: Path) -> None:
    total = cell("all", "all", "senior", "US", metric="total")
    marts = release_of(tmp_path, [suppressed(*ASKED), cell(market="US", evidence="advertised"), total])
    document = json.loads(run(marts, *OFFER, "--base", "200000", "--bonus", "0", "--json").stdout)
    found = answered(document)
    assert set(found) == {"base", "base_advertised", "bonus"}
    assert (found["base"]["reading"], found["base"]["percentile"]) == (NOTHING, None)
    assert found["base"]["fallback"] == []
    assert "may not be shown: few reports, the model does not know it, and none is shown" in found["base"]["why"]
    assert (found["base_advertised"]["evidence"], found["base_advertised"]["percentile"]) == ("advertised", 50)
    assert "advertised" in found["base_advertised"]["compares"]
    text = run(marts, *OFFER, "--base", "200000").stdout
    assert "base advertised" in text and "base: no answer: the cell may not be shown: few reports" in text


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            ("--group", "nonsense"),
            "--group nonsense: not in release 2026.06.30; use one of agentic, agentic_systems, ai",
        ),
        (("--view", "nonsense"), "--view nonsense: not in release 2026.06.30; use one of cards, career_paths, leaf"),
        (("--view", "cards"), "--group post_training: not in view cards of release 2026.06.30; did you mean rlhf_post"),
        (("--tier", "T9"), "--tier T9: not in release 2026.06.30; use one of T1, T2, T3, T4, T5, all, unknown"),
        (("--level", "L9"), "--level L9: not in release 2026.06.30; levels are those of the release (L3, L4, L5"),
        (
            ("--level", "Lx9"),
            "--level Lx9: not in release 2026.06.30; use one of L3, L4, L5, L6, L7, all, early, senior",
        ),
        (("--market", "us-atlantis"), "--market us-atlantis: not in release 2026.06.30; did you mean us-atlanta?"),
        (
            ("--market", "XX"),
            "--market XX: not in release 2026.06.30; use one of US, us-sf-bay, the two-letter code of",
        ),
        (("--base", "-1"), "--base -1: invalid amount"),
        (("--bonus", "nan"), "--bonus nan: invalid amount"),
        (("--equity", "inf"), "--equity inf: invalid amount"),
        (("--base", "0"), "--base 0: base pay cannot be 0"),
        (("--equity-liquid", "maybe"), "--equity-liquid maybe: use yes or no"),
        (("--release", "2020.01.01"), "there are 2026.06.30"),
        (("--base", "much"), "--base"),
    ],
)
def test_wrong_usage_ends_with_2_and_names_what_there_is(
    run: Run, shelf: Marts, changed: tuple[str, str], says: str
) -> None:
    result = run(shelf, *OFFER, *AMOUNTS, *changed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_names_in_another_case_are_those_of_the_release(run: Run, shelf: Marts) -> None:
    asked = ("--group", "Post_Training", "--tier", "t1", "--level", "l5", "--market", "US-SF-Bay", "--view", "Leaf")
    result = run(shelf, *OFFER, *AMOUNTS, *asked, "--json")
    same = run(shelf, *OFFER, *AMOUNTS, "--view", "leaf", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, json.loads(same.stdout))
    abroad = json.loads(run(shelf, *OFFER, *AMOUNTS, "--market", "lu", "--json").stdout)
    assert abroad["offer"]["market"] == "LU"


def test_an_offer_without_an_amount_or_a_group_is_wrong_usage(run: Run, shelf: Marts) -> None:
    without = run(shelf, *OFFER)
    assert (without.exit_code, without.stdout) == (2, "")
    assert "no amount to check; give --base, --bonus or --equity" in without.stderr
    assert run(shelf, "offer", *AMOUNTS).exit_code == 2


@pytest.mark.parametrize(
    ("market", "says"),
    [
        ("us-seattle", "the nearest shown cell, which differs by some"),
        ("GB", "the nearest shown cell, which is not near: it differs by some"),
        ("us-pittsburgh", "the nearest shown cell; how much it differs is not known"),
        ("LU", "the nearest shown cell; how much it differs is not known"),
        ("global", "the nearest shown cell; how much it differs is not known"),
    ],
)
def test_a_market_without_a_shown_cell_is_no_wrong_usage(run: Run, shelf: Marts, market: str, says: str) -> None:
    """The nearest shown cell answers, and says how far it is."""
    result = run(shelf, *OFFER, *AMOUNTS, "--market", market, "--json")
    assert result.exit_code == 0
    answers = json.loads(result.stdout)["answers"]
    assert all(a["reading"] != NOTHING and a["market"] in ("US", "us-sf-bay") for a in answers)
    assert all(says in a["why"] for a in answers)


def test_before_anything_is_published_it_ends_with_1_and_one_line(run: Run, tmp_path: Path) -> None:
    result = run(Marts(tmp_path), *OFFER, *AMOUNTS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1 and "nothing is published" in result.stderr


def without_cards(marts: Marts) -> Marts:
    """The release as one from before there was the table `cards`."""
    manifest = marts.manifest(VERSION)
    files = [f for f in manifest.files if f.path != "cards.parquet"]
    text = manifest.model_copy(update={"files": files}).text()
    (marts.release(VERSION) / "manifest.json").write_text(text, encoding="utf-8")
    return marts


def test_a_release_from_before_there_were_cards_ends_with_1_and_one_line(run: Run, tmp_path: Path) -> None:
    result = run(without_cards(release_of(tmp_path, [cell()])), *OFFER, *AMOUNTS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1 and "has no table `cards`" in result.stderr


def test_the_bands_of_a_release_from_before_there_were_cards_are_shown(run: Run, tmp_path: Path) -> None:
    marts = without_cards(release_of(tmp_path, [cell(), suppressed("agentic", *ASKED[1:])]))
    place = "--view leaf --tier T1 --level L5 --market us-sf-bay --metric base --json".split()
    found = json.loads(run(marts, "show", *place).stdout)["bands"]
    assert [(row["group_id"], row["p50"]) for row in found] == [(ASKED[0], FIGURES[2]), ("agentic", None)]


def test_the_command_imports_no_dagster_and_answers_quickly(shelf: Marts) -> None:
    script = (
        "import sys\nfrom salary_bands.cli.commands import app\n"
        f"try:\n    app({[*OFFER, *AMOUNTS, '--marts', str(shelf.folder)]!r})\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "assert 'dagster' not in sys.modules\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 5  # about one on a quiet machine


def test_help_says_what_each_option_is(run: Run) -> None:
    text = CliRunner().invoke(app, ["offer", "--help"], env={"COLUMNS": "200"}).stdout
    assert "Find the percentiles of an offer" in text
    for option in ("--group", "--tier", "--level", "--market", "--base", "--equity", "--equity-liquid", "--view"):
        assert option in text


def test_the_sample_answers_the_offer_of_the_readme(run: Run, sample_marts: Marts) -> None:
    found = answered(json.loads(run(sample_marts, *OFFER, *AMOUNTS, "--json").stdout))
    assert all(a["n_reports"] >= 5 and a["reading"] != NOTHING for a in found.values())
    assert all(a["reading_low"] and a["reading_high"] for a in found.values())
    assert {(a["tier"], a["market"]) for a in found.values()} <= {("T1", "us-sf-bay"), ("T1", "US")}
    assert all(a["distance"] <= 0.1 for a in found.values())  # of the cell itself, or of one that pays as much
