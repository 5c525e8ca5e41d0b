"""`salary-bands diff`: what it says of two releases is what their tables say, over one release or over several."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from salary_bands.cli.commands import app
from salary_bands.releases.marts import Marts
from salary_bands.schemas.bands import KEY
from salary_bands.settings import Settings
from tests.builders.candidates import published, settings_at
from tests.builders.exports import native_row, write_native
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


def test_backwards_no_part_is_told(settings: Settings) -> None:
    found = cells(asked(settings, VERSIONS[1], VERSIONS[0], "--json"))
    forth = cells(asked(settings, *VERSIONS[:2], "--json"))
    assert found["old"].equals(forth["new"].loc[found.index]) and found["reason"].eq("data").all()
    assert found[["restated", "pay", "mix"]].isna().all(axis=None)


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
        (["2026.05.31", "2020.01.01"], "2020.01.01: not in"),
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
    line = f"| method | {row['changed']:,} | {row['added']:,} | {row['removed']:,} | {row['median_move']:.1%} |"
    assert line in page
    for text in (words, page):
        assert "half_life_months: 6 before, 2 now" in text
    largest = json.loads(asked(settings, *VERSIONS[1:], "--json").stdout)["largest_changes"]
    assert len(largest) == 20
    moves = [abs(row["new"] / row["old"] - 1) for row in largest]
    assert max(moves) > 0.01 and f"| {largest[0]['old']:,} | {largest[0]['new']:,} |" in page


def test_synthetic_and_real_pay_are_not_compared(settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(settings.marts, tmp_path / "marts")
    other = settings_at(tmp_path)
    write_native(other.raw, [native_row(n) for n in range(30)], "sample/native.csv")
    synthetic = published(other, "2026-07-31")
    page = (Marts(other.marts).release(synthetic) / "CHANGES.md").read_text(encoding="utf-8")
    assert "Synthetic and real pay are not compared." in page
    result = asked(other, VERSIONS[2], synthetic)
    assert result.exit_code == 2 and "is synthetic" in result.stderr
