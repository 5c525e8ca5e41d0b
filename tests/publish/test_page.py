"""index.html of a release in a browser: on a phone and a desk, light and dark, without scripts or network."""

import copy
import html
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import numpy as np
import pandas as pd
import pycountry
import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from salary_bands.publish.artefacts.answers import REASONS
from salary_bands.publish.artefacts.page import page_text
from salary_bands.reference import read_csv
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.marts import Marts
from salary_bands.schemas.bands import Bands
from salary_bands.schemas.cards import Cards
from tests.builders.programs import program

Views = dict[str, Any]


RIGHT_EDGES = """
    [...document.querySelectorAll("table, article, pre, p, svg")]
        .map(each => each.getBoundingClientRect()).filter(box => box.width).map(box => box.right)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium", "chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(sample_release: Path) -> str:
    return (sample_release / "index.html").as_uri()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(address)
    yield page
    page.close()


def texts_of(body: Locator) -> list[tuple[str, list[str]]]:
    """The head, if there is one, and the cells of each row of a table but the first."""
    rows = body.locator("tr").evaluate_all(
        "rows => rows.map(row => ["
        "row.querySelector('th')?.innerText ?? '', [...row.querySelectorAll('td')].map(cell => cell.innerText)])"
    )
    return [(head, cells) for head, cells in rows[1:]]


def views(release: Path) -> Views:
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in (release / "views").iterdir()}


def manifest(release: Path) -> Manifest:
    return Manifest.read((release / "manifest.json").read_bytes())


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_opens_from_a_file_with_no_error_no_request_and_no_sideways_scroll(
    browser: Browser, address: str, width: int, scheme: Any, scripts: bool
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=scripts
    )
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    assert (said, asked) == ([], [address])
    assert page.locator("h1").bounding_box() is not None
    edges = page.evaluate(RIGHT_EDGES)
    assert len(edges) > 40 and max(edges) <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_no_barrier(browser: Browser, address: str, width: int, scheme: Any) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    found = Axe().run(page).response
    assert len(found["passes"]) > 20
    assert [(v["id"], [n["html"][:120] for n in v["nodes"][:2]]) for v in found["violations"]] == []
    context.close()


def test_axe_finds_a_barrier_where_there_is_one(page: Page) -> None:
    page.evaluate("document.querySelector('.lead').style.color = '#eee'; document.documentElement.lang = ''")
    assert {"color-contrast", "html-has-lang"} <= {v["id"] for v in Axe().run(page).response["violations"]}


def test_every_table_has_a_caption_and_every_head_a_scope(page: Page) -> None:
    tables = page.locator("table").evaluate_all(
        "all => all.map(table => [table.caption.textContent, [...table.querySelectorAll('th')].map(h => h.scope)])"
    )
    assert len(tables) >= 5
    for caption, scopes in tables:
        assert caption.strip()
        assert {"col"} < set(scopes) <= {"col", "row", "rowgroup"}


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(e => Number(e.tagName[1]))")
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_marks_are_for_the_eye_and_their_figures_stand_beside_them(page: Page) -> None:
    marks = page.locator("svg").evaluate_all("all => all.map(m => [m.ariaHidden, m.parentElement.innerText])")
    assert len(marks) > 40
    for is_hidden, beside in marks:
        assert is_hidden == "true"
        assert re.search(r"\$|%|Box", beside)


def test_the_figures_are_those_of_the_views(page: Page, sample_release: Path) -> None:
    found = views(sample_release)
    names = found["cards"]["columns"]
    for group in found["cards"]["groups"]:
        text = page.locator(f"article[aria-labelledby=card-{group['id']}]").inner_text()
        band = dict(zip(names["bands"], group["bands"]["total"]["all"]["all"], strict=True))
        premium = dict(zip(names["premiums"], group["premiums"]["ml_generalist"]["base"]["all"]["all"], strict=True))
        for name in ("p25", "p50", "p75", "p50_low", "p50_high"):
            assert f"${band[name] / 1000:g}k" in text
        assert f"{band['n_reports']:,} reports, {band['n_employers']} employers" in text
        assert band["p50_precision"].replace("_", " ") in text
        if premium["premium"] is not None:
            assert f"{premium['premium'] * 100:+.1f}".replace("-", "−") in text
    order = [cell.inner_text() for cell in page.locator("section[aria-labelledby=specialties] tbody th").all()]
    ranks = {g["label"]: g["rank"]["all"][0] for g in found["specialties"]["groups"]}
    assert order == sorted(ranks, key=lambda label: ranks[label])


def test_it_links_files_that_are_there(page: Page, sample_release: Path) -> None:
    links = [str(a.get_attribute("href")) for a in page.locator("a").all()]
    assert {"manifest.json", "views/cards.json", "bands.csv", "README.md", "openapi.json"} <= set(links)
    for link in links:
        if link.startswith("#"):
            assert page.locator(f"[id='{link[1:]}']").count() == 1
        else:
            assert (sample_release / link).is_file()


def test_it_says_synthetic_where_it_is_and_only_there(page: Page, sample_release: Path) -> None:
    note = page.get_by_role("note")
    assert "Synthetic data" in note.inner_text() and note.is_visible()
    assert "synthetic" in page.title()
    real = manifest(sample_release).model_copy(update={"contains_synthetic": False})
    assert "ynthetic" not in page_text(real, views(sample_release), sample_release)


def test_it_prints_without_navigation(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("article").first.is_visible()
    assert len(page.pdf()) > 10_000


def test_text_of_others_is_shown_and_never_run(sample_release: Path, browser: Browser, tmp_path: Path) -> None:
    hostile = copy.deepcopy(views(sample_release))
    hostile["cards"]["groups"][0]["label"] = "<script>document.title = 'run'</script><b id=bold>x</b>"
    hostile["cards"]["groups"][0]["tooling"] = ['"><img src=x onerror="document.title = 1">']
    text = page_text(manifest(sample_release), hostile, sample_release)
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    assert page.locator("script, #bold, img").count() == 0
    assert "<script>" in page.locator("article h3").first.inner_text()
    page.close()


def test_where_nothing_is_known_it_says_why(sample_release: Path, browser: Browser, tmp_path: Path) -> None:
    """A release in which every cell is withheld, no premium is told, and there are no adverts."""
    bare = copy.deepcopy(views(sample_release))
    for document in bare.values():
        withheld = [
            {"basis": "suppressed", "suppression_reason": "few_reports"}.get(n) for n in document["columns"]["bands"]
        ]
        for group in document["groups"]:
            group["bands"] = emptied(group["bands"], withheld)
            group["advertised"] = emptied(group["advertised"], withheld)
            group["premiums"] = (
                None
                if document["view"] == "specialties"
                else emptied(group["premiums"], [None] * 5 + [None, False, "few_reports"])
            )
            group["rank"] = None
            group |= {name: None for name in group if name.startswith(("demand", "share"))}
            group["why"] = "coarse_titles"
    (tmp_path / "index.html").write_text(page_text(manifest(sample_release), bare, sample_release), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    text = page.locator("main").inner_text()
    sections = {name: page.locator(f"section[aria-labelledby={name}]") for name in ("cards", "roles", "paths")}
    for name, section in sections.items():
        view = {"roles": "llm_roles", "paths": "career_paths"}.get(name, name)
        labels = [group["label"] for group in bare[view]["groups"]]
        assert section.locator("li").all_inner_texts() == [f"{', '.join(labels)}: too few people reported."]
        assert section.locator("article, table").count() == 0
    assert "not compared" in text and "None" not in text
    assert page.locator("section svg").count() == 1 + page.locator("section[aria-labelledby=levels] svg").count()
    page.close()


def hide(document: Any, group: Any, metrics: tuple[str, ...], tier: str, level: str, reason: str) -> None:
    """Withhold the bands of a group in the document of a view."""
    for metric in metrics:
        band = dict.fromkeys(document["columns"]["bands"]) | {"basis": "suppressed", "suppression_reason": reason}
        group["bands"][metric][tier][level] = [*band.values()]


def nothing_shown(text: str, section: str) -> list[tuple[str, str]]:
    """The labels and words of what a section shows nothing of."""
    part = text.split(f'aria-labelledby="{section}"')[1].split("</section>")[0]
    return re.findall(r"<li><strong>(.*?)</strong>: (.*?)</li>", part)


def test_a_path_without_stages_says_why_of_each_stage_whatever_its_total_shows(sample_release: Path) -> None:
    """As in a small first delivery: all levels together are shown, and neither early nor senior is."""
    found = views(sample_release)
    first, second, third = found["career_paths"]["groups"][:3]
    for group, early, senior in ((first, "few_reports", "dominated"), (second, "few_employers", "few_employers")):
        hide(found["career_paths"], group, ("base", "total"), "all", "early", early)
        hide(found["career_paths"], group, ("base", "total"), "all", "senior", senior)
    hide(found["career_paths"], third, ("base", "total"), "all", "early", "few_reports")
    text = page_text(manifest(sample_release), found, sample_release)
    assert nothing_shown(text, "paths") == [
        (first["label"], "Early: too few people reported. Senior: one employer has more than half of the reports."),
        (second["label"], "too few employers."),
    ]
    assert not nothing_shown(text, "cards") and not nothing_shown(text, "roles")


REASON = st.sampled_from([None, "few_reports", "few_employers", "dominated", "low_effective_n", "unsettled"])


@hypothesis.settings(max_examples=25)
@given(data=st.data())
def test_any_mix_of_shown_and_withheld_bands_is_a_page(sample_release: Path, data: st.DataObject) -> None:
    """A group is listed as one of which a section shows nothing only if it shows none of its bands there."""
    found = views(sample_release)
    for view in ("cards", "llm_roles", "career_paths"):
        for group in found[view]["groups"]:
            for tier, level in (("all", "all"), ("all", "L5"), ("T1", "L5"), ("all", "early"), ("all", "senior")):
                for metric in ("base", "total"):
                    if level in group["bands"][metric].get(tier, {}) and (reason := data.draw(REASON)):
                        hide(found[view], group, (metric,), tier, level, reason)
    text = page_text(manifest(sample_release), found, sample_release)
    median = found["cards"]["columns"]["bands"].index("p50")
    for view, section, places in (
        ("llm_roles", "roles", (("all", "L5"), ("T1", "L5"))),
        ("career_paths", "paths", (("all", "early"), ("all", "senior"))),
    ):
        bare = {
            html.escape(group["label"])
            for group in found[view]["groups"]
            if all(of[tier][level][median] is None for of in group["bands"].values() for tier, level in places)
        }
        listed = [label for labels, _ in nothing_shown(text, section) for label in bare if label in labels]
        assert sorted(listed) == sorted(bare)
        assert sum(len(labels.split(", ")) for labels, _ in nothing_shown(text, section)) == len(bare)


def test_it_leads_with_what_there_is(page: Page, sample_release: Path) -> None:
    """All of machine learning, the generalist and data science, by level and tier and by place, in words of readers."""
    bands = pd.concat(pd.read_parquet(sample_release / f"{stem}.parquet") for stem in ("bands", "suppressed"))
    bands = bands.query("view == 'leaf' and evidence == 'reported'")
    bands = bands.set_index(["group_id", "tier", "level", "market", "metric"])
    headings = [h.get_attribute("id") for h in page.locator("h2").all()]
    assert headings[:3] == ["reading", "levels", "cards"]
    section = page.locator("section[aria-labelledby=levels]")
    labels = {
        "all": "All machine learning",
        "ml_generalist": "ML engineer (generalist)",
        "data_science": "Data science",
    }
    assert [h.inner_text() for h in section.locator("h3").all()] == list(labels.values())
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    tables = section.locator("table").all()
    shown = 0
    for (group, label), by_level, by_place in zip(labels.items(), tables[::3], tables[1::3], strict=True):
        assert label in by_level.locator("caption").inner_text()
        for body, tier in zip(by_level.locator("tbody").all(), ("all", "T1", "T2", "T3", "T4", "T5"), strict=True):
            rows = {head: cells for head, cells in texts_of(body) if head}
            said = body.inner_text()
            for level in ("all", "L3", "L4", "L5", "L6", "L7"):
                row = rows.pop("all levels" if level == "all" else level, None)
                found = bands.loc[[(group, tier, level, "US", metric) for metric in ("base", "total")]]
                if row is None:
                    assert found["p50"].isna().all() and re.search(
                        rf"Withheld: .*{'all levels' if level == 'all' else level}", said
                    )
                else:
                    for text, (_, band) in zip(row, found.iterrows(), strict=True):
                        expected = "Withheld: " if pd.isna(band["p50"]) else f"${band['p50'] / 1000:,g}k ("
                        assert text.startswith(expected)
                        shown += not pd.isna(band["p50"])
            assert not rows
        places = bands.query("group_id == @group and tier == 'all' and level == 'all'")["p50"].dropna()
        assert by_place.locator("tbody tr").count() == places.index.get_level_values("market").nunique()
    assert shown > 120
    text = page.locator("main").inner_text()
    assert text.index("L5 is Google L5, Meta E5, Amazon L6") < text.index("$")
    assert text.index("T1 are frontier labs") < text.index("$")


def test_it_answers_what_an_l5_gets_at_a_tier_in_a_place_as_the_mart_does(
    page: Page, sample_marts: Marts, sample_release: Path
) -> None:
    """The cell itself, else the model with the range of one person's pay, else what to use instead."""
    table = page.locator("details", has_text="ML engineer (generalist) at L5").locator("table").last
    places = {row["market"]: row["label"] for row in read_csv("markets.csv")}
    texts: dict[tuple[str, str, str], str] = {}
    for body, tier in zip(table.locator("tbody").all(), ("all", "T1", "T2", "T3", "T4", "T5"), strict=True):
        for head, said in texts_of(body):
            if not head:
                assert "Too few people reported in any of these places" in said[0]
                continue
            name = head.split(" (")[0]
            market = next((m for m, label in places.items() if label == name), {"the US": "US"}.get(name))
            market = market or str(pycountry.countries.lookup(name).alpha_2)
            texts |= {(tier, market, metric): text for metric, text in zip(("base", "total"), said, strict=True)}
    cells = pd.DataFrame([*texts], columns=["tier", "market", "metric"])
    with duckdb.connect(str(sample_marts.mart), read_only=True) as mart:
        mart.register("cells", cells.add_prefix("asked_"))
        answers = mart.execute(
            "SELECT * FROM cells AS c CROSS JOIN LATERAL (FROM answer('ml_generalist', c.asked_tier, 'L5', "
            "c.asked_market, c.asked_metric)) AS a"
        ).df()
    assert len(answers) == len(cells)
    bases: set[str] = set()
    for found in answers.to_dict("records"):
        asked = (found["asked_tier"], found["asked_market"], found["asked_metric"])
        cell, figure = texts[asked], f"${found['p50'] / 1000:,g}k (${found['p50_low'] / 1000:,g}k to"
        own = found["basis"] != "modelled" and not len(found["fallback"])
        bases.add("modelled" if found["basis"] == "modelled" else "own" if own else "near")
        if own:
            assert cell.startswith(figure), asked
        elif found["basis"] == "modelled":
            people = f"8 of 10 such people get ${found['p10'] / 1000:,g}k to ${found['p90'] / 1000:,g}k"
            assert cell.startswith(figure) and "modelled" in cell and people in cell, asked
        else:
            assert cell.startswith("Withheld: ") and (figure in cell or "see all employers" in cell), asked
    assert {"modelled", "own"} <= bases


def test_a_withheld_cell_says_why_and_what_to_use_instead(sample_release: Path, tmp_path: Path) -> None:
    """With the columns that say it, of shown cells and of the model; without them, the reason alone."""
    shutil.copytree(sample_release, tmp_path / "release")
    path = tmp_path / "release" / "bands.parquet"
    bands = pd.read_parquet(path)
    key = ["view", "group_id", "tier", "level", "market", "metric"]
    withheld = (
        bands["view"].eq("leaf") & bands["group_id"].eq("all") & bands["market"].eq("US") & bands["tier"].eq("T1")
    )
    withheld &= bands["level"].isin(["L4", "L5"]) & bands["evidence"].eq("reported")
    figures = [name for name in bands if re.fullmatch(r"p\d\d(_low|_high|_precision)?", name)]
    bands.loc[withheld, [*figures, "n_reports"]] = None
    bands.loc[withheld, ["basis", "suppression_reason"]] = ["suppressed", "unsettled"]
    bands.to_parquet(path)
    found = views(sample_release)
    text = page_text(manifest(sample_release), found, tmp_path / "release")
    assert "Withheld: L4, L5: recent reports moved it, and too few sources confirm that yet.</td>" in text

    near, modelled = withheld & bands["level"].eq("L4"), withheld & bands["level"].eq("L5")
    for name in ("view", "group_id", "tier", "level", "market", "basis"):
        bands[f"use_instead_{name}"] = None
        if name != "basis":
            bands.loc[withheld, f"use_instead_{name}"] = bands.loc[withheld, name]
    bands.loc[near, ["use_instead_tier", "use_instead_market", "use_instead_basis"]] = ["T2", "us-seattle", "direct"]
    bands["use_instead_distance"] = np.where(near, 0.14, 0.0)
    bands.loc[modelled, "use_instead_basis"] = "modelled"
    bands.to_parquet(path)
    estimates = bands.loc[modelled, [*key, "evidence"]].assign(
        p50=301_000, p50_low=280_500, p50_high=322_000, person_p10=200_000, person_p90=500_000
    )
    estimates.to_parquet(tmp_path / "release" / "estimates.parquet")
    text = page_text(manifest(sample_release), found, tmp_path / "release")
    answer = bands.query("view == 'leaf' and group_id == 'all' and tier == 'T2' and level == 'L4'")
    [seattle] = answer.query("market == 'us-seattle' and metric == 'total' and evidence == 'reported'").to_dict(
        "records"
    )
    figure = f"${seattle['p50'] / 1000:,g}k (${seattle['p50_low'] / 1000:,g}k to ${seattle['p50_high'] / 1000:,g}k)"
    assert (
        f"confirm that yet. Instead (total pay), T2, Seattle (US): {figure}, some 15 % different in the model." in text
    )
    assert "confirm that yet. Instead (total pay), the model says $301k ($280.5k to $322k)." in text


def test_every_reason_of_the_tables_has_words() -> None:
    for model, name in ((Bands, "suppression_reason"), (Cards, "why")):
        [check] = model.to_schema().columns[name].checks
        assert set(check.statistics["allowed_values"]) <= set(REASONS)


def emptied(value: Any, row: list[Any]) -> Any:
    if isinstance(value, dict):
        return {name: emptied(inner, row) for name, inner in value.items()}
    return value and row


def test_it_is_lean_and_asks_for_nothing(sample_release: Path) -> None:
    text = (sample_release / "index.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 300_000
    assert not re.search(r"https?://|<script|@import|url\(", text)


def test_what_adverts_offer_stands_instead_of_withheld_pay_and_is_named_so(sample_release: Path) -> None:
    changed = copy.deepcopy(views(sample_release))
    place, why = (changed["cards"]["columns"]["bands"].index(name) for name in ("p50", "suppression_reason"))
    for group in changed["cards"]["groups"]:
        assert group["advertised"]["base"][place]
        group["bands"]["base"]["all"]["all"][place] = None
        group["bands"]["base"]["all"]["all"][why] = "few_reports"
    text = page_text(manifest(sample_release), changed, sample_release)
    assert text.count("base pay in adverts") == len(changed["cards"]["groups"])
    assert "adverts," in text and "base pay in adverts" not in page_text(
        manifest(sample_release), views(sample_release), sample_release
    )
