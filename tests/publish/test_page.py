"""index.html of a release in a browser: on a phone and a desk, light and dark, without scripts or network."""

import copy
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from salary_bands.publish.artefacts.page import page_text, unpooled_kinds
from salary_bands.releases.manifest import Manifest
from salary_bands.statistics.pooling import POOLING_KINDS, UNPOOLED
from tests.builders.programs import program

Views = dict[str, Any]


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


def views(release: Path) -> Views:
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in (release / "views").iterdir()}


def manifest(release: Path) -> Manifest:
    return Manifest.read((release / "manifest.json").read_bytes())


def test_it_says_which_kinds_of_cells_are_not_pooled_and_why(sample_release: Path) -> None:
    known = manifest(sample_release)
    reason = {"unpooled": "few_cells", "reason": UNPOOLED["few_cells"]}
    pooling = {
        "base": {**{kind: {"between_variance": 0.1} for kind in POOLING_KINDS}, "other_level": reason},
        "total": {**dict.fromkeys(POOLING_KINDS), "other_level": reason},  # null as in older releases
    }
    changed = known.model_copy(update={"method": known.method.model_copy(update={"pooling": pooling})})
    text = page_text(changed, views(sample_release), sample_release)
    assert text.count(UNPOOLED["few_cells"]) == 1
    assert f"base and total, one level at T3, T4 or T5: {UNPOOLED['few_cells']}" in text
    every = {metric: dict.fromkeys(POOLING_KINDS, reason) for metric in ("base", "total")}
    none = known.model_copy(update={"method": known.method.model_copy(update={"pooling": every})})
    assert len(unpooled_kinds(none)) == len(POOLING_KINDS), "every kind has words"


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
    edges = [
        box["x"] + box["width"]
        for each in page.locator("table, article, pre, p, svg").all()
        if (box := each.bounding_box())
    ]
    assert len(edges) > 40 and max(edges) <= width
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
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
    tables = page.locator("table").all()
    assert len(tables) >= 5
    for table in tables:
        assert table.locator("caption").inner_text().strip()
        scopes = [head.get_attribute("scope") for head in table.locator("th").all()]
        assert {"col"} < set(scopes) <= {"col", "row", "rowgroup"}


def test_headings_go_down_one_level_at_a_time(page: Page) -> None:
    levels = [int(h.evaluate("e => e.tagName")[1]) for h in page.locator("h1, h2, h3, h4").all()]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_marks_are_for_the_eye_and_their_figures_stand_beside_them(page: Page) -> None:
    marks = page.locator("svg").all()
    assert len(marks) > 40
    for mark in marks:
        assert mark.get_attribute("aria-hidden") == "true"
        beside = mark.locator("xpath=..").inner_text()
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
    assert "<script>" in page.locator("h3").first.inner_text()
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
                else emptied(group["premiums"], [None] * 5 + [0, False, "no_reports"])
            )
            group["rank"] = None
            group |= {name: None for name in group if name.startswith(("demand", "share"))}
    (tmp_path / "index.html").write_text(page_text(manifest(sample_release), bare, sample_release), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    text = page.locator("main").inner_text()
    assert all(words in text for words in ("withheld: too few reports", "no reports", "no adverts", "not compared"))
    assert "None" not in text
    assert page.locator("svg").count() == 1  # the one that explains marks
    page.close()


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
