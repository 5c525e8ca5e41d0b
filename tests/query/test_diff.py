"""`salary-bands diff`: what it says of two releases is what their tables say, over one release or over several."""

import json
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import t
from typer.testing import CliRunner, Result

from salary_bands.cli.commands import app
from salary_bands.query.changes import more_line, news_text, summaries
from salary_bands.releases.marts import Marts
from salary_bands.schemas.bands import KEY
from salary_bands.settings import Settings
from tests.builders.candidates import published, settings_at
from tests.builders.exports import native_row, write_native
from tests.builders.offers import as_table
from tests.builders.people import people

pytestmark = pytest.mark.slow

LATER = "2026-06-30"
VERSIONS = ["2026.05.31", "2026.06.30", "2026.06.30.1"]


@pytest.fixture(scope="module")
def settings(year_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three releases: the date moves on and an export comes, then the method changes."""
    folder = tmp_path_factory.mktemp("diff") / "year"
    shutil.copytree(year_world, folder)
    found = settings_at(folder)
    write_native(found.raw, people(4, 120, LATER, 20), "north/2.csv")
    versions = [published(found, LATER), published(settings_at(folder, half_life_months=2), LATER)]
    assert versions == VERSIONS[1:]
    return found


def asked(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", *arguments, "--marts", str(settings.marts)])


def table(settings: Settings, version: str, name: str) -> pd.DataFrame:
    return pd.read_parquet(Marts(settings.marts).release(version) / f"{name}.parquet").set_index(list(KEY))


def cells(result: Result) -> pd.DataFrame:
    assert result.exit_code == 0, result.output
    return pd.DataFrame(json.loads(result.stdout)["changes"]).set_index(list(KEY))


def test_of_two_that_follow_it_says_what_the_later_one_says(settings: Settings) -> None:
    found = cells(asked(settings, *VERSIONS[:2], "--json"))
    expected = table(settings, VERSIONS[1], "changes")
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_over_several_releases_the_parts_add_up(settings: Settings) -> None:
    found = cells(asked(settings, VERSIONS[0], VERSIONS[2], "--json"))
    old, new = (table(settings, VERSIONS[n], "bands")["p50"].dropna() for n in (0, 2))
    both = pd.concat({"old": old, "new": new}, axis=1)
    differ = both[both["old"].ne(both["new"])]
    assert sorted(found.index) == sorted(differ.index)
    told = found.dropna(subset=["old", "new", "restated", "pay", "mix"])
    assert len(told) > 100
    assert told["new"].eq(told[["old", "restated", "pay", "mix"]].sum(axis=1)).all()
    links = [table(settings, v, "changes") for v in VERSIONS[1:]]
    for name in ("restated", "pay", "mix"):
        summed = links[0][name].reindex(told.index).fillna(0) + links[1][name].reindex(told.index).fillna(0)
        assert told[name].eq(summed).all()
    assert {"method", "data, method"} <= set(found["reason"])


def test_the_earlier_release_comes_first_whichever_is_named_first(settings: Settings) -> None:
    back, forth = (asked(settings, *VERSIONS[:2][::step], "--json") for step in (-1, 1))
    assert back.exit_code == 0 and json.loads(back.stdout) == json.loads(forth.stdout)
    assert json.loads(back.stdout)["from"] == VERSIONS[0]


def test_where_a_release_between_is_gone_no_part_is_told(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.marts, tmp_path / "marts")
    shutil.rmtree(tmp_path / "marts" / "releases" / VERSIONS[1])
    found = cells(asked(settings_at(tmp_path), VERSIONS[0], VERSIONS[2], "--json"))
    assert sorted(found.index) == sorted(cells(asked(settings, VERSIONS[0], VERSIONS[2], "--json")).index)
    assert found["reason"].eq("method_and_data").all() and found[["restated", "pay", "mix"]].isna().all(axis=None)


def test_a_release_beside_itself_has_not_moved(settings: Settings) -> None:
    result = asked(settings, VERSIONS[0], VERSIONS[0])
    assert result.exit_code == 0 and "no median changed" in result.stdout


def test_filters_keep_what_they_name(settings: Settings) -> None:
    found = cells(asked(settings, *VERSIONS[:2], "--json", "--view", "leaf", "--group", "all", "--metric", "base"))
    whole = cells(asked(settings, *VERSIONS[:2], "--json"))
    assert len(found) == len(whole.query("view == 'leaf' and group_id == 'all' and metric == 'base'")) > 0


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["2026.05.31", "2020.01.01"], "error: 2020.01.01: not in"),
        (
            ["2026.05.31", "2026.06.30", "--view", "nowhere"],
            "--view nowhere: no median changed there; use one of cards",
        ),
        (["2026.05.31", "2026.05.31", "--view", "leaf"], "--view leaf: no median changed there; no median changed"),
    ],
)
def test_what_cannot_be_compared_is_wrong_usage(settings: Settings, arguments: list[str], line: str) -> None:
    result = asked(settings, *arguments)
    assert result.exit_code == 2 and line in result.stderr and not result.stdout


def test_words_and_the_release_s_own_page_say_the_same(settings: Settings) -> None:
    words = asked(settings, *VERSIONS[1:]).stdout
    page = (Marts(settings.marts).release(VERSIONS[2]) / "CHANGES.md").read_text(encoding="utf-8")
    counts = json.loads(asked(settings, *VERSIONS[1:], "--json").stdout)["change_counts"]
    [row] = counts
    assert row["reason"] == "method" and row["changed"] > 100
    line = f"| method | {row['changed']:,} | 0 | {row['added']:,} | {row['removed']:,} | {row['median_move']:.1%} |"
    assert line in page
    for text in (words, page):
        assert "half_life_months: 6 before, 2 now" in text
        assert f"{row['changed']:,} medians changed; none of these moves can be told from noise" in text


def test_of_more_of_the_same_people_next_to_nothing_is_named(settings: Settings) -> None:
    """The second release has a month and an export more of one population: its moves are noise."""
    found = cells(asked(settings, *VERSIONS[:2], "--json"))
    moved = found[found["change"].eq("changed")]
    inside = moved["difference_low"].le(0) & moved["difference_high"].ge(0)
    assert moved["distinguishable"].notna().all() and inside.mean() > 0.9
    assert moved["distinguishable"].sum() <= 0.01 * len(moved)
    assert found.loc[found["change"].ne("changed"), "distinguishable"].isna().all()


def student(n_effective: float) -> float:
    """The 97.5 % quantile of Student's t, with a degree of freedom for two reports beyond the first."""
    return float(t.ppf(0.975, (n_effective - 1) / 2))


def test_without_the_reports_nothing_is_taken_to_be_common(settings: Settings) -> None:
    """The interval is the sum of those of the two medians, as of independent samples, or wider."""
    first, last = VERSIONS[0], VERSIONS[2]
    found = cells(asked(settings, first, last, "--json"))
    moved = found[found["change"].eq("changed") & found["difference_low"].notna()]
    old, new = (table(settings, v, "bands").loc[moved.index] for v in (first, last))
    assert len(moved) > 100
    halves = [(b["p50_high"] - b["p50_low"]).astype(float) / 2 for b in (old, new)]
    apart = (halves[0] ** 2 + halves[1] ** 2) ** 0.5
    half = (moved["difference_high"] - moved["difference_low"]).astype(float) / 2
    wide = apart * pd.concat([b["n_effective"] for b in (old, new)], axis=1).min(axis=1).map(student) / 1.96
    assert (half >= wide).all() and (half <= 1.07 * wide + 200).all()  # t of two degrees is approximated from above
    middle = (moved["difference_high"] + moved["difference_low"]) / 2
    since = moved["new"] - moved["old"] - moved["restated"]
    known = since.notna()
    assert known.sum() > 100 and (middle - since)[known].abs().le(100).all()


def test_only_moves_beyond_noise_are_named(tmp_path: Path) -> None:
    same = {"view": "leaf", "evidence": "reported", "tier": "all", "level": "L5", "market": "US", "metric": "base",
            "change": "changed", "restated": 0, "pay": 20_000, "mix": 0, "reason": "window"}  # fmt: skip
    rows = [
        {**same, "group_id": "llm_serving", "old": 200_000, "new": 220_000, "difference_low": 8_000,
         "difference_high": 32_000, "distinguishable": True},
        {**same, "group_id": "ml_generalist", "old": 200_000, "new": 280_000, "difference_low": -5_000,
         "difference_high": 165_000, "distinguishable": False},
        {**same, "group_id": "all", "old": 100_000, "new": 180_000},
        {**same, "group_id": "nlp_classical", "change": "added", "new": 180_000},
    ]  # fmt: skip
    path = tmp_path / "changes.parquet"
    pq.write_table(as_table(rows, "changes"), path)
    with duckdb.connect() as connection:
        connection.read_parquet(str(path)).create_view("changes")
        found = summaries(connection)
    assert [row["group_id"] for row in found["largest_changes"]] == ["llm_serving"] and not found["headline_changes"]
    [count] = found["change_counts"]
    assert (count["changed"], count["distinguishable"], count["added"]) == (3, 1, 1)
    news = news_text(path)
    assert news.startswith("3 medians changed; 1 of these moves can be told from noise")
    assert "llm_serving, tier all, level L5, US, reported base: 200,000 to 220,000 USD" in news
    assert "ml_generalist" not in news


def test_every_move_beyond_noise_is_named_or_counted(tmp_path: Path) -> None:
    """Of any view, market, metric and evidence; cells with the same move are one row."""
    same = {
        "evidence": "reported",
        "tier": "all",
        "level": "L5",
        "change": "changed",
        "restated": 0,
        "pay": 0,
        "mix": 0,
    }
    same |= {"reason": "window", "difference_low": 1, "difference_high": 9, "distinguishable": True}
    places = [
        ("cards", "mlops_platform", "global", "equity", 250_000),
        ("leaf", "all", "global", "base", 240_000),
        ("leaf", "mlops", "US", "total_liquid", 230_000),
        *(("leaf", "all", market, "total", 300_000) for market in ("US", "us-seattle")),
    ]
    names = ("view", "group_id", "market", "metric", "new")
    few = [{**same, "old": 200_000, **dict(zip(names, place, strict=True))} for place in places]
    many = [{**few[0], "new": 201_000 + n} for n in range(30)]
    found = []
    for rows in (few, few + many):
        path = tmp_path / f"{len(rows)}.parquet"
        pq.write_table(as_table(rows, "changes"), path)
        with duckdb.connect() as connection:
            connection.read_parquet(str(path)).create_view("changes")
            found.append(summaries(connection))
    named = [(row["group_id"], row["market"], row["metric"], row["cells"]) for row in found[0]["largest_changes"]]
    assert named == [
        ("all", "US", "total", 2),
        ("mlops_platform", "global", "equity", 1),
        ("all", "global", "base", 1),
        ("mlops", "US", "total_liquid", 1),
    ]
    assert more_line(found[0]) == ""
    assert len(found[1]["largest_changes"]) == 20 and more_line(found[1]) == "14 more moves can be told from noise."


def test_a_release_that_says_nothing_of_noise_has_no_news(tmp_path: Path) -> None:
    path = tmp_path / "changes.parquet"
    old = as_table([], "changes").drop_columns(["difference_low", "difference_high", "distinguishable"])
    pq.write_table(old, path)
    assert news_text(path) == "" == news_text(tmp_path / "none.parquet")


def test_synthetic_and_real_pay_are_not_compared(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.marts, tmp_path / "marts")
    other = settings_at(tmp_path)
    write_native(other.raw, [native_row(n) for n in range(30)], "sample/native.csv")
    synthetic = published(other, "2026-07-31")
    page = (Marts(other.marts).release(synthetic) / "CHANGES.md").read_text(encoding="utf-8")
    assert "Synthetic and real pay are not compared." in page
    result = asked(other, VERSIONS[2], synthetic)
    assert result.exit_code == 2 and "is synthetic" in result.stderr
