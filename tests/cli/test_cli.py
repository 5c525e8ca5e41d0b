"""The commands as a user meets them: exit codes, what goes where, and no traceback whatever comes."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.main import get_command
from typer.testing import CliRunner

from salary_bands import __version__
from salary_bands.cli.commands import app
from salary_bands.ingest.recognise import recognise
from salary_bands.query import bands
from salary_bands.reference.formats import parse_format
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders import SAMPLE
from tests.builders.exports import native_row, write_native
from tests.builders.worlds import ROWS

Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command in a folder of its own; whatever it does, it must not end in a traceback."""
    for name in ("raw", "marts", "work", "settle_seconds"):
        monkeypatch.setenv(f"SALARY_BANDS_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.stdout + result.stderr
        return result

    return command


@pytest.fixture
def both(small_world: Path) -> Marts:
    """A marts folder with two releases, of 30 and of 35 reports, to read from."""
    return Marts(small_world / "both")


OFFER = ("offer", "--group", "all", "--tier", "all", "--level", "all", "--market", "US", "--base", "200000")
REFRESH = ("refresh", "--as-of", "2026-06-30")


@pytest.mark.slow
def test_a_refresh_publishes_once_and_says_what_it_did(built_first: Settings, run: Run) -> None:
    settings = built_first
    shutil.rmtree(settings.work / "pay_reports")  # so that there is something to read
    dry = run(*REFRESH, "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[-1]) == (0, "would publish 2026.06.30")
    assert not (settings.marts / "releases").exists() and not (settings.marts / "latest.json").exists()
    first = run(*REFRESH)
    assert first.exit_code == 0
    assert first.stdout.splitlines()[0] == "read      1 exports (0 new), 30 rows"
    assert first.stdout.splitlines()[-1] == "published 2026.06.30"
    assert "aggregating and publishing" in first.stderr and "published" not in first.stderr
    again = run(*REFRESH, "--json")
    assert again.exit_code == 0
    outcome = json.loads(again.stdout)
    assert (outcome["version"], outcome["published"], outcome["rows"]) == ("2026.06.30", False, {"used": 30})
    assert run(*REFRESH, "--dry-run").stdout.splitlines()[-1] == "nothing changed since 2026.06.30"


@pytest.mark.slow
def test_one_held_export_of_two_is_no_failure(run: Run, built_first: Settings) -> None:
    settings = built_first
    (settings.raw / "source" / "other.csv").write_text("who,what\na,b\n", encoding="utf-8")
    (settings.raw / "stray.csv").write_text("x\n", encoding="utf-8")
    result = run(*REFRESH)
    assert result.exit_code == 0
    first, second, third, *_ = result.stdout.splitlines()
    assert first.startswith("held      source/other.csv since 20")
    assert "(unknown_header): no format has the 2 columns of its header" in first
    assert second.startswith("refused   stray.csv") and third.startswith("held      1 export is not in the bands")
    assert "held                     1 rows of 1 exports" in result.stdout
    # and what is said the morning after
    strict = run(*REFRESH, "--strict")
    assert (strict.exit_code, strict.stdout.splitlines()[0]) == (1, first)  # since when does not change
    assert "--strict: 1 of the exports are held" in strict.stderr
    there = run("status", "--json")
    found = json.loads(there.stdout)
    assert (there.exit_code, found["refresh"]["result"], found["release"]["version"]) == (0, "unchanged", "2026.06.30")
    assert [(e["file"], e["reason"]) for e in found["held"]] == [("source/other.csv", "unknown_header")]
    [source] = found["sources"]
    assert (source["exports"], source["held"], source["rows"], source["newest_report"]) == (2, 1, 31, "2026-05-10")
    assert run("status", "--check").exit_code == 1
    assert "source/other.csv since" in run("status").stdout
    [name] = [i.export for i in Marts(settings.marts).manifest("2026.06.30").inputs]
    assert "source/native.csv" in run("status", name).stdout
    assert json.loads(run("status", f"source/{name}", "--json").stdout)["rows_by_reason"][0]["disposition"] == "used"
    assert run("status", "0" * 12).exit_code == 2
    (settings.raw / "source" / "other.csv").unlink()
    (settings.raw / "stray.csv").unlink()
    assert (run(*REFRESH, "--strict").exit_code, run("status", "--check").exit_code) == (0, 0)


def test_status_before_anything_has_run_says_what_to_do(run: Run) -> None:
    assert "no refresh has run" in run("status").stdout
    assert run("status", "--check").exit_code == 1


@pytest.mark.slow
def test_a_refresh_without_a_report_in_the_window_says_so_and_what_is_held(run: Run, settings: Settings) -> None:
    write_native(settings.raw, [native_row(n, submitted_at="2024-03-01") for n in range(20)])
    (settings.raw / "source" / "torn.csv.gz").write_bytes(gzip.compress(b"submission_id\n" * 99)[:-9])
    result = run(*REFRESH)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no report lies in the twelve months to 2026-06-30; the newest is of 2024-03-01" in result.stderr
    assert "held: source/torn.csv.gz because truncated_gzip (the gzip file ends too early" in result.stderr
    assert "held source/torn.csv.gz since" in result.stderr and "rows offend" not in result.stderr
    assert "held by a check" in run("status").stdout


def test_a_refresh_where_every_export_is_held_fails_with_a_line_for_each(run: Run, settings: Settings) -> None:
    for name in ("one.csv", "two.csv"):
        path = settings.raw / "source" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"who,{name}\na,b\n", encoding="utf-8")
    result = run(*REFRESH)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "every export is held" in result.stderr
    assert all(f"source/{name}: no format has the 2 columns" in result.stderr for name in ("one.csv", "two.csv"))


def no_raw(settings: Settings) -> None:
    settings.raw.rmdir()


def nothing(settings: Settings) -> None:
    pass


def broken_toml(settings: Settings) -> None:
    Path("salary_bands.toml").write_text("window_months = ", encoding="utf-8")


def unknown_setting(settings: Settings) -> None:
    Path("salary_bands.toml").write_text("windows = 3\n", encoding="utf-8")


WRONG = [
    (no_raw, REFRESH, "does not exist"),
    (nothing, REFRESH, "the raw folder has no export"),
    (nothing, ("refresh", "--as-of", "30.06.2026"), "--as-of 30.06.2026 is not a date; use YYYY-MM-DD"),
    (nothing, ("refresh", "--as-of", "2026-02-30"), "is not a date"),
    (nothing, (*REFRESH, "--wait", "-1"), "lock_wait_seconds"),
    (nothing, (*REFRESH, "--wait", "soon"), "--wait"),
    (nothing, ("refresh", "--nonsense"), "--nonsense"),
    (nothing, ("nonsense",), "nonsense"),
    (broken_toml, REFRESH, "salary_bands.toml"),
    (unknown_setting, REFRESH, "windows"),
    (nothing, ("inspect", "missing.csv"), "missing.csv: no such file"),
    (nothing, ("classify", "--in", "missing.csv"), "missing.csv"),
]


@pytest.mark.parametrize(("prepare", "arguments", "says"), WRONG, ids=[f"{p.__name__} {a[-1]}" for p, a, _ in WRONG])
def test_wrong_usage_ends_with_2_and_says_why(
    run: Run, settings: Settings, prepare: Callable[[Settings], None], arguments: tuple[str, ...], says: str
) -> None:
    prepare(settings)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr


def test_a_bad_value_in_the_environment_names_the_setting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALARY_BANDS_WINDOW_MONTHS", "a year")
    result = run(*REFRESH)
    assert result.exit_code == 2
    assert "setting window_months" in result.stderr and "'a year'" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("show",), ("releases",), ("show", "--json"), ("show", "--release", "2026.01.01"), OFFER]
)
def test_reading_before_anything_is_published_ends_with_1_and_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1 and "nothing is published" in result.stderr


@pytest.mark.parametrize("command", [("show",), ("releases",), OFFER, REFRESH])
def test_a_folder_that_is_a_file_is_a_line_and_no_traceback(
    run: Run, settings: Settings, command: tuple[str, ...]
) -> None:
    write_native(settings.raw, ROWS[:1])
    Path("file").write_text("", encoding="utf-8")
    result = run(*command, "--marts", "file")
    assert (result.exit_code, result.stdout) in ((1, ""), (2, ""))
    assert "file" in result.stderr


@pytest.mark.slow
def test_a_locked_folder_ends_with_1_and_names_the_process(run: Run, settings: Settings) -> None:
    write_native(settings.raw, ROWS[:1])
    script = (
        "import pathlib, sys\nfrom salary_bands.storage.locks import refresh_lock\n"
        "with refresh_lock([pathlib.Path(sys.argv[1])], 0):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    child = [sys.executable, "-c", script, str(settings.marts)]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        result = run(*REFRESH, "--wait", "0")
        holder.kill()
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"locked by process {holder.pid}" in result.stderr


def test_show_gives_the_cards_in_the_us_by_default(run: Run, both: Marts) -> None:
    result = run("show", "--marts", str(both.folder))
    assert result.exit_code == 0
    assert "2026.06.30.1: evidence reported, market US, tier all, level all" in result.stdout
    document = json.loads(run("show", "--marts", str(both.folder), "--json").stdout)
    cells = [(b["view"], b["market"], b["tier"], b["level"], b["evidence"]) for b in document["bands"]]
    assert set(cells) == {("cards", "US", "all", "all", "reported")}
    assert {b["metric"] for b in document["bands"]} == {"base", "total"}
    assert document["release"] == "2026.06.30.1"


def test_show_leads_with_what_there_is(run: Run, both: Marts) -> None:
    """All of machine learning and the generalist; the other cards of this release are empty."""
    result = run("show", "--marts", str(both.folder))
    table = result.stdout.split("2026.06.30.1: evidence reported")[0]
    assert "L5 senior (Google L5, Meta E5, Amazon L6)" in table and "what this release shows best" in table
    assert (
        table.index("All machine learning") < table.index("ML engineer (generalist)") < table.index("us-seattle", -200)
    )
    leading = json.loads(run("show", "--marts", str(both.folder), "--json").stdout)["leading"]
    bands = pd.read_parquet(both.release("2026.06.30.1") / "bands.parquet")
    want = bands.query(
        "view == 'leaf' and group_id in ('all', 'ml_generalist', 'data_science') and evidence == 'reported' "
        "and metric in ('base', 'total') and basis != 'suppressed' "
        "and (tier == 'all' and level == 'all' or market == 'US' and (tier == 'all' or level == 'all'))"
    )
    key = ["group_id", "tier", "level", "market", "metric", "p50"]
    assert sorted(tuple(row[k] for k in key) for row in leading) == sorted(want[key].itertuples(index=False, name=None))
    assert len(leading) > 10 and "<10" not in table
    assert "leading" not in json.loads(run("show", "--marts", str(both.folder), "--level", "L4", "--json").stdout)


def test_show_filters_and_reads_older_releases(run: Run, both: Marts) -> None:
    chosen = "--view leaf --group ml_generalist --market us-seattle --metric base --level each --json".split()
    shown = {}
    for version in ("2026.06.30", "2026.06.30.1"):
        result = run("show", "--marts", str(both.folder), "--release", version, *chosen)
        bands = json.loads(result.stdout)["bands"]
        shown[version] = {b["level"]: (b["n_reports"], b["p50"]) for b in bands if b["basis"] != "suppressed"}
    assert shown == {
        "2026.06.30": {"L4": (30, 165_500), "early": (30, 165_500), "all": (30, 165_500)},
        "2026.06.30.1": {"L4": (35, 165_000), "early": (35, 165_000), "all": (35, 165_000)},
    }


@pytest.mark.parametrize("place", ["US", "us-seattle", "gb-leeds"])
def test_show_finds_a_group_in_the_view_that_has_it(run: Run, both: Marts, place: str) -> None:
    asked = ("show", "--marts", str(both.folder), "--group", "ml_generalist", "--market", place, "--json")
    rows = json.loads(run(*asked).stdout)["bands"]
    assert {(row["view"], row["metric"]) for row in rows} == {("leaf", "base"), ("leaf", "total")}
    also = json.loads(run(*asked, "--group", "computer_vision").stdout)["bands"]  # which two views have
    assert {row["view"] for row in also} == {"cards"}
    wrong = run(*asked, "--view", "cards")
    assert wrong.exit_code == 2 and "no cell with view cards, group_id ml_generalist" in wrong.stderr


def rows_of(run: Run, marts: Marts, *asked: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows of `show` by the cell that they are about."""
    result = run("show", "--marts", str(marts.folder), *asked, "--json")
    assert result.exit_code == 0, result.output
    key = ("group_id", "tier", "level", "market", "metric")
    return {tuple(row[name] for name in key): row for row in json.loads(result.stdout)["bands"]}


def test_each_answers_as_single_questions_do(run: Run, both: Marts) -> None:
    """Levels that no row of the release has are answered from elsewhere."""
    place = "--view leaf --group ml_generalist --market gb-leeds".split()
    each = rows_of(run, both, *place, "--level", "each", "--tier", "each")
    levels, tiers = {level for _, _, level, _, _ in each}, {tier for _, tier, _, _, _ in each}
    assert {"all", "L3", "L4", "early"} <= levels and {"all", "unknown"} <= tiers
    assert len(each) == 2 * len(levels) * len(tiers)
    for tier, level in (("all", "L3"), ("all", "L4"), ("unknown", "early")):
        single = rows_of(run, both, *place, "--level", level, "--tier", tier)
        assert single == {cell: row for cell, row in each.items() if cell[1:3] == (tier, level)}
    assert {row["answer"]["p50"] for row in each.values() if row["level"] == "L4"} != {None}


@pytest.mark.parametrize("market", ["us-seattle", "gb-leeds"])
def test_a_market_without_a_group_answers_for_each_group_of_the_cards(run: Run, both: Marts, market: str) -> None:
    rows = rows_of(run, both, "--market", market)
    cards = pd.read_parquet(both.release("2026.06.30.1") / "cards.parquet").query("view == 'cards'")
    assert sorted(rows) == sorted(
        (group, "all", "all", market, metric) for group in cards["group_id"] for metric in ("base", "total")
    )
    assert {row["group_label"] for row in rows.values()} == set(cards["label"])
    for group in list(cards["group_id"])[:2]:
        single = rows_of(run, both, "--view", "cards", "--group", group, "--market", market)
        assert single == {cell: row for cell, row in rows.items() if cell[0] == group}


def test_names_are_taken_in_any_case(run: Run, both: Marts) -> None:
    asked = "--view LEAF --group ML_generalist --tier ALL --level l4 --market us --metric Base --evidence Reported"
    assert list(rows_of(run, both, *asked.split())) == [("ml_generalist", "all", "L4", "US", "base")]


@pytest.mark.parametrize(
    ("option", "value", "there"),
    [
        ("--view", "nonsense", "cards, career_paths, leaf"),
        ("--group", "nonsense", "agentic_systems"),
        ("--tier", "T9", "all, unknown"),
        ("--level", "L9", "L3, L4"),
        ("--level", "E5", "Meta's E5 is L5"),
        ("--group", "mlgeneralist", "did you mean ml_generalist?"),
        ("--view", "card", "did you mean cards?"),
        ("--market", "NYC", "did you mean us-new-york?"),
        ("--market", "XX", "US, global, us-seattle"),
        ("--metric", "wage", "base, base_max, base_min, bonus"),
        ("--evidence", "rumour", "advertised, reported"),
        ("--release", "2020.01.01", "2026.06.30.1, 2026.06.30"),
    ],
)
def test_an_unknown_filter_value_names_what_there_is(
    run: Run, both: Marts, option: str, value: str, there: str
) -> None:
    result = run("show", "--marts", str(both.folder), option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{option} {value}" in result.stderr and there in result.stderr


def test_releases_are_listed_newest_first(run: Run, both: Marts) -> None:
    table = run("releases", "--marts", str(both.folder))
    assert table.exit_code == 0
    assert table.stdout.index("2026.06.30.1") < table.stdout.index("2026.06.30 ")
    listed = json.loads(run("releases", "--marts", str(both.folder), "--json").stdout)
    assert [(r["version"], r["latest"], r["status"]) for r in listed] == [
        ("2026.06.30.1", True, "published"),
        ("2026.06.30", False, "published"),
    ]
    assert listed[0]["manifest_sha256"] == both.latest().manifest.sha256


def test_a_release_is_rolled_back_withdrawn_and_pruned_by_command(run: Run, both: Marts, tmp_path: Path) -> None:
    there = ("--marts", str(tmp_path / "marts"))
    shutil.copytree(both.folder, tmp_path / "marts")

    def state() -> list[tuple[Any, ...]]:
        listed = json.loads(run("releases", *there, "--json").stdout)
        return [(r["latest"], r["status"], r["rolled_back"], r["pruned"], r["reason"]) for r in listed]

    assert run("prune", "--keep", "1", "--dry-run", *there).stdout == "would remove 2026.06.30\n"
    back = run("rollback", "--reason", "wrong rates", *there)
    assert (back.exit_code, back.stderr) == (0, "latest.json and the mart now have release 2026.06.30\n")
    assert state() == [(False, "published", True, False, "wrong rates"), (True, "published", False, False, None)]
    assert "rolled back" in run("releases", *there).stdout
    assert json.loads(run("show", *there, "--json").stdout)["release"] == "2026.06.30"
    assert run("rollback", "2026.06.30.1", *there).exit_code == 0
    for arguments in (("2026.06.30",), ("2026.06.30", "--reason", " "), ("2020.01.01", "--reason", "x")):
        wrong = run("withdraw", *arguments, *there)
        assert (wrong.exit_code, wrong.stdout) == (2, "")
    gone = run("withdraw", "2026.06.30.1", "--reason", "legal", *there)
    assert (gone.exit_code, gone.stderr) == (0, "2026.06.30.1 is withdrawn\nthe latest is 2026.06.30\n")
    assert state()[0] == (False, "withdrawn", False, False, "legal")
    assert run("withdraw", "2026.06.30.1", "--undo", *there).exit_code == 0
    pruned = run("prune", "--keep", "1", *there)
    assert (pruned.exit_code, pruned.stdout) == (0, "removed 2026.06.30\n")
    assert state()[1] == (False, "published", False, True, None)
    assert run("prune", "--keep", "0", *there).exit_code == 2
    gone = run("show", *there, "--release", "2026.06.30")
    assert gone.exit_code == 2 and "its folder is no longer in" in gone.stderr
    checked = run("verify", "--all", *there, "--json")
    assert (checked.exit_code, json.loads(checked.stdout)["ok"]) == (0, True)


def missing(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def with_other_figures(path: Path) -> None:
    """A file that is sound and not the published one: only its hash can tell."""
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index("p50"), "p50", pa.nulls(len(table), pa.int64())), path)


@pytest.mark.parametrize("damage", [missing, cut, with_other_figures])
@pytest.mark.parametrize(
    "command",
    [("show",), OFFER, ("diff", "2026.06.30", "2026.06.30.1"), ("rollback", "2026.06.30")],
    ids=lambda command: command[0],
)
def test_a_damaged_file_of_a_release_is_named(
    run: Run, both: Marts, tmp_path: Path, command: tuple[str, ...], damage: Callable[[Path], None]
) -> None:
    shutil.copytree(both.folder, tmp_path / "marts")
    path = tmp_path / "marts" / "releases" / "2026.06.30.1" / "bands.parquet"
    damage(path)
    result = run(*command, "--marts", str(tmp_path / "marts"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"{path} is missing or damaged; restore it or withdraw the release" in result.stderr
    if command[0] == "rollback":
        gone = run("withdraw", "2026.06.30.1", "--reason", "damaged", "--marts", str(tmp_path / "marts"))
        assert (gone.exit_code, gone.stderr) == (0, "2026.06.30.1 is withdrawn\nthe latest is 2026.06.30\n")


def test_a_bug_is_not_blamed_on_the_release(run: Run, both: Marts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "records", lambda cursor: duckdb.sql("SELECT nothing"))
    with pytest.raises(AssertionError, match="Binder Error"):  # by `run`, in place of a traceback
        run("show", "--marts", str(both.folder))


@pytest.mark.parametrize(
    "arguments",
    [("verify",), ("rollback",), ("withdraw", "2026.06.30", "--reason", "x"), ("prune", "--keep", "3")],
)
def test_there_is_nothing_to_undo_before_anything_is_published(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1 and "nothing is published" in result.stderr


def test_inspect_shows_how_a_good_file_is_read(run: Run, settings: Settings) -> None:
    path = write_native(settings.raw, [*ROWS, native_row(99, base="a lot"), native_row(98, base="-5")])
    text = run("inspect", str(path))
    assert text.exit_code == 0
    assert "native.csv is native" in text.stdout and "accepted 30" in text.stdout and "row 32: 'a lot'" in text.stdout
    found = json.loads(run("inspect", str(path), "--json").stdout)
    assert (found["format"], found["rows"], found["accepted"], found["would_be_held"]) == ("native", 32, 30, False)
    rejected = {(r["column"], r["reason"]): [(e["row"], e["value"]) for e in r["examples"]] for r in found["rejected"]}
    assert rejected == {("base", "not_a_number"): [(32, "a lot")], ("base", "negative"): [(33, "-5")]}
    assert found["leaves"] == {"ml_generalist": 30}
    assert not settings.work.exists() and not settings.marts.exists()


def test_inspect_says_why_a_file_would_be_held(run: Run, settings: Settings) -> None:
    path = settings.raw / "empty.csv"
    path.write_text("", encoding="utf-8")
    held = json.loads(run("inspect", str(path), "--json").stdout)["held"]
    assert held["reason"] and held["line"]
    assert f"would be held ({held['reason']})" in run("inspect", str(path)).stdout


def test_inspect_drafts_a_format_that_parses_and_maps_only_what_it_can_tell(run: Run, tmp_path: Path) -> None:
    header = ["When", "Job Title", "Wage: gross", "Base", "currency", "Where?"]
    path = tmp_path / "new source.csv"
    path.write_text(",".join(header) + "\n2026-05-01,NLP Engineer,1,90000,USD,x\n", encoding="utf-8")
    found = json.loads(run("inspect", str(path), "--json").stdout)
    assert found["held"]["reason"] == "unknown_header"
    draft = found["draft"]
    drafted = parse_format(draft.replace("say which", "MIT").replace("say whose", "ours"), "draft")
    assert drafted.name == "new_source" and drafted.recognise == [["When", "Job Title", "currency", "Base"]]
    assert {c: drafted.columns[c].headers for c in drafted.columns} == {
        "submitted_at": ["When"],
        "job_title": ["Job Title"],
        "currency": ["currency"],
        "base": ["Base"],
    }
    assert all(f"#   {h}\n" in draft for h in ("Wage: gross", "Where?"))
    assert found["with_draft"]["accepted"] == 1
    with pytest.raises(Exception, match="no format has the 6 columns"):
        recognise(header)


TITLES = ["NLP Engineer", "Recruiter", "Senior Machine Learning Engineer"]


def test_classify_takes_titles_from_arguments_input_or_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "titles.csv"
    path.write_text("skills,title\n," + "\n,".join(TITLES) + "\n", encoding="utf-8")
    answers = [
        run("classify", "--json", *TITLES),
        run("classify", "--json", stdin="\n".join(TITLES) + "\n"),
        run("classify", "--json", "--in", str(path)),
    ]
    assert {a.exit_code for a in answers} == {0}
    assert len({a.stdout for a in answers}) == 1
    found = [json.loads(line) for line in answers[0].stdout.splitlines()]
    assert [f["title"] for f in found] == TITLES
    assert [f["leaf"] for f in found] == ["nlp_classical", "out_of_scope", "ml_generalist"]
    assert all(set(f) == {"title", "leaf", "rule", "evidence"} and f["rule"] for f in found)
    assert "nlp_classical" in run("classify", TITLES[0]).stdout


def test_classify_reads_specialisation_and_skills_from_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "titles.csv"
    path.write_text("title,specialisation,skills\nSoftware Engineer,ML/AI,\nSoftware Engineer,,\n", encoding="utf-8")
    found = [json.loads(line) for line in run("classify", "--json", "--in", str(path)).stdout.splitlines()]
    assert found[0]["leaf"] == "ml_generalist" != found[1]["leaf"]
    path.write_text("name\nx\n", encoding="utf-8")
    wrong = run("classify", "--in", str(path))
    assert wrong.exit_code == 2 and "column title is missing" in wrong.stderr


def test_the_sample_is_the_committed_one(run: Run, tmp_path: Path) -> None:
    result = run("sample", "--to", str(tmp_path / "raw"))
    assert result.exit_code == 0 and "Synthetic" in result.stderr
    made = {p.name: p for p in (tmp_path / "raw" / "sample").iterdir()}
    assert sorted(made) == sorted(p.name for p in SAMPLE.iterdir())
    for name, path in made.items():
        assert text_of(path) == text_of(SAMPLE / name), name
    assert {Path(line).name for line in result.stdout.splitlines()} == set(made)


def text_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.mark.parametrize("command", ["refresh", "inspect", "classify", "show", "offer", "releases", "sample"])
def test_help_says_what_a_command_and_each_option_does(run: Run, command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    registered = next(c for c in app.registered_commands if c.callback and c.callback.__name__ == command)
    assert registered.callback and registered.callback.__doc__
    assert registered.callback.__doc__.split()[0] in result.stdout
    for option in options_of(command):
        assert option.help, option.name


def options_of(command: str) -> list[Any]:
    group: Any = get_command(app)
    return [p for p in group.commands[command].params if p.name != "help"]


def test_help_and_version_need_no_command(run: Run) -> None:
    assert run("--version").stdout == f"salary-bands {__version__}\n"
    listing = run("--help").stdout
    assert all(name in listing for name in ("refresh", "inspect", "classify", "show", "offer", "releases", "sample"))
    assert run().exit_code in (0, 2)
